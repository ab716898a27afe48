"""Files elsewhere, of any scheme that fsspec knows: which there are, and their download."""

from __future__ import annotations

import os
import re
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any, ClassVar, TypeAlias

from ocr_plugins.errors import SourceError
from ocr_plugins.paths import is_wanted, natural_key, no_images, shown

Opener: TypeAlias = Callable[[str], tuple[Any, str]]


def find_remote(url: str, recursive: bool) -> list[str]:
    """The URLs of the files that a URL of a file, folder or pattern stands for.

    HTTP cannot list, so there every URL is one of a file.
    """
    if re.match(r"https?://", url, re.IGNORECASE):
        return [url]
    with _remote_errors(url):
        filesystem, path = _filesystem(url)
        if "*" in path:
            files = filesystem.glob(path)
            if not files:
                raise SourceError(f"no file matches {shown(url)}", "check the pattern", "not_found")
        elif filesystem.isdir(path):
            found = filesystem.find(path, maxdepth=None if recursive else 1)
            files = [file for file in found if is_wanted(PurePath(file).name)]
            if not files:
                raise no_images(shown(url), recursive)
        else:
            return [url]
        return [filesystem.unstrip_protocol(file) for file in sorted(files, key=natural_key)]


class Download:
    """A remote file, fetched when first needed and removed with the last reference to this.

    ``opened`` gives the file system of a URL, and the path there: by default as fsspec knows it.
    """

    _all: ClassVar[weakref.WeakSet[Download]] = weakref.WeakSet()

    def __init__(self, url: str, opened: Opener | None = None) -> None:
        self.url = url
        self._opened = opened or _filesystem
        self._path: Path | None = None
        self._owner = 0
        self._lock = threading.Lock()
        self._all.add(self)

    def __reduce__(self) -> tuple[type[Download], tuple[str, Opener]]:
        return Download, (self.url, self._opened)

    def path(self) -> Path:
        """The temporary file. Raises SourceError where it cannot be fetched."""
        with self._lock:
            if self._path is None:
                handle, name = tempfile.mkstemp(prefix="ocr-plugins-")
                os.close(handle)
                self._owner = os.getpid()
                weakref.finalize(self, _remove, Path(name), self._owner)
                with _remote_errors(self.url):
                    filesystem, path = self._opened(self.url)
                    filesystem.get_file(path, name)
                self._path = Path(name)
            return self._path

    def discard(self) -> None:
        """Removes the temporary file; it is fetched again when it is needed again."""
        with self._lock:
            if self._path is not None:
                _remove(self._path, self._owner)
                self._path = None


def discard_downloads() -> None:
    """Removes the temporary files of all downloads, for processes that end without a last breath."""
    for download in list(Download._all):
        download.discard()


def _remove(path: Path, owner: int) -> None:
    # A forked process drops its references too, and must leave the file to its parent.
    if os.getpid() == owner:
        path.unlink(missing_ok=True)


def _filesystem(url: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    try:
        filesystem, path = url_to_fs(url)
    except (ImportError, ValueError) as error:
        message = f"{shown(url)} cannot be opened"
        raise SourceError(message, str(error).rstrip("."), "unknown_scheme") from error
    return filesystem, str(path)


@contextmanager
def _remote_errors(url: str) -> Iterator[None]:
    try:
        yield
    except SourceError:
        raise
    except Exception as error:  # each file system has exceptions of its own
        name = shown(url)
        if isinstance(error, FileNotFoundError):
            raise SourceError(f"{name} does not exist", "check the address", "not_found") from error
        if isinstance(error, PermissionError):
            hint = "check the credentials"
            raise SourceError(f"{name} may not be read", hint, "permission_denied") from error
        status = getattr(error, "status", None)
        reason = f"HTTP status {status}" if status else type(error).__name__
        hint = "check the address and the network"
        raise SourceError(f"{name} could not be fetched ({reason})", hint, "unreachable") from error
