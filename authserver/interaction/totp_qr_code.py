"""The seed of an authenticator app: a QR code to scan, and the same as text to type."""

import segno

from authserver.accounts.factors.totp.codes import provisioning_uri
from authserver.values import Hidden, Value

_GROUP = 4


class TotpQrCode(Value, frozen=True):
    """The picture as inline SVG of ours, and the key in groups of four."""

    svg: Hidden[str]
    key: Hidden[str]


def draw_generator(seed: str, *, username: str, issuer_name: str) -> TotpQrCode:
    """Return a seed as a picture and as text; the markup holds nothing but the squares of the code."""
    uri = provisioning_uri(seed, username=username, issuer_name=issuer_name)
    svg = segno.make(uri, error="m").svg_inline(scale=4, border=4, omitsize=True, svgclass=None, lineclass=None)
    key = " ".join(seed[start : start + _GROUP] for start in range(0, len(seed), _GROUP))
    return TotpQrCode(svg, key)
