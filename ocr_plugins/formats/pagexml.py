"""PAGE XML 2019-07-15, one file for each page.

Written are Metadata (this software; as a MetadataItem, where it is known, the engine with its version, spec
and fingerprint), Page (imageFilename, imageWidth, imageHeight, the resolution in PPI), ReadingOrder, a
TextRegion for each region, TextLine, Word, Glyph, and a TextEquiv for each text: the one that was read first
(index 0, conf its confidence), its alternatives after it. A region's kind is its ``type`` where PAGE has it.
Coordinates in PAGE are whole numbers from 0 up: they are rounded to the nearest, halves up. Metadata's dates
are fixed at 1970-01-01, so that the same page gives the same file.

PAGE wants the place of everything. What has none gets the box around what is inside it, else the one of
what it is in, marked as inferred; a page of which nothing tells the place, its size included, is refused
(kind ``no_coordinates``). A page without a size gets that of the box around all.

What PAGE has no field for stands in the ``custom`` attribute as ``ocr-plugins {key:value; ...}``, values
percent-encoded: the exact polygon (``points``), ``inferred``, what a confidence means (``kind``; on Page as
``line-kind`` and so on where most elements share it), ``calibrated``, other kinds of region, that the one
region around lines is none (``lines``), and on Page its number, and ``no-size``.

Not kept: a page's id and level; of its provenance all but engine, version, spec and fingerprint; words of
white space alone. `ocr_plugins.formats.pagexml_read` says what is read.

Source: PAGE content schema of 2019-07-15 (PRImA, University of Salford).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import ocr_plugins
from ocr_plugins.document import Element, Line, Page, Polygon, Region, Word
from ocr_plugins.formats.base import Format, TextWriter
from ocr_plugins.formats.pagexml_read import CUSTOM, TYPES, read_pagexml
from ocr_plugins.formats.xml_output import (
    Placed,
    check_coordinates,
    clean,
    common_kinds,
    document,
    place,
    plain,
    points,
    whole,
)

if TYPE_CHECKING:
    from ocr_plugins.formats.xml_input import Element as Node

_NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"
# lxml knows a default namespace by the prefix None, its type stubs do not.
_NAMESPACES: Any = {None: _NAMESPACE}
_NO_DATE = "1970-01-01T00:00:00Z"


def page_pagexml(page: Page, place_in_file: int = 1) -> str:
    """One page as a PAGE document.

    Raises:
        SourceError: kind ``no_coordinates``; kind ``one_page_only`` for a second page.
    """
    extent = check_coordinates(page, "page")
    return document(page, place_in_file, "page", lambda: _PageXml(page, whole(extent)).root)


class _PageXml:
    """One page's document."""

    def __init__(self, page: Page, extent: Polygon) -> None:
        from lxml import etree

        self._new = etree.SubElement
        self.root = etree.Element(f"{{{_NAMESPACE}}}PcGts", nsmap=_NAMESPACES)
        self._kinds = common_kinds(page)
        self._metadata(page)
        parent = self._page(page, extent)
        regions = page.regions or ((Region(lines=page.lines),) if page.lines else ())
        if regions:
            order = self._add(self._add(parent, "ReadingOrder"), "OrderedGroup", id="order")
            for i in range(len(regions)):
                self._add(order, "RegionRefIndexed", index=str(i), regionRef=f"r{i}")
        for i, region in enumerate(regions):
            self._region(parent, region, f"r{i}", extent, {} if page.regions else {"lines": "true"})

    def _add(self, parent: Node, tag: str, text: str | None = None, /, **attributes: str) -> Node:
        node = self._new(parent, f"{{{_NAMESPACE}}}{tag}")
        for key, value in attributes.items():
            node.set(key, clean(value))
        if text is not None:
            node.text = clean(text)
        return node

    def _metadata(self, page: Page) -> None:
        metadata = self._add(self.root, "Metadata")
        self._add(metadata, "Creator", f"ocr-plugins {ocr_plugins.__version__}")
        self._add(metadata, "Created", _NO_DATE)
        self._add(metadata, "LastChange", _NO_DATE)
        if page.provenance:
            about = page.provenance
            step = self._add(
                metadata, "MetadataItem", type="processingStep", name="ocr-plugins", value=about.engine
            )
            labels = self._add(step, "Labels")
            for key in ("version", "spec", "fingerprint"):
                self._add(labels, "Label", type=key, value=getattr(about, key))

    def _page(self, page: Page, extent: Polygon) -> Node:
        width, height = page.size or (max(1, int(extent.box[2])), max(1, int(extent.box[3])))
        attributes = {
            "imageFilename": PurePath(page.source).name or page.source,
            "imageWidth": str(width),
            "imageHeight": str(height),
        }
        if page.dpi:
            attributes |= {"imageXResolution": plain(page.dpi), "imageYResolution": plain(page.dpi)}
            attributes["imageResolutionUnit"] = "PPI"
        custom = {f"{level}-kind": kind for level, kind in self._kinds.items()}
        if page.page > 1:
            custom["page"] = str(page.page)
        if page.size is None:
            custom["no-size"] = "true"
        return self._add(self.root, "Page", **attributes, **_custom(custom))

    def _region(
        self, parent: Node, region: Region, name: str, around: Polygon, custom: dict[str, str]
    ) -> None:
        type_ = {"type": TYPES[region.kind]} if region.kind in TYPES else {}
        if region.kind != "text" and not type_:
            custom["kind"] = region.kind
        node, polygon = self._placed(parent, "TextRegion", region, name, around, custom, type_)
        for i, line in enumerate(region.lines):
            self._line(node, line, f"{name}l{i}", polygon)

    def _line(self, parent: Node, line: Line, name: str, around: Polygon) -> None:
        custom = self._numbers(line, "line")
        node, polygon = self._placed(parent, "TextLine", line, name, around, custom)
        for i, word in enumerate(line.words):
            if word.text.strip():
                self._word(node, word, f"{name}w{i}", polygon)
        self._texts(node, line)

    def _word(self, parent: Node, word: Word, name: str, around: Polygon) -> None:
        node, polygon = self._placed(parent, "Word", word, name, around, self._numbers(word, "word"))
        for i, glyph in enumerate(word.glyphs):
            inner, _ = self._placed(
                node, "Glyph", glyph, f"{name}g{i}", polygon, self._numbers(glyph, "glyph")
            )
            self._texts(inner, glyph)
        self._texts(node, word)

    def _placed(
        self,
        parent: Node,
        tag: str,
        element: Placed,
        name: str,
        around: Polygon,
        custom: dict[str, str],
        attributes: Mapping[str, str] | None = None,
    ) -> tuple[Node, Polygon]:
        """The element's node with its Coords, and the polygon in whole pixels."""
        polygon, inferred = place(element)
        rounded = around if polygon is None else whole(polygon)
        if inferred or polygon is None:
            custom["inferred"] = "true"
        elif rounded != polygon:
            custom["points"] = points(polygon)
        node = self._add(parent, tag, id=name, **(attributes or {}), **_custom(custom))
        self._add(node, "Coords", points=points(rounded))
        return node, rounded

    def _numbers(self, element: Element, level: str) -> dict[str, str]:
        custom: dict[str, str] = {}
        if element.confidence_kind is not None and element.confidence_kind != self._kinds.get(level):
            custom["kind"] = element.confidence_kind
        if element.calibrated is not None:
            custom["calibrated"] = plain(element.calibrated)
        return custom

    def _texts(self, node: Node, element: Element) -> None:
        told = {} if element.confidence is None else {"conf": plain(element.confidence)}
        several = {"index": "0"} if element.alternatives else {}
        self._add(self._add(node, "TextEquiv", **several, **told), "Unicode", element.text)
        for i, (text, probability) in enumerate(element.alternatives):
            other = self._add(node, "TextEquiv", index=str(i + 1), conf=plain(probability))
            self._add(other, "Unicode", text)


def _custom(values: Mapping[str, str]) -> dict[str, str]:
    if not values:
        return {}
    quoted = {k: v if k == "points" else quote(clean(v), safe="") for k, v in values.items()}
    content = " ".join(f"{key}:{value};" for key, value in quoted.items())
    return {"custom": f"{CUSTOM} {{{content}}}"}


def _open(path: Path) -> TextWriter:
    return TextWriter(path, page_pagexml)


PAGE = Format(
    name="page",
    ending=".page.xml",
    endings=(".xml",),
    help="PAGE XML 2019-07-15: regions, lines, words and glyphs with polygons, one file a page",
    open=_open,
    read=read_pagexml,
)
