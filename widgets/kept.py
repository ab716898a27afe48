"""What people typed, kept on this machine by the page's pixels: it is there again with any engines."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocr_plugins.errors import CallError

from .state import Box, View

_SCHEMA_VERSION = 1
# Two boxes are of the same word where they share so much of what both cover.
_SAME = 0.5


def default_folder() -> Path:
    """The folder ``corrections`` among the user's data: unlike a cache it is not to be thrown away."""
    import platformdirs

    return platformdirs.user_data_path("ocr-plugins") / "corrections"


@dataclass(frozen=True)
class Corrections:
    """Files with what people typed, one a page; ``folder`` None keeps nothing."""

    folder: Path | None

    def at(self, key: str) -> float:
        """When that was written, in milliseconds since 1970; 0 for never."""
        if self.folder is None:
            return 0.0
        try:
            return (self.folder / f"{key}.json").stat().st_mtime * 1000
        except OSError:
            return 0.0

    def load(self, key: str) -> dict[str, str]:
        """What was typed on a page, by cell. A file that is damaged counts as none, and is left alone."""
        found = self._read(key)
        words = found.get("words") if found else None
        if not isinstance(words, dict):
            return {}
        return {str(cell): text for cell, text in words.items() if isinstance(text, str)}

    def save(self, key: str, page: str, words: Mapping[str, str]) -> None:
        """Writes all that was typed on a page, at once or not at all.

        Raises:
            CallError: the folder cannot be written to.
        """
        if self.folder is None:
            return
        path = self.folder / f"{key}.json"
        part = path.with_suffix(f".{os.getpid()}.part")
        data = {"schema_version": _SCHEMA_VERSION, "page": page, "words": dict(words)}
        try:
            if not words:
                path.unlink(missing_ok=True)
                return
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            text = json.dumps(data, ensure_ascii=False, indent=1)
            with part.open("w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink()
            raise CallError(
                f"corrections cannot be kept in {self.folder} ({error.strerror})", "name another folder"
            ) from None

    def _read(self, key: str) -> dict[str, Any] | None:
        if self.folder is None:
            return None
        try:
            data = json.loads((self.folder / f"{key}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        known = isinstance(data, dict) and data.get("schema_version") == _SCHEMA_VERSION
        return data if known else None


def boxes_of(view: View) -> dict[str, Box | None]:
    """The boxes of all cells of a view, by their ids."""
    return {cell["id"]: cell["box"] for line in view["lines"] for cell in line}


def keep_in(view: View, words: Mapping[str, str]) -> dict[str, str]:
    """Puts what was typed into a view, as far as it has cells for it; all of it, by the cells of the view."""
    cells = boxes_of(view)
    found = placed(words, cells)
    view["kept"] = {cell: text for cell, text in found.items() if cell in cells}
    return found


def placed(words: Mapping[str, str], cells: Mapping[str, Box | None]) -> dict[str, str]:
    """What was typed, by the cells that are there now: other engines may put a word's box a little elsewhere.

    What has no cell any more keeps its name.
    """
    return {cell_of(cell, cells): text for cell, text in words.items()}


def cell_of(name: str, cells: Mapping[str, Box | None]) -> str:
    """The cell or field that is where one of this name was; the name itself where there is none.

    Cells are called by their boxes, and fields that a page may have several of by ``field:NAME@BOX``.
    """
    if name in cells:
        return name
    kind, box = _parts(name)
    alike = {cell: there for cell, there in cells.items() if _parts(cell)[0] == kind} if box else {}
    return (_nearest(box, alike) if box else None) or name


def _parts(cell: str) -> tuple[str, Box | None]:
    """What a cell or field is called by besides its box, and the box.

    Of fields of one name and one box that is their number too: a word may say two.
    """
    name, _, number = cell.partition("#")
    kind, field, place = name.rpartition("@")
    if field:
        kind = f"{kind}#{number}"
    try:
        x0, y0, x1, y1 = map(float, place.split(","))
    except ValueError:
        return cell, None
    return kind, (x0, y0, x1, y1)


def _nearest(box: Box, cells: Mapping[str, Box | None]) -> str | None:
    shares = {cell: _shared(box, other) for cell, other in cells.items() if other}
    best = max(shares, key=shares.__getitem__, default=None)
    return best if best is not None and shares[best] >= _SAME else None


def _shared(one: Box, other: Box) -> float:
    """The area that both cover, as a share of what either does."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    if wide <= 0 or high <= 0:
        return 0.0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return wide * high / (sum(areas) - wide * high)
