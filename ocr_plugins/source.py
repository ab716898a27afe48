"""Anything a user has -> page images, in two steps.

`enumerate_pages` looks at each input in turn and gives a `PageRef` for each of its pages,
without decoding any; `PageRef.load` gives the pixels, as often as it is called. Taken are

* files, folders and glob patterns, as str or Path;
* URLs of any scheme that fsspec knows (http, s3, memory ...), and with schemes that can list
  also folders and patterns. A remote file is fetched once, so that all engines see the same
  bytes, into a temporary file that lives as long as a reference to one of its pages;
* bytes of a file, NumPy arrays, Pillow images, `PageImage` and `PageRef`.

What an input holds is told by its content, see `ocr_plugins.decode`. An input that yields no
page yields exactly one `PageError`, whose ``page`` is None.
"""

from __future__ import annotations

import dataclasses
import math
import os
import re
import stat
import tempfile
import threading
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from glob import glob, has_magic
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote, urlsplit

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.decode import (
    EXTENSIONS,
    PAGED,
    check_array,
    check_size,
    decode,
    from_array,
    from_pil,
    limits,
    probe,
)
from ocr_plugins.document import LEVELS, Level, PageError
from ocr_plugins.errors import CallError, SourceError
from ocr_plugins.image import PageImage

if TYPE_CHECKING:
    from PIL import Image

    Input: TypeAlias = "str | os.PathLike[str] | bytes | NDArray[Any] | Image.Image | PageImage | PageRef"

DEFAULT_DPI = 300
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.:-]+://")
_RANGE = re.compile(r"\s*([0-9]{1,9})\s*(?:(-)\s*([0-9]{1,9})?\s*)?")

