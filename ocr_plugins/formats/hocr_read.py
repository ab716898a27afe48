"""Reads hOCR: this project's own, Tesseract's, OCRopus', kraken's, ABBYY's by way of converters, and others.

Read are ``ocr_page``; ``ocr_carea``, ``ocr_column``, ``ocrx_block`` and the floats (``ocr_header``,
``ocr_table`` and so on) that hold lines as regions; ``ocr_line``, ``ocrx_line`` and floats that hold no
lines as lines; ``ocrx_word``; and ``ocrx_cinfo`` as glyphs. Words outside of lines are lines by what
holds them, and text outside of both counts as a line for each paragraph. Without an ``ocr_page`` the file
is one page.
A line's text is what HTML shows: white space between its words decides, not the words.

Pages are numbered by ppageno where that tells them apart, else as they stand. Not read: baselines, fonts,
languages, text angles, cuts, nlp, and lists of confidences or boxes for the characters of a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ocr_plugins.document import Glyph, Line, Page, Polygon, Provenance, Region, Word
from ocr_plugins.errors import SourceError
from ocr_plugins.formats.xml_input import (
    box,
    fraction,
    number,
    page_numbers,
    parse_hocr,
    percentage,
    polygon,
    polygon_of,
    provenance,
    resolution,
    side,
)
from ocr_plugins.formats.xml_output import agreed

if TYPE_CHECKING:
    from ocr_plugins.formats.xml_input import Element

_AREAS = {"ocr_carea", "ocr_column", "ocrx_block"}
_FLOATS = {
    "ocr_caption": "caption",
    "ocr_float": "text",
    "ocr_footer": "footer",
    "ocr_header": "header",
    "ocr_pageno": "page-number",
    "ocr_table": "table",
    "ocr_textfloat": "text",
}
_LINES = {"ocr_line", "ocrx_line"}
_HOLDS_TEXT = {"ocr_page", "ocr_par", *_AREAS, *_FLOATS}
_WORDS = {"ocrx_word", "ocr_word"}
_MARKS = _LINES | _WORDS | _FLOATS.keys()
_PROPERTY = re.compile(r"""(?:[^;"']|"[^"]*"|'[^']*'|["'])+""")
_SPACE = re.compile("[ \t\n\r\f]+")


@dataclass(frozen=True, slots=True)
class _Kinds:
    """What a page's confidences mean where an element does not tell."""

    line: str
    word: str
    glyph: str


def read_hocr(data: bytes, name: str) -> Iterator[Page]:
    """The pages of an hOCR file; ``confidence_kind`` is ``hocr-wconf`` where the file does not tell.

    Raises:
        SourceError: as `ocr_plugins.formats.xml_input.parse_hocr`; kind ``not_hocr``: nothing in it is hOCR.
    """
    root = parse_hocr(data, name)
    pages = [element for element in root.iter() if "ocr_page" in _classes(element)]
    if not pages:
        if not any(_MARKS & _classes(element) for element in root.iter()):
            raise SourceError(
                f"{name} is no hOCR: it has neither pages, lines nor words of it",
                "name the format that it is, or export it as hOCR",
                "not_hocr",
            )
        pages = [root]
    titles = [_properties(page) for page in pages]
    numbers = page_numbers([_plus_one(title.get("ppageno")) for title in titles])
    for element, title, page in zip(pages, titles, numbers, strict=True):
        yield _page(element, title, page, name)


def _plus_one(text: str | None) -> float | None:
    value = number(text)
    return None if value is None else value + 1


def _page(element: Element, title: dict[str, str], page: int, name: str) -> Page:
    kinds = _Kinds(
        **{
            level: element.get(f"data-{level}-confidence-kind", "hocr-wconf")
            for level in ("line", "word", "glyph")
        }
    )
    groups: list[tuple[Element | None, list[Line]]] = []
    for area, line in _walk(element, kinds):
        if not groups or groups[-1][0] is not area:
            groups.append((area, []))
        if line is not None:
            groups[-1][1].append(line)
    content: dict[str, Any] = {"lines": tuple(line for _, lines in groups for line in lines)}
    if any(area is not None for area, _ in groups):
        content = {"regions": tuple(_region(area, lines) for area, lines in groups)}
    corners = _values(title.get("bbox"))
    width, height = (side(corners[2]), side(corners[3])) if len(corners) == 4 else (None, None)
    return Page(
        source=name,
        page=page,
        size=(width, height) if width and height else None,
        dpi=_dpi(element, title),
        provenance=_provenance(element),
        **content,
    )


