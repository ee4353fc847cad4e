"""Settings: read once from the environment and a TOML file into one frozen value.

Only the composition root and the command line read them; everyone else receives values.
"""
