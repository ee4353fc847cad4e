"""Each proxy's header is read; what comes from elsewhere, or is not exactly one certificate, is dropped and counted."""

from base64 import b64encode
from urllib.parse import quote

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from authserver.web.machine.certificate_headers import CERTIFICATE_HEADERS, FORMATS
from authserver.web.machine.client_certificate import (
    MALFORMED,
    OVERSIZED,
    UNEXPECTED_FORMAT,
    UNTRUSTED_PEER,
    CertificatePolicy,
    certificate_from_environ,
    client_address,
    parse_policy,
)
from tests.support.authority import NOW, common_name, create_authority, self_signed

CREDENTIAL = self_signed(common_name("client, with comma"), NOW)
OTHER = self_signed(common_name("other"), NOW)
DER = CREDENTIAL.der
PEM = CREDENTIAL.certificate_pem.decode()
BASE64 = b64encode(DER).decode()
ESCAPED = quote(PEM, safe="")
CHAIN = PEM + OTHER.certificate_pem.decode()
PROXY = "10.1.2.3"
NAMES = {name: entry.names[0] for name, entry in FORMATS.items()}

WRITTEN = [
    ("rfc9440", f":{BASE64}:"),
    ("nginx", ESCAPED),
    ("envoy", f'Hash=abc;Cert="{ESCAPED}";Subject="CN=a, b;c";URI='),
    ("envoy", f'By=x;Cert="{quote(OTHER.certificate_pem.decode(), safe="")}",By=y;cert="{ESCAPED}"'),
    ("envoy", f'Subject="a \\" , quote",Cert={ESCAPED}'),
    ("traefik", BASE64),
    ("traefik", quote(BASE64, safe="")),
    ("traefik", f"{BASE64},{b64encode(OTHER.der).decode()}"),
    ("haproxy", BASE64),
    ("alb", quote(PEM, safe="+=/")),
    ("alb", quote(CHAIN, safe="+=/")),
]


def policy(header_format: str | None) -> CertificatePolicy:
    return parse_policy(["10.0.0.0/8"], header_format)


def read(environ: dict[str, object], header_format: str | None) -> tuple[bytes | None, list[str]]:
    dropped: list[str] = []
    return certificate_from_environ(environ, policy(header_format), dropped.append), dropped


@pytest.mark.spec("RFC9440-2.2")
@pytest.mark.parametrize(("header_format", "text"), WRITTEN)
def test_a_trusted_proxy_s_header_is_read(header_format: str, text: str) -> None:
    environ: dict[str, object] = {"REMOTE_ADDR": PROXY, NAMES[header_format]: text}
    assert read(environ, header_format) == (DER, [])


def test_a_load_balancer_that_passes_the_chain_through_is_read_too() -> None:
    environ: dict[str, object] = {"REMOTE_ADDR": PROXY, "HTTP_X_AMZN_MTLS_CLIENTCERT": quote(CHAIN, safe="+=/")}
    assert read(environ, "alb") == (DER, [])


@pytest.mark.spec("RFC9440-4")
@pytest.mark.parametrize("peer", ["192.0.2.1", "", "::1", "fe80::1%eth0", "not an address", "10.0.0.1.evil"])
@pytest.mark.parametrize(("header_format", "text"), WRITTEN)
def test_the_same_header_from_anyone_else_is_dropped_and_counted(peer: str, header_format: str, text: str) -> None:
    environ: dict[str, object] = {"REMOTE_ADDR": peer, NAMES[header_format]: text}
    assert read(environ, header_format) == (None, [UNTRUSTED_PEER])


MISMATCHES = [
    (configured, header_format, text)
    for configured in (None, *FORMATS)
    for header_format, text in WRITTEN
    if configured is None or NAMES[configured] != NAMES[header_format]
]


