"""Reading XML and HTML that others wrote: hOCR, ALTO and PAGE XML.

A file is material, never an instruction: no entity is resolved, no DTD is loaded and nothing is
fetched. Documents that declare entities, nest deeper than any layout does or hold one text of more
than 10 MB (libxml2's own limit) are refused. What cannot be read is one `SourceError` that names the
file and the line, and holds nothing of the file's content.

Numbers that are none, or not finite, count as absent: a bad box costs the polygon and not the text. A
confidence outside its scale says nothing about the word, so it is dropped, not clamped.
"""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, TypeAlias

from ocr_plugins.document import Polygon, Provenance
from ocr_plugins.errors import SourceError

if TYPE_CHECKING:
    from lxml import etree

    Element: TypeAlias = etree._Element

FormatName = Literal["hocr", "alto", "page"]

#: More than any layout needs; libxml2 stops at 256 in XML, but not in HTML.
_DEEPEST = 200
#: What is looked at to tell a format: licence texts in comments may stand before the root.
_HEAD = 1 << 16
_LARGEST_SIDE = 1_000_000

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_CHARSET = re.compile(rb"""(?:encoding|charset)\s*=\s*["']?\s*([A-Za-z0-9._-]+)""")
_HOCR_MARK = re.compile(r"""\bocrx?_(?:page|carea|line|word)\b|\bocr-(?:system|capabilities)\b""")


def sniff(data: bytes) -> FormatName | None:
    """Which of the three formats the bytes are, told by their root element, without parsing them."""
    text = _decoded(data[:_HEAD])
    root = _root_name(text)
    if root == "alto":
        return "alto"
    if root == "PcGts":
        return "page"
    if root.lower() in ("html", "body", "div", "span", "p") and _HOCR_MARK.search(text):
        return "hocr"
    return None


def parse_xml(data: bytes, name: str) -> Element:
    """The root of well-formed XML; ``name`` is the file's, for messages.

    Raises:
        SourceError: kind ``bad_xml``: empty, not well-formed, of an encoding that is not what it says,
            or nested too deeply; kind ``xml_entities``: it declares entities.
    """
    from lxml import etree

    data = _trimmed(data, name)
    _refuse_entities(data, name)
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=False,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise _malformed(name, error.lineno) from None
    except (LookupError, ValueError):
        raise _malformed(name, None) from None
    _check_depth(root, name)
    return root


def parse_hocr(data: bytes, name: str) -> Element:
    """The root of an hOCR file: as XML where it is, else as HTML.

    HTML's parser takes anything, so a file that was cut off would read as a shorter one: what is not
    well-formed must at least end.

    Raises:
        SourceError: as `parse_xml`.
    """
    from lxml import etree

    try:
        root = parse_xml(data, name)
    except SourceError as error:
        if error.kind != "bad_xml" or not _ends(data):
            raise
    else:
        # Entities that XHTML's DTD would define: HTML's parser knows them without it.
        if next(root.iter(etree.Entity), None) is None:
            return root
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        html = etree.fromstring(_decoded(data).encode(), parser)
    except (etree.XMLSyntaxError, ValueError):
        raise _malformed(name, None) from None
    if html is None:
        raise _malformed(name, None)
    _check_depth(html, name)
    return html


def local_name(element: Element) -> str:
    """The element's name without its namespace."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def children(element: Element, *names: str) -> Iterator[Element]:
    """The element's children of these names, in any namespace."""
    for child in element:
        if local_name(child) in names:
            yield child


def first(element: Element, name: str) -> Element | None:
    """The first child of this name, in any namespace."""
    return next(children(element, name), None)


def number(text: str | None) -> float | None:
    """A finite number, or None."""
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def fraction(text: str | None) -> float | None:
    """A number in [0, 1], or None."""
    value = number(text)
    return value if value is not None and 0 <= value <= 1 else None


def percentage(text: str | None) -> float | None:
    """A number in [0, 100] as one in [0, 1], rounded once; or None."""
    try:
        value = float(Decimal(text or "").scaleb(-2))
    except (ArithmeticError, ValueError):
        return None
    return value if 0 <= value <= 1 else None


def side(value: float | None) -> int | None:
    """A page's width or height in whole pixels, or None."""
    return round(value) if value is not None and 1 <= round(value) <= _LARGEST_SIDE else None


def resolution(value: float | None) -> float | None:
    """Pixels an inch above 0, or None."""
    return value if value is not None and value > 0 else None


