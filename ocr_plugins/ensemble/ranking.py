"""How well each reading does, told without ground truth from how much readings differ and how sure they are.

Where engines err independently, two readings differ by the errors of one plus those of the other, so three
readings or more give each one's own: the three-cornered hat of metrology (Gray, Allan, "A method for
estimating the frequency stability of an individual oscillator", 1974), for more than three by least squares.
Errors that several engines share are not seen in this. So it is blended with what engines say of their words,
and lines that only some have are counted by how likely they are there.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.document import Page, Word
from ocr_plugins.ensemble.alignment import AlignedLine
from ocr_plugins.ensemble.fragments import Fragments
from ocr_plugins.ensemble.presence import text_of
from ocr_plugins.ensemble.voters import Voters, choose_voters

Floats = NDArray[np.float64]

_SAMPLES = 1000
# An error more or less tells nothing.
_HALF = 0.5
# Errors that every engine is taken to have made besides, where it is to be told how far it is behind.
_BESIDES = 3.0
# What is known of all pages counts as much as so many characters of the page itself: some lines.
_OF_ALL = 300.0


@dataclass(frozen=True)
class PageEstimate:
    """Expected errors of each reading of one page, by label, and the characters that the page may have.

    ``intervals`` are 95 % intervals of the errors, from a bootstrap over the page's lines, if asked for.
    """

    errors: Mapping[str, float]
    length: float
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def rate(self, label: str) -> float:
        """The expected error rate of a reading."""
        return self.errors[label] / max(self.length, 1.0)

    def guarded(self, label: str) -> float:
        """The same for a vote: of a short text it says of all readings that they are about as good."""
        return (self.errors[label] + _BESIDES) / max(self.length, 1.0)

    def among(self, label: str, rate: float) -> float:
        """The same where the ``rate`` of the reading's engine on pages of its kind is known."""
        return (self.errors[label] + _OF_ALL * rate) / (self.length + _OF_ALL)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What is expected of one engine on a corpus: its error rate, with a 95 % interval.

    ``low`` and ``high`` come from a bootstrap over groups of pages, and so does ``best``, the share of
    samples in which no other engine's rate is lower. ``length`` are the characters that the pages may have.
    """

    cer: float
    low: float
    high: float
    best: float
    length: float

    @property
    def guarded(self) -> float:
        """The rate for a vote: of little text it says of all engines that they are about as good."""
        return self.cer + _BESIDES / max(self.length, 1.0)


@dataclass(frozen=True)
class Beliefs:
    """What is believed of readings before they are compared.

    ``there`` is how likely a line is there that not all readings have, 0 to 1. ``sure`` is the probability
    that a word of a reading is right, by the reading's label; None where nothing tells it.
    """

    there: Callable[[AlignedLine, Voters], float]
    sure: Callable[[str, Word], float | None]


def estimate_page(
    readings: Mapping[str, Page],
    families: Mapping[str, str] | None = None,
    fold: Callable[[str], str] = str,
    samples: int = 0,
    beliefs: Beliefs | None = None,
) -> PageEstimate:
    """The errors that readings of one page are expected to have.

    Two readings share alike what they differ by on lines that both have; of one alone nothing can be told,
    and it has none. Of a line that some lack, these have missed as much as it is likely to be there, and the
    others have made up the rest.

    Errors that readings share are not seen in this, so it is too low. What engines say of their words is too
    high, since a word with one wrong letter is all wrong; where that is known, the geometric mean of both is
    taken.

    Args:
        readings: by label.
        families: which engine each is of, by label: the same engine with other options or on a treated page
            repeats many of its errors. Default: none are related.
        fold: how text is normalised before it is compared, such as `str.casefold`.
        samples: of the bootstrap that gives intervals; 0 gives none.
        beliefs: tells of lines that some lack, and of words. Default: nothing is known.
    """
    labels = list(readings)
    # Those that are dropped from a vote are compared all the same, and stand last.
    voters = choose_voters(readings, families=families)
    order = [*voters.pages, *(label for label in labels if label not in voters.pages)]
    everyone = Voters({label: readings[label] for label in order}, {}, {}, families=families or {})
    lines = everyone.align()
    known = beliefs or Beliefs(lambda *_: 0.5, lambda *_: None)
    likely = [1.0 if all(line.present) else known.there(line, everyone) for line in lines]
    doubts = [_doubt(label, page, known) for label, page in everyone.pages.items()]
    told = _Lines.of(lines, np.array(doubts), likely, fold)
    names = [everyone.family(label) for label in order]
    errors = told.errors(np.ones(len(lines)), names)
    return PageEstimate(
        errors=dict(zip(order, errors.tolist(), strict=True)),
        length=told.length,
        intervals=dict(zip(order, _intervals(told, names, samples), strict=True)) if samples else {},
    )


def _doubt(label: str, page: Page, beliefs: Beliefs) -> float:
    """The share of a reading's characters that is expected in wrong words; NaN where that is not known."""
    wrong = length = 0.0
    for word in Fragments.of(page).words:
        sure = beliefs.sure(label, word)
        if sure is None:
            return math.nan
        wrong += (1 - sure) * len(word.text)
        length += len(word.text)
    return wrong / length if length else math.nan


