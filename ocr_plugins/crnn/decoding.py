"""From the network's probabilities to words: CTC decoding, greedy or by beam search.

CTC (Graves et al., "Connectionist Temporal Classification", ICML 2006) gives each step of a line a
probability for each character and for the blank, class 0; equal classes side by side are one character.
Greedy decoding takes the best class of each step. Prefix beam search (Hannun et al., "First-Pass Large
Vocabulary Continuous Speech Recognition using Bi-Directional Recurrent DNNs", 2014) sums over the
alignments of each text, and weighs texts by a language model where it is given one.

A word's confidence is the probability of its characters in the steps between the spaces around it,
summed over all alignments (CTC's forward algorithm): what the network itself holds the chance of the
whole word to be. A mean over the characters would hide one bad letter in a long word. Alternatives
are the other texts that a beam search over the same steps finds, with the same probability.

Imports nothing but the standard library and NumPy: workers load it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

#: (steps, classes), logarithms of probabilities; class 0 is the blank.
LogProbs = NDArray[np.float32]

# Classes below this probability are not looked at in a step.
_LEAST = 1e-3
# And of the others so many at most.
_MOST_CLASSES = 8
# No blank is held to be less probable; where it has as much as this, other classes may have nothing.
_IMPOSSIBLE, _POSSIBLE = 1e-12, 0.5
# Words that are surer than this get no alternatives; texts less probable than that are none.
_SURE, _LIKELY = 0.995, 0.002
_ALTERNATIVES = 3
_ALTERNATIVES_BEAM = 6
_BLANK = 0
# What goes on with a text for so little is not looked at.
_NEGLIGIBLE = 1e-9


class CharacterModel(Protocol):
    """What beam search asks of a language model."""

    def score(self, text: str, character: str) -> float:
        """The logarithm of the probability of ``character`` after ``text``."""
        ...


@dataclass(frozen=True, slots=True)
class Character:
    """One character and the steps it was read in, from ``start`` to ``stop`` - 1."""

    text: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class DecodedWord:
    """A word between spaces.

    ``start`` and ``stop`` are steps, fractions included: half-way through the spaces around the word.
    ``confidence`` and the alternatives' probabilities lie in [0, 1], see the module's docstring;
    alternatives are the likeliest first, without the word itself.
    """

    text: str
    start: float
    stop: float
    confidence: float
    alternatives: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Decoder:
    """How probabilities become text.

    Args:
        alphabet: character i has class i + 1.
        beam: texts kept while searching; 1 is greedy.
        model: weighs texts in beam search; None trusts the network alone.
        weight: the power that the model's probabilities are raised to, from 0 up.
        bonus: added to the logarithm of a text's probability for each character, against the
            model's liking for short texts.
        attention: each step is a character, up to the first of class 0; ``beam`` and ``model`` do nothing.
            Words then have no place in the line, and ``start`` and ``stop`` count characters.
    """

    alphabet: Sequence[str]
    beam: int = 1
    model: CharacterModel | None = None
    weight: float = 0.3
    bonus: float = 0.6
    attention: bool = False

    def words(self, log_probs: LogProbs) -> list[DecodedWord]:
        """The words of a line, left to right. Raises ValueError where there are other classes."""
        if log_probs.ndim != 2 or log_probs.shape[1] != len(self.alphabet) + 1:
            raise ValueError(f"{len(self.alphabet) + 1} classes are expected, got {log_probs.shape}")
        if not len(log_probs):
            return []
        if self.attention:
            return self._written(log_probs)
        characters = self._characters(log_probs)
        return [self._word(log_probs, span) for span in _word_spans(characters, len(log_probs))]

    def _written(self, log_probs: LogProbs) -> list[DecodedWord]:
        """The words of an attention decoder, whose confidence is the product of their characters'."""
        best = np.argmax(log_probs, axis=1)
        ends = np.flatnonzero(best == _BLANK)
        length = int(ends[0]) if len(ends) else len(best)
        text = "".join(self.alphabet[label - 1] for label in best[:length].tolist())
        sure = log_probs[np.arange(length), best[:length]]
        return [
            DecodedWord(
                word.group(),
                word.start(),
                word.end(),
                math.exp(min(float(sure[slice(*word.span())].sum()), 0.0)),
            )
            for word in re.finditer(r"[^ ]+", text)
        ]

    def _characters(self, log_probs: LogProbs) -> list[Character]:
        if self.beam <= 1:
            runs = greedy(log_probs)
        else:
            classes, _ = beam_search(log_probs, self.beam, self._scorer())[0]
            runs = aligned(log_probs, classes)
        return [Character(self.alphabet[label - 1], start, stop) for label, start, stop in runs]

    def _scorer(self) -> _Scorer | None:
        if self.model is None or not self.weight:
            return None
        return _Scorer(self.alphabet, self.model, self.weight, self.bonus)

    def _word(self, log_probs: LogProbs, span: _Span) -> DecodedWord:
        text = "".join(character.text for character in span.characters)
        window = self._window(log_probs, span)
        confidence = probability(window, [self.alphabet.index(mark) + 1 for mark in text])
        alternatives: tuple[tuple[str, float], ...] = ()
        if confidence < _SURE:
            alternatives = tuple(self._others(window, text))
        return DecodedWord(text, span.low, span.high, confidence, alternatives)

    def _window(self, log_probs: LogProbs, span: _Span) -> LogProbs:
        """The steps of a word; in those before and after its characters a space says as much as a blank."""
        window = log_probs[span.first : span.after].copy()
        if " " in self.alphabet:
            space = self.alphabet.index(" ") + 1
            before, after = (
                span.characters[0].start - span.first,
                span.characters[-1].stop - span.first,
            )
            for part in (window[:before], window[after:]):
                part[:, _BLANK] = np.logaddexp(part[:, _BLANK], part[:, space])
                part[:, space] = -np.inf
        return window

    def _others(self, window: LogProbs, text: str) -> Iterator[tuple[str, float]]:
        count = 0
        for classes, score in beam_search(window, _ALTERNATIVES_BEAM):
            other = "".join(self.alphabet[label - 1] for label in classes).strip()
            likelihood = min(math.exp(score), 1.0)
            if other and other != text and likelihood >= _LIKELY and count < _ALTERNATIVES:
                count += 1
                yield other, likelihood


