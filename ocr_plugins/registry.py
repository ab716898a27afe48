"""Which engines there are: adapters registered under the entry-point group ``ocr_plugins.engines``.

Looking at the registry imports adapters, which are light, and never an engine.
"""

from __future__ import annotations

import difflib
import importlib.metadata
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ocr_plugins.engine import BaseEngine
from ocr_plugins.errors import CallError, EngineUnavailableError

GROUP = "ocr_plugins.engines"
_OWN_PACKAGES = ("ocr_plugins", "ocr_plugins.adapters")


@dataclass(frozen=True)
class RegisteredEngine:
    """An adapter by name; ``reference`` is ``module:Class``."""

    name: str
    reference: str

    @cached_property
    def engine_class(self) -> type[BaseEngine[Any]]:
        """Raises EngineUnavailableError where the adapter itself is broken."""
        module, _, attribute = self.reference.partition(":")
        # Whatever a stranger's adapter raises must not take the others down.
        try:
            found = getattr(importlib.import_module(module), attribute)
            if not (isinstance(found, type) and issubclass(found, BaseEngine)):
                raise TypeError("it is not a BaseEngine")
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            raise EngineUnavailableError(
                f"the adapter of engine {self.name!r} ({self.reference}) is broken ({why})",
                "update or remove the package that registers it",
                kind="broken_adapter",
            ) from error
        return found

    def importable(self) -> bool:
        """Whether the engine's own modules are in this environment."""
        return self.engine_class.importable()

    def package_places(self) -> Mapping[str, str]:
        """Where a worker in another environment finds the adapter and what it imports of ours."""
        names = {*_OWN_PACKAGES, self.reference.partition(":")[0].partition(".")[0]}
        return {name: _place(name) for name in names}


def registered_engines() -> dict[str, RegisteredEngine]:
    """All engines by name. Where two packages take one name, the first found keeps it."""
    found: dict[str, RegisteredEngine] = {}
    for point in importlib.metadata.entry_points(group=GROUP):
        found.setdefault(point.name, RegisteredEngine(point.name, point.value))
    return dict(sorted(found.items()))


def find_engine(name: str) -> RegisteredEngine:
    """One engine. Raises CallError naming the nearest known ones."""
    engines = registered_engines()
    if name not in engines:
        near = difflib.get_close_matches(name, engines, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise CallError(
            f"there is no engine {name!r}",
            f"{hint}known engines: {', '.join(engines)}",
            kind="unknown_engine",
        )
    return engines[name]


def _place(name: str) -> str:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise EngineUnavailableError(f"module {name!r} cannot be found", "reinstall the package that has it")
    return str(Path(spec.origin).parent) if spec.submodule_search_locations else spec.origin
