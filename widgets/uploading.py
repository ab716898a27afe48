"""Files that people drop on the widget: they come in pieces, and lie in a folder that goes with it."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path, PurePath

from ocr_plugins.errors import CallError

from .state import Upload

#: The most that a file may have, in bytes: it comes through the notebook's own connection.
LIMIT = 200 * 2**20
# Names of files have at most so many bytes on common systems.
_LONGEST_NAME = 200


class Inbox:
    """What has arrived, in a folder that is deleted with it."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ocr-plugins-"))
        self._limit = limit
        self._coming: dict[str, tuple[Path, int]] = {}
        self._count = 0
        self._delete = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    def take(
        self, transfer: str, name: str, at: int, size: int, piece: bytes | memoryview
    ) -> tuple[Upload, Path | None]:
        """A piece of a file.

        Args:
            transfer: tells it from others that come at the same time.
            name: the file's own.
            at: where the piece begins; at 0 the file begins anew.
            size: bytes of the whole file.
            piece: its bytes.

        Returns:
            How much has arrived, and where the file lies once it is whole.
        """
        told = Upload(transfer=transfer, name=name, got=0, size=size, error=None)
        try:
            path, told["got"] = self._put(transfer, name, at, size, bytes(piece))
        except CallError as error:
            told["error"] = str(error)
        except OSError as error:
            told["error"] = f"{name} cannot be kept ({error.strerror}): give its path to compare() instead"
        if told["error"] is not None:
            self._forget(transfer)
            return told, None
        if told["got"] < size:
            return told, None
        del self._coming[transfer]
        return told, path

    def _forget(self, transfer: str) -> None:
        path, _ = self._coming.pop(transfer, (None, 0))
        if path is not None:
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Deletes the files."""
        self._delete()

    def _put(self, transfer: str, name: str, at: int, size: int, piece: bytes) -> tuple[Path, int]:
        if size > self._limit:
            raise CallError(
                f"{name} has {_megabytes(size)}, and a file dropped here may have {_megabytes(self._limit)}",
                "give its path to compare() instead",
            )
        if not size:
            raise CallError(f"{name} is empty", "drop another file")
        if at == 0:
            # Each file has a folder of its own: two may have one name.
            self._count += 1
            folder = self.folder / str(self._count)
            folder.mkdir()
            self._coming[transfer] = folder / _safe(name), 0
        path, got = self._coming.get(transfer, (Path(), -1))
        if at != got or at + len(piece) > size:
            raise CallError(f"a piece of {name} was lost", "drop the file once more")
        with path.open("ab") as file:
            file.write(piece)
        self._coming[transfer] = path, at + len(piece)
        return path, at + len(piece)


def _safe(name: str) -> str:
    """The name without what could lead elsewhere; its ending stays, which tells what the file is."""
    last = PurePath(name.replace("\\", "/")).name.replace("\0", "").lstrip(".") or "file"
    stem, suffix = PurePath(last).stem, PurePath(last).suffix
    return stem.encode()[:_LONGEST_NAME].decode(errors="ignore") + suffix[:20]


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MB"
