"""A browser is named in a few words of ours, whatever it says of itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.sessions.browsers import describe_browser

LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (f"{MAC} Chrome/140.0.0.0 Safari/537.36", "Chrome on Mac"),
        (f"{MAC} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge on Mac"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
        (f"{LINUX} HeadlessChrome/140.0.0.0 Safari/537.36", "Chrome on Linux"),
        (f"{LINUX} Chrome/140.0.0.0 Safari/537.36 OPR/124.0.0.0", "Opera on Linux"),
        (f"{LINUX} Chrome/140.0.0.0 Safari/537.36 Vivaldi/7.6", "Vivaldi on Linux"),
        (f"{LINUX} Ubuntu Chromium/140.0.0.0 Chrome/140.0.0.0 Safari/537.36", "Chromium on Linux"),
        (f"{LINUX} Version/18.0 Safari/605.1.15 Epiphany/605.1.15", "GNOME Web on Linux"),
        (f"{LINUX} Version/18.0 Safari/605.1.15", "Linux"),
        (f"{MAC} Version/18.5 Safari/605.1.15", "Safari on Mac"),
        (f"{MAC}", "Mac"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Mac"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/64.0 Safari/537.36 Edge/17.17134", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5) CriOS/140.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5) EdgiOS/140.0 Version/18.0 Safari/604.1", "Edge on iPhone"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5) OPT/5.0 Mobile/15E148 Safari/604.1", "Opera on iPhone"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5) Mobile/15E148 [FBAN/FBIOS;FBAV/500.0]", "iPhone"),
        ("Mozilla/5.0 (Linux; Android 15; Pixel 9; wv) Version/4.0 Chrome/140.0.0.0 Mobile Safari/537.36", "Android"),
        ("Mozilla/5.0 (Linux; U; Android 4.4) Version/4.0 Mobile Safari/534.30", "Android"),
        ("Mozilla/5.0 (Linux; Android 15) UCBrowser/16.0 Chrome/140.0.0.0 Mobile Safari/537.36", "Android"),
        ("curl/8.0", ""),
        ("", ""),
    ],
)
def test_browsers_are_known_by_their_names(user_agent: str, words: str) -> None:
    assert describe_browser(user_agent) == words


@given(st.text())
def test_nothing_that_was_sent_is_repeated(user_agent: str) -> None:
    assert len(describe_browser(user_agent)) <= 30
