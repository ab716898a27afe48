"""What a run works on: pages from sources and manifests, each with its ground truth if it has one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocr_plugins.document import Box, PageError
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
        inputs: one input or several: anything that `enumerate_pages` takes, a manifest, or a
            folder with a ``manifest.jsonl``.
        truth: folder with a text file for each page of inputs that are no manifests.
        limit: at most this many pages of each input, spread evenly over it.
        recursive: look into subfolders.
        pages: page ranges of PDF and TIFF files, as in ``1-3,7``.
        dpi: resolution to render PDF pages at.

    Raises:
        CallError: a bad page range, resolution, or truth folder.
    """
    items: list[Item] = []
    errors: list[PageError] = []
    manifests: list[Manifest] = []
    plain: list[PageRef] = []
    for one in inputs if isinstance(inputs, list | tuple) else [inputs]:
        found = find_manifest(one) if isinstance(one, str | Path) else None
        if found is not None:
            manifest = load_manifest(found, strict=False)
            manifests.append(manifest)
            errors += manifest.errors
            items += [_from_row(row) for row in spread(manifest.rows, limit)]
        else:
            results = list(enumerate_pages([one], recursive=recursive, pages=pages, dpi=dpi))
            refs = [result for result in results if isinstance(result, PageRef)]
            errors += [result for result in results if isinstance(result, PageError)]
            plain += spread(refs, limit)
            items += [Item(ref=ref) for ref in spread(refs, limit)]
    if truth is not None:
        texts = truth_from_folder(plain, truth)
        items = [
            item if item.truth is not None else dataclasses.replace(item, truth=texts.get(item.id))
            for item in items
        ]
    return Corpus(items=tuple(_unique(items)), errors=tuple(errors), manifests=tuple(manifests))


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
    seen: dict[str, int] = {}
    for item in items:
        seen[item.id] = seen.get(item.id, 0) + 1
        if seen[item.id] == 1:
            yield item
        else:
            ref = dataclasses.replace(item.ref, id=f"{item.id}#{seen[item.id]}")
            yield dataclasses.replace(item, ref=ref)
