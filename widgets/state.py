"""What Python and the browser share, as ``frontend/src/state.ts`` has it: a test compares the two.

Python writes views and pictures; the browser writes what people do and derives everything else: votes,
scores, differences. So the widget lives on where there is no kernel. What is asked and told once, such as a
file that comes in pieces, are messages; they are not saved with the notebook.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

#: Pixels of the longer side of pictures: of a sheet of A4 that is 220 an inch, enough for small print.
LONGEST_SHOWN = 2600
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
    ``kept`` is what a person said of cells before, by their id, and ``kept_at`` when that was written, in
    milliseconds since 1970, 0 for never. ``pending`` is whether the words are still to
    come, and ``error`` says why there is nothing to see.
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
    kept_at: float
    pending: bool
    error: str | None


class FoundField(TypedDict):
    """A field of the page, or one that may be on it and was not found: its ``value`` is "".

    ``id`` is what a person's word on it is kept by, as a cell's is: ``field:total``, or ``field:amounts@BOX``
    where a page may have several of the name. ``boxes`` are those of the words that it came from,
    ``probability`` that the value is right, ``others`` what it may be too with their probabilities, ``notes``
    what is doubtful about it, ``kept`` what a person said of it before.
    """

    id: str
    name: str
    kind: Literal["text", "date", "amount"]
    value: str
    unit: str
    probability: float
    boxes: list[Box]
    others: list[tuple[str, float]]
    notes: list[str]
    kept: str | None


class Found(TypedDict):
    """The fields of a page as the vote and a person's corrections have it; ``error`` is what went wrong."""

    page: str
    fields: list[FoundField]
    error: str | None


class Edit(TypedDict):
    """What a person said of a cell or a field: "" for nothing there, None to take it back."""

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


class BoardRow(TypedDict):
    """An engine or a vote over all pages.

    ``cer``, ``wer`` and ``f1`` are fractions, None without ground truth; ``low`` and ``high`` are the 95 %
    interval of ``cer``, or of ``expected``, the error rate that is expected without ground truth. ``seconds``
    are those of a page, ``errors`` counts the pages that it could not read.
    """

    label: str
    cer: float | None
    wer: float | None
    f1: float | None
    expected: float | None
    low: float | None
    high: float | None
    seconds: float | None
    pages: int
    errors: int
    error: str | None


class BoardPage(TypedDict):
    """A page; ``rates`` are the error rates in the order of the board's rows, None where there is none."""

    id: str
    title: str
    rates: list[float | None]


class Board(TypedDict):
    """All pages under all engines; ``advice`` says which engine to take and how sure that is.

    ``scored`` is whether the rates of pages are measured; else they are what is expected.
    """

    rows: list[BoardRow]
    pages: list[BoardPage]
    advice: str
    scored: bool


class Option(TypedDict):
    """An option of an engine or of a step; values are written as text.

    ``choices`` are all that are allowed, None where there are others; ``kind`` is what is typed.
    """

    name: str
    help: str
    kind: Literal["text", "number", "flag"]
    default: str
    choices: list[str] | None
    minimum: float | None
    maximum: float | None


class Offered(TypedDict):
    """An engine or a preprocessing step that can be tried; ``state`` is "ready", or what is missing."""

    name: str
    help: str
    state: str
    options: list[Option]


class Offer(TypedDict):
    """What can be tried."""

    engines: list[Offered]
    steps: list[Offered]


class Preview(TypedDict):
    """A page as an engine would be given it: its picture comes along, unless there is an error.

    ``steps`` are those that changed something, ``size`` is the width and height in pixels.
    """

    page: str
    spec: str
    steps: list[str]
    size: tuple[int, int]
    type: str
    error: str | None


class Upload(TypedDict):
    """How much of a file has arrived, in bytes; ``error`` says why no more of it is wanted.

    ``transfer`` is what the browser calls this one by: two files may have one name.
    """

    transfer: str
    name: str
    got: int
    size: int
    error: str | None


class Told(TypedDict):
    """A message to the browser: one of these."""

    offer: NotRequired[Offer]
    preview: NotRequired[Preview]
    upload: NotRequired[Upload]


class Asked(TypedDict):
    """A message from the browser.

    ``do`` is ``cancel``, ``offer``, ``preview`` (of ``spec`` on ``page``), ``try`` (read ``page`` with
    ``spec``), ``add`` (read all pages with ``spec``), ``drop`` (the engine ``label``) or ``upload`` (bytes of
    the file ``name`` come along, those from ``at`` on, of ``size``; ``transfer`` tells it from others).
    """

    do: Literal["cancel", "offer", "preview", "try", "add", "drop", "upload"]
    spec: NotRequired[str]
    page: NotRequired[str]
    label: NotRequired[str]
    transfer: NotRequired[str]
    name: NotRequired[str]
    at: NotRequired[int]
    size: NotRequired[int]
