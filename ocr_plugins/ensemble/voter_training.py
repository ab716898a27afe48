"""Fits the models of the learned vote on readings of pages with ground truth, with scikit-learn.

Whether lines are there is fitted on lines that some readings lack, each counting by what it saves to keep or
to leave it. How much a worse engine is behind, how sharply summed odds tell right from wrong, and how much
more a word of the lexicon counts, is fitted on pairs of candidates; how likely words are right on choices in
pages that the rest has not seen.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.document import Page
from ocr_plugins.ensemble import presence
from ocr_plugins.ensemble.alignment import AlignedLine, Cell
from ocr_plugins.ensemble.alphabets import Alphabet
from ocr_plugins.ensemble.learned import Choice, Learned, behind_best
from ocr_plugins.ensemble.lexicon import Lexicon
from ocr_plugins.ensemble.voter_model import CERTAINTY_NAMES, Linear, VoterModel
from ocr_plugins.ensemble.voters import Voters, choose_voters
from ocr_plugins.ensemble.voting import Trust
from ocr_plugins.errors import CallError
from ocr_plugins.language_model import LanguageModel

Floats = NDArray[np.float64]

_FOLDS = 5
_LEAST_CELLS = 50
# A line or cell that one reading has wholly wrong counts no more than so many characters.
_MOST_SAVED = 20.0
# A line that stands elsewhere in the ground truth is found there from so many characters on.
_LEAST_FOUND = 3
_C = 1.0
_SHARPNESS = 0.05, 2.0
# Powers of the ratio of error rates that are tried; of equals the first is taken. With a higher one an engine
# would overrule any number of others that are a little worse.
_BEHIND = (1.0, 0.5, 1.5, 2.0)
# Drawn pages have their words from the same lists as the lexicon, so it would count for more than on others.
_MOST_LEXICON = 2.0


@dataclass(frozen=True)
class Setting:
    """What readings of a corpus are weighed by: as `Learned` takes it.

    ``corpus`` names it: each corpus and number of readings counts alike in saying what is there.
    """

    trust: Trust
    expected: Mapping[str, float]
    words: LanguageModel
    lexicon: Lexicon
    corpus: str = ""

    def method(self, model: VoterModel) -> Learned:
        return Learned(model, self.trust, self.expected, self.words, self.lexicon)


@dataclass(frozen=True, eq=False)
class Example:
    """A line as readings have it, and what the truth has in each of its cells.

    ``described`` is what tells whether the line is there, in the order of `presence.RANKED`, where some
    readings lack it, else None; ``saved`` is by how many characters it is better to keep than to leave it.
    """

    line: AlignedLine
    voters: Voters
    setting: Setting
    wanted: tuple[str, ...]
    fold: Callable[[str], str]
    described: Sequence[float] | None
    saved: float

    def distance(self, place: int, text: str) -> int:
        """By how many characters a text is wrong in a cell."""
        from rapidfuzz.distance import Levenshtein

        return Levenshtein.distance(self.fold(text), self.wanted[place])

    def right(self, place: int, text: str) -> list[bool]:
        """Which of a text's words stand in a cell, in their order."""
        from rapidfuzz.distance import Levenshtein

        words = [self.fold(word) for word in text.split()]
        found = [False] * len(words)
        for code in Levenshtein.opcodes(words, self.wanted[place].split()):
            if code.tag == "equal":
                found[code.src_start : code.src_end] = [True] * (code.src_end - code.src_start)
        return found


def examples(
    readings: Mapping[str, Page],
    truth: Page,
    setting: Setting,
    fold: Callable[[str], str] = str,
    alphabets: Mapping[str, Alphabet] | None = None,
    families: Mapping[str, str] | None = None,
) -> list[Example]:
    """The lines of a page.

    Args:
        readings: by label.
        truth: the page's ground truth, with places where they are known.
        setting: what the readings are weighed by.
        fold: how text is normalised before it is compared.
        alphabets: the characters that engines are bound to, by label.
        families: which engine each is of, by label.
    """
    voters = choose_voters(readings, alphabets, families)
    whole = _packed(fold(truth.text))
    found = []
    # With the truth as one more reading, cells are where it says how each is to be read.
    for line in voters.align(truth):
        cells = tuple(_without_last(cell) for cell in line.cells)
        told = replace(line, cells=cells, readings=line.readings[:-1])
        if not any(told.present):
            continue
        wanted = tuple(fold(cell.strings[-1]) for cell in line.cells)
        described, saved = None, 0.0
        if not all(told.present):
            behind = behind_best(setting.expected, list(voters.pages))
            described = presence.of_line(told, voters, setting.trust, behind)
            saved = _saved(told, " ".join(" ".join(wanted).split()), whole, fold)
        found.append(Example(told, voters, setting, wanted, fold, described, saved))
    return found