def greedy(log_probs: LogProbs) -> list[tuple[int, int, int]]:
    """(class, first step, step after the last) of each character on the best path."""
    best = np.argmax(log_probs, axis=1)
    starts = np.flatnonzero(np.diff(best, prepend=-1))
    stops = np.append(starts[1:], len(best))
    labels = best[starts]
    return [
        (label, start, stop)
        for label, start, stop in zip(labels.tolist(), starts.tolist(), stops.tolist(), strict=True)
        if label != _BLANK
    ]


class _Scorer:
    """What a language model adds to a prefix's logarithm, by class."""

    def __init__(self, alphabet: Sequence[str], model: CharacterModel, weight: float, bonus: float) -> None:
        self._alphabet, self._model = alphabet, model
        self._weight, self._bonus = weight, bonus

    def __call__(self, text: str, label: int) -> tuple[str, float]:
        """The text that goes on with the class, and what that adds."""
        character = self._alphabet[label - 1]
        return text + character, self._weight * self._model.score(text, character) + self._bonus


@dataclass(slots=True, eq=False)
class _Prefix:
    """One text of the beam: probabilities of its alignments that end in a blank, and in its last class."""

    parent: _Prefix | None
    label: int
    text: str
    prior: float
    blank: float = 0.0
    last: float = 0.0
    next_blank: float = 0.0
    next_last: float = 0.0
    children: dict[int, _Prefix] | None = None

    def child(self, label: int, scorer: _Scorer | None) -> _Prefix:
        if self.children is None:
            self.children = {}
        found = self.children.get(label)
        if found is None:
            text, added = scorer(self.text, label) if scorer else ("", 0.0)
            found = self.children[label] = _Prefix(self, label, text, self.prior + added)
        return found

    def classes(self) -> list[int]:
        found: list[int] = []
        node: _Prefix | None = self
        while node is not None and node.parent is not None:
            found.append(node.label)
            node = node.parent
        return found[::-1]


