"""Where files are kept: in a folder, or at any place that fsspec knows.

A file appears at once and whole, or not at all. All lie in one folder of the place, and nothing else
there is looked at. Names are relative to that folder, with slashes. What goes wrong raises `StoreError`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

from ocr_plugins.errors import CallError, OcrError
from ocr_plugins.paths import shown

# With these, a file is there when all of it is: they have no half-written ones.
_OBJECT_STORES = frozenset(
    {"memory", "s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "ocilake", "oss", "obs", "tos"}
)
#: The folder of a place that a store of results lies in.
STORE_FOLDER = "v1"
_TEMPORARY = ".tmp"
# Left by a process that was killed, not by one that is just writing.
_OLD_SECONDS = 3600


class StoreError(OcrError):
    """A store that cannot be used."""

    kind = "store_failed"


@dataclass(frozen=True, slots=True)
class Stored:
    """One file of a store: its name, size in bytes, and when it was written (UTC), if that is known."""

    name: str
    size: int
    written: dt.datetime | None


class Place(Protocol):
    """Files by name."""

    @property
    def shown(self) -> str:
        """The place as a user may see it."""

    def read(self, name: str) -> bytes | None:
        """The file's bytes, None where there is no such file."""

    def write(self, name: str, data: bytes) -> None:
        """Puts the file there, or another in its place, whole."""

    def files(self, under: str = "") -> Iterator[Stored]:
        """All files, or those in a folder, without those that are just being written."""

    def remove(self, name: str) -> None:
        """Takes the file away, if it is there."""

    def tidy(self) -> None:
        """Takes away what killed processes have left, and empty folders."""


class LocalPlace:
    """A folder of this computer, made for its user alone when it is first written to."""

    def __init__(self, root: Path, folder: str = STORE_FOLDER) -> None:
        self._root = root
        self._folder = root / folder

    @property
    def shown(self) -> str:
        return shown(str(self._root))

    def read(self, name: str) -> bytes | None:
        with _errors(self.shown, "read"):
            try:
                with open(f"{self._folder}/{name}", "rb", 0) as file:  # noqa: PTH123 - quicker, for every page
                    return file.read()
            except FileNotFoundError:
                return None

    def write(self, name: str, data: bytes) -> None:
        path = f"{self._folder}/{name}"
        temporary = f"{path}.{secrets.token_hex(4)}{_TEMPORARY}"
        with _errors(self.shown, "written"):
            try:
                file = self._created(temporary)
                with file:
                    file.write(data)
                # No fsync: what a power failure leaves half-written, its checksum tells.
                os.replace(temporary, path)  # noqa: PTH105 - as above
            except BaseException:
                with contextlib.suppress(OSError):
                    Path(temporary).unlink(missing_ok=True)
                raise

    def _created(self, path: str) -> Any:
        for _ in range(3):
            with contextlib.suppress(FileNotFoundError):
                return open(path, "xb")  # noqa: PTH123 - as above
            # Not there yet, or just emptied and taken away by somebody who clears the store.
            self._root.parent.mkdir(parents=True, exist_ok=True)
            self._root.mkdir(mode=0o700, exist_ok=True)
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        return open(path, "xb")  # noqa: PTH123 - as above

    def files(self, under: str = "") -> Iterator[Stored]:
        with _errors(self.shown, "read"):
            for entry in _scan(self._folder / under):
                if not entry.name.endswith(_TEMPORARY):
                    with contextlib.suppress(FileNotFoundError):
                        about = entry.stat()
                        written = dt.datetime.fromtimestamp(about.st_mtime, dt.UTC)
                        yield Stored(os.path.relpath(entry.path, self._folder), about.st_size, written)

    def remove(self, name: str) -> None:
        with _errors(self.shown, "cleared"):
            (self._folder / name).unlink(missing_ok=True)

    def tidy(self) -> None:
        with _errors(self.shown, "cleared"):
            for entry in _scan(self._folder):
                with contextlib.suppress(FileNotFoundError):
                    if entry.name.endswith(_TEMPORARY) and time.time() - entry.stat().st_mtime > _OLD_SECONDS:
                        Path(entry.path).unlink()
            for folder, _, _ in os.walk(self._folder, topdown=False):
                # One that is not empty stays.
                with contextlib.suppress(OSError):
                    Path(folder).rmdir()


