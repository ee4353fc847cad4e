"""Who a token is about."""

from authserver.grants.model import Grant


def subject_of(grant: Grant) -> str:
    """Return the subject identifier of the person who granted: the account's random id, the same for every client.

    It can be mistaken for no client: account ids are 256 random bits.

    Spec: OIDCC-8, RFC9700-4.15, RFC9700-4.15.1, RFC9700-2.6-2
    """
    return grant.account_id
