import re
from urllib.parse import urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from authserver.protocol.redirect_uri import find_registration_fault, matches_registered

_WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=8)
_HOST = st.lists(_WORD, min_size=1, max_size=3).map(".".join).map(lambda labels: labels + ".example")
_PATH = st.lists(st.text("abcXYZ019-._~!$&'()*+,;=:@%", max_size=6), max_size=3).map(
    lambda parts: "/" + "/".join(parts)
)
_QUERY = st.just("") | st.text("abc=&1%-._~", max_size=8).map(lambda query: "?" + query)
_PORT = st.just("") | st.integers(1, 65535).map(lambda port: f":{port}")
https_urls = st.builds(lambda *parts: "https://" + "".join(parts), _HOST, _PORT, _PATH, _QUERY)
# After two slashes an authority would follow, and that has rules of its own.
private_urls = st.builds(
    lambda labels, path: ".".join(labels) + ":" + path,
    st.lists(_WORD, min_size=2, max_size=4),
    _PATH.filter(lambda path: not path.startswith("//")),
)
schemes = st.sampled_from(
    ["https", "http", "HTTPS", "javascript", "data", "file", "com.example.app", "ftp", "", "x", "about"]
)
pieces = (
    st.sampled_from(
        [
            "://",
            ":",
            "/",
            "//",
            "@",
            "user:pw@",
            "#",
            "#frag",
            "?",
            "%",
            "\\",
            "[::1]",
            "127.0.0.1",
            "localhost",
            "[",
            "]",
        ]
    )
    | _HOST
)
almost_urls = st.builds(lambda scheme, rest: scheme + "".join(rest), schemes, st.lists(pieces, max_size=6))
anything = st.text() | almost_urls | https_urls | private_urls | st.none() | st.integers() | st.lists(st.text())


def _is_accepted(uri: object, *, loopback: bool = False) -> bool:
    return find_registration_fault(uri, plain_http_to_loopback=loopback) is None


@pytest.mark.spec("RFC6749-3.1.2", "FAPI2-SP-FINAL-5.3.2.2-8")
@given(anything, st.booleans())
def test_whatever_is_registered_is_a_uri_over_which_an_answer_may_travel(uri: object, loopback: bool) -> None:  # noqa: FBT001 - drawn
    if not _is_accepted(uri, loopback=loopback):
        return
    assert isinstance(uri, str)
    parts = urlsplit(uri)
    assert uri.isascii()
    assert uri.isprintable()
    assert not set(uri) & set(' "<>\\^`{|}#')
    assert "@" not in parts.netloc
    if parts.scheme == "http":
        assert loopback
        assert re.fullmatch(r"::1|127\.\d+\.\d+\.\d+", parts.hostname or "")
    elif parts.scheme == "https":
        assert parts.hostname
    else:
        assert "." in parts.scheme


@given(https_urls)
def test_an_https_url_with_a_host_can_be_registered(uri: str) -> None:
    assert find_registration_fault(uri, plain_http_to_loopback=False) is None


@pytest.mark.spec("RFC8252-7.1")
@given(private_urls)
def test_a_private_use_scheme_of_a_reversed_domain_can_be_registered(uri: str) -> None:
    assume(uri[0].isalpha())
    assert _is_accepted(uri)


@pytest.mark.spec("RFC6749-3.1.2")
@given(https_urls, st.sampled_from('# \t\r\n\x00"<>\\^`{|}\x7fé\u202e'), st.integers(0, 200))
def test_one_character_that_no_uri_may_hold_refuses_it(uri: str, bad: str, place: int) -> None:
    cut = place % (len(uri) + 1)
    assert not _is_accepted(uri[:cut] + bad + uri[cut:], loopback=True)


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.2-8")
@given(https_urls)
def test_no_plain_http_to_anyone_but_the_loopback_address(uri: str) -> None:
    assert not _is_accepted(uri.replace("https://", "http://", 1), loopback=True)


@pytest.mark.spec("RFC9700-2.1", "RFC6749-3.1.2.3")
@given(https_urls, st.lists(https_urls, max_size=3), st.integers(0, 200), st.sampled_from("/?#.%aA&= \x00"))
def test_a_redirect_uri_matches_itself_and_nothing_else(uri: str, others: list[str], place: int, added: str) -> None:
    registered = [*others, uri]
    cut = place % (len(uri) + 1)
    assert matches_registered(uri, registered)
    for other in (uri[:cut] + added + uri[cut:], uri.swapcase(), uri[:-1], uri + "/../x", uri.replace("https", "http")):
        assert matches_registered(other, registered) == (other in registered)
        assert not matches_registered(other, [])
