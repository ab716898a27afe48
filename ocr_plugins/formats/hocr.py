"""hOCR 1.2 as XHTML: one file for all pages of a document.

Written are ``ocr_page`` (image, bbox, ppageno, scan_res), ``ocr_carea`` for each region, ``ocr_par``
around the lines of a region or of a page without any, ``ocr_line``, ``ocrx_word`` and, for glyphs,
``ocrx_cinfo`` with x_bboxes and x_confs. Confidences are x_wconf, 0 to 100, with as many digits as they
have. Alternatives are ``ins`` and ``del`` of class ``alt`` in a ``span`` of class ``alternatives``. A polygon
that is no upright box is a ``poly`` beside its ``bbox``. hOCR's coordinates are whole numbers from 0 up:
they are rounded to the nearest, halves up.

What hOCR has no property for is in HTML's ``data-`` attributes, which other programs leave alone: the
exact polygon (``data-points``), what a confidence means (``data-confidence-kind``, on the page where most
elements share it), ``data-calibrated``, a region's kind (``data-kind``), the engine that read the page, and
``data-box="inferred"`` on a box that was told from what is inside. An element of which nothing tells the
place has no bbox.

Not kept: a page's id and level; of its provenance all but engine, version, spec and fingerprint; glyphs
whose texts do not make up their word; words and glyphs of white space alone; runs of white space, which
are one space in HTML; and a line's text where it is not its words in order.
`ocr_plugins.formats.hocr_read` says what is read.

Source: the hOCR specification 1.2 (T. Breuel, K. Baierer; kba.github.io/hocr-spec/1.2).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePath
from xml.sax.saxutils import escape, quoteattr

import ocr_plugins
from ocr_plugins.document import Element, Glyph, Line, Page, Polygon, Word
from ocr_plugins.formats.base import Format, TextWriter
from ocr_plugins.formats.hocr_read import read_hocr
from ocr_plugins.formats.xml_output import (
    Placed,
    clean,
    common_kinds,
    is_upright,
    percent,
    place,
    plain,
    points,
    spaces,
    whole,
)

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml">
<head>
<meta charset="utf-8"/>
<title>OCR</title>
<meta name="ocr-system" content="ocr-plugins {version}"/>
<meta name="ocr-capabilities" content="ocr_page ocr_carea ocr_par ocr_line ocrx_word ocrx_cinfo ocrp_wconf \
ocrp_poly"/>
</head>
<body>
"""
_TAIL = "</body>\n</html>\n"
_HTML_SPACE = re.compile("[ \t\n\r]+")


def page_hocr(page: Page, place_in_file: int) -> str:
    """One page as a ``div`` of class ocr_page."""
    kinds = common_kinds(page)
    parts = [f"<div{_page_attributes(page, place_in_file, kinds)}>\n"]
    if page.lines:
        parts.append(_paragraph(page.lines, kinds))
    for region in page.regions:
        about = {"data-kind": region.kind} if region.kind != "text" else {}
        parts.append(f'<div class="ocr_carea"{_placed(region, about)}>\n')
        parts.append(_paragraph(region.lines, kinds) if region.lines else "")
        parts.append("</div>\n")
    return "".join([*parts, "</div>\n"])


def _page_attributes(page: Page, place_in_file: int, kinds: dict[str, str]) -> str:
    image = _collapsed(PurePath(page.source).name or page.source).replace('"', "'")
    title = [f'image "{image}"']
    about: dict[str, str] = {"class": "ocr_page", "id": f"page_{place_in_file}"}
    if page.size:
        title.append(f"bbox 0 0 {page.size[0]} {page.size[1]}")
    title.append(f"ppageno {page.page - 1}")
    if page.dpi:
        title.append(f"scan_res {round(page.dpi)} {round(page.dpi)}")
        about["data-dpi"] = plain(page.dpi)
    about["title"] = "; ".join(title)
    about |= {f"data-{level}-confidence-kind": kind for level, kind in kinds.items()}
    if page.provenance:
        for key in ("engine", "version", "spec", "fingerprint"):
            about[f"data-{key}"] = getattr(page.provenance, key)
    return _attributes(about)


