"""Paths and URLs as users write them: told apart, shown, sorted, and the files they stand for."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from glob import glob, has_magic
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import unquote, urlsplit

from ocr_plugins.decode import EXTENSIONS
from ocr_plugins.errors import SourceError

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.:-]+://")


def is_url(text: str) -> bool:
    """Whether ``text`` is a URL of any scheme rather than a path."""
    return bool(_URL.match(text))


def is_remote(text: str) -> bool:
    """Whether ``text`` is a URL of something that is not on this computer."""
    return is_url(text) and not text.startswith("file://")


def local_path(text: str) -> Path:
    """The path that ``text``, a path or a file:// URL, stands for."""
    if text.startswith("file://"):
        bare = text.removeprefix("file://")
        return Path(bare) if os.path.lexists(bare) else Path(unquote(bare))
    return Path(text).expanduser() if text.startswith("~/") else Path(text)


def shown(text: str) -> str:
    """What the user wrote, without a URL's password and what is no valid Unicode."""
    if is_url(text):
        text = re.sub(r"(://[^/:@]*):[^/?#]*@", r"\1:***@", text)
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def short_name(source: str) -> str:
    """What messages call a path or URL."""
    path = urlsplit(source).path if is_remote(source) else source
    name = PurePath(path).name or source
    return name if len(name) <= 80 else f"{name[:60]}...{name[-15:]}"


def natural_key(text: str) -> tuple[Any, ...]:
    """Sorts ``p2`` before ``p10``, and folders as wholes."""
    parts = [re.split(r"([0-9]+)", part.casefold()) for part in PurePath(text).parts]
    return [[int(p) if i % 2 else p for i, p in enumerate(part)] for part in parts], text


def is_wanted(file_name: str) -> bool:
    """Whether a file of this name is taken where its folder was asked for."""
    return not file_name.startswith(".") and PurePath(file_name).suffix.lower() in EXTENSIONS


def no_images(folder: str, recursive: bool) -> SourceError:
    """The error for a folder without any file that is wanted."""
    looked_for = f"looked for {', '.join(sorted(EXTENSIONS))}"
    hint = looked_for if recursive else f"{looked_for}; subfolders need --recursive"
    return SourceError(f"{folder} holds no images", hint, "empty_folder")


def find_local(text: str, recursive: bool) -> Iterator[tuple[str, Path | SourceError]]:
    """(its name, the file or why there is none) for all that a path, folder or pattern stands for.

    A file that is named as such keeps the name the user gave it.
    """
    path = local_path(text)
    name = short_name(shown(text))
    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
    except PermissionError as error:
        hint = "check the permissions of the file and its folder"
        raise SourceError(f"{name} may not be read", hint, "permission_denied") from error
    except (OSError, ValueError) as error:
        if has_magic(text):
            yield from _matches(path, text)
            return
        where = "" if path.is_absolute() else f", which starts from {Path.cwd()}"
        raise SourceError(f"{name} does not exist", f"check the path{where}", "not_found") from error
    if not is_folder:
        yield text, path
        return
    failed: list[OSError] = []
    files = sorted(_walk(path, recursive, failed), key=natural_key)
    if not files and not failed:
        raise no_images(name, recursive)
    yield from ((file, Path(file)) for file in files)
    for failure in failed:
        folder = str(failure.filename)
        message, hint = f"{short_name(folder)} may not be read", "check the folder's permissions"
        yield folder, SourceError(message, hint, "permission_denied")


def _matches(path: Path, pattern: str) -> Iterator[tuple[str, Path]]:
    # Path.glob takes no absolute pattern.
    matches = [found for found in glob(str(path), recursive=True) if not Path(found).is_dir()]  # noqa: PTH207
    if not matches:
        raise SourceError(f"no file matches {pattern}", "check the pattern", "not_found")
    yield from ((found, Path(found)) for found in sorted(matches, key=natural_key))


def _walk(folder: Path, recursive: bool, failed: list[OSError]) -> Iterator[str]:
    for parent, folders, files in os.walk(folder, onerror=failed.append):
        folders[:] = [name for name in folders if recursive and not name.startswith(".")]
        yield from (str(Path(parent, name)) for name in files if is_wanted(name))
