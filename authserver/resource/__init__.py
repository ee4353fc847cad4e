"""What a protected resource does before it serves a request that came with an access token: an API's, or one of ours.

The core is pure: `checks` of the token and of who presents it, `demand` (what a route asks for), on the values of
`model` and `details`. This server's own protected resources (`/userinfo`) call it for tokens that they find in the
database, on a request that `machine_request` has read.

Around it stands the kit for people who protect an API, in Flask (`flask_protector`, on Authlib's ResourceProtector), in
any WSGI application (`wsgi`), or under ASGI, as FastAPI is (`asgi`). All ask one `guard`, and refuse and log by one
`refusals`. The guard finds a token's claims in one of two ways (`local_tokens` verifies a JWT, `introspected_tokens`
asks the server, by `https_client`; `signed_answers` verifies what it signed, `kept_answers` keeps it where
the server allows that), makes the same `checks` of both, and holds the token against what a route asks for. A token
that is good for one act is spent once (`spent_tokens`; `store` keeps that in a database of the API's own). Stands on
`keys`, `binding`, `web` and `db`, below every slice of the server, and knows nothing of the authorization server but
its issuer and its URLs; nothing of the server uses the kit around the core.

It is also built as a distribution of its own, from these very files (`kit/`).
"""
