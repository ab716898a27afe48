"""Fits the models of the learned vote on readings of pages with ground truth, with scikit-learn.

The first model is fitted on pairs of candidates of a cell: the difference of their features tells which is
nearer to the truth, and a pair counts by how many characters that saves. The second is fitted on what the
first chooses of pages that it has not seen.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.document import Page
from ocr_plugins.ensemble.alignment import AlignedLine, Cell
from ocr_plugins.ensemble.alphabets import Alphabet
from ocr_plugins.ensemble.features import NAMES, Described, Describer
from ocr_plugins.ensemble.learned import CERTAINTY_NAMES, VoterModel, certainty_features
from ocr_plugins.ensemble.oracle import truth_page
from ocr_plugins.ensemble.voters import Voters, choose_voters
from ocr_plugins.errors import CallError

Floats = NDArray[np.float64]

_FOLDS = 5
_LEAST_CELLS = 50
# A cell that one reading has wholly wrong counts no more than so many characters.
_MOST_SAVED = 8
_CHOICE_C, _CERTAINTY_C = 0.1, 1.0


@dataclass(frozen=True, eq=False)
class Example:
    """A cell with its truth.

    ``distances`` (candidates,) are the characters by which each is wrong, ``said`` the place of what each
    reading says among the candidates, by label.
    """

    described: Described
    said: Mapping[str, int]
    distances: Floats
    describer: Describer
    voters: Voters

    @property
    def telling(self) -> bool:
        """Whether one candidate is better than another."""
        return bool(self.distances.min() < self.distances.max())


def examples(
    readings: Mapping[str, Page],
    truth: str,
    describer: Describer,
    fold: Callable[[str], str] = str,
    alphabets: Mapping[str, Alphabet] | None = None,
    families: Mapping[str, str] | None = None,
) -> list[Example]:
    """The cells of a page, those on which all agree too.

    Args:
        readings: by label.
        truth: the page's ground truth.
        describer: describes the candidates.
        fold: how text is normalised before it is compared.
        alphabets: the characters that engines are bound to, by label.
        families: which engine each is of, by label.
    """
    from rapidfuzz.distance import Levenshtein

    voters = choose_voters(readings, alphabets, families)
    found = []
    # With the truth as one more reading, cells are where it says how each is to be read.
    for line in voters.align(truth_page(truth)):
        cells = tuple(_without_last(cell) for cell in line.cells)
        told = AlignedLine(line.owner, line.line, cells)
        for cell, whole in zip(cells, line.cells, strict=True):
            if not any(cell.strings):
                continue
            described = describer(cell, told, voters)
            wanted = fold(whole.strings[-1])
            distances = [float(Levenshtein.distance(fold(text), wanted)) for text in described.texts]
            said = {
                label: described.texts.index(text)
                for label, text in zip(voters.pages, cell.strings, strict=True)
            }
            found.append(Example(described, said, np.array(distances), describer, voters))
    return found


def _without_last(cell: Cell) -> Cell:
    return replace(
        cell,
        strings=cell.strings[:-1],
        spans=tuple(span[:-1] for span in cell.spans),
        words=cell.words[:-1],
    )


@dataclass(frozen=True, kw_only=True)
class FittedVoter:
    """A model, and the character errors of the places where candidates differ.

    ``errors`` are those of each reading by label, of pages that it is on; ``chosen`` those of models that had
    not seen the place's group, and ``least`` those of the best choices, both where all readings are.
    """

    model: VoterModel
    cells: int
    errors: Mapping[str, float]
    chosen: float
    least: float


def fit_voter(groups: Mapping[str, Sequence[Example]], about: Mapping[str, Any]) -> FittedVoter:
    """Both models.

    Args:
        groups: examples by what belongs together (a document); the second model is fitted on groups that
            the first has not seen.
        about: what the model rests on, to be kept with it.

    Raises:
        CallError: too few places where candidates differ, or too few groups.
    """
    cells = sum(example.telling for found in groups.values() for example in found)
    if cells < _LEAST_CELLS or len(groups) < 2:
        raise CallError(
            f"the readings differ in {cells} places of {len(groups)} documents with ground truth",
            f"give at least {_LEAST_CELLS} places in two documents",
        )
    choice = _fit_choice([example for found in groups.values() for example in found])
    chosen = list(_chosen_unseen(groups))
    certainty, intercept = _fit_certainty(chosen)
    counted = {"documents": len(groups), "cells": cells}
    model = VoterModel(choice=choice, certainty=certainty, intercept=intercept, about={**about, **counted})
    return FittedVoter(model=model, cells=cells, **_counted(chosen))


@dataclass(frozen=True, eq=False)
class _Chosen:
    """What a model chose in a place that it had not seen: a candidate's place, with what tells of it."""

    example: Example
    place: int
    seen: Sequence[float]


