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
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.decode import PAGED, decode, probe
from ocr_plugins.document import LEVELS, Level, PageError
from ocr_plugins.errors import CallError, SourceError
from ocr_plugins.image import PageImage
from ocr_plugins.page_ranges import PageRanges, parse_pages, select_pages
from ocr_plugins.paths import find_local, is_remote, local_path, short_name, shown
from ocr_plugins.pixels import check_array, check_size, from_array, from_pil, limits
from ocr_plugins.remote import Download, find_remote

if TYPE_CHECKING:
    from PIL import Image

    Input: TypeAlias = "str | os.PathLike[str] | bytes | NDArray[Any] | Image.Image | PageImage | PageRef"

DEFAULT_DPI = 300


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

    def content(self) -> Path | bytes | None:
        """The file, or its bytes, that the page is decoded from; None where its pixels are in memory.

        Raises SourceError where a remote file cannot be fetched.
        """
        if isinstance(self.origin, Download):
            with _os_errors(self._name()):
                return self.origin.path()
        return self.origin if isinstance(self.origin, bytes | Path) else None

    def load(self) -> PageImage:
        """The page's image, upright. Raises SourceError where it cannot be had."""
        name = self._name()
        found: float | None = None
        if isinstance(self.origin, NoImage):
            hint = "take engines that need none, as files:path=FOLDER"
            raise SourceError(f"{name} has no image", hint, "no_image")
        with _os_errors(name):
            if isinstance(self.origin, PageImage):
                return dataclasses.replace(self.origin, id=self.id)
            if isinstance(self.origin, Derived):
                return dataclasses.replace(self.origin.make(self.origin.of.load()), id=self.id)
            if isinstance(self.origin, np.ndarray):
                pixels = from_array(self.origin, name)
            elif (content := self.content()) is not None:
                pixels, found = decode(content, name, self.page, self.dpi or DEFAULT_DPI)
            else:
                pixels, found = from_pil(self.origin, name)
        dpi = self.dpi or found
        return PageImage(
            pixels=pixels, source=self.source, page=self.page, dpi=dpi, level=self.level, id=self.id
        )

    def error(self, error: SourceError) -> PageError:
        """Why there is no image, as data.

        ``page`` is None where the source has one page only: it could not be opened.
        """
        page = self.page if self.pages > 1 else None
        return dataclasses.replace(_record(error, self.source, self.level, self.id), page=page)

    def _name(self) -> str:
        name = short_name(self.source)
        return f"page {self.page} of {name}" if self.pages > 1 else name


@dataclass(frozen=True, slots=True)
class NoImage:
    """The origin of a page of which there is text alone."""


@dataclass(frozen=True, slots=True)
class Derived:
    """The origin of a page that is made of another's image."""

    of: PageRef
    make: Callable[[PageImage], PageImage]


def derived(ref: PageRef, make: Callable[[PageImage], PageImage]) -> PageRef:
    """A page made of another's image whenever it is loaded, under the same name."""
    return dataclasses.replace(ref, origin=Derived(ref, make))


def text_ref(page_id: str, level: Level = "page") -> PageRef:
    """A page without an image, for engines that look at none."""
    return PageRef(id=page_id, source=page_id, level=level, origin=NoImage())


def load_or_error(ref: PageRef) -> PageImage | PageError:
    """The page's image, or why there is none, as data: see `PageRef.error`."""
    try:
        return ref.load()
    except SourceError as error:
        return ref.error(error)


def page_ref(
    source: str | os.PathLike[str] | Download,
    *,
    id: str | None = None,  # noqa: A002 - the field's name
    page: int = 1,
    pages: int = 1,
    level: Level = "page",
    dpi: float | None = None,
) -> PageRef:
    """A page of a file or URL, by default its first or only one; it is not looked at before it is loaded."""
    origin: Download | Path
    if isinstance(source, Download):
        origin, text = source, source.url
    else:
        text = os.fspath(source)
        origin = Download(text) if is_remote(text) else local_path(text)
    name = shown(text)
    return PageRef(id=id or name, source=name, page=page, pages=pages, level=level, dpi=dpi, origin=origin)


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
    return _enumerate(several, _Options(recursive, ranges, float(dpi), level))


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


