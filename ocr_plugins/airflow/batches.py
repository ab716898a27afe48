"""Documents cut into batches of pages, each one task's work.

A `Batch` says which pages, and what their files were like when they were listed: its name is a hash of all
that, so that the same pages are the same batch in every run, and changed ones another.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from ocr_plugins.airflow.places import filesystem_of
from ocr_plugins.corpus import Item
from ocr_plugins.document import Level
from ocr_plugins.errors import CallError
from ocr_plugins.paths import is_remote
from ocr_plugins.remote import Download
from ocr_plugins.source import PageRef, page_ref
from ocr_plugins.spec import EngineSpec

_SCHEMA_VERSION = 1
# Seconds a page on one core, rounded from docs/PERFORMANCE.md: batches need no better.
_SECONDS = {"tesseract": 1.5, "rapidocr": 3.0, "crnn": 2.0, "easyocr": 15.0, "keras-ocr": 12.0, "trocr": 60.0}
_UNKNOWN = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPage:
    """A page of a batch.

    ``bytes`` are the page's share of its file, and ``mark`` tells the file from what it was before or will
    be; both are as the listing of its folder told them. ``stem`` names the page's own files, ``document``
    those of its document: no other page, or document, of the run has the same.
    """

    id: str
    source: str
    page: int = 1
    pages: int = 1
    level: Level = "page"
    dpi: float | None = None
    bytes: int = 0
    mark: str = ""
    stem: str = ""
    document: str = ""

    def ref(self) -> PageRef:
        """The page, to be loaded."""
        source = Download(self.source, filesystem_of) if is_remote(self.source) else self.source
        return page_ref(source, id=self.id, page=self.page, pages=self.pages, level=self.level, dpi=self.dpi)

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


@dataclass(frozen=True, slots=True)
class Batch:
    """Pages that one task reads."""

    pages: tuple[BatchPage, ...]

    @property
    def name(self) -> str:
        """A hash of the pages and of what their files are like, in hexadecimal."""
        text = json.dumps([page.to_dict() for page in self.pages], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def items(self) -> tuple[Item, ...]:
        """The pages as a run works on them. Pages of one remote file share one download."""
        firsts: dict[str, PageRef] = {}
        items = []
        for page in self.pages:
            ref = page.ref()
            first = firsts.setdefault(page.source, ref)
            items.append(Item(ref=dataclasses.replace(ref, origin=first.origin)))
        return tuple(items)

    def to_dict(self) -> dict[str, Any]:
        return {"schema_version": _SCHEMA_VERSION, "pages": [page.to_dict() for page in self.pages]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Raises CallError for what is no batch."""
        try:
            if data["schema_version"] != _SCHEMA_VERSION:
                raise CallError("the batch was planned by another version", "plan it again")
            return cls(tuple(BatchPage(**page) for page in data["pages"]))
        except (KeyError, TypeError) as error:
            raise CallError(f"this is no batch of pages ({error})", "give what a plan returned") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How large a batch may be.

    Args:
        pages: at most so many.
        seconds: what its dearest engine may take for it, as far as that is known before.
        bytes: of the pages' files, together.
        batches: at most so many of them, at which the other bounds give way.
    """

    pages: int = 50
    seconds: float = 900.0
    bytes: int = 1 << 30
    batches: int = 1024

    def __post_init__(self) -> None:
        for name in ("pages", "seconds", "bytes", "batches"):
            if not getattr(self, name) > 0:
                raise CallError(
                    f"a batch of {getattr(self, name)} {name} holds nothing", "give a number above 0"
                )


def cut(pages: Sequence[BatchPage], engines: Iterable[EngineSpec], limits: Limits) -> list[Batch]:
    """The pages as batches, in their order."""
    costs = (_SECONDS.get(spec.name, _UNKNOWN) for spec in engines if not spec.is_vote)
    most = min(limits.pages, max(1, int(limits.seconds / max(costs, default=_UNKNOWN))))
    size = limits.bytes
    while len(batches := list(_cut(pages, most, size))) > limits.batches:
        most, size = max(math.ceil(len(pages) / limits.batches), 2 * most), 2 * size
    return batches


def _cut(pages: Sequence[BatchPage], most: int, size: int) -> Iterator[Batch]:
    batch: list[BatchPage] = []
    filled = 0
    for page in pages:
        if batch and (len(batch) >= most or filled + page.bytes > size):
            yield Batch(tuple(batch))
            batch, filled = [], 0
        batch.append(page)
        filled += page.bytes
    if batch:
        yield Batch(tuple(batch))
