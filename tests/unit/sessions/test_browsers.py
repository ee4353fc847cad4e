"""A browser is named in a few words of ours, whatever it says of itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.sessions.browsers import describe_browser

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (f"{MAC} Chrome/140.0.0.0 Safari/537.36", "Chrome on Mac"),
        (f"{MAC} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge on Mac"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.0", ""),
        ("", ""),
    ],
)
def test_browsers_are_known_by_their_names(user_agent: str, words: str) -> None:
    assert describe_browser(user_agent) == words


@given(st.text())
def test_nothing_that_was_sent_is_repeated(user_agent: str) -> None:
    assert len(describe_browser(user_agent)) <= 30
