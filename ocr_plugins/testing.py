"""The contract test for authors of adapters.

    from ocr_plugins.testing import check_engine

    def test_contract():
        check_engine("myengine")

It reads small pages that it draws itself, among them blank, tiny and odd ones, and raises
AssertionError with the promise that was broken.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ocr_plugins.document import LEVELS, Element, Level, Page, PageError, Polygon
from ocr_plugins.engine import Engine, EngineInfo
from ocr_plugins.host import open_engine
from ocr_plugins.image import PageImage
from ocr_plugins.spec import EngineSpec

# Boxes may stick out of the image by this many pixels: engines pad what they find.
_MARGIN = 32
_MOST_AHEAD = 64


def check_engine(engine: Engine | str | EngineSpec, *, expect_text: bool = True) -> None:
    """Runs the whole contract against one engine.

    Args:
        engine: an open engine, or the spec of one to open.
        expect_text: whether it must find text, or lines, on a page of plain print.

    Raises:
        AssertionError: naming the promise that is broken.
        OcrError: the engine cannot be opened.
    """
    opened = open_engine(engine) if isinstance(engine, str | EngineSpec) else engine
    try:
        info = opened.info
        _check_info(info)
        images = _images(info)
        results = list(opened.read(images))
        _check_results(info, images, results)
        if expect_text and "page" in info.capabilities.takes:
            _promise(_finds_something(results[0]), "finds text, or lines, on plain print")
        again = list(opened.read(images[:2]))
        _promise([_content(r) for r in again] == [_content(r) for r in results[:2]], "reads the same twice")
        _check_laziness(opened, images[0])
        _check_refused_levels(opened)
        _promise(list(opened.read([])) == [], "gives nothing for nothing")
    finally:
        opened.close()
        opened.close()


def drawn_page(text: str, level: Level = "page", size: int = 28) -> PageImage:
    """Black print on white, for tests: one line of ``text`` a line."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(size)
    left, top, right, bottom = ImageDraw.Draw(Image.new("L", (1, 1))).multiline_textbbox(
        (0, 0), text, font, spacing=12
    )
    margin = 80 if level == "page" else 8
    canvas = Image.new("L", (int(right - left) + 2 * margin, int(bottom - top) + 2 * margin), 255)
    ImageDraw.Draw(canvas).multiline_text((margin - left, margin - top), text, 0, font, spacing=12)
    return PageImage(pixels=np.array(canvas), source=f"drawn {level}", level=level, id=f"{level}:{len(text)}")


def _images(info: EngineInfo) -> list[PageImage]:
    takes = info.capabilities.takes
    images = [
        drawn_page("The quick brown fox\njumps over the lazy dog.\nPack my box with 12 jugs."),
        drawn_page("A second page of print."),
    ]
    images = [image for image in images if image.level in takes]
    if "page" in takes:
        shapes: Sequence[tuple[int, ...]] = [(200, 300), (4, 4), (5, 400), (400, 5), (120, 90, 3)]
        images += [_blank(shape, place) for place, shape in enumerate(shapes)]
    for level in ("line", "word"):
        if level in takes:
            text = "several words in a line" if level == "line" else "word"
            images += [drawn_page(text, level), _blank((20, 60), len(images), level)]
    # The first again: an engine must not carry anything over from page to page.
    return [*images, images[0]]


def _blank(shape: tuple[int, ...], place: int, level: Level = "page") -> PageImage:
    return PageImage(pixels=np.full(shape, 255, np.uint8), source="blank", page=place + 1, level=level)


def _check_info(info: EngineInfo) -> None:
    _promise(
        bool(info.name and info.version and info.fingerprint), "names itself, its version and fingerprint"
    )
    _promise(set(info.capabilities.takes) <= set(LEVELS), f"takes some of {LEVELS}")
    _promise(bool(info.capabilities.takes), "takes something")
    back = EngineInfo.from_dict(json.loads(json.dumps(info.to_dict())))
    _promise(back.fingerprint == info.fingerprint, "describes itself in plain JSON values")
    for name, digest in info.weights.items():
        _promise(len(digest) == 64, f"gives the SHA-256 of {name}")


