"""Pages to be written as XML, and what each of the formats can hold of them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, settings
from strategies import pages

from ocr_plugins.document import Glyph, Line, Page, Polygon, Provenance, Region, Word
from ocr_plugins.formats.xml_output import extent, spaces

Change = Callable[[Line], Line]


def in_words(page: Page) -> Page:
    """The page with lines whose text is made of their words, as of real engines."""

    def line(line: Line) -> Line:
        separator = " " if len(line.text) % 2 else ""
        return replace(line, text=separator.join(w.text for w in line.words)) if line.words else line

    regions = tuple(replace(r, lines=tuple(map(line, r.lines))) for r in page.regions)
    return replace(page, lines=tuple(map(line, page.lines)), regions=regions)


any_page = (pages | pages.map(in_words)).filter(lambda page: extent(page) is not None)
# Pages are large, and the machine that tests run on may be busy.
patient = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])


def rich_page() -> Page:
    """A page that uses everything."""
    glyphs = (
        Glyph(text="H", polygon=Polygon.from_box(10, 10, 15, 30), confidence=0.5, confidence_kind="g"),
        Glyph(text="é", alternatives=(("e", 0.25),)),
    )
    place = Polygon.from_box(10, 10, 20, 30)
    words = [
        Word(text="Hé", polygon=place, confidence=0.937, confidence_kind="c", glyphs=glyphs),
        Word(text='<&">', polygon=Polygon(((30, -12), (50, 10), (50.5, 30))), alternatives=(("x;y", 0.125),)),
    ]
    regions = (
        Region(lines=(Line.of_words(words, calibrated=0.75),), kind="a {strange: kind;}"),
        Region(lines=(Line(text="no words"),), kind="heading", polygon=Polygon.from_box(5, 45, 95, 65)),
    )
    return Page(
        source="scan.xml",
        page=3,
        size=(100, 80),
        dpi=299.5,
        regions=regions,
        provenance=Provenance(engine="t", spec="t:lang=eng", fingerprint="f", version="5"),
    )


def allowed(text: str) -> str:
    """The text with U+FFFD for what is no character of XML 1.0."""
    return "".join(
        "\ufffd" if (unicodedata.category(c) == "Cc" and c < "\x20" and c not in "\t\n\r") else c
        for c in text.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
    )


def held(page: Page, change: Change, source: str) -> Page:
    """What all of them keep, the lines as ``change`` leaves them."""
    about = page.provenance
    kept = None
    if about is not None:
        kept = Provenance(
            **{key: allowed(getattr(about, key)) for key in ("engine", "spec", "fingerprint", "version")}
        )
    return replace(
        page,
        source=source,
        id=None,
        level="page",
        provenance=kept,
        lines=tuple(map(change, page.lines)),
        regions=tuple(replace(r, lines=tuple(map(change, r.lines))) for r in page.regions),
    )


def in_page(line: Line) -> Line:
    words = tuple(
        replace(_texts(word, allowed), glyphs=tuple(_texts(g, allowed) for g in word.glyphs))
        for word in line.words
        if word.text.strip()
    )
    return replace(_texts(line, allowed), words=words)


def in_alto(line: Line) -> Line:
    gaps = spaces(line)
    kept = [(word, gap) for word, gap in zip(line.words, gaps, strict=True) if word.text.strip()]
    line = replace(_texts(line, allowed), calibrated=None, words=())
    if not kept:
        return line
    words = [replace(_texts(word, allowed), calibrated=None, glyphs=_alto_glyphs(word)) for word, _ in kept]
    text = _joined((word.text, gap) for word, (_, gap) in zip(words, kept, strict=True))
    return Line(text=text, polygon=line.polygon, words=tuple(words))


def _alto_glyphs(word: Word) -> tuple[Glyph, ...]:
    if any(len(glyph.text) != 1 for glyph in word.glyphs):
        return ()
    kinds = Counter(g.confidence_kind for g in word.glyphs if g.confidence_kind)
    common = kinds.most_common(1)[0][0] if kinds else None
    glyphs = []
    for glyph in word.glyphs:
        kept: dict[str, Any] = {"calibrated": None}
        if glyph.confidence_kind != common:
            kept |= {"confidence": None, "confidence_kind": None}
        few = tuple((text, p) for text, p in glyph.alternatives if len(text) <= 3)
        glyphs.append(_texts(replace(glyph, **kept, alternatives=few), allowed))
    return tuple(glyphs)


def shown(text: str) -> str:
    """Text as HTML shows it."""
    return re.sub("[ \t\r\n]+", " ", allowed(text)).strip(" ")


def in_hocr(line: Line) -> Line:
    kept = [(_hocr_word(w), gap) for w, gap in zip(line.words, spaces(line), strict=True) if shown(w.text)]
    line = replace(_texts(line, shown), words=tuple(word for word, _ in kept))
    return replace(line, text=_joined((word.text, gap) for word, gap in kept)) if kept else line


def _hocr_word(word: Word) -> Word:
    glyphs = tuple(_texts(glyph, shown) for glyph in word.glyphs if shown(glyph.text))
    word = _texts(word, shown)
    same = "".join(glyph.text for glyph in glyphs) == word.text
    return replace(word, glyphs=glyphs if same else ())


def _joined(parts: Iterator[tuple[str, bool]]) -> str:
    return "".join((" " if gap and i else "") + text for i, (text, gap) in enumerate(parts))


def _texts(element: Any, change: Callable[[str], str]) -> Any:
    alternatives = tuple((change(text), p) for text, p in element.alternatives)
    return replace(element, text=change(element.text), alternatives=alternatives)
