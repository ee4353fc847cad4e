"""The demo's sample bank: an API as a bank would protect it with `authserver.resource`.

Apart from the server in every way: its own process, its own TLS, no access to the server's database, and one of its own
for the tokens that were spent and what was paid within limits.
"""