def beam_search(
    log_probs: LogProbs, beam: int, scorer: _Scorer | None = None
) -> list[tuple[list[int], float]]:
    """The likeliest texts as classes, best first, each with the logarithm of its probability.

    The order is that with the language model's share; the probability is the network's alone, summed
    over the alignments that the beam has kept.
    """
    kept = [_Prefix(None, _BLANK, "", 0.0, blank=1.0)]
    scale = 0.0  # logarithm of what all probabilities were divided by
    for blank, classes in _steps(log_probs):
        touched = _step(kept, blank, classes, scorer) if classes else kept
        total = 0.0
        if classes:
            for prefix in touched:
                prefix.blank, prefix.last = prefix.next_blank, prefix.next_last
                prefix.next_blank = prefix.next_last = 0.0
                total += prefix.blank + prefix.last
        else:
            for prefix in kept:
                prefix.blank, prefix.last = (prefix.blank + prefix.last) * blank, 0.0
                total += prefix.blank
        scale += math.log(total)
        for prefix in touched:
            prefix.blank /= total
            prefix.last /= total
        kept = _best(touched, beam, scorer) if len(touched) > beam else touched
    return [
        (prefix.classes(), math.log(prefix.blank + prefix.last) + scale)
        for prefix in _best(kept, beam, scorer)
        if prefix.blank + prefix.last > 0
    ]


def _steps(log_probs: LogProbs) -> Iterator[tuple[float, list[tuple[int, float]]]]:
    """Of each step the blank's probability, and the classes worth a look with theirs.

    Steps one after the other in which nothing but the blank is are one.
    """
    probs = np.exp(log_probs.astype(np.float64))
    blanks = np.maximum(probs[:, _BLANK], _IMPOSSIBLE)
    probs[:, _BLANK] = 0.0
    most = min(_MOST_CLASSES, probs.shape[1])
    best = np.argpartition(probs, -most, axis=1)[:, -most:]
    chances = np.take_along_axis(probs, best, axis=1)
    # The best is looked at however little it has, or the search would end where the blank is impossible.
    least = np.where(blanks >= _POSSIBLE, _LEAST, np.minimum(chances.max(axis=1), _LEAST))
    together, waiting = 1.0, False
    for blank, labels, row, low in zip(
        blanks.tolist(), best.tolist(), chances.tolist(), least.tolist(), strict=True
    ):
        classes = [(label, chance) for label, chance in zip(labels, row, strict=True) if chance >= low > 0]
        if not classes and together * blank > _IMPOSSIBLE:
            together, waiting = together * blank, True
            continue
        if waiting:
            yield together, []
            together, waiting = 1.0, False
        yield blank, classes
    if waiting:
        yield together, []


def _step(
    kept: list[_Prefix], blank: float, classes: list[tuple[int, float]], scorer: _Scorer | None
) -> list[_Prefix]:
    """One step of the search: all texts that come of those kept."""
    touched = list(kept)
    known = set(map(id, kept))
    heads = []
    for prefix in kept:
        both = prefix.blank + prefix.last
        prefix.next_blank += both * blank
        heads.append((prefix, both, prefix.label if prefix.parent is not None else None))
    for label, chance in classes:
        for prefix, both, end in heads:
            if end == label:
                prefix.next_last += prefix.last * chance
                both = prefix.blank
            if both * chance < _NEGLIGIBLE:
                continue
            child = prefix.child(label, scorer)
            child.next_last += both * chance
            if id(child) not in known:
                known.add(id(child))
                touched.append(child)
    return touched


