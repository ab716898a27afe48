"""Every two engines of a study against each other on the same documents."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ocr_plugins.evaluation.uncertainty import Interval, Sampled

LEVEL = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One engine against another.

    ``ratio`` is the error rate of the first by the second's. ``p`` is two-sided, from the paired bootstrap,
    ``corrected`` the same after Holm's correction for all matches of the study.
    """

    first: str
    second: str
    ratio: Interval
    p: float
    corrected: float

    @property
    def differs(self) -> bool:
        """Whether the two can be told apart."""
        return self.corrected < LEVEL


def matches(errors: Mapping[str, Sequence[float]], sampled: Sampled) -> list[Match]:
    """Every pair of engines, in their order.

    Args:
        errors: character errors a page by engine.
        sampled: the documents drawn, the same for all.
    """
    pairs = list(itertools.combinations(errors, 2))
    contests = [sampled.contest(errors[first], errors[second]) for first, second in pairs]
    draws = len(sampled.draws)
    # A bootstrap of n samples cannot tell of a probability below 1/n.
    ps = [max(2 * min(one.better, 1 - one.better), 1 / draws) for one in contests]
    return [
        Match(first=first, second=second, ratio=contest.ratio, p=p, corrected=corrected)
        for (first, second), contest, p, corrected in zip(pairs, contests, ps, holm(ps), strict=True)
    ]


def holm(ps: Sequence[float]) -> list[float]:
    """Probabilities corrected for their number (Holm, "A simple sequentially rejective multiple test
    procedure", Scandinavian Journal of Statistics 6, 1979).
    """
    order = sorted(range(len(ps)), key=ps.__getitem__)
    corrected = [1.0] * len(ps)
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, ps[place] * (len(ps) - rank)))
        corrected[place] = highest
    return corrected
