"""The signatures of a client: by the keys that it registered, or publishes by now."""

from authserver.clients.model import Client
from authserver.keys.compact import UnverifiedJwt
from authserver.keys.model import BadJwt, PublicKeys, VerifiedJwt
from authserver.keys.remote import RemoteKeys
from authserver.keys.verifier import verify_jwt
from authserver.protocol.errors import TemporarilyUnavailable


def verify_by_client(
    client: Client,
    remote_keys: RemoteKeys,
    token: UnverifiedJwt,
    algorithms: frozenset[str],
    types: frozenset[str],
) -> VerifiedJwt:
    """Verify what a client signed by its keys that are known, then by those published since; raises BadJwt.

    Raises TemporarilyUnavailable where its keys are still being fetched.

    Spec: OIDCC-10.1.1
    """
    kid = token.header.get("kid")
    keys = keys_of(client, remote_keys, kid if isinstance(kid, str) else None)
    try:
        return verify_jwt(token, keys, algorithms=algorithms, types=types)
    except BadJwt:
        newer = None if client.jwks_uri is None else remote_keys.newer_keys(client.jwks_uri, keys)
        if newer is None:
            raise
        return verify_jwt(token, newer, algorithms=algorithms, types=types)


def keys_of(client: Client, remote_keys: RemoteKeys, kid: str | None) -> PublicKeys:
    """Return the client's keys; raises TemporarilyUnavailable where they are still being fetched.

    Who asks so early is told to come again: to call its credentials wrong would be no truth about them.
    """
    if client.jwks_uri is None:
        return client.keys
    keys = remote_keys.keys(client.jwks_uri, kid)
    if not keys and remote_keys.is_fetching(client.jwks_uri):
        raise TemporarilyUnavailable(
            "The keys at the client's jwks_uri are being fetched: try again in a moment.",
            reason="the client's keys are still being fetched",
            clause="OIDCC-10.1.1",
        )
    return keys