def _counted(chosen: Sequence[_Chosen]) -> dict[str, Any]:
    """The errors of each reading and of the choices, where all readings are."""
    most = max(len(one.example.said) for one in chosen)
    whole = [one for one in chosen if len(one.example.said) == most]
    errors: Counter[str] = Counter()
    for one in whole:
        for label, place in one.example.said.items():
            errors[label] += one.example.distances[place]
    return {
        "errors": {label: float(count) for label, count in errors.items()},
        "chosen": float(sum(one.example.distances[one.place] for one in whole)),
        "least": float(sum(one.example.distances.min() for one in whole)),
    }


def _fit_choice(found: Sequence[Example]) -> dict[str, float]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    rows, weights = [], []
    for example in found:
        features, distances = example.described.features, example.distances
        pairs = [
            (one, other)
            for one, other in itertools.permutations(range(len(distances)), 2)
            if distances[one] < distances[other]
        ]
        for one, other in pairs:
            rows.append(features[one] - features[other])
            weights.append(min(distances[other] - distances[one], _MOST_SAVED) / len(pairs))
    matrix = np.array(rows)
    # No intercept and no middle: of two candidates in the other order the opposite is true.
    scaler = StandardScaler(with_mean=False).fit(matrix)
    scaled = scaler.transform(matrix)
    model = LogisticRegression(fit_intercept=False, C=_CHOICE_C, max_iter=1000)
    model.fit(
        np.concatenate([scaled, -scaled]), np.repeat([1, 0], len(matrix)), sample_weight=np.tile(weights, 2)
    )
    return dict(zip(NAMES, (model.coef_[0] / scaler.scale_).round(5).tolist(), strict=True))


def _chosen_unseen(groups: Mapping[str, Sequence[Example]]) -> Iterator[_Chosen]:
    """What models of other groups choose."""
    names = list(groups)
    for number in range(min(_FOLDS, len(names))):
        held = names[number::_FOLDS]
        rest = [example for name in names if name not in held for example in groups[name]]
        if not any(example.telling for example in rest):
            continue
        choice = np.array(list(_fit_choice(rest).values()))
        for example in itertools.chain.from_iterable(groups[name] for name in held):
            scores = example.described.features @ choice
            seen = certainty_features(example.described, scores, example.describer, example.voters)
            yield _Chosen(example, int(np.argmax(scores)), seen)


def _fit_certainty(chosen: Sequence[_Chosen]) -> tuple[dict[str, float], float]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    matrix = np.array([one.seen for one in chosen])
    right = np.array([one.example.distances[one.place] == 0 for one in chosen])
    if right.all() or not right.any():
        raise CallError("every choice was right, or none", "give pages that are harder, or easier, to read")
    scaler = StandardScaler().fit(matrix)
    model = LogisticRegression(C=_CERTAINTY_C, max_iter=2000).fit(scaler.transform(matrix), right)
    weights = model.coef_[0] / scaler.scale_
    intercept = float(model.intercept_[0] - weights @ scaler.mean_)
    return dict(zip(CERTAINTY_NAMES, weights.round(5).tolist(), strict=True)), round(intercept, 5)
