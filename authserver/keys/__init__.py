"""Keys and everything signed with them: the one owner of JOSE and COSE.

Reads and writes JSON Web Tokens, keeps this server's signing keys and fetches those of its clients. `sealing` and
`outbound` stand below; every slice above hands over a token or a JWKS and gets back a frozen value or one kind of
refusal, so the surprises of a JOSE library stay in this package.
"""
