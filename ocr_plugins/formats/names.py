"""Names of files and folders, made of the names that pages and engines have."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath

# File systems take 255 bytes, and a letter may have four.
_LONGEST = 50


class FileStems:
    """Names of files without endings, all different even where case is folded."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def add(self, page_id: str, source: str, number: int | None) -> str:
        """The name for one more page; ``number`` is None where its source has one page only.

        The name is the source's, as ground truth is named (``scan``, ``scan.2`` for its second page),
        or the id where a manifest gave one. Where two would share a name, the later one's begins
        with its folder.
        """
        if page_id.startswith(source):
            path = PurePath(source)
            parts = [*path.parent.parts, path.stem + (f".{number}" if number else "")]
        else:
            parts = list(PurePath(page_id).parts)
        clean = [part for part in map(safe_name, parts) if part] or ["page"]
        wanted = ("_".join(clean[-depth:])[-_LONGEST:] for depth in range(1, len(clean) + 1))
        numbered = (f"{clean[-1][-_LONGEST:]}-{n}" for n in itertools.count(2))
        name = next(n for n in itertools.chain(wanted, numbered) if n.casefold() not in self._taken)
        self._taken.add(name.casefold())
        return name


def file_stems(pages: Iterable[tuple[str, str, int | None]]) -> dict[str, str]:
    """A name for each page, by its id; ``pages`` are (id, source, number) as `FileStems.add` takes them."""
    stems = FileStems()
    return {page[0]: stems.add(*page) for page in pages}


def by_stem(files: Iterable[Path], endings: Sequence[str]) -> dict[str, Path]:
    """Files by their names without their endings, the longest that fits; others are left out.

    Of several of one name the one whose ending stands first in ``endings`` is taken.
    """
    found: dict[str, tuple[int, Path]] = {}
    for file in files:
        fitting = [ending for ending in endings if file.name.lower().endswith(ending)]
        if fitting:
            ending = max(fitting, key=len)
            stem, rank = file.name[: -len(ending)], endings.index(ending)
            if stem not in found or rank < found[stem][0]:
                found[stem] = rank, file
    return {stem: file for stem, (_, file) in found.items()}


def safe_name(text: str) -> str:
    """``text`` as the name of a file or folder on any system; may be empty."""
    return re.sub(r"[^\w.=-]+", "_", text).strip("._")[-_LONGEST:]
