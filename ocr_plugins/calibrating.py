"""Fitting calibrations on pages with ground truth, and saying how well they fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ocr_plugins.ensemble.calibration import LEAST_WORDS, Calibration, Calibrations, expected_error, fit
from ocr_plugins.ensemble.judging import judged
from ocr_plugins.errors import CallError
from ocr_plugins.runs import EngineRun, Study

_FOLDS = 5
Judged = list[tuple[float | None, bool]]


@dataclass(frozen=True, kw_only=True)
class Fit:
    """How well one engine's calibration fits.

    ``words`` were read on pages with ground truth, the share ``right`` of them rightly. ``raw`` is the
    expected calibration error of the engine's own confidence, ``held_out`` that of calibrations fitted
    without the groups that they are measured on; None where there is a single group, or no confidence.
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
        raise CallError("no page has ground truth", "give a manifest, or --truth DIR")
    fits: list[Fit] = []
    refused: dict[str, CallError] = {}
    for some in zip(*(study.runs for study in studies), strict=True):
        if all(run.info is not None and not run.error for run in some):
            try:
                fits.append(_fitted(list(zip(studies, some, strict=True))))
            except CallError as error:
                refused[some[0].label] = error
    if refused and not fits:
        raise next(iter(refused.values()))
    return Fits(fits=tuple(fits), refused=refused)


def calibrations(fits: Iterable[Fit]) -> Calibrations:
    """The maps alone, as they are saved."""
    return Calibrations({one.calibration.fingerprint: one.calibration for one in fits})


def _fitted(runs: Sequence[tuple[Study, EngineRun]]) -> Fit:
    run = runs[0][1]
    assert run.info is not None  # noqa: S101 - the caller has looked
    by_group: dict[tuple[int, str], Judged] = {}
    for number, (study, one) in enumerate(runs):
        for item, page in study.read_with_truth(one):
            words = judged(page, item.truth_page, study.convention, casefold=item.folds_case)
            found = [(word.confidence, right) for word, right in words]
            by_group.setdefault((number, item.document), []).extend(found)
    pairs = [pair for words in by_group.values() for pair in words]
    if len(pairs) < LEAST_WORDS:
        raise CallError(
            f"engine {run.label!r} read {len(pairs)} words with ground truth", f"give at least {LEAST_WORDS}"
        )
    about = (run.info.name, run.info.fingerprint, run.info.capabilities.confidence_kind)
    known = [(confidence, right) for confidence, right in pairs if confidence is not None]
    return Fit(
        label=run.label,
        calibration=fit(*about, pairs),
        words=len(pairs),
        right=sum(right for _, right in pairs) / len(pairs),
        raw=expected_error([c for c, _ in known], [right for _, right in known]) if known else None,
        held_out=_held_out(list(by_group.values()), about) if known else None,
    )


def _held_out(groups: list[Judged], about: tuple[str, str, str | None]) -> float | None:
    if len(groups) < 2:
        return None
    folds = [groups[number::_FOLDS] for number in range(min(_FOLDS, len(groups)))]
    probabilities: list[float] = []
    right: list[bool] = []
    for number, held in enumerate(folds):
        rest = [
            pair for other, fold in enumerate(folds) if other != number for words in fold for pair in words
        ]
        try:
            calibrated = fit(*about, rest)
        except CallError:
            return None
        for words in held:
            probabilities += [calibrated(confidence) for confidence, _ in words]
            right += [is_right for _, is_right in words]
    return expected_error(probabilities, right)
