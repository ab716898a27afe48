"""Where tasks find their inputs and leave their results: any place that Airflow's object storage knows.

A URL may name an Airflow connection, as in ``s3://my_aws@bucket/scans``. What is without a scheme is a
path of the worker: several workers then need a folder that they share.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ocr_plugins.errors import CallError, OcrError
from ocr_plugins.paths import is_remote, local_path, shown
from ocr_plugins.store import Store
from ocr_plugins.store_places import FsspecPlace, LocalPlace, StoreError
from ocr_plugins.store_places import Place as Files

_PROVIDERS = "install the scheme's Airflow provider, as apache-airflow-providers-amazon[s3fs] for s3"
_SAFE = re.compile(r"[^A-Za-z0-9._-]+")
_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?:(?P<connection>[^/@]+)@)?(?P<rest>.*)", re.DOTALL
)


class PlaceError(OcrError):
    """A place that cannot be read or written now; it may be another time."""

    kind = "place_failed"


def filesystem_of(url: str) -> tuple[Any, str]:
    """The file system of a URL or path, and the path there.

    Raises:
        CallError: a scheme that is not known, or whose provider is not installed.
    """
    if not is_remote(url):
        from fsspec.implementations.local import LocalFileSystem

        return LocalFileSystem(), str(local_path(url).absolute())
    from airflow.sdk.io import attach, has_fs
    from fsspec.core import url_to_fs

    parts = _URL.fullmatch(url)
    assert parts is not None  # noqa: S101 - is_remote says so
    plain = f"{parts['scheme']}://{parts['rest']}"
    try:
        if not parts["connection"] and not has_fs(parts["scheme"]):
            # What no provider of Airflow brings, fsspec may know by itself.
            filesystem, path = url_to_fs(plain)
            return filesystem, str(path)
        filesystem = attach(parts["scheme"], parts["connection"]).fs
    except (ImportError, ValueError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise CallError(f"{shown(url)} cannot be opened ({reason})", _PROVIDERS) from None
    return filesystem, str(filesystem._strip_protocol(plain))


class Place:
    """A folder or bucket that the tasks of all runs share::

        store/                what engines read, page by page, kept by content
        results/              what batches came to, named by what went into them
        runs/DAG/RUN/         which results a run has, and its reports
        seen/DAG/TASK/        what the runs of a sensor were given

    Args:
        url: a URL or path.

    Raises:
        CallError: an empty URL, or a scheme that is not known. Each method raises PlaceError where it fails.
    """

    def __init__(self, url: str) -> None:
        if not url.strip():
            raise CallError(
                "no place for results is named", "set place=, or place in Airflow's section [ocr]"
            )
        self.url = url.rstrip("/") or "/"

    @property
    def shown(self) -> str:
        """The place as a user may see it."""
        return shown(self.url)

    @cached_property
    def _files(self) -> Files:
        return _files_of(self.url, "")

    @cached_property
    def store(self) -> Store:
        """Where what engines read is kept."""
        return Store(_files_of(self.url, "store"))

    def read(self, name: str) -> bytes | None:
        """A file's bytes; None where there is no such file."""
        with _errors(self.shown, "read"):
            return self._files.read(name)

    def read_json(self, name: str) -> Any:
        """What a file of JSON holds; None where there is no such file, or it is not whole."""
        data = self.read(name)
        if data is not None:
            with contextlib.suppress(ValueError):
                return json.loads(data)
        return None

    def write(self, name: str, data: bytes) -> None:
        """Puts a file there, whole, or another in its place."""
        with _errors(self.shown, "written"):
            self._files.write(name, data)

    def write_json(self, name: str, value: Any) -> None:
        """Puts JSON there; where it is there already, nothing is written."""
        data = f"{json.dumps(value, ensure_ascii=False, indent=1)}\n".encode("utf-8", "replace")
        if self.read(name) != data:
            self.write(name, data)

    def remove(self, name: str) -> None:
        """Takes a file away, if it is there."""
        with _errors(self.shown, "cleared"):
            self._files.remove(name)

    def names(self, folder: str) -> list[str]:
        """The names of all files in a folder, sorted."""
        with _errors(self.shown, "read"):
            return sorted(file.name for file in self._files.files(folder))

    def upload(self, folder: Path, under: str = "") -> list[str]:
        """Copies a folder's files to one of the place, and tells their names there."""
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        names = ["/".join(filter(None, (under, path.relative_to(folder).as_posix()))) for path in files]
        for name, path in zip(names, files, strict=True):
            self.write(name, path.read_bytes())
        return names


def _files_of(url: str, folder: str) -> Files:
    if not is_remote(url):
        return LocalPlace(local_path(url), folder)
    filesystem, path = filesystem_of(url)
    return FsspecPlace(filesystem, path, url, folder)


@contextlib.contextmanager
def _errors(place: str, what: str) -> Iterator[None]:
    try:
        yield
    except StoreError as error:
        cause = error.__cause__
        reason = getattr(cause, "strerror", None) or type(cause or error).__name__
        hint = "check that it is there, and the worker's rights"
        raise PlaceError(f"the place {place} cannot be {what} ({reason})", hint) from error


def run_folder(dag_id: str, run_id: str) -> str:
    """The folder of a run in a place: run ids have signs that not all file systems take."""
    return f"runs/{safe_name(dag_id)}/{safe_name(run_id)}"


def label_folder(label: str) -> str:
    """The folder of an engine's results, by its label; different for different labels."""
    return quote(label, safe="=+ ").replace("/", "_") if len(label) < 60 else safe_name(label)


def safe_name(text: str) -> str:
    """``text`` as a name, with a hash where that would not be it alone."""
    clean = _SAFE.sub("_", text).strip(".")[:80] or "_"
    return clean if clean == text else f"{clean}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
