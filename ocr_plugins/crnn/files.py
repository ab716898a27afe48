"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from ocr_plugins.errors import CallError


def write_whole(path: Path, data: bytes) -> None:
    """Writes beside the file, to the disk, and renames: a full disk or a kill leaves what was there.

    Raises:
        CallError: it cannot be written; names the file and the system's reason.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        reason = error.strerror or type(error).__name__
        hint = "make room, or choose another folder; what was there before is kept"
        raise CallError(f"{path} cannot be written ({reason})", hint, "unwritable") from error
