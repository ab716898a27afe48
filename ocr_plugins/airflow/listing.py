"""What there is to read at a place: its files, and the pages in them.

Files are listed, not opened, but for those that may hold several pages, and manifests.
"""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from ocr_plugins.airflow.batches import BatchPage
from ocr_plugins.airflow.places import PlaceError, filesystem_of
from ocr_plugins.document import PageError
from ocr_plugins.errors import ManifestError, OcrError, SourceError
from ocr_plugins.formats.names import FileStems
from ocr_plugins.manifest import Manifest, load_manifest
from ocr_plugins.paths import is_remote, is_wanted, natural_key, no_images, shown
from ocr_plugins.remote import Download
from ocr_plugins.source import PageRef, enumerate_pages

# It takes a look to know how many pages these have.
_PAGED = (".pdf", ".tif", ".tiff")
#: What the name of a list of files ends in; see `write_list`.
LIST = ".files"


@dataclass(frozen=True, slots=True)
class Listed:
    """A file at a place: ``mark`` changes when its content does."""

    url: str
    bytes: int
    mark: str


def list_files(url: str, recursive: bool = False) -> list[Listed]:
    """The files that a URL or path of a file, folder or pattern stands for, in natural order.

    Raises:
        SourceError: there is none.
        PlaceError: the place cannot be listed now.
        CallError: a scheme that is not known, or whose provider is not installed.
    """
    try:
        filesystem, path = filesystem_of(url)
        found = _found(filesystem, path, url, recursive)
    except OcrError:
        raise
    except FileNotFoundError:
        raise _missing(url) from None
    except Exception as error:  # each file system has exceptions of its own
        reason = getattr(error, "strerror", None) or type(error).__name__
        hint = "check address, rights and network"
        raise PlaceError(f"{shown(url)} cannot be listed ({reason})", hint) from error
    listed = [_listed(filesystem, url, name, about) for name, about in found.items()]
    return sorted(listed, key=lambda file: natural_key(file.url))


def _found(filesystem: Any, path: str, url: str, recursive: bool) -> Mapping[str, Mapping[str, Any]]:
    filesystem.invalidate_cache()
    if filesystem.isfile(path):
        return {path: filesystem.info(path)}
    if filesystem.isdir(path):
        within = filesystem.find(path, maxdepth=None if recursive else 1, detail=True)
        depth = path.rstrip("/").count("/") + 1
        found = {name: about for name, about in within.items() if _is_wanted(name, depth)}
        if not found:
            # A folder that may not be read looks empty to `find`, not to `ls`.
            filesystem.ls(path, detail=False)
            raise no_images(shown(url), recursive)
        return found
    matches: Mapping[str, Mapping[str, Any]] = (
        filesystem.glob(path, detail=True) if "*" in path or "?" in path else {}
    )
    files = {name: about for name, about in matches.items() if about.get("type") == "file"}
    if not files:
        raise _missing(url)
    return files


def _missing(url: str) -> SourceError:
    return SourceError(f"{shown(url)} does not exist", "check the address", "not_found")


def _is_wanted(name: str, depth: int) -> bool:
    """No hidden file, nor one of a hidden folder, below where the user began."""
    return is_wanted(PurePath(name).name) and not any(
        part.startswith(".") for part in name.split("/")[depth:]
    )


def _listed(filesystem: Any, url: str, name: str, about: Mapping[str, Any]) -> Listed:
    full = name
    if is_remote(url):
        scheme, _, rest = url.partition("://")
        host = rest.partition("/")[0]
        connection = f"{host.rpartition('@')[0]}@" if "@" in host else ""
        full = f"{scheme}://{connection}{filesystem._strip_protocol(name)}"
    mark = about.get("ETag") or about.get("etag") or about.get("mtime") or about.get("LastModified")
    size = int(about.get("size") or 0)
    return Listed(full, size, f"{size}-{mark}".replace('"', ""))


def list_pages(
    inputs: Iterable[str], *, recursive: bool = False, pages: str | None = None, dpi: int = 300
) -> Iterator[BatchPage | PageError]:
    """The pages of several inputs, in order: files, folders, patterns, manifests and lists, here or remote.

    Args:
        recursive: look into subfolders.
        pages: page ranges of PDF and TIFF files, as in ``1-3,7``.
        dpi: resolution to render PDF pages at.

    Raises:
        CallError: wrong page ranges or resolution.
    """
    stems, documents = FileStems(), FileStems()
    seen: set[str] = set()
    before = ("", "")
    for found in _pages_of(inputs, recursive, pages, dpi):
        if isinstance(found, PageError):
            yield found
            continue
        unique, copy = found.id, 1
        while unique in seen:
            copy += 1
            unique = f"{found.id}#{copy}"
        seen.add(unique)
        number = found.page if found.pages > 1 else None
        if not (number and found.source == before[0]):
            before = found.source, documents.add(unique, found.source, None)
        stem = stems.add(unique, found.source, number)
        yield dataclasses.replace(found, id=unique, stem=stem, document=before[1])


