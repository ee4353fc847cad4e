"""How a deployment looks: its logo and its accent colour, and what they must be to be seen and read by everyone.

The colours go to the end of the stylesheet that is served and the logo stands among the static files, so that the
pages' content policy holds as it is: no style in a page, and nothing from elsewhere.
"""

import re
from pathlib import Path
from typing import Final

from authserver.values import Value

LARGEST_LOGO_BYTES: Final = 100_000
LEAST_CONTRAST: Final = 4.5
"""Links are written in the accent, and buttons hold text of the page's own colour on it: both are text (WCAG 1.4.3)."""

ACCENT: Final = "#0b5a57"
"""The accent of the stylesheet as it is, in the light theme; the mark has it, too."""

# What the accent stands on, in the stylesheet's order: paper, surface, the grounds of danger and of caution. A button's
# text has the colour of the surface in the light theme and of the paper in the dark one.
LIGHT_GROUNDS: Final = ("#faf9f6", "#ffffff", "#fdf1f0", "#fff8e6")
DARK_GROUNDS: Final = ("#10181f", "#18232c", "#2a1719", "#2a2413")

_COLOUR: Final = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)
_STEPS: Final = 100
_SIGNATURES: Final = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "png", "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "jpeg", "image/jpeg"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "webp", "image/webp"),
)


class Logo(Value, frozen=True):
    """A picture by its octets: what they are, and not what a file's name says."""

    body: bytes
    suffix: str
    content_type: str


class Brand(Value, frozen=True):
    """What a deployment sets of its looks; empty for what the stylesheet has."""

    logo: Logo | None = None
    accent: str = ""
    accent_dark: str = ""

    def paint(self, name: str, body: bytes) -> bytes:
        """Return a static file of that name in the deployment's colours."""
        if self.accent and name == "mark.svg":
            return body.replace(ACCENT.encode(), self.accent.encode())
        return body + self._rules().encode() if name.endswith(".css") else body

    def _rules(self) -> str:
        dark = self.accent_dark or (lighten(self.accent) if self.accent else "")
        light_rule = f"\n:root {{ --accent: {self.accent}; }}\n" if self.accent else ""
        dark_rule = f"\n@media (prefers-color-scheme: dark) {{ :root {{ --accent: {dark}; }} }}\n" if dark else ""
        return light_rule + dark_rule


def read_logo(path: Path) -> Logo:
    """Return the picture of a file; raises ValueError where it is none that we serve, and OSError as reading does."""
    with path.open("rb") as file:
        body = file.read(LARGEST_LOGO_BYTES + 1)
    if len(body) > LARGEST_LOGO_BYTES:
        raise ValueError("too large")
    for signature, suffix, content_type in _SIGNATURES:
        if signature.match(body):
            return Logo(body, suffix, content_type)
    raise ValueError("no PNG, JPEG or WebP")


def is_logo(path: Path) -> bool:
    """Return whether a file can be the logo."""
    try:
        read_logo(path)
    except (OSError, ValueError):
        return False
    return True


def is_accent(colour: str, grounds: tuple[str, ...]) -> bool:
    """Return whether a text is a colour that can be read on each of the grounds (WCAG 1.4.3)."""
    return _COLOUR.fullmatch(colour) is not None and all(contrast(colour, each) >= LEAST_CONTRAST for each in grounds)


def lighten(colour: str) -> str:
    """Return a colour mixed with as little white as makes it readable on the grounds of the dark theme."""
    parts = _parts(colour)
    mixed = (
        "#" + "".join(f"{part + (255 - part) * step // _STEPS:02x}" for part in parts) for step in range(_STEPS + 1)
    )
    return next(each for each in mixed if is_accent(each, DARK_GROUNDS))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21, as WCAG reckons it."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _parts(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part / 255) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - WCAG's own numbers
