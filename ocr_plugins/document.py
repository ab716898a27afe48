"""The document model: Page > Region (optional) > Line > Word > Glyph (optional).

Every engine gives these objects, and everything else (scoring, voting, formats,
reports) takes them. They are immutable, check themselves when they are made, and go to
JSON and back without loss.

Conventions, the same everywhere:

* Coordinates are pixels of the image after EXIF orientation, origin top left, x to the
  right, y down. A polygon runs clockwise from the top left corner.
* ``confidence`` is the engine's own number in [0, 1], None where it gives none.
  ``confidence_kind`` says what that number is, because those of different engines are not
  comparable. ``calibrated`` is the estimated probability that the text is right.
* ``alternatives`` are (text, probability) pairs, probabilities in [0, 1].

Imports nothing but the standard library: engines' worker processes load it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

if TYPE_CHECKING:
    from ocr_plugins.errors import OcrError

SCHEMA_VERSION = 1

Level = Literal["page", "line", "word"]
LEVELS: tuple[Level, ...] = get_args(Level)

Point = tuple[float, float]
Box = tuple[float, float, float, float]
Alternatives = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Polygon:
    """At least three (x, y) points in pixels, clockwise from the top left corner.

    Raises:
        ValueError: fewer than three points, or a coordinate that is not finite.
    """

    points: tuple[Point, ...]

    def __post_init__(self) -> None:
        points = tuple((float(x), float(y)) for x, y in self.points)
        if len(points) < 3:
            raise ValueError(f"a polygon needs at least three points, got {len(points)}")
        if not all(math.isfinite(v) for point in points for v in point):
            raise ValueError("a polygon's coordinates must be finite numbers")
        object.__setattr__(self, "points", points)

    @classmethod
    def from_box(cls, x0: float, y0: float, x1: float, y1: float) -> Self:
        """The rectangle from (x0, y0), top left, to (x1, y1), bottom right."""
        return cls(((x0, y0), (x1, y0), (x1, y1), (x0, y1)))

    @property
    def box(self) -> Box:
        """The enclosing upright rectangle as (x0, y0, x1, y1)."""
        xs = [x for x, _ in self.points]
        ys = [y for _, y in self.points]
        return min(xs), min(ys), max(xs), max(ys)


def enclosing(polygons: Sequence[Polygon | None]) -> Polygon | None:
    """The upright rectangle around all polygons that are there, or None."""
    boxes = [polygon.box for polygon in polygons if polygon is not None]
    if not boxes:
        return None
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return Polygon.from_box(min(x0), min(y0), max(x1), max(y1))


def _check_probability(name: str, value: float | None) -> None:
    if value is not None and not 0.0 <= value <= 1.0:
        raise ValueError(f"{name} must lie in [0, 1], got {value!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """What glyphs, words and lines share. Rules as in the module's docstring.

    Raises:
        ValueError: a probability outside [0, 1], or a confidence without its kind.
    """

    text: str
    polygon: Polygon | None = None
    confidence: float | None = None
    confidence_kind: str | None = None
    calibrated: float | None = None
    alternatives: Alternatives = ()

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise ValueError(f"text must be a string, got {type(self.text).__name__}")
        if not self.text.isascii():
            # A lone surrogate could not be written as UTF-8, and the results with it.
            self.text.encode("utf-8")
        _check_probability("confidence", self.confidence)
        _check_probability("calibrated", self.calibrated)
        if (self.confidence is None) != (self.confidence_kind is None):
            raise ValueError("confidence and confidence_kind go together")
        object.__setattr__(self, "alternatives", tuple((str(t), float(p)) for t, p in self.alternatives))
        for _, probability in self.alternatives:
            _check_probability("an alternative's probability", probability)

    def to_dict(self) -> dict[str, Any]:
        """A JSON object; what is None or empty is left out, text never is."""
        out: dict[str, Any] = {"text": self.text}
        for f in fields(self):
            value = getattr(self, f.name)
            if f.name == "text" or value is None or value == ():
                continue
            if isinstance(value, Polygon):
                out[f.name] = [list(point) for point in value.points]
            elif f.name == "alternatives":
                out[f.name] = [list(pair) for pair in value]
            elif isinstance(value, tuple):
                out[f.name] = [child.to_dict() for child in value]
            elif isinstance(value, Correction):
                out[f.name] = value.to_dict()
            else:
                out[f.name] = value
        return out

    @classmethod
    def _shared(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        polygon = data.get("polygon")
        return {
            "text": data["text"],
            "polygon": None if polygon is None else Polygon(tuple((x, y) for x, y in polygon)),
            "confidence": data.get("confidence"),
            "confidence_kind": data.get("confidence_kind"),
            "calibrated": data.get("calibrated"),
            "alternatives": tuple((t, p) for t, p in data.get("alternatives", ())),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyph(Element):
    """One grapheme cluster."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        return cls(**cls._shared(data))


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What stood in a word's place before it was corrected, why it was, and how likely it is right now.

    ``glyphs`` and ``alternatives`` are those of the word as it was read.
    """

    was: str
    reason: str
    probability: float
    glyphs: tuple[Glyph, ...] = ()
    alternatives: Alternatives = ()

    def to_dict(self) -> dict[str, Any]:
        out: dict[str, Any] = {"was": self.was, "reason": self.reason, "probability": self.probability}
        if self.glyphs:
            out["glyphs"] = [glyph.to_dict() for glyph in self.glyphs]
        if self.alternatives:
            out["alternatives"] = [list(pair) for pair in self.alternatives]
        return out

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            was=data["was"],
            reason=data["reason"],
            probability=data["probability"],
            glyphs=tuple(Glyph.from_dict(glyph) for glyph in data.get("glyphs", ())),
            alternatives=tuple((text, share) for text, share in data.get("alternatives", ())),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Word(Element):
    """A word as the engine separates them; ``glyphs`` where it tells them apart.

    ``correction`` says what was read where the text is another, see `ocr_plugins.correction`.
    """

    glyphs: tuple[Glyph, ...] = ()
    correction: Correction | None = None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        correction = data.get("correction")
        return cls(
            **cls._shared(data),
            glyphs=tuple(Glyph.from_dict(g) for g in data.get("glyphs", ())),
            correction=Correction.from_dict(correction) if correction else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Line(Element):
    """A line of text; ``words`` where the engine tells them apart."""

    words: tuple[Word, ...] = ()

    @classmethod
    def of_words(cls, words: Sequence[Word], **shared: Any) -> Self:
        """A line whose text is its words joined by spaces, with a box around them."""
        shared.setdefault("polygon", enclosing([word.polygon for word in words]))
        return cls(text=" ".join(word.text for word in words), words=tuple(words), **shared)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        return cls(**cls._shared(data), words=tuple(Word.from_dict(w) for w in data.get("words", ())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A block of lines that belong together: ``kind`` is text, table, heading and so on."""

    lines: tuple[Line, ...]
    kind: str = "text"
    polygon: Polygon | None = None

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)

    def to_dict(self) -> dict[str, Any]:
        out: dict[str, Any] = {"kind": self.kind, "lines": [line.to_dict() for line in self.lines]}
        if self.polygon is not None:
            out["polygon"] = [list(point) for point in self.polygon.points]
        return out

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        polygon = data.get("polygon")
        return cls(
            lines=tuple(Line.from_dict(line) for line in data["lines"]),
            kind=data.get("kind", "text"),
            polygon=None if polygon is None else Polygon(tuple((x, y) for x, y in polygon)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """How a page was read: enough to read it again in the same way.

    ``weights`` maps the name of each model file to its SHA-256, ``options`` are the ones the
    engine ran with, ``seconds`` is the time the engine took for this page, and ``fingerprint``
    is a hash of what can change the text. ``preprocessing`` are the steps that were asked for, and
    ``preprocessed`` what they did to this page. ``faults`` says what happened to the workers that
    this page, or the batch it was in, cost before it was read: ``crashed (SIGKILL)``.
    """

    engine: str
    spec: str
    fingerprint: str
    version: str
    runtime: str = ""
    weights: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    preprocessing: tuple[str, ...] = ()
    preprocessed: tuple[str, ...] = ()
    seconds: float | None = None
    faults: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.seconds is not None and not (math.isfinite(self.seconds) and self.seconds >= 0):
            raise ValueError(f"seconds must be a finite number from 0 up, got {self.seconds!r}")
        object.__setattr__(self, "weights", dict(self.weights))
        object.__setattr__(self, "options", dict(self.options))
        for name in ("preprocessing", "preprocessed", "faults"):
            object.__setattr__(self, name, tuple(getattr(self, name)))

    def to_dict(self) -> dict[str, Any]:
        out = {f.name: getattr(self, f.name) for f in fields(self)}
        return {key: list(value) if isinstance(value, tuple) else value for key, value in out.items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        known = {f.name for f in fields(cls)}
        return cls(**{key: value for key, value in data.items() if key in known})


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page as one engine read it.

    Holds either ``lines`` or ``regions`` (which hold the lines), in reading order.
    ``size`` is (width, height) in pixels, or None where nothing tells it, as of text alone;
    ``dpi`` is pixels an inch or None, ``page`` the page's number in its source, from 1.

    Raises:
        ValueError: lines beside regions, an empty size, or a page number below 1.
    """

    source: str
    page: int
    size: tuple[int, int] | None
    lines: tuple[Line, ...] = ()
    regions: tuple[Region, ...] = ()
    dpi: float | None = None
    level: Level = "page"
    id: str | None = None
    provenance: Provenance | None = None

    def __post_init__(self) -> None:
        if self.lines and self.regions:
            raise ValueError("a page holds lines or regions, not both: put the lines into regions")
        if self.size is not None and min(self.size) < 1:
            raise ValueError(f"a page's size must be at least 1x1 pixels, got {self.size!r}")
        if self.page < 1:
            raise ValueError(f"pages are numbered from 1, got {self.page!r}")
        if self.dpi is not None and not (math.isfinite(self.dpi) and self.dpi > 0):
            raise ValueError(f"dpi must be above 0, got {self.dpi!r}")
        if self.level not in LEVELS:
            raise ValueError(f"level must be one of {', '.join(LEVELS)}, got {self.level!r}")

    def iter_lines(self) -> Iterator[Line]:
        """All lines in reading order, whether in regions or not."""
        if self.regions:
            for region in self.regions:
                yield from region.lines
        else:
            yield from self.lines

    def iter_words(self) -> Iterator[Word]:
        """All words in reading order; a line without words counts as one."""
        for line in self.iter_lines():
            if line.words:
                yield from line.words
            elif line.text:
                shared = {f.name: getattr(line, f.name) for f in fields(Element)}
                yield Word(**shared)

    @property
    def text(self) -> str:
        """The page's text: one line a line, an empty line between regions."""
        if self.regions:
            return "\n\n".join(region.text for region in self.regions)
        return "\n".join(line.text for line in self.lines)

    def to_dict(self) -> dict[str, Any]:
        return {
            "schema_version": SCHEMA_VERSION,
            "source": self.source,
            "page": self.page,
            "id": self.id,
            "level": self.level,
            "size": list(self.size) if self.size else None,
            "dpi": self.dpi,
            "lines": [line.to_dict() for line in self.lines],
            "regions": [region.to_dict() for region in self.regions],
            "provenance": self.provenance.to_dict() if self.provenance else None,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Reads what `to_dict` wrote.

        Raises:
            ValueError: another schema version, or values that do not fit the model.
        """
        check_schema(data)
        provenance = data.get("provenance")
        return cls(
            source=data["source"],
            page=data["page"],
            id=data.get("id"),
            level=data.get("level", "page"),
            size=_size(data["size"]),
            dpi=data.get("dpi"),
            lines=tuple(Line.from_dict(line) for line in data.get("lines", ())),
            regions=tuple(Region.from_dict(region) for region in data.get("regions", ())),
            provenance=Provenance.from_dict(provenance) if provenance else None,
        )


def _size(values: Sequence[float] | None) -> tuple[int, int] | None:
    if values is None:
        return None
    width, height = values
    return int(width), int(height)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageError:
    """A page that could not be read, as data: the batch goes on without it.

    ``kind`` is a stable identifier, ``message`` one line that names the thing, ``hint`` the
    way out; no text of the document is in them. ``page`` is None where the source could not even
    be opened. ``detail`` holds what the engine itself said: its exception, or the tail of a crashed
    worker's stderr. It is kept with the results and never logged.

    ``detected`` makes it a detection: the lines that were found by what cannot read them, in
    reading order. A detection is no reading, so it is never scored.
    """

    source: str
    kind: str
    message: str
    hint: str = ""
    page: int | None = None
    id: str | None = None
    level: Level = "page"
    detail: str = ""
    provenance: Provenance | None = None
    detected: tuple[Polygon, ...] | None = None

    @classmethod
    def of(
        cls,
        error: OcrError,
        source: str,
        *,
        page: int | None = None,
        id: str | None = None,  # noqa: A002 - the field's name
        level: Level = "page",
    ) -> Self:
        """The record of an error that was raised for a source."""
        message, hint = error.message, error.hint
        return cls(source=source, kind=error.kind, message=message, hint=hint, page=page, id=id, level=level)

    @property
    def reason(self) -> str:
        """The message and the way out, without the place."""
        return f"{self.message}: {self.hint}" if self.hint else self.message

    def __str__(self) -> str:
        text = self.reason
        if self.page is not None:
            text = f"{self.source}, page {self.page}: {text}"
        elif self.source not in self.message:
            text = f"{self.source}: {text}"
        return " ".join(text.split())

    def to_dict(self) -> dict[str, Any]:
        out = {f.name: getattr(self, f.name) for f in fields(self)}
        out["provenance"] = self.provenance.to_dict() if self.provenance else None
        if self.detected is None:
            del out["detected"]
        else:
            out["detected"] = [[list(point) for point in polygon.points] for polygon in self.detected]
        return {"schema_version": SCHEMA_VERSION, **out}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Reads what `to_dict` wrote. Raises ValueError for another schema version."""
        check_schema(data)
        known = {f.name for f in fields(cls)}
        values = {key: value for key, value in data.items() if key in known}
        if values.get("provenance"):
            values["provenance"] = Provenance.from_dict(values["provenance"])
        if values.get("detected") is not None:
            values["detected"] = tuple(Polygon(tuple((x, y) for x, y in p)) for p in values["detected"])
        return cls(**values)


def is_detection(result: Page | PageError) -> bool:
    """Whether it is lines that were found by what cannot read them: neither a reading nor an error."""
    return isinstance(result, PageError) and result.detected is not None


def is_done(result: Page | PageError) -> bool:
    """Whether it is what its engine can give, read or found; what is not is tried again."""
    return isinstance(result, Page) or is_detection(result)


def check_schema(data: Mapping[str, Any]) -> None:
    """Raises ValueError unless ``data`` was written with this schema version."""
    version = data.get("schema_version")
    if version != SCHEMA_VERSION:
        raise ValueError(
            f"schema_version {version!r} cannot be read: this release reads version {SCHEMA_VERSION}"
        )
