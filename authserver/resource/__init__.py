"""The resource-server kit: what an API does before it serves a request that came with an access token.

For people who protect an API, in Flask (`flask_protector`, on Authlib's ResourceProtector) or in any WSGI application
(`wsgi`). Both ask one `guard`, which finds a token's claims in one of two ways (`local_tokens` verifies a JWT,
`introspected_tokens` asks the server) and makes the same `checks` of both. Stands on `keys`, `binding` and `web`, and
knows nothing of the authorization server but its issuer and its URLs.
"""
