"""What other programs have read already, as an engine: their files are taken for its readings.

A page's reading is found by its name: ``scan.hocr`` for ``scan.png``, ``scan.2.txt`` or the second page of
``scan.hocr`` for the second page of ``scan.pdf``. It looks at no image, so pages need none.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from ocr_plugins.document import Page, PageError
from ocr_plugins.engine import BaseEngine, Capabilities, EngineInfo, page_error
from ocr_plugins.errors import CallError, EngineUnavailableError, SourceError
from ocr_plugins.image import PageImage
from ocr_plugins.options import Options, option

# Where a page has files of several formats, the first of these is taken.
_BEST = ("page", "alto", "hocr", "json", "tsv", "text")


@dataclass(frozen=True, kw_only=True)
class FilesOptions(Options):
    path: Path | None = option(None, "folder of files, or one file: results.jsonl, or a manifest with field=")
    format: str | None = option(None, "what the files are: page, alto, hocr, json, tsv, text; default: all")
    label: str | None = option(None, "whose readings to take of a results.jsonl of several engines")
    field: str | None = option(None, "where a reading's text stands in a manifest's row, as in outputs.abbyy")


class FilesEngine(BaseEngine[FilesOptions]):
    name = "files"
    options_type = FilesOptions
    in_process = True
    _last: tuple[Path, list[Page]] | None = None

    def identify(self) -> EngineInfo:
        if self.options.path is None:
            raise CallError("engine 'files' needs path=", "name a folder of files, or results.jsonl")
        if not self.options.path.exists():
            raise EngineUnavailableError(f"{self.options.path} does not exist", "check path=")
        return EngineInfo(
            name=self.name,
            version="1",
            spec=self.spec,
            options=self.options.to_dict(),
            weights={"files": self._digest()},
            capabilities=Capabilities(gives=("regions", "lines", "words", "glyphs"), sees=False),
        )

    def read(self, pages: Iterable[PageImage]) -> Iterator[Page | PageError]:
        """The readings that there are; an error for a page that has none, or a damaged one."""
        self.open()
        for image in pages:
            yield self._reading(image)

    def _reading(self, image: PageImage) -> Page | PageError:
        provenance = self.info.provenance(0.0)
        try:
            found = self._find(image)
        except SourceError as error:
            return page_error(image, error.kind, error.message, error.hint, provenance=provenance)
        if found is None:
            message = f"{self.options.path} holds no reading of this page"
            hint = "files are named after pages: scan.hocr, or scan.2.hocr for the second page of scan.pdf"
            return page_error(image, "no_reading", message, hint, provenance=provenance)
        about: dict[str, Any] = {"source": image.source, "id": image.id, "level": image.level}
        return replace(found, page=image.page, provenance=provenance, **about)

    def _find(self, image: PageImage) -> Page | PageError | None:
        for stem in dict.fromkeys((PurePath(image.id or "").name, PurePath(image.source).stem)):
            for name, number in ((f"{stem}.{image.page}", 1), (stem, image.page)):
                if (file := self._index.get(name)) is not None:
                    pages = self._pages_of(file)
                    return pages[number - 1] if number <= len(pages) else None
        return self._records.get((image.id, image.page)) or self._records.get((image.source, image.page))

    @functools.cached_property
    def _files(self) -> list[Path]:
        assert self.options.path is not None  # noqa: S101 - identify() saw to it
        path = self.options.path
        return sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]

    @functools.cached_property
    def _index(self) -> Mapping[str, Path]:
        """Files by the names of the pages that they are readings of."""
        from ocr_plugins.formats import FORMATS
        from ocr_plugins.formats.names import by_stem

        if self._is_records:
            return {}
        if self.options.format and self.options.format not in _BEST:
            raise CallError(f"format={self.options.format} is not allowed", f"choose {', '.join(_BEST)}")
        wanted = [FORMATS[name] for name in ([self.options.format] if self.options.format else _BEST)]
        return by_stem(self._files, [ending for one in wanted for ending in (one.ending, *one.endings)])

    @property
    def _is_records(self) -> bool:
        return self.options.path is not None and self.options.path.suffix == ".jsonl"

    @functools.cached_property
    def _records(self) -> Mapping[tuple[str | None, int | None], Page | PageError]:
        """Readings of a file of records, by id and by source."""
        if not self._is_records:
            return {}
        found: dict[tuple[str | None, int | None], Page | PageError] = {}
        for result in self._results():
            found.setdefault((result.id, result.page), result)
            found.setdefault((result.source, result.page), result)
        return found

    def _results(self) -> Iterator[Page | PageError]:
        from ocr_plugins.formats.jsonl import record_to_result

        labels: set[str] = set()
        for number, row in self._rows():
            try:
                if self.options.field:
                    yield self._of_field(row)
                    continue
                label = str(row["engine"])
                labels.add(label)
                if self.options.label in (None, label):
                    yield record_to_result(row)
            except (KeyError, ValueError, TypeError, IndexError) as error:
                message = f"line {number} of {self.options.path} holds no reading ({type(error).__name__})"
                raise SourceError(message, "name another file, or the text's field=", "bad_json") from None
        if self.options.label is None and len(labels) > 1:
            raise SourceError(
                f"{self.options.path} holds readings of {', '.join(sorted(labels))}", "name one with label="
            )

    def _rows(self) -> Iterator[tuple[int, Any]]:
        (file,) = self._files
        for number, line in enumerate(file.read_bytes().splitlines(), start=1):
            if line.strip():
                try:
                    yield number, json.loads(line)
                except ValueError:
                    raise SourceError(
                        f"line {number} of {file} is not JSON", "save it again", "bad_json"
                    ) from None

    def _of_field(self, row: Mapping[str, Any]) -> Page:
        from ocr_plugins.formats import FORMATS

        text: Any = row
        for key in (self.options.field or "").split("."):
            text = text[key]
        read = FORMATS["text"].read
        assert read is not None  # noqa: S101 - text can be read
        # A form feed would begin another page.
        page = next(iter(read(text.replace("\f", "\n").encode("utf-8", "replace"), str(row["id"]))))
        return replace(page, id=str(row["id"]), page=int(row.get("page_number", 1)))

    def _pages_of(self, file: Path) -> list[Page]:
        from ocr_plugins.convert import read_file

        # A document's pages are asked for one after the other.
        if self._last is None or self._last[0] != file:
            self._last = file, list(read_file(file, self.options.format))
        return self._last[1]

    def _digest(self) -> str:
        digest = hashlib.sha256()
        for file in self._files:
            digest.update(f"{file.name}\n".encode("utf-8", "replace"))
            digest.update(hashlib.sha256(file.read_bytes()).digest())
        return digest.hexdigest()
