"""Passkeys and security keys: making one, proving one, and noticing a copy."""
