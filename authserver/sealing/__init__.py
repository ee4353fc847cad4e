"""Secrets at rest: what seals and opens them, and the master key under which that is done.

Below every slice that stores a secret which must be shown or used again: signing keys, TOTP seeds, an answer kept for
a retry. What need not be shown again is stored as a hash and does not come here.
"""
