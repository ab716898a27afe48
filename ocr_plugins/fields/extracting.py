"""Extractors by name, and what they find on pages.

A package registers its own under the entry-point group ``ocr_plugins.extractors``, as a class on the contract
of `Extractor`. One that fails costs its fields of that page, and takes nothing else down.
"""

from __future__ import annotations

import difflib
import functools
import importlib.metadata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ocr_plugins.document import Page
from ocr_plugins.errors import CallError
from ocr_plugins.fields.builtin import BUILTIN
from ocr_plugins.fields.contract import Extractor, ExtractorOptions
from ocr_plugins.fields.field import Field
from ocr_plugins.fields.rows import rows_of
from ocr_plugins.options import parse_options
from ocr_plugins.spec import parse_spec, split_specs

GROUP = "ocr_plugins.extractors"
_UPDATE = "update or remove the package that registers it"


@dataclass(frozen=True, slots=True)
class PageFields:
    """What was found on a page, and what went wrong there: a line for each extractor that failed."""

    fields: tuple[Field, ...]
    errors: tuple[str, ...] = ()

    def first(self, name: str) -> Field | None:
        """The field of a name that was found first; None where there is none."""
        return next((field for field in self.fields if field.name == name), None)


def registered_extractors() -> dict[str, Callable[[], type[Extractor[Any]]]]:
    """What gives each extractor's class, by name: the package's, then others'; the first of a name keeps it.

    Those of other packages are loaded when they are asked for, and raise CallError if they are broken.
    """
    found: dict[str, Callable[[], type[Extractor[Any]]]] = {
        kind.name: functools.partial(_builtin, kind) for kind in BUILTIN
    }
    for point in importlib.metadata.entry_points(group=GROUP):
        found.setdefault(point.name, functools.partial(_loaded, point))
    return found


def find_extractors(wanted: str) -> tuple[Extractor[Any], ...]:
    """Extractors with their options from ``NAME[:key=value...]``, separated by commas.

    Raises:
        CallError: an unknown name or option (naming the nearest), a value that does not fit, one that stands
            twice, one of another package that is broken, or a package that one needs is missing.
    """
    known = registered_extractors()
    found: dict[str, Extractor[Any]] = {}
    for text in split_specs(wanted):
        if not text.strip():
            raise CallError("no extractor was named", f"name some of {', '.join(known)}")
        spec = parse_spec(text, what="extractor")
        if spec.label != spec.text:
            raise CallError(f"extractors have no label, as in {text.strip()!r}", f"write {spec.text}")
        if spec.name not in known:
            near = difflib.get_close_matches(spec.name, known, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise CallError(
                f"there is no extractor {spec.name!r}", f"{hint}known extractors: {', '.join(known)}"
            )
        if spec.name in found:
            raise CallError(f"extractor {spec.name!r} stands twice", "name it once")
        kind = known[spec.name]()
        options = parse_options(kind.options_type, spec.name, dict(spec.options), what="extractor")
        found[spec.name] = _made(spec.name, kind, options)
    return tuple(found.values())


def extract_fields(page: Page, extractors: Sequence[Extractor[Any]]) -> PageFields:
    """What extractors find on a page, one after the other. One that raises costs its own fields alone."""
    rows = rows_of(page)
    fields: list[Field] = []
    errors = []
    for extractor in extractors:
        columns = extractor.columns or (extractor.name,)
        try:
            found = list(extractor.extract(page, rows))
            strange = sorted({field.name for field in found} - {*columns})
        except Exception as error:  # noqa: BLE001 - a stranger's extractor may raise anything
            # What an exception says may quote the page.
            errors.append(f"extractor {extractor.name!r} failed ({type(error).__name__})")
            continue
        fields.extend(field for field in found if field.name in columns)
        if strange:
            errors.append(f"extractor {extractor.name!r} gave a field that is no column of it: {strange[0]}")
    return PageFields(tuple(fields), tuple(errors))


def _builtin(kind: type[Extractor[Any]]) -> type[Extractor[Any]]:
    return kind


def _loaded(point: importlib.metadata.EntryPoint) -> type[Extractor[Any]]:
    try:
        kind: type[Extractor[Any]] = point.load()
        _check(kind)
    except Exception as error:
        raise CallError(
            f"extractor {point.name!r} ({point.value}) is broken ({type(error).__name__})", _UPDATE
        ) from error
    return kind


def _check(kind: Any) -> None:
    """Raises TypeError or AttributeError for what is no whole class on the contract."""
    if not (isinstance(kind, type) and issubclass(kind, Extractor)):
        raise TypeError("it is not an Extractor")
    texts = (kind.name, kind.help, *kind.columns)
    # The letters of a text would be columns too.
    whole = not isinstance(kind.__dict__.get("columns"), str)
    if not whole or not all(isinstance(text, str) and text for text in texts):
        raise TypeError("its name, help and columns are not all texts")
    if not issubclass(kind.options_type, ExtractorOptions):
        raise TypeError("its options are not ExtractorOptions")


def _made(name: str, kind: type[Extractor[Any]], options: Any) -> Extractor[Any]:
    try:
        return kind(options)
    except CallError:
        raise
    except Exception as error:
        raise CallError(f"extractor {name!r} cannot be had ({type(error).__name__})", _UPDATE) from error
