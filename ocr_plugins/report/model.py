"""What a report is made from: plain records, so that any caller can fill them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ocr_plugins.document import Page, Polygon
from ocr_plugins.image import PageImage

DiffOp = Literal["equal", "replace", "delete", "insert"]
DiffSegment = tuple[DiffOp, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRow:
    """One engine's line of the leaderboard.

    Rates are fractions (0.02 is 2 %), None where there is no ground truth to measure them
    against. ``pages`` counts the pages read, ``errors`` those that could not be, ``detections``
    those whose lines were found by an engine that cannot read them. ``peak_memory`` is in bytes.
    ``message`` says why an engine could not run at all and is empty for the others.
    """

    label: str
    spec: str = ""
    version: str = ""
    pages: int = 0
    errors: int = 0
    detections: int = 0
    cer: float | None = None
    cer_order_free: float | None = None
    wer: float | None = None
    word_f1: float | None = None
    seconds_per_page: float | None = None
    peak_memory: int | None = None
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One engine's reading of one page, or the reason there is none.

    ``found`` are the lines on it, in pixels, where the engine can find but not read them; then
    ``error`` says why it cannot.
    ``diff`` holds (operation, reference text, hypothesis text) in the order of the text, with
    "equal", "replace", "delete" (the engine lacks it) and "insert" (the engine added it).
    ``diff_against`` names the reference: "truth" or another engine's label.
    """

    label: str
    page: Page | None = None
    error: str = ""
    found: tuple[Polygon, ...] | None = None
    cer: float | None = None
    wer: float | None = None
    seconds: float | None = None
    diff: tuple[DiffSegment, ...] = ()
    diff_against: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    """One page with every engine's reading of it.

    ``size`` is (width, height) in the pixels that the readings' boxes are in; where it is None
    the image's or the first reading's size holds. ``error`` says why the page's source could
    not be opened.
    """

    id: str
    source: str = ""
    page: int | None = None
    size: tuple[int, int] | None = None
    image: PageImage | None = None
    truth: str | None = None
    readings: tuple[Reading, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """An engine in a chart of error against cost: ``seconds`` a page, ``cer`` with its interval.

    ``engine`` is its place among the report's engines. ``worth`` is whether none is both better and faster.
    """

    engine: int
    seconds: float
    cer: float
    low: float
    high: float
    worth: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A table, or a chart, below the leaderboard. Cells that are numbers stand to the right."""

    title: str
    note: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str | float | None, ...], ...] = ()
    points: tuple[Point, ...] = ()
    opened: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A comparison of engines, ready to be written.

    ``pages`` may be a generator: each page is encoded and let go before the next is asked
    for. ``total_pages`` is how many pages were compared, which may be more than are shown.
    ``advice`` says which engine to take, or what can be told without ground truth; "" says nothing.
    ``sections`` stand between the leaderboard and the pages.
    ``created`` is an ISO 8601 date and time, ``version`` that of this package, ``command``
    what makes the same report again, and ``manifests`` name the inputs.

    Raises:
        ValueError: two engines with the same label.
    """

    title: str
    created: str
    version: str
    convention: str
    convention_description: str
    engines: tuple[EngineRow, ...]
    pages: Iterable[ReportPage]
    total_pages: int
    advice: str = ""
    sections: tuple[Section, ...] = ()
    command: str = ""
    manifests: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        labels = [engine.label for engine in self.engines]
        twice = sorted({label for label in labels if labels.count(label) > 1})
        if twice:
            raise ValueError(
                f"each engine of a report needs a label of its own, got twice: {', '.join(twice)}"
            )
