"""A browser's own description of itself, in the few words by which a person knows it."""

import re
from typing import Final

# The first that is found names it: most browsers also claim to be those that came before them.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
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
    """Return words such as `Firefox on Linux`, one half of them, or nothing; never the text that was sent."""
    text = user_agent[:_LONGEST_READ]
    browser = next((name for mark, name in _BROWSERS if re.search(rf"\b{mark}", text)), "")
    system = next((name for mark, name in _SYSTEMS if mark in text), "")
    return f"{browser} on {system}" if browser and system else browser or system
