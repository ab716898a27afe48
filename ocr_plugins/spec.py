"""EngineSpec: an engine with its options, written ``[LABEL=]NAME[:key=value[:key=value...]]``.

One parser for the command line, DAGs, the widget and studies. A comma separates several
specs; a backslash takes away the meaning of a ``:``, ``,``, ``=`` or backslash in a value. The ``:`` of
``://`` has none, nor has one before a digit, so that URLs stand as they are.
A file ending in ``.toml`` is a recipe with a table an engine::

    [engines.tess6]
    engine = "tesseract"
    psm = 6
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from ocr_plugins.errors import CallError

_GRAMMAR = "write [LABEL=]NAME[:key=value[:key=value...]], for instance tess6=tesseract:psm=6"
#: Written like an engine: it votes on what the others of a run have read.
VOTE = "vote"
#: The same, where dearer engines are asked only for pages that cheaper ones leave in doubt.
CASCADE = "cascade"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_LABEL = re.compile(r"[^\s=:,\\/]+")
_SIGN = re.compile(r"\\.?|://|:(?=\d)\d|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """An engine's registered name, its options as text, and the label of its results.

    The label is the spec without one, unless the user gives it.
    """

    name: str
    options: tuple[tuple[str, str], ...] = ()
    label: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise CallError(f"{self.name!r} is not an engine's name", _GRAMMAR)
        keys = [key for key, _ in self.options]
        for key in keys:
            if not _NAME.fullmatch(key):
                raise CallError(f"{key!r} is not an option's name", _GRAMMAR)
            if keys.count(key) > 1:
                raise CallError(f"option {key!r} stands twice in {self.text!r}", "give it once")
        if not self.label:
            object.__setattr__(self, "label", self.text)
        elif (
            self.label != self.text and not self._is_shorter(self.label) and not _LABEL.fullmatch(self.label)
        ):
            raise CallError(
                f"{self.label!r} is not a label",
                "use letters, digits and signs other than = : , \\ / and spaces",
            )

    def _is_shorter(self, label: str) -> bool:
        """Whether it is the same spec without some options, as it was before defaults were added."""
        return label == self.name or label.startswith(f"{self.name}:")

    @property
    def is_vote(self) -> bool:
        """Whether it looks at no page and votes on what the other engines of the run have read."""
        return self.name in (VOTE, CASCADE)

    @property
    def is_cascade(self) -> bool:
        """Whether it is a vote that asks one engine after the other, as long as there is doubt."""
        return self.name == CASCADE

    @property
    def text(self) -> str:
        """The spec as it can be written again, without the label."""
        return ":".join([self.name, *(f"{key}={_escape(value)}" for key, value in self.options)])

    def with_defaults(self, **defaults: str | None) -> Self:
        """The same spec with options it does not name yet; None gives no default. Keeps the label."""
        given = dict(self.options)
        added = tuple((k, v) for k, v in defaults.items() if v is not None and k not in given)
        return replace(self, options=self.options + added)

    def __str__(self) -> str:
        return self.text if self.label == self.text else f"{self.label}={self.text}"


def split_specs(text: str) -> list[str]:
    """The specs of a comma-separated text, each as it is written; backslashes stay."""
    return _split(text, ",")


def parse_spec(text: str, *, what: str = "engine") -> EngineSpec:
    """One EngineSpec from its text. Raises CallError with the grammar where it does not fit.

    Args:
        what: of what kind it is, for what is said of it.
    """
    grammar = _GRAMMAR if what == "engine" else "write NAME:key=value, as `ocr-plugins fields` lists them"
    head, *rest = _split(text.strip(), ":")
    label, name = "", head
    if "=" in head:
        label, _, name = head.partition("=")
        if not label:
            raise CallError(f"{what} {text!r} has an empty label", grammar)
    if not name:
        raise CallError(f"{what} {text!r} has no name", grammar)
    options = []
    for part in rest:
        key, equals, value = part.partition("=")
        if not equals or not key:
            raise CallError(f"option {part!r} of {what} {text!r} is not key=value", grammar)
        options.append((key, _unescape(value)))
    return EngineSpec(name, tuple(options), label)


def parse_specs(texts: str | Iterable[str | EngineSpec]) -> tuple[EngineSpec, ...]:
    """All specs of a comma-separated text, or of several; recipes are opened.

    Raises:
        CallError: a spec that does not fit the grammar, no spec at all, or two of one label.
    """
    specs: list[EngineSpec] = []
    for item in [texts] if isinstance(texts, str) else texts:
        if isinstance(item, EngineSpec):
            specs.append(item)
            continue
        for text in split_specs(item):
            if not text.strip():
                raise CallError(f"engine list {item!r} has an empty place", "separate specs by single commas")
            if text.strip().endswith(".toml"):
                specs.extend(read_recipe(Path(text.strip())))
            else:
                specs.append(parse_spec(text))
    if not specs:
        raise CallError("no engine was named", "name at least one, for instance tesseract")
    _check_labels(specs)
    return tuple(specs)


def read_recipe(path: Path) -> tuple[EngineSpec, ...]:
    """The specs of a TOML recipe, in its order. Raises CallError naming what does not fit."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8")).get("engines")
    except FileNotFoundError:
        raise CallError(f"recipe {path} does not exist", "check the path") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CallError(f"recipe {path} cannot be read", str(error)) from None
    if not isinstance(tables, Mapping) or not tables:
        raise CallError(f"recipe {path} names no engine", "give it a table such as [engines.tesseract]")
    specs = []
    for label, table in tables.items():
        if not isinstance(table, Mapping):
            raise CallError(f"recipe {path}: engines.{label} is not a table", f"write [engines.{label}]")
        options = tuple((key, _scalar(path, key, value)) for key, value in table.items() if key != "engine")
        specs.append(EngineSpec(str(table.get("engine", label)), options, label))
    return tuple(specs)


def _scalar(path: Path, key: str, value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise CallError(f"recipe {path}: option {key!r} is a {type(value).__name__}", "give it one value")


def _check_labels(specs: Sequence[EngineSpec]) -> None:
    seen: dict[str, EngineSpec] = {}
    for spec in specs:
        if spec.label in seen:
            raise CallError(
                f"two engines are labelled {spec.label!r}", f"name one of them, as in other={spec.text}"
            )
        seen[spec.label] = spec


def _split(text: str, separator: str) -> list[str]:
    """``text`` cut at each separator that no backslash stands before; backslashes stay."""
    parts = [""]
    for sign in _SIGN.findall(text):
        if sign == separator:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def _escape(value: str) -> str:
    return re.sub(r"(:(?!//|\d)|[,\\])", r"\\\1", value)


def _unescape(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value)
