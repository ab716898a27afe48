"""A voter fitted on the readings of a study with ground truth."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence

from ocr_plugins.document import Page
from ocr_plugins.ensemble import shipped
from ocr_plugins.ensemble.calibration import Calibrations
from ocr_plugins.ensemble.voter_training import Example, FittedVoter, Setting, examples, fit_voter
from ocr_plugins.errors import CallError
from ocr_plugins.polls import alphabets_of
from ocr_plugins.ranked import Expected, families_of
from ocr_plugins.runs import EngineRun, Study
from ocr_plugins.vote_options import Trust


def fit_on_study(studies: Sequence[Study], maps: Calibrations) -> FittedVoter:
    """A voter that has seen all of the studies' pages with ground truth.

    Besides all engines together it sees each two of them and all but one, so that it knows few voters and
    many.

    Args:
        studies: each of one kind of pages: who reads it best is told for each by itself.
        maps: calibrations of the engines.

    Raises:
        CallError: fewer than two engines read pages with ground truth, or they differ in too few places.
    """
    groups: dict[str, list[Example]] = {}
    engines: dict[str, None] = {}
    for number, study in enumerate(studies):
        if not study.corpus.has_truth:
            raise CallError("no page has ground truth", "give a manifest, or --truth DIR")
        runs = [run for run in study.runs if run.info is not None and not run.error and not run.spec.is_vote]
        if len(runs) < 2:
            raise CallError("a vote needs two engines that read", "name more with --engines")
        engines.update(dict.fromkeys(run.spec.name for run in runs))
        for some in _subsets(runs):
            for group, found in _examples(study, some, maps, str(number)):
                groups.setdefault(f"{number}:{group}", []).extend(found)
    return fit_voter(groups, {"engines": list(engines)})


def _subsets(runs: Sequence[EngineRun]) -> list[tuple[EngineRun, ...]]:
    sizes = dict.fromkeys(size for size in (len(runs), len(runs) - 1, 2) if size > 1)
    return [some for size in sizes for some in itertools.combinations(runs, size)]


def _examples(
    study: Study, runs: Sequence[EngineRun], maps: Calibrations, corpus: str
) -> Iterator[tuple[str, list[Example]]]:
    trust = Trust({run.label: maps.of(run.info.fingerprint) for run in runs if run.info})
    expected = Expected.of(study, runs)
    alphabets, families = alphabets_of(runs), families_of(runs)
    for item in study.corpus.items:
        results = {run.label: run.results.get(item.id) for run in runs}
        readings = {label: result for label, result in results.items() if isinstance(result, Page)}
        if item.truth is not None and len(readings) > 1:
            setting = Setting(
                trust, expected.on(item.id), shipped.shipped_words(), shipped.shipped_lexicon(), corpus
            )
            seen = functools.partial(study.convention.seen, casefold=item.folds_case)
            yield item.document, examples(readings, item.truth_page, setting, seen, alphabets, families)
