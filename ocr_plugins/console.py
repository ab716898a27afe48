"""What the command line shows and writes while a study runs: progress, records, the table."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from ocr_plugins.document import Page, PageError
from ocr_plugins.formats import write_page
from ocr_plugins.formats.jsonl import result_to_record, write_record
from ocr_plugins.study import EngineRun, Study, Watcher

_RESULTS = "results.jsonl"


class Recorder(Watcher):
    """Writes each result the moment it is there: to ``results.jsonl``, to stdout, and as files."""

    def __init__(self, out: Path | None, formats: list[str], stdout: IO[str] | None = None) -> None:
        self._out = out
        self._formats = formats
        self._files: list[IO[str]] = [] if stdout is None else [stdout]
        if out is not None:
            self._files.append(_open_results(out))

    def page_done(self, run: EngineRun | None, result: Page | PageError) -> None:
        record = result_to_record(result, run.label if run else None, run.spec.text if run else None)
        self._write(record)
        if self._out is not None and run is not None and isinstance(result, Page):
            for name in self._formats:
                write_page(result, name, self._out / _folder_name(run.label))

    def engine_ends(self, run: EngineRun) -> None:
        if run.error is not None:
            self._write(error_record(run.error, run.label, run.spec.text))

    def close(self) -> None:
        for file in self._files:
            if file is not sys.stdout:
                file.close()

    def _write(self, record: Mapping[str, Any]) -> None:
        for file in self._files:
            write_record(file, record)


def error_record(error: Any, label: str | None = None, spec: str | None = None) -> dict[str, Any]:
    """The record of an error that no page is to blame for."""
    about = PageError(source="", kind=error.kind, message=error.message, hint=error.hint)
    return result_to_record(about, label, spec) | {"source": None}


class TextPrinter(Watcher):
    """Prints the text of each page; with a heading where there are several."""

    def __init__(self, headings: bool) -> None:
        self._headings = headings

    def page_done(self, run: EngineRun | None, result: Page | PageError) -> None:
        if isinstance(result, Page):
            if self._headings and run is not None:
                print(f"==> {result.id or result.source} [{run.label}] <==")  # noqa: T201
            print(result.text, flush=True)  # noqa: T201


class ProgressShower(Watcher):
    """Page, engine, rate and time left: a bar on a terminal, plain lines elsewhere. Errors always."""

    def __init__(self, quiet: bool = False) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._quiet = quiet
        self._started = 0.0
        self._done = self._total = 0
        self._bar: Progress | None = None

    def engine_starts(self, run: EngineRun, pages: int) -> None:
        self._started, self._done, self._total = time.monotonic(), 0, pages
        if self._console.is_terminal and not self._quiet:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(),
                TextColumn("{task.fields[page]}"),
                console=self._console,
                transient=True,
            )
            self._bar.start()
            self._bar.add_task(run.label, total=pages, rate="", page="loading")

    def page_done(self, run: EngineRun | None, result: Page | PageError) -> None:
        if isinstance(result, PageError):
            self._say(f"{run.label}: {result}" if run else str(result))
        if run is None and self._total == 0:
            return
        self._done += 1
        elapsed = time.monotonic() - self._started
        rate = f"{elapsed / self._done:.2f} s/page"
        name = result.id or result.source
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=self._done, rate=rate, page=name[-40:])
        elif isinstance(result, Page) and run is not None and not self._quiet:
            left = (self._total - self._done) * elapsed / self._done
            self._say(f"{run.label} {self._done}/{self._total} {name} {rate}, {left:.0f} s left")

    def engine_ends(self, run: EngineRun) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
        self._total = 0
        if run.error is not None:
            self._say(f"{run.label}: {run.error}")

    def _say(self, line: str) -> None:
        self._console.print(line, markup=False)


class Watchers(Watcher):
    """Several listeners as one."""

    def __init__(self, *watchers: Watcher) -> None:
        self._watchers = watchers

    def engine_starts(self, run: EngineRun, pages: int) -> None:
        for watcher in self._watchers:
            watcher.engine_starts(run, pages)

    def engine_ends(self, run: EngineRun) -> None:
        for watcher in self._watchers:
            watcher.engine_ends(run)

    def page_done(self, run: EngineRun | None, result: Page | PageError) -> None:
        for watcher in self._watchers:
            watcher.page_done(run, result)


def print_study(study: Study) -> None:
    """The leaderboard on stdout: rates in percent, the best engine first."""
    table = Table(
        title=f"{len(study.corpus.items)} pages, convention {study.convention.name}", title_justify="left"
    )
    table.add_column("engine", overflow="fold")
    for heading in ("CER %", "order-free %", "WER %", "word F1 %", "pages", "errors", "s/page"):
        table.add_column(heading, justify="right", no_wrap=True)
    for label, row in study.table().iterrows():
        rates = [_percent(row[key]) for key in ("cer", "cer_order_free", "wer", "word_f1")]
        seconds = row["seconds_per_page"]
        time_text = "-" if seconds is None or seconds != seconds else f"{seconds:.2f}"
        table.add_row(str(label), *rates, str(row["pages"]), str(row["errors"]), time_text)
    stdout_console().print(table)
    if not study.corpus.has_truth:
        print("No ground truth, so no scores: give --truth DIR, or a manifest.")  # noqa: T201


def print_rows(title: str, rows: Mapping[str, str]) -> None:
    """Two columns on stdout: a name and its value."""
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, value in rows.items():
        table.add_row(name, value)
    stdout_console().print(table)


def print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False))  # noqa: T201


def stdout_console() -> Console:
    """A console that does not wrap a table because nobody's terminal is there to wrap it for."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=140)


def _percent(rate: float | None) -> str:
    return "-" if rate is None or rate != rate else f"{100 * rate:.2f}"


def _open_results(out: Path) -> IO[str]:
    """A fresh results file; one of an earlier run is kept beside it."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / _RESULTS
    if path.exists() and path.stat().st_size:
        path.replace(out / "results.previous.jsonl")
    return path.open("w", encoding="utf-8")


def _folder_name(label: str) -> str:
    return "".join(c if c.isalnum() or c in "-_.=" else "_" for c in label)
