"""Typed fields of a page in the widget: taken out of its vote, in which a person has the last word."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from ocr_plugins.corpus import Item
from ocr_plugins.errors import OcrError
from ocr_plugins.fields import Extractor, Field, extract_fields
from ocr_plugins.fields.field import shown
from ocr_plugins.tables import to_frame

from .kept import placed
from .state import Ballot, Box, Found, FoundField
from .views import Viewer

if TYPE_CHECKING:
    import pandas as pd

#: What ids of fields begin with, so that no cell is called alike.
PREFIX = "field:"
# So many of the values that a field may have besides its own are shown, of those that are at all likely.
_OTHERS, _LIKELY = 3, 0.01


def found_on(
    viewer: Viewer,
    item: Item,
    said: Mapping[str, str],
    ballot: Ballot,
    extractors: Sequence[Extractor[Any]],
) -> Found:
    """The fields of a page; what goes wrong is in it.

    Args:
        viewer: of the study as it is.
        item: of the study.
        said: what a person said of the page's words and fields, by their ids.
        ballot: how is voted.
        extractors: what is looked for.
    """
    fields: list[FoundField] = []
    error = None
    if viewer.has_read(item):
        try:
            found = extract_fields(viewer.corrected(item, said, ballot), extractors)
            fields = [_found(field, name) for name, field in _named(found.fields, extractors)]
            error = "; ".join(found.errors) or None
        except OcrError as problem:
            error = str(problem)
        except Exception as problem:  # noqa: BLE001 - as where pages are read, it costs this page alone
            error = f"no fields can be taken out of this page ({type(problem).__name__})"
    there = {field["name"] for field in fields}
    fields += [_empty(PREFIX + name) for name in _columns(extractors) if name not in there]
    ids = boxes_of(Found(page=item.id, fields=fields, error=None))
    # What was said of a field that is no longer found is not lost.
    fields += [_empty(name) for name in placed(said, ids) if name.startswith(PREFIX) and name not in ids]
    order = [*_columns(extractors)]
    fields.sort(key=lambda field: order.index(field["name"]) if field["name"] in order else len(order))
    return Found(page=item.id, fields=fields, error=error)


def boxes_of(found: Found) -> dict[str, Box | None]:
    """The boxes of all fields, by their ids."""
    return {field["id"]: enclosing_box(field) for field in found["fields"]}


def enclosing_box(field: FoundField) -> Box | None:
    """The box around a field's words."""
    if not field["boxes"]:
        return None
    x0, y0, x1, y1 = zip(*field["boxes"], strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def with_kept(found: Found, kept: Mapping[str, str]) -> Found:
    """The same with what a person said before."""
    said = placed(kept, boxes_of(found))
    fields: list[FoundField] = [{**field, "kept": said.get(field["id"])} for field in found["fields"]]
    return {**found, "fields": fields}


def fields_table(pages: Iterable[tuple[Found, Mapping[str, str]]]) -> pd.DataFrame:
    """A row a field of each page: those that were found, and those that a person has put there.

    A page on which something went wrong has a row with the ``error``.

    Args:
        pages: the fields of each, with what a person said there.
    """
    columns = {"page": "string", "field": "string", "cell": "string", "value": "string", "unit": "string"}
    columns |= {"probability": "float64", "notes": "string", "correction": "string"}
    columns |= {"error": "string"}
    return to_frame([row for found, said in pages for row in _rows(found, said)], columns)


def _rows(found: Found, said: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    if found["error"]:
        yield {"page": found["page"], "error": found["error"]}
    corrections = placed(said, boxes_of(found))
    for field in found["fields"]:
        correction = corrections.get(field["id"])
        if not field["value"] and correction is None:
            continue
        yield {
            "page": found["page"],
            "field": field["name"],
            "cell": field["id"],
            "value": field["value"] or None,
            "unit": field["unit"] or None,
            "probability": field["probability"] if field["value"] else None,
            "notes": "; ".join(field["notes"]) or None,
            "correction": correction,
        }


def _columns(extractors: Sequence[Extractor[Any]]) -> list[str]:
    """The names of all fields, in the order in which they are shown."""
    names = (name for extractor in extractors for name in extractor.columns or (extractor.name,))
    return [*dict.fromkeys(names)]


def _named(fields: Iterable[Field], extractors: Sequence[Extractor[Any]]) -> Iterator[tuple[str, Field]]:
    """Fields with their ids: those of which a page has one go by name, others by their place as well."""
    single = {name for extractor in extractors for name in extractor.columns}
    ids = Counter[str]()
    for field in fields:
        name = PREFIX + field.name
        if field.name not in single and field.box:
            name += "@" + ",".join(str(round(value)) for value in field.box)
        ids[name] += 1
        yield name if ids[name] == 1 else f"{name}#{ids[name]}", field


def _found(field: Field, name: str) -> FoundField:
    kind: Literal["text", "date", "amount"] = "text"
    if not isinstance(field.value, str):
        kind = "amount" if isinstance(field.value, Decimal) else "date"
    return FoundField(
        id=name,
        name=field.name,
        kind=kind,
        value=field.shown,
        unit=field.unit,
        probability=round(field.probability, 4),
        boxes=[(round(x0), round(y0), round(x1), round(y1)) for x0, y0, x1, y1 in field.boxes],
        others=[(shown(value), round(sure, 4)) for value, sure in field.others[:_OTHERS] if sure >= _LIKELY],
        notes=list(field.notes),
        kept=None,
    )


def _empty(name: str) -> FoundField:
    return FoundField(
        id=name,
        name=re.split("[@#]", name.removeprefix(PREFIX))[0],
        kind="text",
        value="",
        unit="",
        probability=0.0,
        boxes=[],
        others=[],
        notes=[],
        kept=None,
    )
