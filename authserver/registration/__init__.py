"""Clients that register themselves, and look after their own registration (RFC 7591, RFC 7592).

The endpoint stands here, above `operations`, since what it does is an act like an operator's: recorded, and refused by
the same rules. What a client may say of itself is `clients.self_registration`.
"""
