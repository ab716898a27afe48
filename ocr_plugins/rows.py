"""Boxes joined to visual rows: the page's skew, and which box stands beside which.

Imports nothing but the standard library and NumPy: workers load it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.textlines import Boxes

Places = NDArray[np.int64]
#: Places of boxes, row by row, each from left to right.
Rows = list[list[int]]

_SHARED = 0.5  # of the lesser height: boxes of one row have this in common
_SHARED_LITTLE = 0.25  # or this, where they have no other neighbours and are near
_NEAR = 4.0  # typical heights
_TURNS = 3
_OFF = 4.0  # a neighbour that stands higher or lower by one is as far as one that is so much further away
_OVERLAP = 0.5  # of the lesser width: boxes of one row overlap by less
_STEEPEST = 0.35  # radians; neighbours at steeper slopes are on different lines


def skew(boxes: Boxes) -> float:
    """The angle by which rows run down to the right, in radians.

    The median over the rows, by their length, of the slope of the line through their boxes' middles.
    """
    left, right = linked(boxes)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    slopes, lengths = [], []
    for chain in chained(np.arange(len(boxes)), left, right):
        x, y = (middle[chain] - middle[chain].mean(axis=0)).T
        spread = float(x @ x)
        if len(chain) > 1 and spread > 0 and abs(slope := float(x @ y) / spread) < _STEEPEST:
            slopes.append(slope)
            lengths.append(float(np.ptp(x)))
    return float(np.arctan(weighted_median(np.array(slopes), np.array(lengths)))) if slopes else 0.0


def level(boxes: Boxes, angle: float) -> Boxes:
    """The boxes as they are when the page is turned by -``angle`` radians."""
    if not angle:
        return boxes
    sine, cosine = np.sin(angle), np.cos(angle)
    x, y = (boxes[:, :2] + boxes[:, 2:]).T / 2
    middle = np.stack([x * cosine + y * sine, y * cosine - x * sine], axis=1)
    width, height = (boxes[:, 2:] - boxes[:, :2]).T
    # The box of a slanted word is higher than the word.
    lesser = np.maximum(height - width * abs(sine), height / 2)
    half = np.stack([width, lesser], axis=1) / 2
    return np.concatenate([middle - half, middle + half], axis=1)


def weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(total, total[-1] / 2)]])


def typical_height(boxes: Boxes) -> float:
    """The height that half of the boxes' total width stays below, above 0."""
    width, height = (boxes[:, 2:] - boxes[:, :2]).T
    return max(weighted_median(height, np.maximum(width, 1e-6)), 1e-6)


def linked(boxes: Boxes, joined: Sequence[tuple[int, int]] = ()) -> tuple[Places, Places]:
    """Pairs of neighbours on one row, as the places of the left and of the right ones.

    Each is the other's nearest on that side, so no box is in two rows. What shares little of its height
    is joined where all else is: what was typed on a form's lines seldom stands on their level.
    """
    known = np.array(joined, np.int64).reshape(-1, 2)
    left, right = known[:, 0], known[:, 1]
    one, other, shared = beside(boxes)
    gap = boxes[other, 0] - boxes[one, 2]
    near = gap < _NEAR * typical_height(boxes)
    # Of the rows that a high box stands beside, it goes with the one on its level.
    middle = (boxes[:, 1] + boxes[:, 3]) / 2
    cost = np.abs(gap) + _OFF * np.abs(middle[other] - middle[one])
    for usable in (shared >= _SHARED, near):
        # What was another's choice, which chose a third, is open to the next in turn.
        for _ in range(_TURNS):
            ends = np.flatnonzero(usable & ~np.isin(one, left) & ~np.isin(other, right))
            mutual = np.intersect1d(
                ends[_nearest(one[ends], cost[ends])], ends[_nearest(other[ends], cost[ends])]
            )
            left, right = np.concatenate([left, one[mutual]]), np.concatenate([right, other[mutual]])
    return left, right


def chained(places: Places, left: Places, right: Places) -> Rows:
    """The places in rows, each from left to right, as far as the links from left to right go."""
    follower = dict(zip(left.tolist(), right.tolist(), strict=True))
    followed = set(follower.values())
    chains = []
    for start in places.tolist():
        if start not in followed:
            chain = [start]
            while (following := follower.get(chain[-1])) is not None:
                chain.append(following)
            chains.append(chain)
    return chains


def beside(boxes: Boxes) -> tuple[Places, Places, NDArray[np.float64]]:
    """All pairs of boxes that stand beside each other, left and right, and what they share of the height."""
    order = np.argsort(boxes[:, 1], kind="stable")
    top = boxes[order, 1]
    # Of the boxes that begin lower, those that begin before this one ends.
    counts = np.maximum(np.searchsorted(top, boxes[order, 3]) - np.arange(len(order)) - 1, 0)
    first = np.repeat(np.arange(len(order)), counts)
    step = np.arange(len(first)) - np.repeat(np.cumsum(counts) - counts, counts)
    one, other = order[first], order[first + 1 + step]
    centre = boxes[:, 0] + boxes[:, 2]
    swap = (centre[one] > centre[other]) | ((centre[one] == centre[other]) & (one > other))
    one, other = np.where(swap, other, one), np.where(swap, one, other)
    x0, y0, x1, y1 = boxes.T
    lesser = np.maximum(np.minimum(y1[one] - y0[one], y1[other] - y0[other]), 1e-6)
    shared = (np.minimum(y1[one], y1[other]) - np.maximum(y0[one], y0[other])) / lesser
    narrower = np.minimum(x1[one] - x0[one], x1[other] - x0[other])
    near = (shared >= _SHARED_LITTLE) & (x1[one] - x0[other] <= _OVERLAP * narrower)
    return one[near], other[near], shared[near]


def _nearest(places: Places, cost: NDArray[np.float64]) -> Places:
    """For each place that occurs, the index of its pair with the least cost."""
    order = np.lexsort((cost, places))
    _, first = np.unique(places[order], return_index=True)
    return order[first]
