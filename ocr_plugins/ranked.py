"""The engines of a study ranked without ground truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ocr_plugins.corpus import Item
from ocr_plugins.document import Page
from ocr_plugins.ensemble.ranking import Estimate, PageEstimate, estimate_page, rank
from ocr_plugins.runs import EngineRun, Study
from ocr_plugins.vote_options import beliefs_of, fingerprints_of, shipped_trust


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
    estimated = list(_estimates(study, runs))
    return rank([page for _, page in estimated], [item.document for item, _ in estimated])


def estimate_pages(study: Study, samples: int = 200) -> dict[str, PageEstimate]:
    """What is expected of each engine on each page, with intervals, by the page's id.

    Pages that fewer than two engines read are left out: of one reading alone nothing can be told.
    """
    runs = [run for run in study.runs if run.error is None and not run.spec.is_vote]
    found = _estimates(study, runs, samples)
    return {item.id: page for item, page in found if len(page.errors) > 1}


def families_of(runs: Iterable[EngineRun]) -> dict[str, str]:
    """Which engine each run is of, by label."""
    # What other programs have read comes from the engine `files`, and says nothing of who they are.
    return {run.label: run.label if run.spec.name == "files" else run.spec.name for run in runs}


def _estimates(
    study: Study, runs: Sequence[EngineRun], samples: int = 0
) -> Iterator[tuple[Item, PageEstimate]]:
    families, beliefs = families_of(runs), beliefs_of(shipped_trust(fingerprints_of(runs)))
    for item in study.corpus.items:
        results = {run.label: run.results.get(item.id) for run in runs}
        readings = {label: result for label, result in results.items() if isinstance(result, Page)}
        if readings:
            fold = str.casefold if item.folds_case else str
            yield item, estimate_page(readings, families, fold, samples, beliefs)


def _reads(run: EngineRun) -> bool:
    return any(isinstance(result, Page) for result in run.results.values())
