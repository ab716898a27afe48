"""Documents with ground truth: manifests, folders of text files, and samples of both.

A manifest is JSON Lines in UTF-8 with one page, line or word image an object: ``id``,
``image`` (relative to the manifest's folder, absolute, or a URL) and ``text``, and as needed
``level``, ``case``, ``lang``, ``group``, ``domain``, ``ignore`` (boxes [x0, y0, x1, y1] in
pixels that are left out of scoring), ``scoring``, ``words`` and ``lines`` (objects with
``text`` and ``box``), ``dpi`` and ``license``. Other keys are kept in ``extra``, among them ``fields``: what
stands on a page by name, as ``{"total": "9.00"}``.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import unquote, urlsplit

from ocr_plugins.document import LEVELS, Box, Level, PageError
from ocr_plugins.errors import CallError, ManifestError
from ocr_plugins.paths import is_url
from ocr_plugins.source import PageRef, page_ref, text_ref

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")

_TEXTS = ("case", "lang", "group", "domain", "scoring", "license")
_KNOWN = frozenset({"id", "image", "text", "level", "ignore", "words", "lines", "dpi", *_TEXTS})


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRow:
    """One image with its ground truth.

    ``image`` is as written, ``path`` the file or URL it stands for; both are empty where a page is known
    by its text alone, for engines that look at no image. ``line`` the row's number
    in the manifest, from 1. ``case`` says how the text was folded (upper, lower, mixed), and
    ``group`` what may not be split, such as a book. ``dpi`` is in pixels an inch.
    """

    id: str
    image: str
    path: str
    text: str
    line: int
    level: Level = "page"
    case: str | None = None
    lang: str | None = None
    group: str | None = None
    domain: str | None = None
    ignore: tuple[Box, ...] = ()
    scoring: str = "text"
    words: tuple[Mapping[str, Any], ...] = ()
    lines: tuple[Mapping[str, Any], ...] = ()
    dpi: float | None = None
    license: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, str]:
        """What stands on the page by name, as far as that is told as texts or numbers."""
        said = self.extra.get("fields")
        pairs = said.items() if isinstance(said, Mapping) else ()
        return {
            str(name): str(value)
            for name, value in pairs
            if isinstance(value, str | int | float) and not isinstance(value, bool)
        }

    def ref(self) -> PageRef:
        """The row's image, to be loaded."""
        if not self.image:
            return text_ref(self.id, self.level)
        return page_ref(self.path, id=self.id, level=self.level, dpi=self.dpi)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A manifest's good rows in their order, and an error for each bad one.

    ``sha256`` is of the file's bytes. ``name`` is the folder's where the file is called
    ``manifest.jsonl``, else the file's without its ending.
    """

    path: Path
    name: str
    sha256: str
    rows: tuple[ManifestRow, ...]
    errors: tuple[PageError, ...] = ()


def find_manifest(path: str | os.PathLike[str]) -> Path | None:
    """The manifest that a path stands for: a .jsonl file, or a folder's ``manifest.jsonl``."""
    given = Path(path)
    try:
        if given.is_dir():
            inside = given / "manifest.jsonl"
            return inside if inside.is_file() else None
        return given if given.suffix.lower() == ".jsonl" and given.is_file() else None
    except (OSError, ValueError):
        return None


def load_manifest(
    path: str | os.PathLike[str], *, strict: bool = True, images: str | None = None
) -> Manifest:
    """Reads a manifest, or the ``manifest.jsonl`` of a folder.

    Args:
        path: the file or its folder.
        strict: raise for bad rows; otherwise they become ``errors`` and the others are kept.
        images: the URL of the folder that images are relative to, where the manifest itself is a copy.

    Raises:
        ManifestError: the file is missing, empty or not UTF-8, or, when strict, has bad rows:
            then it names the line of each of the first five.
    """
    given = Path(path)
    file = given / "manifest.jsonl" if given.is_dir() else given
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        hint = "check the path"
        raise ManifestError(f"manifest {file} does not exist", hint, "manifest_not_found") from None
    except OSError as error:
        hint = "check the path and its permissions"
        raise ManifestError(f"manifest {file} cannot be read ({error.strerror})", hint) from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ManifestError(f"manifest {file} is UTF-16, not UTF-8", "save it as UTF-8")
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    numbered = ((number, raw) for number, raw in enumerate(lines, start=1) if raw.strip())
    rows, errors = _rows(numbered, file.name, images or str(file.parent))
    if not rows and not errors:
        raise ManifestError(f"manifest {file} is empty", "write one JSON object a line into it")
    if strict and errors:
        count = f"{len(errors)} bad rows" if len(errors) > 1 else "a bad row"
        shown = "; ".join(str(error) for error in errors[:5])
        more = f"; and {len(errors) - 5} more" if len(errors) > 5 else ""
        raise ManifestError(f"manifest {file} has {count}: {shown}{more}")
    name = file.absolute().parent.name if file.name == "manifest.jsonl" else file.stem
    digest = hashlib.sha256(data).hexdigest()
    return Manifest(path=file, name=name or file.stem, sha256=digest, rows=tuple(rows), errors=tuple(errors))


