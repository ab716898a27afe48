"""Running engines: in this process where they can be imported, else in a Python of their own.

`HostedEngine` is an `Engine` like any other. Behind it stands a worker process that holds the
model between calls; a page that crashes it, hangs or comes back as nonsense costs a fresh
worker and one retry, and then that page alone.
"""

from __future__ import annotations

import contextlib
import itertools
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

from ocr_plugins.document import Page, PageError
from ocr_plugins.engine import BaseEngine, Engine, EngineInfo, page_error
from ocr_plugins.environments import environment_python
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.image import PageImage
from ocr_plugins.options import check_options, option, parse_options
from ocr_plugins.registry import RegisteredEngine, find_engine
from ocr_plugins.spec import EngineSpec, parse_spec
from ocr_plugins.worker_process import WorkerFault, WorkerProcess


@dataclass(frozen=True, kw_only=True)
class HostSettings:
    """Where an engine runs, and how its worker is kept. Every engine takes these as options too."""

    env: Path | None = option(None, "a Python, or an environment's folder, to run the engine in")
    timeout: float = option(300.0, "seconds a page may take before its worker is killed", minimum=0.1)
    start_timeout: float = option(300.0, "seconds the model may take to load", minimum=0.1)
    recycle: int = option(500, "pages after which a fresh worker takes over: memory may grow", minimum=1)

    def __post_init__(self) -> None:
        check_options(self)

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


def open_engine(spec: str | EngineSpec, *, lang: str | None = None, device: str | None = None) -> Engine:
    """An engine that is ready to read: in this process where it can be imported, else in its own.

    Args:
        spec: the engine with its options, ``[LABEL=]NAME[:key=value...]``.
        lang: language, ISO 639-1, where the spec names none.
        device: ``cpu``, ``cuda`` or ``cuda:N``, where the spec names none.

    Raises:
        CallError: an unknown engine or option, or a value that does not fit.
        EngineUnavailableError: the engine is not installed, or its weights are missing or altered.
    """
    engine = prepare_engine(spec, lang=lang, device=device)
    try:
        return engine.open()
    except BaseException:
        engine.close()
        raise


def prepare_engine(
    spec: str | EngineSpec, *, lang: str | None = None, device: str | None = None
) -> BaseEngine[Any] | HostedEngine:
    """As `open_engine`, but without loading the model: enough to ask for ``info``."""
    spec = parse_spec(spec) if isinstance(spec, str) else spec
    spec = spec.with_defaults(lang=lang, device=device)
    registered = find_engine(spec.name)
    engine_class = registered.engine_class
    settings, given = HostSettings.split(spec)
    options = parse_options(engine_class.options_type, spec.name, given)
    python = settings.python or (None if registered.importable() else environment_python(spec.name))
    if python is not None:
        return HostedEngine(spec, registered, python, settings)
    if not registered.importable():
        raise EngineUnavailableError(
            f"engine {spec.name!r} is not installed", engine_class.install_hint, kind="not_installed"
        )
    engine: BaseEngine[Any] = engine_class(options, spec=spec.text)
    return engine


