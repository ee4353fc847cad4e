"""What a caller presents to prove itself, as received and not yet verified."""

from authserver.values import Hidden, Value


class RequestCredentials(Value, frozen=True):
    """Everything in one request that may authenticate a client or bind a token; none of it is verified.

    `basic` is the Authorization header of the Basic scheme, whole. `certificate` is the client certificate in DER, from
    our own TLS listener or a trusted proxy. `dpop_proofs` holds each DPoP header value. `http_method` and `http_uris`
    are what a proof must name: the request's own method, and its URL at each origin the server is known by.

    Spec: RFC6749-2.3, RFC7521-4.2, RFC8705-2, RFC9449-4.1
    """

    http_method: str
    http_uris: tuple[str, ...]
    basic: str | None = None
    client_id: str | None = None
    client_secret: Hidden[str | None] = None
    client_assertion: Hidden[str | None] = None
    client_assertion_type: str | None = None
    certificate: bytes | None = None
    dpop_proofs: tuple[str, ...] = ()
