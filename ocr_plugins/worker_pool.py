"""Several workers of one engine: who reads what, what a fault costs, and results in order.

One thread does it all: while the workers read, it loads the next images.
"""

from __future__ import annotations

import contextlib
import itertools
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, TypeVar

from ocr_plugins.engine import EngineInfo
from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.image import PageImage
from ocr_plugins.memory import largest
from ocr_plugins.pixels import allocated_by
from ocr_plugins.shared_pixels import PixelPool, Pixels
from ocr_plugins.worker_process import WorkerFault, WorkerProcess, wait_for_any

ResultT = TypeVar("ResultT")

# A batch that killed its worker is tried page by page; a page that killed two is not tried again.
_MOST_FAULTS = 2
# Batches handed out or read, but not yet asked for, for each worker: a page that hangs must not
# keep the others waiting, nor let results pile up.
_AHEAD = 16
# The kernel passes at most 253 descriptors at once.
_MOST_FILES = 64
# In the middle of a page, a worker may need more than it may keep.
_PEAK = 1.5


@dataclass(frozen=True, kw_only=True)
class PoolSettings:
    """How workers are kept: their number, threads each, seconds a page and to load, pages and bytes."""

    workers: int
    threads: int
    timeout: float
    start_timeout: float
    recycle: int
    memory: int


@dataclass(frozen=True)
class Task:
    """Images that go to a worker together: their numbers in the run, and the workers they cost."""

    places: tuple[int, ...]
    images: tuple[PageImage, ...]
    faults: tuple[WorkerFault, ...] = ()


@dataclass(eq=False)
class _Worker:
    process: WorkerProcess
    state: Literal["described", "opening", "idle", "busy"] = "described"
    task: Task | None = None
    read: int = 0
    # Keeps copied pixels in place until the answer is there.
    pixels: Pixels | None = None


@dataclass
class _Run(Generic[ResultT]):
    """One pass over images: what waits, what is done, what comes next."""

    do: str
    batches: Iterator[tuple[PageImage, ...]]
    parse: Callable[[Mapping[str, Any], Task], Sequence[ResultT]]
    failed: Callable[[Task, EngineUnavailableError | None], Sequence[ResultT]]
    waiting: deque[Task] = field(default_factory=deque)
    done: dict[int, ResultT] = field(default_factory=dict)
    taken: int = 0
    given: int = 0
    exhausted: bool = False

    def next_task(self) -> Task | None:
        if not self.waiting:
            self.look_ahead()
        return self.waiting.popleft() if self.waiting else None

    def look_ahead(self) -> None:
        """Loads one batch, unless one waits already."""
        if self.waiting or self.exhausted:
            return
        images = next(self.batches, ())
        self.exhausted = not images
        if images:
            self.waiting.append(Task(tuple(range(self.taken, self.taken + len(images))), images))
            self.taken += len(images)

    def keep(self, task: Task, results: Sequence[ResultT]) -> None:
        self.done.update(zip(task.places, results, strict=True))

    def ready(self) -> Iterator[ResultT]:
        while self.given in self.done:
            self.given += 1
            yield self.done.pop(self.given - 1)


