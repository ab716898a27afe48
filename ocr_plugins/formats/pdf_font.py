"""The font of a searchable PDF's invisible text: one empty glyph that stands for every character.

A Type0 font with Identity-H (ISO 32000-1, 9.7): each character is a two-byte code, all codes show
the same empty glyph, half as wide as it is high, and ToUnicode says which character a code is. The
idea is of Tesseract's PDF renderer. A code is the character's own number where that has 16 bits;
other characters get one of the 2,048 codes that UTF-16 keeps for surrogates and that no character
has, because readers take a pair of surrogate codes for two unknown characters.
"""

from __future__ import annotations

import functools
import io
import unicodedata
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pikepdf

#: The advance of every character, and the ascent, as a share of the font's size.
ADVANCE, ASCENT = 0.5, 1.0

_NAME = "GlyphLessFont"
_SURROGATES = range(0xD800, 0xE000)
_UNKNOWN = 0xFFFD
# A CMap takes at most so many entries a section (Adobe Technical Note 5014).
_SECTION = 100


class GlyphlessFont:
    """Codes for characters, and the font object of one file.

    A file can have 2,048 different characters outside the Basic Multilingual Plane; further ones
    become U+FFFD.
    """

    def __init__(self) -> None:
        self._outside: dict[str, int] = {}

    def codes(self, text: str) -> list[int]:
        """The codes of ``text``; control characters and noncharacters have none."""
        return [self._code(character) for character in text if _is_text(character)]

    def embedded(self, pdf: pikepdf.Pdf) -> pikepdf.Object:
        """The font as an indirect object of ``pdf``, knowing all characters that got a code so far."""
        from pikepdf import Array, Dictionary, Name, String

        def stream(data: bytes, **entries: Any) -> pikepdf.Object:
            return pdf.make_indirect(
                pdf.make_stream(zlib.compress(data, 9), Filter=Name.FlateDecode, **entries)
            )

        program = _program()
        descriptor = Dictionary(
            Type=Name.FontDescriptor,
            FontName=Name("/" + _NAME),
            Flags=5,  # fixed pitch, symbolic
            FontBBox=Array([0, 0, 500, 1000]),
            ItalicAngle=0,
            Ascent=1000,
            # Poppler takes a descent of 0 for an unknown one.
            Descent=-1,
            CapHeight=1000,
            StemV=80,
            FontFile2=stream(program, Length1=len(program)),
        )
        descendant = Dictionary(
            Type=Name.Font,
            Subtype=Name.CIDFontType2,
            BaseFont=Name("/" + _NAME),
            CIDSystemInfo=Dictionary(Registry=String("Adobe"), Ordering=String("Identity"), Supplement=0),
            FontDescriptor=pdf.make_indirect(descriptor),
            DW=500,
            CIDToGIDMap=stream(b"\0\1" * 0x10000),
        )
        return pdf.make_indirect(
            Dictionary(
                Type=Name.Font,
                Subtype=Name.Type0,
                BaseFont=Name("/" + _NAME),
                Encoding=Name("/Identity-H"),
                DescendantFonts=Array([pdf.make_indirect(descendant)]),
                ToUnicode=stream(self._to_unicode()),
            )
        )

    def _code(self, character: str) -> int:
        number = ord(character)
        if number < 0x10000:
            return number
        if character not in self._outside and len(self._outside) == len(_SURROGATES):
            return _UNKNOWN
        return self._outside.setdefault(character, _SURROGATES.start + len(self._outside))

    def _to_unicode(self) -> bytes:
        # A range may not cross a change of the first byte.
        rows = [high for high in range(0x100) if high << 8 not in _SURROGATES]
        ranges = [f"<{high:02X}00> <{high:02X}FF> <{high:02X}00>" for high in rows]
        singles = [
            f"<{code:04X}> <{character.encode('utf-16-be').hex().upper()}>"
            for character, code in self._outside.items()
        ]
        lines = [
            "/CIDInit /ProcSet findresource begin",
            "12 dict begin",
            "begincmap",
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
            "/CMapName /Adobe-Identity-UCS def",
            "/CMapType 2 def",
            "1 begincodespacerange",
            "<0000> <FFFF>",
            "endcodespacerange",
            *_sections("bfrange", ranges),
            *_sections("bfchar", singles),
            "endcmap",
            "CMapName currentdict /CMap defineresource pop",
            "end",
            "end",
        ]
        return "\n".join(lines).encode("ascii")


def _is_text(character: str) -> bool:
    number = ord(character)
    nonchar = number & 0xFFFE == 0xFFFE or 0xFDD0 <= number <= 0xFDEF
    return not nonchar and unicodedata.category(character) != "Cc"


def _sections(kind: str, entries: list[str]) -> list[str]:
    lines = []
    for start in range(0, len(entries), _SECTION):
        part = entries[start : start + _SECTION]
        lines += [f"{len(part)} begin{kind}", *part, f"end{kind}"]
    return lines


@functools.cache
def _program() -> bytes:
    """A TrueType font with .notdef and one empty glyph, the same bytes each time."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    # A line encloses nothing, but it has a height: PDFium leaves out vertical text without one.
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.lineTo((500, 1000))
    pen.closePath()
    line = pen.glyph()
    glyphs = [".notdef", "blank"]
    builder = FontBuilder(1000, isTTF=True)
    builder.updateHead(created=0, modified=0)
    builder.font.recalcTimestamp = False
    builder.setupGlyphOrder(glyphs)
    builder.setupCharacterMap({0x20: "blank"})
    builder.setupGlyf(dict.fromkeys(glyphs, line))
    builder.setupHorizontalMetrics(dict.fromkeys(glyphs, (500, 0)))
    builder.setupHorizontalHeader(ascent=1000, descent=-1)
    builder.setupNameTable({"familyName": _NAME, "styleName": "Regular", "psName": _NAME})
    builder.setupOS2(sTypoAscender=1000, sTypoDescender=-1, usWinAscent=1000, usWinDescent=1)
    builder.setupPost(isFixedPitch=1)
    file = io.BytesIO()
    builder.save(file)
    return file.getvalue()
