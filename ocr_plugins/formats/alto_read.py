"""Reads ALTO 1 to 4, in any namespace or none.

Read are all Pages, the blocks of margins and print space (top and left margin, print space, right and
bottom margin), in ComposedBlocks of any depth, and in the order of ReadingOrder where there is one (4.3);
TextLine, String, SP, HYP, Glyph and Variant. A region's kind is the label of its layout or structure tag,
else the TYPE of the ComposedBlock around it. A polygon is a Shape's, else the box.

* A line's text has white space where SP stands; a line of another program's without any SP has some between
  all its Strings. HYP is the printed hyphen and becomes part of the last word; SUBS_CONTENT is not read.
* Coordinates in mm10 and inch1200 become pixels by the resolution that a processing step's settings tell
  (``dpi=300``, ``xdpi:300`` and so on). Where none does, the page is taken for an image of 254 or 1200
  pixels an inch, in which one unit is one pixel, and its ``dpi`` says so.
* ALTERNATIVE is read where this project wrote it: elsewhere it is a modern spelling and no reading.

Pages are numbered by PHYSICAL_IMG_NR where that tells them apart, else as they stand. Not read: styles, CC,
illustrations and graphical elements.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ocr_plugins.document import Glyph, Line, Page, Polygon, Provenance, Region, Word
from ocr_plugins.errors import SourceError
from ocr_plugins.formats.xml_input import (
    box,
    children,
    first,
    fraction,
    local_name,
    number,
    page_numbers,
    parse_xml,
    polygon,
    provenance,
    resolution,
    side,
)

if TYPE_CHECKING:
    from ocr_plugins.formats.xml_input import Element

#: What an alternative's PURPOSE begins with, before its probability.
PURPOSE = "recognition "

_UNITS = {"mm10": 254.0, "inch1200": 1200.0}
_SPACES = ("TopMargin", "LeftMargin", "PrintSpace", "RightMargin", "BottomMargin")
_BLOCKS = ("TextBlock", "ComposedBlock")
_DPI = re.compile(r"(?:\b|[xy_])(?:dpi|resolution)\s*[:=]\s*(\d+(?:\.\d+)?(?:e\+?\d+)?)", re.IGNORECASE)
_FINGERPRINT = re.compile(r"(.*)\nfingerprint=(.*)", re.DOTALL)
_SOFT_HYPHEN = "\u00ad"


def read_alto(data: bytes, name: str) -> Iterator[Page]:
    """The pages of an ALTO file; ``confidence_kind`` is ``alto-wc`` where the file does not tell.

    Raises:
        SourceError: as `ocr_plugins.formats.xml_input.parse_xml`; kind ``not_alto``: another root
            element, or no page.
    """
    root = parse_xml(data, name)
    pages = [element for element in root.iter() if local_name(element) == "Page"]
    if local_name(root) != "alto" or not pages:
        raise SourceError(
            f"{name} is no ALTO: its root element is not alto, or there is no Page in it",
            "name the format that it is, or export it as ALTO",
            "not_alto",
        )
    reader = _Reader(root)
    numbers = page_numbers([number(page.get("PHYSICAL_IMG_NR")) for page in pages])
    for element, page in zip(pages, numbers, strict=True):
        yield reader.page(element, page, name)


class _Reader:
    """What a file says about all of its pages."""

    def __init__(self, root: Element) -> None:
        description = first(root, "Description")
        unit = "pixel"
        self._dpi: float | None = None
        self._provenance: Provenance | None = None
        self._ours = False
        if description is not None:
            found = first(description, "MeasurementUnit")
            unit = (found.text or "").strip() if found is not None else unit
            self._processing(description)
        own = _UNITS.get(unit)
        self._dpi = self._dpi or own
        self._scale = self._dpi / own if own and self._dpi else 1.0
        self._tags = {
            tag.get("ID"): (local_name(tag), tag.get("TYPE"), tag.get("LABEL") or "")
            for tags in children(root, "Tags")
            for tag in tags
        }
        self._order: dict[str, int] = {}
        for element in root.iter():
            if local_name(element) == "ElementRef":
                for reference in (element.get("REF") or "").split():
                    self._order.setdefault(reference, len(self._order))

    def page(self, element: Element, page: int, name: str) -> Page:
        spaces = sorted(children(element, *_SPACES), key=lambda space: _SPACES.index(local_name(space)))
        blocks = [block for space in spaces for block in self._blocks(space, "text")]
        blocks.sort(key=lambda block: self._rank(block[0]))
        regions = [self._region(block, kind) for block, kind in blocks]
        content: dict[str, Any] = {"regions": tuple(regions)}
        if len(blocks) == 1 and ("OtherTag", "ocr-plugins", "lines") in self._tags_of(blocks[0][0]):
            content = {"lines": regions[0].lines}
        width, height = (self._scaled(element.get(key)) for key in ("WIDTH", "HEIGHT"))
        size = (side(width), side(height))
        return Page(
            source=name,
            page=page,
            size=(size[0], size[1]) if size[0] and size[1] else None,
            dpi=self._dpi,
            provenance=self._provenance,
            **content,
        )

    def _processing(self, description: Element) -> None:
        for step in description.iter():
            name = local_name(step)
            if name == "processingStepSettings" and (told := _DPI.search(step.text or "")):
                self._dpi = self._dpi or resolution(number(told[1]))
            elif name == "Processing":
                texts = {local_name(part): part.text or "" for part in step.iter()}
                self._ours |= texts.get("softwareName") == "ocr-plugins"
                settings = _FINGERPRINT.fullmatch(texts.get("processingStepSettings", ""))
                if settings:
                    self._provenance = provenance(
                        texts.get("softwareName"), settings[1], settings[2], texts.get("softwareVersion")
                    )

    def _rank(self, element: Element) -> int:
        return self._order.get(element.get("ID") or "", len(self._order))

    def _blocks(self, parent: Element, kind: str) -> Iterator[tuple[Element, str]]:
        for block in children(parent, *_BLOCKS):
            if local_name(block) == "TextBlock":
                yield block, kind
            else:
                yield from self._blocks(block, self._kind(block, block.get("TYPE") or kind))

    def _kind(self, block: Element, otherwise: str) -> str:
        labels = [
            label for tag, _, label in self._tags_of(block) if tag in ("LayoutTag", "StructureTag") and label
        ]
        return labels[0] if labels else otherwise

    def _tags_of(self, element: Element) -> list[tuple[str, str | None, str]]:
        refs = (element.get("TAGREFS") or "").split()
        return [self._tags[ref] for ref in refs if ref in self._tags]

    def _region(self, block: Element, kind: str) -> Region:
        lines = sorted(children(block, "TextLine"), key=self._rank)
        return Region(
            lines=tuple(self._line(line) for line in lines),
            kind=self._kind(block, kind),
            polygon=self._polygon(block),
        )

    def _line(self, element: Element) -> Line:
        parts = [(local_name(part), part) for part in element]
        strings = [part for name, part in parts if name == "String"]
        tags = self._tags_of(strings[0]) if len(strings) == 1 else []
        if ("OtherTag", "ocr-plugins", "whole line") in tags:
            return Line(polygon=self._polygon(element), **self._string(strings[0]))
        separate = not self._ours and not any(name == "SP" for name, _ in parts)
        words: list[Word] = []
        text = ""
        for name, part in parts:
            if name == "SP":
                text += " "
            elif name == "String":
                word = self._word(part)
                words.append(word)
                text += (" " if separate and text else "") + word.text
            elif name == "HYP" and words:
                hyphen = (part.get("CONTENT") or "-").replace(_SOFT_HYPHEN, "-")
                if not text.endswith(hyphen):
                    words[-1] = _with_hyphen(words[-1], hyphen)
                    text += hyphen
        return Line(
            text=text,
            words=tuple(word for word in words if word.text.strip()),
            polygon=self._polygon(element),
        )

    def _word(self, element: Element) -> Word:
        kinds = [label for _, kind, label in self._tags_of(element) if kind == "glyph confidence"]
        glyphs = (
            self._glyph(glyph, kinds[0] if kinds else "alto-wc") for glyph in children(element, "Glyph")
        )
        return Word(
            polygon=self._polygon(element),
            glyphs=tuple(glyph for glyph in glyphs if glyph.text),
            **self._string(element),
        )

    def _string(self, element: Element) -> dict[str, Any]:
        text = element.get("CONTENT")
        if text is None:
            text = "".join(glyph.get("CONTENT") or "" for glyph in children(element, "Glyph"))
        kinds = [label for _, kind, label in self._tags_of(element) if kind == "confidence"]
        confidence = fraction(element.get("WC"))
        alternatives = (
            (other.text or "", fraction((other.get("PURPOSE") or "").removeprefix(PURPOSE)))
            for other in children(element, "ALTERNATIVE")
        )
        return {
            "text": text,
            "confidence": confidence,
            "confidence_kind": None if confidence is None else (kinds[0] if kinds else "alto-wc"),
            "alternatives": tuple((other, p) for other, p in alternatives if p is not None),
        }

    def _glyph(self, element: Element, kind: str) -> Glyph:
        confidence = fraction(element.get("GC"))
        variants = ((v.get("CONTENT") or "", fraction(v.get("VC"))) for v in children(element, "Variant"))
        return Glyph(
            text=element.get("CONTENT") or "",
            polygon=self._polygon(element),
            confidence=confidence,
            confidence_kind=None if confidence is None else kind,
            alternatives=tuple((text, p) for text, p in variants if p is not None),
        )

    def _polygon(self, element: Element) -> Polygon | None:
        if ("OtherTag", "ocr-plugins", "inferred box") in self._tags_of(element):
            return None
        shape = first(element, "Shape")
        drawn = first(shape, "Polygon") if shape is not None else None
        found = polygon(drawn.get("POINTS")) if drawn is not None else None
        if found is None:
            x, y, width, height = (number(element.get(key)) for key in ("HPOS", "VPOS", "WIDTH", "HEIGHT"))
            if x is None or y is None or width is None or height is None:
                return None
            found = box((x, y, x + width, y + height))
        if found is None or self._scale == 1:
            return found
        return Polygon(tuple((x * self._scale, y * self._scale) for x, y in found.points))

    def _scaled(self, text: str | None) -> float | None:
        value = number(text)
        return None if value is None else value * self._scale


def _with_hyphen(word: Word, hyphen: str) -> Word:
    return replace(word, text=word.text + hyphen)
