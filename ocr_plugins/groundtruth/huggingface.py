"""Hugging Face datasets on this computer become manifests; nothing is fetched.

Taken are folders as ``imagefolder`` reads them (images beside a ``metadata.jsonl``, ``.csv`` or
``.parquet`` with a column ``file_name``), datasets saved by ``save_to_disk``, and Parquet files whose
images are columns of bytes or of ``{bytes, path}``. Needs pyarrow alone.

Splits are told as the ``datasets`` library tells them, by the names of files and folders, and kept as
``split``.

Source: Hugging Face's documentation, "Create an image dataset" and "Structure your repository".
"""

from __future__ import annotations

import csv
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path, PurePath
from typing import Any

from ocr_plugins.decode import EXTENSIONS, probe
from ocr_plugins.document import LEVELS
from ocr_plugins.errors import CallError, ManifestError
from ocr_plugins.formats import safe_name
from ocr_plugins.groundtruth.arrow_files import open_parquet, open_saved, plain_value
from ocr_plugins.groundtruth.rows import Rows, find_image, some, unique
from ocr_plugins.manifest import Manifest

IMAGE_COLUMNS = ("image", "img", "picture", "photo", "jpg", "png", "page", "file_name")
TEXT_COLUMNS = ("text", "transcription", "transcript", "label", "ground_truth", "sentence", "ocr", "target")
_METADATA = ("metadata.jsonl", "metadata.csv", "metadata.parquet")
_SPLITS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing", "eval", "evaluation"),
}
_SHARD = re.compile(r"(.+)-[0-9]{5}-of-[0-9]{5}")
_STRINGS = ("case", "lang", "group", "domain", "scoring", "license")

# A record, where it stands in its file, its split, and the folder that its paths start from.
_Record = tuple[Mapping[str, Any], str, str | None, Path]


def import_huggingface(
    path: Path, out: Path, *, image: str | None = None, text: str | None = None, split: str | None = None
) -> Manifest:
    """Makes a manifest of a dataset. Images inside of Arrow and Parquet files are written to ``out/images``
    as the bytes they are; images that are files stay where they are.

    A row that cannot be used is an error of the manifest.

    Args:
        path: the dataset's folder, or one Parquet file.
        out: folder for ``manifest.jsonl``.
        image, text: names of the columns; guessed if None.
        split: take this split only.

    Raises:
        ManifestError: there is no dataset, or no row of it can be used.
        CallError: no such column or split.
        EngineUnavailableError: pyarrow is needed and not installed.
    """
    rows, splits, names = Rows(out, str(path)), set[str | None](), set[str]()
    chosen: tuple[str, str] | None = None
    for number, (record, where, its_split, folder) in enumerate(_records(path), start=1):
        splits.add(its_split)
        if split is not None and its_split != split:
            continue
        if not record:
            rows.fail(where, _bad("the row is not an object"))
            continue
        chosen = chosen or _columns(record, image, text)
        rows.add(where, partial(_row, record, chosen, folder, its_split, number, rows, names))
    if split is not None and split not in splits:
        raise CallError(f"there is no split {split!r}", f"its splits: {some(sorted(map(str, splits)))}")
    return rows.write()


def _records(path: Path) -> Iterator[_Record]:
    if path.is_file() and path.suffix.lower() == ".parquet":
        yield from _parquet(path, _split_of(path.with_suffix("").name), path.parent)
        return
    if not path.is_dir():
        raise ManifestError(f"{path} is no folder and no Parquet file", "check the path", "no_dataset")
    saved = sorted(file.parent for file in path.rglob("state.json"))
    metadata = sorted(file for name in _METADATA for file in path.rglob(name))
    shards = sorted(path.rglob("*.parquet"))
    if saved:
        for folder in saved:
            name = folder.name if folder != path else None
            yield from _numbered(open_saved(folder), folder.name, name, folder)
    elif metadata:
        for file in metadata:
            yield from _from_metadata(file, path)
    elif shards:
        for file in shards:
            yield from _parquet(file, _split_in(file, path), path)
    else:
        hint = "it needs a metadata.jsonl, metadata.csv, *.parquet, or what save_to_disk writes"
        raise ManifestError(f"{path} holds no dataset", hint, "no_dataset")


def _numbered(
    records: Iterator[Mapping[str, Any]], name: str, split: str | None, folder: Path
) -> Iterator[_Record]:
    for number, record in enumerate(records, start=1):
        yield record, f"{name}:{number}", split, folder


def _parquet(file: Path, split: str | None, folder: Path) -> Iterator[_Record]:
    return _numbered(open_parquet(file), file.name, split, folder)


def _split_in(file: Path, root: Path) -> str | None:
    """The split that a file's name tells, else the nearest folder's that does."""
    inside = file.relative_to(root).with_suffix("")
    return next((split for part in reversed(inside.parts) if (split := _split_of(part))), None)


def _split_of(name: str) -> str | None:
    words = re.split(r"[^a-z]+", name.casefold())
    for split, keywords in _SPLITS.items():
        if any(word in keywords for word in words):
            return split
    shard = _SHARD.fullmatch(name)
    return shard[1] if shard else None


