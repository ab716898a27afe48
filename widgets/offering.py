"""What can be tried in the widget: engines and preprocessing steps with their options."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

from ocr_plugins.environments import environment_python
from ocr_plugins.errors import CallError
from ocr_plugins.host import HostSettings
from ocr_plugins.options import bare_type, describe_options
from ocr_plugins.preprocess import STEPS
from ocr_plugins.registry import RegisteredEngine, find_engine, registered_engines
from ocr_plugins.spec import parse_spec

from .state import Offer, Offered, Option

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# What says where an engine runs and not how it reads is not tried on a page.
_NOT_TRIED = ("device",)
# What every engine takes besides its own options; steps have a place of their own.
_OF_ALL = ("order", "hyphens")
# They read what others have read before, or nothing, or send pages to an address.
_NO_ENGINES = ("files", "null", "vlm")
# Options that name what comes with the package, or a file.
_NAMES_OR_FILES = ("correct", "weights")
_NAME = re.compile(r"[A-Za-z0-9_+-]*")


def offer() -> Offer:
    """All engines, also those that are not installed, and all steps."""
    of_all = [option for option in _options(HostSettings) if option["name"] in _OF_ALL]
    engines = [
        Offered(
            name=name,
            help="",
            state=_state(engine),
            options=[*_options(engine.engine_class.options_type), *of_all],
        )
        for name, engine in registered_engines().items()
        if name not in _NO_ENGINES and _reads(engine)
    ]
    steps = [
        Offered(name=name, help=step.help, state="ready", options=_options(step))
        for name, step in STEPS.items()
    ]
    return Offer(engines=engines, steps=steps)


def check_offered(text: str) -> str:
    """A spec that a browser may ask for: what is offered, and no files of this machine. Raises CallError."""
    spec = parse_spec(text)
    engine = find_engine(spec.name)
    if spec.name in _NO_ENGINES or not _reads(engine):
        raise CallError(f"{spec.name} is not for trying on a page", "take another engine")
    hints = get_type_hints(HostSettings) | get_type_hints(engine.engine_class.options_type)
    for key, value in spec.options:
        if key == "detector":
            check_offered(value)
        elif _names_file(hints.get(key)) or (key in _NAMES_OR_FILES and not _NAME.fullmatch(value)):
            raise CallError(f"{key} names a file", "call w.add() in Python")
    return text


def _names_file(hint: Any) -> bool:
    """Whether an option is a path: those are for Python and the command line."""
    return bare_type(hint) is Path


def _reads(engine: RegisteredEngine) -> bool:
    """Whether it does more than find lines."""
    return not hasattr(engine.engine_class, "detect") or hasattr(engine.engine_class, "recognize")


def _state(engine: RegisteredEngine) -> str:
    there = engine.importable() or environment_python(engine.name)
    return "ready" if there else f"not installed: {engine.engine_class.install_hint}"


def _options(options_type: type[DataclassInstance]) -> list[Option]:
    hints = get_type_hints(options_type)
    told = describe_options(options_type)
    return [
        _option(f.name, hints[f.name], told[f.name])
        for f in fields(options_type)
        if f.name not in _NOT_TRIED and not _names_file(hints[f.name])
    ]


def _option(name: str, hint: Any, told: dict[str, Any]) -> Option:
    bare = bare_type(hint)
    choices = told.get("choices")
    default = told["default"]
    return Option(
        name=name,
        help=told["help"],
        kind="flag" if bare is bool else "number" if bare in (int, float) else "text",
        default="" if default is None else str(default).lower() if bare is bool else str(default),
        choices=[str(choice) for choice in choices] if choices else None,
        minimum=told.get("minimum"),
        maximum=told.get("maximum"),
    )
