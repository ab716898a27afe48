"""Weight files: found, fetched on request, and their SHA-256 checked before any library opens them.

Imports nothing but the standard library: engines' worker processes load it.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ocr_plugins.errors import EngineUnavailableError

_TIMEOUT = 30.0


@dataclass(frozen=True)
class WeightFile:
    """A file of weights that its publisher offers for download, and the SHA-256 it must have."""

    name: str
    url: str
    sha256: str


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
        found = sha256_of(path)
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


def weights_folder(engine: str, prefix: str | Path = sys.prefix) -> Path:
    """Where the downloaded weights of an engine lie in the environment ``prefix`` that it runs in."""
    return Path(prefix, "share", "ocr-plugins", engine)


def fetch_weights(
    files: Iterable[WeightFile], folder: Path, say: Callable[[str], None] = lambda _: None
) -> list[Path]:
    """Downloads weight files into ``folder``, each whole and checked or not at all; gives their paths.

    A file that is there already is not fetched again. What an interrupted download got lies beside
    it as ``NAME.part``, and the next call goes on from there.

    Raises:
        EngineUnavailableError: a file could not be fetched or written, or is not the known one.
    """
    return [_fetch(file, folder / file.name, say) for file in files]


def _fetch(file: WeightFile, path: Path, say: Callable[[str], None]) -> Path:
    part = path.with_name(f"{path.name}.part")
    try:
        if not path.exists() or sha256_of(path) != file.sha256:
            say(f"fetching {file.url}")
            path.parent.mkdir(parents=True, exist_ok=True)
            _download(file.url, part)
            _check_part(file, part)
            part.replace(path)
    except OSError as error:
        raise EngineUnavailableError(
            f"{file.name} could not be fetched from {file.url} ({_reason(error)})",
            f"run it again, and it goes on where it stopped; or put the file there: {path}",
            kind="download_failed",
        ) from None
    say(f"{path} is there")
    return path


def _download(url: str, part: Path) -> None:
    """Appends what is missing in ``part``. Raises OSError, also where the connection ends early."""
    import http.client
    import urllib.error
    import urllib.request

    done = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={done}-"} if done else {})  # noqa: S310 - adapters name https
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310
            resumed = answer.status == http.HTTPStatus.PARTIAL_CONTENT
            with part.open("ab" if resumed else "wb") as out:
                shutil.copyfileobj(answer, out, 1 << 20)
            missing = answer.length
    except urllib.error.HTTPError as error:
        # Nothing is missing.
        if not (done and error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE):
            raise
    except http.client.HTTPException as error:
        raise OSError(f"bad answer: {type(error).__name__}") from None
    else:
        if missing:
            raise OSError(f"the connection ended {missing} bytes too early")


def _check_part(file: WeightFile, part: Path) -> None:
    found = sha256_of(part)
    if found != file.sha256:
        part.unlink()
        raise EngineUnavailableError(
            f"{file.url} gave another file than the known one (its SHA-256 begins with {found[:12]})",
            "run it again, or look for the file elsewhere",
            kind="wrong_hash",
        )


def _reason(error: OSError) -> str:
    """One line of what the system, or the server, said."""
    cause = getattr(error, "reason", None) or error.strerror or error
    text = getattr(cause, "strerror", None) or cause
    code = f"{error.code} " if hasattr(error, "code") else ""
    return code + " ".join(str(text).split())


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
