"""The contract: what BaseEngine promises for its adapters, and that the contract test can fail."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import faulty_engine as faulty
import numpy as np
import pytest

from ocr_plugins.document import Line, Page, PageError, Polygon
from ocr_plugins.engine import BaseEngine, Capabilities, Engine, EngineInfo
from ocr_plugins.image import PageImage
from ocr_plugins.options import Options
from ocr_plugins.testing import check_engine, drawn_page


def image(fault: int, source: str = "", level: Any = "page") -> PageImage:
    return PageImage(pixels=np.full((8, 8), fault, np.uint8), source=source or f"fault {fault}", level=level)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (faulty.RAISE, "no idea what this is"),
        (faulty.TOO_FEW, "ValueError"),
        (faulty.NO_TEXT, "text must be a string"),
        (faulty.SURROGATE, "UnicodeEncodeError"),
    ],
)
def test_a_fault_in_a_batch_costs_its_page_alone(fault: int, words: str) -> None:
    engine = faulty.FaultyEngine(faulty.FaultyOptions())
    first, failed, last, other = engine.read(
        [image(faulty.FINE, "first"), image(fault), image(faulty.FINE, "last"), image(faulty.FINE, "other")]
    )
    assert isinstance(failed, PageError)
    assert failed.kind == "engine_failed"
    assert words in failed.message + failed.detail
    assert [r.source for r in (first, last, other) if isinstance(r, Page)] == ["first", "last", "other"]


def test_a_level_that_is_not_taken_is_refused_in_place() -> None:
    engine = faulty.FaultyEngine(faulty.FaultyOptions())
    page, word, again = engine.read(
        [image(faulty.FINE), image(faulty.FINE, level="word"), image(faulty.FINE)]
    )
    assert isinstance(page, Page)
    assert isinstance(again, Page)
    assert isinstance(word, PageError)
    assert (word.kind, word.level) == ("unsupported_level", "word")


def test_an_interrupt_is_not_swallowed() -> None:
    class Interrupted(faulty.FaultyEngine):
        def read_pages(self, images: Sequence[PageImage]) -> list[tuple[Line, ...]]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(Interrupted(faulty.FaultyOptions()).read([image(faulty.FINE)]))


def test_the_fingerprint_tells_readings_apart() -> None:
    info = EngineInfo(
        name="e", version="1", capabilities=Capabilities(), weights={"a": "1"}, options={"x": 1}
    )
    same = dataclasses.replace(info, spec="e:x=1", capabilities=Capabilities(ordered=False))
    assert info.fingerprint == same.fingerprint
    changes: list[dict[str, Any]] = [
        {"version": "2"},
        {"weights": {"a": "2"}},
        {"options": {"x": 2}},
        {"runtime": "r"},
        {"preprocessing": ("grey",)},
        {"name": "f"},
    ]
    prints = {dataclasses.replace(info, **change).fingerprint for change in changes}
    assert len(prints | {info.fingerprint}) == len(changes) + 1


class Good(BaseEngine[Options]):
    """Says how dark an image is: enough to keep every promise."""

    name = "good"
    options_type = Options

    def identify(self) -> EngineInfo:
        return EngineInfo(name="good", version="1", capabilities=Capabilities(confidence_kind="k"))

    def read_pages(self, images: Sequence[PageImage]) -> list[tuple[Line, ...]]:
        return [(line,) if (line := self._line(i)).text else () for i in images]

    def recognize(self, images: Sequence[PageImage]) -> list[Line]:
        return [self._line(i) for i in images]

    def _line(self, image: PageImage) -> Line:
        dark = int((image.pixels < 128).sum())
        width, height = image.size
        box = Polygon.from_box(0, 0, width, height)
        return Line(text=str(dark) if dark else "", polygon=box, confidence=0.5, confidence_kind="k")


class Wrapped:
    """The good engine with one promise broken by ``spoil``, which sees images and results."""

    def __init__(self, spoil: Callable[[Engine, Iterable[PageImage]], Iterator[Any]]) -> None:
        self._good = Good(Options())
        self._spoil = spoil

    @property
    def info(self) -> EngineInfo:
        return self._good.info

    def read(self, pages: Iterable[PageImage]) -> Iterator[Any]:
        return self._spoil(self._good, pages)

    def close(self) -> None:
        self._good.close()


def drops_a_page(good: Engine, pages: Iterable[PageImage]) -> Iterator[Any]:
    results = list(good.read(pages))
    yield from results[:-1] if len(results) > 3 else results


def swaps_pages(good: Engine, pages: Iterable[PageImage]) -> Iterator[Any]:
    yield from reversed(list(good.read(pages)))


def reads_ahead(good: Engine, pages: Iterable[PageImage]) -> Iterator[Any]:
    yield from list(good.read(pages))


def gives_text(good: Engine, pages: Iterable[PageImage]) -> Iterator[Any]:
    yield from (getattr(result, "text", "") for result in good.read(pages))


def forgets_provenance(good: Engine, pages: Iterable[PageImage]) -> Iterator[Any]:
    yield from (dataclasses.replace(result, provenance=None) for result in good.read(pages))


def scales_boxes(good: Engine, pages: Iterable[PageImage]) -> Iterator[Any]:
    for result in good.read(pages):
        assert isinstance(result, Page)
        far = Polygon.from_box(0, 0, 10 * result.size[0] + 99, 9)
        yield dataclasses.replace(
            result, lines=tuple(dataclasses.replace(x, polygon=far) for x in result.lines)
        )


def changes_its_mind(good: Engine, pages: Iterable[PageImage]) -> Iterator[Any]:
    for result in good.read(pages):
        assert isinstance(result, Page)
        changes_its_mind.calls += 1  # type: ignore[attr-defined]
        text = str(changes_its_mind.calls)  # type: ignore[attr-defined]
        yield dataclasses.replace(result, lines=(Line(text=text),))


changes_its_mind.calls = 0  # type: ignore[attr-defined]


def another_kind_of_confidence(good: Engine, pages: Iterable[PageImage]) -> Iterator[Any]:
    for result in good.read(pages):
        assert isinstance(result, Page)
        lines = tuple(dataclasses.replace(x, confidence_kind="other") for x in result.lines)
        yield dataclasses.replace(result, lines=lines)


def test_the_contract_test_passes_a_good_engine() -> None:
    check_engine(Good(Options()))


@pytest.mark.parametrize(
    ("spoil", "promise"),
    [
        (drops_a_page, "exactly one result"),
        (swaps_pages, "keeps order"),
        (reads_ahead, "images ahead"),
        (gives_text, "Pages and PageErrors only"),
        (forgets_provenance, "puts its fingerprint"),
        (scales_boxes, "puts boxes on the image"),
        (changes_its_mind, "carries nothing over"),
        (another_kind_of_confidence, "kind of confidence it declares"),
    ],
)
def test_the_contract_test_finds_a_broken_promise(spoil: Any, promise: str) -> None:
    with pytest.raises(AssertionError, match=promise):
        check_engine(Wrapped(spoil))


def test_the_contract_test_finds_text_outside_the_alphabet() -> None:
    class Strange(Good):
        def identify(self) -> EngineInfo:
            return dataclasses.replace(
                super().identify(), capabilities=Capabilities(alphabet="abc", confidence_kind="k")
            )

    with pytest.raises(AssertionError, match="alphabet"):
        check_engine(Strange(Options()))


def test_drawn_pages_are_drawn() -> None:
    page = drawn_page("text")
    assert page.pixels.min() == 0
    assert page.pixels.max() == 255
