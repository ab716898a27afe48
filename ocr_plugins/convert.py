"""Files of pages, as any program wrote them, into other formats."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ocr_plugins.decode import EXTENSIONS
from ocr_plugins.document import Page, PageError
from ocr_plugins.errors import CallError, SourceError
from ocr_plugins.formats import FORMATS, Format, format_of
from ocr_plugins.source import PageRef, page_ref
from ocr_plugins.writing import PageFiles, ToCome


@dataclasses.dataclass(frozen=True, kw_only=True)
class Converted:
    """How many files and pages were read, and what could not be read or written."""

    files: int
    pages: int
    errors: tuple[PageError, ...]


def convert(
    inputs: Iterable[str | Path],
    formats: Sequence[Format],
    out: Path,
    *,
    source_format: str | None = None,
    images: Path | None = None,
    join: str | None = None,
) -> Converted:
    """Reads files and writes their pages into ``out``.

    Args:
        inputs: files, or folders of files, subfolders included.
        formats: what to write, see `ocr_plugins.formats.chosen_formats`.
        source_format: what all inputs are; told by each file itself where it is None.
        images: folder with the pictures of the pages, named as the files; by default they are
            looked for beside them. Only a PDF needs them.
        join: name of the one file that all pages go into, in formats that hold several.

    Raises:
        CallError: an unknown format, or an input that does not exist.
    """
    if source_format is not None and (source_format not in FORMATS or FORMATS[source_format].read is None):
        known = ", ".join(name for name, one in FORMATS.items() if one.read)
        raise CallError(f"pages cannot be read from {source_format!r}", f"known formats: {known}")
    errors: list[PageError] = []
    files = PageFiles(formats, join=join, failed=errors.append)
    count = pages = 0
    for path in _files(inputs, source_format):
        count += 1
        try:
            found = list(read_file(path, source_format))
        except SourceError as error:
            errors.append(_error(path, error))
            continue
        picture = picture_of(path, images)
        named = [dataclasses.replace(page, id=f"{path}#{n}") for n, page in enumerate(found, start=1)]
        several = len(named) > 1
        files.expect(
            ToCome(
                id=page.id or "",
                source=str(path),
                number=place if several else None,
                ref=picture and dataclasses.replace(picture, page=place if _is_paged(picture.source) else 1),
            )
            for place, page in enumerate(named, start=1)
        )
        for page in named:
            files.add(page, out)
        pages += len(named)
    files.close()
    return Converted(files=count, pages=pages, errors=tuple(errors))


def read_file(path: Path, name: str | None = None) -> Iterator[Page]:
    """The pages of one file, in the format of this name or, without one, in its own.

    Raises:
        SourceError: it is of no known format, or is damaged.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        hint = "check the path and its rights"
        raise SourceError(f"{path} cannot be read ({error.strerror})", hint) from None
    one = FORMATS[name] if name else format_of(data, str(path))
    assert one.read is not None  # noqa: S101 - the others are not chosen
    yield from one.read(data, str(path))


def picture_of(path: Path, images: Path | None = None) -> PageRef | None:
    """The picture of a file's pages: of the same name, in ``images`` or beside it."""
    folder = images or path.parent
    names = [path.name]
    while "." in names[-1].strip("."):
        names.append(names[-1].rpartition(".")[0])
    for name in names[1:]:
        # A PDF may be what was made of a picture beside it.
        for ending in sorted(EXTENSIONS, key=".pdf".__eq__):
            for spelling in (ending, ending.upper()):
                if (picture := folder / (name + spelling)).is_file():
                    return page_ref(picture)
    return None


def _is_paged(name: str) -> bool:
    return Path(name).suffix.lower() in (".pdf", ".tif", ".tiff")


def _files(inputs: Iterable[str | Path], source_format: str | None) -> Iterator[Path]:
    wanted = [FORMATS[source_format]] if source_format else [one for one in FORMATS.values() if one.read]
    endings = tuple({ending for one in wanted for ending in (one.ending, *one.endings)})
    others = tuple(one.ending for one in FORMATS.values() if one not in wanted)
    for one in map(Path, inputs):
        if one.is_dir():
            inside = (path for path in sorted(one.rglob("*")) if path.is_file())
            yield from (p for p in inside if p.name.lower().endswith(endings) and not p.name.endswith(others))
        elif one.exists():
            yield one
        else:
            raise CallError(f"{one} does not exist", "check the path")


def _error(path: Path, error: SourceError) -> PageError:
    return PageError.of(error, str(path), id=str(path))
