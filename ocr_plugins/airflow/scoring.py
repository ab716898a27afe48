"""What a run came to: counts of all pages, scores where there is ground truth, and a report to look at."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ocr_plugins.airflow.of_run import (
    add_part,
    empty_study,
    missing_of_run,
    part_of_study,
    plan_of_run,
    results_of_run,
)
from ocr_plugins.airflow.places import Place
from ocr_plugins.airflow.readings import BatchReference, Reference, by_batch
from ocr_plugins.corpus import Item
from ocr_plugins.evaluation import Convention, PageScore, aggregate
from ocr_plugins.manifest import spread
from ocr_plugins.outputs import write_outputs
from ocr_plugins.ranked import rank_study

_COUNTS = ("pages", "errors", "kept", "words", "seconds")
_RATES = ("cer", "wer", "cer_order_free", "word_f1")


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
    shown = _spread_over(planned["batches"], sample)
    scores: dict[str, list[PageScore]] = {}
    study = empty_study(planned, convention)
    for name, of_batch in by_batch(references).items():
        if not (truths or name in shown):
            continue
        part = part_of_study(place, of_batch, convention, truths)
        for one in part.runs:
            scores.setdefault(one.label, []).extend(one.scores.values())
        add_part(study, part, [part.corpus.items[number] for number in shown.get(name, ())])
    summary = {
        "pages": sum(batch["pages"] for batch in planned["batches"]),
        "input_errors": len(study.corpus.errors),
        "missing": missing_of_run(planned, references),
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
