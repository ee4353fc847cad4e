"""Passwords: which are good enough, and how they are hashed; the hash is a column of `accounts`."""