def polygon(text: str | None) -> Polygon | None:
    """A polygon of at least three points, ``x,y x,y ...`` or ``x y x y ...``; None where it is none."""
    spaced = " ".join((text or "").split()).replace(" ,", ",").replace(", ", ",")
    pairs = [part.split(",") for part in spaced.split()]
    if len(pairs) > 1 and {len(pair) for pair in pairs} not in ({1}, {2}):
        return None
    values = [number(value) for pair in pairs for value in pair]
    return polygon_of([math.nan if value is None else value for value in values])


def polygon_of(values: Sequence[float]) -> Polygon | None:
    """A polygon from x, y, x, y ..., or None where they make none."""
    if len(values) < 6 or len(values) % 2 or not all(map(math.isfinite, values)):
        return None
    return Polygon(tuple(zip(values[::2], values[1::2], strict=True)))


def box(values: Sequence[float | None]) -> Polygon | None:
    """The upright rectangle between two corners x, y, x, y, or None where a number is missing."""
    numbers = [value for value in values if value is not None]
    if len(values) != 4 or len(numbers) != 4:
        return None
    x0, y0, x1, y1 = numbers
    return Polygon.from_box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


def page_numbers(told: Sequence[float | None]) -> list[int]:
    """Each page's number, from 1: what the file tells where that can be true, else its place."""
    whole = [int(value) for value in told if value is not None and value >= 1 and value == int(value)]
    return whole if len(set(whole)) == len(told) else list(range(1, len(told) + 1))


def provenance(
    engine: str | None, spec: str | None, fingerprint: str | None, version: str | None
) -> Provenance | None:
    """How the page was read, where the file tells all of it."""
    if engine is None or spec is None or fingerprint is None or version is None:
        return None
    return Provenance(engine=engine, spec=spec, fingerprint=fingerprint, version=version)


def _root_name(text: str) -> str:
    at = 0
    while (at := text.find("<", at)) >= 0:
        if text.startswith("<!--", at):
            end = text.find("-->", at)
        elif text.startswith("<?", at):
            end = text.find("?>", at)
        elif text.startswith("<!", at):
            close, subset = text.find(">", at), text.find("[", at)
            end = text.find("]", at) if 0 <= subset < close else close
        else:
            name = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)").match(text, at)
            return name[1] if name else ""
        if end < 0:
            return ""
        at = end + 1
    return ""


def _trimmed(data: bytes, name: str) -> bytes:
    # White space before the declaration is an error in XML, and a common one.
    data = data.lstrip(b" \t\r\n")
    if not data:
        raise SourceError(f"{name} is empty", "export it again from the program that wrote it", "bad_xml")
    return data


def _refuse_entities(data: bytes, name: str) -> None:
    # Looked for in the bytes: libxml2 expands entities within attributes whatever it is told.
    found = any("<!ENTITY".encode(code) in data for code in ("ascii", "utf-16-le", "utf-16-be"))
    if found or "<!ENTITY" in _decoded(data[:_HEAD]):
        raise SourceError(
            f"{name} declares entities of its own, which are not expanded",
            "export it again without a document type, or replace the entities by their text",
            "xml_entities",
        )


def _check_depth(root: Element, name: str) -> None:
    from lxml import etree

    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > _DEEPEST:
            raise SourceError(
                f"{name} nests elements more than {_DEEPEST} deep",
                "no page layout does; export it again from the program that wrote it",
                "bad_xml",
            )


def _malformed(name: str, line: int | None) -> SourceError:
    where = f" (line {line})" if line else ""
    return SourceError(
        f"{name} is not well-formed XML{where}",
        "it may be cut off or of another kind; export it again, or repair it at that line",
        "bad_xml",
    )


def _ends(data: bytes) -> bool:
    return re.search(r"</html\s*>", _decoded(data)[-2048:], re.IGNORECASE) is not None


def _decoded(data: bytes) -> str:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, "replace").removeprefix("\ufeff")
    told = _CHARSET.search(data[:2048])
    encodings = [told[1].decode("ascii")] if told else []
    for encoding in [*encodings, "utf-8"]:
        try:
            return data.decode(encoding, "strict" if encoding == "utf-8" else "replace")
        except (LookupError, UnicodeError):
            continue
    # What browsers take HTML for that declares nothing and is no UTF-8.
    return data.decode("windows-1252", "replace")
