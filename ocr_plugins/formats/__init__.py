"""Files that results are written as. Each format turns one Page into text, by name."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable
from pathlib import Path, PurePath

from ocr_plugins.document import Page
from ocr_plugins.errors import CallError
from ocr_plugins.formats.jsonl import page_json
from ocr_plugins.formats.text import page_text

__all__ = ["FORMATS", "check_formats", "file_stems", "safe_name", "write_page"]

#: Name -> the file's ending and what makes its content.
FORMATS: dict[str, tuple[str, Callable[[Page], str]]] = {
    "json": (".json", page_json),
    "text": (".txt", page_text),
}


def check_formats(names: list[str]) -> list[str]:
    """``names``, all known. Raises CallError naming the known ones."""
    for name in names:
        if name not in FORMATS:
            raise CallError(f"there is no format {name!r}", f"known formats: {', '.join(FORMATS)}")
    return names


def write_page(page: Page, name: str, folder: Path, stem: str) -> Path:
    """Writes one page as ``stem`` with the format's ending into ``folder``, and says where."""
    ending, render = FORMATS[name]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (stem + ending)
    path.write_text(render(page), encoding="utf-8")
    return path


def file_stems(pages: Iterable[tuple[str, str, int | None]]) -> dict[str, str]:
    """A file name without ending for each page, all different even where case is folded.

    ``pages`` are (id, source, number), number None where the source has one page only. The
    name is the source's, as ground truth is named (``scan``, ``scan.2`` for its second page),
    or the id where a manifest gave one. Where two would share a name, the later one's begins
    with its folder.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for page_id, source, number in pages:
        if page_id.startswith(source):
            path = PurePath(source)
            parts = [*path.parent.parts, path.stem + (f".{number}" if number else "")]
        else:
            parts = list(PurePath(page_id).parts)
        clean = [part for part in map(safe_name, parts) if part] or ["page"]
        wanted = ("_".join(clean[-depth:])[-_LONGEST:] for depth in range(1, len(clean) + 1))
        numbered = (f"{clean[-1][-_LONGEST:]}-{n}" for n in itertools.count(2))
        names[page_id] = next(n for n in itertools.chain(wanted, numbered) if n.casefold() not in taken)
        taken.add(names[page_id].casefold())
    return names


def safe_name(text: str) -> str:
    """``text`` as the name of a file or folder on any system; may be empty."""
    return re.sub(r"[^\w.=-]+", "_", text).strip("._")[-_LONGEST:]


# File systems take 255 bytes, and a letter may have four.
_LONGEST = 50
