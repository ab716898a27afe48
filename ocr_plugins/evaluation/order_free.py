"""Character errors that do not depend on the reading order.

Where engines put columns, captions and cells in another order than the reference does, a
plain edit distance measures the order and not the recognition. The measure here follows the
flexible character accuracy of Clausner, Pletschacher and Antonacopoulos ("Flexible character
accuracy measure for reading-order-independent evaluation", Pattern Recognition Letters 131,
2020, 390-397): pieces of the reference are matched with the nearest pieces of the hypothesis,
wherever these stand; what is left of a matched line goes back among the pieces; what finds no
counterpart counts as deleted or inserted.

It differs from the paper in two ways. Instead of trying many sets of penalty coefficients it
accepts matches in bands of falling quality, so that a good match never loses its place to a
bad one; and it cuts lines only at word ends (anywhere in scripts written without spaces), so
that no error is hidden by cutting a word.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

import regex
from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein

# A band takes matches whose errors are fewer than one in so many characters; the last band
# takes whatever is cheaper than a deletion and an insertion.
_BANDS = (64.0, 8.0, 4.0, 2.0, 0.0)
# Matches of one round may want the same piece; the losers look again in the next. What is left
# after so many rounds of the last band has nothing in common with the other side.
_ROUNDS, _LAST_ROUNDS = 8, 2
# Pieces of the other side that are examined for each piece in one round; the rest has its turn
# in the next rounds.
_CANDIDATES = 6
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A run of words of one line, with the offsets at which it may be cut, both ends included."""

    text: str
    cuts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Match:
    gain: float
    errors: int
    reference: int
    hypothesis: int
    reference_span: tuple[int, int]
    hypothesis_span: tuple[int, int]


def order_free_errors(
    reference: Sequence[str],
    hypothesis: Sequence[str],
    *,
    spaces: bool = True,
    charge_insertions: bool = True,
) -> int:
    """Edit errors between two pages whose lines may stand in any order.

    Args:
        reference: lines, encoded together with those of the hypothesis (`graphemes.encode`),
            white space folded.
        hypothesis: the same of the other side.
        spaces: whether spaces count as characters; a piece without counterpart then costs one
            more than its length, for the space or line break beside it.
        charge_insertions: whether what only the hypothesis has counts as errors.

    Returns:
        The number of errors, at least 0. The order of the lines on either side makes no
        difference. It is a heuristic: an upper bound of the fewest errors over all ways to
        rearrange, which can exceed the plain edit distance; take the smaller of both.
    """
    pieces = [_pieces(reference, spaces), _pieces(hypothesis, spaces)]
    errors = 0
    cache: dict[tuple[_Piece, _Piece], tuple[int, tuple[int, int], tuple[int, int]]] = {}
    for band in _BANDS:
        for _ in range(_ROUNDS if band else _LAST_ROUNDS):
            if not all(pieces):
                break
            matches = _matches(pieces[0], pieces[1], band, cache)
            taken: tuple[dict[int, list[tuple[int, int]]], ...] = ({}, {})
            for match in matches:
                sides = (
                    (taken[0].setdefault(match.reference, []), match.reference_span),
                    (taken[1].setdefault(match.hypothesis, []), match.hypothesis_span),
                )
                if all(_is_free(spans, span) for spans, span in sides):
                    errors += match.errors
                    for spans, span in sides:
                        spans.append(span)
            if not matches:
                break
            pieces = [_rest(side, spans) for side, spans in zip(pieces, taken, strict=True)]
    return errors + _remaining_errors(pieces[0], pieces[1], 1 if spaces else 0, charge_insertions)


def _remaining_errors(
    reference: list[_Piece], hypothesis: list[_Piece], separator: int, charge_insertions: bool
) -> int:
    """Pieces without likeness replace each other, long for long; the rest is deleted or inserted."""
    if not charge_insertions:
        hypothesis = []
    pairs = zip_longest(
        sorted((piece.text for piece in reference), key=len, reverse=True),
        sorted((piece.text for piece in hypothesis), key=len, reverse=True),
    )
    return sum(
        Levenshtein.distance(first, second)
        if first is not None and second is not None
        else len(first or second) + separator
        for first, second in pairs
    )


def _pieces(lines: Sequence[str], spaces: bool) -> list[_Piece]:
    # Sorted, so that the same lines in another order go the same way.
    pieces = (_piece(line, spaces) for line in lines)
    return sorted((piece for piece in pieces if piece.text), key=_order)


def _order(piece: _Piece) -> tuple[str, tuple[int, ...]]:
    return piece.text, piece.cuts


def _piece(line: str, spaces: bool) -> _Piece:
    words = line.split()
    text = (" " if spaces else "").join(words)
    cuts = {0, len(text)}
    position = 0
    for word in words:
        cuts.update((position, position + len(word)))
        position += len(word) + spaces
    unspaced = [found.start() for found in _UNSPACED.finditer(text)]
    cuts.update(unspaced)
    cuts.update(index + 1 for index in unspaced)
    return _Piece(text, tuple(sorted(cuts)))


