"""Pictures that are drawn for a page: a word with its readings, and rates over time."""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

# Airflow shows pictures in its forms no wider than this.
_WIDTH, _HIGH, _ROW = 300, 72, 36
# So many letters find room; more are set closer.
_ROOM = 30


def word_svg(png: str, choices: Sequence[Mapping[str, str]]) -> str:
    """A word's picture (PNG, base64; "" for none) above its readings, which are numbered from 1."""
    width, height = _size(png)
    scale = min(_WIDTH / width, _HIGH / height, 3.0) if png else 0.0
    high, wide = height * scale, width * scale
    image = (
        f'<image width="{wide:.0f}" height="{high:.0f}" href="data:image/png;base64,{png}"/>' if png else ""
    )
    rows = [("#0", "", "nothing stands there")]
    rows[:0] = [(f"#{number}", one["text"], one["by"]) for number, one in enumerate(choices, start=1)]
    lines = "".join(_row(high + 8 + _ROW * place, *row) for place, row in enumerate(rows))
    total = high + 8 + _ROW * len(rows)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{total:.0f}" '
        f'font-family="system-ui, sans-serif" font-size="14">'
        f'<rect width="100%" height="100%" fill="#fff"/>{image}{lines}</svg>'
    )


def _row(top: float, number: str, text: str, by: str) -> str:
    close = f' textLength="{_WIDTH - 40}" lengthAdjust="spacingAndGlyphs"' if len(text) > _ROOM else ""
    return (
        f'<g fill="#667085"><text x="6" y="{top + 14:.0f}">{number}</text>'
        f'<text x="34" y="{top + (28 if text else 14):.0f}" font-size="11">{escape(by)}</text></g>'
        f'<text x="34" y="{top + 14:.0f}" fill="#1a202c" font-weight="600"{close}>{escape(text)}</text>'
    )


def _size(png: str) -> tuple[int, int]:
    """The (width, height) of a PNG in base64, from its header."""
    if not png:
        return 1, 1
    width, height = struct.unpack(">II", base64.b64decode(png[:48])[16:24])
    return max(width, 1), max(height, 1)


def rates_svg(dates: Sequence[str], series: Mapping[str, Sequence[float | None]]) -> str:
    """Rates over time, a line for each engine; its number is the class ``lN`` of the line and its key.

    Args:
        dates: of the points, oldest first.
        series: shares by engine, None where an engine was not measured.
    """
    width, height, left, below = 900.0, 260.0, 48.0, 28.0
    most = max((rate for rates in series.values() for rate in rates if rate is not None), default=0.0) or 0.01
    step = (width - left - 16) / max(len(dates) - 1, 1)

    def place(number: int, rate: float) -> tuple[float, float]:
        return left + step * number, 12 + (height - below - 12) * (1 - rate / most)

    parts = []
    for share in (0.0, 0.5, 1.0):
        _, y = place(0, share * most)
        parts.append(f'<line class="grid" x1="{left}" x2="{width - 8}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(
            f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{100 * share * most:.1f}</text>'
        )
    for number in {0, len(dates) - 1} if dates else set():
        anchor = "start" if number == 0 else "end"
        x, _ = place(number, 0.0)
        parts.append(
            f'<text x="{x:.1f}" y="{height - 8}" text-anchor="{anchor}">{escape(dates[number][:10])}</text>'
        )
    for number, (label, rates) in enumerate(series.items()):
        points = [place(at, rate) for at, rate in enumerate(rates) if rate is not None]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<g class="l{number % 8}"><title>{escape(label)}</title><polyline points="{line}"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in points]
        parts.append("</g>")
    return (
        f'<svg class="chart" role="img" aria-label="Error rates in percent over time" '
        f'viewBox="0 0 {width:.0f} {height:.0f}">{"".join(parts)}</svg>'
    )
