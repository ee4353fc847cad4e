"""The endpoints of tokens."""
