"""Which pages and words of a study a person should look at first; no ground truth is needed."""

from __future__ import annotations

from typing import Any

from ocr_plugins.document import Page
from ocr_plugins.ranked import estimate_pages, rank_study
from ocr_plugins.runs import Study


def pages_first(study: Study) -> list[dict[str, Any]]:
    """What is expected of each engine on each page: a row for each, those to look at first before others."""
    estimates = estimate_pages(study)
    runs = {run.label: run for run in study.runs}
    # What the engine that is expected to be best reads worst is to be looked at first.
    best = next(iter(rank_study(study)), "")
    order = sorted(
        (item for item in study.corpus.items if item.id in estimates),
        key=lambda item: -estimates[item.id].rate(best) if best in estimates[item.id].errors else -1.0,
    )
    rows = []
    for item in order:
        found = estimates[item.id]
        length = max(found.length, 1.0)
        for label, (low, high) in found.intervals.items():
            score = runs[label].scores.get(item.id)
            rows.append(
                {
                    "id": item.id,
                    "domain": item.domain,
                    "engine": label,
                    "expected": found.rate(label),
                    "low": low / length,
                    "high": high / length,
                    "cer": score.cer if score and score.cer is not None else None,
                }
            )
    return rows


def words_first(study: Study) -> list[dict[str, Any]]:
    """The tenth of all words that the first vote is least sure of, or else the engine expected to be best."""
    run = next((run for run in study.runs if run.spec.is_vote and run.error is None), None)
    if run is None:
        best = next(iter(rank_study(study)), None)
        run = next((run for run in study.runs if run.label == best), None)
    if run is None:
        return []
    rows: list[dict[str, Any]] = [
        {
            "id": page_id,
            "engine": run.label,
            "line": number,
            "text": word.text,
            "probability": word.confidence,
        }
        for page_id, result in run.results.items()
        if isinstance(result, Page)
        for number, line in enumerate(result.iter_lines())
        for word in line.words
        if word.confidence is not None
    ]
    rows.sort(key=lambda row: row["probability"])
    return rows[: -(-len(rows) // 10)]
