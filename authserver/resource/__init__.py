"""The resource-server kit: what an API does before it serves a request that came with an access token.

For people who protect an API, in Flask (`flask_protector`, on Authlib's ResourceProtector), in any WSGI application
(`wsgi`), or under ASGI, as FastAPI is (`asgi`). All ask one `guard`, and refuse and log by one `refusals`. The guard
finds a token's claims in one of two ways (`local_tokens` verifies a JWT, `introspected_tokens` asks the server, by
`timed_https`; `signed_answers` verifies what it signed, `kept_answers` keeps it where the server allows that), makes
the same `checks` of both, and holds the token against what a route asks for (`demand`). A token that is good for one
act is spent once (`tokens_spent`; `store` keeps that in a database of the API's own). Stands on `keys`, `binding`,
`web`, `db` and the ladder of `sessions.acr`, and knows nothing of the authorization server but its issuer and its URLs.

It is also built as a distribution of its own, from these very files (`kit/`).
"""
