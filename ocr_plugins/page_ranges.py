"""Page ranges as users write them, such as ``1-3,7,10-``."""

from __future__ import annotations

import re

from ocr_plugins.errors import CallError

PageRanges = tuple[tuple[int, int | None], ...]

_RANGE = re.compile(r"\s*([0-9]{1,9})\s*(?:(-)\s*([0-9]{1,9})?\s*)?")


def parse_pages(text: str) -> PageRanges:
    """``1-3,7,10-`` as ((1, 3), (7, 7), (10, None)). Raises CallError for anything else."""
    ranges: list[tuple[int, int | None]] = []
    for part in text.split(",") if isinstance(text, str) else [""]:
        match = _RANGE.fullmatch(part)
        first = int(match[1]) if match else 0
        last = None if match and match[2] else first
        if match and match[3]:
            last = int(match[3])
        if first < 1 or (last is not None and last < first):
            hint = "pages are numbered from 1: write for example 1-3,7,10-"
            raise CallError(f"{text!r} is not a list of pages", hint)
        ranges.append((first, last))
    return tuple(ranges)


def select_pages(ranges: PageRanges | None, count: int) -> tuple[list[int], list[int]]:
    """(the pages taken of ``count``, ascending; the starts of ranges that lie beyond them)."""
    if ranges is None:
        return list(range(1, count + 1)), []
    taken: set[int] = set()
    for first, last in ranges:
        taken.update(range(first, min(count, count if last is None else last) + 1))
    return sorted(taken), sorted({first for first, _ in ranges if first > count})
