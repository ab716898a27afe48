"""The engines of a study ranked without ground truth."""

from __future__ import annotations

from collections.abc import Sequence

from ocr_plugins.document import Page
from ocr_plugins.ensemble.ranking import Estimate, PageEstimate, estimate_page, rank
from ocr_plugins.runs import EngineRun, Study


def rank_study(study: Study) -> dict[str, Estimate]:
    """What is expected of each engine on the pages that were read, the best first.

    Empty where fewer than two engines read anything. Votes are left out: they agree with their voters.
    """
    return rank_runs(study, [run for run in study.runs if not run.spec.is_vote])


def rank_runs(study: Study, runs: Sequence[EngineRun]) -> dict[str, Estimate]:
    """The same of some of its runs."""
    runs = [run for run in runs if run.error is None and _reads(run)]
    if len(runs) < 2:
        return {}
    # What other programs have read comes from the engine `files`, and says nothing of who they are.
    families = {run.label: run.label if run.spec.name == "files" else run.spec.name for run in runs}
    pages: list[PageEstimate] = []
    groups: list[str] = []
    for item in study.corpus.items:
        results = {run.label: run.results.get(item.id) for run in runs}
        readings = {label: result for label, result in results.items() if isinstance(result, Page)}
        if readings:
            fold = str.casefold if item.folds_case else str
            pages.append(estimate_page(readings, families, fold))
            groups.append(item.document)
    return rank(pages, groups)


def _reads(run: EngineRun) -> bool:
    return any(isinstance(result, Page) for result in run.results.values())
