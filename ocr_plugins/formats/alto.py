"""ALTO 4.2, one file for each page.

Written are Description (pixel, the source's name, and as Processing this software and, where it is known,
the engine with its version, spec and fingerprint), Tags, and Layout with one Page, its PrintSpace, a
TextBlock for each region, TextLine, String (CONTENT, WC), SP where the line's text has white space, and
Glyph with its Variants. Coordinates are floats, as they are. Where WIDTH and HEIGHT would not give a polygon
back, it is a Shape. An element of which nothing tells the place has no coordinates, which ALTO 4 allows; a
page of which nothing does, its size included, is refused (kind ``no_coordinates``).

ALTO's tags hold what it has no attribute for: a region's kind (LayoutTag); what confidences mean; that a
box was told from what is inside; that the one block around lines is no region; and that a String is a
whole line, of which the engine told no words. The resolution is in processingStepSettings. Alternatives of
a String are ALTERNATIVE elements whose PURPOSE holds their probability.

Not kept: a page's id and level; of its provenance all but engine, version, spec and fingerprint;
``calibrated``; confidence and alternatives of a line that has words, and its text where it is not its words
in order; words of white space alone; glyphs of a word in which one is more than one code point (the schema
wants one), alternatives of glyphs of more than three, and confidences of glyphs of more than one kind in a
word. `ocr_plugins.formats.alto_read` says what is read.

Source: ALTO 4.2 (Library of Congress, June 2020), namespace http://www.loc.gov/standards/alto/ns-v4#.
"""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import ocr_plugins
from ocr_plugins.document import Element, Glyph, Line, Page, Polygon, Region, Word
from ocr_plugins.formats.alto_read import PURPOSE, read_alto
from ocr_plugins.formats.base import Format, TextWriter
from ocr_plugins.formats.xml_output import (
    Placed,
    check_coordinates,
    clean,
    common_kind,
    document,
    place,
    plain,
    points,
    spaces,
)

if TYPE_CHECKING:
    from ocr_plugins.formats.xml_input import Element as Node

_NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
# lxml knows a default namespace by the prefix None, its type stubs do not.
_NAMESPACES: Any = {None: _NAMESPACE}


def page_alto(page: Page, place_in_file: int = 1) -> str:
    """One page as an ALTO document.

    Raises:
        SourceError: kind ``no_coordinates``; kind ``one_page_only`` for a second page.
    """
    extent = check_coordinates(page, "alto")
    return document(page, place_in_file, "alto", lambda: _Alto(page, extent).root)


