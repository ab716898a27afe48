"""The contract of a file format: a writer takes pages one by one, a reader gives them back.

A writer's file appears under its name when it is closed, whole; until then it is a hidden file
beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

from ocr_plugins.document import Page
from ocr_plugins.source import PageRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A page to be written. ``ref`` leads to its picture; None where there is none."""

    page: Page
    ref: PageRef | None = None


class Writer(Protocol):
    """Writes one file, page by page, without holding the earlier ones in memory."""

    def add(self, sheet: Sheet) -> None:
        """Writes the next page.

        Raises:
            SourceError: the page cannot be written in this format; the file goes on without it.
        """

    def close(self) -> None:
        """Ends the file and gives it its name. A file without pages is not made."""

    def discard(self) -> None:
        """Ends without leaving a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One kind of file.

    Args:
        name: what users call it, as in ``--format hocr``.
        ending: of its files, with the dot.
        help: one line about it.
        open: starts a file; None where the format is only read.
        read: the pages of a file's bytes, whose name is given for messages and as the pages'
            source; raises SourceError. None where the format is only written.
        many: whether one file holds all pages of a document; else each page has its own.
        endings: more endings that its files have elsewhere, in lower case, with the dot.
    """

    name: str
    ending: str
    help: str
    open: Callable[[Path], Writer] | None = None
    read: Callable[[bytes, str], Iterator[Page]] | None = None
    many: bool = False
    endings: tuple[str, ...] = field(default=())


class TextWriter:
    """A `Writer` of text in UTF-8: what ``render`` makes of each page, between ``head`` and ``tail``.

    Args:
        path: the file to make; its folder is made too.
        render: one page, and its place in the file from 1, as text.
        head, tail: what stands before the first page and after the last.
    """

    def __init__(
        self, path: Path, render: Callable[[Page, int], str], *, head: str = "", tail: str = ""
    ) -> None:
        self._path = path
        self._part = path.with_name(f".{path.name}.part")
        self._render = render
        self._head, self._tail = head, tail
        self._file: IO[str] | None = None
        self._pages = 0

    def add(self, sheet: Sheet) -> None:
        text = self._render(sheet.page, self._pages + 1)
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._part.open("w", encoding="utf-8", newline="\n")
            self._file.write(self._head)
        self._file.write(text)
        self._pages += 1

    def close(self) -> None:
        if self._file is not None:
            self._file.write(self._tail)
            self._file.close()
            self._file = None
            self._part.replace(self._path)

    def discard(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
            self._part.unlink(missing_ok=True)
