"""The files that pages are written as and read from, by name."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Literal, get_args

from ocr_plugins.errors import CallError, SourceError
from ocr_plugins.formats.alto import ALTO
from ocr_plugins.formats.base import Format, Sheet, Writer
from ocr_plugins.formats.hocr import HOCR
from ocr_plugins.formats.json_pages import JSON, JSONL
from ocr_plugins.formats.markdown import MARKDOWN
from ocr_plugins.formats.names import file_stems, safe_name
from ocr_plugins.formats.pagexml import PAGE
from ocr_plugins.formats.pdf import PDF, PdfWriter
from ocr_plugins.formats.text import TEXT
from ocr_plugins.formats.tsv import TSV
from ocr_plugins.formats.xml_input import sniff

__all__ = [
    "FORMATS",
    "ExistingText",
    "Format",
    "Sheet",
    "Writer",
    "chosen_formats",
    "file_stems",
    "format_of",
    "safe_name",
]

#: What becomes of pages of a PDF that have text already.
ExistingText = Literal["refuse", "keep", "replace"]

_ALL = (TEXT, MARKDOWN, HOCR, ALTO, PAGE, TSV, JSON, JSONL, PDF)
#: Name -> format.
FORMATS: Mapping[str, Format] = {one.name: one for one in _ALL}


def chosen_formats(names: Iterable[str], existing_text: str = "refuse") -> tuple[Format, ...]:
    """The formats to write, each once.

    Args:
        names: as in `FORMATS`; each may hold several, separated by commas.
        existing_text: what becomes of pages of a PDF that have text already.

    Raises:
        CallError: an unknown name, naming the known ones.
    """
    choices: tuple[ExistingText, ...] = get_args(ExistingText)
    existing = next((choice for choice in choices if choice == existing_text), None)
    if existing is None:
        raise CallError(f"existing_text={existing_text} is not allowed", f"choose {', '.join(choices)}")
    known = {name: one for name, one in FORMATS.items() if one.open}
    wanted = dict.fromkeys(name.strip() for several in names for name in several.split(","))
    for name in wanted:
        if name not in known:
            raise CallError(f"there is no format {name!r}", f"known formats: {', '.join(known)}")
    known["pdf"] = Format(
        **{key: getattr(PDF, key) for key in ("name", "ending", "help", "many")},
        open=functools.partial(PdfWriter, existing_text=existing),
    )
    return tuple(known[name] for name in wanted)


def format_of(data: bytes, name: str) -> Format:
    """The format of a file, by its content where it is XML, else by its ending.

    Raises:
        SourceError: none that can be read.
    """
    ending = PurePath(name).suffix.lower()
    found: str | None
    if ending in _XML:
        found = sniff(data)
    else:
        found = next((f.name for f in _ALL if f.read and ending in (f.ending, *f.endings)), None)
    if found is None:
        hint = f"name the format: {', '.join(_readable())}"
        raise SourceError(f"{name} is of no known format", hint, "unknown_format")
    return FORMATS[found]


def _readable() -> Sequence[str]:
    return [one.name for one in _ALL if one.read]


_XML = (".xml", ".hocr", ".html", ".htm", ".xhtml")