class HostedEngine:
    """An engine in the Python at ``python``, through the contract of `ocr_plugins.engine`."""

    def __init__(
        self,
        spec: EngineSpec,
        registered: RegisteredEngine,
        python: str,
        settings: HostSettings | None = None,
    ) -> None:
        self._spec = spec
        self._registered = registered
        self._options = HostSettings.split(spec)[1]
        self._python = python
        self._settings = settings or HostSettings()
        self._worker: WorkerProcess | None = None
        self._read_by_worker = 0
        self._info: EngineInfo | None = None
        self._broken: EngineUnavailableError | None = None

    @property
    def info(self) -> EngineInfo:
        """Who reads. The first call asks a worker, and may raise EngineUnavailableError."""
        if self._info is None:
            worker = WorkerProcess(self._python)
            try:
                self._info = self._introduce(worker, "describe")
            finally:
                worker.close()
        return self._info

    def open(self) -> HostedEngine:
        """Starts the worker and loads the model. Raises EngineUnavailableError."""
        self._ready()
        return self

    def read(self, pages: Iterable[PageImage]) -> Iterator[Page | PageError]:
        """One result an image, in order."""
        images = iter(pages)
        while batch := list(itertools.islice(images, self._registered.engine_class.batch_size)):
            yield from self._read_batch(batch)

    def close(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def __del__(self) -> None:
        if not sys.is_finalizing():
            with contextlib.suppress(Exception):
                self.close()

    def _read_batch(self, batch: Sequence[PageImage]) -> list[Page | PageError]:
        try:
            try:
                return self._attempt(batch)
            except WorkerFault:
                if len(batch) > 1:
                    return [result for image in batch for result in self._read_batch([image])]
            return self._attempt(batch)
        except WorkerFault as fault:
            return [self._failed(batch[0], fault)]
        except EngineUnavailableError as error:
            # It started once and does not any more: the pages that are left fail at once.
            self._broken = error
            return [page_error(image, error.kind, error.message, error.hint) for image in batch]

    def _attempt(self, batch: Sequence[PageImage]) -> list[Page | PageError]:
        worker = self._ready()
        try:
            request = {"do": "read", "images": worker.write_pixels(batch)}
            answer = worker.ask(request, self._settings.timeout * len(batch))
            results = _results(answer, batch)
        except BaseException:
            # Also when the user interrupts: a worker in the middle of a page answers too late.
            self._discard()
            raise
        self._read_by_worker += len(batch)
        return results

    def _ready(self) -> WorkerProcess:
        if self._broken is not None:
            raise self._broken
        if self._worker is not None and self._read_by_worker >= self._settings.recycle:
            self.close()
        if self._worker is None:
            self._read_by_worker = 0
            worker = WorkerProcess(self._python)
            try:
                self._info = self._introduce(worker, "open")
            except BaseException:
                worker.kill()
                raise
            self._worker = worker
        return self._worker

    def _introduce(self, worker: WorkerProcess, do: str) -> EngineInfo:
        request = {
            "do": do,
            "packages": self._registered.package_places(),
            "engine": self._registered.reference,
            "spec": self._spec.text,
            "options": self._options,
        }
        name = self._spec.name
        try:
            answer = worker.ask(request, self._settings.start_timeout)
            if "info" in answer:
                return EngineInfo.from_dict(answer["info"])
        except (WorkerFault, KeyError, TypeError) as fault:
            why = "; ".join([str(fault), *getattr(fault, "detail", "").splitlines()[-1:]])
            raise EngineUnavailableError(
                f"engine {name!r} cannot start in {self._python} ({why})",
                self._registered.engine_class.install_hint or "reinstall it there",
                kind="start_failed",
            ) from None
        error = answer["error"]
        raise EngineUnavailableError(error["message"], error["hint"], kind=error["kind"])

    def _discard(self) -> None:
        if self._worker is not None:
            self._worker.kill()
            self._worker = None

    def _failed(self, image: PageImage, fault: WorkerFault) -> PageError:
        return page_error(
            image,
            fault.kind,
            f"the worker of engine {self._spec.name!r} {fault.message}, twice",
            "look at the page, raise timeout=, or take another engine",
            detail=fault.detail,
            provenance=None if self._info is None else self._info.provenance(),
        )


def _results(answer: Mapping[str, Any], batch: Sequence[PageImage]) -> list[Page | PageError]:
    """The worker's results as objects, one an image. Raises WorkerFault where they are not that."""
    try:
        raw = answer["results"]
        results = [Page.from_dict(r) if r["type"] == "page" else PageError.from_dict(r) for r in raw]
    except (KeyError, TypeError, ValueError) as error:
        raise WorkerFault("bad_output", f"gave a result that is no page ({type(error).__name__})") from None
    if [(r.source, r.page, r.id) for r in results] != [(i.source, i.page, i.id) for i in batch]:
        raise WorkerFault("bad_output", f"gave {len(results)} results that do not answer {len(batch)} images")
    return results
