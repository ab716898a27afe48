"""From an engine's confidence to the probability that its word is right.

Confidences of different engines are no more comparable than their names. Each is mapped by isotonic
regression (Zadrozny, Elkan, "Transforming classifier scores into accurate multiclass probability estimates",
KDD 2002), which only assumes that a surer word is no more often wrong. A map belongs to one fingerprint: to
the engine with its version, weights, options and preprocessing.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from ocr_plugins.errors import CallError, EngineUnavailableError

FORMAT, VERSION = "ocr-plugins-calibration", 1

#: A map rests on at least so many words; they are counted in bins of as many, before these are put in order.
LEAST_WORDS = 25
_MOST_BINS = 60
_HINT = "give a file that `ocr-plugins calibrate` wrote"


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """One engine's map: ``confidences`` rise, ``probabilities`` never fall; between them it is linear.

    ``unknown`` is the probability for words without a confidence; ``words`` says how many it rests on.
    """

    engine: str
    fingerprint: str
    kind: str | None
    confidences: tuple[float, ...]
    probabilities: tuple[float, ...]
    unknown: float
    words: int

    def __call__(self, confidence: float | None) -> float:
        """The probability that a word of this confidence is right, 0 to 1."""
        if confidence is None or not self.confidences:
            return self.unknown
        return float(np.interp(confidence, self.confidences, self.probabilities))


@dataclass(frozen=True)
class Calibrations:
    """Maps by fingerprint."""

    by_fingerprint: Mapping[str, Calibration] = field(default_factory=dict)

    def of(self, fingerprint: str) -> Calibration | None:
        """The map for this very engine; None where there is none."""
        return self.by_fingerprint.get(fingerprint)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads what `save` wrote.

        Raises:
            EngineUnavailableError: it cannot be read, or is no such file.
        """
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise EngineUnavailableError(
                f"calibration {path} cannot be read ({error.strerror})", _HINT, kind="missing_weights"
            ) from None
        except ValueError:
            data = None
        try:
            if data["format"] != FORMAT or data["version"] != VERSION:
                raise ValueError
            maps = [_checked(row) for row in data["engines"]]
        except (KeyError, TypeError, ValueError):
            raise EngineUnavailableError(
                f"{path} is no calibration of this release", _HINT, kind="bad_model"
            ) from None
        return cls({one.fingerprint: one for one in maps})

    def save(self, path: Path, about: Mapping[str, Any] | None = None) -> None:
        """Writes JSON that people can read. ``about`` says what the maps rest on."""
        rows = [asdict(one) for one in self.by_fingerprint.values()]
        data = {"format": FORMAT, "version": VERSION, "about": dict(about or {}), "engines": rows}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            raise CallError(f"{path} cannot be written ({error.strerror})", "name another file") from None


def check_enough(engine: str, words: int) -> None:
    """Raises CallError for too few words to rest a map on."""
    if words < LEAST_WORDS:
        raise CallError(
            f"engine {engine!r} read {words} words to calibrate it on", f"give at least {LEAST_WORDS}"
        )


def fit(
    engine: str, fingerprint: str, kind: str | None, words: Iterable[tuple[float | None, float]]
) -> Calibration:
    """A map from words with their confidences and whether they are right, 0 or 1, or how likely they are.

    Raises:
        CallError: too few words.
    """
    pairs = list(words)
    check_enough(engine, len(pairs))
    known = sorted((confidence, right) for confidence, right in pairs if confidence is not None)
    confidences, rates, counts = _binned(known)
    probabilities = _rising(rates, counts)
    right = sum(right for _, right in pairs)
    return Calibration(
        engine=engine,
        fingerprint=fingerprint,
        kind=kind,
        confidences=tuple(round(value, 5) for value in confidences),
        probabilities=tuple(round(value, 5) for value in probabilities),
        unknown=round((right + 1) / (len(pairs) + 2), 5),
        words=len(pairs),
    )


def _binned(known: Sequence[tuple[float, float]]) -> tuple[list[float], list[float], list[int]]:
    """Mean confidence, share of right words and number of words of bins of like mass."""
    if not known:
        return [], [], []
    bins = int(np.clip(len(known) // LEAST_WORDS, 1, _MOST_BINS))
    confidences, rates, counts = [], [], []
    for part in np.array_split(np.array(known, np.float64), bins):
        confidences.append(float(part[:, 0].mean()))
        rates.append(float(part[:, 1].mean()))
        counts.append(len(part))
    return confidences, rates, counts


def _rising(rates: Sequence[float], counts: Sequence[int]) -> list[float]:
    """The nearest rates that never fall."""
    pools = _pooled([(rate, count, 1) for rate, count in zip(rates, counts, strict=True)])
    # Laplace's rule: of no finite number of right words follows certainty.
    pools = _pooled([((rate * count + 1) / (count + 2), count, bins) for rate, count, bins in pools])
    return [rate for rate, _, bins in pools for _ in range(bins)]


def _pooled(found: Iterable[tuple[float, int, int]]) -> list[tuple[float, int, int]]:
    """Rates, numbers of words and of bins: adjacent ones that do not rise are pooled (PAV)."""
    pools: list[tuple[float, int, int]] = []
    for rate, count, bins in found:
        while pools and pools[-1][0] >= rate:
            before, words, more = pools.pop()
            rate = (before * words + rate * count) / (words + count)
            count, bins = words + count, more + bins
        pools.append((rate, count, bins))
    return pools


def expected_error(probabilities: Sequence[float], right: Sequence[bool], bins: int = 15) -> float:
    """Expected calibration error over bins of equal mass, 0 to 1 (Nguyen, O'Connor, EMNLP 2015).

    The mean over words of how far the mean probability of their bin is from its share of right words.
    """
    if not len(probabilities):
        return 0.0
    pairs = np.array(list(zip(probabilities, right, strict=True)), np.float64)
    # By probability alone: words of the same probability must not be told apart by what they are measured on.
    pairs = pairs[np.argsort(pairs[:, 0], kind="stable")]
    parts = np.array_split(pairs, min(bins, len(pairs)))
    return float(sum(len(p) * abs(p[:, 0].mean() - p[:, 1].mean()) for p in parts) / len(pairs))


def _checked(row: Mapping[str, Any]) -> Calibration:
    confidences, probabilities = (tuple(map(float, row[key])) for key in ("confidences", "probabilities"))
    rising = all(a <= b for pairs in (confidences, probabilities) for a, b in itertools.pairwise(pairs))
    if not rising or len(confidences) != len(probabilities):
        raise ValueError
    if not all(0 <= value <= 1 for value in (*probabilities, row["unknown"])):
        raise ValueError
    return Calibration(**{**row, "confidences": confidences, "probabilities": probabilities})