def _saved(line: AlignedLine, wanted: str, whole: str, fold: Callable[[str], str]) -> float:
    from rapidfuzz.distance import Levenshtein

    texts = [fold(presence.text_of(line, at)) for at, here in enumerate(line.present) if here]
    if any(len(packed := _packed(text)) >= _LEAST_FOUND and packed in whole for text in texts):
        return min(float(max(map(len, texts))), _MOST_SAVED)
    kept = min(Levenshtein.distance(text, wanted) for text in texts)
    return float(np.clip(len(wanted) - kept, -_MOST_SAVED, _MOST_SAVED))


def _packed(text: str) -> str:
    return "".join(text.split())


def _without_last(cell: Cell) -> Cell:
    return replace(
        cell,
        strings=cell.strings[:-1],
        spans=tuple(span[:-1] for span in cell.spans),
        words=cell.words[:-1],
    )


@dataclass(frozen=True, kw_only=True)
class FittedVoter:
    """A model, and the character errors where all readings take part.

    ``errors`` are those of each reading by label; ``chosen`` those of models that had not seen the group, and
    ``cells`` the places where readings differ.
    """

    model: VoterModel
    cells: int
    errors: Mapping[str, float]
    chosen: float


def fit_voter(groups: Mapping[str, Sequence[Example]], about: Mapping[str, Any]) -> FittedVoter:
    """All of the model.

    Args:
        groups: examples by what belongs together (a document); how likely choices are right is fitted on
            groups that the rest of the model has not seen.
        about: what the model rests on, to be kept with it.

    Raises:
        CallError: too few places where readings differ, or too few groups.
    """
    cells = sum(_differing(found) for found in groups.values())
    if cells < _LEAST_CELLS or len(groups) < 2:
        raise CallError(
            f"the readings differ in {cells} places of {len(groups)} documents with ground truth",
            f"give at least {_LEAST_CELLS} places in two documents",
        )
    model = _fitted([example for found in groups.values() for example in found], _BEHIND)
    chosen = list(_chosen_unseen(groups, model.behind))
    counted = {"documents": len(groups), "cells": cells}
    model = replace(model, certainty=_fit_certainty(chosen), about={**about, **counted})
    errors, wrong = _counted(chosen)
    return FittedVoter(model=model, cells=cells, errors=errors, chosen=wrong)


def _differing(found: Sequence[Example]) -> int:
    return sum(not cell.agreed for example in found for cell in example.line.cells)


@dataclass(frozen=True, eq=False)
class _Chosen:
    """What a model chose in a cell of a line that it had not seen; None where it left the line out."""

    example: Example
    place: int
    choice: Choice | None


def _counted(chosen: Sequence[_Chosen]) -> tuple[dict[str, float], float]:
    """The errors of each reading and of the choices, where all readings take part."""
    most = max(len(one.example.voters.pages) for one in chosen)
    errors: Counter[str] = Counter()
    wrong = 0
    for one in chosen:
        if len(one.example.voters.pages) < most:
            continue
        cell = one.example.line.cells[one.place]
        for label, text in zip(one.example.voters.pages, cell.strings, strict=True):
            errors[label] += one.example.distance(one.place, text)
        wrong += one.example.distance(one.place, one.choice.text if one.choice else "")
    return {label: float(count) for label, count in errors.items()}, float(wrong)


def _fitted(found: Sequence[Example], behind: Sequence[float]) -> VoterModel:
    """What a model chooses by, with the best of these powers; how sure it is of that is fitted afterwards."""
    lines = [example for example in found if example.described and example.saved]
    matrix = np.array([example.described for example in lines]).reshape(-1, len(presence.RANKED))
    saved, counts = np.array([example.saved for example in lines]), _counts(lines)
    model = VoterModel(
        presence=_fit_linear(presence.RANKED, matrix, saved > 0, counts),
        unranked=_fit_linear(presence.NAMES, matrix[:, : len(presence.NAMES)], saved > 0, counts),
        behind=1.0,
        sharpness=1.0,
        lexicon=0.0,
        certainty=Linear(dict.fromkeys(CERTAINTY_NAMES, 0.0), 0.0),
    )
    fits = {power: _fit_pairs(found, replace(model, behind=power)) for power in behind}
    best = min(fits, key=lambda power: fits[power].loss)
    return replace(model, behind=best, sharpness=fits[best].sharpness, lexicon=fits[best].lexicon)


