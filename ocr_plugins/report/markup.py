"""The part of the report that is there without JavaScript: its head and the leaderboard."""

from __future__ import annotations

import html
import re
import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ocr_plugins.memory import megabytes
from ocr_plugins.report.model import EngineRow, Report
from ocr_plugins.report.payload import finite, well_formed

# Characters that cannot be seen but change what is seen: controls, direction overrides, line
# separators, zero-width spaces. They are shown by their number; dom.js has the same list.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]"
)
COLOURS = 8
DASHES = 5


def escaped(text: str) -> str:
    """The text for HTML, in an element or an attribute, with invisible characters named."""
    named = _INVISIBLE.sub(lambda match: f"[U+{ord(match.group()):04X}]", well_formed(text))
    return html.escape(named, quote=True)


def letter(place: int) -> str:
    """A, B, ... Z, A2, B2: an engine's sign where colour alone would not do."""
    row, column = divmod(place, 26)
    return string.ascii_uppercase[column] + (str(row + 1) if row else "")


def style_classes(place: int) -> str:
    """An engine's colour and line style; past the last colour the same one has another line."""
    return f"c{place % COLOURS} d{(place + place // COLOURS) % DASHES}"


def _percent(value: float) -> str:
    return f"{100 * value:.2f}%"


def _seconds(value: float) -> str:
    return f"{value:.2f} s" if value < 10 else f"{value:.0f} s"


@dataclass(frozen=True, slots=True)
class Column:
    """One sortable column. ``best`` picks the winning value, None where none is better."""

    key: str
    title: str
    value: Callable[[EngineRow], float | None]
    show: Callable[[float], str]
    best: Callable[[Iterable[float]], float] | None = min


SCORES = (
    Column("cer", "CER", lambda row: row.cer, _percent),
    Column("cer_order_free", "Order-free CER", lambda row: row.cer_order_free, _percent),
    Column("wer", "WER", lambda row: row.wer, _percent),
    Column("word_f1", "Word F1", lambda row: row.word_f1, _percent, max),
)
_COUNTS = (
    Column("pages", "Pages", lambda row: row.pages, lambda value: f"{value:,.0f}", None),
    Column("errors", "Errors", lambda row: row.errors, lambda value: f"{value:,.0f}"),
    Column("detections", "Lines only", lambda row: row.detections, lambda value: f"{value:,.0f}", None),
    Column("seconds", "Time a page", lambda row: row.seconds_per_page, _seconds),
    Column("memory", "Memory, MB", lambda row: megabytes(row.peak_memory), lambda value: f"{value:,.0f}"),
)


def _counts(engines: Iterable[EngineRow]) -> tuple[Column, ...]:
    """The columns beside the scores; those of detections and memory only where there is any."""
    rows = list(engines)
    missing = set() if any(row.detections for row in rows) else {"detections"}
    missing |= set() if any(row.peak_memory is not None for row in rows) else {"memory"}
    return tuple(column for column in _COUNTS if column.key not in missing)


def has_scores(engines: Iterable[EngineRow]) -> bool:
    """Whether any engine was measured against ground truth."""
    return any(finite(column.value(row)) is not None for row in engines for column in SCORES)


def leaderboard(report: Report) -> str:
    """The table of engines, best CER first; those that could not run come last."""
    scored = has_scores(report.engines)
    order = sorted(range(len(report.engines)), key=lambda place: _rank(report.engines[place], place))
    counts = _counts(report.engines)
    winners = {c.key: _best(c, report.engines) for c in (*SCORES, *counts)}
    worst = max((finite(row.cer) or 0.0 for row in report.engines), default=0.0)
    head = "".join(_header(column, scored) for column in (*SCORES, *counts))
    rows = "\n".join(_row(report.engines[place], place, scored, counts, winners, worst) for place in order)
    return (
        "<table id=leaderboard>\n"
        "<caption class=sr>Engines compared, best character error rate first</caption>\n"
        '<thead><tr><th scope="col" class=name><button type="button" data-key="name" data-first="ascending">'
        f"Engine</button></th>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>"
    )


def _rank(row: EngineRow, place: int) -> tuple[bool, bool, float, int]:
    cer = finite(row.cer)
    return bool(row.message), cer is None, cer or 0.0, place


def _best(column: Column, engines: Iterable[EngineRow]) -> float | None:
    """The value to mark; none where there is nothing to win against."""
    values = [finite(column.value(row)) for row in engines if not row.message]
    known = [value for value in values if value is not None]
    return column.best(known) if column.best and len(set(known)) > 1 else None


