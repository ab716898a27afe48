"""Fields of pages as files: ``fields.csv``, a row a page, and ``fields.jsonl``, which has places too."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from ocr_plugins.document import SCHEMA_VERSION, Page, PageError
from ocr_plugins.fields import Extractor, PageFields, extract_fields
from ocr_plugins.fields.table import columns_of, row_of
from ocr_plugins.formats.jsonl import write_record
from ocr_plugins.recording import open_fresh
from ocr_plugins.runs import EngineRun, Study, Watcher

CSV, JSONL = "fields.csv", "fields.jsonl"


class FieldsFiles:
    """Takes the fields out of pages, and writes them.

    ``found`` counts them by name, and ``failed`` the pages on which an extractor failed.

    Args:
        extractors: what takes them out.
        table: a file for CSV.
        records: a file for JSON Lines; None writes none.
    """

    def __init__(
        self, extractors: Sequence[Extractor[Any]], table: IO[str], records: IO[str] | None = None
    ) -> None:
        self._extractors = extractors
        self._file = table
        self._records = records
        self._table = csv.DictWriter(table, columns_of(extractors), lineterminator="\n")
        self._table.writeheader()
        self.found: Counter[str] = Counter()
        self.failed = 0

    def add(self, result: Page | PageError, engine: str) -> None:
        """One page, or why there is none."""
        found = extract_fields(result, self._extractors) if isinstance(result, Page) else None
        self._table.writerow(row_of(result, engine, found))
        self._file.flush()
        if found is None:
            return
        self.found.update(field.name for field in found.fields)
        self.failed += bool(found.errors)
        if self._records is not None:
            write_record(self._records, _record(result, engine, found))


class FieldsRecorder(Watcher):
    """Extracts the fields of each page the moment it is read.

    Args:
        extractors: what takes them out.
        out: folder for both files.
        stdout: where the table goes if there is no folder.
        votes_only: whether the votes of a run have the say, and not the engines that they rest on.
    """

    def __init__(
        self, extractors: Sequence[Extractor[Any]], out: Path | None, stdout: IO[str], *, votes_only: bool
    ) -> None:
        self._extractors = extractors
        self._out = out
        self._stdout = stdout
        self._votes_only = votes_only
        self._opened: list[IO[str]] = []

    def study_starts(self, study: Study, engines: int) -> None:  # noqa: ARG002 - the interface of Watcher
        # Not before: a wrong call must leave what an earlier run has written.
        if self._out is not None:
            self._opened = [open_fresh(self._out, name) for name in (CSV, JSONL)]
        self._files = FieldsFiles(self._extractors, *(self._opened or [self._stdout]))

    def page_done(self, run: EngineRun | None, result: Page | PageError) -> None:
        if not self._votes_only or run is None or run.spec.is_vote:
            self._files.add(result, run.label if run else "")

    def close(self) -> None:
        for file in self._opened:
            file.close()


def _record(result: Page | PageError, engine: str, found: PageFields) -> dict[str, Any]:
    about = {"id": result.id, "source": result.source, "page": result.page, "engine": engine}
    fields = [field.to_dict() for field in found.fields]
    return {"schema_version": SCHEMA_VERSION, **about, "fields": fields, "errors": list(found.errors)}