def _counts(lines: Sequence[Example]) -> Floats:
    """By what they save, each corpus and number of readings alike."""
    kinds = [(example.setting.corpus, len(example.setting.expected)) for example in lines]
    totals: dict[tuple[str, int], float] = defaultdict(float)
    for kind, example in zip(kinds, lines, strict=True):
        totals[kind] += abs(example.saved)
    sizes = Counter(corpus for corpus, _ in totals)
    return np.array(
        [
            abs(example.saved) / totals[kind] / sizes[kind[0]]
            for kind, example in zip(kinds, lines, strict=True)
        ]
    )


@dataclass(frozen=True)
class _Pairs:
    """How pairs of candidates are told apart; ``loss`` is the mean logarithm of how unlikely that was."""

    sharpness: float
    lexicon: float
    loss: float


def _fit_pairs(found: Sequence[Example], model: VoterModel) -> _Pairs:
    """How much odds, and being a word, tell of which of two candidates is nearer to the truth."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss

    differences, counts = [], []
    for example in found:
        method = example.setting.method(model)
        for place, cell in enumerate(example.line.cells):
            if cell.agreed:
                continue
            scores = method.choose(cell, example.line, example.voters, 0.0).scores
            distances = {text: example.distance(place, text) for text in scores}
            for one, other in itertools.combinations(scores, 2):
                if nearer := distances[other] - distances[one]:
                    sign = 1.0 if nearer > 0 else -1.0
                    odds = float(np.log(max(scores[one], 1e-12) / max(scores[other], 1e-12)))
                    word, none = (float(method.lexicon.standing(text) > 0) for text in (one, other))
                    differences.append((sign * odds, sign * (word - none)))
                    counts.append(min(abs(nearer), _MOST_SAVED))
    if not differences:
        return _Pairs(1.0, 0.0, 0.0)
    # Of two candidates in the other order the opposite is true.
    matrix = np.vstack([differences, -np.array(differences)])
    right, weights = np.repeat([1, 0], len(differences)), np.tile(counts, 2)
    fit = LogisticRegression(fit_intercept=False, C=_C).fit(matrix, right, sample_weight=weights)
    sharpness = float(np.clip(fit.coef_[0, 0], *_SHARPNESS))
    lexicon = float(np.clip(fit.coef_[0, 1] / sharpness, 0.0, _MOST_LEXICON))
    summed = sharpness * (matrix[:, 0] + lexicon * matrix[:, 1])
    loss = log_loss(right, 1 / (1 + np.exp(-summed)), sample_weight=weights)
    return _Pairs(round(sharpness, 5), round(lexicon, 5), float(loss))


def _chosen_unseen(groups: Mapping[str, Sequence[Example]], behind: float) -> Iterator[_Chosen]:
    """What models of other groups choose."""
    names = list(groups)
    for number in range(min(_FOLDS, len(names))):
        held = names[number::_FOLDS]
        rest = [example for name in names if name not in held for example in groups[name]]
        if not _differing(rest):
            continue
        model = _fitted(rest, [behind])
        for example in itertools.chain.from_iterable(groups[name] for name in held):
            method = example.setting.method(model)
            there = method.there(example.line, example.voters)
            for place, cell in enumerate(example.line.cells):
                choice = None if there < 0 else method.choose(cell, example.line, example.voters, there)
                yield _Chosen(example, place, choice)


def _fit_certainty(chosen: Sequence[_Chosen]) -> Linear:
    made = [(one, one.choice) for one in chosen if one.choice is not None and one.choice.text]
    matrix = np.array([seen for _, choice in made for seen in choice.seen])
    right = np.array([right for one, choice in made for right in one.example.right(one.place, choice.text)])
    if right.all() or not right.any():
        raise CallError("every choice was right, or none", "give pages that are harder, or easier, to read")
    return _fit_linear(CERTAINTY_NAMES, matrix, right, np.ones(len(right)))


def _fit_linear(names: Sequence[str], matrix: Floats, right: NDArray[np.bool_], counts: Floats) -> Linear:
    """By logistic regression."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    if not len(right) or right.all() or not right.any():
        # Nothing tells the two apart: all are what they have been.
        return Linear(dict.fromkeys(names, 0.0), 8.0 if len(right) and right.all() else 0.0)
    scaler = StandardScaler().fit(matrix)
    model = LogisticRegression(C=_C, max_iter=2000)
    model.fit(scaler.transform(matrix), right, sample_weight=counts / counts.mean())
    weights = model.coef_[0] / scaler.scale_
    intercept = float(model.intercept_[0] - weights @ scaler.mean_)
    return Linear(dict(zip(names, weights.round(5).tolist(), strict=True)), round(intercept, 5))