def _dpi(element: Element, title: dict[str, str]) -> float | None:
    told = (title.get("scan_res") or "").split()
    found = resolution(number(told[0])) if told else None
    exact = resolution(number(element.get("data-dpi")))
    return exact if exact is not None and found in (None, round(exact)) else found


def _provenance(element: Element) -> Provenance | None:
    return provenance(*(element.get(f"data-{key}") for key in ("engine", "spec", "fingerprint", "version")))


def _region(area: Element | None, lines: list[Line]) -> Region:
    if area is None:
        return Region(lines=tuple(lines))
    floats = [kind for name, kind in _FLOATS.items() if name in _classes(area)]
    kind = area.get("data-kind") or (floats[0] if floats else "text")
    return Region(lines=tuple(lines), kind=kind, polygon=_polygon(area, _properties(area)))


def _walk(page: Element, kinds: _Kinds) -> Iterator[tuple[Element | None, Line | None]]:
    """The page's lines in order, each with the innermost area it is in; (area, None) for an empty one."""
    holds_lines = _holders(page, _LINES | _FLOATS.keys())
    holders = holds_lines | _holders(page, _WORDS)
    waiting: list[tuple[Element, Element | None]] = [(page, None)]
    while waiting:
        element, area = waiting.pop()
        classes = _classes(element)
        is_float = bool(classes & _FLOATS.keys())
        if classes & _LINES or (is_float and element not in holds_lines and _text(element)):
            yield area, _line(element, kinds)
            continue
        if classes & _AREAS or is_float:
            area = element
            if element not in holders:
                yield area, None
        if any(_classes(child) & _WORDS for child in element):
            yield area, replace(_line(element, kinds), confidence=None, confidence_kind=None)
        elif classes & _HOLDS_TEXT and element not in holders and _leaf(element) and _text(element):
            yield area, _line(element, kinds)
        else:
            waiting += [(child, area) for child in reversed(element)]


def _holders(page: Element, classes: set[str]) -> set[Element]:
    """What elements of these classes are in, up to the page."""
    found: set[Element] = set()
    for element in page.iter():
        if element is not page and _classes(element) & classes:
            for parent in element.iterancestors():
                if parent in found:
                    break
                found.add(parent)
                if parent is page:
                    break
    return found


def _leaf(element: Element) -> bool:
    return not any(_classes(child) & _HOLDS_TEXT for child in element)


def _line(element: Element, kinds: _Kinds) -> Line:
    title = _properties(element)
    words: list[Word] = []
    shown: list[str] = []
    for part in _parts(element):
        if isinstance(part, str):
            shown.append(part)
            continue
        word = _word(part, kinds)
        if word is None:
            shown.append(_all_text(part))
        else:
            words.append(word)
            shown.append(word.text)
    return Line(
        text=_collapsed("".join(shown)),
        words=tuple(words),
        polygon=_polygon(element, title),
        alternatives=_alternatives(element),
        **_confidences(element, title, kinds.line),
    )


def _word(element: Element, kinds: _Kinds) -> Word | None:
    title = _properties(element)
    own, glyphs = _word_parts(element, kinds)
    text = own or "".join(glyph.text for glyph in glyphs)
    if not text:
        return None
    return Word(
        text=text,
        polygon=_polygon(element, title),
        glyphs=tuple(glyphs),
        alternatives=_alternatives(element),
        **_confidences(element, title, kinds.word),
    )


