"""Tables and charts below the leaderboard, there without JavaScript."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ocr_plugins.report.markup import COLOURS, escaped, letter
from ocr_plugins.report.model import Point, Report, Section

# The chart's size and the room for its axes, in units of its own.
_WIDTH, _HEIGHT = 640, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 24, 16, 40
_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)


def sections(report: Report) -> str:
    """All of them, each to be opened and shut."""
    return "\n".join(_section(one, report) for one in report.sections)


def _section(section: Section, report: Report) -> str:
    body = _chart(section.points, report) if section.points else ""
    if section.rows:
        body += _table(section)
    note = f"<p class=note>{escaped(section.note)}</p>" if section.note else ""
    opened = " open" if section.opened else ""
    return (
        f'<details class="card section"{opened}><summary><h2>{escaped(section.title)}</h2></summary>'
        f"{body}{note}</details>"
    )


def _table(section: Section) -> str:
    numeric = [
        all(row[at] is None or isinstance(row[at], float) for row in section.rows)
        for at in range(len(section.columns))
    ]
    head = "".join(
        f'<th scope="col"{" class=name" if not number else ""}>{escaped(title)}</th>'
        for title, number in zip(section.columns, numeric, strict=True)
    )
    rows = "\n".join(f"<tr>{''.join(map(_cell, row, numeric))}</tr>" for row in section.rows)
    return (
        '<div class="scroll" tabindex="0" role="region">'
        f"<table><thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>"
    )


def _cell(value: str | float | None, numeric: bool) -> str:
    if value is None:
        return "<td class=none>\u2013</td>"
    if isinstance(value, float):
        return f"<td>{value:,.4g}</td>"
    return (
        f"<td><bdi>{escaped(value)}</bdi></td>"
        if numeric
        else f"<td class=name><bdi>{escaped(value)}</bdi></td>"
    )


def _chart(points: Sequence[Point], report: Report) -> str:
    """Error against seconds a page, these on a logarithmic scale; what is worth its cost is joined."""
    low = min(math.log10(max(point.seconds, 1e-3)) for point in points) - 0.15
    high = max(math.log10(max(point.seconds, 1e-3)) for point in points) + 0.15
    top = max(point.high for point in points) * 1.05 or 0.01

    def x(seconds: float) -> float:
        share = (math.log10(max(seconds, 1e-3)) - low) / (high - low)
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(rate: float) -> float:
        return round(_HEIGHT - _BOTTOM - min(rate / top, 1) * (_HEIGHT - _TOP - _BOTTOM), 1)

    worth = sorted((point for point in points if point.worth), key=lambda point: point.seconds)
    path = " L".join(f"{x(point.seconds)} {y(point.cer)}" for point in worth)
    below = _HEIGHT - _BOTTOM + 18
    ticks = [tick for tick in _TICKS if low <= math.log10(tick) <= high]
    return (
        f'<svg class=chart viewBox="0 0 {_WIDTH} {_HEIGHT}" role=img aria-label="CER against seconds a page">'
        + "".join(
            f'<path class=grid d="M{_LEFT} {y(share * top)}H{_WIDTH - _RIGHT}"></path>'
            f'<text class=tick x="{_LEFT - 8}" y="{y(share * top) + 4}" text-anchor=end>'
            f"{100 * share * top:.1f} %</text>"
            for share in (0, 0.25, 0.5, 0.75, 1)
        )
        + "".join(
            f'<text class=tick x="{x(tick)}" y="{below}" text-anchor=middle>{tick:g} s</text>'
            for tick in ticks
        )
        + f'<text class=tick x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 6}" text-anchor=end>seconds a page</text>'
        + (f'<path class=front d="M{path}"></path>' if len(worth) > 1 else "")
        + "".join(_dot(point, report, x(point.seconds), y) for point in points)
        + "</svg>"
    )


def _dot(point: Point, report: Report, x: float, y: Callable[[float], float]) -> str:
    label = report.engines[point.engine].label
    told = (
        f"{label}: CER {100 * point.cer:.2f} % ({100 * point.low:.2f} to {100 * point.high:.2f}), "
        f"{point.seconds:.2f} s a page"
    )
    middle, kind = y(point.cer), "dot" if point.worth else "dot beaten"
    return (
        f'<g class="c{point.engine % COLOURS}"><title>{escaped(told)}</title>'
        f'<path class=span d="M{x} {y(point.low)}V{y(point.high)}"></path>'
        f'<circle class="{kind}" cx="{x}" cy="{middle}" r="9"></circle>'
        f'<text class=sign x="{x}" y="{middle + 4}" text-anchor=middle>{letter(point.engine)}</text></g>'
    )
