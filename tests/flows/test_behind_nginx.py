"""The real server behind a real nginx with the shipped configuration: two hosts, mutual TLS, granian on a socket."""

import base64
import hashlib
import signal
import socket
import ssl
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.authority import NOW, CertificateWithKey, common_name, create_authority, self_signed
from tests.support.jose import private_key, public_jwk
from tests.support.nginx import ISSUER_HOST, MTLS_HOST, SERVE, ProxiedServer, proxied_server
from tests.support.relying_party import REDIRECT_URI, answer_of, certificate_jwk, claims_of
from tests.support.servers import accepts, free_port, running, wait_until
from tests.support.wire import PRESENT, WireApp, WirePerson, WireReply

pytestmark = pytest.mark.nginx

BANK = "https://bank.example/"
HEAD = (
    "POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n"
)
BY_CERTIFICATE = ("tls_client_auth", "self_signed_tls_client_auth")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxiedServer]:
    """The server behind nginx, with a bank's API registered."""
    folder, authority = tmp_path_factory.mktemp("proxied"), create_authority("Live test authority", NOW)
    with proxied_server(folder, free_port(), authority) as running_server:
        running_server.add_client(
            client_id="bank",
            grant_types=[],
            token_endpoint_auth_method="tls_client_auth",
            tls_client_auth_subject_dn="CN=bank",
            resource=[BANK],
            resource_scopes="accounts",
        )
        yield running_server


def register(server: ProxiedServer, client_id: str, method: str) -> WireApp:
    """Register an app whose tokens are bound to its certificate."""
    key, metadata = private_key("ES256", client_id), dict[str, object]()
    certificate = server.authority.issue_client(common_name(client_id), NOW)
    if method == "private_key_jwt":
        metadata["jwks"] = {"keys": [public_jwk(key, kid=key.thumbprint(), use="sig")]}
    if method == "tls_client_auth":
        metadata["tls_client_auth_subject_dn"] = f"CN={client_id}"
    if method == "self_signed_tls_client_auth":
        certificate = self_signed(common_name(client_id), NOW)
        metadata["jwks"] = {"keys": [certificate_jwk(certificate)]}
    server.add_client(
        client_id=client_id,
        client_name="Tiny Ledger",
        redirect_uris=[REDIRECT_URI],
        grant_types=["authorization_code", "refresh_token", "client_credentials"],
        scope="openid email accounts",
        token_endpoint_auth_method=method,
        tls_client_certificate_bound_access_tokens=True,
        **metadata,
    )
    return WireApp(
        PRESENT,
        client_id,
        method,
        certificate=certificate,
        key=key,
        wire=server.wire,
        issuer=server.issuer,
        mtls_origin=server.mtls_origin,
    )


def as_header(credential: CertificateWithKey) -> str:
    """Return a certificate as nginx would hand it on."""
    return f":{base64.b64encode(credential.der).decode()}:"


def thumbprint(credential: CertificateWithKey | None) -> str:
    """Return the `x5t#S256` of a certificate."""
    assert credential is not None
    return base64.urlsafe_b64encode(hashlib.sha256(credential.der).digest()).rstrip(b"=").decode()


def assert_refused_in_json(reply: WireReply, error: str) -> None:
    """Hold that the refusal is ours, in JSON, and can be looked up."""
    assert (reply.status_code, reply.json["error"]) == (401, error), reply.text
    assert reply.headers["Content-Type"].startswith("application/json")
    assert reply.json["correlation_id"] == reply.headers["X-Correlation-Id"]
    assert reply.headers["Server"] == "nginx"


