"""Request objects: the parameters of a request as a JWT that the client signed.

What stands beside one counts for nothing, so that whoever carries the request can change none of it.
"""

from collections.abc import Mapping
from typing import Final

from authserver.clients.model import Client
from authserver.clients.signatures import verify_by_client
from authserver.keys.model import BadJwt
from authserver.keys.remote import RemoteKeys
from authserver.keys.verifier import read_unverified
from authserver.protocol.errors import InvalidRequest, InvalidRequestObject, OAuthError, RequestNotSupported
from authserver.protocol.params import Params, params_of_members
from authserver.values import Assembly

_TYPES: Final = frozenset({"", "jwt", "oauth-authz-req+jwt"})
"""The `typ` of a request object; a token that the client signed for another purpose names another.

Spec: RFC9101-4, RFC9101-10.8, RFC8725-3.11
"""
_OF_THE_JWT: Final = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti", "sub"})
_FUTURE_TOLERANCE_SECONDS: Final = 15
_LONGEST_SECONDS: Final = 3600


class RequestObjects(Assembly, frozen=True):
    """Opens the request objects that clients of this issuer sign."""

    remote_keys: RemoteKeys
    issuer: str

    def open(self, params: Params, client: Client, now: int) -> Params:
        """Return the parameters that count: those of the request object, or those sent where there is none.

        Raises InvalidRequestObject for one that cannot be believed, RequestNotSupported for one of a client without
        keys, InvalidRequest where the client must sign and did
        not, and TemporarilyUnavailable where its keys are still being fetched.

        Spec: RFC9101-5, RFC9101-6.2, RFC9101-6.3, RFC9101-10.5, RFC9126-3
        """
        token = params.get("request")
        if token is None:
            if client.signing.require_signed_request_object:
                raise InvalidRequest(
                    "This client must send its requests as signed request objects.", clause="RFC9101-10.5"
                )
            return params
        if "request_uri" in params:
            raise InvalidRequest("A request holds a request object or a request_uri, never both.", clause="RFC9101-5")
        claims = self._verify(token, client)
        check_request_object_claims(claims, client, self.issuer, now)
        return _params_of(claims)

    def _verify(self, token: str, client: Client) -> Mapping[str, object]:
        if client.jwks_uri is None and not client.keys:
            raise _not_supported("This client has registered no keys to sign its requests with.")
        registered = client.signing.request_object_signing_alg
        algorithms = client.profile.signing_algorithms if registered is None else frozenset({registered})
        try:
            unverified = read_unverified(token)
            if unverified.header.get("alg") == "none" and client.profile.unsigned_object_is_unsupported:
                raise _not_supported("Request objects must be signed.")
            return verify_by_client(client, self.remote_keys, unverified, algorithms, _TYPES).claims
        except BadJwt as error:
            raise refuse_object(str(error), "RFC9101-6.2") from error


def _not_supported(description: str) -> OAuthError:
    return RequestNotSupported(description, clause="OIDCC-6.1")


def check_request_object_claims(claims: Mapping[str, object], client: Client, issuer: str, now: int) -> None:
    """Return where the claims are those of a request by this client, for this issuer, and of now.

    A `sub` that names the client would let one pass for a client assertion elsewhere, and one of those for a request.

    Raises InvalidRequestObject.

    Spec: RFC9101-4, RFC9101-5, RFC9101-6.3, RFC9101-10.8, FAPI2-MS-FINAL-5.3.1
    """
    if claims.get("client_id") != client.client_id or claims.get("iss", client.client_id) != client.client_id:
        raise refuse_object("client_id or iss is not the client's id", "RFC9101-5")
    if claims.get("sub") == client.client_id:
        raise refuse_object("sub is the client's id, as in a client assertion", "RFC9101-10.8")
    if "request" in claims or "request_uri" in claims:
        raise refuse_object("it holds another request object or a request_uri", "RFC9101-4")
    must = client.profile.request_object_is_dated
    _check_audience(claims.get("aud"), issuer, must=must)
    _check_times(claims, now, must=must)


def _check_audience(audience: object, issuer: str, *, must: bool) -> None:
    if audience is None and not must:
        return
    named = audience if isinstance(audience, list) else [audience]
    if issuer not in named:
        raise refuse_object("aud does not name this issuer", "FAPI2-MS-FINAL-5.3.1-2")


def _check_times(claims: Mapping[str, object], now: int, *, must: bool) -> None:
    """Check that it is good at this moment, and where the profile asks for it that it is neither old nor long-lived."""
    begins, ends, issued = (_read_time(claims, name) for name in ("nbf", "exp", "iat"))
    if ends is not None and ends <= now:
        raise refuse_object("exp is past", "RFC7519-4.1.4")
    if max(begins or 0, issued or 0) > now + _FUTURE_TOLERANCE_SECONDS:
        raise refuse_object("nbf or iat is in the future", "FAPI2-SP-FINAL-5.3.2.1-13")
    if not must:
        return
    if begins is None or begins < now - _LONGEST_SECONDS:
        raise refuse_object("nbf is missing or over 60 minutes past", "FAPI2-MS-FINAL-5.3.1-3")
    if ends is None or ends > begins + _LONGEST_SECONDS:
        raise refuse_object("exp is missing or over 60 minutes after nbf", "FAPI2-MS-FINAL-5.3.1-4")


def _read_time(claims: Mapping[str, object], name: str) -> float | None:
    value = claims.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise refuse_object(f"{name} is no number", "RFC7519-2")
    return value


def _params_of(claims: Mapping[str, object]) -> Params:
    try:
        return params_of_members({name: value for name, value in claims.items() if name not in _OF_THE_JWT})
    except InvalidRequest as error:
        raise refuse_object(error.reason, "RFC9101-4") from error


def refuse_object(reason: str, clause: str) -> OAuthError:
    """Return the refusal of a request object; every cause reads the same outside."""
    return InvalidRequestObject("The request object is not valid.", reason=reason, clause=clause)