class WorkerPool:
    """Up to ``settings.workers`` processes, started when there is something for them to do.

    Args:
        python: the interpreter of the workers.
        introduction: what a worker must know to find and make the engine.
        settings: numbers and limits.
        batch_size: images that go to a worker at once.
        start_failed: the error for a worker that cannot start, from what happened to it.
    """

    def __init__(
        self,
        python: str,
        introduction: Mapping[str, Any],
        settings: PoolSettings,
        batch_size: int,
        start_failed: Callable[[Exception], EngineUnavailableError],
    ) -> None:
        self._python = python
        self._introduction = introduction
        self._settings = settings
        self._batch_size = batch_size
        self._start_failed = start_failed
        self._workers: list[_Worker] = []
        self._most_workers = settings.workers
        self._broken: EngineUnavailableError | None = None
        self._peak: int | None = None
        self._pixels = PixelPool()
        self._running = False

    @property
    def peak_memory(self) -> int | None:
        """Bytes that one worker took at most with its children, of those that were to load the model.

        None before there is one, or where the system does not tell.
        """
        for worker in self._workers:
            worker.process.measure()
            self._note_peak(worker)
        return self._peak

    def describe(self) -> EngineInfo:
        """What a worker says of the engine without loading it. Raises EngineUnavailableError."""
        worker = self._workers[0] if self._workers else self._started()
        return self._introduced(worker, "describe")

    def open(self) -> EngineInfo | None:
        """Starts the first worker, waits until its model is loaded, and gives what it says of itself.

        None where one is open already. Raises EngineUnavailableError.
        """
        if self._broken is not None:
            raise self._broken
        if any(worker.state != "described" for worker in self._workers):
            return None
        worker = self._workers[0] if self._workers else self._started()
        info = self._introduced(worker, "open")
        worker.state = "idle"
        return info

    def run(
        self,
        do: str,
        images: Iterator[PageImage],
        parse: Callable[[Mapping[str, Any], Task], Sequence[ResultT]],
        failed: Callable[[Task, EngineUnavailableError | None], Sequence[ResultT]],
    ) -> Iterator[ResultT]:
        """One result an image, in order.

        Args:
            do: what the workers are asked to do with images.
            images: asked for when there is a worker for them, or about to be.
            parse: an answer to a task -> its results; raises WorkerFault for nonsense.
            failed: results of a task that is given up, because of its faults or of the error.
        """
        if self._running:
            raise RuntimeError("this engine is still reading: finish or close that iterator first")
        self._running = True
        run = _Run(do, self._batches(images), parse, failed)
        try:
            while True:
                self._hand_out(run)
                yield from run.ready()
                busy = [worker for worker in self._workers if worker.state in ("busy", "opening")]
                if busy:
                    self._wait(run, busy)
                elif run.exhausted and not run.waiting:
                    break
        finally:
            self._running = False
            # A worker in the middle of a page answers too late.
            for worker in [w for w in self._workers if w.state in ("busy", "opening")]:
                self._discard(worker)
            self._pixels.clear()

    def close(self) -> None:
        while self._workers:
            worker = self._workers.pop()
            worker.process.close()
            self._note_peak(worker)

    def kill(self) -> None:
        while self._workers:
            self._discard(self._workers[-1])

    def _batches(self, images: Iterator[PageImage]) -> Iterator[tuple[PageImage, ...]]:
        while True:
            # Loaded straight to where workers can map them.
            with allocated_by(self._pixels.empty):
                batch = tuple(itertools.islice(images, self._batch_size))
            if not batch:
                return
            yield batch

    def _hand_out(self, run: _Run[ResultT]) -> None:
        ahead = _AHEAD * self._most_workers * self._batch_size
        while run.taken - run.given < ahead or run.waiting:
            worker = next((w for w in self._workers if w.state == "idle"), None)
            if worker is None:
                # While the workers are busy there is time to load.
                run.look_ahead()
                if run.waiting:
                    self._grow(run)
                return
            task = run.next_task()
            if task is None:
                return
            self._give(worker, task, run)

    def _grow(self, run: _Run[ResultT]) -> None:
        """Starts a worker more, where that is allowed; gives up what waits where none can start."""
        described = [worker for worker in self._workers if worker.state == "described"]
        opening = sum(worker.state == "opening" for worker in self._workers)
        more = len(self._workers) < self._most_workers and opening < len(run.waiting) and not self._broken
        if described or more:
            try:
                worker = described[0] if described else self._started()
            except EngineUnavailableError as error:
                self._shrink(error)
            else:
                worker.process.send({"do": "open", **self._introduction}, self._settings.start_timeout)
                worker.state = "opening"
        if self._broken is not None and not self._workers:
            while task := run.next_task():
                run.keep(task, run.failed(task, self._broken))

    def _give(self, worker: _Worker, task: Task, run: _Run[ResultT]) -> None:
        told, files, worker.pixels = self._shared(task.images)
        timeout = self._settings.timeout * len(task.images)
        worker.process.send({"do": run.do, "images": told}, timeout, files)
        worker.state, worker.task = "busy", task

    def _wait(self, run: _Run[ResultT], busy: Sequence[_Worker]) -> None:
        wait_for_any(worker.process for worker in busy)
        for worker in busy:
            if worker.state == "opening":
                self._look_at_opening(worker)
            else:
                self._look_at_busy(worker, run)

    def _look_at_opening(self, worker: _Worker) -> None:
        try:
            answer = worker.process.receive()
            if answer is None:
                return
            self._info_of(answer)
            worker.state = "idle"
        except (WorkerFault, EngineUnavailableError) as error:
            self._discard(worker)
            self._shrink(error if isinstance(error, EngineUnavailableError) else self._start_failed(error))

    def _look_at_busy(self, worker: _Worker, run: _Run[ResultT]) -> None:
        assert worker.task is not None  # noqa: S101 - busy means that
        task = worker.task
        try:
            answer = worker.process.receive()
            if answer is None:
                return
            run.keep(task, run.parse(answer, task))
        except WorkerFault as fault:
            self._discard(worker)
            self._try_again(task, fault, run)
            return
        worker.state, worker.task, worker.pixels = "idle", None, None
        worker.read += len(task.images)
        if worker.read >= self._settings.recycle or worker.process.measure() > self._settings.memory:
            self._discard(worker)

    def _try_again(self, task: Task, fault: WorkerFault, run: _Run[ResultT]) -> None:
        task = replace(task, faults=(*task.faults, fault))
        if len(task.faults) >= _MOST_FAULTS:
            run.keep(task, run.failed(task, None))
            return
        for place, image in reversed(list(zip(task.places, task.images, strict=True))):
            run.waiting.appendleft(Task((place,), (image,), task.faults))

    def _shrink(self, error: EngineUnavailableError) -> None:
        """A worker could not start: the others go on; without any, the engine is broken."""
        self._most_workers = max(1, len(self._workers))
        if not self._workers:
            self._broken = error

    def _started(self) -> _Worker:
        memory = self._settings.memory
        process = WorkerProcess(self._python, self._settings.threads, round(_PEAK * memory), memory)
        worker = _Worker(process)
        self._workers.append(worker)
        return worker

    def _introduced(self, worker: _Worker, do: str) -> EngineInfo:
        try:
            request = {"do": do, **self._introduction}
            return self._info_of(worker.process.ask(request, self._settings.start_timeout))
        except WorkerFault as fault:
            self._discard(worker)
            raise self._start_failed(fault) from None
        except BaseException:
            self._discard(worker)
            raise

    def _info_of(self, answer: Mapping[str, Any]) -> EngineInfo:
        if "error" in answer:
            error = answer["error"]
            raise EngineUnavailableError(error["message"], error["hint"], kind=error["kind"])
        try:
            return EngineInfo.from_dict(answer["info"])
        except (KeyError, TypeError) as error:
            raise self._start_failed(error) from None

    def _discard(self, worker: _Worker) -> None:
        with contextlib.suppress(ValueError):
            self._workers.remove(worker)
        worker.process.kill()
        self._note_peak(worker)

    def _note_peak(self, worker: _Worker) -> None:
        # One that only said who it is tells nothing of what reading takes.
        if worker.state != "described":
            self._peak = largest((self._peak, worker.process.peak_memory))

    def _shared(self, images: Sequence[PageImage]) -> tuple[list[dict[str, Any]], list[int], Pixels | None]:
        """Where a worker finds the images' pixels, the files to send along, and what keeps copies."""
        places = [self._pixels.place(image.pixels) for image in images[:_MOST_FILES]]
        places += [None] * (len(images) - len(places))
        copied = [image.pixels for image, place in zip(images, places, strict=True) if place is None]
        kept, copies = self._pixels.copy(copied) if copied else (None, [])
        told: list[dict[str, Any]] = []
        files: list[int] = []
        for image, place in zip(images, places, strict=True):
            fd, offset = copies.pop(0) if place is None else place
            if fd not in files:
                files.append(fd)
            about = {key: getattr(image, key) for key in ("source", "page", "dpi", "level", "id")}
            shape = list(image.pixels.shape)
            told.append({"file": files.index(fd), "offset": offset, "shape": shape, "about": about})
        return told, files, kept