class _Alto:
    """One page's document, with the tags that its elements refer to."""

    def __init__(self, page: Page, extent: Polygon) -> None:
        from lxml import etree

        self._new = etree.SubElement
        self.root = etree.Element(f"{{{_NAMESPACE}}}alto", SCHEMAVERSION="4.2", nsmap=_NAMESPACES)
        self._tag_ids: dict[tuple[str, str, str], str] = {}
        self._counts: dict[str, int] = {}
        self._description(page)
        tags = self._add(self.root, "Tags")
        space = self._page(page, extent)
        for region in page.regions or ((Region(lines=page.lines),) if page.lines else ()):
            self._block(space, region, whole_page=not page.regions)
        for (element, kind, label), tag_id in self._tag_ids.items():
            self._add(tags, element, ID=tag_id, TYPE=kind, LABEL=label)
        if not self._tag_ids:
            self.root.remove(tags)

    def _add(self, parent: Node, tag: str, text: str | None = None, /, **attributes: str) -> Node:
        node = self._new(parent, f"{{{_NAMESPACE}}}{tag}")
        for key, value in attributes.items():
            node.set(key, clean(value))
        if text is not None:
            node.text = clean(text)
        return node

    def _id(self, name: str) -> str:
        self._counts[name] = self._counts.get(name, 0) + 1
        return f"{name}_{self._counts[name]}"

    def _tag(self, label: str, kind: str = "ocr-plugins", element: str = "OtherTag") -> str:
        return self._tag_ids.setdefault((element, kind, label), f"tag_{len(self._tag_ids) + 1}")

    def _description(self, page: Page) -> None:
        description = self._add(self.root, "Description")
        self._add(description, "MeasurementUnit", "pixel")
        image = self._add(description, "sourceImageInformation")
        self._add(image, "fileName", PurePath(page.source).name or page.source)
        settings = [f"dpi={plain(page.dpi)}"] if page.dpi else []
        if page.provenance:
            about = page.provenance
            self._processing(
                description, about.engine, about.version, [about.spec, f"fingerprint={about.fingerprint}"]
            )
        self._processing(description, "ocr-plugins", ocr_plugins.__version__, settings, "contentModification")

    def _processing(
        self,
        parent: Node,
        name: str,
        version: str,
        settings: list[str],
        category: str = "contentGeneration",
    ) -> None:
        step = self._add(parent, "Processing", ID=self._id("processing"))
        self._add(step, "processingCategory", category)
        if settings:
            self._add(step, "processingStepSettings", "\n".join(settings))
        software = self._add(step, "processingSoftware")
        self._add(software, "softwareName", name)
        self._add(software, "softwareVersion", version)

    def _page(self, page: Page, extent: Polygon) -> Node:
        layout = self._add(self.root, "Layout")
        size = {"WIDTH": str(page.size[0]), "HEIGHT": str(page.size[1])} if page.size else {}
        node = self._add(layout, "Page", ID="page_1", PHYSICAL_IMG_NR=str(page.page), **size)
        return self._add(node, "PrintSpace", **_position(extent))

    def _block(self, space: Node, region: Region, *, whole_page: bool) -> None:
        block = self._add(space, "TextBlock", ID=self._id("block"))
        tags = [] if region.kind == "text" else [self._tag(region.kind, "region", "LayoutTag")]
        self._finish(block, region, [*tags, self._tag("lines")] if whole_page else tags)
        for line in region.lines:
            node = self._add(block, "TextLine", ID=self._id("line"))
            self._finish(node, line, [])
            self._line(node, line)

    def _line(self, node: Node, line: Line) -> None:
        words = [pair for pair in zip(line.words, spaces(line), strict=True) if pair[0].text.strip()]
        if not words:
            self._string(node, line, [self._tag("whole line")])
        for i, (word, space) in enumerate(words):
            if space and i:
                self._add(node, "SP")
            self._string(node, word, [])

    def _string(self, line: Node, element: Word | Line, tags: list[str]) -> None:
        string = self._add(line, "String", ID=self._id("string"), CONTENT=element.text)
        if element.confidence is not None and element.confidence_kind is not None:
            string.set("WC", plain(element.confidence))
            tags.append(self._tag(element.confidence_kind, "confidence"))
        glyphs = element.glyphs if isinstance(element, Word) else ()
        if any(len(clean(glyph.text)) != 1 for glyph in glyphs):
            glyphs = ()
        kind = common_kind(glyphs)
        if kind is not None:
            tags.append(self._tag(kind, "glyph confidence"))
        if isinstance(element, Word):
            self._finish(string, element, tags)
        else:
            string.set("TAGREFS", " ".join(tags))
        for text, probability in element.alternatives:
            self._add(string, "ALTERNATIVE", text, PURPOSE=f"{PURPOSE}{plain(probability)}")
        for glyph in glyphs:
            self._glyph(string, glyph, kind)

    def _glyph(self, string: Node, glyph: Glyph, kind: str | None) -> None:
        node = self._add(string, "Glyph", CONTENT=glyph.text)
        if glyph.confidence is not None and glyph.confidence_kind == kind:
            node.set("GC", plain(glyph.confidence))
        self._shape(node, glyph)
        for text, probability in glyph.alternatives:
            if len(text) <= 3:
                self._add(node, "Variant", CONTENT=text, VC=plain(probability))

    def _finish(self, node: Node, element: Placed, tags: list[str]) -> None:
        if self._shape(node, element):
            tags.append(self._tag("inferred box"))
        if tags:
            node.set("TAGREFS", " ".join(tags))

    def _shape(self, node: Node, element: Element | Region) -> bool:
        """Where it is; whether that was told from what is inside."""
        polygon, inferred = place(element)
        if polygon is not None:
            for key, value in _position(polygon).items():
                node.set(key, value)
            x0, y0, x1, y1 = polygon.box
            if polygon != Polygon.from_box(x0, y0, x0 + (x1 - x0), y0 + (y1 - y0)):
                self._add(self._add(node, "Shape"), "Polygon", POINTS=points(polygon))
        return inferred


def _position(polygon: Polygon) -> dict[str, str]:
    x0, y0, x1, y1 = polygon.box
    values = {"HPOS": x0, "VPOS": y0, "WIDTH": x1 - x0, "HEIGHT": y1 - y0}
    return {key: plain(value) for key, value in values.items()}


def _open(path: Path) -> TextWriter:
    return TextWriter(path, page_alto)


ALTO = Format(
    name="alto",
    ending=".alto.xml",
    endings=(".xml",),
    help="ALTO 4.2 (XML): words with boxes and confidences, one file a page",
    open=_open,
    read=read_alto,
)
