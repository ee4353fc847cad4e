"""Client authentication: exactly one method, the registered one, on every machine endpoint."""

import hmac
from collections.abc import Callable

from authserver.binding.mtls import ChainVerifier, UntrustedCertificate
from authserver.clients.assertions import AssertionAudience, AssertionId, check_assertion_claims
from authserver.clients.certificates import subject_matches
from authserver.clients.model import Client
from authserver.clients.registry import ClientRegistry, is_client_id
from authserver.clients.shared_secrets import check_secret, parse_basic
from authserver.clients.signatures import keys_of, verify_by_client
from authserver.db.one_time_ids import OneTimeId, id_hash
from authserver.keys.model import BadJwt
from authserver.keys.remote import RemoteKeys
from authserver.keys.verifier import read_unverified
from authserver.protocol import names
from authserver.protocol.errors import InvalidClient
from authserver.protocol.evidence import RequestCredentials
from authserver.values import Assembly, Value

_TYPES = frozenset({"", "jwt", "client-authentication+jwt"})
"""The `typ` of a client assertion; a token the client signed for another purpose names another.

Spec: RFC8725-3.11
"""


class AuthenticatedClient(Value, frozen=True):
    """A client that has proved itself; an assertion's id is still to be claimed."""

    client: Client
    assertion_id: AssertionId | None = None


class ClientAuthentication(Assembly, frozen=True):
    """Verifies who calls, without writing anything: fetching keys and checking signatures hold no transaction open.

    `chain` verifies certificates of `tls_client_auth` clients and is None where no authority is configured. `failed`
    hears of each failure with the caller's evidence, for limits and events.

    Spec: RFC6749-2.3, FAPI2-SP-FINAL-5.3.2.1-6, RFC9700-2.5
    """

    registry: ClientRegistry
    remote_keys: RemoteKeys
    chain: ChainVerifier | None
    issuer: str
    own_urls: frozenset[str]

    def verify(self, evidence: RequestCredentials, now: int) -> AuthenticatedClient:
        """Return the client whose credentials the evidence holds.

        Raises InvalidClient where there are none, more than one, of another method than the registered one, or wrong,
        and TemporarilyUnavailable where what to check them by is still being fetched.

        Spec: RFC6749-2.3, RFC6749-5.2
        """
        method = _presented_method(evidence)
        return _VERIFIERS[method](self, evidence, now)

    def find_client(self, client_id: str, evidence: RequestCredentials, methods: frozenset[str]) -> Client:
        """Return the client of that id where it may use one of these methods and nothing else names another.

        Raises InvalidClient otherwise; every cause reads the same outside.
        """
        if evidence.client_id is not None and evidence.client_id != client_id:
            raise InvalidClient(reason="client_id is not the authenticated client", clause="RFC7521-4.2")
        client = self.registry.find(client_id)
        if client is None:
            raise InvalidClient(reason="no such client, or it is disabled", clause="RFC6749-5.2")
        if client.token_endpoint_auth_method not in methods:
            raise InvalidClient(
                reason=f"registered for {client.token_endpoint_auth_method}, presented {sorted(methods)}",
                clause="RFC6749-2.3",
            )
        return client


def claimed_client_id(evidence: RequestCredentials) -> str:
    """Return which client the caller says it is, for the log: nothing of it is verified; empty where it says nothing.

    What no client id can be, such as a secret in the wrong place with a line break in it, is left out.
    """
    try:
        claimed = evidence.client_id or _named_by_credentials(evidence)
    except (InvalidClient, BadJwt):
        return ""
    return claimed if isinstance(claimed, str) and is_client_id(claimed) else ""


def _named_by_credentials(evidence: RequestCredentials) -> object:
    if evidence.basic is not None:
        return parse_basic(evidence.basic).client_id
    if evidence.client_assertion is not None:
        return read_unverified(evidence.client_assertion).claims.get("sub")
    return ""


def assertion_id_of(client: Client, assertion: AssertionId) -> OneTimeId:
    """Return the id under which a client's assertion is claimed, so that it is accepted once.

    Spec: RFC7523-3-7, OIDCC-9
    """
    return OneTimeId(
        id_hash("assertion", client.client_id, assertion.jti), assertion.expires_at, _assertion_used_before
    )


def _assertion_used_before() -> InvalidClient:
    return InvalidClient(reason="assertion: jti was used before", clause="RFC7523-3-7")


def _presented_method(evidence: RequestCredentials) -> str:
    """Return the one family of methods that the evidence shows; a certificate may come with a client id or be missing.

    Spec: RFC6749-2.3
    """
    presented = []
    if evidence.basic is not None:
        presented.append(names.CLIENT_SECRET_BASIC)
    if evidence.client_secret is not None:
        presented.append(names.CLIENT_SECRET_POST)
    if evidence.client_assertion is not None or evidence.client_assertion_type is not None:
        presented.append(names.PRIVATE_KEY_JWT)
    if len(presented) > 1:
        raise InvalidClient(reason=f"several methods at once: {presented}", clause="RFC6749-2.3")
    if presented:
        return presented[0]
    if evidence.client_id is not None:
        return names.TLS_CLIENT_AUTH
    raise InvalidClient(reason="no client authentication in the request", clause="RFC6749-2.3")


