"""Weight files: found, and their SHA-256 checked, before any library opens them.

Imports nothing but the standard library: engines' worker processes load it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from ocr_plugins.errors import EngineUnavailableError


def verify_weights(folder: Path, known: Mapping[str, str], install_hint: str) -> dict[str, str]:
    """Name -> SHA-256 of the files of ``known`` in ``folder``, each equal to what is known.

    Raises:
        EngineUnavailableError: a file is missing (naming ``install_hint``) or not the known one.
    """
    return {name: verify_file(folder / name, {sha256}, install_hint) for name, sha256 in known.items()}


def verify_file(path: Path, known: Iterable[str], install_hint: str) -> str:
    """The SHA-256 of one file, which must be among ``known``; any is accepted where that is empty.

    Raises:
        EngineUnavailableError: the file is missing or not a known one.
    """
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EngineUnavailableError(
            f"weight file {path} cannot be read ({error.strerror})", install_hint, kind="missing_weights"
        ) from None
    known = set(known)
    if known and found not in known:
        raise EngineUnavailableError(
            f"weight file {path} is not the known one (its SHA-256 begins with {found[:12]})",
            f"replace it: {install_hint}",
            kind="wrong_hash",
        )
    return found
