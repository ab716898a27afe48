"""Fields of pages written the moment the pages are read: ``fields.csv`` and ``fields.jsonl``."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from ocr_plugins.document import SCHEMA_VERSION, Page, PageError
from ocr_plugins.fields import Extractor, extract_fields
from ocr_plugins.fields.table import columns_of, row_of
from ocr_plugins.formats.jsonl import write_record
from ocr_plugins.recording import open_fresh
from ocr_plugins.runs import EngineRun, Study, Watcher


class FieldsRecorder(Watcher):
    """Extracts the fields of each page that is read.

    Args:
        extractors: what takes them out.
        out: folder for fields.csv, a row a page, and fields.jsonl, which has the places of the words too.
        stdout: where the table goes if there is no folder.
        votes_only: whether the votes of a run have the say, and not the engines that they rest on.
    """

    def __init__(
        self, extractors: Sequence[Extractor[Any]], out: Path | None, stdout: IO[str], *, votes_only: bool
    ) -> None:
        self._extractors = extractors
        self._out = out
        self._file = stdout
        self._votes_only = votes_only
        self._records: IO[str] | None = None

    def study_starts(self, study: Study, engines: int) -> None:  # noqa: ARG002 - the interface of Watcher
        # Not before: a wrong call must leave what an earlier run has written.
        if self._out is not None:
            self._records = open_fresh(self._out, "fields.jsonl")
            self._file = open_fresh(self._out, "fields.csv")
        self._table = csv.DictWriter(self._file, columns_of(self._extractors), lineterminator="\n")
        self._table.writeheader()

    def page_done(self, run: EngineRun | None, result: Page | PageError) -> None:
        if self._votes_only and not (run is None or run.spec.is_vote):
            return
        engine = run.label if run else ""
        found = extract_fields(result, self._extractors) if isinstance(result, Page) else None
        self._table.writerow(row_of(result, engine, found))
        self._file.flush()
        if self._records is not None and found is not None:
            about = {"id": result.id, "source": result.source, "page": result.page, "engine": engine}
            fields = [field.to_dict() for field in found.fields]
            write_record(
                self._records,
                {"schema_version": SCHEMA_VERSION, **about, "fields": fields, "errors": list(found.errors)},
            )

    def close(self) -> None:
        if self._records is not None:
            self._records.close()
            self._file.close()