def _header(column: Column, scored: bool) -> str:
    if column in SCORES and not scored:
        return f'<th scope="col">{column.title}</th>'
    first = "ascending" if column.best is min else "descending"
    current = ' aria-sort="ascending"' if column.key == "cer" else ""
    return (
        f'<th scope="col"{current}><button type="button" data-key="{column.key}" data-first="{first}">'
        f"{column.title}</button></th>"
    )


def _row(
    row: EngineRow,
    place: int,
    scored: bool,
    counts: tuple[Column, ...],
    winners: dict[str, float | None],
    worst: float,
) -> str:
    detail = " · ".join(part for part in (row.spec if row.spec != row.label else "", row.version) if part)
    name = (
        f'<th scope="row" class=name data-key="name" data-value="{escaped(row.label)}"><div class=engine>'
        f"{badge(place)}<div><bdi class=label>{escaped(row.label)}</bdi>"
        + (f"<bdi class=detail>{escaped(detail)}</bdi>" if detail else "")
        + "</div></div></th>"
    )
    if row.message:
        width = len(SCORES) + len(counts)
        reason = f"<strong>Could not run.</strong> <bdi>{escaped(row.message)}</bdi>"
        return f"<tr data-last>{name}<td colspan={width} class=message><div>{reason}</div></td></tr>"
    cells = [_cell(column, row, winners, worst, place) for column in counts]
    if scored:
        cells = [*(_cell(column, row, winners, worst, place) for column in SCORES), *cells]
    else:
        cells = [f"<td colspan={len(SCORES)} class=none>no ground truth</td>", *cells]
    return f"<tr>{name}{''.join(cells)}</tr>"


def _cell(column: Column, row: EngineRow, winners: dict[str, float | None], worst: float, place: int) -> str:
    value = finite(column.value(row))
    if value is None:
        return f'<td data-key="{column.key}" class=none>–<span class=sr>not measured</span></td>'
    best = value == winners[column.key]
    star = " <span class=star aria-hidden=true>★</span><span class=sr>best</span>" if best else ""
    alarm = " alarm" if column.key == "errors" and value else ""
    bar = _bar(value / worst if worst else 0.0, place) if column.key == "cer" else ""
    return (
        f'<td data-key="{column.key}" data-value="{value!r}" class="{"best" if best else ""}{alarm}">'
        f"<span class=figure>{column.show(value)}{star}</span>{bar}</td>"
    )


def _bar(share: float, place: int) -> str:
    # An SVG because the page's security policy allows no style attributes.
    width = round(100 * min(max(share, 0.0), 1.0), 1)
    return (
        f'<svg class="bar c{place % COLOURS}" viewBox="0 0 100 4" preserveAspectRatio="none"'
        " aria-hidden=true>"
        f'<rect class=track width=100 height=4></rect><rect class=fill width="{width}" height=4></rect></svg>'
    )


def badge(place: int) -> str:
    """The engine's letter above its line style, both in its colour."""
    return (
        f'<span class="badge {style_classes(place)}"><b>{letter(place)}</b>'
        "<svg viewBox='0 0 24 4' aria-hidden=true><path d='M0 2H24'></path></svg></span>"
    )


def count_of_pages(shown: int, total: int) -> str:
    if total > shown:
        return f"showing {shown:,} of {total:,} pages"
    return "1 page" if shown == 1 else f"{shown:,} pages"


def facts(report: Report, shown: int) -> str:
    """The line under the title: when, what, how much."""
    engines = len(report.engines)
    date, _, time = report.created.partition("T")
    parts = [
        f'<time datetime="{escaped(report.created)}">{escaped(f"{date} {time[:5]}".strip())}</time>',
        f"{engines} engine{'' if engines == 1 else 's'}",
        f"<span id=count>{count_of_pages(shown, report.total_pages)}</span>",
        f"convention <b><bdi>{escaped(report.convention)}</bdi></b>",
    ]
    return "".join(f"<li>{part}</li>" for part in parts)


def advice(report: Report) -> str:
    """Which engine to take, above the leaderboard."""
    return f"<p class=advice><bdi>{escaped(report.advice)}</bdi></p>" if report.advice else ""


def origin(report: Report) -> str:
    """How to make the report again: its command and its inputs."""
    out = []
    if report.command:
        out.append(
            f"<div class=command><code id=command dir=ltr>{escaped(report.command)}</code>"
            '<button type="button" id=copy hidden>Copy</button></div>'
        )
    if report.manifests:
        items = "".join(f"<li><bdi>{escaped(name)}</bdi></li>" for name in report.manifests)
        out.append(
            f"<details class=manifests><summary>Inputs ({len(report.manifests)})</summary>"
            f"<ul>{items}</ul></details>"
        )
    return "\n".join(out)