class FsspecPlace:
    """A place of a file system that fsspec knows: ``root`` is a path there, ``url`` what users call it."""

    def __init__(self, filesystem: Any, root: str, url: str, folder: str = STORE_FOLDER) -> None:
        self._system = filesystem
        self._folder = "/".join(filter(None, (root.rstrip("/"), folder)))
        self._url = url
        protocol = self._system.protocol
        self._whole = bool(_OBJECT_STORES & ({protocol} if isinstance(protocol, str) else set(protocol)))

    @classmethod
    def of_url(cls, url: str) -> Self:
        """Raises CallError for a scheme that is not known, or whose package is not installed."""
        from fsspec.core import url_to_fs

        try:
            filesystem, root = url_to_fs(url)
        except (ImportError, ValueError) as error:
            reason = str(error).rstrip(".")
            raise CallError(f"the store {shown(url)} cannot be opened ({reason})", _OTHER_PLACE) from None
        return cls(filesystem, str(root), url)

    @property
    def shown(self) -> str:
        return shown(self._url)

    def read(self, name: str) -> bytes | None:
        with _errors(self.shown, "read"):
            try:
                return bytes(self._system.cat_file(f"{self._folder}/{name}"))
            except FileNotFoundError:
                return None

    def write(self, name: str, data: bytes) -> None:
        path = f"{self._folder}/{name}"
        with _errors(self.shown, "written"):
            if self._whole:
                self._system.pipe_file(path, data)
                return
            self._system.makedirs(path.rpartition("/")[0], exist_ok=True)
            temporary = f"{path}.{secrets.token_hex(4)}{_TEMPORARY}"
            try:
                self._system.pipe_file(temporary, data)
                self._rename(temporary, path)
            except BaseException:
                with contextlib.suppress(Exception):
                    self._system.rm_file(temporary)
                raise

    def _rename(self, temporary: str, path: str) -> None:
        try:
            self._system.mv(temporary, path)
        except OSError:
            # Some, such as SFTP, rename to no name that is taken.
            if not self._system.exists(path):
                raise
            self._system.rm_file(path)
            self._system.mv(temporary, path)

    def files(self, under: str = "") -> Iterator[Stored]:
        with _errors(self.shown, "read"):
            for path, about in self._found(under).items():
                if not path.endswith(_TEMPORARY):
                    yield Stored(path[len(self._folder) + 1 :], int(about.get("size") or 0), _written(about))

    def remove(self, name: str) -> None:
        with _errors(self.shown, "cleared"), contextlib.suppress(FileNotFoundError):
            self._system.rm_file(f"{self._folder}/{name}")

    def tidy(self) -> None:
        with _errors(self.shown, "cleared"):
            for path, about in self._found().items():
                written = _written(about)
                age = (dt.datetime.now(dt.UTC) - written).total_seconds() if written else 0
                if path.endswith(_TEMPORARY) and age > _OLD_SECONDS:
                    with contextlib.suppress(FileNotFoundError):
                        self._system.rm_file(path)

    def _found(self, under: str = "") -> Mapping[str, Mapping[str, Any]]:
        folder = f"{self._folder}/{under}" if under else self._folder
        self._system.invalidate_cache()
        try:
            found: Mapping[str, Mapping[str, Any]] = self._system.find(folder, detail=True)
        except FileNotFoundError:
            return {}
        return found


_OTHER_PLACE = "name another place with --store or OCR_PLUGINS_STORE, or none with --no-store"


@contextmanager
def _errors(place: str, what: str) -> Iterator[None]:
    try:
        yield
    except OcrError:
        raise
    except Exception as error:  # each file system has exceptions of its own
        reason = getattr(error, "strerror", None) or f"{type(error).__name__}"
        raise StoreError(f"the store {place} cannot be {what} ({reason})", _OTHER_PLACE) from error


def _scan(folder: Path) -> Iterator[os.DirEntry[str]]:
    pending = [str(folder)]
    while pending:
        try:
            entries = list(os.scandir(pending.pop()))
        except FileNotFoundError:
            continue
        pending += [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
        yield from (entry for entry in entries if entry.is_file(follow_symlinks=False))


def _written(about: Mapping[str, Any]) -> dt.datetime | None:
    """When a file was written. Each file system has a name and a type for it."""
    for key in ("mtime", "LastModified", "last_modified", "updated", "modify", "created"):
        value = about.get(key)
        if isinstance(value, int | float):
            return dt.datetime.fromtimestamp(value, dt.UTC)
        if isinstance(value, str):
            with contextlib.suppress(ValueError):
                value = dt.datetime.fromisoformat(value)
        if isinstance(value, dt.datetime):
            return value if value.tzinfo else value.replace(tzinfo=dt.UTC)
    return None
