"""What all imports and exports of ground truth share: rows gathered to a manifest, images found."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from ocr_plugins.document import Line, Page, PageError, Polygon, Word, enclosing
from ocr_plugins.errors import ManifestError, OcrError, SourceError
from ocr_plugins.manifest import Manifest, ManifestRow, load_manifest
from ocr_plugins.paths import short_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export wrote: its file or folder, how many rows are in it, and why others are not."""

    path: Path
    rows: int
    errors: tuple[PageError, ...] = ()


@dataclass
class Rows:
    """Rows of a manifest to be, and an error for each that cannot become one.

    Args:
        folder: where the manifest is going to lie.
        source: what errors call the place that the rows come from.
    """

    folder: Path
    source: str
    found: list[bytes] = field(default_factory=list)
    errors: list[PageError] = field(default_factory=list)
    _ids: set[str] = field(default_factory=set)

    def add(self, where: str, make: Callable[[], Mapping[str, Any]]) -> None:
        """Adds the row that ``make`` gives, or the OcrError that it raises, as data.

        ``where`` names the row in its source. A row's id that is taken already gets a number.
        """
        try:
            row = {key: value for key, value in make().items() if value not in (None, [], ())}
            _encoded(row)  # a row that cannot be written takes no id
            self.found.append(_encoded({**row, "id": unique(row["id"], self._ids)}))
        except OcrError as error:
            self.fail(where, error)

    def fail(self, where: str, error: OcrError) -> None:
        texts = (f"{short_name(self.source)}:{where[:80]}", error.message, error.hint)
        source, message, hint = (text.encode("utf-8", "replace").decode() for text in texts)
        self.errors.append(PageError(source=source, kind=error.kind, message=message, hint=hint))

    def image(self, path: Path) -> str:
        """How the manifest names an image: relative where it lies in the manifest's folder."""
        whole = path.absolute()
        inside = whole.is_relative_to(self.folder.absolute())
        return whole.relative_to(self.folder.absolute()).as_posix() if inside else str(whole)

    def write(self) -> Manifest:
        """Writes ``manifest.jsonl`` and reads it back, with the errors of both.

        Raises:
            ManifestError: there is no row to be written.
        """
        if not self.found:
            shown = "; ".join(str(error) for error in self.errors[:3]) or "it is empty"
            raise ManifestError(f"{short_name(self.source)} holds no ground truth that can be used", shown)
        self.folder.mkdir(parents=True, exist_ok=True)
        path, part = self.folder / "manifest.jsonl", self.folder / ".manifest.jsonl.part"
        with part.open("wb") as file:
            file.writelines(self.found)
        part.replace(path)
        manifest = load_manifest(path, strict=False)
        return dataclasses.replace(manifest, errors=(*self.errors, *manifest.errors))


def _encoded(row: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(row, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    except (ValueError, RecursionError):
        message, hint = "the row holds what JSON in UTF-8 cannot", "look for NaN and for broken characters"
        raise ManifestError(message, hint, "bad_row") from None


def unique(wanted: str, taken: set[str]) -> str:
    """``wanted``, with a number where it is taken, which it is from now on; case is folded."""
    name, number = wanted, 1
    while name.casefold() in taken:
        number += 1
        name = f"{wanted}-{number}"
    taken.add(name.casefold())
    return name


def find_image(folder: Path, name: str) -> Path:
    """The file in ``folder`` that ``name``, a path of another system or its end, stands for.

    The most of the name's folders that lead to a file count. Links in the folder are followed: they are
    its owner's, the names others'.

    Raises:
        SourceError: no such file (``missing_image``), or a name that would lead out of the folder
            (``outside``).
    """
    parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in ("/", ".")]
    if ".." in parts or "\0" in name:
        raise SourceError(
            f"image {short_name(name)} would lie outside of its folder",
            "write its path without ..",
            "outside",
        )
    for start in range(len(parts)):
        path = folder.joinpath(*parts[start:])
        with contextlib.suppress(OSError):  # a name that no file can have
            if path.is_file():
                return path
    raise SourceError(
        f"image {short_name(name)} does not exist", f"it is looked for in {folder}", "missing_image"
    )


def shape(text: str, polygon: Polygon) -> dict[str, Any]:
    """A manifest's line or word: its text, its box, and its polygon where that says more."""
    found: dict[str, Any] = {"text": text, "box": list(polygon.box)}
    if polygon.points != Polygon.from_box(*polygon.box).points:
        found["polygon"] = [list(point) for point in polygon.points]
    return found


def polygon_of(item: Mapping[str, Any]) -> Polygon | None:
    """The place of a manifest's line or word, where it has one."""
    try:
        if item.get("polygon"):
            return Polygon(tuple((x, y) for x, y in item["polygon"]))
    except (TypeError, ValueError):
        pass  # a key of somebody else's: the box is checked
    return Polygon.from_box(*item["box"]) if item.get("box") else None


def page_of_row(row: ManifestRow) -> Page:
    """The row as a page: its lines, or those of its text, with its words; the image tells the size.

    Words are told which line is theirs by their texts, which must be the lines' in the same order. Where
    they are not, lines that have a place count, else each word is a line.

    Raises:
        SourceError: the image cannot be read.
    """
    lines = [Line(text=item["text"], polygon=polygon_of(item)) for item in row.lines]
    lines = lines or [Line(text=text) for text in row.text.split("\n")]
    words = [Word(text=item["text"], polygon=polygon_of(item)) for item in row.words]
    if words:
        lines = _with_words(lines, words) or (
            lines if row.lines else [Line.of_words([word]) for word in words]
        )
    image = row.ref().load()
    return Page(source=row.path, page=1, size=image.size, lines=tuple(lines), dpi=image.dpi, id=row.id)


def _with_words(lines: Sequence[Line], words: Sequence[Word]) -> list[Line] | None:
    """The lines with the words that make up their texts; None where these do not."""
    found: list[Line] = []
    place = 0
    for line in lines:
        own: list[Word] = []
        text, wanted = "", " ".join(line.text.split())
        while len(text) < len(wanted) and place < len(words):
            own.append(words[place])
            text = " ".join(" ".join(word.text for word in own).split())
            place += 1
        if text != wanted:
            return None
        polygon = line.polygon or enclosing([word.polygon for word in own])
        found.append(dataclasses.replace(line, words=tuple(own), polygon=polygon))
    return found if place == len(words) else None


def row_of_page(page: Page, image: str, name: str) -> dict[str, Any]:
    """A page's text, lines and words as a manifest's row."""
    lines, words = list(page.iter_lines()), list(page.iter_words())
    return {
        "id": name,
        "image": image,
        "text": page.text,
        "lines": [shape(line.text, line.polygon) for line in lines if line.polygon],
        "words": [shape(word.text, word.polygon) for word in words if word.polygon]
        if any(line.words for line in lines)
        else [],
    }


def about(row: ManifestRow) -> dict[str, Any]:
    """What a row tells besides its image, text, lines, words and boxes to ignore."""
    keys = ("case", "lang", "group", "domain", "dpi", "license")
    found = {key: getattr(row, key) for key in keys if getattr(row, key) is not None}
    if row.level != "page":
        found["level"] = row.level
    if row.scoring != "text":
        found["scoring"] = row.scoring
    return {**row.extra, **found}


def some(values: Sequence[str] | Iterable[str], most: int = 8) -> str:
    """A few names for a message."""
    names = [re.sub(r"\s+", " ", str(value))[:40] for value in values]
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")
