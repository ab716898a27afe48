"""What a run works on: pages from sources and manifests, each with its ground truth if it has one."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, TypeVar

import numpy as np

from ocr_plugins.document import Box, Line, Page, PageError, Polygon
from ocr_plugins.errors import CallError, ManifestError
from ocr_plugins.manifest import (
    Manifest,
    ManifestRow,
    find_manifest,
    load_manifest,
    rows_of_table,
    spread,
    truth_from_folder,
)
from ocr_plugins.source import PageRef, enumerate_pages

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Item:
    """One page to read, with what a manifest says about it.

    ``lines`` are those of the ground truth with their places, where these are known, and ``fields`` what
    stands on the page by name, such as its ``total``.
    """

    ref: PageRef
    truth: str | None = None
    lines: tuple[Line, ...] = ()
    case: str | None = None
    ignore: tuple[Box, ...] = ()
    scoring: str = "text"
    lang: str | None = None
    group: str | None = None
    domain: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def id(self) -> str:
        return self.ref.id

    @property
    def image(self) -> PageRef:
        """What engines are to look at: here the page itself."""
        return self.ref

    def on_page(self, result: Page | PageError) -> Page | PageError:
        """What was read of the image, in the pixels of the page."""
        return result

    @property
    def document(self) -> str:
        """What the page belongs to, for intervals and splits: its group, else it stands alone."""
        return self.group or self.id

    @property
    def truth_page(self) -> Page:
        """The ground truth as a reading, with places if it has any."""
        lines = self.lines or tuple(Line(text=row) for row in (self.truth or "").splitlines() if row.strip())
        return Page(source="", page=1, size=None, lines=lines)

    @property
    def folds_case(self) -> bool:
        """Whether the ground truth is in one case whatever the page shows."""
        return self.case in ("upper", "lower")


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """All pages of a run, and one error for each input that yields none.

    ``error_places`` says how many items stand before each error.
    """

    items: tuple[Item, ...]
    errors: tuple[PageError, ...] = ()
    error_places: tuple[int, ...] = ()
    manifests: tuple[Manifest, ...] = ()

    @property
    def has_truth(self) -> bool:
        return any(item.truth is not None for item in self.items)

    def in_order(self, results: Iterable[T]) -> list[T | PageError]:
        """One result an item, with the errors where their inputs stood."""
        out: list[T | PageError] = list(results)
        for place, error in reversed(list(zip(self.error_places, self.errors, strict=True))):
            out.insert(place, error)
        return out

    def without_truth(self) -> Corpus:
        """The same pages, to be read and not scored."""
        return dataclasses.replace(
            self, items=tuple(dataclasses.replace(item, truth=None, lines=()) for item in self.items)
        )


def gather(
    inputs: Any,
    *,
    truth: str | Path | None = None,
    limit: int | None = None,
    recursive: bool = False,
    pages: str | None = None,
    dpi: int = 300,
) -> Corpus:
    """Everything in ``inputs``, in their order.

    Args:
        inputs: one input or any number of them: anything that `enumerate_pages` takes, a
            manifest, a folder with a ``manifest.jsonl``, or a DataFrame with columns as a manifest's keys:
            ``image``, ``text`` and any other.
        truth: folder with a text file for each page of inputs that are no manifests.
        limit: at most this many pages of each input, spread evenly over it.
        recursive: look into subfolders.
        pages: page ranges of PDF and TIFF files, as in ``1-3,7``.
        dpi: resolution to render PDF pages at.

    Raises:
        CallError: a bad page range, resolution, limit, or truth folder, or a truth folder
            without a text for any page.
    """
    spread([], limit)
    manifests: list[Manifest] = []
    # For each input what it yields, in the order of the inputs.
    found: list[list[PageRef | ManifestRow | PageError]] = []

    def sources() -> Iterator[Any]:
        for one in _several(inputs):
            if _is_table(one):
                found.append(list(_of_table(one)))
                continue
            path = find_manifest(one) if isinstance(one, str | Path) else None
            found.append([])
            if path is None:
                yield one
                continue
            try:
                manifest = load_manifest(path, strict=False)
            except ManifestError as error:
                found[-1].append(_unusable(path, error))
            else:
                manifests.append(manifest)
                found[-1] += [*manifest.errors, *manifest.rows]

    # One call for all inputs, which it looks at one by one: so what has no name of its own is
    # numbered, and ids are different, over all of them.
    for result in enumerate_pages(sources(), recursive=recursive, pages=pages, dpi=dpi):
        found[-1].append(result)
    entries = [entry for one in found for entry in _limited(one, limit)]
    texts = _texts([entry for entry in entries if isinstance(entry, PageRef)], truth)
    items: list[Item] = []
    errors: list[PageError] = []
    places: list[int] = []
    for entry in entries:
        if isinstance(entry, PageError):
            errors.append(entry)
            places.append(len(items))
        else:
            items.append(
                item_of_row(entry)
                if isinstance(entry, ManifestRow)
                else Item(ref=entry, truth=texts.get(entry.id))
            )
    return Corpus(
        items=tuple(_unique(items)),
        errors=tuple(errors),
        error_places=tuple(places),
        manifests=tuple(manifests),
    )


def _limited(
    entries: Sequence[PageRef | ManifestRow | PageError], limit: int | None
) -> list[PageRef | ManifestRow | PageError]:
    """``limit`` pages of one input; its errors all stay."""
    pages = [place for place, entry in enumerate(entries) if not isinstance(entry, PageError)]
    kept = set(spread(pages, limit))
    return [e for place, e in enumerate(entries) if place in kept or isinstance(e, PageError)]


def _several(inputs: Any) -> Iterable[Any]:
    one = not isinstance(inputs, Iterable) or isinstance(
        inputs, str | bytes | bytearray | memoryview | np.ndarray
    )
    return [inputs] if one or _is_table(inputs) else inputs


def _is_table(one: Any) -> bool:
    """Whether it is a DataFrame; pandas is not loaded to tell."""
    return type(one).__name__ == "DataFrame" and hasattr(one, "to_dict")


def _of_table(table: Any) -> Iterator[ManifestRow | PageError]:
    try:
        rows, errors = rows_of_table(table)
    except ManifestError as error:
        raise CallError(error.message, error.hint) from None
    yield from errors
    yield from rows


def _texts(refs: Sequence[PageRef], folder: str | Path | None) -> dict[str, str]:
    if folder is None:
        return {}
    texts = truth_from_folder(refs, folder)
    if refs and not texts:
        name = PurePath(refs[0].source).stem
        raise CallError(
            f"no file in {folder} is the ground truth of a page",
            f"name the texts after the pages, as in {name}.gt.txt or {name}.txt",
        )
    return texts


def _unusable(path: Path, error: ManifestError) -> PageError:
    return PageError.of(error, str(path), id=str(path))


def item_of_row(row: ManifestRow) -> Item:
    """A page with what a manifest says about it."""
    return Item(
        ref=row.ref(),
        truth=row.text,
        lines=_lines_of(row),
        case=row.case,
        ignore=row.ignore,
        scoring=row.scoring,
        lang=row.lang,
        group=row.group,
        domain=row.domain,
        fields=row.fields,
    )


def _lines_of(row: ManifestRow) -> tuple[Line, ...]:
    """The ground truth's lines where each has a box, and they are all of its text."""
    if not all(len(line.get("box") or ()) == 4 and line.get("text") for line in row.lines):
        return ()
    if "".join("".join(line["text"].split()) for line in row.lines) != "".join(row.text.split()):
        return ()
    return tuple(Line(text=line["text"], polygon=Polygon.from_box(*line["box"])) for line in row.lines)


def _unique(items: Sequence[Item]) -> Iterator[Item]:
    """Two inputs may use one id; results are kept by id, so the later one's gets a number."""
    taken = {item.id for item in items}
    seen: set[str] = set()
    for item in items:
        if item.id in seen:
            numbered = (f"{item.id}#{number}" for number in itertools.count(2))
            free = next(name for name in numbered if name not in taken)
            taken.add(free)
            yield dataclasses.replace(item, ref=dataclasses.replace(item.ref, id=free))
        else:
            seen.add(item.id)
            yield item