def rows_of_table(table: pd.DataFrame) -> tuple[list[ManifestRow], list[PageError]]:
    """The rows of a table whose columns are a manifest's keys, and a record for each bad one.

    Args:
        table: ``image`` (a path, or an URL) and ``text``, with any other key of a manifest; ``id`` is the
            image where there is none. Missing values stand for keys that a row does not have.

    Raises:
        ManifestError: a column is missing.
    """
    for key in ("image", "text"):
        if key not in table.columns:
            pages = ": for pages without ground truth give list(table['image'])" if key == "text" else ""
            raise ManifestError(
                f"the table has no column {key!r}", f"it has {', '.join(map(str, table.columns))}{pages}"
            )
    records = [
        {str(key): value for key, value in record.items() if not _is_missing(value)}
        for record in table.to_dict("records")
    ]
    numbered = [
        (number, {"id": str(record.get("image", "")), **record, **_as_texts(record)})
        for number, record in enumerate(records, start=1)
    ]
    return _rows(numbered, "table", str(Path.cwd()))


def _is_missing(value: Any) -> bool:
    # NaN and NaT are not equal to themselves; NA does not say.
    return value is None or type(value).__name__ == "NAType" or (isinstance(value, float) and value != value)


def _as_texts(record: Mapping[str, Any]) -> dict[str, str]:
    """What tables hold as numbers or paths, and manifests as texts."""
    return {key: str(record[key]) for key in ("id", "image") if key in record}


def truth_from_folder(refs: Iterable[PageRef], folder: str | os.PathLike[str]) -> dict[str, str]:
    """Ground truth by page id, from ``<stem>.gt.txt`` or ``<stem>.txt`` in ``folder``.

    Page N of a source with several is in ``<stem>.<N>.gt.txt`` or ``<stem>.<N>.txt``. Pages
    without a file are left out; newlines at the end of a file are.

    Raises:
        CallError: no such folder, a text that is not UTF-8, or a text that inputs of the same
            name in different folders would share.
    """
    where = Path(folder)
    if not where.is_dir():
        raise CallError(f"ground-truth folder {where} does not exist", "check the path given as truth")
    texts: dict[str, str] = {}
    owners: dict[Path, str] = {}
    for ref in refs:
        path = PurePath(unquote(urlsplit(ref.source).path) if is_url(ref.source) else ref.source)
        stem = path.stem if ref.pages == 1 else f"{path.stem}.{ref.page}"
        names = (where / f"{stem}.gt.txt", where / f"{stem}.txt")
        file = next((name for name in names if name.is_file()), None)
        if file is None:
            continue
        if owners.setdefault(file, str(path.parent)) != str(path.parent):
            hint = "compare one folder at a time, or write a manifest"
            raise CallError(f"{file} would be the truth of two inputs called {path.name}", hint)
        try:
            texts[ref.id] = file.read_text(encoding="utf-8-sig").rstrip("\n")
        except UnicodeDecodeError as error:
            raise CallError(f"ground truth {file} is not UTF-8", "save it as UTF-8") from error
    return texts


