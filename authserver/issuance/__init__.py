"""Minting: access tokens, refresh tokens and ID tokens from a grant, a binding and keys, and nothing else.

Pure, so that it can be moved out of a transaction, pooled or measured without touching a rule.
"""
