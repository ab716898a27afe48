"""What engines read for the widget, one job after the other in the background, put into one study."""

from __future__ import annotations

import dataclasses
import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ocr_plugins.api import run_engines
from ocr_plugins.corpus import Corpus, Item
from ocr_plugins.document import PageError
from ocr_plugins.errors import OcrError
from ocr_plugins.evaluation import get_convention
from ocr_plugins.runs import EngineRun, Study, Watcher, score_item
from ocr_plugins.spec import VOTE, EngineSpec
from ocr_plugins.voted import run_vote

from .running import Listener
from .state import Progress

#: The label of an engine that is tried on one page.
TRIED = "tried"


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is to be done next: engines ``specs`` read ``items``, and ``dropped`` ones leave the study.

    ``truths`` are texts that have become known, by page id.
    """

    specs: tuple[EngineSpec, ...] = ()
    items: tuple[Item, ...] = ()
    dropped: tuple[str, ...] = ()
    truths: Mapping[str, str] = field(default_factory=dict)


class Reader:
    """Does one job after the other, in a thread that ends when there are none left.

    Args:
        how: arguments of `ocr_plugins.compare`: lang, device, workers, store.
        changed: takes the study at the end of each job.
        partly: takes it as far as it is when an engine is done.
        progressed: takes how far engines are.
        notice: takes lines of what goes wrong besides pages.
        works: hears whether there is anything to do.
    """

    def __init__(
        self,
        how: Mapping[str, Any],
        *,
        changed: Callable[[Study], None],
        partly: Callable[[Study], None],
        progressed: Callable[[list[Progress]], None],
        notice: Callable[[str], None],
        works: Callable[[bool], None],
    ) -> None:
        self._how = how
        self._changed = changed
        self._partly = partly
        self._progressed = progressed
        self._notice = notice
        self._works = works
        self._study = Study(corpus=Corpus(items=()), convention=get_convention("default"))
        self._jobs: deque[Job] = deque()
        self._busy = False
        self._listener: Listener | None = None
        self._idle = threading.Event()
        self._idle.set()
        self._lock = threading.Lock()

    def start_with(self, study: Study) -> None:
        """Takes over what was read elsewhere."""
        self._study = study

    def put(self, job: Job, *, block: bool = False) -> None:
        """Does a job when those before it are done. With ``block`` this returns when it is."""
        with self._lock:
            self._jobs.append(job)
            starts = not self._busy
            self._busy = True
            self._idle.clear()
        if starts:
            self._works(True)
            if block:
                self._work()
            else:
                threading.Thread(target=self._work, name="ocr-plugins", daemon=True).start()
        elif block:
            self.wait()

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until all jobs are done, so many seconds at most; whether they are."""
        return self._idle.wait(timeout)

    def cancel(self) -> None:
        """Ends the reading after the page that is being read; what was read is kept."""
        with self._lock:
            self._jobs = deque(job for job in self._jobs if not job.specs)
            if self._listener is not None:
                self._listener.cancelled.set()

    def _work(self) -> None:
        try:
            while (job := self._next()) is not None:
                self._do(job)
        finally:
            with self._lock:
                self._busy = False
                self._listener = None
            self._works(False)
            self._idle.set()

    def _next(self) -> Job | None:
        with self._lock:
            return self._jobs.popleft() if self._jobs else None

    def _do(self, job: Job) -> None:
        dropped = {*job.dropped, *(spec.label for spec in job.specs if spec.label == TRIED)}
        before = self._with_truths(without(self._study, dropped), job)
        try:
            self._study = self._read(before, job) if job.specs and job.items else before
        except OcrError as error:
            self._study = before
            self._notice(str(error))
        # What is only tried has no say in what is told of all pages.
        voted = without(self._study, {TRIED})
        if len(voted.runs) > 1:
            run_vote(voted, EngineSpec(VOTE), Watcher())
            tried = [run for run in self._study.runs if run.label == TRIED]
            self._study = dataclasses.replace(voted, runs=[*voted.runs, *tried])
        self._changed(self._study)

    def _read(self, before: Study, job: Job) -> Study:
        listener = Listener(
            job.specs,
            self._progressed,
            lambda study: self._partly(joined(before, study, job)),
            self._notice,
        )
        with self._lock:
            self._listener = listener
        corpus = Corpus(items=job.items)
        study = run_engines(corpus, job.specs, convention="default", watcher=listener, **self._how)
        if listener.cancelled.is_set():
            self._notice("The reading was ended early: some engines have not seen all pages.")
        return joined(before, study, job)

    def _with_truths(self, study: Study, job: Job) -> Study:
        """The study with the pages of a job, and the ground truth that came with it."""
        known = {item.id for item in study.corpus.items}
        items = [*study.corpus.items, *(item for item in job.items if item.id not in known)]
        items = [
            dataclasses.replace(item, truth=job.truths[item.id], lines=()) if item.id in job.truths else item
            for item in items
        ]
        corpus = dataclasses.replace(study.corpus, items=tuple(items))
        runs = [_scored(run, items, study) for run in study.runs] if job.truths else study.runs
        return dataclasses.replace(study, corpus=corpus, runs=runs)


def without(study: Study, dropped: Collection[str], *, votes: bool = True) -> Study:
    """A study without some engines, and without ``votes``, where others are to be held in their place."""
    runs = [run for run in study.runs if run.label not in dropped and not (votes and run.spec.is_vote)]
    return dataclasses.replace(study, runs=runs)


def joined(before: Study, new: Study, job: Job) -> Study:
    """Both studies as one. Engines go on reading the new one: what is taken from it stays as it is."""
    runs = {run.label: run for run in before.runs}
    for run in new.runs:
        runs[run.label] = _both(runs.get(run.label), run, job.items)
    return dataclasses.replace(
        before,
        runs=list(runs.values()),
        unreadable={**before.unreadable, **new.unreadable},
        store=new.store,
    )


def _both(before: EngineRun | None, new: EngineRun, items: Sequence[Item]) -> EngineRun:
    if before is None or not before.results:
        return dataclasses.replace(new, results=dict(new.results), scores=dict(new.scores))
    results = before.results | new.results
    if new.error is not None:
        # What it has read of other pages is worth no less.
        for item in items:
            results.setdefault(item.id, PageError.of(new.error, item.ref.source, id=item.id))
    return dataclasses.replace(
        new,
        info=new.info or before.info,
        error=None,
        results=results,
        scores=before.scores | new.scores,
        kept=before.kept | new.kept,
        names=before.names | new.names,
    )


def _scored(run: EngineRun, items: Sequence[Item], study: Study) -> EngineRun:
    scores = {
        item.id: score_item(item, run.results[item.id], study.convention)
        for item in items
        if item.truth is not None and item.id in run.results
    }
    return dataclasses.replace(run, scores=scores)
