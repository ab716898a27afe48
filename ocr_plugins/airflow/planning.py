"""A run planned: which pages there are, in which batches, and which task reads what."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ocr_plugins.airflow.batches import Batch, BatchPage, Limits, cut
from ocr_plugins.airflow.listing import list_pages
from ocr_plugins.airflow.places import Place
from ocr_plugins.airflow.readings import BatchReference
from ocr_plugins.airflow.specs import reading_groups
from ocr_plugins.document import PageError
from ocr_plugins.errors import CallError
from ocr_plugins.manifest import spread
from ocr_plugins.spec import EngineSpec


@dataclass(frozen=True, slots=True)
class Planned:
    """What a run is to do: ``tasks`` are arguments of `OcrOperator`, ``errors`` inputs of no use."""

    batches: tuple[BatchReference, ...]
    engines: tuple[EngineSpec, ...]
    tasks: list[dict[str, Any]]
    errors: tuple[PageError, ...]

    @property
    def pages(self) -> int:
        return sum(batch.pages for batch in self.batches)

    def to_dict(self) -> dict[str, Any]:
        return {
            "batches": [batch.to_dict() for batch in self.batches],
            "engines": [str(spec) for spec in self.engines],
            "errors": [error.to_dict() for error in self.errors],
        }


def plan(
    place: Place,
    inputs: Sequence[str],
    specs: tuple[EngineSpec, ...],
    limits: Limits,
    *,
    recursive: bool = False,
    pages: str | None = None,
    dpi: int = 300,
    limit: int | None = None,
    apart: bool = False,
) -> Planned:
    """Lists the inputs' pages, cuts them into batches, and writes these to the place.

    Args:
        limit: at most so many pages, spread evenly over all.
        apart: each engine reads all pages by itself, even one of a cascade, as a study needs it.

    Raises:
        CallError: no input, or none that can be used; a wrong engine, page range, resolution or limit.
        PlaceError: the place fails.
    """
    if not inputs:
        raise CallError("no input is named", "name files, folders, patterns or manifests")
    groups = reading_groups([spec for spec in specs if not (apart and spec.is_vote)])
    listed = list(list_pages(inputs, recursive=recursive, pages=pages, dpi=dpi))
    found = spread([one for one in listed if isinstance(one, BatchPage)], limit)
    errors = tuple(one for one in listed if isinstance(one, PageError))
    if not found:
        raise CallError("there is no page to read", str(errors[0]) if errors else "check the inputs")
    # Each batch is read by one task for each group of engines, and all tasks are mapped at once.
    most = max(1, limits.batches // max(1, len(groups)))
    references = []
    for documents, batch in _whole_documents(cut(found, specs, dataclasses.replace(limits, batches=most))):
        reference = BatchReference(batch=batch.name, documents=documents, pages=len(batch.pages))
        place.write_json(reference.file, batch.to_dict())
        references.append(reference)
    tasks = [{"batch": one.to_dict(), "engine": group} for one in references for group in groups]
    return Planned(tuple(references), specs, tasks, errors)


def _whole_documents(batches: Sequence[Batch]) -> Iterator[tuple[int, Batch]]:
    """The batches, each with a number that those share which hold parts of one document."""
    number, last = -1, None
    for batch in batches:
        if last is None or batch.pages[0].document != last:
            number += 1
        yield number, batch
        last = batch.pages[-1].document