def spread(items: Sequence[T], limit: int | None) -> list[T]:
    """At most ``limit`` items, evenly spaced from the first to the last, in their order.

    None takes all. Raises CallError for a limit below 1.
    """
    if limit is None:
        return list(items)
    if isinstance(limit, bool) or limit < 1:
        raise CallError(f"limit is {limit!r}", "pass a whole number from 1 up")
    if len(items) <= limit:
        return list(items)
    gaps = max(1, limit - 1)
    return [items[(step * (len(items) - 1) + gaps // 2) // gaps] for step in range(limit)]


def _record(error: ManifestError, source: str, found: Mapping[str, Any]) -> PageError:
    page_id, level = found.get("id"), found.get("level")
    return PageError.of(
        error,
        source,
        id=page_id if isinstance(page_id, str) and page_id else None,
        level=_LEVELS.get(level, "page") if isinstance(level, str) else "page",
    )


# A single character is read and scored as a word is.
_LEVELS: dict[str, Level] = {**{level: level for level in LEVELS}, "char": "word"}


def _bad(message: str, hint: str = "") -> ManifestError:
    return ManifestError(message, hint, "bad_manifest_row")


def _parse(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError:
        raise _bad("the line is not UTF-8", "save the manifest as UTF-8") from None
    except json.JSONDecodeError as error:
        raise _bad(f"the line is not JSON: {error.msg} at column {error.colno}") from None
    except (ValueError, RecursionError):
        raise _bad("the line is not JSON that can be read") from None
    if not isinstance(found, dict):
        raise _bad(
            f"the line holds {_kind(found)}, not an object", 'write {"id": ..., "image": ..., "text": ...}'
        )
    return found


def _rows(
    numbered: Iterable[tuple[int, bytes | Mapping[str, Any]]], name: str, folder: str
) -> tuple[list[ManifestRow], list[PageError]]:
    """The good rows, and a record for each bad one."""
    rows: list[ManifestRow] = []
    errors: list[PageError] = []
    first_lines: dict[str, int] = {}
    for number, raw in numbered:
        found: Mapping[str, Any] = {}
        try:
            found = _parse(raw) if isinstance(raw, bytes) else raw
            row = _row(found, number, folder)
            if row.id in first_lines:
                message = f"id {row.id!r} is already used in line {first_lines[row.id]}"
                raise ManifestError(message, "give each row its own id", "duplicate_id")
        except ManifestError as error:
            errors.append(_record(error, f"{name}:{number}", found))
        else:
            first_lines[row.id] = number
            rows.append(row)
    return rows, errors


def _row(found: Mapping[str, Any], number: int, folder: str) -> ManifestRow:
    for key in ("id", "image", "text"):
        if key == "image" and key not in found:
            continue
        if found.get(key) is None:
            raise _bad(f"{key!r} is missing")
        if not isinstance(found[key], str):
            raise _bad(f"{key!r} is {_kind(found[key])}, not a string")
        if not found[key].strip() and key != "text":
            raise _bad(f"{key!r} is empty")
    texts: dict[str, Any] = {}
    for key in _TEXTS:
        if found.get(key) is not None:
            if not isinstance(found[key], str):
                raise _bad(f"{key!r} is {_kind(found[key])}, not a string")
            texts[key] = found[key]
    level = found["level"] if found.get("level") is not None else "page"
    if not isinstance(level, str) or level not in _LEVELS:
        raise _bad(f"level is {level!r}", f"write one of {', '.join(LEVELS)}")
    dpi = found.get("dpi")
    if dpi is not None and not (_is_number(dpi) and dpi > 0):
        raise _bad(f"dpi is {dpi!r}", "write a number above 0, or leave it out")
    image = found.get("image", "")
    path = image if is_url(image) or not image else _joined(folder, image)
    if image and not is_url(path) and not _exists(path):
        message = f"image {image} does not exist"
        raise ManifestError(message, f"it is looked for in {folder}", "missing_image")
    return ManifestRow(
        id=found["id"],
        image=image,
        path=path,
        text=found["text"],
        line=number,
        level=_LEVELS[level],
        ignore=tuple(_box(box, "ignore") for box in _items(found, "ignore")),
        words=_objects(found, "words"),
        lines=_objects(found, "lines"),
        dpi=None if dpi is None else float(dpi),
        extra={key: value for key, value in found.items() if key not in _KNOWN},
        **texts,
    )


def _joined(folder: str, image: str) -> str:
    return f"{folder.rstrip('/')}/{image}" if is_url(folder) else str(Path(folder, image))


def _exists(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def _items(found: Mapping[str, Any], key: str) -> list[Any]:
    value = found.get(key)
    if value is not None and not isinstance(value, list):
        raise _bad(f"{key!r} is {_kind(value)}, not a list")
    return value or []


def _objects(found: Mapping[str, Any], key: str) -> tuple[Mapping[str, Any], ...]:
    for item in _items(found, key):
        if not isinstance(item, dict) or not isinstance(item.get("text"), str):
            raise _bad(f"{key!r} holds something that is not an object with a text")
        if item.get("box") is not None:
            _box(item["box"], key)
    return tuple(_items(found, key))


def _box(value: Any, key: str) -> Box:
    if isinstance(value, list) and len(value) == 4 and all(map(_is_number, value)):
        x0, y0, x1, y1 = value
        if x0 <= x1 and y0 <= y1:
            return cast(Box, tuple(map(float, value)))
    raise _bad(
        f"{key!r} holds a malformed box", "boxes are [x0, y0, x1, y1] in pixels, x0 <= x1 and y0 <= y1"
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
