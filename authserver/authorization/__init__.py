"""Asking: pushed and plain authorization requests, the browser's next step, and the answer to the client.

Knows the pages only by URL and the token endpoint not at all; both stand on `grants` and `issuance` below.
"""
