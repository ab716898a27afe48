"""What the command line shows: text, progress, the table."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from ocr_plugins.document import Page, PageError, is_detection
from ocr_plugins.ensemble.ranking import Estimate
from ocr_plugins.ranked import rank_study
from ocr_plugins.recommended import recommend
from ocr_plugins.runs import EngineRun, Study, Watcher, faults


class TextPrinter(Watcher):
    """Prints the text of each page; with a heading where there are several.

    With ``votes_only`` the text of votes alone: who asks for one does not ask for its voters' texts.
    """

    def __init__(self, votes_only: bool = False) -> None:
        self._headings = False
        self._votes_only = votes_only

    def study_starts(self, study: Study, engines: int) -> None:
        self._headings = len(study.corpus.items) * (1 if self._votes_only else engines) > 1

    def page_done(self, run: EngineRun | None, result: Page | PageError) -> None:
        if isinstance(result, Page) and (not self._votes_only or (run is not None and run.spec.is_vote)):
            if self._headings and run is not None:
                print(f"==> {result.id or result.source} [{run.label}] <==")
            print(result.text, flush=True)


class ProgressShower(Watcher):
    """Page, engine, rate and time left: a bar on a terminal, plain lines elsewhere. Errors always."""

    def __init__(self, quiet: bool = False) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._quiet = quiet
        self._started = 0.0
        self._done = self._read = self._total = 0
        self._store: str | None = None
        self._bar: Progress | None = None

    def study_starts(self, study: Study, engines: int) -> None:  # noqa: ARG002 - the interface of Watcher
        self._store = study.store

    def note(self, line: str) -> None:
        self._say(line)

    def engine_ready(self, run: EngineRun) -> None:  # noqa: ARG002 - the interface of Watcher
        # Loading is not reading: it would spoil the rate of the first pages.
        self._started = time.monotonic()

    def engine_starts(self, run: EngineRun, pages: int) -> None:
        self._started, self._done, self._read, self._total = time.monotonic(), 0, 0, pages
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
        if isinstance(result, PageError) and not is_detection(result):
            self._say(f"{run.label}: {result}" if run else str(result))
        if run is None and self._total == 0:
            return
        kept = run is not None and result.id in run.kept
        self._done += 1
        self._read += not kept
        elapsed = time.monotonic() - self._started
        # Pages that are kept take no time: they would spoil the rate of those that are read.
        rate = f"{elapsed / self._read:.2f} s/page" if self._read else ""
        name = result.id or result.source
        if run is not None and not self._quiet and not kept:
            self._say_retried(run, result)
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=self._done, rate=rate, page=name[-40:])
        elif run is not None and not self._quiet and (isinstance(result, Page) or is_detection(result)):
            left = (self._total - self._done) * elapsed / max(self._read, 1)
            time_left = "(kept)" if kept else f"{rate}, {left:.0f} s left"
            self._say(f"{run.label} {self._done}/{self._total} {name} {time_left}")

    def engine_ends(self, run: EngineRun) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
        self._total = 0
        if run.error is not None:
            self._say(f"{run.label}: {run.error}")
        if run.damaged:
            are = "result was" if run.damaged == 1 else "results were"
            self._say(f"{run.label}: {run.damaged} damaged {are} read again: {self._store}")
        if self._quiet:
            return
        if run.kept:
            kept = f"{len(run.kept)} of {_pages(len(run.results))} came from {self._store}"
            self._say(f"{run.label}: {kept} (--no-store reads again)")
        found = next((r for r in run.results.values() if isinstance(r, PageError) and is_detection(r)), None)
        if found is not None:
            self._say(f"{run.label}: found lines on {_pages(run.detections)}, and read none: {found.reason}")

    def _say_retried(self, run: EngineRun, result: Page | PageError) -> None:
        for fault in faults(result):
            name = result.id or result.source
            self._say(f"{run.label}: {name}: the worker {fault}; the page was read again by a fresh one")

    def _say(self, line: str) -> None:
        self._console.print(line, markup=False)


def print_study(study: Study) -> None:
    """The leaderboard on stdout: rates in percent, the best engine first."""
    pages = len(study.corpus.items)
    if pages == 0:
        return
    scored = sum(item.truth is not None for item in study.corpus.items)
    some = f", {scored} with ground truth" if 0 < scored < pages else ""
    title = f"{pages} page{'s' if pages > 1 else ''}{some}, convention {study.convention.name}"
    table = Table(title=title, title_justify="left")
    table.add_column("engine", overflow="fold")
    counts = ["pages", "errors", *(["detections"] if any(run.detections for run in study.runs) else [])]
    memory = ["memory, MB"] if any(run.peak_memory is not None for run in study.runs) else []
    for heading in ("CER %", "order-free %", "WER %", "word F1 %", *counts, "s/page", *memory):
        table.add_column(heading, justify="right", no_wrap=True)
    for label, row in study.table().to_dict(orient="index").items():
        rates = [_percent(row[key]) for key in ("cer", "cer_order_free", "wer", "word_f1")]
        costs = [_number(row["seconds_per_page"], 2)]
        costs += [_number(row["peak_memory_mb"], 0)] if memory else []
        # As Text, or a label such as [b] would be taken for markup.
        table.add_row(Text(str(label)), *rates, *(str(row[count]) for count in counts), *costs)
    stdout_console().print(table)
    if advice := recommend(study):
        print(advice.text)
    if not study.corpus.has_truth:
        print("No ground truth, so no scores: give --truth DIR, or a manifest.")
        _print_expected(rank_study(study))


def _print_expected(expected: Mapping[str, Estimate]) -> None:
    if not expected:
        return
    rows = [
        (
            label,
            f"{100 * one.cer:.2f}",
            f"{100 * one.low:.2f} to {100 * one.high:.2f}",
            f"{100 * one.best:.0f}",
        )
        for label, one in expected.items()
    ]
    columns = {"engine": "<", "CER % (estimated)": ">", "95 % interval": ">", "best, of 100": ">"}
    print_table("estimated from what the engines disagree about", columns, rows)
    few = " With two engines, nobody can tell which errs." if len(expected) == 2 else ""
    print(f"Errors that engines share are not seen: real rates are higher.{few}")


def print_rows(title: str, rows: Mapping[str, str]) -> None:
    """Two columns on stdout: a name and its value."""
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows.items():
        table.add_row(Text(name), Text(value))
    stdout_console().print(table)


def print_table(title: str, columns: Mapping[str, str], rows: Iterable[Sequence[str]]) -> None:
    """A table on stdout; a column's ``>`` puts its cells to the right."""
    table = Table(title=Text(title), title_justify="left")
    for name, side in columns.items():
        table.add_column(name, justify="right" if side == ">" else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    stdout_console().print(table)


def print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False))


def stdout_console() -> Console:
    """A console that does not wrap a table because nobody's terminal is there to wrap it for."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=1000)


def _pages(count: int) -> str:
    return f"{count} page{'' if count == 1 else 's'}"


def _percent(rate: float) -> str:
    return _number(100 * rate, 2)


def _number(value: float, digits: int) -> str:
    return "-" if math.isnan(value) else f"{value:.{digits}f}"
