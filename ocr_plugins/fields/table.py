"""Fields as a table: a row a page, a column for each field and one for how probable it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ocr_plugins.document import Page, PageError
from ocr_plugins.fields.contract import Extractor
from ocr_plugins.fields.extracting import PageFields
from ocr_plugins.fields.field import Field

_PAGE = ("id", "source", "page", "engine")
_REST = ("notes", "error")
# Of fields that a page may have several of.
_BETWEEN = "; "


def columns_of(extractors: Sequence[Extractor[Any]]) -> tuple[str, ...]:
    """The names of a table's columns, in order."""
    names = dict.fromkeys(name for extractor in extractors for name in extractor.columns or (extractor.name,))
    return (*_PAGE, *map(_column, names), *(f"{name}_probability" for name in names), *_REST)


def _column(name: str) -> str:
    """A field's column: one called as what is told of the page has a name of its own."""
    return f"{name}_value" if name in (*_PAGE, *_REST) else name


def row_of(result: Page | PageError, engine: str, found: PageFields | None) -> dict[str, Any]:
    """One page: what there is not is missing.

    Args:
        found: what the extractors found; None for a page that could not be read.
    """
    row: dict[str, Any] = {"id": result.id, "source": result.source, "page": result.page, "engine": engine}
    if isinstance(result, PageError) or found is None:
        return {**row, "error": str(result) if isinstance(result, PageError) else None}
    by_name: dict[str, list[Field]] = {}
    for field in found.fields:
        by_name.setdefault(field.name, []).append(field)
    for name, fields in by_name.items():
        row[_column(name)] = _BETWEEN.join(field.shown for field in fields)
        row[f"{name}_probability"] = _BETWEEN.join(f"{field.probability:.3f}" for field in fields)
    notes = (f"{field.name}: {note}" for field in found.fields for note in field.notes)
    return {**row, "notes": _BETWEEN.join(notes) or None, "error": _BETWEEN.join(found.errors) or None}
