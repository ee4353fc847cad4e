"""Requests that no honest client writes, at the level of WSGI: bodies, lengths, methods, paths, headers."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from tests.fuzz.conftest import FORM, Target
from tests.support.deployment import ISSUER
from tests.support.hostile import CANARY, SECRET, check_answer, header_texts, hostile_texts
from tests.support.hypothesis_profiles import budget

pytestmark = pytest.mark.spec("RFC6749-10.14-1", "RFC6749-3.2-1")
PATHS = [
    "/par", "/token", "/introspect", "/introspect/ended", "/revoke", "/userinfo", "/authorize", "/authorize/continue",
    "/jwks", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/healthz", "/readyz",
    "/login", "/login/totp", "/consent", "/logout", "/static/style.css", "/static/", "/", "/nowhere",
]  # fmt: skip
paths = st.sampled_from(PATHS)
odd_paths = st.one_of(
    st.text(st.characters(max_codepoint=255), max_size=20).map(lambda text: "/" + text),
    st.builds(
        lambda path, odd: path + odd, paths, st.sampled_from(["/", "//", "/..", "\x00", ";x", "\xff", "/%2e%2e", "\n"])
    ),
    st.builds(lambda odd, path: odd + path, st.sampled_from(["/", "//evil.example", "/\\evil.example", "/./"]), paths),
    st.sampled_from(["", "*", "/static//x", "/static/../../etc/passwd", "/static/" + "a" * 3000]),
)
bodies = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"",
            b"a=1&a=2",
            b"\x00",
            b"grant_type=\xff",
            b"%",
            b"=&=",
            b"a" * 65_536,
            b"a" * 65_537,
            b"&" * 5000,
            b"a=1;b=2",
        ]
    ),
    hostile_texts.map(lambda text: f"code={SECRET}&state={CANARY}{text}".encode("utf-8", "surrogatepass")),
)
lengths = st.one_of(
    st.none(),
    st.sampled_from(
        [
            "",
            "0",
            "-1",
            "+1",
            "1.5",
            "1e3",
            " 5",
            "0x10",
            "\u0663",
            "\xb2",
            "00000000000000000005",
            "65537",
            "9" * 5000,
            "99999999999999",
        ]
    ),
    st.integers(0, 100).map(str),
)
content_types = st.one_of(
    st.sampled_from(
        [FORM, FORM.upper(), FORM + "; charset=utf-16", FORM + ";;=", "", "application/json", "text/plain",
         "multipart/form-data", "multipart/form-data; boundary=x", "multipart/form-data; boundary=" + "b" * 300,
         FORM + ", text/html"]
    ),
    header_texts,
)  # fmt: skip
methods = st.sampled_from(
    ["GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "post", "G\xc9T", "", "A" * 500]
)
header_names = st.sampled_from(
    ["Authorization", "Cookie", "DPoP", "Host", "Origin", "Sec-Fetch-Site", "Referer", "Accept", "Accept-Language",
     "Range", "If-None-Match", "If-Modified-Since", "Transfer-Encoding", "Content-Encoding", "Expect", "Forwarded",
     "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Correlation-Id", "X-Request-Id", "Client-Cert",
     "User-Agent", "Upgrade"]
)  # fmt: skip
sent_headers = st.dictionaries(header_names, header_texts, max_size=4)


@dataclass
class Raw:
    """An answer as WSGI gave it."""

    status_code: int
    headers: Headers
    text: str


def call(target: Target, environ: dict[str, Any]) -> Raw:
    """Call the application as a server would, and hold the answer to what WSGI demands."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> Any:  # noqa: ANN401 - WSGI's own
        started.append((status, headers))

    chunks: Iterable[bytes] = target.deployment.app.wsgi_app(environ, start_response)
    body = b"".join(chunks)
    close = getattr(chunks, "close", None)
    if close is not None:
        close()
    status, headers = started[-1]
    for name, value in headers:
        (name + value).encode("latin-1")
        assert not set(name + value) & set("\r\n\x00")
    assert status[:3].isdigit()
    return Raw(int(status[:3]), Headers(headers), body.decode("utf-8"))


def build(path: str, method: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    """Build the environment of a request as servers build it."""
    builder = EnvironBuilder(path="/", method="POST", data=body, base_url=ISSUER, headers=Headers(headers))
    environ: dict[str, Any] = builder.get_environ()
    builder.close()
    return {**environ, "REQUEST_METHOD": method, "PATH_INFO": path, "REMOTE_ADDR": "127.0.0.1"}


def attack(target: Target, environ: dict[str, Any]) -> Raw:
    """Send one such request under the watch."""
    with target.watch.request() as answers:
        answer = call(target, environ)
        check_answer(answer)
        answers.append(answer)
    return answer


@budget(250)
@given(paths, bodies, lengths, content_types)
@example("/token", b"", "9" * 5000, FORM)
@example("/login", b"", "9" * 5000, FORM)
def test_bodies_and_their_stated_lengths(target: Target, path: str, body: bytes, length: str | None, kind: str) -> None:
    environ = build(path, "POST", body, {})
    environ["CONTENT_TYPE"] = kind.encode("latin-1", "ignore").decode("latin-1")
    if length is not None:
        environ["CONTENT_LENGTH"] = length
    assert attack(target, environ).status_code >= 400


@budget(80)
@given(paths, bodies, st.sampled_from(["chunked", "gzip, chunked", "identity", "x"]))
def test_bodies_without_a_length(target: Target, path: str, body: bytes, encoding: str) -> None:
    environ = build(path, "POST", b"", {"Transfer-Encoding": encoding})
    environ.pop("CONTENT_LENGTH", None)
    environ |= {"wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True, "CONTENT_TYPE": FORM}
    assert attack(target, environ).status_code >= 400


@budget(150)
@given(paths, methods, sent_headers, st.text(st.characters(max_codepoint=255), max_size=12))
def test_methods_and_headers(target: Target, path: str, method: str, headers: dict[str, str], query: str) -> None:
    environ = build(path, method, b"", {})
    environ |= {"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()}
    environ["QUERY_STRING"] = query
    attack(target, environ)


@budget(100)
@given(
    odd_paths,
    st.sampled_from(["GET", "POST"]),
    st.sampled_from([ISSUER[8:], "evil.example", "", "a b", "[::1", "é", "a" * 300]),
)
@example("/static//x", "GET", "evil.example")
@example("", "GET", "evil.example")
def test_paths_lead_nowhere_and_never_to_another_host(target: Target, path: str, method: str, host: str) -> None:
    environ = build(path, method, b"", {"Content-Type": FORM})
    environ |= {"HTTP_HOST": host, "QUERY_STRING": f"next={CANARY}"}
    answer = attack(target, environ)
    assert "Location" not in answer.headers
    assert "evil.example" not in answer.text


@budget(60)
@given(
    st.dictionaries(
        st.sampled_from(["REMOTE_ADDR", "HTTP_X_FORWARDED_FOR", "SSL_CLIENT_CERT", "SCRIPT_NAME"]), header_texts
    ),
    paths,
)
def test_addresses_and_what_a_server_adds(target: Target, added: dict[str, str], path: str) -> None:
    environ = build(path, "POST", b"client_id=app", {"Content-Type": FORM})
    assert attack(target, {**environ, **added}).status_code >= 400
