"""Fitting calibrations on pages with ground truth, or on what a vote makes of them, and how well they fit."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ocr_plugins.document import Page, Word
from ocr_plugins.ensemble.alphabets import Alphabet
from ocr_plugins.ensemble.calibration import Calibration, Calibrations, check_enough, expected_error, fit
from ocr_plugins.ensemble.judging import believed, judged
from ocr_plugins.errors import CallError
from ocr_plugins.polls import alphabets_of
from ocr_plugins.runs import EngineRun, Study

_FOLDS = 5
#: Words by their confidence, and how likely each is right.
_Words = list[tuple[float | None, float]]


@dataclass(frozen=True, kw_only=True)
class Fit:
    """How well one engine's calibration fits.

    ``words`` were read, the share ``right`` of them rightly, by the ground truth or by what it was fitted on
    instead. ``raw`` is the expected calibration error of the engine's own confidence, ``held_out`` that of
    calibrations fitted without the groups that they are measured on; of one fitted on a vote that of itself.
    They are None without ground truth, where there is a single group, or no confidence.
    """

    label: str
    calibration: Calibration
    words: int
    right: float
    raw: float | None
    held_out: float | None


@dataclass(frozen=True, kw_only=True)
class Fits:
    """Those of the engines of a run; ``refused`` are engines that read too few words, by label."""

    fits: tuple[Fit, ...]
    refused: Mapping[str, CallError]


def calibrate_study(*studies: Study) -> Fits:
    """A calibration for each engine that could run, over all studies, which have the same engines.

    Raises:
        CallError: no page has ground truth, or no engine read enough words of such pages.
    """
    if not any(study.corpus.has_truth for study in studies):
        raise CallError("no page has ground truth", "give a manifest, or --truth DIR, or take --by-vote")
    return _all(
        (some[0].label, functools.partial(_fitted, list(zip(studies, some, strict=True))))
        for some in zip(*(study.runs for study in studies), strict=True)
        if all(run.info is not None and not run.error for run in some)
    )


def calibrate_by_vote(study: Study, vote: EngineRun) -> Fits:
    """A calibration for each engine that could run, without ground truth: as right as the vote makes it.

    It fits these pages, whatever the engine was calibrated on, and is no better than the vote: of an engine
    that is nearly always right where the vote is, little can be told.

    Args:
        study: whose engines have read.
        vote: one of its runs, that by ``learned``, whose probabilities mean something.

    Raises:
        CallError: no engine read enough words.
    """
    return _all(
        (run.label, functools.partial(_believed, study, run, vote))
        for run in study.runs
        if not run.spec.is_vote and run.info is not None and not run.error
    )


def calibrations(fits: Iterable[Fit]) -> Calibrations:
    """The maps alone, as they are saved."""
    return Calibrations({one.calibration.fingerprint: one.calibration for one in fits})


def judged_words(study: Study, run: EngineRun) -> Iterator[tuple[str, list[tuple[Word, bool]]]]:
    """The words that an engine read of each page with ground truth, and whether they are right.

    Beside them the document that the page is of.
    """
    alphabet = _alphabet(run)
    for item, page in study.read_with_truth(run):
        yield (
            item.document,
            judged(page, item.truth_page, study.convention, casefold=item.folds_case, alphabet=alphabet),
        )


def _all(makers: Iterable[tuple[str, Callable[[], Fit]]]) -> Fits:
    fits: list[Fit] = []
    refused: dict[str, CallError] = {}
    for label, make in makers:
        try:
            fits.append(make())
        except CallError as error:
            refused[label] = error
    if not fits:
        nobody = CallError("no engine could read, so there is nothing to calibrate", "see their errors")
        raise next(iter(refused.values()), nobody)
    return Fits(fits=tuple(fits), refused=refused)


def _fitted(runs: Sequence[tuple[Study, EngineRun]]) -> Fit:
    by_group: dict[tuple[int, str], _Words] = {}
    for number, (study, run) in enumerate(runs):
        for document, words in judged_words(study, run):
            by_group.setdefault((number, document), []).extend(_told(words))
    pairs = [pair for words in by_group.values() for pair in words]
    run = runs[0][1]
    calibration = _map(run, pairs)
    return Fit(
        label=run.label,
        calibration=calibration,
        words=len(pairs),
        right=sum(right for _, right in pairs) / len(pairs),
        raw=_error(pairs),
        held_out=_held_out(run, list(by_group.values())),
    )


def _believed(study: Study, run: EngineRun, vote: EngineRun) -> Fit:
    words: _Words = []
    alphabet = _alphabet(run)
    for item in study.corpus.items:
        page, voted = run.results.get(item.id), vote.results.get(item.id)
        if isinstance(page, Page) and isinstance(voted, Page):
            found = believed(page, voted, study.convention, casefold=item.folds_case, alphabet=alphabet)
            words += [(word.confidence, sure) for word, sure in found]
    calibration = _map(run, words)
    known = [pair for _, found in judged_words(study, run) for pair in _told(found)]
    return Fit(
        label=run.label,
        calibration=calibration,
        words=len(words),
        right=sum(sure for _, sure in words) / len(words),
        raw=_error(known),
        held_out=_error(known, calibration),
    )


def _told(words: Iterable[tuple[Word, bool]]) -> _Words:
    return [(word.confidence, float(right)) for word, right in words]


def _alphabet(run: EngineRun) -> Alphabet | None:
    return alphabets_of([run]).get(run.label)


def _map(run: EngineRun, words: _Words) -> Calibration:
    assert run.info is not None  # noqa: S101 - the caller has looked
    check_enough(run.label, len(words))
    return fit(run.info.name, run.info.fingerprint, run.info.capabilities.confidence_kind, words)


def _error(words: _Words, calibration: Calibration | None = None) -> float | None:
    """The expected calibration error over words that have a confidence, as it is or calibrated."""
    known = [(confidence, right > 0) for confidence, right in words if confidence is not None]
    if not known:
        return None
    sure = [calibration(confidence) if calibration else confidence for confidence, _ in known]
    return expected_error(sure, [right for _, right in known])


def _held_out(run: EngineRun, groups: Sequence[_Words]) -> float | None:
    if len(groups) < 2 or all(confidence is None for words in groups for confidence, _ in words):
        return None
    folds = [groups[number::_FOLDS] for number in range(min(_FOLDS, len(groups)))]
    probabilities: list[float] = []
    right: list[bool] = []
    for number, held in enumerate(folds):
        rest = [
            pair for other, fold in enumerate(folds) if other != number for words in fold for pair in words
        ]
        try:
            calibrated = _map(run, rest)
        except CallError:
            return None
        for words in held:
            probabilities += [calibrated(confidence) for confidence, _ in words]
            right += [is_right > 0 for _, is_right in words]
    return expected_error(probabilities, right)
