"""The endpoints of discovery."""
