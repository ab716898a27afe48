"""Running engines: in this process where they can be imported, else in a Python of their own.

`HostedEngine` is an `Engine` like any other. Behind it stand worker processes that hold the
model between calls; a page that crashes one, hangs or comes back as nonsense costs a fresh
worker and one retry, and then that page alone.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from ocr_plugins.correction import CORRECT, KEEP, check_correction, open_corrector
from ocr_plugins.document import Page, PageError, Polygon
from ocr_plugins.engine import BaseEngine, Engine, EngineInfo, PreparedEngine, page_error
from ocr_plugins.environments import environment_python
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.image import PageImage
from ocr_plugins.layout import Order
from ocr_plugins.measured import MeasuredPair, MeasuredTreatment
from ocr_plugins.memory import MEGABYTE, machine_memory
from ocr_plugins.options import check_options, option, parse_options
from ocr_plugins.preprocess import Pipeline, parse_steps
from ocr_plugins.registry import RegisteredEngine, find_engine
from ocr_plugins.spec import EngineSpec, parse_spec
from ocr_plugins.threads import CORES, cores
from ocr_plugins.treatment import Treatment
from ocr_plugins.worker_pool import PoolSettings, Task, WorkerPool
from ocr_plugins.worker_process import WorkerFault

ResultT = TypeVar("ResultT")

# Of the machine's memory, what an engine's workers may keep between pages if nothing else is said.
_SHARE_OF_MEMORY = 0.6


@dataclass(frozen=True, kw_only=True)
class HostSettings:
    """Where an engine runs, and how its workers are kept. Every engine takes these as options too."""

    env: Path | None = option(None, "a Python, or an environment's folder, to run the engine in")
    workers: int | None = option(
        None, "worker processes; 0 runs the engine in this process where it can be imported", minimum=0
    )
    threads: int | None = option(None, "threads a worker may use; default: its share of the cores", minimum=1)
    timeout: float = option(300.0, "seconds a page may take before its worker is killed", minimum=0.1)
    start_timeout: float = option(300.0, "seconds the model may take to load", minimum=0.1)
    recycle: int = option(500, "pages after which a fresh worker takes over: memory may grow", minimum=1)
    memory: float | None = option(
        None,
        "MB that a worker may keep between pages, half as much again within one; "
        "default: its share of 60 % of the machine's",
        minimum=1,
    )
    detector: str | None = option(
        None, "spec of the engine that finds the lines, which this one then reads one by one"
    )
    pre: str | None = option(
        None, "preprocessing steps, as in deskew+sauvola or auto: ocr-plugins steps lists them"
    )
    order: Order | None = option(
        None,
        "reading order: as the engine gives it; rows across the page; or auto, which reads columns of "
        "prose one by one and tables by rows; default: what does each engine best",
    )
    hyphens: Literal["keep", "join"] = option("keep", "words that are hyphenated at line ends")
    correct: str | None = option(None, CORRECT)
    keep: Path | None = option(None, KEEP)

    def __post_init__(self) -> None:
        check_options(self)
        check_correction(self.correct, self.keep)

    @classmethod
    def split(cls, spec: EngineSpec) -> tuple[Self, dict[str, str]]:
        """The settings of a spec, and the options that are left for its engine. Raises CallError."""
        own = {f.name for f in fields(cls)}
        given = dict(spec.options)
        settings = parse_options(cls, spec.name, {k: v for k, v in given.items() if k in own})
        return settings, {k: v for k, v in given.items() if k not in own}

    @property
    def python(self) -> str | None:
        """The interpreter of ``env``. Raises CallError where there is none."""
        if self.env is None:
            return None
        python = self.env / "bin" / "python" if self.env.is_dir() else self.env
        if not python.exists():
            raise CallError(
                f"env={self.env} holds no Python", "give a Python, or a virtual environment's folder"
            )
        return str(python)

    def for_pool(self) -> PoolSettings:
        """The numbers with their defaults. Raises CallError where they take more cores than there are."""
        workers, here = max(self.workers or 1, 1), cores()
        threads = self.threads or max(here // workers, 1)
        if workers * threads > here:
            raise CallError(
                f"workers={workers} with {threads} thread{'s' * (threads > 1)} each take more than "
                f"the {here} core{'s' * (here > 1)} there are",
                f"take fewer, or say with {CORES} how many cores to use",
            )
        own_share = _SHARE_OF_MEMORY * machine_memory() / workers
        return PoolSettings(
            workers=workers,
            threads=threads,
            timeout=self.timeout,
            start_timeout=self.start_timeout,
            recycle=self.recycle,
            memory=round(own_share if self.memory is None else self.memory * MEGABYTE),
        )


def open_engine(
    spec: str | EngineSpec, *, lang: str | None = None, device: str | None = None, workers: int = 0
) -> Engine:
    """An engine that is ready to read.

    Args:
        spec: the engine with its options, ``[LABEL=]NAME[:key=value...]``.
        lang: language, ISO 639-1, where the spec names none.
        device: ``cpu``, ``cuda`` or ``cuda:N``, where the spec names none.
        workers: worker processes, where the spec names no number. With 0 it runs in this process
            where it can be imported, else in one worker of its own environment; what crashes it in
            this process takes this process down.

    Raises:
        CallError: an unknown engine or option, or a value that does not fit.
        EngineUnavailableError: the engine is not installed, or its weights are missing or altered.
    """
    engine = prepare_engine(spec, lang=lang, device=device, workers=workers)
    try:
        return engine.open()
    except BaseException:
        engine.close()
        raise


def prepare_engine(
    spec: str | EngineSpec, *, lang: str | None = None, device: str | None = None, workers: int = 0
) -> PreparedEngine:
    """As `open_engine`, but without loading the model: enough to ask for ``info``."""
    spec = parse_spec(spec) if isinstance(spec, str) else spec
    spec = spec.with_defaults(lang=lang, device=device)
    registered = find_engine(spec.name)
    settings = HostSettings.split(spec)[0]
    if settings.workers is None:
        settings = replace(settings, workers=workers)
    treatment = treatment_of(spec)
    engine = _reader(spec, registered, settings)
    return MeasuredTreatment(engine, treatment, spec.text) if treatment else engine


def treatment_of(spec: EngineSpec) -> Treatment:
    """What is done to pages before and after an engine reads them. Raises CallError."""
    settings = HostSettings.split(spec)[0]
    engine_class = find_engine(spec.name).engine_class
    # Lines that a detector found are put in order when they are put together.
    order: Order = "engine" if settings.detector else engine_class.default_order
    return Treatment(
        parse_steps(settings.pre) if settings.pre else Pipeline(()),
        settings.order or order,
        join_hyphens=settings.hyphens == "join",
        corrector=open_corrector(settings.correct, settings.keep) if settings.correct else None,
    )


def _reader(
    spec: EngineSpec, registered: RegisteredEngine, settings: HostSettings
) -> BaseEngine[Any] | HostedEngine | MeasuredPair:
    """The engine, with its detector where it has one."""
    detector = settings.detector or registered.engine_class.default_detector
    if not detector:
        return _placed(spec, registered, settings)
    if not hasattr(registered.engine_class, "recognize"):
        raise CallError(f"engine {spec.name!r} reads no single lines", "leave detector= out")
    finder = _prepared_detector(detector, settings)
    # Both work at the same time: one on the lines of a page, the other on the page after it.
    alone = settings.workers == 0 and isinstance(finder, BaseEngine)
    shared = settings if alone else replace(settings, threads=settings.threads or _half_of_cores(settings))
    reader = _placed(spec, registered, shared)
    return MeasuredPair(finder, reader, spec.text)


def _prepared_detector(text: str, settings: HostSettings) -> BaseEngine[Any] | HostedEngine:
    spec = parse_spec(text)
    registered = find_engine(spec.name)
    if not hasattr(registered.engine_class, "detect"):
        raise CallError(f"engine {spec.name!r} finds no lines", "name another as detector=")
    own = HostSettings.split(spec)[0]
    if own.pre or own.order or own.hyphens != "keep" or own.correct or own.detector:
        raise CallError(f"detector={text} has options of a whole engine", "give them to the engine itself")
    workers = settings.workers if own.workers is None else own.workers
    threads = own.threads or (_half_of_cores(own) if workers else None)
    return _placed(spec, registered, replace(own, workers=min(workers or 0, 1), threads=threads))


def _half_of_cores(settings: HostSettings) -> int:
    return max(cores() // 2 // max(settings.workers or 1, 1), 1)


def _placed(
    spec: EngineSpec, registered: RegisteredEngine, settings: HostSettings
) -> BaseEngine[Any] | HostedEngine:
    """The engine where it is to run: in this process, in workers of it, or in its own environment."""
    engine_class = registered.engine_class
    options = parse_options(engine_class.options_type, spec.name, HostSettings.split(spec)[1])
    python = settings.python
    if python is None and registered.importable():
        if not settings.workers or engine_class.in_process or not sys.executable:
            engine: BaseEngine[Any] = engine_class(options, spec=spec.text)
            return engine
        python = sys.executable
    python = python or environment_python(spec.name)
    if python is None:
        raise EngineUnavailableError(
            f"engine {spec.name!r} is not installed", engine_class.install_hint, kind="not_installed"
        )
    return HostedEngine(spec, registered, python, settings)


class HostedEngine:
    """An engine in workers of the Python at ``python``, through the contract of `ocr_plugins.engine`.

    Raises:
        CallError: the settings take more cores than there are.
    """

    def __init__(
        self,
        spec: EngineSpec,
        registered: RegisteredEngine,
        python: str,
        settings: HostSettings | None = None,
    ) -> None:
        self._spec = spec
        self._registered = registered
        self._python = python
        self._info: EngineInfo | None = None
        introduction = {
            "packages": registered.package_places(),
            # The same interpreter is to find what this process finds.
            "path": [entry for entry in sys.path if entry] if python == sys.executable else [],
            "engine": registered.reference,
            "spec": spec.text,
            "options": HostSettings.split(spec)[1],
        }
        batch_size = registered.engine_class.batch_size
        limits = (settings or HostSettings()).for_pool()
        self._pool = WorkerPool(python, introduction, limits, batch_size, self._start_failed)

    @property
    def info(self) -> EngineInfo:
        """Who reads. The first call asks a worker, and may raise EngineUnavailableError."""
        if self._info is None:
            self._info = self._pool.describe()
        return self._info

    @property
    def peak_memory(self) -> int | None:
        """Bytes that one worker took at most with its children, shared libraries and weights included.

        None before the model is loaded, or where the system does not tell (all but Linux).
        """
        return self._pool.peak_memory

    def open(self) -> HostedEngine:
        """Starts a worker and loads the model. Raises EngineUnavailableError."""
        self._info = self._pool.open() or self._info
        return self

    def read(self, pages: Iterable[PageImage]) -> Iterator[Page | PageError]:
        """One result an image, in order."""
        return self._pool.run("read", iter(pages), self._pages, self._failed)

    def find_lines(self, images: Iterable[PageImage]) -> Iterator[tuple[Polygon, ...] | PageError]:
        """The lines of each image, as `BaseEngine.find_lines` gives them."""
        return self._pool.run("find", iter(images), self._lines, self._failed)

    def close(self) -> None:
        self._pool.close()

    def __del__(self) -> None:
        if not sys.is_finalizing():
            with contextlib.suppress(Exception):
                self._pool.kill()

    def _pages(self, answer: Mapping[str, Any], task: Task) -> list[Page | PageError]:
        results: list[Page | PageError] = []
        for raw, image in zip(_raw_results(answer, task), task.images, strict=True):
            result = _page(raw) if raw.get("type") == "page" else _page_error(raw)
            if (result.source, result.page, result.id) != (image.source, image.page, image.id):
                raise WorkerFault("bad_output", "gave a result for another image")
            results.append(_with_faults(result, task.faults))
        return results

    def _lines(self, answer: Mapping[str, Any], task: Task) -> list[tuple[Polygon, ...] | PageError]:
        return [
            _polygons(raw) if raw.get("type") == "lines" else _page_error(raw)
            for raw in _raw_results(answer, task)
        ]

    def _start_failed(self, reason: Exception) -> EngineUnavailableError:
        why = "; ".join([str(reason), *getattr(reason, "detail", "").splitlines()[-1:]])
        return EngineUnavailableError(
            f"engine {self._spec.name!r} cannot start in {self._python} ({why})",
            self._registered.engine_class.install_hint or "reinstall it there",
            kind="start_failed",
        )

    def _failed(self, task: Task, error: EngineUnavailableError | None) -> list[PageError]:
        if error is not None:
            return [page_error(image, error.kind, error.message, error.hint) for image in task.images]
        fault = task.faults[-1]
        provenance = None if self._info is None else self._info.provenance()
        return [
            page_error(
                image,
                fault.kind,
                f"the worker of engine {self._spec.name!r} {fault.message}, twice",
                "look at the page, raise timeout= or memory=, or take another engine",
                detail=fault.detail,
                provenance=provenance,
            )
            for image in task.images
        ]


def _raw_results(answer: Mapping[str, Any], task: Task) -> list[Mapping[str, Any]]:
    """The worker's results, one an image. Raises WorkerFault where they are not that."""
    raw = answer.get("results")
    if not isinstance(raw, list) or not all(isinstance(result, dict) for result in raw):
        raise WorkerFault("bad_output", "gave no results")
    if len(raw) != len(task.images):
        raise WorkerFault("bad_output", f"gave {len(raw)} results for {len(task.images)} images")
    return raw


def _checked(make: Callable[[Mapping[str, Any]], ResultT]) -> Callable[[Mapping[str, Any]], ResultT]:
    """``make``, with nonsense as a WorkerFault."""

    def checked(raw: Mapping[str, Any]) -> ResultT:
        try:
            return make(raw)
        except (KeyError, TypeError, ValueError) as error:
            raise WorkerFault(
                "bad_output", f"gave a result that is no page ({type(error).__name__})"
            ) from None

    return checked


_page = _checked(Page.from_dict)
_page_error = _checked(PageError.from_dict)


@_checked
def _polygons(raw: Mapping[str, Any]) -> tuple[Polygon, ...]:
    return tuple(Polygon(tuple((x, y) for x, y in points)) for points in raw["polygons"])


def _with_faults(result: Page | PageError, faults: Sequence[WorkerFault]) -> Page | PageError:
    if not faults or result.provenance is None:
        return result
    told = tuple(fault.message for fault in faults)
    return replace(result, provenance=replace(result.provenance, faults=told))
