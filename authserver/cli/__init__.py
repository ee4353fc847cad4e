"""The `authserver` command: noun, then verb; each module one noun, loaded only when it is called.

Beside the composition root the only reader of settings.
"""
