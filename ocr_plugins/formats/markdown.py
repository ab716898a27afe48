r"""Markdown (CommonMark 0.31, and tables as in GitHub Flavored Markdown), to be written only.

The lines of a region are one paragraph; a page without regions keeps its lines, as what belongs
together is not known. Regions of the kinds ``title``, ``heading``, ``list`` and ``table`` become
what they are called; a table needs the boxes of its lines, else its lines are kept. Whatever
Markdown would take for markup is escaped by backslashes, so a page's ``*`` stays a ``*``. Pages
after the first begin with a rule and their number in a comment.

It is not read: its text would come with the escapes and the marks of this writer as if they
stood on the page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ocr_plugins.document import Line, Page, Region
from ocr_plugins.formats.base import Format, TextWriter
from ocr_plugins.formats.grid import table_rows

# Markup wherever it stands; an ampersand only where it begins a character reference.
_INLINE = re.compile(r"[\\`*_\[\]<|~$]|&(?=#?\w+;)")
# Markup at the beginning of a line: headings, quotes, lists, rules and underlines of headings.
_FIRST = re.compile(r"([0-9]*)(?:(?<![0-9])(?:[#>]|[+-](?= |$)|[=-][ =-]*$)|(?<=[0-9])[.)](?= |$))")
# White space that ends lines for somebody, and control characters that Markdown may not hold.
_BREAKS = re.compile(r"[\s\x00-\x1f\x7f\x85]+")
_BULLET = re.compile(r"[\u2022\u25e6\u2023\u25aa\u25cf\u25a0\u00b7*\u2013\u2014-]\s+")
_NUMBERED = re.compile(r"\(?([0-9]{1,3}|[A-Za-z])[.)]\s")
_HEADINGS = {"title": "# ", "heading": "## "}


def escaped(text: str) -> str:
    """``text`` as one line of Markdown that shows it as it is, white space apart."""
    line = _BREAKS.sub(" ", text).strip()
    line = _INLINE.sub(r"\\\g<0>", line)
    if first := _FIRST.match(line):
        return f"{first[1]}\\{line[first.end(1) :]}"
    return line


def _open(path: Path) -> TextWriter:
    return TextWriter(path, _page)


def _page(page: Page, number: int) -> str:
    blocks = [_block(region) for region in page.regions] or [_kept(page.lines)]
    if number > 1:
        blocks.insert(0, f"---\n\n<!-- page {number} -->")
    text = "\n\n".join(block for block in blocks if block)
    if not text:
        return ""
    return f"\n{text}\n" if number > 1 else f"{text}\n"


def _block(region: Region) -> str:
    if region.kind in _HEADINGS:
        # Number signs at its end would be taken for the heading's own.
        text = re.sub(r"(?<= )#(?=#*$)", r"\\#", _joined(region.lines))
        return _HEADINGS[region.kind] + text if text else ""
    if region.kind == "list":
        return _list(region.lines)
    if region.kind == "table":
        return _table(region.lines)
    return _joined(region.lines)


def _joined(lines: Sequence[Line]) -> str:
    return escaped(" ".join(line.text for line in lines))


def _kept(lines: Sequence[Line]) -> str:
    """Each line on its own, by hard line breaks."""
    return "\\\n".join(text for line in lines if (text := escaped(line.text)))


def _list(lines: Sequence[Line]) -> str:
    """An item for each line with a bullet or number, or for each line where none has any."""
    texts = [text for line in lines if (text := _BREAKS.sub(" ", line.text).strip())]
    marked = [bool(_BULLET.match(text) or _NUMBERED.match(text)) for text in texts]
    items: list[str] = []
    for text, begins in zip(texts, marked, strict=True):
        if begins or not items or not any(marked):
            items.append(_BULLET.sub("", text, count=1) if _BULLET.match(text) else text)
        else:
            items[-1] += " " + text
    return "\n".join(f"- {escaped(item)}" for item in items)


def _table(lines: Sequence[Line]) -> str:
    rows = table_rows(lines)
    if len(rows) < 2 or len(rows[0]) < 2:
        return _kept(lines)
    head, *body = (" | ".join(escaped(cell) for cell in row) for row in rows)
    rule = " | ".join("---" for _ in rows[0])
    return "\n".join(f"| {row} |" for row in (head, rule, *body))


MARKDOWN = Format(
    name="markdown",
    ending=".md",
    help="Markdown: paragraphs, headings, lists and tables",
    open=_open,
    many=True,
    endings=(".markdown",),
)