def _is_free(spans: list[tuple[int, int]], span: tuple[int, int]) -> bool:
    return all(span[1] <= start or end <= span[0] for start, end in spans)


def _rest(pieces: list[_Piece], taken: dict[int, list[tuple[int, int]]]) -> list[_Piece]:
    """The pieces with the taken spans cut out."""
    rest = []
    for index, piece in enumerate(pieces):
        if index not in taken or not taken[index]:
            rest.append(piece)
            continue
        start = 0
        for span_start, span_end in [*sorted(taken[index]), (len(piece.text), len(piece.text))]:
            left = piece.text[start:span_start]
            first = start + len(left) - len(left.lstrip(" "))
            last = start + len(left.rstrip(" "))
            if last > first:
                cuts = tuple(cut - first for cut in piece.cuts if first <= cut <= last)
                rest.append(_Piece(piece.text[first:last], cuts))
            start = span_end
    return sorted(rest, key=_order)


def _matches(
    reference: list[_Piece],
    hypothesis: list[_Piece],
    band: float,
    cache: dict[tuple[_Piece, _Piece], tuple[int, tuple[int, int], tuple[int, int]]],
) -> list[_Match]:
    """Possible matches good enough for the band, best first."""
    matches = []
    for i, j in _near_pairs(reference, hypothesis, band):
        first, second = reference[i], hypothesis[j]
        key = (first, second)
        if key not in cache:
            cache[key] = _compare(first, second)
        errors, span, other_span = cache[key]
        sizes = span[1] - span[0], other_span[1] - other_span[0]
        gain = max(sizes) - band * errors if band else sum(sizes) + 2 - errors
        if gain > 0 and min(sizes) > 0:
            matches.append(_Match(gain, errors, i, j, span, other_span))
    matches.sort(key=lambda match: (-match.gain, match.errors, match.reference, match.hypothesis))
    return matches


def _near_pairs(reference: list[_Piece], hypothesis: list[_Piece], band: float) -> list[tuple[int, int]]:
    """Pairs of indices worth a closer look: each piece with those of the other side that may hold it."""
    cutoff = max(0.0, 100 * (1 - 1.5 / band)) if band else 0.0
    pairs = _near(reference, hypothesis, cutoff)
    pairs.update((i, j) for j, i in _near(hypothesis, reference, cutoff))
    return sorted(pairs)


def _near(pieces: list[_Piece], others: list[_Piece], cutoff: float) -> set[tuple[int, int]]:
    # Only among pieces that are no shorter: a tiny piece is found in nearly every line, and a
    # few of them would crowd out the line's true counterpart.
    by_length = sorted(range(len(others)), key=lambda j: -len(others[j].text))
    texts = [others[j].text for j in by_length]
    lengths = [-len(text) for text in texts]
    pairs: set[tuple[int, int]] = set()
    for i, piece in enumerate(pieces):
        longer = texts[: bisect_right(lengths, -len(piece.text))]
        found = process.extract(
            piece.text, longer, scorer=fuzz.partial_ratio, limit=_CANDIDATES, score_cutoff=cutoff
        )
        pairs.update((i, by_length[rank]) for _, _, rank in found)
    return pairs


def _compare(first: _Piece, second: _Piece) -> tuple[int, tuple[int, int], tuple[int, int]]:
    """Errors and spans of the best match of the shorter piece within the longer one."""
    if len(first.text) > len(second.text):
        errors, span, other_span = _compare(second, first)
        return errors, other_span, span
    whole = (0, len(first.text))
    errors = Levenshtein.distance(first.text, second.text)
    best = (errors, whole, (0, len(second.text)))
    found = fuzz.partial_ratio_alignment(first.text, second.text)
    if found is None or best[0] == 0:
        return best
    starts = _neighbours(second.cuts, found.dest_start)
    ends = _neighbours(second.cuts, found.dest_end)
    # A wider window is worth its errors only if most of what it adds is matched: what stays
    # outside may still find its true counterpart.
    value = 2 * errors - len(second.text)
    for start in starts:
        for end in ends:
            window = second.text[start:end].rstrip(" ")
            if not window or window.startswith(" "):
                continue
            errors = Levenshtein.distance(first.text, window)
            if (2 * errors - len(window), errors) < (value, best[0]):
                value = 2 * errors - len(window)
                best = (errors, whole, (start, start + len(window)))
    return best


def _neighbours(cuts: tuple[int, ...], position: int) -> list[int]:
    """The nearest cuts at or before, and at or after the position."""
    before = max(cut for cut in cuts if cut <= position)
    after = min(cut for cut in cuts if cut >= position)
    return [before] if before == after else [before, after]