def _word_parts(element: Element, kinds: _Kinds) -> tuple[str, list[Glyph]]:
    """The text beside the glyphs, and the glyphs."""
    own: list[str] = []
    glyphs: list[Glyph] = []
    for part in _parts(element, {"ocrx_cinfo"}):
        if isinstance(part, str):
            own.append(part)
        elif (glyph := _glyph(part, kinds)).text:
            glyphs.append(glyph)
    return _collapsed("".join(own)), glyphs


def _glyph(element: Element, kinds: _Kinds) -> Glyph:
    # Tesseract's choices for a glyph are glyphs within it, the best one first.
    choices = [child for child in element if "ocrx_cinfo" in _classes(child)]
    best = choices[0] if choices else element
    others = tuple((_text(choice), _choice_confidence(choice)) for choice in choices[1:])
    title = _properties(best)
    return Glyph(
        text=_text(best),
        polygon=_polygon(element, _properties(element)),
        alternatives=tuple((t, p) for t, p in others if t and p is not None) or _alternatives(element),
        **_confidences(best, title, kinds.glyph, ("x_confs", "x_conf", "x_wconf")),
    )


def _parts(element: Element, names: set[str] = _WORDS) -> Iterator[str | Element]:
    """The text and the elements of the named classes within, in order; no alternatives."""
    if element.text:
        yield element.text
    for child in element:
        classes = _classes(child)
        if classes & names:
            yield child
        elif not _is_alternative(child):
            if child.tag in _BREAKS:
                yield " "
            yield from _parts(child, names)
        if child.tail:
            yield child.tail


_BREAKS = {"br", "{http://www.w3.org/1999/xhtml}br"}


def _is_alternative(element: Element) -> bool:
    tag = element.tag
    return not isinstance(tag, str) or tag.rpartition("}")[2] == "del"


def _text(element: Element) -> str:
    return _collapsed("".join(part for part in _parts(element, set()) if isinstance(part, str)))


def _all_text(element: Element) -> str:
    return "".join(str(text) for text in element.itertext())


def _alternatives(element: Element) -> tuple[tuple[str, float], ...]:
    """The element's own alternatives, with those not that tell no probability."""
    found: list[tuple[str, float]] = []
    for holder in element:
        if "alternatives" not in _classes(holder):
            continue
        for child in holder:
            probability = _choice_confidence(child)
            if _is_alternative(child) and probability is not None:
                found.append((_collapsed(_all_text(child)), probability))
    return tuple(found)


def _choice_confidence(element: Element) -> float | None:
    title = _properties(element)
    return percentage(title.get("x_confs") or title.get("x_wconf"))


def _confidences(
    element: Element, title: dict[str, str], common_kind: str, names: Sequence[str] = ("x_wconf",)
) -> dict[str, Any]:
    confidence = percentage(next((title[name] for name in names if name in title), None))
    return {
        "confidence": confidence,
        "confidence_kind": None if confidence is None else element.get("data-confidence-kind", common_kind),
        "calibrated": fraction(element.get("data-calibrated")),
    }


def _polygon(element: Element, title: dict[str, str]) -> Polygon | None:
    if element.get("data-box") == "inferred":
        return None
    corners = title.get("bbox") or title.get("x_bboxes")
    rounded = polygon_of(_values(title.get("poly"))) or (box(_values(corners)) if corners else None)
    return agreed(polygon(element.get("data-points")), rounded)


def _values(text: str | None) -> list[float]:
    found = [number(value) for value in (text or "").replace(",", " ").split()]
    return [] if None in found else [value for value in found if value is not None]


def _properties(element: Element) -> dict[str, str]:
    """What the title tells: property -> value, without quotes."""
    title = element.get("title")
    if not title:
        return {}
    parts = _PROPERTY.findall(title) if '"' in title or "'" in title else title.split(";")
    pairs = (part.split(None, 1) for part in parts)
    return {pair[0]: pair[1].strip().strip("\"'") for pair in pairs if len(pair) == 2}


def _classes(element: Element) -> set[str]:
    return set((element.get("class") or "").split()) if isinstance(element.tag, str) else set()


def _collapsed(text: str) -> str:
    return _SPACE.sub(" ", text).strip(" ")