@dataclass(frozen=True, eq=False)
class _Lines:
    """What readings differ by, line by line.

    ``differences`` (lines, n, n) are the edits between each two that have the line, ``common`` (lines, n, n)
    their mean lengths, ``faults`` (lines, n) what each is expected to have missed or made up, and ``own``
    (lines, n) the lengths of what each has that is likely there. ``doubts`` (n,) are the shares in wrong
    words by what engines say, and ``length`` is the page's.
    """

    differences: Floats
    common: Floats
    faults: Floats
    own: Floats
    doubts: Floats
    length: float

    @classmethod
    def of(
        cls, lines: Sequence[AlignedLine], doubts: Floats, likely: Sequence[float], fold: Callable[[str], str]
    ) -> _Lines:
        """Lines that are likely there so much."""
        from rapidfuzz.distance import Levenshtein

        count = len(doubts)
        differences, common = np.zeros((2, len(lines), count, count))
        faults, own = np.zeros((2, len(lines), count))
        length = 0.0
        for at, (line, sure) in enumerate(zip(lines, likely, strict=True)):
            texts = [fold(text_of(line, place)) for place in range(count)]
            lengths = np.array([len(text) for text in texts], np.float64)
            has = lengths > 0
            usual = float(np.median(lengths[has])) if has.any() else 0.0
            faults[at] = np.where(has, (1 - sure) * lengths, sure * usual)
            own[at] = sure * lengths
            for one, other in itertools.combinations(np.flatnonzero(has).tolist(), 2):
                apart = Levenshtein.distance(texts[one], texts[other]) if texts[one] != texts[other] else 0
                differences[at, one, other] = differences[at, other, one] = sure * apart
                common[at, one, other] = common[at, other, one] = sure * (lengths[one] + lengths[other]) / 2
            length += sure * usual
        return cls(differences, common, faults, own, doubts, length)

    def errors(self, counts: Floats, names: Sequence[str]) -> Floats:
        """(n,) expected errors, of lines drawn so many times, (lines,)."""
        differences, common = (np.tensordot(counts, one, axes=1) for one in (self.differences, self.common))
        own = counts @ self.own
        # As if each two had all of the text, so that all equations tell of as much.
        whole = float(own.max(initial=0.0))
        rates = np.divide(differences, common, out=np.zeros_like(differences), where=common > 0)
        differing = solve(rates * whole, names, common > 0) * own / max(whole, 1.0)
        return np.asarray(self._blended(differing, own) + counts @ self.faults)

    def _blended(self, differing: Floats, own: Floats) -> Floats:
        """With what engines say of their words; who says nothing is raised as the others are."""
        known = np.isfinite(self.doubts)
        if not known.any():
            return differing
        told = np.where(known, self.doubts * own, 0.0)
        raised = np.sqrt((told + _HALF) / (differing + _HALF))
        usual = math.exp(float(np.log(raised[known]).mean()))
        return np.asarray((differing + _HALF) * np.where(known, raised, usual) - _HALF).clip(0.0)


