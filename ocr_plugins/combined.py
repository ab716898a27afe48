"""A detector and a recogniser as one engine: one finds the lines of a page, the other reads them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self

import numpy as np

from ocr_plugins.document import Line, Page, PageError, Polygon
from ocr_plugins.engine import Capabilities, EngineInfo, PreparedEngine, page_error
from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.image import PageImage
from ocr_plugins.layout import arrange
from ocr_plugins.pixels import Pixels, copied

# A polygon's corners may lie this far from its box, as a share of its height, to be cut out upright.
_UPRIGHT = 0.1


class LineFinder(PreparedEngine, Protocol):
    """An engine that can find lines; `BaseEngine` and `HostedEngine` are such."""

    def find_lines(self, images: Iterable[PageImage]) -> Iterator[tuple[Polygon, ...] | PageError]: ...


@dataclass(eq=False)
class _Sheet:
    """One image on its way: what was found on it, and what of it has been read."""

    image: PageImage
    polygons: tuple[Polygon, ...] = ()
    error: PageError | None = None
    read: list[Page | PageError] = field(default_factory=list)
    # Pages are cut into lines; lines and words go to the recogniser as they are.
    whole: bool = False

    @property
    def complete(self) -> bool:
        return self.error is not None or len(self.read) == (1 if self.whole else len(self.polygons))


class CombinedEngine:
    """Reads pages line by line. Lines of several pages go to the recogniser together.

    Args:
        finder: finds the lines. reader: reads them.
        spec: what the user asked for.
    """

    def __init__(self, finder: LineFinder, reader: PreparedEngine, spec: str) -> None:
        self._finder = finder
        self._reader = reader
        self._spec = spec
        self._info: EngineInfo | None = None

    @property
    def info(self) -> EngineInfo:
        """Who reads, with the detector among its options: the pair has a fingerprint of its own.

        Raises:
            EngineUnavailableError: one of the two is not installed, or reads no lines.
        """
        if self._info is None:
            finder, reader = self._finder.info, self._reader.info
            if "line" not in reader.capabilities.takes:
                raise EngineUnavailableError(
                    f"engine {reader.name!r} does not read a line",
                    f"it reads: {', '.join(reader.capabilities.takes)}",
                    kind="unsupported_level",
                )
            detector = {"name": finder.name, "version": finder.version, "fingerprint": finder.fingerprint}
            self._info = replace(
                reader,
                spec=self._spec,
                options={**reader.options, "detector": detector},
                weights={**reader.weights, **{f"{finder.name}/{k}": v for k, v in finder.weights.items()}},
                capabilities=_capabilities(reader.capabilities, regions=not self._in_order),
            )
        return self._info

    @property
    def _in_order(self) -> bool:
        """Whether the lines come whole and in reading order; else they are fragments of rows."""
        able = self._finder.info.capabilities
        return able.ordered and not able.reads

    def open(self) -> Self:
        """Loads both models. Raises EngineUnavailableError."""
        _ = self.info
        self._finder.open()
        self._reader.open()
        return self

    def read(self, pages: Iterable[PageImage]) -> Iterator[Page | PageError]:
        """One result an image, in order. A page of which one line cannot be read is an error."""
        sheets: deque[_Sheet] = deque()
        started = time.perf_counter()
        lines = self._reader.read(self._lines(pages, sheets))
        exhausted = False
        while not exhausted or sheets:
            if sheets and sheets[0].complete:
                yield self._result(sheets.popleft(), time.perf_counter() - started)
                started = time.perf_counter()
                continue
            # Asking for a line makes the recogniser pull crops, which adds sheets.
            result = next(lines, None)
            if result is None:
                exhausted = True
                if sheets and not sheets[0].complete:
                    sheets[0].error = page_error(
                        sheets[0].image, "bad_output", "the recogniser gave too few lines", ""
                    )
                continue
            next(sheet for sheet in sheets if not sheet.complete).read.append(result)

    def close(self) -> None:
        self._finder.close()
        self._reader.close()

    def _lines(self, pages: Iterable[PageImage], sheets: deque[_Sheet]) -> Iterator[PageImage]:
        """The images of all lines, each page being noted in ``sheets`` before its lines come."""
        for sheet in self._found(pages):
            sheets.append(sheet)
            if sheet.whole:
                yield sheet.image
            elif sheet.error is None:
                for number, polygon in enumerate(sheet.polygons):
                    pixels = cut_out(sheet.image.pixels, polygon)
                    name = f"{sheet.image.id or sheet.image.source}#{number}"
                    yield replace(sheet.image, pixels=pixels, level="line", id=name)

    def _found(self, pages: Iterable[PageImage]) -> Iterator[_Sheet]:
        """Pages with what the detector found, among the lines and words as they come."""
        waiting: deque[_Sheet] = deque()

        def for_finder() -> Iterator[PageImage]:
            for image in pages:
                waiting.append(_Sheet(image, whole=image.level != "page"))
                if image.level == "page":
                    yield image

        for found in self._finder.find_lines(for_finder()):
            while waiting[0].whole:
                yield waiting.popleft()
            sheet = waiting.popleft()
            if isinstance(found, PageError):
                sheet.error = found
            else:
                sheet.polygons = found
            yield sheet
        yield from waiting

    def _result(self, sheet: _Sheet, seconds: float) -> Page | PageError:
        image = sheet.image
        provenance = replace(self.info.provenance(seconds), faults=_faults(sheet.read))
        error = sheet.error or next((r for r in sheet.read if isinstance(r, PageError)), None)
        if error is not None:
            # The name of a line is no page's.
            return replace(error, id=image.id, level=image.level, provenance=provenance)
        readings = [result for result in sheet.read if isinstance(result, Page)]
        if sheet.whole:
            return replace(readings[0], provenance=provenance)
        lines = [
            moved
            for polygon, reading in zip(sheet.polygons, readings, strict=True)
            for moved in _moved(reading, polygon)
        ]
        return Page(
            source=image.source,
            page=image.page,
            id=image.id,
            size=image.size,
            dpi=image.dpi,
            lines=tuple(lines) if self._in_order else (),
            regions=() if self._in_order else arrange(lines),
            provenance=provenance,
        )


def cut_out(pixels: Pixels, polygon: Polygon) -> Pixels:
    """The pixels inside a polygon as an upright picture: of a slanted one, turned level.

    The polygon's first corner becomes the top left one. What lies outside the page is white.
    """
    x0, y0, x1, y1 = polygon.box
    height, width = pixels.shape[:2]
    if _is_upright(polygon):
        left, top = max(int(x0), 0), max(int(y0), 0)
        right, bottom = min(-int(-x1 // 1), width), min(-int(-y1 // 1), height)
        if left < right and top < bottom:
            return copied(pixels[top:bottom, left:right])
        return np.full((1, 1), 255, np.uint8)
    from PIL import Image

    corners = np.array(polygon.points)
    across = max(np.hypot(*(corners[1] - corners[0])), np.hypot(*(corners[2] - corners[3])))
    down = max(np.hypot(*(corners[3] - corners[0])), np.hypot(*(corners[2] - corners[1])))
    # QUAD wants top left, bottom left, bottom right, top right.
    quad = [float(v) for place in (0, 3, 2, 1) for v in corners[place]]
    turned = Image.fromarray(pixels).transform(
        (max(round(across), 1), max(round(down), 1)),
        Image.Transform.QUAD,
        quad,
        Image.Resampling.BICUBIC,
        fillcolor=255 if pixels.ndim == 2 else (255, 255, 255),
    )
    return np.array(turned)


def _is_upright(polygon: Polygon) -> bool:
    if len(polygon.points) != 4:
        return True
    x0, y0, x1, y1 = polygon.box
    corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    off = max(
        max(abs(px - cx), abs(py - cy)) for (px, py), (cx, cy) in zip(polygon.points, corners, strict=True)
    )
    return off <= _UPRIGHT * (y1 - y0)


def _moved(reading: Page, polygon: Polygon) -> Iterator[Line]:
    """What was read of one line, in the page's pixels."""
    lines = [line for line in reading.iter_lines() if line.text]
    if not lines:
        return
    words = tuple(_word_on_page(word, reading.size, polygon) for line in lines for word in line.words)
    confidences = [line.confidence for line in lines if line.confidence is not None]
    known = len(confidences) == len(lines)
    yield Line(
        text=" ".join(line.text for line in lines),
        polygon=polygon,
        words=words,
        confidence=min(confidences) if known else None,
        confidence_kind=lines[0].confidence_kind if known else None,
    )


def _word_on_page(word: Any, size: tuple[int, int] | None, polygon: Polygon) -> Any:
    if word.polygon is None or size is None or len(polygon.points) != 4:
        return replace(word, polygon=None)
    width, height = size
    corners = np.array(polygon.points)
    # Across the top and the bottom side of the line, then between the two.
    placed = []
    for x, y in word.polygon.points:
        top = corners[0] + (corners[1] - corners[0]) * (x / width)
        bottom = corners[3] + (corners[2] - corners[3]) * (x / width)
        px, py = top + (bottom - top) * (y / height)
        placed.append((float(px), float(py)))
    return replace(word, polygon=Polygon(tuple(placed)))


def _capabilities(reader: Capabilities, *, regions: bool) -> Capabilities:
    given = {*reader.gives, "lines"} | ({"regions"} if regions else set())
    gives = tuple(one for one in ("regions", "lines", "words") if one in given)
    return replace(reader, takes=("page", *(t for t in reader.takes if t != "page")), gives=gives)


def _faults(results: Iterable[Page | PageError]) -> tuple[str, ...]:
    return tuple(fault for r in results if r.provenance is not None for fault in r.provenance.faults)
