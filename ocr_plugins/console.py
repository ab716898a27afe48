"""What the command line shows: text, progress, the table."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from ocr_plugins.document import Page, PageError
from ocr_plugins.study import EngineRun, Study, Watcher


class TextPrinter(Watcher):
    """Prints the text of each page; with a heading where there are several."""

    def __init__(self, headings: bool) -> None:
        self._headings = headings

    def page_done(self, run: EngineRun | None, result: Page | PageError) -> None:
        if isinstance(result, Page):
            if self._headings and run is not None:
                print(f"==> {result.id or result.source} [{run.label}] <==")
            print(result.text, flush=True)


class ProgressShower(Watcher):
    """Page, engine, rate and time left: a bar on a terminal, plain lines elsewhere. Errors always."""

    def __init__(self, quiet: bool = False) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._quiet = quiet
        self._started = 0.0
        self._done = self._total = 0
        self._bar: Progress | None = None

    def engine_ready(self, run: EngineRun) -> None:  # noqa: ARG002 - the interface of Watcher
        # Loading is not reading: it would spoil the rate of the first pages.
        self._started = time.monotonic()

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
    for heading in ("CER %", "order-free %", "WER %", "word F1 %", "pages", "errors", "s/page"):
        table.add_column(heading, justify="right", no_wrap=True)
    for label, row in study.table().to_dict(orient="index").items():
        rates = [_percent(row[key]) for key in ("cer", "cer_order_free", "wer", "word_f1")]
        seconds = "-" if math.isnan(row["seconds_per_page"]) else f"{row['seconds_per_page']:.2f}"
        # As Text, or a label such as [b] would be taken for markup.
        table.add_row(Text(str(label)), *rates, str(row["pages"]), str(row["errors"]), seconds)
    stdout_console().print(table)
    if not study.corpus.has_truth:
        print("No ground truth, so no scores: give --truth DIR, or a manifest.")


def print_rows(title: str, rows: Mapping[str, str]) -> None:
    """Two columns on stdout: a name and its value."""
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows.items():
        table.add_row(Text(name), Text(value))
    stdout_console().print(table)


def print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False))


def stdout_console() -> Console:
    """A console that does not wrap a table because nobody's terminal is there to wrap it for."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=1000)


def _percent(rate: float) -> str:
    return "-" if math.isnan(rate) else f"{100 * rate:.2f}"
