"""What a run works on: pages from sources and manifests, each with its ground truth if it has one."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, cast

import numpy as np

from ocr_plugins.document import Box, PageError
from ocr_plugins.errors import CallError, ManifestError
from ocr_plugins.manifest import (
    Manifest,
    ManifestRow,
    find_manifest,
    load_manifest,
    spread,
    truth_from_folder,
)
from ocr_plugins.source import PageRef, enumerate_pages


@dataclass(frozen=True, kw_only=True)
class Item:
    """One page to read, with what a manifest says about it."""

    ref: PageRef
    truth: str | None = None
    case: str | None = None
    ignore: tuple[Box, ...] = ()
    scoring: str = "text"
    lang: str | None = None
    group: str | None = None
    domain: str | None = None

    @property
    def id(self) -> str:
        return self.ref.id


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """All pages of a run, and one error for each input that yields none."""

    items: tuple[Item, ...]
    errors: tuple[PageError, ...] = ()
    manifests: tuple[Manifest, ...] = ()

    @property
    def has_truth(self) -> bool:
        return any(item.truth is not None for item in self.items)

    def without_truth(self) -> Corpus:
        """The same pages, to be read and not scored."""
        return dataclasses.replace(
            self, items=tuple(dataclasses.replace(item, truth=None) for item in self.items)
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
            manifest, or a folder with a ``manifest.jsonl``.
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
    # For each input its pages, or the rows of its manifest, in the order of the inputs.
    found: list[list[PageRef] | Manifest] = []
    errors: list[PageError] = []

    def sources() -> Iterator[Any]:
        for one in _several(inputs):
            path = find_manifest(one) if isinstance(one, str | Path) else None
            if path is None:
                found.append([])
                yield one
                continue
            try:
                manifest = load_manifest(path, strict=False)
            except ManifestError as error:
                errors.append(_unusable(path, error))
            else:
                found.append(manifest)
                errors.extend(manifest.errors)

    # One call for all inputs, which it looks at one by one: so what has no name of its own is
    # numbered, and ids are different, over all of them.
    for result in enumerate_pages(sources(), recursive=recursive, pages=pages, dpi=dpi):
        if isinstance(result, PageError):
            errors.append(result)
        else:
            cast(list[PageRef], found[-1]).append(result)
    chosen = [spread(one.rows if isinstance(one, Manifest) else one, limit) for one in found]
    texts = _texts([row for rows in chosen for row in rows if isinstance(row, PageRef)], truth)
    items = [
        _from_row(row) if isinstance(row, ManifestRow) else Item(ref=row, truth=texts.get(row.id))
        for rows in chosen
        for row in rows
    ]
    manifests = tuple(one for one in found if isinstance(one, Manifest))
    return Corpus(items=tuple(_unique(items)), errors=tuple(errors), manifests=manifests)


def _several(inputs: Any) -> Iterable[Any]:
    one = not isinstance(inputs, Iterable) or isinstance(
        inputs, str | bytes | bytearray | memoryview | np.ndarray
    )
    return [inputs] if one else inputs


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
    return PageError(
        source=str(path), id=str(path), kind=error.kind, message=error.message, hint=error.hint
    )


def _from_row(row: ManifestRow) -> Item:
    return Item(
        ref=row.ref(),
        truth=row.text,
        case=row.case,
        ignore=row.ignore,
        scoring=row.scoring,
        lang=row.lang,
        group=row.group,
        domain=row.domain,
    )


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
