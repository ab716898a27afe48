"""Reads PAGE XML of the years 2010 to 2019, in any namespace or none.

Read are TextRegion, at any depth and in regions of other kinds, TextLine, Word, Glyph, Coords (``points``,
or the Point elements of 2010) and TextEquiv. Regions stand in the order of ReadingOrder (groups within
groups, by index; what it does not name, with the region around it), else in that of
``custom="readingOrder {index:3;}"`` (Transkribus), else as they stand; lines by ``custom`` too. A region's
kind is its ``type``, else that of the region it is in (table and so on).

* Of several TextEquivs the one with the lowest index is the text, one without index the first; the others
  are alternatives where they have a conf, which the model wants. Unicode goes before PlainText.
* A line's own text goes before that of its words; a line without one has its words, joined by spaces.
* A region with text and no lines is a line for each line of it.
* What has no Coords, or bad ones, has no polygon.

Baselines, styles, languages, tags and images are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ocr_plugins.document import Glyph, Line, Page, Polygon, Provenance, Region, Word
from ocr_plugins.errors import SourceError
from ocr_plugins.formats.xml_input import (
    children,
    first,
    fraction,
    local_name,
    number,
    parse_xml,
    polygon,
    polygon_of,
    provenance,
    resolution,
    side,
)
from ocr_plugins.formats.xml_output import agreed

if TYPE_CHECKING:
    from ocr_plugins.formats.xml_input import Element

#: The name that our values go by in a ``custom`` attribute.
CUSTOM = "ocr-plugins"
#: Region kinds -> PAGE's text types, which are told apart by the same names.
TYPES = {
    name: name
    for name in (
        "paragraph",
        "heading",
        "caption",
        "header",
        "footer",
        "page-number",
        "drop-capital",
        "credit",
        "floating",
        "signature-mark",
        "catch-word",
        "marginalia",
        "footnote",
        "footnote-continued",
        "endnote",
        "TOC-entry",
        "list-label",
        "other",
    )
}

_LAST = 1 << 31
_PPI = {"PPI": 1.0, "PPCM": 2.54}


def read_pagexml(data: bytes, name: str) -> Iterator[Page]:
    """The page of a PAGE file; ``confidence_kind`` is ``page-conf`` where the file does not tell.

    Raises:
        SourceError: as `ocr_plugins.formats.xml_input.parse_xml`; kind ``not_page``: another root
            element, or no page.
    """
    root = parse_xml(data, name)
    page = first(root, "Page")
    if local_name(root) != "PcGts" or page is None:
        raise SourceError(
            f"{name} is no PAGE XML: its root element is not PcGts, or there is no Page in it",
            "name the format that it is, or export it as PAGE XML",
            "not_page",
        )
    custom = _custom(page, CUSTOM)
    kinds = {level: custom.get(f"{level}-kind", "page-conf") for level in ("line", "word", "glyph")}
    regions = _ordered(list(_regions(page, "text")), _reading_order(page))
    found = [_region(region, kind, kinds) for region, kind in regions]
    content: dict[str, Any] = {"regions": tuple(found)}
    if len(regions) == 1 and "lines" in _custom(regions[0][0], CUSTOM):
        content = {"lines": found[0].lines}
    width, height = (side(number(page.get(key))) for key in ("imageWidth", "imageHeight"))
    told = custom.get("page", "")
    yield Page(
        source=name,
        page=int(told) if re.fullmatch("[1-9][0-9]{0,8}", told) else 1,
        size=(width, height) if width and height and "no-size" not in custom else None,
        dpi=_dpi(page),
        provenance=_provenance(root),
        **content,
    )


def _dpi(page: Element) -> float | None:
    unit = _PPI.get(page.get("imageResolutionUnit") or "PPI")
    told = resolution(number(page.get("imageXResolution")))
    return told * unit if told is not None and unit is not None else None


def _provenance(root: Element) -> Provenance | None:
    for metadata in children(root, "Metadata"):
        for item in children(metadata, "MetadataItem"):
            if item.get("name") == CUSTOM:
                told = {label.get("type"): label.get("value") for label in item.iter()}
                return provenance(
                    item.get("value"), told.get("spec"), told.get("fingerprint"), told.get("version")
                )
    return None


def _regions(parent: Element, kind: str) -> Iterator[tuple[Element, str]]:
    """Text regions in document order, each with the kind of region around it; no mere holders."""
    for child in parent:
        name = local_name(child)
        if name == "TextRegion":
            inside = list(_regions(child, kind))
            if not inside or first(child, "TextLine") is not None:
                yield child, kind
            yield from inside
        elif name.endswith("Region"):
            yield from _regions(child, name.removesuffix("Region").lower())


def _reading_order(page: Element) -> dict[str, int]:
    order: dict[str, int] = {}
    for reading in children(page, "ReadingOrder"):
        _references(reading, order)
    return order


def _references(group: Element, order: dict[str, int]) -> None:
    for child in sorted(group, key=lambda item: _whole(item.get("index"))):
        reference = child.get("regionRef")
        if reference is not None:
            order.setdefault(reference, len(order))
        _references(child, order)


def _ordered(regions: Sequence[tuple[Element, str]], order: dict[str, int]) -> Sequence[tuple[Element, str]]:
    if order:
        return sorted(regions, key=lambda region: _rank(region[0], order))
    return sorted(regions, key=lambda region: _custom_index(region[0]))


def _rank(region: Element, order: dict[str, int]) -> int:
    around = (region, *region.iterancestors())
    return next((order[name] for e in around if (name := e.get("id") or "") in order), _LAST)


def _custom_index(element: Element) -> int:
    return _whole(_custom(element, "readingOrder").get("index"))


def _whole(text: str | None) -> int:
    value = number(text)
    return _LAST if value is None else int(value)


def _region(element: Element, around: str, kinds: dict[str, str]) -> Region:
    custom = _custom(element, CUSTOM)
    lines = [_line(line, kinds) for line in sorted(children(element, "TextLine"), key=_custom_index)]
    if not lines:
        text = _texts(element, "page-conf")["text"]
        lines = [Line(text=part.strip()) for part in text.splitlines() if part.strip()]
    return Region(
        lines=tuple(lines),
        kind=custom.get("kind") or element.get("type") or around,
        polygon=_polygon(element, custom),
    )


def _line(element: Element, kinds: dict[str, str]) -> Line:
    words = [_word(word, kinds) for word in children(element, "Word")]
    shared = _shared(element, kinds["line"])
    if first(element, "TextEquiv") is None:
        shared["text"] = " ".join(word.text for word in words if word.text.strip())
    return Line(words=tuple(word for word in words if word.text.strip()), **shared)


def _word(element: Element, kinds: dict[str, str]) -> Word:
    glyphs = [Glyph(**_shared(glyph, kinds["glyph"])) for glyph in children(element, "Glyph")]
    shared = _shared(element, kinds["word"])
    if first(element, "TextEquiv") is None:
        shared["text"] = "".join(glyph.text for glyph in glyphs)
    return Word(glyphs=tuple(glyphs), **shared)


def _shared(element: Element, common_kind: str) -> dict[str, Any]:
    custom = _custom(element, CUSTOM)
    return {
        **_texts(element, custom.get("kind", common_kind)),
        "polygon": _polygon(element, custom),
        "calibrated": fraction(custom.get("calibrated")),
    }


def _texts(element: Element, kind: str) -> dict[str, Any]:
    found = sorted(children(element, "TextEquiv"), key=lambda text: _whole(text.get("index")))
    confidence = fraction(found[0].get("conf")) if found else None
    others = ((_text(other), fraction(other.get("conf"))) for other in found[1:])
    return {
        "text": _text(found[0]) if found else "",
        "confidence": confidence,
        "confidence_kind": None if confidence is None else kind,
        "alternatives": tuple((text, p) for text, p in others if p is not None),
    }


def _text(element: Element) -> str:
    texts = [first(element, "Unicode"), first(element, "PlainText")]
    return next((node.text for node in texts if node is not None and node.text), "")


def _polygon(element: Element, custom: dict[str, str]) -> Polygon | None:
    coords = first(element, "Coords")
    if coords is None or "inferred" in custom:
        return None
    if coords.get("points") is not None:
        return agreed(polygon(custom.get("points")), polygon(coords.get("points")))
    corners = [number(point.get(key)) for point in children(coords, "Point") for key in ("x", "y")]
    values = [value for value in corners if value is not None]
    return polygon_of(values) if len(values) == len(corners) else None


def _custom(element: Element, group: str) -> dict[str, str]:
    """The values of one group in a custom attribute, as Transkribus writes them: ``group {key:value;}``."""
    text = element.get("custom")
    if not text:
        return {}
    groups = (part.partition("{") for part in text.split("}"))
    content = next((values for name, _, values in groups if name.split()[-1:] == [group]), "")
    pairs = (part.partition(":") for part in content.split(";"))
    return {key.strip(): unquote(value.strip()) for key, separator, value in pairs if separator}