@pytest.mark.spec("RFC8705-3", "RFC8705-3.1", "RFC8705-5", "FAPI2-SP-FINAL-5.3.2.1-5", "FAPI2-SP-FINAL-5.3.2.2-7")
@pytest.mark.parametrize("method", ["private_key_jwt", *BY_CERTIFICATE])
def test_an_app_gets_from_a_pushed_request_to_claims_and_a_thief_gets_none(server: ProxiedServer, method: str) -> None:
    app, username = register(server, f"flow-{method}", method), f"person-{method}"
    server.add_person(username)
    answer = answer_of(WirePerson(server.wire, username).answer(app.authorization_url(), "approve"))
    assert (answer["state"], answer["iss"]) == ("state-123", server.issuer)
    tokens = app.redeem(answer["code"])
    assert tokens.status_code == 200, tokens.text
    claims = claims_of(tokens.json["access_token"])
    assert (claims["cnf"], claims["iss"]) == ({"x5t#S256": thumbprint(app.certificate)}, server.issuer)
    assert app.userinfo(tokens.json["access_token"]).json["sub"] == claims["sub"]
    thief = server.authority.issue_client(common_name("thief"), NOW)
    bearer = {"Authorization": f"Bearer {tokens.json['access_token']}"}
    for certificate in (None, thief):
        origin = server.issuer if certificate is None else server.mtls_origin
        reply = server.wire.send(origin + "/userinfo", headers=bearer, certificate=certificate)
        assert_refused_in_json(reply, "invalid_token")
    assert_refused_in_json(server.wire.send(server.mtls_origin + "/userinfo", headers=bearer), "invalid_token")
    refreshed = app.refresh(tokens.json["refresh_token"])
    assert claims_of(refreshed.json["access_token"])["cnf"] == claims["cnf"]


@pytest.mark.spec("RFC8705-2", "RFC8705-2.1", "RFC8705-2.2")
@pytest.mark.parametrize("method", BY_CERTIFICATE)
def test_a_client_is_known_by_its_certificate_alone(server: ProxiedServer, method: str) -> None:
    app = register(server, f"known-{method}", method)
    form = "grant_type=client_credentials&scope=accounts&client_id=" + app.client_id
    given = server.wire.send(server.mtls_origin + "/token", form, certificate=app.certificate)
    assert claims_of(given.json["access_token"])["cnf"] == {"x5t#S256": thumbprint(app.certificate)}
    namesake = self_signed(common_name(app.client_id), NOW)
    for shown in (None, namesake, server.authority.issue_client(common_name("another"), NOW)):
        assert_refused_in_json(
            server.wire.send(server.mtls_origin + "/token", form, certificate=shown), "invalid_client"
        )


@pytest.mark.spec("RFC9440-4")
@pytest.mark.parametrize("method", BY_CERTIFICATE)
@pytest.mark.parametrize("name", ["Client-Cert", "client_cert", "X-SSL-Client-Cert", "X-Forwarded-Client-Cert"])
def test_a_certificate_in_a_header_from_outside_has_no_effect(server: ProxiedServer, method: str, name: str) -> None:
    victim = register(server, f"victim-{method[:4]}-{name}", method)
    assert victim.certificate is not None
    form = "grant_type=client_credentials&scope=accounts&client_id=" + victim.client_id
    forged = {name: as_header(victim.certificate)}
    attacker = self_signed(common_name("attacker"), NOW)
    for origin, shown in ((server.issuer, None), (server.mtls_origin, None), (server.mtls_origin, attacker)):
        reply = server.wire.send(origin + "/token", form, headers=forged, certificate=shown)
        assert_refused_in_json(reply, "invalid_client")


def test_the_issuer_host_takes_no_certificate_for_authentication(server: ProxiedServer) -> None:
    app = register(server, "wrong-door", "tls_client_auth")
    form = "grant_type=client_credentials&scope=accounts&client_id=wrong-door"
    reply = server.wire.send(server.issuer + "/token", form, certificate=app.certificate)
    assert_refused_in_json(reply, "invalid_client")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(("host", "asks"), [(ISSUER_HOST, False), (MTLS_HOST, True)])