def _check_results(info: EngineInfo, images: Sequence[PageImage], results: Sequence[Any]) -> None:
    _promise(
        len(results) == len(images), f"gives exactly one result an image ({len(results)} for {len(images)})"
    )
    for image, result in zip(images, results, strict=True):
        _promise(isinstance(result, Page | PageError), "gives Pages and PageErrors only")
        same = (result.source, result.page, result.id, result.level) == (
            image.source,
            image.page,
            image.id,
            image.level,
        )
        _promise(same, "keeps order, source, page, id and level")
        back = type(result).from_dict(json.loads(json.dumps(result.to_dict())))
        _promise(back == result, "gives results that go to JSON and back without loss")
        if isinstance(result, Page):
            _check_page(info, image, result)
        else:
            _promise(bool(result.kind and result.message), "says what went wrong")
            _promise(
                result.detected is None or not info.capabilities.reads, "reads, or declares that it does not"
            )
            for polygon in result.detected or ():
                _check_place(polygon, image.size)
    _promise(_content(results[0]) == _content(results[-1]), "carries nothing over from page to page")


def _check_page(info: EngineInfo, image: PageImage, page: Page) -> None:
    capabilities = info.capabilities
    provenance = page.provenance
    _promise(page.size == image.size, "keeps the image's size")
    _promise(
        provenance is not None and provenance.fingerprint == info.fingerprint,
        "puts its fingerprint on each page",
    )
    _promise(provenance is not None and provenance.seconds is not None, "says how long each page took")
    if capabilities.alphabet is not None:
        strange = set(page.text) - set(capabilities.alphabet) - {"\n"}
        _promise(not strange, "stays within its declared alphabet")
    for element in _elements(page):
        if element.confidence is not None:
            _promise(
                element.confidence_kind == capabilities.confidence_kind,
                "gives the kind of confidence it declares",
            )
        if element.polygon is not None:
            _check_place(element.polygon, image.size)


def _check_place(polygon: Polygon, size: tuple[int, int]) -> None:
    x0, y0, x1, y1 = polygon.box
    width, height = size
    inside = -_MARGIN <= x0 <= x1 <= width + _MARGIN and -_MARGIN <= y0 <= y1 <= height + _MARGIN
    _promise(inside, "puts boxes on the image, in its pixels")


def _check_laziness(engine: Engine, image: PageImage) -> None:
    pulled = 0

    def endless() -> Iterator[PageImage]:
        nonlocal pulled
        while pulled <= _MOST_AHEAD:
            pulled += 1
            yield image

    results = iter(engine.read(endless()))
    next(results)
    _promise(pulled <= _MOST_AHEAD, f"asks for no more than {_MOST_AHEAD} images ahead")


def _check_refused_levels(engine: Engine) -> None:
    for level in LEVELS:
        if level not in engine.info.capabilities.takes:
            (result,) = engine.read([drawn_page("word", level)])
            _promise(
                isinstance(result, PageError), f"answers a {level}, which it does not take, with an error"
            )


def _elements(page: Page) -> Iterator[Element]:
    for line in page.iter_lines():
        yield line
        for word in line.words:
            yield word
            yield from word.glyphs


def _content(result: Page | PageError) -> Any:
    """What was read or found, without how long it took."""
    if isinstance(result, Page):
        return result.lines, result.regions
    return result.kind, result.detected


def _finds_something(result: Page | PageError) -> bool:
    return bool(result.text.strip() if isinstance(result, Page) else result.detected)


def _promise(kept: bool, promise: str) -> None:
    if not kept:
        raise AssertionError(f"the engine breaks its contract: an engine {promise}")
