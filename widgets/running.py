"""Engines that read in the background, told about in time with a notebook's ears."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ocr_plugins.document import Page, PageError
from ocr_plugins.runs import EngineRun, Study, Watcher
from ocr_plugins.spec import EngineSpec

from .state import Progress, Stage

# Kernels drop messages that come faster than hosts can take them.
_PAUSE = 0.1


@dataclass
class _Count:
    label: str
    state: Stage = "waiting"
    done: int = 0
    read: int = 0
    total: int = 0
    started: float = 0.0

    def told(self) -> Progress:
        left = None
        if self.state == "reading" and self.read:
            left = round((time.monotonic() - self.started) / self.read * (self.total - self.done), 1)
        return Progress(label=self.label, done=self.done, total=self.total, state=self.state, left=left)


@dataclass
class Listener(Watcher):
    """Tells how far engines are, and ends the run where it is asked to.

    Args:
        specs: of the engines, in their order; no votes.
        tell: takes the progress of all engines, at most ten times a second and once at each change of state.
        notice: takes lines of what goes wrong besides pages.
        changed: called when an engine is done, with the study as far as it is.
    """

    specs: Sequence[EngineSpec]
    tell: Callable[[list[Progress]], None]
    notice: Callable[[str], None]
    changed: Callable[[Study], None] = lambda _: None
    cancelled: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._counts = {spec.label: _Count(spec.label) for spec in self.specs}
        self._study: Study | None = None
        self._told = 0.0

    def study_starts(self, study: Study, engines: int) -> None:  # noqa: ARG002 - the interface of Watcher
        self._study = study
        self._say()

    def note(self, line: str) -> None:
        self.notice(line)

    def engine_starts(self, run: EngineRun, pages: int) -> None:
        if count := self._counts.get(run.label):
            count.state, count.total, count.started = "starting", pages, time.monotonic()
            self._say()

    def engine_ready(self, run: EngineRun) -> None:
        self._stop_if_asked()
        if count := self._counts.get(run.label):
            count.state, count.started = "reading", time.monotonic()
            self._say()

    def page_done(self, run: EngineRun | None, result: Page | PageError) -> None:
        if run is not None and (count := self._counts.get(run.label)):
            count.state = "reading"
            count.done += 1
            # Pages that are kept take no time.
            count.read += result.id not in run.kept
            if time.monotonic() - self._told > _PAUSE:
                self._say()
        self._stop_if_asked()

    def engine_ends(self, run: EngineRun) -> None:
        if count := self._counts.get(run.label):
            count.state = "failed" if run.error else "done"
            self._say()
            if self._study is not None and run.error is None:
                self.changed(self._study)

    def _say(self) -> None:
        self._told = time.monotonic()
        self.tell([count.told() for count in self._counts.values()])

    def _stop_if_asked(self) -> None:
        if self.cancelled.is_set():
            # As Ctrl-C on the command line: what was read is kept.
            raise KeyboardInterrupt
