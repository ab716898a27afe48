"""What a run came to: counts of all pages, scores where there is ground truth, and a report to look at."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ocr_plugins.airflow.batches import BatchPage
from ocr_plugins.airflow.listing import read_manifest
from ocr_plugins.airflow.places import Place
from ocr_plugins.airflow.readings import BatchReference, Reference, by_batch, references_in, study_of
from ocr_plugins.corpus import Corpus, Item, item_of_row
from ocr_plugins.document import PageError
from ocr_plugins.errors import CallError
from ocr_plugins.evaluation import Convention, PageScore, aggregate
from ocr_plugins.manifest import spread
from ocr_plugins.outputs import write_outputs
from ocr_plugins.ranked import rank_study
from ocr_plugins.runs import EngineRun, Study, score_item

_COUNTS = ("pages", "errors", "kept", "words", "seconds")
_RATES = ("cer", "wer", "cer_order_free", "word_f1")


def results_of_run(place: Place, run: str) -> list[Reference]:
    """All results of a run, by its folder: each engine's of each batch once."""
    notes = [place.read_json(name) for name in place.names(f"{run}/results")]
    found = {(one.batch, one.engine): one for one in references_in(notes)}
    return list(found.values())


def plan_of_run(place: Place, run: str) -> dict[str, Any]:
    """What a run was to do: ``batches``, ``engines`` and ``errors``, of all its plans together."""
    found: dict[str, Any] = {"batches": [], "engines": [], "errors": []}
    for name in place.names(f"{run}/plan"):
        planned = place.read_json(name) or {}
        for key, values in found.items():
            values += [value for value in planned.get(key, ()) if value not in values]
    return found


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


def summarise(
    place: Place, run: str, convention: Convention, truths: Mapping[str, Item], *, sample: int = 50
) -> dict[str, Any]:
    """Counts and scores of a run, which go to its folder with a report of a sample of its pages.

    Args:
        run: the run's folder.
        truths: ground truth by page ids or sources.
        sample: pages that the report shows, and that engines are ranked on without ground truth.

    Raises:
        CallError: nothing was planned in the run, or a file of results is gone.
    """
    references, planned = results_of_run(place, run), plan_of_run(place, run)
    if not planned["batches"]:
        raise CallError("nothing was planned in this run", "see the task that plans, and clear it")
    shown = _spread_over(planned["batches"], sample)
    scores: dict[str, list[PageScore]] = {}
    errors = tuple(PageError.from_dict(error) for error in planned["errors"])
    study = Study(corpus=Corpus(items=(), errors=errors), convention=convention)
    for name, of_batch in by_batch(references).items():
        if not (truths or name in shown):
            continue
        batch = of_batch[0].of_batch.load(place)
        part = study_of(place, batch, of_batch, convention)
        pairs = zip(part.corpus.items, batch.pages, strict=True)
        items = [_with_truth(item, page, truths) for item, page in pairs]
        for one in part.runs:
            scored = [item for item in items if item.truth is not None]
            one.scores = {item.id: score_item(item, one.results[item.id], convention) for item in scored}
            scores.setdefault(one.label, []).extend(one.scores.values())
        _add(study, part, [items[number] for number in shown.get(name, ())])
    summary = {
        "pages": sum(batch["pages"] for batch in planned["batches"]),
        "input_errors": len(errors),
        "missing": _missing(planned, references),
        "engines": _engines(references, scores, convention),
        "expected": {label: asdict(estimate) for label, estimate in rank_study(study).items()},
    }
    with tempfile.TemporaryDirectory(prefix="ocr-plugins-") as folder:
        _, report = write_outputs(study, Path(folder), report_pages=sample)
        place.write(f"{run}/report.html", report.read_bytes())
    place.write_json(f"{run}/summary.json", summary)
    return summary


def _spread_over(batches: Sequence[Mapping[str, Any]], count: int) -> dict[str, list[int]]:
    """Pages evenly spread over batches: their places in each, by the batch's name."""
    references = [BatchReference.from_dict(batch) for batch in batches]
    pages = [(one.batch, place) for one in references for place in range(one.pages)]
    found: dict[str, list[int]] = {}
    for batch, place in spread(pages, max(count, 1)):
        found.setdefault(batch, []).append(place)
    return found


def _with_truth(item: Item, page: BatchPage, truths: Mapping[str, Item]) -> Item:
    truth = truths.get(page.id) or truths.get(page.source)
    return item if truth is None else dataclasses.replace(truth, ref=item.ref)


def _add(study: Study, part: Study, items: Sequence[Item]) -> None:
    """Puts some pages of a batch to those of the sample."""
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


def _missing(planned: Mapping[str, Any], references: Sequence[Reference]) -> dict[str, int]:
    """How many batches each engine that was planned has not read."""
    done: dict[str, set[str]] = {}
    for reference in references:
        done.setdefault(str(reference.parsed), set()).add(reference.batch)
    batches = {batch["batch"] for batch in planned["batches"]}
    left = {spec: len(batches - done.get(spec, set())) for spec in planned["engines"]}
    return {spec: count for spec, count in left.items() if count}


def _engines(
    references: Sequence[Reference], scores: Mapping[str, Sequence[PageScore]], convention: Convention
) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for one in references:
        about = {"spec": one.spec, "fingerprint": one.fingerprint, **dict.fromkeys(_COUNTS, 0)}
        row = found.setdefault(one.engine, about)
        for key in _COUNTS:
            row[key] += getattr(one, key)
    for label, row in found.items():
        read = row["pages"] - row["errors"]
        row["seconds_per_page"] = row["seconds"] / read if read else None
        if scores.get(label):
            headline = aggregate(scores[label], convention).headline
            row |= {"pages_with_truth": len(scores[label]), **{rate: headline[rate] for rate in _RATES}}
    return found
