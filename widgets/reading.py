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
from ocr_plugins.document import Page, PageError, is_detection
from ocr_plugins.errors import OcrError
from ocr_plugins.evaluation import get_convention
from ocr_plugins.runs import EngineRun, Study, Watcher, score_item
from ocr_plugins.spec import VOTE, EngineSpec
from ocr_plugins.voted import run_vote

from .gathering import with_truth
from .running import Listener
from .state import Progress

#: The label of an engine that is tried on one page.
TRIED = "tried"


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is to be done next: ``specs`` read those of ``items`` that they have not read yet.

    ``dropped`` are labels of engines that leave the study before, and ``truths`` texts that have become
    known, by page id.
    """

    specs: tuple[EngineSpec, ...] = ()
    items: tuple[Item, ...] = ()
    dropped: tuple[str, ...] = ()
    truths: Mapping[str, str] = field(default_factory=dict)

    @property
    def only_tries(self) -> bool:
        """Whether nothing comes of it but what is tried, which has no say in what is told of all pages."""
        return (
            all(spec.label == TRIED for spec in self.specs) and {*self.dropped} <= {TRIED} and not self.truths
        )


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
        self._votes: tuple[EngineSpec, ...] = (EngineSpec(VOTE),)
        self._jobs: deque[Job] = deque()
        self._busy = False
        self._listener: Listener | None = None
        self._idle = threading.Event()
        self._idle.set()
        self._lock = threading.RLock()

    def start_with(self, study: Study) -> None:
        """Takes over what was read elsewhere, and how was voted there."""
        self._study = study
        self._votes = tuple(run.spec for run in study.runs if run.spec.is_vote) or self._votes

    def put(self, job: Job, *, block: bool = False) -> None:
        """Does a job when those before it are done. With ``block`` this returns when it is."""
        with self._lock:
            if job.only_tries:
                # What was to be tried before is of no use any more.
                self._jobs = deque(one for one in self._jobs if not one.only_tries)
            self._jobs.append(job)
            starts = not self._busy
            if starts:
                self._busy = True
                self._idle.clear()
                self._works(True)
        if starts and block:
            self._work()
        elif starts:
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
        while (next_one := self._next()) is not None:
            job, listener = next_one
            try:
                self._do(job, listener)
            except OcrError as error:
                self._notice(str(error))
            except Exception as error:  # noqa: BLE001 - nobody sees what ends a thread, and other jobs wait
                self._notice(f"the reading failed ({type(error).__name__}): read again, or report it")

    def _next(self) -> tuple[Job, Listener] | None:
        with self._lock:
            if not self._jobs:
                self._busy, self._listener = False, None
                self._works(False)
                self._idle.set()
                return None
            job = self._jobs.popleft()
            self._listener = Listener(job.specs, self._progressed, self._notice)
            return job, self._listener

    def _do(self, job: Job, listener: Listener) -> None:
        dropped = {*job.dropped, *(spec.label for spec in job.specs if spec.label == TRIED)}
        self._study = self._with_truths(without(self._study, dropped, votes=not job.only_tries), job)
        try:
            self._read(job, listener)
        finally:
            if not job.only_tries:
                self._vote()
            self._changed(self._study)

    def _read(self, job: Job, listener: Listener) -> None:
        for items, specs in self._missing(job).items():
            before = self._study
            listener.changed = lambda study, before=before, items=items: self._partly(  # type: ignore[misc]
                joined(before, study, items)
            )
            study = run_engines(
                Corpus(items=items), specs, convention=before.convention.name, watcher=listener, **self._how
            )
            self._study = joined(before, study, items)
            if listener.cancelled.is_set():
                self._notice("The reading was ended early: some engines have not seen all pages.")
                return

    def _missing(self, job: Job) -> dict[tuple[Item, ...], list[EngineSpec]]:
        """Which engines are to read which pages: what was read is not read again."""
        runs = {run.label: run for run in self._study.runs if run.error is None}
        found: dict[tuple[Item, ...], list[EngineSpec]] = {}
        for spec in job.specs:
            known = runs[spec.label].results if spec.label in runs else {}
            items = tuple(item for item in job.items if not _is_read(known.get(item.id)))
            if items:
                found.setdefault(items, []).append(spec)
        return found

    def _vote(self) -> None:
        # What is only tried has no say in what is told of all pages.
        voted = without(self._study, {TRIED})
        if len(voted.runs) > 1:
            for spec in self._votes:
                run_vote(voted, spec, Watcher())
            tried = [run for run in self._study.runs if run.label == TRIED]
            self._study = dataclasses.replace(voted, runs=[*voted.runs, *tried])

    def _with_truths(self, study: Study, job: Job) -> Study:
        """The study with the pages of a job, and the ground truth that came with it."""
        known = {item.id for item in study.corpus.items}
        items = [*study.corpus.items, *(item for item in job.items if item.id not in known)]
        items = [with_truth(item, job.truths[item.id]) if item.id in job.truths else item for item in items]
        corpus = dataclasses.replace(study.corpus, items=tuple(items))
        runs = [_scored(run, items, study) for run in study.runs] if job.truths else study.runs
        return dataclasses.replace(study, corpus=corpus, runs=runs)


def without(study: Study, dropped: Collection[str], *, votes: bool = True) -> Study:
    """A study without some engines, and without ``votes``, where others are to be held in their place."""
    runs = [run for run in study.runs if run.label not in dropped and not (votes and run.spec.is_vote)]
    return dataclasses.replace(study, runs=runs)


def joined(before: Study, new: Study, items: Sequence[Item]) -> Study:
    """Both studies as one. Engines go on reading the new one: what is taken from it stays as it is.

    ``items`` are the pages that were to be read for the new one.
    """
    runs = {run.label: run for run in before.runs}
    for run in new.runs:
        runs[run.label] = _both(runs.get(run.label), run, items, before)
    return dataclasses.replace(
        before,
        runs=list(runs.values()),
        unreadable={**before.unreadable, **new.unreadable},
        store=new.store,
    )


def _both(before: EngineRun | None, new: EngineRun, items: Sequence[Item], study: Study) -> EngineRun:
    if before is None or not before.results:
        return dataclasses.replace(new, results=dict(new.results), scores=dict(new.scores))
    results, scores = before.results | new.results, before.scores | new.scores
    if new.error is not None:
        # What it has read of other pages is worth no less, and these count as missing.
        for item in items:
            if item.id not in new.results:
                results[item.id] = PageError.of(new.error, item.ref.source, id=item.id)
            if item.truth is not None:
                scores[item.id] = score_item(item, results[item.id], study.convention)
    return dataclasses.replace(
        new,
        info=new.info or before.info,
        error=None,
        results=results,
        scores=scores,
        kept=before.kept | new.kept,
        names=before.names | new.names,
    )


def _is_read(result: Page | PageError | None) -> bool:
    """Whether an engine has looked at a page; what no engine had a hand in may go well another time."""
    return isinstance(result, Page) or (result is not None and result.provenance is not None)


def _scored(run: EngineRun, items: Sequence[Item], study: Study) -> EngineRun:
    scores = {
        item.id: score_item(item, result, study.convention)
        for item in items
        if item.truth is not None and (result := run.results.get(item.id)) and not is_detection(result)
    }
    return run if run.error else dataclasses.replace(run, scores=scores)