@pytest.mark.parametrize(("configured", "header_format", "text"), MISMATCHES)
def test_a_header_of_another_format_is_dropped_and_counted(
    configured: str | None, header_format: str, text: str
) -> None:
    environ: dict[str, object] = {"REMOTE_ADDR": PROXY, NAMES[header_format]: text}
    assert read(environ, configured) == (None, [UNEXPECTED_FORMAT])


def test_nginx_and_haproxy_share_a_header_and_each_refuses_the_other_s_text() -> None:
    for configured, text in (("nginx", BASE64), ("haproxy", ESCAPED)):
        environ: dict[str, object] = {"REMOTE_ADDR": PROXY, "HTTP_X_SSL_CLIENT_CERT": text}
        assert read(environ, configured) == (None, [MALFORMED])


def test_a_stray_header_beside_the_right_one_is_counted_and_changes_nothing() -> None:
    environ: dict[str, object] = {
        "REMOTE_ADDR": PROXY,
        "HTTP_CLIENT_CERT": f":{BASE64}:",
        "HTTP_X_SSL_CLIENT_CERT": quote(OTHER.certificate_pem.decode(), safe=""),
    }
    assert read(environ, "rfc9440") == (DER, [UNEXPECTED_FORMAT])


MALFORMED_TEXTS = [
    ("rfc9440", BASE64),
    ("rfc9440", f":{BASE64}"),
    ("rfc9440", ":"),
    ("rfc9440", f":{BASE64}:;a=1"),
    ("rfc9440", f":{BASE64}:,:{BASE64}:"),
    ("rfc9440", f":{BASE64}:, :{BASE64}:"),
    ("rfc9440", f":{BASE64[:-8]}:"),
    ("rfc9440", f":{BASE64[:40]} {BASE64[40:]}:"),
    ("rfc9440", f":{b64encode(DER + b'x').decode()}:"),
    ("rfc9440", f":{BASE64}\xe9:"),
    ("nginx", f"{ESCAPED},{ESCAPED}"),
    ("nginx", quote(CHAIN, safe="")),
    ("nginx", quote("x" + PEM, safe="")),
    ("nginx", ESCAPED.replace("BEGIN", "BEGUN")),
    ("nginx", "%ff%fe"),
    ("haproxy", f"{BASE64},{BASE64}"),
    ("haproxy", f":{BASE64}:"),
    ("alb", f"{quote(PEM, safe='+=/')},{quote(PEM, safe='+=/')}"),
    ("traefik", PEM.replace("\n", "")),
    ("traefik", f",{BASE64}"),
    ("envoy", ESCAPED),
    ("envoy", f'Cert="{ESCAPED}'),
    ("envoy", f'Cert="{ESCAPED}";Cert="{ESCAPED}"'),
    ("envoy", f'Cert="{ESCAPED}",By=nothing'),
    ("envoy", f'Chain="{ESCAPED}"'),
    ("envoy", f'Cert="{ESCAPED}",'),
]


@pytest.mark.spec("RFC9440-2.2", "RFC9110-5.3")
@pytest.mark.parametrize(("header_format", "text"), MALFORMED_TEXTS)
def test_what_is_not_exactly_one_certificate_counts_as_none(header_format: str, text: str) -> None:
    environ: dict[str, object] = {"REMOTE_ADDR": PROXY, NAMES[header_format]: text}
    assert read(environ, header_format) == (None, [MALFORMED])


@pytest.mark.parametrize("header_format", FORMATS)
@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_header_says_that_there_was_none(header_format: str, text: str) -> None:
    environ: dict[str, object] = {"REMOTE_ADDR": PROXY, NAMES[header_format]: text}
    assert read(environ, header_format) == (None, [])


@pytest.mark.parametrize("header_format", NAMES)
@pytest.mark.parametrize(
    "text",
    [
        "::",
        "(null)",
        " (null) ",
        "{http.request.tls.client.certificate_der_base64}",
        ":{http.request.tls.client.certificate_der_base64}:",
    ],
)
def test_what_caddy_and_httpd_write_without_a_certificate_is_none_and_no_fault(header_format: str, text: str) -> None:
    environ: dict[str, object] = {"REMOTE_ADDR": PROXY, NAMES[header_format]: text}
    assert read(environ, header_format) == (None, [])


