"""Results written the moment they are there, so that a run that is interrupted keeps them."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from ocr_plugins.document import Page, PageError
from ocr_plugins.ensemble.vote import Vote
from ocr_plugins.errors import CallError
from ocr_plugins.formats import Format, safe_name
from ocr_plugins.formats.jsonl import result_to_record, vote_record, write_record
from ocr_plugins.runs import EngineRun, Study, Watcher
from ocr_plugins.writing import PageFiles, ToCome

_RESULTS, _VOTES = "results.jsonl", "votes.jsonl"


class Recorder(Watcher):
    """Writes each result the moment it is there: to ``results.jsonl``, to stdout, and as files.

    What was said of every word in a vote goes to ``votes.jsonl``.

    Args:
        out: folder for results.jsonl, votes.jsonl and, in a folder for each engine, the files of the formats.
        stdout: a file that records are written to as well.
        formats: what each page is written as.
        join: name of the one file that all pages go into, in formats that hold several.
    """

    def __init__(
        self,
        out: Path | None,
        stdout: IO[str] | None = None,
        formats: Sequence[Format] = (),
        join: str | None = None,
    ) -> None:
        self._out = out
        self._formats = formats
        self._join = join
        self._files_of_pages: PageFiles | None = None
        self._folders: dict[str, str] = {}
        self._files: list[IO[str]] = [] if stdout is None else [stdout]
        self._votes: IO[str] | None = None
        if out is not None:
            self._files.append(open_fresh(out, _RESULTS))

    def study_starts(self, study: Study, engines: int) -> None:  # noqa: ARG002 - the interface of Watcher
        if self._formats:
            failed = study.unwritten.append
            self._files_of_pages = PageFiles(self._formats, join=self._join, failed=failed)
            self._files_of_pages.expect(ToCome.of(item.ref) for item in study.corpus.items)

    def page_done(self, run: EngineRun | None, result: Page | PageError) -> None:
        label, spec = (run.label, run.spec.text) if run else (None, None)
        from_store = run is not None and result.id in run.kept
        self._write(result_to_record(result, label, spec, from_store=from_store))
        if self._files_of_pages and self._out is not None and run is not None and isinstance(result, Page):
            self._files_of_pages.add(result, self._out / self._folder(run.label))

    def _folder(self, label: str) -> str:
        """A folder for each label: two may differ only in what no folder's name can hold."""
        if label not in self._folders:
            clean = safe_name(label) or "engine"
            names = itertools.chain([clean], (f"{clean}-{n}" for n in itertools.count(2)))
            self._folders[label] = next(n for n in names if n not in self._folders.values())
        return self._folders[label]

    def vote_done(self, run: EngineRun, item: str, vote: Vote) -> None:
        if self._out is not None:
            if self._votes is None:
                self._votes = open_fresh(self._out, _VOTES)
            write_record(self._votes, vote_record(vote, item, run.label))

    def engine_ends(self, run: EngineRun) -> None:
        if run.error is not None:
            self._write(error_record(run.error, run.label, run.spec.text))

    def close(self) -> None:
        if self._files_of_pages is not None:
            self._files_of_pages.close()
        for file in [*self._files, *([self._votes] if self._votes else [])]:
            if file is not sys.stdout:
                file.close()

    def _write(self, record: Mapping[str, Any]) -> None:
        for file in self._files:
            write_record(file, record)


def error_record(error: Any, label: str | None = None, spec: str | None = None) -> dict[str, Any]:
    """The record of an error that no page is to blame for."""
    about = PageError.of(error, "")
    return result_to_record(about, label, spec) | {"source": None}


class Watchers(Watcher):
    """Several listeners as one."""

    def __init__(self, *watchers: Watcher) -> None:
        self._watchers = watchers

    def study_starts(self, study: Study, engines: int) -> None:
        for watcher in self._watchers:
            watcher.study_starts(study, engines)

    def note(self, line: str) -> None:
        for watcher in self._watchers:
            watcher.note(line)

    def engine_starts(self, run: EngineRun, pages: int) -> None:
        for watcher in self._watchers:
            watcher.engine_starts(run, pages)

    def engine_ready(self, run: EngineRun) -> None:
        for watcher in self._watchers:
            watcher.engine_ready(run)

    def engine_ends(self, run: EngineRun) -> None:
        for watcher in self._watchers:
            watcher.engine_ends(run)

    def page_done(self, run: EngineRun | None, result: Page | PageError) -> None:
        for watcher in self._watchers:
            watcher.page_done(run, result)

    def vote_done(self, run: EngineRun, item: str, vote: Vote) -> None:
        for watcher in self._watchers:
            watcher.vote_done(run, item, vote)


def replay(study: Study, watcher: Watcher) -> None:
    """Tells a listener of a study that is done, as if it went on now; of votes their pages alone."""
    watcher.study_starts(study, len(study.runs))
    for error in study.corpus.errors:
        watcher.page_done(None, error)
    for run in study.runs:
        watcher.engine_starts(run, len(run.results))
        for result in run.results.values():
            watcher.page_done(run, result)
        watcher.engine_ends(run)


def open_fresh(out: Path, name: str) -> IO[str]:
    """A fresh file of records; one of an earlier run is kept beside it."""
    path = out / name
    try:
        out.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size:
            path.replace(path.with_suffix(f".previous{path.suffix}"))
        # Half a surrogate pair, which a manifest's JSON can hold, becomes the JSON escape it was.
        return path.open("w", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise CallError(
            f"results cannot be written to {out} ({error.strerror})", "name another folder with --out"
        ) from None
