"""The ratios as a bar chart in SVG: readable without a program, in light and in dark surroundings."""

from collections.abc import Mapping
from xml.sax.saxutils import escape

from bench.ratios import Spread
from bench.work import WORKS

_WIDTH, _LABELS, _FIGURES, _ROW, _BAR, _TOP, _BOTTOM = 760, 290, 60, 30, 16, 40, 34
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1f2430}"
    ".bar{fill:#2f6f8f}.behind{fill:#b0632b}.line{stroke:#767d8a;stroke-dasharray:4 3}.spread{stroke:#1f2430}"
    "@media(prefers-color-scheme:dark){text{fill:#e6e8ee}.spread{stroke:#e6e8ee}.bar{fill:#63a9c9}.behind{fill:#d98b52}}"
)


def render_chart(found: Mapping[str, Spread]) -> str:
    """Return one bar for each kind of work: the median, with a line from the least to the greatest ratio."""
    height = _TOP + _ROW * len(found) + _BOTTOM
    longest = max(1.5, *(spread.max for spread in found.values()))
    scale = (_WIDTH - _LABELS - _FIGURES) / longest
    rows = [_row(kind, spread, number, scale) for number, (kind, spread) in enumerate(found.items())]
    even, title = _LABELS + scale, "Requests per second and core: ours over the peer's, both on PostgreSQL"
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="t">',
            f'<title id="t">{title}</title>',
            f"<style>{_STYLE}</style>",
            f'<text x="8" y="22">{title}</text>',
            *rows,
            f'<line class="line" x1="{even:.1f}" x2="{even:.1f}" y1="{_TOP - 6}" y2="{height - _BOTTOM + 4}"/>',
            f'<text x="{even:.1f}" y="{height - 12}" text-anchor="middle">1: as fast as the peer</text>',
            "</svg>\n",
        )
    )


def _row(kind: str, spread: Spread, number: int, scale: float) -> str:
    top, middle = _TOP + number * _ROW, _TOP + number * _ROW + _BAR / 2
    style = "bar" if spread.median >= 1 else "behind"
    first, end, last = (_LABELS + figure * scale for figure in (spread.min, spread.median, spread.max))
    return (
        f'<text x="{_LABELS - 8}" y="{middle + 5:.1f}" text-anchor="end">{escape(WORKS[kind].title)}</text>'
        f'<rect class="{style}" x="{_LABELS}" y="{top}" width="{end - _LABELS:.1f}" height="{_BAR}"/>'
        f'<line class="spread" x1="{first:.1f}" x2="{last:.1f}" y1="{middle}" y2="{middle}"/>'
        f'<text x="{_WIDTH - 8}" y="{middle + 5:.1f}" text-anchor="end">{spread.median:.2f}</text>'
    )