def _intervals(told: _Lines, names: Sequence[str], samples: int) -> list[tuple[float, float]]:
    lines = len(told.differences)
    if not lines:
        return [(0.0, 0.0)] * len(names)
    draws = np.random.default_rng(0).multinomial(lines, np.full(lines, 1 / lines), size=samples)
    found = np.array([told.errors(draw, names) for draw in draws])
    low, high = np.quantile(found, [0.025, 0.975], axis=0)
    return list(zip(low.tolist(), high.tolist(), strict=True))


def solve(
    differences: Floats, families: Sequence[str] | None = None, known: NDArray[np.bool_] | None = None
) -> Floats:
    """What each reading is wrong by, (n,), from what each two differ by, (n, n); none below 0.

    ``known``, (n, n), are the differences that tell anything: those of readings with lines in common.

    Readings of one family share some errors and have others of their own; families share none. Weighted least
    squares: a difference varies as counts do, with its root. What cannot be told apart is shared alike.
    """
    count = len(differences)
    names = list(families or map(str, range(count)))
    twins = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    # First each reading's own errors, then those that each family shares.
    parts = np.zeros((count, count + len(twins)))
    parts[:, :count] = np.eye(count)
    for row, name in enumerate(names):
        if name in twins:
            parts[row, count + twins.index(name)] = 1.0
    pairs = list(itertools.combinations(range(count), 2))
    wanted = np.array([differences[pair] for pair in pairs])
    told = np.ones(len(pairs)) if known is None else np.array([known[pair] for pair in pairs], np.float64)
    weight = told / np.sqrt(np.maximum(wanted, 1.0))
    matrix = np.zeros((len(pairs), parts.shape[1]))
    for row, (one, other) in enumerate(pairs):
        # What a family shares is no difference within it.
        shared = np.abs(parts[one, count:] - parts[other, count:])
        matrix[row] = np.concatenate([parts[one, :count] + parts[other, :count], shared]) * weight[row]
    return np.asarray(parts @ _not_negative(matrix, wanted * weight))


def _not_negative(matrix: Floats, wanted: Floats) -> Floats:
    """The least squares solution of least norm whose entries are 0 or more: negative ones are taken out."""
    free = np.ones(matrix.shape[1], np.bool_)
    found = np.zeros(matrix.shape[1])
    while free.any():
        found[:] = 0.0
        found[free] = np.linalg.lstsq(matrix[:, free], wanted, rcond=None)[0]
        if (found >= -1e-9).all():
            break
        free &= found > 0
    return np.maximum(found, 0.0)


def rank(
    pages: Sequence[PageEstimate], groups: Sequence[str] | None = None, seed: int = 0
) -> dict[str, Estimate]:
    """What is expected of each engine over all pages, the best first.

    Args:
        pages: estimates of pages that all engines read.
        groups: what pages belong together (a book, a writer); default: each page is a group.
        seed: of the bootstrap.
    """
    labels = list(dict.fromkeys(label for page in pages for label in page.errors))
    names = list(groups or map(str, range(len(pages))))
    places = {name: number for number, name in enumerate(dict.fromkeys(names))}
    errors, lengths = np.zeros((len(places), len(labels))), np.zeros(len(places))
    for name, page in zip(names, pages, strict=True):
        # A page that an engine did not read counts as wholly wrong, as it does in scores.
        errors[places[name]] += [page.errors.get(label, page.length) for label in labels]
        lengths[places[name]] += page.length
    if not lengths.sum():
        return {}
    drawn = np.random.default_rng(seed).integers(len(places), size=(_SAMPLES, len(places)))
    rates = errors[drawn].sum(axis=1) / np.maximum(lengths[drawn].sum(axis=1), 1.0)[:, None]
    least = rates <= rates.min(axis=1)[:, None] * (1 + 1e-9)
    low, high = np.quantile(rates, [0.025, 0.975], axis=0)
    total = errors.sum(axis=0) / lengths.sum()
    return {
        labels[at]: Estimate(
            cer=float(total[at]),
            low=float(low[at]),
            high=float(high[at]),
            best=float(least[:, at].mean()),
            length=float(lengths.sum()),
        )
        for at in np.argsort(total, kind="stable")
    }