def test_a_certificate_is_asked_for_at_one_host_alone(
    server: ProxiedServer, host: str, version: ssl.TLSVersion, *, asks: bool
) -> None:
    context, heard = server.wire.context(), list[str]()
    context.minimum_version = context.maximum_version = version
    # The only way to hear of a CertificateRequest: clients without a certificate answer it in silence.
    context._msg_callback = lambda _link, _way, _version, _content, kind, _data: heard.append(getattr(kind, "name", ""))  # type: ignore[attr-defined]  # noqa: SLF001 - Python's own debugging hook
    with socket.create_connection(("127.0.0.1", server.port), timeout=15) as plain:
        context.wrap_socket(plain, server_hostname=host).close()
    assert "CERTIFICATE" in heard, "the hook hears handshakes"
    assert ("CERTIFICATE_REQUEST" in heard) is asks


@pytest.mark.spec("FAPI2-SP-FINAL-5.2.1-2")
@pytest.mark.parametrize("host", [ISSUER_HOST, MTLS_HOST])
def test_nothing_older_than_tls_1_2_is_spoken_and_tls_1_3_is(server: ProxiedServer, host: str) -> None:
    assert shaken_hands(server, host, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    assert shaken_hands(server, host, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # naming TLS 1.1 is deprecated, which is the point here
        with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
            shaken_hands(server, host, ssl.TLSVersion.TLSv1_1)


def shaken_hands(server: ProxiedServer, host: str, version: ssl.TLSVersion) -> str | None:
    """Shake hands in one version of TLS, whatever its suites."""
    context = server.wire.context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=15) as plain,
        context.wrap_socket(plain, server_hostname=host) as link,
    ):
        return link.version()


@pytest.mark.spec("RFC8705-5-1")
def test_discovery_names_both_hosts(server: ProxiedServer) -> None:
    reply = server.wire.send(server.issuer + "/.well-known/openid-configuration")
    assert reply.json["issuer"] == server.issuer
    assert reply.json["token_endpoint"] == server.issuer + "/token"
    assert reply.json["mtls_endpoint_aliases"]["token_endpoint"] == server.mtls_origin + "/token"


@pytest.mark.parametrize("path", ["/authorize", "/login", "/nowhere", "/token", "/readyz", "/jwks"])
def test_every_answer_has_one_correlation_id_and_names_no_version(server: ProxiedServer, path: str) -> None:
    for origin in (server.issuer, server.mtls_origin):
        reply = server.wire.send(origin + path)
        assert len(reply.headers.get_all("X-Correlation-Id", [])) == 1
        assert reply.headers.get_all("Server") == ["nginx"]
        assert reply.headers["Strict-Transport-Security"] is not None
        assert not [name for name in reply.headers if name.lower() in {"x-powered-by", "via"}]


def test_the_log_of_nginx_names_the_correlation_id_and_holds_no_query(server: ProxiedServer) -> None:
    reply = server.wire.send(server.issuer + "/login?interaction=very-secret")
    log = server.folder / "authserver.log"
    wait_until(lambda: reply.headers["X-Correlation-Id"] in log.read_text(), "the log line")
    for path in (log, server.folder / "log", server.folder / "authserver-error.log"):
        assert "very-secret" not in path.read_text()


def test_a_stop_lets_the_running_request_end(server: ProxiedServer, tmp_path: Path) -> None:
    path = str(tmp_path / "own.sock")
    environment = server.environment(AUTHSERVER_LISTEN=f"unix:{path}")
    with running(SERVE, tmp_path / "log", environment) as process, socket.socket(socket.AF_UNIX) as link:
        wait_until(lambda: accepts(path), "granian")
        link.settimeout(15)
        link.connect(path)
        body = b"grant_type=client_credentials&client_id=bank"
        link.sendall(HEAD.format(len(body)).encode() + body[:10])
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        link.sendall(body[10:])
        assert link.recv(4096).startswith(b"HTTP/1.1 401")
        assert process.wait(15) == 0
