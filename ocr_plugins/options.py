"""Typed options of engines: frozen dataclasses whose fields say meaning, choices and range.

Imports nothing but the standard library: engines' worker processes load it.
"""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, Field, asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from ocr_plugins.errors import CallError
from ocr_plugins.languages import normalise_lang

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

OptionsT = TypeVar("OptionsT", bound="Options")
DataT = TypeVar("DataT", bound="DataclassInstance")


def option(
    default: Any,
    help: str,  # noqa: A002 - the word that argparse, click and typer use
    *,
    minimum: float | None = None,
    maximum: float | None = None,
) -> Any:
    """A dataclass field with what ``ocr-plugins engines`` prints about it. Bounds are inclusive."""
    return field(default=default, metadata={"help": help, "minimum": minimum, "maximum": maximum})


@dataclass(frozen=True, kw_only=True)
class Options:
    """What every engine takes. An adapter adds its own fields in a subclass.

    Raises:
        CallError: a value outside its field's choices or range.
    """

    lang: str = option("en", "language, ISO 639-1; several joined by +")
    device: str = option("cpu", "where to compute: cpu, cuda or cuda:N")

    def __post_init__(self) -> None:
        object.__setattr__(self, "lang", normalise_lang(self.lang))
        check_options(self)

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self.lang.split("+"))

    def to_dict(self) -> dict[str, Any]:
        """JSON values. Paths are left out: the hashes of the files they lead to say more."""
        hints = get_type_hints(type(self))
        return {key: value for key, value in asdict(self).items() if bare_type(hints[key]) is not Path}


def check_options(options: DataclassInstance) -> None:
    """Raises CallError for a field outside its choices or range."""
    hints = get_type_hints(type(options))
    for f in fields(options):
        value = getattr(options, f.name)
        if value is None:
            continue
        choices = _choices(hints[f.name])
        if choices and value not in choices:
            raise CallError(f"{f.name}={value} is not allowed", f"choose {', '.join(map(str, choices))}")
        low, high = f.metadata.get("minimum"), f.metadata.get("maximum")
        if (low is not None and not value >= low) or (high is not None and not value <= high):
            raise CallError(f"{f.name}={value} is out of range", f"give {_range(low, high)}")


def parse_options(
    options_type: type[DataT], name: str, given: Mapping[str, str], *, what: str = "engine"
) -> DataT:
    """Options from the texts of an EngineSpec.

    Args:
        name: of whoever takes them, for messages.
        what: that is.

    Raises:
        CallError: an unknown option (naming the nearest known one) or a value that does not fit.
    """
    hints = get_type_hints(options_type)
    known = [f.name for f in fields(options_type)]
    values = {}
    for key, text in given.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise CallError(
                f"{what} {name!r} has no option {key!r}",
                f"{hint}it takes {', '.join(known)}",
                kind="unknown_option",
            )
        values[key] = _convert(f"{what} {name!r}", key, text, hints[key])
    try:
        return options_type(**values)
    except CallError as error:
        raise CallError(f"{what} {name!r}: {error.message}", error.hint, kind="bad_option") from None


def describe_options(options_type: type[DataclassInstance]) -> dict[str, dict[str, Any]]:
    """Name -> default, type, choices, range and help of each option, as JSON values."""
    hints = get_type_hints(options_type)
    return {f.name: _describe(f, hints[f.name]) for f in fields(options_type)}


def _describe(f: Field[Any], hint: Any) -> dict[str, Any]:
    default = None if f.default is MISSING else f.default
    out = {
        "help": f.metadata.get("help", ""),
        "default": str(default) if isinstance(default, Path) else default,
    }
    if choices := _choices(hint):
        out["choices"] = list(choices)
    for bound in ("minimum", "maximum"):
        if f.metadata.get(bound) is not None:
            out[bound] = f.metadata[bound]
    return out


def bare_type(hint: Any) -> Any:
    """``X | None`` as X."""
    if get_origin(hint) in (Union, types.UnionType):
        return next(arg for arg in get_args(hint) if arg is not type(None))
    return hint


def _choices(hint: Any) -> tuple[Any, ...]:
    bare = bare_type(hint)
    return get_args(bare) if get_origin(bare) is typing.Literal else ()


def _range(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"{low} to {high}"
    return f"at least {low}" if high is None else f"at most {high}"


def _convert(whose: str, key: str, text: str, hint: Any) -> Any:
    bare = bare_type(hint)
    if choices := _choices(hint):
        by_text = {str(choice): choice for choice in choices}
        return by_text.get(text, text)
    try:
        if bare is bool:
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[
                text.lower()
            ]
        if bare in (int, float, Path):
            return bare(text)
    except (ValueError, KeyError):
        wanted = {bool: "true or false", int: "a whole number", float: "a number"}[bare]
        raise CallError(f"{whose}: {key}={text} does not fit", f"give {wanted}", kind="bad_option") from None
    return text
