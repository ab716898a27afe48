"""What Python and the browser share, as ``frontend/src/state.ts`` has it: a test compares the two.

Python writes views and pictures; the browser writes what people do and derives everything else: votes,
scores, differences. So the widget lives on where there is no kernel.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

#: x0, y0, x1, y1 in pixels of the page.
Box = tuple[float, float, float, float]
#: What is said in each reading, in the order of the voters; one string where all say the same.
Said = str | list[str]
Method = Literal["majority", "confidence", "learned"]
Stage = Literal["waiting", "starting", "reading", "done", "failed"]


class Engine(TypedDict):
    """One engine of the study.

    ``name`` is the engine's own, ``confident`` whether it says how sure it is, ``text`` all that it read,
    ``seconds`` what the page took, ``expected`` the error rate that is expected without ground truth as a
    fraction, ``error`` why it could not read, ``dropped`` why it has no say in votes though it read.
    """

    label: str
    name: str
    spec: str
    confident: bool
    text: str
    seconds: float | None
    expected: float | None
    error: str | None
    dropped: str | None


class Learned(TypedDict):
    """The learned vote of a cell: ``shares`` are candidates with their shares, best first."""

    text: str
    probability: float
    shares: list[tuple[str, float]]


class Cell(TypedDict):
    """A word, or as much of a line as lies between two spaces on which all readings agree.

    ``spans`` are the parts on which all agree and those on which they differ, left out where all agree.
    ``sure`` is how sure each engine is of its least sure word there, 0 to 1, None where it has none, and
    ``right`` the same as a probability, None where nobody has measured that. ``quiet`` are the places of the
    readings that cannot tell between what others say. ``truth`` are the first of the pieces of the ground
    truth that stand here and how many.
    """

    id: str
    box: Box | None
    said: Said
    spans: NotRequired[list[Said]]
    sure: list[float | None]
    right: list[float | None]
    quiet: NotRequired[list[int]]
    truth: tuple[int, int] | None
    learned: Learned


class View(TypedDict):
    """One page as all engines read it.

    ``key`` is a hash of the page's pixels, to which corrections belong. ``voters`` are the labels of the
    readings in the cells, best standing first. ``layers`` are the boxes of each engine's words, four numbers
    each. ``truth`` is the ground truth in pieces, with the white space behind each, None where there is none.
    ``kept`` is what a person said of cells before, by their id. ``error`` says why there is nothing to see.
    """

    id: str
    title: str
    key: str
    size: tuple[int, int]
    engines: list[Engine]
    voters: list[str]
    lines: list[list[Cell]]
    layers: dict[str, list[int]]
    truth: list[str] | None
    kept: dict[str, str]
    error: str | None


class Edit(TypedDict):
    """What a person said of a cell: "" for nothing there, None to take it back."""

    page: str
    cell: str
    text: str | None


class History(TypedDict):
    """All edits in order; those from ``done`` on were undone and can be done again."""

    edits: list[Edit]
    done: int


class Ballot(TypedDict):
    """How is voted; ``without`` are the labels that have no vote."""

    method: Method
    without: list[str]


class Progress(TypedDict):
    """How far an engine is; ``left`` are the seconds that it will take, None where nobody can tell yet."""

    label: str
    done: int
    total: int
    state: Stage
    left: float | None


class PageTitle(TypedDict):
    id: str
    title: str
