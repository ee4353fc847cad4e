"""What a client may say of itself, and the tokens by which it may: RFC 7591 and RFC 7592 but for the endpoint.

The endpoint is in `registration`, above the acts that it has done.
"""