def large(octets: int) -> bytes:
    name = x509.UniformResourceIdentifier("https://example.com/" + "a" * octets)
    return create_authority("large", NOW).issue_client(common_name("large"), NOW, names=(name,)).der


def test_a_certificate_over_16_kib_counts_as_none() -> None:
    for octets, accepted in ((15_000, True), (16_384, False)):
        der = large(octets)
        environ: dict[str, object] = {"REMOTE_ADDR": PROXY, "HTTP_CLIENT_CERT": f":{b64encode(der).decode()}:"}
        assert read(environ, "rfc9440") == ((der, []) if accepted else (None, [MALFORMED]))


class TlsSocket:
    """Stands for the connection that gunicorn hands over."""

    def __init__(self, der: bytes | None) -> None:
        self.der = der

    def getpeercert(self, binary_form: bool) -> bytes | None:  # noqa: FBT001 - the signature of ssl.SSLSocket
        assert binary_form
        return self.der


@pytest.mark.spec("RFC8705-2")
@pytest.mark.parametrize("der", [DER, None])
def test_our_own_listener_hands_over_what_the_handshake_had(der: bytes | None) -> None:
    assert read({"REMOTE_ADDR": "192.0.2.1", "gunicorn.socket": TlsSocket(der)}, None) == (der, [])


def test_our_own_listener_does_not_hand_over_what_is_too_large() -> None:
    assert read({"REMOTE_ADDR": "192.0.2.1", "gunicorn.socket": TlsSocket(b"0" * 16_385)}, None) == (None, [OVERSIZED])


def test_a_header_does_not_replace_the_certificate_of_the_connection() -> None:
    environ: dict[str, object] = {"REMOTE_ADDR": "192.0.2.1", "gunicorn.socket": TlsSocket(DER)}
    environ["HTTP_CLIENT_CERT"] = f":{b64encode(OTHER.der).decode()}:"
    assert read(environ, "rfc9440") == (DER, [UNTRUSTED_PEER])


def test_the_certificate_of_a_trusted_proxy_is_not_the_client_s() -> None:
    environ: dict[str, object] = {"REMOTE_ADDR": PROXY, "gunicorn.socket": TlsSocket(OTHER.der)}
    assert read(environ, "rfc9440") == (None, [])
    assert read(environ | {"HTTP_CLIENT_CERT": f":{BASE64}:"}, "rfc9440") == (DER, [])


def test_variables_of_the_process_are_never_a_certificate() -> None:
    environ: dict[str, object] = dict.fromkeys(
        ("SSL_CLIENT_CERT", "SSL_CLIENT_RAW_CERT", "SSL_CLIENT_VERIFY", "CLIENT_CERT", "gunicorn.socket"), PEM
    )
    assert read({"REMOTE_ADDR": PROXY} | environ, "nginx") == (None, [])


def test_a_unix_socket_s_peer_is_trusted_only_if_the_operator_says_so() -> None:
    environ: dict[str, object] = {"REMOTE_ADDR": "", "HTTP_CLIENT_CERT": f":{BASE64}:"}
    assert certificate_from_environ(environ, parse_policy(["unix"], "rfc9440")) == DER
    assert certificate_from_environ(environ, parse_policy(["10.0.0.0/8"], "rfc9440")) is None


def test_an_ipv4_proxy_seen_through_an_ipv6_socket_is_the_same_proxy() -> None:
    environ: dict[str, object] = {"REMOTE_ADDR": f"::ffff:{PROXY}", "HTTP_CLIENT_CERT": f":{BASE64}:"}
    assert read(environ, "rfc9440") == (DER, [])


