"""Manifests as Hugging Face datasets: an ``imagefolder``, or Parquet files with the images inside.

Both open by ``datasets.load_dataset``. Columns are the image, ``id``, ``text`` and what else any row has:
``lines``, ``words``, ``ignore``, ``level``, ``lang`` and so on. A row's ``split`` is its split, ``train``
where only others have one; what is neither text, number nor truth value throughout the rows becomes text
in JSON. So do, in an imagefolder, lists and what not all rows have: the library guesses the types of
its metadata for each split, and opens nothing where the guesses differ.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ocr_plugins.document import PageError
from ocr_plugins.errors import CallError, OcrError, SourceError
from ocr_plugins.formats import safe_name
from ocr_plugins.groundtruth.arrow_files import BATCH, need_pyarrow
from ocr_plugins.groundtruth.rows import Exported, about, polygon_of, shape, unique
from ocr_plugins.manifest import ManifestRow
from ocr_plugins.paths import is_remote, local_path, short_name

SHARD_BYTES = 500_000_000

_TEXT, _NUMBER, _TRUTH, _BOXES, _PLACED = "string", "float64", "bool", "boxes", "placed"


@dataclass(frozen=True, slots=True)
class _Record:
    split: str
    image: Path
    name: str
    values: Mapping[str, Any]


def export_huggingface(
    rows: Iterable[ManifestRow],
    out: Path,
    *,
    layout: Literal["imagefolder", "parquet"] = "imagefolder",
    shard_bytes: int = SHARD_BYTES,
) -> Exported:
    """Writes a dataset into a folder, its images as the bytes they are.

    Args:
        rows: of one manifest or several. A row whose image is not a file of this computer is an error.
        out: a folder, new or empty.
        layout: ``imagefolder``, or ``parquet``, which needs pyarrow.
        shard_bytes: images that one Parquet file holds, at least one.

    Raises:
        CallError: another layout, or a folder that holds something.
        EngineUnavailableError: pyarrow is needed and not installed.
    """
    if layout not in ("imagefolder", "parquet"):
        raise CallError(f"layout is {layout!r}", "pass imagefolder or parquet")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CallError(f"{out} is not an empty folder", "name a new one: a dataset is all of its folder")
    records: list[_Record] = []
    errors: list[PageError] = []
    taken: set[str] = set()
    for row in rows:
        try:
            records.append(_record(row, taken))
        except OcrError as error:
            errors.append(PageError.of(error, row.image, id=row.id))
    columns = _columns(records)
    if layout == "imagefolder":
        columns = {key: _sure_kind(key, kind, records) for key, kind in columns.items()}
    whole = not any(record.split for record in records)
    for split in sorted({record.split or "train" for record in records}):
        chosen = [record for record in records if (record.split or "train") == split]
        if layout == "parquet":
            _write_parquet(chosen, columns, out / "data", split, shard_bytes)
        else:
            _write_folder(chosen, columns, out if whole else out / split)
    return Exported(path=out, rows=len(records), errors=tuple(errors))


def _record(row: ManifestRow, taken: set[str]) -> _Record:
    if is_remote(row.path):
        hint = "download it and name the file in the manifest"
        raise SourceError(f"image {short_name(row.image)} is not on this computer", hint, "remote_image")
    path = local_path(row.path)
    if not path.is_file():
        hint = "it was moved or deleted"
        raise SourceError(f"image {short_name(row.image)} does not exist", hint, "missing_image")
    values = about(row)
    split = re.sub(r"\W+", "_", str(values.pop("split", None) or ""))
    for key, items in (("lines", row.lines), ("words", row.words)):
        placed = [(item["text"], polygon_of(item)) for item in items]
        if placed:
            values[key] = [shape(text, place) if place else {"text": text} for text, place in placed]
    if row.ignore:
        values["ignore"] = [list(box) for box in row.ignore]
    values |= {"id": row.id, "text": row.text}
    stem = unique(f"{split or 'train'}/{safe_name(path.stem) or 'image'}", taken).rpartition("/")[2]
    return _Record(split, path, stem + path.suffix.lower(), values)


def _columns(records: Sequence[_Record]) -> dict[str, str]:
    """The kind of each column."""
    values: dict[str, list[Any]] = {"id": [], "text": []}
    for record in records:
        for key, value in record.values.items():
            if key not in ("image", "file_name"):
                values.setdefault(key, []).append(value)
    return {key: _kind(key, found) for key, found in values.items()}


def _kind(key: str, values: Sequence[Any]) -> str:
    if key in ("lines", "words"):
        return _PLACED
    if key == "ignore":
        return _BOXES
    there = [value for value in values if value is not None]
    if all(isinstance(value, bool) for value in there):
        return _TRUTH if there else _TEXT
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in there):
        return _NUMBER
    return _TEXT


def _sure_kind(key: str, kind: str, records: Sequence[_Record]) -> str:
    """The kind of a column whose type is to be guessed alike of any of the records."""
    everywhere = all(record.values.get(key) is not None for record in records)
    return kind if kind in (_NUMBER, _TRUTH) and everywhere else _TEXT


def _cells(record: _Record, columns: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, kind in columns.items():
        value = record.values.get(key)
        if kind == _PLACED:
            # Objects of one column have the same keys.
            value = [{k: item.get(k) for k in ("text", "box", "polygon")} for item in value or ()]
        elif kind == _BOXES:
            value = value or []
        elif kind == _NUMBER and value is not None:
            value = float(value)
        elif kind == _TEXT and value is not None and not isinstance(value, str):
            value = json.dumps(value, ensure_ascii=False)
        found[key] = value
    return found


def _write_folder(records: Sequence[_Record], columns: Mapping[str, str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "metadata.jsonl").open("w", encoding="utf-8", newline="\n") as file:
        for record in records:
            shutil.copyfile(record.image, folder / record.name)
            told = {key: "" if value is None else value for key, value in _cells(record, columns).items()}
            cells = {"file_name": record.name, **told}
            file.write(json.dumps(cells, ensure_ascii=False) + "\n")


def _write_parquet(
    records: Sequence[_Record], columns: Mapping[str, str], folder: Path, split: str, most: int
) -> None:
    parquet = need_pyarrow("pyarrow.parquet")
    schema = _schema(columns)
    shards = list(_shards(records, most))
    folder.mkdir(parents=True, exist_ok=True)
    for number, shard in enumerate(shards):
        path = folder / f"{split}-{number:05}-of-{len(shards):05}.parquet"
        with parquet.ParquetWriter(path, schema) as writer:
            for start in range(0, len(shard), BATCH):
                writer.write_batch(_batch(shard[start : start + BATCH], columns, schema))


def _shards(records: Sequence[_Record], most: int) -> Iterator[list[_Record]]:
    shard: list[_Record] = []
    held = 0
    for record in records:
        size = record.image.stat().st_size
        if shard and held + size > most:
            yield shard
            shard, held = [], 0
        shard.append(record)
        held += size
    yield shard


def _batch(records: Sequence[_Record], columns: Mapping[str, str], schema: Any) -> Any:
    pyarrow = need_pyarrow()
    rows = [
        {"image": {"bytes": record.image.read_bytes(), "path": record.name}, **_cells(record, columns)}
        for record in records
    ]
    return pyarrow.RecordBatch.from_pylist(rows, schema=schema)


def _schema(columns: Mapping[str, str]) -> Any:
    """Arrow's schema, with what the ``datasets`` library wants to know: which column is an image."""
    pa = need_pyarrow()
    box = pa.list_(pa.float64())
    placed = pa.struct([("text", pa.string()), ("box", box), ("polygon", pa.list_(box))])
    kinds = {_TEXT: pa.string(), _NUMBER: pa.float64(), _TRUTH: pa.bool_()}
    kinds |= {_BOXES: pa.list_(box), _PLACED: pa.list_(placed)}
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    fields = [("image", image), *((key, kinds[kind]) for key, kind in columns.items())]
    features = {"image": {"_type": "Image"}, **{key: _feature(kind) for key, kind in columns.items()}}
    about_it = json.dumps({"info": {"features": features}})
    return pa.schema(fields, metadata={"huggingface": about_it})


def _feature(kind: str) -> Any:
    # A list of one is how every release of the library writes a list.
    box = [_value(_NUMBER)]
    if kind == _BOXES:
        return [box]
    if kind == _PLACED:
        return [{"text": _value(_TEXT), "box": box, "polygon": [box]}]
    return _value(kind)


def _value(kind: str) -> dict[str, str]:
    return {"dtype": kind, "_type": "Value"}
