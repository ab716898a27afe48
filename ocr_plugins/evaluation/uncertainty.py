"""How sure error rates and their differences are: a bootstrap over documents.

Lines of a page, and pages of a book, are not independent, so whole groups are drawn (arXiv 1912.09508). Two
engines are compared on the same samples: what makes a page hard makes it hard for both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_SAMPLES = 2000
_LEVEL = (0.025, 0.975)


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Contest:
    """One engine against another on the same pages.

    ``ratio`` is the error rate of the first by that of the second, with its interval. ``better`` is the share
    of samples in which the first has the lower rate, a tie counting half.
    """

    ratio: Interval
    better: float

    @property
    def significant(self) -> bool:
        """Whether the whole interval lies on one side of 1."""
        return self.ratio.high < 1 or self.ratio.low > 1


@dataclass(frozen=True, eq=False)
class Sampled:
    """Groups drawn with replacement, the same for all engines.

    ``draws`` (samples, groups) says how often each group was drawn, ``places`` (pages,) to which each page
    belongs.
    """

    draws: Floats
    places: NDArray[np.int64]

    @classmethod
    def of(cls, groups: Sequence[str], seed: int = 0) -> Sampled:
        """Samples of pages that are in these groups, one name a page."""
        names = {name: number for number, name in enumerate(dict.fromkeys(groups))}
        count = len(names)
        drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=_SAMPLES)
        return cls(drawn.astype(np.float64), np.array([names[name] for name in groups], np.int64))

    def rates(self, errors: Sequence[float], lengths: Sequence[float]) -> Floats:
        """(samples,) error rates: summed errors by summed lengths. ``errors`` are one a page."""
        return self._sums(errors) / np.maximum(self._sums(lengths), 1.0)

    def rate(self, errors: Sequence[float], lengths: Sequence[float]) -> Interval:
        """The rate over all pages, with its interval."""
        low, high = np.quantile(self.rates(errors, lengths), _LEVEL)
        return Interval(float(np.sum(errors) / max(np.sum(lengths), 1.0)), float(low), float(high))

    def contest(self, errors: Sequence[float], others: Sequence[float]) -> Contest:
        """The first engine's errors against another's on the same pages."""
        mine, theirs = self._sums(errors), self._sums(others)
        # An error more on both sides: two engines without errors are alike, not undefined.
        ratios = (mine + 1) / (theirs + 1)
        low, high = np.quantile(ratios, _LEVEL)
        value = (float(np.sum(errors)) + 1) / (float(np.sum(others)) + 1)
        better = float(np.mean((mine < theirs) + (mine == theirs) / 2))
        return Contest(Interval(value, float(low), float(high)), better)

    def _sums(self, values: Sequence[float]) -> Floats:
        groups = np.bincount(
            self.places, weights=np.asarray(values, np.float64), minlength=self.draws.shape[1]
        )
        return np.asarray(self.draws @ groups)