def _from_metadata(file: Path, root: Path) -> Iterator[_Record]:
    split, folder = _split_in(file.parent / "x", root), file.parent
    if file.suffix == ".parquet":
        yield from _parquet(file, split, folder)
        return
    try:
        lines = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise ManifestError(f"{file} cannot be read", "check that it is UTF-8", "no_dataset") from None
    if file.suffix == ".csv":
        found: Iterator[Mapping[str, Any]] = iter(csv.DictReader(lines.splitlines(keepends=True)))
    else:
        found = (_json(line) for line in lines.split("\n") if line.strip())
    yield from _numbered(found, f"{split}/{file.name}" if split else file.name, split, folder)


def _json(line: str) -> Mapping[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    # What is no object has no columns, so its row is an error by itself.
    return found if isinstance(found, dict) else {}


def _columns(record: Mapping[str, Any], image: str | None, text: str | None) -> tuple[str, str]:
    """The names of the columns of images and texts."""
    out = []
    for what, wanted, usual in (("image", image, IMAGE_COLUMNS), ("text", text, TEXT_COLUMNS)):
        name = wanted if wanted is not None else next((name for name in usual if name in record), None)
        if name is None and what == "image":
            pictures = (n for n, v in record.items() if isinstance(v, dict) and "bytes" in v)
            files = (n for n in record if n.endswith("_file_name"))
            name = next(itertools.chain(pictures, files), None)
        if name is None or name not in record:
            problem = f"has no column {wanted!r}" if wanted else f"has no column that looks like the {what}"
            raise CallError(f"the dataset {problem}", f"name one as {what}: {some(record)}")
        out.append(name)
    return out[0], out[1]


def _bad(message: str, hint: str = "") -> ManifestError:
    return ManifestError(message, hint, "bad_row")


def _row(
    record: Mapping[str, Any],
    columns: tuple[str, str],
    folder: Path,
    split: str | None,
    number: int,
    rows: Rows,
    names: set[str],
) -> dict[str, Any]:
    image, text = columns
    for column in columns:
        if record.get(column) is None:
            raise _bad(f"the row has no {column!r}")
    found = _text(record[text], text)
    path, own = _image(record[image], folder, number, rows, names)
    kept: dict[str, Any] = {"split": split} if split else {}
    for key, value in record.items():
        if key not in (image, text, "id", "split") and not isinstance(value, bytes) and value != "":
            found_value = plain_value(_unfolded(key, value))
            kept[key if _fits(key, found_value) else f"{key}_"] = found_value
    name = record.get("id")
    given = str(name) if isinstance(name, str | int) and str(name).strip() else None
    kept.pop("image", None)
    return {**kept, "id": given or (f"{split}/{own}" if split else own), "image": path, "text": found}


def _unfolded(key: str, value: Any) -> Any:
    """Lists and numbers that stand as JSON in a text, as in an imagefolder that was made of a manifest."""
    if key in ("lines", "words", "ignore", "dpi") and isinstance(value, str):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _text(value: Any, column: str) -> str:
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return "\n".join(value)
    if not isinstance(value, str):
        raise _bad(f"{column!r} is no text", "name the column of the transcription as text")
    if column == "ground_truth" and value.startswith("{"):
        # Donut's datasets keep JSON in this column.
        try:
            parsed = json.loads(value)["gt_parse"]["text_sequence"]
        except (ValueError, KeyError, TypeError):
            parsed = None
        if not isinstance(parsed, str):
            raise _bad(f"{column!r} holds fields and no transcription", "name another column as text")
        return parsed
    return value


def _image(value: Any, folder: Path, number: int, rows: Rows, names: set[str]) -> tuple[str, str]:
    """How the manifest names the image, and what the row may be called after it."""
    data, name = value, None
    if isinstance(value, dict):
        data, name = value.get("bytes"), value.get("path")
    given = name if data is None else data
    if isinstance(given, str):
        path = find_image(folder, given)
        return rows.image(path), path.relative_to(folder).with_suffix("").as_posix()
    if not isinstance(data, bytes):
        raise _bad("the row's image is neither bytes nor a path")
    stem = safe_name(PurePath(name or "").stem) or f"{number:06}"
    kind, _ = probe(data, f"the image of row {number}")
    ending = PurePath(name or "").suffix.lower()
    if EXTENSIONS.get(ending) != kind:
        ending = next(known for known, its_kind in EXTENSIONS.items() if its_kind == kind)
        ending = {".jpeg": ".jpg"}.get(ending, ending)
    stem = unique(stem, names)
    path = rows.folder / "images" / (stem + ending)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return rows.image(path), stem


def _fits(key: str, value: Any) -> bool:
    """Whether a column of this name is what a manifest means by it."""
    if value is None:
        return True
    if key in _STRINGS:
        return isinstance(value, str)
    if key == "level":
        return value in LEVELS
    if key == "dpi":
        return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
    if key == "ignore":
        return isinstance(value, list) and all(map(_is_box, value))
    if key in ("lines", "words"):
        return isinstance(value, list) and all(map(_is_placed, value))
    return key not in ("image", "text")


def _is_placed(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and isinstance(item.get("text"), str)
        and (item.get("box") is None or _is_box(item["box"]))
    )


def _is_box(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 4
        and all(isinstance(v, int | float) for v in value)
        and value[0] <= value[2]
        and value[1] <= value[3]
    )