def _pages_of(
    inputs: Iterable[str], recursive: bool, pages: str | None, dpi: int
) -> Iterator[BatchPage | PageError]:
    # Wrong ranges are a wrong call, whatever the inputs are.
    list(enumerate_pages([], pages=pages, dpi=dpi))
    for url in inputs:
        try:
            files = [file for one in list_files(url, recursive) for file in _files_in(one)]
        except OcrError as error:
            yield PageError.of(error, shown(url), id=shown(url))
            continue
        for file in files:
            if file.url.lower().endswith(".jsonl"):
                yield from _manifest_pages(file)
            elif file.url.lower().endswith(_PAGED):
                yield from _document_pages(file, pages, dpi)
            else:
                yield BatchPage(id=shown(file.url), source=file.url, bytes=file.bytes, mark=file.mark)


def _files_in(file: Listed) -> list[Listed]:
    return read_list(file.url) if file.url.endswith(LIST) else [file]


def write_list(files: Iterable[Listed]) -> bytes:
    """A list of files as JSON Lines; under a name that ends in `LIST` it is an input, and stands for them."""
    return "".join(f"{json.dumps(dataclasses.asdict(file))}\n" for file in files).encode()


def parse_list(data: bytes) -> list[Listed]:
    """The files of what `write_list` gave. Raises ValueError."""
    try:
        rows = [json.loads(line) for line in data.splitlines()]
        return [Listed(str(row["url"]), int(row["bytes"]), str(row["mark"])) for row in rows]
    except (KeyError, TypeError) as error:
        raise ValueError("this is no list of files") from error


def read_list(url: str) -> list[Listed]:
    """The files of the list at a URL or path. Raises ManifestError."""
    try:
        filesystem, path = filesystem_of(url)
        return parse_list(filesystem.cat_file(path))
    except Exception as error:  # each file system has exceptions of its own
        message = f"the list {shown(url)} cannot be read ({type(error).__name__})"
        raise ManifestError(message, "check that NewFilesSensor wrote it, and rights") from error


def _document_pages(file: Listed, pages: str | None, dpi: int) -> Iterator[BatchPage | PageError]:
    source: Any = Download(file.url, filesystem_of) if is_remote(file.url) else file.url
    for ref in enumerate_pages([source], pages=pages, dpi=dpi):
        yield ref if isinstance(ref, PageError) else _page(ref, file)


def _page(ref: PageRef, file: Listed) -> BatchPage:
    return BatchPage(
        id=ref.id,
        source=file.url,
        page=ref.page,
        pages=ref.pages,
        level=ref.level,
        dpi=ref.dpi,
        bytes=file.bytes // ref.pages,
        mark=file.mark,
    )


def read_manifest(url: str) -> Manifest:
    """The manifest at a URL or path; its bad rows are its ``errors``. Raises ManifestError."""
    if not is_remote(url):
        return load_manifest(url, strict=False)
    filesystem, path = filesystem_of(url)
    with tempfile.TemporaryDirectory(prefix="ocr-plugins-") as folder:
        copy = Path(folder, PurePath(url).name)
        try:
            filesystem.get_file(path, str(copy))
        except Exception as error:  # each file system has exceptions of its own
            message = f"manifest {shown(url)} cannot be read ({type(error).__name__})"
            raise ManifestError(message, "check address and rights") from error
        return load_manifest(copy, strict=False, images=url.rpartition("/")[0])


def _manifest_pages(file: Listed) -> Iterator[BatchPage | PageError]:
    try:
        manifest = read_manifest(file.url)
    except ManifestError as error:
        yield PageError.of(error, shown(file.url), id=shown(file.url))
        return
    yield from manifest.errors
    for row in manifest.rows:
        try:
            (image,) = list_files(row.path)
        except OcrError as error:
            yield PageError.of(error, shown(row.path), id=row.id, level=row.level)
        else:
            yield _page(row.ref(), image)
