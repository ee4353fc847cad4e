"""A browser's own description of itself, in the few words by which a person knows it."""

import re
from typing import Final

# The first that is found names it: most browsers also claim to be those that came before them.
_BROWSERS: Final = (
    (r"\bEdg(?:e|A|iOS)?/", "Edge"),
    (r"\b(?:OPR|OPT|OPiOS|OPX|Opera)/", "Opera"),
    (r"\bSamsungBrowser/", "Samsung Internet"),
    (r"\bVivaldi/", "Vivaldi"),
    (r"\bYaBrowser/", "Yandex Browser"),
    (r"\bDuckDuckGo/|\bDdg/", "DuckDuckGo"),
    (r"\b(?:Firefox|FxiOS)/", "Firefox"),
    (r"\bEpiphany/", "GNOME Web"),
    # An application shows our page in a view of its own: it is no browser that the person knows by that name.
    (r"; wv\)|\bFBA[NV]/|\bInstagram |\bGSA/", ""),
    (
        r"\b(?:UCBrowser|MiuiBrowser|HuaweiBrowser|Whale|M?QQBrowser|Silk|Puffin|QtWebEngine|Electron)/",
        "",
    ),
    (r"\bChromium/", "Chromium"),
    (r"\b(?:Headless)?Chrome/|\bCriOS/", "Chrome"),
    # WebKit without Chrome's name is Safari on Apple's systems alone, and there says its version so.
    (r"\((?:Macintosh|iPhone|iPad|iPod)\b.*\bVersion/.*\bSafari/", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)
_LONGEST_READ: Final = 512


def describe_browser(user_agent: str) -> str:
    """Return words such as `Firefox on Linux`, one half of them, or nothing; never the text that was sent.

    It is the browser's own word, for the person to recognise, and nothing is decided by it.
    """
    text = user_agent[:_LONGEST_READ]
    browser = next((name for mark, name in _BROWSERS if re.search(mark, text)), "")
    system = next((name for mark, name in _SYSTEMS if mark in text), "")
    return f"{browser} on {system}" if browser and system else browser or system
