"""Lines of several readings matched: which words of each stand on the same line of the page.

Where words have places, these decide, so that readings in different orders, cut differently into lines, or
with parts missing meet all the same. A reading without places is matched by its text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.ensemble.fragments import Fragments
from ocr_plugins.ensemble.network import Alignment
from ocr_plugins.layout import runs_left
from ocr_plugins.rows import level, skew, typical_height
from ocr_plugins.textlines import Boxes, heights_of

Places = NDArray[np.int64]

# A word is on a line when their middles are so much of their mean height apart at most, down the page,
_LEVEL = 0.6
# and when it lies at most so many heights of the line beyond its ends, across it.
_BEYOND = 1.5


@dataclass(eq=False)
class Slot:
    """One line of the page: for each reading the places of its words there, in order.

    ``line`` is the number of the line in the reading ``owner``, whose order it has. Words of a script that
    runs from right to left are in that order.
    """

    owner: int
    line: int
    words: list[list[int]] = field(default_factory=list)


def match_lines(readings: Sequence[Fragments], order: Sequence[int]) -> list[Slot]:
    """The lines of all readings, each word in one of them.

    Args:
        readings: the words of each.
        order: the readings' places, the first the one whose lines and order the page gets. What lines it
            lacks are taken from the next, and stand behind what they come after there.
    """
    # Places alone are matched here: a reading without any is aligned by its text.
    boxes = [one.boxes for one in readings]
    angle = _skew_of([boxes[at] for at in order])
    boxes = [level(one, angle) for one in boxes]
    homes: list[Places] = [np.full(len(one.words), -1) for one in readings]
    slots: list[Slot] = []
    sequence: list[int] = []
    for owner in order:
        fragments = readings[owner]
        fresh = np.flatnonzero((homes[owner] < 0) & np.isfinite(boxes[owner]).all(axis=1))
        if not len(fresh):
            continue
        first = len(slots)
        lines = list(dict.fromkeys(fragments.lines[fresh].tolist()))
        for line in lines:
            homes[owner][fresh[fragments.lines[fresh] == line]] = len(slots)
            slots.append(Slot(owner, line))
        bands = [_Band.of(boxes[owner][homes[owner] == home]) for home in range(first, len(slots))]
        for other in range(len(readings)):
            if other != owner:
                _settle(boxes[other], homes[other], bands, first)
        _insert(sequence, slots, first, fragments, homes[owner])
    from_right = runs_left("".join(word.text for word in readings[order[0]].words)) if order else False
    ways = [
        _runs_left(readings[slot.owner], homes[slot.owner] == number, from_right)
        for number, slot in enumerate(slots)
    ]
    for home, fragments, places in zip(homes, readings, boxes, strict=True):
        _follow(home)
        _fill(slots, home, fragments, places, ways)
    return [slots[at] for at in sequence]


def match_texts(slots: list[Slot], readings: Sequence[Fragments], order: Sequence[int]) -> None:
    """Adds to the lines the words of the readings that tell no places, by aligning whole texts.

    Where no reading tells places, the lines are those of the first in ``order``.
    """
    unplaced = [at for at in order if len(readings[at].words) and not readings[at].placed]
    if unplaced and not slots:
        slots.extend(_lines_of(unplaced[0], readings))
        unplaced = unplaced[1:]
    if not unplaced:
        return
    words = [[readings[slot.owner].words[at].text for at in slot.words[slot.owner]] for slot in slots]
    lines = [" ".join(texts) for texts in words]
    base = " ".join(lines)
    ends = np.cumsum([len(line) + 1 for line in lines])
    for at in unplaced:
        texts = [word.text for word in readings[at].words]
        starts = np.cumsum([0, *(len(text) + 1 for text in texts[:-1])])
        # For each cluster of this text, the one of the base that it stands for or is inserted before.
        mirrored = Alignment.of(" ".join(texts), base)
        homes = np.searchsorted(ends, mirrored.at[starts], side="right")
        for place, home in enumerate(np.minimum(homes, len(slots) - 1).tolist()):
            slots[home].words[at].append(place)


def _lines_of(owner: int, readings: Sequence[Fragments]) -> Iterator[Slot]:
    fragments = readings[owner]
    for line in dict.fromkeys(fragments.lines.tolist()):
        slot = Slot(owner, line, [[] for _ in readings])
        slot.words[owner] = np.flatnonzero(fragments.lines == line).tolist()
        yield slot


def _skew_of(boxes: Sequence[Boxes]) -> float:
    for one in boxes:
        known = one[np.isfinite(one).all(axis=1)]
        if len(known):
            return skew(known)
    return 0.0


@dataclass(frozen=True, eq=False)
class _Band:
    """A line: its ends, the typical height of its words, and their middles, (n,) from left to right."""

    x0: float
    x1: float
    height: float
    across: NDArray[np.float64]
    down: NDArray[np.float64]

    @classmethod
    def of(cls, mine: Boxes) -> _Band:
        middles = (mine[:, :2] + mine[:, 2:]) / 2
        order = np.argsort(middles[:, 0], kind="stable")
        across, down = middles[order].T
        return cls(float(mine[:, 0].min()), float(mine[:, 2].max()), typical_height(mine), across, down)

    def cost(self, boxes: Boxes) -> NDArray[np.float64]:
        """(n,) how badly words fit this line, infinite for those that are not on it."""
        x, y = ((boxes[:, :2] + boxes[:, 2:]) / 2).T
        # Boxes of skewed lines are high, so their middles count more than their edges; and where the line
        # bends, only what is near tells how high it is there.
        height = np.maximum((heights_of(boxes) + self.height) / 2, 1e-6)
        off = np.abs(y - np.interp(x, self.across, self.down)) / height
        beyond = np.maximum(np.maximum(self.x0 - x, x - self.x1), 0) / max(self.height, 1e-6)
        # A little off the level is nearer than far beyond the end of another line on it.
        return np.where((off <= _LEVEL) & (beyond <= _BEYOND), off + beyond, np.inf)


def _settle(boxes: Boxes, homes: Places, bands: Sequence[_Band], first: int) -> None:
    """Gives each homeless word the line that it is on, if there is one."""
    free = np.flatnonzero((homes < 0) & np.isfinite(boxes).all(axis=1))
    if not len(free):
        return
    cost = np.stack([band.cost(boxes[free]) for band in bands], axis=1)
    best = cost.argmin(axis=1)
    known = np.isfinite(cost[np.arange(len(free)), best])
    homes[free[known]] = first + best[known]


def _insert(sequence: list[int], slots: list[Slot], first: int, fragments: Fragments, homes: Places) -> None:
    """Puts the slots from ``first`` on into the order, each behind the line that its owner has before it."""
    if not sequence:
        sequence.extend(range(first, len(slots)))
        return
    ranks = {slot: rank for rank, slot in enumerate(sequence)}
    behind: dict[int, list[int]] = {}
    anchor = -1
    seen: set[int] = set()
    for place in range(len(fragments.words)):
        home = int(homes[place])
        if home in ranks:
            anchor = home
        elif home >= first and home not in seen:
            seen.add(home)
            behind.setdefault(anchor, []).append(home)
    merged = list(behind.get(-1, []))
    for slot in sequence:
        merged.append(slot)
        merged.extend(behind.get(slot, []))
    sequence[:] = merged


def _follow(homes: Places) -> None:
    """Words without a place stay behind the one before them, in a reading that places others."""
    known = np.flatnonzero(homes >= 0)
    if len(known):
        before = np.maximum(np.searchsorted(known, np.arange(len(homes)), side="right") - 1, 0)
        homes[:] = homes[known[before]]


def _runs_left(owner: Fragments, mine: NDArray[np.bool_], usual: bool) -> bool:
    """Whether a line runs from right to left, by the words of its owner; as usual where it has no letters."""
    text = "".join(owner.words[place].text for place in np.flatnonzero(mine).tolist())
    return runs_left(text) if any(map(str.isalpha, text)) else usual


def _fill(
    slots: Sequence[Slot], homes: Places, fragments: Fragments, boxes: Boxes, ways: Sequence[bool]
) -> None:
    """Gives the slots a reading's words: parts of its lines across the page, each in its own order.

    ``ways`` tells of each slot whether it runs from right to left.
    """
    parts: dict[tuple[int, int], list[int]] = {}
    for place in np.flatnonzero(homes >= 0).tolist():
        parts.setdefault((int(homes[place]), int(fragments.lines[place])), []).append(place)
    found: dict[int, list[tuple[float, list[int]]]] = {}
    for (home, _), part in parts.items():
        edges = -boxes[part, 2] if ways[home] else boxes[part, 0]
        # What has no place comes last.
        edge = min((float(x) for x in edges if np.isfinite(x)), default=np.inf)
        found.setdefault(home, []).append((edge, part))
    for number, slot in enumerate(slots):
        ordered = sorted(found.get(number, []))
        slot.words.append([place for _, part in ordered for place in part])
