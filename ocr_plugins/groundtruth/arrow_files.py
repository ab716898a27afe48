"""Arrow and Parquet files, row by row."""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ocr_plugins.errors import EngineUnavailableError, ManifestError

# Rows with images are large, so few are held at once.
BATCH = 32


def need_pyarrow(module: str = "pyarrow") -> Any:
    """pyarrow or a module of it. Raises EngineUnavailableError where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError:
        hint = "pip install 'ocr-plugins[huggingface]'"
        raise EngineUnavailableError(
            "Arrow and Parquet files need pyarrow, which is not installed", hint, "not_installed"
        ) from None


def open_parquet(path: Path) -> Iterator[Mapping[str, Any]]:
    """The rows of a Parquet file as dictionaries. Raises ManifestError where it is damaged."""
    pyarrow, parquet = need_pyarrow(), need_pyarrow("pyarrow.parquet")
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=BATCH):
                yield from batch.to_pylist()
    except (pyarrow.ArrowException, OSError) as error:
        raise _damaged(path, error) from None


def open_saved(folder: Path) -> Iterator[Mapping[str, Any]]:
    """The rows of one dataset that ``datasets.Dataset.save_to_disk`` wrote.

    Raises ManifestError where it is damaged, or was saved with rows left out by an index.
    """
    pyarrow = need_pyarrow()
    ipc = need_pyarrow("pyarrow.ipc")
    try:
        state = json.loads((folder / "state.json").read_bytes())
        names = [Path(entry["filename"]).name for entry in state["_data_files"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(folder / "state.json", error) from None
    for name in names:
        try:
            with pyarrow.memory_map(str(folder / name)) as source, ipc.open_stream(source) as stream:
                for batch in stream:
                    for start in range(0, batch.num_rows, BATCH):
                        yield from batch.slice(start, BATCH).to_pylist()
        except (pyarrow.ArrowException, OSError) as error:
            raise _damaged(folder / name, error) from None


def _damaged(path: Path, error: Exception) -> ManifestError:
    return ManifestError(f"{path} cannot be read ({type(error).__name__})", "download it again", "no_dataset")


def plain_value(value: Any) -> Any:
    """A value that JSON can hold: bytes are left out, dates become text, as does what is not finite.

    Objects lose their nulls: in Arrow all objects of a column have the same keys.
    """
    if isinstance(value, Mapping):
        there = {key: v for key, v in value.items() if v is not None and not isinstance(v, bytes)}
        return {str(key): plain_value(v) for key, v in there.items()}
    if isinstance(value, list | tuple):
        return [plain_value(v) for v in value if not isinstance(v, bytes)]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