def _verify_basic(service: ClientAuthentication, evidence: RequestCredentials, now: int) -> AuthenticatedClient:
    """Verify a secret in the header, which is a secret's place in the form too: libraries differ in where they begin.

    Spec: RFC6749-2.3.1
    """
    credentials = parse_basic(evidence.basic or "")
    client = service.find_client(credentials.client_id, evidence, names.SECRET_METHODS)
    check_secret(client, credentials.client_secret, now)
    return AuthenticatedClient(client)


def _verify_post(service: ClientAuthentication, evidence: RequestCredentials, now: int) -> AuthenticatedClient:
    client = service.find_client(evidence.client_id or "", evidence, names.SECRET_METHODS)
    check_secret(client, evidence.client_secret or "", now)
    return AuthenticatedClient(client)


def _verify_assertion(service: ClientAuthentication, evidence: RequestCredentials, now: int) -> AuthenticatedClient:
    """Verify a client assertion; the client is the one its subject names.

    Spec: RFC7521-4.2, RFC7523-3
    """
    if evidence.client_assertion_type != names.CLIENT_ASSERTION_TYPE_JWT or evidence.client_assertion is None:
        raise InvalidClient(reason="client_assertion or its type is missing or unknown", clause="RFC7521-4.2")
    try:
        unverified = read_unverified(evidence.client_assertion)
        unverified_subject = unverified.claims.get("sub")
        if not isinstance(unverified_subject, str):
            raise InvalidClient(reason="assertion: sub is missing or no string", clause="RFC7523-3-2")
        client = service.find_client(unverified_subject, evidence, frozenset({names.PRIVATE_KEY_JWT}))
        verified = verify_by_client(client, service.remote_keys, unverified, _algorithms_of(client), _TYPES)
    except BadJwt as error:
        raise InvalidClient(reason=f"assertion: {error}", clause="RFC7523-3-9") from error
    audience = AssertionAudience(service.issuer, client.profile.assertion_audience_issuer_only, service.own_urls)
    assertion_id = check_assertion_claims(verified.claims, client_id=client.client_id, audience=audience, now=now)
    return AuthenticatedClient(client, assertion_id)


def _verify_certificate(service: ClientAuthentication, evidence: RequestCredentials, now: int) -> AuthenticatedClient:
    """Verify a client that sends its id alone: by its certificate, or not at all where it is public.

    The certificate is verified by name under an authority, or must be the registered one.

    Spec: RFC8705-2.1, RFC8705-2.2, RFC6749-3.2.1
    """
    methods = names.MTLS_METHODS | {names.NO_AUTHENTICATION}
    if evidence.certificate is None:
        methods = frozenset({names.NO_AUTHENTICATION})
    client = service.find_client(evidence.client_id or "", evidence, methods)
    if client.is_public:
        return AuthenticatedClient(client)
    certificate = evidence.certificate or b""
    if client.token_endpoint_auth_method == names.SELF_SIGNED_TLS_CLIENT_AUTH:
        _check_registered(client, service.remote_keys, certificate)
        return AuthenticatedClient(client)
    _check_chain(service.chain, certificate, now)
    if client.certificate_subject is None or not subject_matches(certificate, client.certificate_subject):
        raise InvalidClient(reason="the certificate is for another subject", clause="RFC8705-2.1")
    return AuthenticatedClient(client)


def _check_chain(chain: ChainVerifier | None, certificate: bytes, now: int) -> None:
    if chain is None:
        raise InvalidClient(reason="no certificate authority is configured", clause="RFC8705-2.1")
    try:
        chain.verify(certificate, now)
    except UntrustedCertificate as error:
        raise InvalidClient(reason=f"certificate: {error}", clause="RFC8705-2.1") from error


def _check_registered(client: Client, remote_keys: RemoteKeys, certificate: bytes) -> None:
    """Raise InvalidClient unless the certificate is one that the client registered, or publishes by now.

    Spec: RFC8705-2.2, RFC8705-2.2.2
    """
    known = client.registered_certificates
    if client.jwks_uri is not None:
        keys = keys_of(client, remote_keys, None)
        known = keys.x5c_certificates()
        if not _is_among(certificate, known):
            known = (remote_keys.newer_keys(client.jwks_uri, keys) or keys).x5c_certificates()
    if not _is_among(certificate, known):
        raise InvalidClient(reason="the certificate is not a registered one", clause="RFC8705-2.2")


def _is_among(certificate: bytes, known: tuple[bytes, ...]) -> bool:
    return any(hmac.compare_digest(certificate, candidate) for candidate in known)


def _algorithms_of(client: Client) -> frozenset[str]:
    """Return the algorithm registered for assertions, or all that the profile permits.

    Spec: OIDCR-2, FAPI2-SP-FINAL-5.4.1-1
    """
    registered = client.token_endpoint_auth_signing_alg
    return frozenset({registered}) if registered is not None else client.profile.signing_algorithms


_Verifier = Callable[[ClientAuthentication, RequestCredentials, int], AuthenticatedClient]
_VERIFIERS: dict[str, _Verifier] = {
    names.CLIENT_SECRET_BASIC: _verify_basic,
    names.CLIENT_SECRET_POST: _verify_post,
    names.PRIVATE_KEY_JWT: _verify_assertion,
    names.TLS_CLIENT_AUTH: _verify_certificate,
}
