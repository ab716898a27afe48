"""What a run was to do and what it has read, found again at its place."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ocr_plugins.airflow.batches import BatchPage
from ocr_plugins.airflow.listing import read_manifest
from ocr_plugins.airflow.places import Place
from ocr_plugins.airflow.readings import Reference, by_batch, references_in, study_of
from ocr_plugins.corpus import Corpus, Item, item_of_row
from ocr_plugins.document import PageError
from ocr_plugins.errors import CallError
from ocr_plugins.evaluation import Convention
from ocr_plugins.runs import EngineRun, Study, score_item


def results_of_run(place: Place, run: str) -> list[Reference]:
    """All results of a run, by its folder: each engine's of each batch once."""
    notes = [place.read_json(name) for name in place.names(f"{run}/results")]
    found = {(one.batch, one.engine): one for one in references_in(notes)}
    return list(found.values())


def plan_of_run(place: Place, run: str) -> dict[str, Any]:
    """What a run was to do: ``batches``, ``engines`` and ``errors``, of all its plans together.

    Raises:
        CallError: nothing was planned in the run.
    """
    found: dict[str, Any] = {"batches": [], "engines": [], "errors": []}
    for name in place.names(f"{run}/plan"):
        planned = place.read_json(name) or {}
        for key, values in found.items():
            values += [value for value in planned.get(key, ()) if value not in values]
    if not found["batches"]:
        raise CallError("nothing was planned in this run", "see the task that plans, and clear it")
    return found


def missing_of_run(planned: Mapping[str, Any], references: Sequence[Reference]) -> dict[str, int]:
    """How many batches each engine that was planned has not read."""
    done: dict[str, set[str]] = {}
    for reference in references:
        done.setdefault(str(reference.parsed), set()).add(reference.batch)
    batches = {batch["batch"] for batch in planned["batches"]}
    left = {spec: len(batches - done.get(spec, set())) for spec in planned["engines"]}
    return {spec: count for spec, count in left.items() if count}


def truths_of(manifests: Iterable[str]) -> dict[str, Item]:
    """The ground truth of pages, by their ids and by where their images lie.

    Raises:
        ManifestError: a manifest cannot be read.
    """
    found: dict[str, Item] = {}
    for url in manifests:
        for row in read_manifest(url).rows:
            found[row.id] = found[row.path] = item_of_row(row)
    return found


def empty_study(planned: Mapping[str, Any], convention: Convention) -> Study:
    """A study without pages yet, with the inputs of a run that could not be used."""
    errors = tuple(PageError.from_dict(error) for error in planned["errors"])
    return Study(corpus=Corpus(items=(), errors=errors), convention=convention)


def part_of_study(
    place: Place, of_batch: Sequence[Reference], convention: Convention, truths: Mapping[str, Item]
) -> Study:
    """What engines made of one batch, scored where there is ground truth.

    Raises:
        CallError: a file of results is gone or altered.
    """
    batch = of_batch[0].of_batch.load(place)
    part = study_of(place, batch, of_batch, convention)
    pairs = zip(part.corpus.items, batch.pages, strict=True)
    items = tuple(_with_truth(item, page, truths) for item, page in pairs)
    part.corpus = dataclasses.replace(part.corpus, items=items)
    for run in part.runs:
        scored = [item for item in items if item.truth is not None]
        run.scores = {item.id: score_item(item, run.results[item.id], convention) for item in scored}
    return part


def _with_truth(item: Item, page: BatchPage, truths: Mapping[str, Item]) -> Item:
    truth = truths.get(page.id) or truths.get(page.source)
    return item if truth is None else dataclasses.replace(truth, ref=item.ref)


def add_part(study: Study, part: Study, items: Iterable[Item]) -> None:
    """Puts some pages of a batch to those of a study."""
    items = tuple(items)
    study.corpus = dataclasses.replace(study.corpus, items=(*study.corpus.items, *items))
    runs = {run.label: run for run in study.runs}
    for run in part.runs:
        if run.label not in runs:
            runs[run.label] = EngineRun(spec=run.spec, info=run.info)
            study.runs.append(runs[run.label])
        for item in items:
            runs[run.label].results[item.id] = run.results[item.id]
            if item.id in run.scores:
                runs[run.label].scores[item.id] = run.scores[item.id]


def study_of_run(
    place: Place,
    planned: Mapping[str, Any],
    references: Sequence[Reference],
    convention: Convention,
    truths: Mapping[str, Item],
) -> Study:
    """All that engines read in a run, in memory at once; those that have not read each batch are left out.

    Raises:
        CallError: a file of results is gone or altered.
    """
    study = empty_study(planned, convention)
    left = missing_of_run(planned, references)
    whole = [one for one in references if not one.parsed.is_vote and str(one.parsed) not in left]
    order = {spec: number for number, spec in enumerate(planned["engines"])}
    for of_batch in by_batch(whole).values():
        of_batch.sort(key=lambda one: order.get(str(one.parsed), len(order)))
        part = part_of_study(place, of_batch, convention, truths)
        add_part(study, part, part.corpus.items)
    return study
