"""What was approved and issued: consents, grants, codes and tokens, and how they are revoked.

Both the authorization endpoint, which issues codes, and the token endpoint, which redeems them, stand on this. It keeps
ids of clients, accounts and sessions and imports none of them.
"""
