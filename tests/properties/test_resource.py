from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.protocol.errors import InvalidTarget
from authserver.protocol.resource import check_resources_within, parse_resources

absolute = st.builds(
    lambda scheme, host, path: f"{scheme}://{host}.example/{path}",
    st.sampled_from(["https", "http", "urn"]),
    st.text("abc", min_size=1, max_size=4),
    st.text("abc/?=&", max_size=6),
)
almost = st.sampled_from(
    [
        "",
        "/a",
        "a",
        "//a",
        "https:",
        "https://",
        "https://a#",
        "#",
        "urn:",
        "urn:a",
        ":",
        "https://[",
        "https://a b",
        "urn:\n",
        "https://a\tb",
        "é:é",
    ]
)
anything = st.text() | almost | absolute


def _is_accepted(act: Callable[[], object]) -> bool:
    try:
        act()
    except InvalidTarget:
        return False
    return True


@pytest.mark.spec("RFC8707-2")
@given(st.lists(absolute, max_size=8))
def test_absolute_uris_are_kept_in_order_and_once(resources: list[str]) -> None:
    assert parse_resources(resources) == tuple(dict.fromkeys(resources))


@pytest.mark.spec("RFC8707-2")
@given(st.lists(anything, max_size=4))
def test_whatever_is_accepted_is_an_absolute_uri_without_a_fragment(resources: list[str]) -> None:
    if _is_accepted(lambda: parse_resources(resources)):
        for resource in resources:
            assert urlsplit(resource).scheme
            assert "#" not in resource
            assert resource.isascii()
            assert resource.isprintable()
            assert " " not in resource


@pytest.mark.spec("RFC8707-2")
@given(
    st.lists(absolute, max_size=3), st.sampled_from(["", "/a", "//a", "https:", "a#b", "é:é", "a:\x00", "https://a b"])
)
def test_one_that_is_not_refuses_them_all(resources: list[str], bad: str) -> None:
    assert not _is_accepted(lambda: parse_resources([*resources, bad]))


@given(st.lists(absolute, min_size=9, max_size=12, unique=True))
def test_more_than_eight_are_refused(resources: list[str]) -> None:
    assert not _is_accepted(lambda: parse_resources(resources))


@pytest.mark.spec("RFC8707-2.2")
@given(st.sets(st.sampled_from("abcd")), st.sets(st.sampled_from("abcd")))
def test_resources_are_within_others_only_if_every_one_is(asked: set[str], allowed: set[str]) -> None:
    assert _is_accepted(lambda: check_resources_within(asked, allowed)) == asked.issubset(allowed)
