"""The engines of a study ranked without ground truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ocr_plugins.corpus import Item
from ocr_plugins.document import Page
from ocr_plugins.ensemble.ranking import Estimate, PageEstimate, estimate_page, rank
from ocr_plugins.excerpts import is_excerpt
from ocr_plugins.runs import EngineRun, Study
from ocr_plugins.vote_options import beliefs_of, fingerprints_of, shipped_trust


@dataclass(frozen=True)
class Expected:
    """What is expected of engines, by label: on all pages, the best first, and on each page by its id."""

    ranked: Mapping[str, Estimate] = field(default_factory=dict)
    pages: Mapping[str, PageEstimate] = field(default_factory=dict)

    @classmethod
    def of(cls, study: Study, runs: Sequence[EngineRun]) -> Expected:
        """Nothing, where fewer than two of the runs have read anything."""
        runs = [run for run in runs if run.error is None and _reads(run)]
        if len(runs) < 2:
            return cls()
        estimated = list(_estimates(study, runs))
        ranked = rank([page for _, page in estimated], [item.document for item, _ in estimated])
        return cls(ranked, {item.id: page for item, page in estimated})

    @property
    def in_all(self) -> dict[str, float]:
        """The error rates on all pages, for a vote."""
        return {label: one.guarded for label, one in self.ranked.items()}

    def on(self, page: str) -> dict[str, float]:
        """The same on one page: by what it shows itself, and by all pages."""
        found = self.pages.get(page)
        return {
            label: found.among(label, rate) if found and label in found.errors else rate
            for label, rate in self.in_all.items()
        }


def rank_study(study: Study) -> Mapping[str, Estimate]:
    """What is expected of each engine on the pages that were read, the best first.

    Empty where fewer than two engines read anything. Votes are left out: they agree with their voters.
    """
    return Expected.of(study, [run for run in study.runs if not run.spec.is_vote]).ranked


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
    """Whether it has read pages: of some of their lines nothing can be told about the rest."""
    pages = [result for result in run.results.values() if isinstance(result, Page)]
    return bool(pages) and not any(map(is_excerpt, pages))