PageRanges = tuple[tuple[int, int | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRef:
    """A page that is known but not loaded.

    ``id`` is the source, with ``#page=N`` where the source has several pages. ``page`` is the
    page's number, from 1, of the ``pages`` that the source has. ``dpi`` is the resolution a PDF
    is rendered at or that the user stated, else None: the loaded image tells its file's.
    ``origin`` is where the pixels come from, and private to this module.
    """

    id: str
    source: str
    page: int = 1
    pages: int = 1
    level: Level = "page"
    dpi: float | None = None
    origin: Any = field(repr=False, compare=False)

    def load(self) -> PageImage:
        """The page's image, upright. Raises SourceError where it cannot be had."""
        name = _name(self.source) if self.pages == 1 else f"page {self.page} of {_name(self.source)}"
        found: float | None = None
        with _os_errors(name):
            if isinstance(self.origin, PageImage):
                return dataclasses.replace(self.origin, id=self.id)
            if isinstance(self.origin, np.ndarray):
                pixels = from_array(self.origin, name)
            elif isinstance(self.origin, bytes | Path | _Download):
                content = self.origin.path() if isinstance(self.origin, _Download) else self.origin
                pixels, found = decode(content, name, self.page, self.dpi or DEFAULT_DPI)
            else:
                pixels, found = from_pil(self.origin, name)
        dpi = self.dpi or found
        return PageImage(
            pixels=pixels, source=self.source, page=self.page, dpi=dpi, level=self.level, id=self.id
        )


def load_or_error(ref: PageRef) -> PageImage | PageError:
    """The page's image, or why there is none, as data.

    ``page`` of the error is None where the source has one page only: it could not be opened.
    """
    try:
        return ref.load()
    except SourceError as error:
        page = ref.page if ref.pages > 1 else None
        return dataclasses.replace(_record(error, ref.source, ref.level, ref.id), page=page)


def page_ref(
    source: str | os.PathLike[str],
    *,
    id: str | None = None,  # noqa: A002 - the field's name
    level: Level = "page",
    dpi: float | None = None,
) -> PageRef:
    """The first or only page of a file or URL, which is not looked at before it is loaded."""
    text = os.fspath(source)
    shown = _shown(text)
    origin = _Download(text) if _is_remote(text) else _local_path(text)
    return PageRef(id=id or shown, source=shown, level=level, dpi=dpi, origin=origin)


def enumerate_pages(
    inputs: Input | Iterable[Input],
    *,
    recursive: bool = False,
    pages: str | None = None,
    dpi: float = DEFAULT_DPI,
    level: Level = "page",
) -> Iterator[PageRef | PageError]:
    """The pages of one input or of several, in order, each input opened when its turn comes.

    Args:
        inputs: see the module's docstring. Folders give the files with a known extension, in
            natural order (``p2`` before ``p10``), without hidden ones.
        recursive: look into subfolders; symbolic links to folders are not followed.
        pages: which pages of PDF and TIFF files to take, as in ``1-3,7,10-``; None takes all.
            They come in the file's order, each once; ranges end where the file does.
        dpi: resolution to render PDF pages at, pixels an inch, above 0.
        level: what is on each image: a page, one line or one word.

    Raises:
        CallError: bad page ranges, dpi, level, or a bad limit in the environment.
    """
    ranges = None if pages is None else parse_pages(pages)
    if isinstance(dpi, bool) or not isinstance(dpi, int | float) or not (math.isfinite(dpi) and dpi > 0):
        raise CallError(f"dpi is {dpi!r}", "pass a number above 0, such as 300")
    if level not in LEVELS:
        raise CallError(f"level is {level!r}", f"pass one of {', '.join(LEVELS)}")
    limits()
    several: Any = inputs if isinstance(inputs, Iterable) and not _is_one(inputs) else [inputs]
    return _enumerate(several, recursive, ranges, float(dpi), level)


def parse_pages(text: str) -> PageRanges:
    """``1-3,7,10-`` as ((1, 3), (7, 7), (10, None)). Raises CallError for anything else."""
    ranges: list[tuple[int, int | None]] = []
    for part in text.split(",") if isinstance(text, str) else [""]:
        match = _RANGE.fullmatch(part)
        first = int(match[1]) if match else 0
        last = None if match and match[2] else first
        if match and match[3]:
            last = int(match[3])
        if first < 1 or (last is not None and last < first):
            hint = "pages are numbered from 1: write for example 1-3,7,10-"
            raise CallError(f"{text!r} is not a list of pages", hint)
        ranges.append((first, last))
    return tuple(ranges)


def select_pages(ranges: PageRanges | None, count: int) -> tuple[list[int], list[int]]:
    """(the pages taken of ``count``, ascending; the starts of ranges that lie beyond them)."""
    if ranges is None:
        return list(range(1, count + 1)), []
    taken: set[int] = set()
    for first, last in ranges:
        taken.update(range(first, min(count, count if last is None else last) + 1))
    return sorted(taken), sorted({first for first, _ in ranges if first > count})


def is_url(text: str) -> bool:
    """Whether ``text`` is a URL of any scheme rather than a path."""
    return bool(_URL.match(text))


def natural_key(text: str) -> tuple[Any, ...]:
    """Sorts ``p2`` before ``p10``, and folders as wholes."""
    parts = [re.split(r"([0-9]+)", part.casefold()) for part in PurePath(text).parts]
    return [[int(p) if i % 2 else p for i, p in enumerate(part)] for part in parts], text


class _Download:
    """A remote file, fetched when first needed and removed with the last reference to this."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._path: Path | None = None
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type[_Download], tuple[str]]:
        return _Download, (self.url,)

    def path(self) -> Path:
        with self._lock:
            if self._path is None:
                handle, name = tempfile.mkstemp(prefix="ocr-plugins-")
                os.close(handle)
                weakref.finalize(self, _remove, Path(name), os.getpid())
                with _remote_errors(self.url):
                    filesystem, path = _filesystem(self.url)
                    filesystem.get_file(path, name)
                self._path = Path(name)
            return self._path


def _remove(path: Path, owner: int) -> None:
    # A forked process drops its references too, and must leave the file to its parent.
    if os.getpid() == owner:
        path.unlink(missing_ok=True)


def _filesystem(url: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    try:
        filesystem, path = url_to_fs(url)
    except (ImportError, ValueError) as error:
        message = f"{_shown(url)} cannot be opened"
        raise SourceError(message, str(error).rstrip("."), "unknown_scheme") from error
    return filesystem, str(path)


@contextmanager
def _remote_errors(url: str) -> Iterator[None]:
    try:
        yield
    except SourceError:
        raise
    except Exception as error:  # each file system has exceptions of its own
        shown = _shown(url)
        if isinstance(error, FileNotFoundError):
            raise SourceError(f"{shown} does not exist", "check the address", "not_found") from error
        if isinstance(error, PermissionError):
            hint = "check the credentials"
            raise SourceError(f"{shown} may not be read", hint, "permission_denied") from error
        status = getattr(error, "status", None)
        reason = f"HTTP status {status}" if status else type(error).__name__
        hint = "check the address and the network"
        raise SourceError(f"{shown} could not be fetched ({reason})", hint, "unreachable") from error


@contextmanager
def _os_errors(name: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise SourceError(f"{name} does not exist", "it was moved or deleted", "not_found") from error
    except PermissionError as error:
        hint = "check the permissions of the file and its folder"
        raise SourceError(f"{name} may not be read", hint, "permission_denied") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SourceError(f"{name} cannot be read ({reason})", "check the disk or network") from error


def _is_remote(text: str) -> bool:
    return is_url(text) and not text.startswith("file://")


def _local_path(text: str) -> Path:
    if text.startswith("file://"):
        bare = text.removeprefix("file://")
        return Path(bare) if os.path.lexists(bare) else Path(unquote(bare))
    return Path(text).expanduser() if text.startswith("~/") else Path(text)


def _shown(text: str) -> str:
    """What the user wrote, without a URL's password and what is no valid Unicode."""
    if is_url(text):
        text = re.sub(r"(://[^/:@]*):[^/@]*@", r"\1:***@", text)
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _name(source: str) -> str:
    path = urlsplit(source).path if _is_remote(source) else source
    name = PurePath(path).name or source
    return name if len(name) <= 80 else f"{name[:60]}...{name[-15:]}"


def _is_one(value: Any) -> bool:
    from PIL import Image

    kinds = (str, os.PathLike, bytes, bytearray, memoryview, np.ndarray, Image.Image, PageImage, PageRef)
    return isinstance(value, kinds)


def _record(error: SourceError, source: str, level: Level, id: str | None = None) -> PageError:  # noqa: A002
    return PageError(
        source=source, kind=error.kind, message=error.message, hint=error.hint, id=id or source, level=level
    )


def _enumerate(
    inputs: Iterable[Any], recursive: bool, ranges: PageRanges | None, dpi: float, level: Level
) -> Iterator[PageRef | PageError]:
    seen: set[str] = set()
    for number, item in enumerate(inputs, start=1):
        for found in _pages_of(item, number, recursive, ranges, dpi, level):
            unique, copy = found.id or found.source, 1
            while unique in seen:
                copy += 1
                unique = f"{found.id}#{copy}"
            seen.add(unique)
            yield dataclasses.replace(found, id=unique)


def _pages_of(
    item: Any, number: int, recursive: bool, ranges: PageRanges | None, dpi: float, level: Level
) -> Iterator[PageRef | PageError]:
    if isinstance(item, PageRef):
        yield item
    elif isinstance(item, PageImage):
        own = item.source if item.page == 1 else f"{item.source}#page={item.page}"
        yield _checked(
            PageRef(
                id=item.id or own,
                source=item.source,
                page=item.page,
                pages=item.page,
                level=item.level,
                dpi=item.dpi,
                origin=item,
            )
        )
    elif isinstance(item, bytes | bytearray | memoryview):
        yield from _file_pages(f"bytes-{number}", bytes(item), ranges, dpi, level)
    elif isinstance(item, str | os.PathLike):
        text = os.fsdecode(item)
        try:
            for source, origin in _expand(text, recursive):
                if isinstance(origin, SourceError):
                    yield _record(origin, _shown(source), level)
                else:
                    yield from _file_pages(_shown(source), origin, ranges, dpi, level)
        except SourceError as error:
            yield _record(error, _shown(text).strip() or f"input-{number}", level)
    elif _is_one(item):
        name = f"{'array' if isinstance(item, np.ndarray) else 'image'}-{number}"
        yield _checked(PageRef(id=name, source=name, level=level, origin=item))
    else:
        hint = "pass a path, URL, bytes, NumPy array, Pillow image or PageImage"
        wrong = SourceError(f"input {number} is of the type {type(item).__name__}", hint, "unsupported_input")
        yield _record(wrong, f"input-{number}", level)


def _checked(ref: PageRef) -> PageRef | PageError:
    """A page that is in memory already, or what is wrong with it."""
    try:
        if isinstance(ref.origin, np.ndarray):
            check_array(ref.origin, ref.source)
        else:
            width, height = ref.origin.size
            check_size(width, height, ref.source)
    except SourceError as error:
        return _record(error, ref.source, ref.level, ref.id)
    return ref


def _file_pages(
    source: str, origin: bytes | Path | _Download, ranges: PageRanges | None, dpi: float, level: Level
) -> Iterator[PageRef | PageError]:
    name = _name(source)
    try:
        with _os_errors(name):
            content = origin.path() if isinstance(origin, _Download) else origin
            if isinstance(content, Path) and not stat.S_ISREG(content.stat().st_mode):
                raise SourceError(f"{name} is not a regular file", "copy it to a file first", "not_a_file")
            kind, count = probe(content, name)
        taken, missing = select_pages(ranges if kind in PAGED else None, count)
        if not taken:
            raise _no_page(name, missing[0], count)
    except SourceError as error:
        yield _record(error, source, level)
        return
    shared: dict[str, Any] = {"source": source, "level": level, "pages": count, "origin": origin}
    for page in taken:
        page_id = source if count == 1 else f"{source}#page={page}"
        yield PageRef(id=page_id, page=page, dpi=dpi if kind == "PDF" else None, **shared)
    for page in missing:
        record = _record(_no_page(name, page, count), source, level, f"{source}#page={page}")
        yield dataclasses.replace(record, page=page)


def _no_page(name: str, page: int, count: int) -> SourceError:
    hint = f"ask for pages from 1 to {count}" if count > 1 else "its only page is 1"
    return SourceError(f"{name} has no page {page}", hint, "no_such_page")


def _expand(text: str, recursive: bool) -> Iterator[tuple[str, Any]]:
    """(source, origin) of each file that a path, pattern or URL stands for."""
    if not text.strip():
        # Path("") would be the working folder, which nobody means.
        raise SourceError("the path is empty", "pass a file, folder, pattern or URL", "not_found")
    if _is_remote(text):
        yield from _expand_remote(text, recursive)
        return
    path = _local_path(text)
    name = _name(_shown(text))
    try:
        mode = path.stat().st_mode
    except PermissionError as error:
        hint = "check the permissions of the file and its folder"
        raise SourceError(f"{name} may not be read", hint, "permission_denied") from error
    except (OSError, ValueError) as error:
        if not has_magic(text):
            hint = (
                f"check the path, which starts from {Path.cwd()}"
                if not path.is_absolute()
                else "check the path"
            )
            raise SourceError(f"{name} does not exist", hint, "not_found") from error
        # Path.glob takes no absolute pattern.
        matches = [found for found in glob(str(path), recursive=True) if not Path(found).is_dir()]  # noqa: PTH207
        if not matches:
            raise SourceError(f"no file matches {text}", "check the pattern", "not_found") from None
        for found in sorted(matches, key=natural_key):
            yield found, Path(found)
        return
    if not stat.S_ISDIR(mode):
        yield text, path
        return
    failed: list[OSError] = []
    files = sorted(_walk(path, recursive, failed), key=lambda file: natural_key(str(file)))
    for file in files:
        yield str(file), file
    for failure in failed:
        message, hint = f"{_name(str(failure.filename))} may not be read", "check the folder's permissions"
        yield str(failure.filename), SourceError(message, hint, "permission_denied")
    if not files and not failed:
        raise _empty(name, recursive)


def _walk(folder: Path, recursive: bool, failed: list[OSError]) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder, onerror=failed.append):
        folders[:] = [name for name in folders if recursive and not name.startswith(".")]
        yield from (Path(parent, name) for name in files if _is_wanted(name))


def _expand_remote(url: str, recursive: bool) -> Iterator[tuple[str, _Download]]:
    paths: list[str] | None = None
    if not re.match(r"https?://", url, re.IGNORECASE):
        with _remote_errors(url):
            filesystem, path = _filesystem(url)
            if "*" in path:
                paths = filesystem.glob(path)
                if not paths:
                    raise SourceError(f"no file matches {_shown(url)}", "check the pattern", "not_found")
            elif filesystem.isdir(path):
                found = filesystem.find(path, maxdepth=None if recursive else 1)
                paths = [file for file in found if _is_wanted(PurePath(file).name)]
                if not paths:
                    raise _empty(_shown(url), recursive)
    if paths is None:
        yield url, _Download(url)
        return
    for file in sorted(paths, key=natural_key):
        child = filesystem.unstrip_protocol(file)
        yield child, _Download(child)


def _is_wanted(name: str) -> bool:
    return not name.startswith(".") and PurePath(name).suffix.lower() in EXTENSIONS


def _empty(name: str, recursive: bool) -> SourceError:
    hint = f"looked for {', '.join(sorted(EXTENSIONS))}" + (
        "" if recursive else "; subfolders need --recursive"
    )
    return SourceError(f"{name} holds no images", hint, "empty_folder")