def _is_one(value: Any) -> bool:
    from PIL import Image

    in_memory = (bytes, bytearray, memoryview, np.ndarray, Image.Image, PageImage)
    kinds = (str, os.PathLike, Download, PageRef, *in_memory)
    return isinstance(value, kinds)


def _record(error: SourceError, source: str, level: Level, id: str | None = None) -> PageError:  # noqa: A002
    return PageError.of(error, source, id=id or source, level=level)


@dataclass(frozen=True, slots=True)
class _Options:
    recursive: bool
    ranges: PageRanges | None
    dpi: float
    level: Level


def _enumerate(inputs: Iterable[Any], options: _Options) -> Iterator[PageRef | PageError]:
    seen: set[str] = set()
    for number, item in enumerate(inputs, start=1):
        for found in _pages_of(item, number, options):
            unique, copy = found.id or found.source, 1
            while unique in seen:
                copy += 1
                unique = f"{found.id}#{copy}"
            seen.add(unique)
            yield dataclasses.replace(found, id=unique)


def _pages_of(item: Any, number: int, options: _Options) -> Iterator[PageRef | PageError]:
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
        yield from _file_pages(f"bytes-{number}", bytes(item), options)
    elif isinstance(item, Download):
        yield from _file_pages(shown(item.url), item, options)
    elif isinstance(item, str | os.PathLike):
        text = os.fsdecode(item)
        try:
            for name, origin in _files(text, options.recursive):
                if isinstance(origin, SourceError):
                    yield _record(origin, shown(name), options.level)
                else:
                    yield from _file_pages(shown(name), origin, options)
        except SourceError as error:
            yield _record(error, shown(text).strip() or f"input-{number}", options.level)
    elif _is_one(item):
        name = f"{'array' if isinstance(item, np.ndarray) else 'image'}-{number}"
        yield _checked(PageRef(id=name, source=name, level=options.level, origin=item))
    else:
        hint = "pass a path, URL, bytes, NumPy array, Pillow image or PageImage"
        wrong = SourceError(f"input {number} is of the type {type(item).__name__}", hint, "unsupported_input")
        yield _record(wrong, f"input-{number}", options.level)


def _files(text: str, recursive: bool) -> Iterator[tuple[str, Path | Download | SourceError]]:
    if not text.strip():
        # Path("") would be the working folder, which nobody means.
        raise SourceError("the path is empty", "pass a file, folder, pattern or URL", "not_found")
    if is_remote(text):
        yield from ((url, Download(url)) for url in find_remote(text, recursive))
    else:
        yield from find_local(text, recursive)


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
    source: str, origin: bytes | Path | Download, options: _Options
) -> Iterator[PageRef | PageError]:
    name = short_name(source)
    try:
        with _os_errors(name):
            content = origin.path() if isinstance(origin, Download) else origin
            if isinstance(content, Path) and not stat.S_ISREG(content.stat().st_mode):
                raise SourceError(f"{name} is not a regular file", "copy it to a file first", "not_a_file")
            kind, count = probe(content, name)
        taken, missing = select_pages(options.ranges if kind in PAGED else None, count)
        if not taken:
            raise _no_page(name, missing[0], count)
    except SourceError as error:
        yield _record(error, source, options.level)
        return
    shared: dict[str, Any] = {"source": source, "level": options.level, "pages": count, "origin": origin}
    for page in taken:
        page_id = source if count == 1 else f"{source}#page={page}"
        yield PageRef(id=page_id, page=page, dpi=options.dpi if kind == "PDF" else None, **shared)
    for page in missing:
        record = _record(_no_page(name, page, count), source, options.level, f"{source}#page={page}")
        yield dataclasses.replace(record, page=page)


def _no_page(name: str, page: int, count: int) -> SourceError:
    hint = f"ask for pages from 1 to {count}" if count > 1 else "its only page is 1"
    return SourceError(f"{name} has no page {page}", hint, "no_such_page")