def _paragraph(lines: Iterable[Line], kinds: dict[str, str]) -> str:
    return f'<p class="ocr_par">\n{"".join(_line(line, kinds) for line in lines)}</p>\n'


def _line(line: Line, kinds: dict[str, str]) -> str:
    words = [word for word in line.words if _collapsed(word.text)]
    if words:
        gaps = spaces(line)
        shown = [gap for word, gap in zip(line.words, gaps, strict=True) if _collapsed(word.text)]
        content = "".join(
            ("\n" if gap and i else "") + _word(word, kinds)
            for i, (word, gap) in enumerate(zip(words, shown, strict=True))
        )
    else:
        content = escape(_collapsed(line.text))
    attributes = _placed(line, _numbers(line, kinds.get("line")), _confidence(line))
    return f'<span class="ocr_line"{attributes}>{_alternatives(content, line)}</span>\n'


def _word(word: Word, kinds: dict[str, str]) -> str:
    text = _collapsed(word.text)
    glyphs = [glyph for glyph in word.glyphs if _collapsed(glyph.text)]
    content = escape(text)
    if glyphs and "".join(_collapsed(glyph.text) for glyph in glyphs) == text:
        content = "".join(_glyph(glyph, kinds) for glyph in glyphs)
    attributes = _placed(word, _numbers(word, kinds.get("word")), _confidence(word))
    return f'<span class="ocrx_word"{attributes}>{_alternatives(content, word)}</span>'


def _glyph(glyph: Glyph, kinds: dict[str, str]) -> str:
    confidence = [] if glyph.confidence is None else [f"x_confs {percent(glyph.confidence)}"]
    attributes = _placed(glyph, _numbers(glyph, kinds.get("glyph")), confidence, "x_bboxes")
    content = _alternatives(escape(_collapsed(glyph.text)), glyph)
    return f'<span class="ocrx_cinfo"{attributes}>{content}</span>'


def _alternatives(content: str, element: Element) -> str:
    if not element.alternatives:
        return content
    others = "".join(
        f'<del class="alt" title="x_confs {percent(probability)}">{escape(_collapsed(text))}</del>'
        for text, probability in element.alternatives
    )
    return f'<span class="alternatives"><ins class="alt">{content}</ins>{others}</span>'


def _confidence(element: Element) -> list[str]:
    return [] if element.confidence is None else [f"x_wconf {percent(element.confidence)}"]


def _numbers(element: Element, common_kind: str | None) -> dict[str, str]:
    about: dict[str, str] = {}
    if element.confidence_kind is not None and element.confidence_kind != common_kind:
        about["data-confidence-kind"] = element.confidence_kind
    if element.calibrated is not None:
        about["data-calibrated"] = plain(element.calibrated)
    return about


def _placed(element: Placed, about: dict[str, str], more: Iterable[str] = (), box: str = "bbox") -> str:
    polygon, inferred = place(element)
    title: list[str] = []
    if polygon is not None:
        rounded = whole(polygon)
        title.append(f"{box} {_spaced(Polygon.from_box(*rounded.box))}")
        if not is_upright(rounded):
            title.append("poly " + " ".join(f"{plain(x)} {plain(y)}" for x, y in rounded.points))
        if inferred:
            about["data-box"] = "inferred"
        elif rounded != polygon:
            about["data-points"] = points(polygon)
    title += more
    return _attributes(({"title": "; ".join(title)} if title else {}) | about)


def _spaced(box: Polygon) -> str:
    return " ".join(map(plain, box.box))


def _attributes(about: dict[str, str]) -> str:
    return "".join(f" {key}={quoteattr(clean(value))}" for key, value in about.items())


def _collapsed(text: str) -> str:
    return _HTML_SPACE.sub(" ", clean(text)).strip(" ")


def _open(path: Path) -> TextWriter:
    return TextWriter(path, page_hocr, head=_HEAD.format(version=ocr_plugins.__version__), tail=_TAIL)


HOCR = Format(
    name="hocr",
    ending=".hocr",
    help="hOCR 1.2 (XHTML): words with boxes and confidences, one file a document",
    open=_open,
    read=read_hocr,
    many=True,
    endings=(".html", ".htm", ".xhtml"),
)