@pytest.mark.parametrize(
    ("proxies", "header_format"),
    [
        (["0.0.0.0/0"], None),
        (["::/0"], None),
        (["0.0.0.0/1", "128.0.0.0/1"], None),
        (["10.0.0.1/8"], None),
        (["proxy.example"], None),
        ([], "apache"),
    ],
)
def test_a_policy_that_makes_no_sense_stops_the_start(proxies: list[str], header_format: str | None) -> None:
    with pytest.raises(ValueError, match=r"so much of the internet|host bits|not appear|no such header"):
        parse_policy(proxies, header_format)


@pytest.mark.parametrize("header", ["Client-Cert", "Client_Cert", "1cert", "cert\u00e9", "cert ", "cert:", "a" * 101])
def test_a_header_of_its_own_has_a_name_of_a_single_spelling(header: str) -> None:
    for given_as in ("certificate_header", "address_header"):
        with pytest.raises(ValueError, match="single spelling"):
            parse_policy(["10.0.0.0/8"], "rfc9440", **{given_as: header})


@pytest.mark.spec("RFC9440-4")
def test_where_the_header_has_a_name_of_its_own_the_usual_ones_are_dropped_and_counted() -> None:
    named, dropped = parse_policy(["10.0.0.0/8"], "rfc9440", certificate_header="ClientCert5f0c"), list[str]()
    environ: dict[str, object] = {"REMOTE_ADDR": PROXY, "HTTP_CLIENTCERT5F0C": f":{BASE64}:"}
    environ["HTTP_CLIENT_CERT"] = f":{b64encode(OTHER.der).decode()}:"
    assert (certificate_from_environ(environ, named, dropped.append), dropped) == (DER, [UNEXPECTED_FORMAT])
    assert certificate_from_environ({**environ, "REMOTE_ADDR": "192.0.2.1"}, named) is None


@given(st.sampled_from(sorted(FORMATS)), st.text(st.characters(max_codepoint=255)), st.integers(0, 400), st.text())
def test_no_text_is_ever_an_error(header_format: str, text: str, cut: int, tail: str) -> None:
    written = dict(WRITTEN)[header_format]
    for attempt in (text, written[:cut] + text + written[cut + 1 :], written + tail):
        environ: dict[str, object] = {"REMOTE_ADDR": PROXY, NAMES[header_format]: attempt}
        der, dropped = read(environ, header_format)
        assert (der is None) or dropped == []


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", None, "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
        (PROXY, None, PROXY),
        (PROXY, "203.0.113.9", "203.0.113.9"),
        (PROXY, "198.51.100.7, 203.0.113.9", "203.0.113.9"),
        (PROXY, "198.51.100.7, 203.0.113.9, 10.9.9.9", "203.0.113.9"),
        (PROXY, "10.8.8.8, 10.9.9.9", "10.8.8.8"),
        (PROXY, "203.0.113.9, unknown", PROXY),
        (PROXY, "198.51.100.7,, 10.9.9.9", "10.9.9.9"),
        (PROXY, "203.0.113.9:4711", "203.0.113.9"),
        (PROXY, "[2001:db8::1]:443", "2001:db8::1"),
        (PROXY, "2001:DB8::1", "2001:db8::1"),
        (PROXY, "::ffff:203.0.113.9", "203.0.113.9"),
        (PROXY, "203.0.113.9," + ",".join(["10.0.0.1"] * 40), "10.0.0.1"),
        ("", "203.0.113.9", ""),
    ],
)
def test_the_client_s_address_is_the_right_most_that_no_proxy_of_ours_has(
    peer: str, forwarded: str | None, address: str
) -> None:
    environ: dict[str, object] = {"REMOTE_ADDR": peer}
    if forwarded is not None:
        environ["HTTP_X_FORWARDED_FOR"] = forwarded
    assert client_address(environ, policy(None)) == address


def test_every_header_of_every_format_is_watched_for() -> None:
    assert {name for entry in FORMATS.values() for name in entry.names} == set(CERTIFICATE_HEADERS)
