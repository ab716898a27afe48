"""The state of every engine: ready, or what is missing; and what each reads on a sample page."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal

from ocr_plugins.corpus import Item, gather
from ocr_plugins.document import Page, PageError
from ocr_plugins.engine import BaseEngine, EngineInfo
from ocr_plugins.environments import environment_python
from ocr_plugins.errors import CallError, EngineUnavailableError, OcrError
from ocr_plugins.evaluation import page_text, score_texts
from ocr_plugins.host import HostSettings, prepare_engine
from ocr_plugins.options import describe_options, parse_options
from ocr_plugins.registry import RegisteredEngine, find_engine, registered_engines
from ocr_plugins.samples import samples_manifest
from ocr_plugins.spec import EngineSpec

# Small and clean; engines that read no pages get the line.
_SAMPLES = ("receipt", "line")
# What an engine needs that is the user's to give is no fault of its installation.
_NOT_READY = ("not_installed", "missing_weights")


def engine_states() -> list[dict[str, Any]]:
    """An object an engine: name, state, version, weights, capabilities, options.

    ``state`` is ``ready`` or one line; what is not known without the engine is null.
    """
    return [_state(registered) for registered in registered_engines().values()]


@dataclass(kw_only=True)
class Check:
    """What an engine gave for the sample.

    Args:
        engine: its label.
        place: where it runs.
        state: ``works``, also where it finds lines and reads none; ``not ready`` where it is not
            installed, or lacks weights that are not part of it; ``fails``.
        start_seconds: from nothing to a loaded model.
        page_seconds: for the sample, as the caller of the engine waits for it.
        cer: against the sample's ground truth, convention ``default``; None where nothing was read.
        lines: how many were found.
        first_line: the first text that was read.
        error: why it does not work, or does not read, with the way out.
    """

    engine: str
    place: str = "-"
    state: Literal["works", "not ready", "fails"] = "fails"
    version: str | None = None
    start_seconds: float | None = None
    page_seconds: float | None = None
    cer: float | None = None
    lines: int | None = None
    first_line: str | None = None
    error: str | None = None


def check_engines(
    specs: Sequence[EngineSpec] = (), starts: Callable[[str], None] = lambda _: None
) -> Iterator[Check]:
    """Reads a sample with each engine, in a worker process of its own; one `Check` an engine, in order.

    Whatever goes wrong is in the checks.

    Args:
        specs: the engines; all there are where it is empty.
        starts: hears the label of each before it is tried.
    """
    samples = {item.id: item for item in gather(samples_manifest()).items}
    for spec in specs or [EngineSpec(name) for name in registered_engines()]:
        check = Check(engine=spec.label)
        starts(spec.label)
        try:
            _read_sample(spec, [samples[name] for name in _SAMPLES], check)
        except EngineUnavailableError as error:
            check.state = "not ready" if error.kind in _NOT_READY else "fails"
            check.error = str(error)
        except OcrError as error:
            check.error = str(error)
        except Exception as error:  # noqa: BLE001 - one adapter's fault must not hide the others
            check.error = f"{spec.name} failed ({type(error).__name__}): report it to the adapter's author"
        yield check


def _read_sample(spec: EngineSpec, samples: Sequence[Item], check: Check) -> None:
    """Fills ``check`` in, as far as things go. Raises what `prepare_engine` does."""
    check.place = _place(spec)
    started = time.perf_counter()
    with closing(prepare_engine(spec, workers=1)) as engine:
        engine.open()
        check.start_seconds = time.perf_counter() - started
        check.version = engine.info.version
        takes = engine.info.capabilities.takes
        sample = next((s for s in samples if s.ref.level in takes), None)
        if sample is None:
            raise CallError(
                f"engine {spec.name!r} reads neither a page nor a line", "there is no sample for it"
            )
        image = sample.ref.load()
        started = time.perf_counter()
        (result,) = engine.read([image])
        check.page_seconds = time.perf_counter() - started
    if isinstance(result, Page):
        check.state = "works"
        check.cer = score_texts(sample.truth or "", page_text(result)).cer
        check.lines = sum(1 for _ in result.iter_lines())
        check.first_line = next(iter(result.text.splitlines()), "")
    else:
        _fill_in_error(result, check)


def _fill_in_error(error: PageError, check: Check) -> None:
    check.error = error.reason
    if error.detected is not None:
        check.state, check.lines = "works", len(error.detected)


def _place(spec: EngineSpec) -> str:
    settings = HostSettings.split(spec)[0]
    if settings.env is not None:
        return str(settings.env)
    if find_engine(spec.name).importable():
        return "this environment"
    return "its own environment" if environment_python(spec.name) else "not installed"


def _state(registered: RegisteredEngine) -> dict[str, Any]:
    state: dict[str, Any] = {
        "name": registered.name,
        "state": "ready",
        "version": None,
        "runtime": None,
        "weights": None,
        "capabilities": None,
        "options": None,
    }
    try:
        state["options"] = describe_options(registered.engine_class.options_type)
        with closing(prepare_engine(EngineSpec(registered.name))) as engine:
            info = engine.info
        state["state"] = _readiness(registered, info)
    except OcrError as error:
        return state | {"state": str(error)}
    except Exception as error:  # noqa: BLE001 - one adapter's fault must not hide the others
        why = f"engine {registered.name!r} cannot say what it is ({type(error).__name__})"
        return state | {"state": f"{why}: report it to the adapter's author"}
    return state | {
        "version": info.version,
        "runtime": info.runtime,
        "weights": dict(info.weights),
        "capabilities": info.capabilities.to_dict(),
    }


def _readiness(registered: RegisteredEngine, info: EngineInfo) -> str:
    if info.capabilities.reads:
        return "ready"
    engine_class = registered.engine_class
    engine = engine_class(parse_options(engine_class.options_type, registered.name, {}))
    message, hint = engine.why_no_text()
    # What every detector says needs no repeating.
    own = engine_class.why_no_text is not BaseEngine.why_no_text
    return ": ".join(["ready, finds lines only", *([message] if own else []), hint])
