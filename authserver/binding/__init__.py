"""Proof of possession: what binds a token to its holder, and how the holder shows it.

Pure rules for DPoP and mutual TLS, and `resolve`, which decides which proof a request needs. Knows nothing of clients
beyond the plain facts it is handed.
"""