def _best(prefixes: list[_Prefix], beam: int, scorer: _Scorer | None) -> list[_Prefix]:
    def rank(prefix: _Prefix) -> float:
        sure = prefix.blank + prefix.last
        return math.log(sure + 1e-300) + prefix.prior if scorer else sure

    best = sorted(prefixes, key=rank, reverse=True)
    for dropped in best[beam:]:
        # It may be reached again, from a parent that stays.
        dropped.blank = dropped.last = 0.0
    return best[:beam]


def aligned(log_probs: LogProbs, classes: Sequence[int]) -> list[tuple[int, int, int]]:
    """(class, first step, step after the last) of each class on its likeliest alignment (Viterbi).

    Raises:
        ValueError: there are fewer steps than the classes need.
    """
    if not classes:
        return []
    labels, skips = _states(classes)
    emit = log_probs[:, labels].astype(np.float64)
    score = np.full(len(labels), -np.inf)
    score[:2] = emit[0, :2]
    moves = np.zeros((len(emit), len(labels)), np.int8)
    for step in range(1, len(emit)):
        options = _options(score, skips)
        moves[step] = np.argmax(options, axis=0)
        score = np.max(options, axis=0) + emit[step]
    state = len(labels) - 1 if score[-1] >= score[-2] else len(labels) - 2
    if not np.isfinite(score[state]):
        raise ValueError(f"{len(classes)} characters do not fit into {len(emit)} steps")
    path = np.empty(len(emit), np.int64)
    for step in range(len(emit) - 1, -1, -1):
        path[step] = state
        state -= int(moves[step, state])
    found = []
    for place, label in enumerate(classes):
        steps = np.flatnonzero(path == 2 * place + 1)
        found.append((int(label), int(steps[0]), int(steps[-1]) + 1))
    return found


def probability(log_probs: LogProbs, classes: Sequence[int]) -> float:
    """The probability of exactly these classes in all steps, summed over the alignments."""
    labels, skips = _states(classes)
    # Lists: words have few states, of which NumPy would make as many calls a step.
    first, *rows = np.exp(log_probs[:, labels].astype(np.float64)).tolist()
    leaps = [float(skip) for skip in skips.tolist()]
    chance: list[float] = [*first[:2], *(0.0 for _ in first[2:])]
    for row in rows:
        chance = [
            (stay + one + two * leap) * emit
            for stay, one, two, leap, emit in zip(
                chance, [0.0, *chance], [0.0, 0.0, *chance], leaps, row, strict=False
            )
        ]
    return min(sum(chance[-2:]), 1.0)


def _states(classes: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The classes with blanks around each, and where the blank before a class may be left out."""
    labels = np.full(2 * len(classes) + 1, _BLANK, np.int64)
    labels[1::2] = classes
    skips = np.zeros(len(labels), bool)
    skips[3::2] = labels[3::2] != labels[1:-2:2]
    return labels, skips


def _options(score: NDArray[np.float64], skips: NDArray[np.bool_]) -> Any:
    """(3, states): the best score of staying, of the step before, and of leaving out a blank."""
    options = np.full((3, len(score)), -np.inf)
    options[0] = score
    options[1, 1:] = score[:-1]
    options[2, 2:] = np.where(skips[2:], score[:-2], -np.inf)
    return options


@dataclass(frozen=True, slots=True)
class _Span:
    """A word's characters; the middles of the spaces around it; its steps between them."""

    characters: list[Character]
    low: float
    high: float
    first: int
    after: int


def _word_spans(characters: list[Character], steps: int) -> Iterator[_Span]:
    low, first, word = 0.0, 0, list[Character]()
    for character in characters:
        if character.text != " ":
            word.append(character)
            continue
        middle = (character.start + character.stop) / 2
        if word:
            yield _Span(word, low, middle, first, character.start)
        low, first, word = middle, character.stop, []
    if word:
        yield _Span(word, low, float(steps), first, steps)
