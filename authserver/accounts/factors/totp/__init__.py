"""Codes of an authenticator app: the seed, the code and its time step, adding one and checking one."""
