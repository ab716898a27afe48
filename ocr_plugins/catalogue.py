"""The state of every registered engine: ready, or what is missing and the command that mends it."""

from __future__ import annotations

from typing import Any

from ocr_plugins.errors import OcrError
from ocr_plugins.host import prepare_engine
from ocr_plugins.options import describe_options
from ocr_plugins.registry import RegisteredEngine, registered_engines
from ocr_plugins.spec import EngineSpec


def engine_states() -> list[dict[str, Any]]:
    """An object an engine: name, state, version, weights, capabilities, options.

    ``state`` is ``ready`` or one line; what is not known without the engine is null.
    """
    return [_state(registered) for registered in registered_engines().values()]


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
        engine = prepare_engine(EngineSpec(registered.name))
        try:
            info = engine.info
        finally:
            engine.close()
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
