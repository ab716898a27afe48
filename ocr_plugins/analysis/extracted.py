"""How well fields are taken out of readings: totals, vendors, plates, and whatever else a manifest tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ocr_plugins.corpus import Item
from ocr_plugins.document import Page, PageError
from ocr_plugins.errors import CallError
from ocr_plugins.fields import Extractor, extract_fields, find_extractors, registered_extractors
from ocr_plugins.fields.dates import Order
from ocr_plugins.fields.scoring import FieldScore, score_fields

# What corpora of receipts call a vendor.
_ALSO = {"company": "vendor"}


def expected_of(item: Item) -> dict[str, str]:
    """What a manifest says of a page's fields, by the names that extractors give them."""
    return {_ALSO.get(name, name): text for name, text in item.fields.items() if text}


def extractors_for(items: Iterable[Item]) -> tuple[Extractor[Any], ...]:
    """The extractors of what is said of the pages, with their defaults.

    Names that no extractor has, and extractors that cannot be had here, are left out.
    """
    names = {name for item in items for name in expected_of(item)}
    found: list[Extractor[Any]] = []
    for name, load in registered_extractors().items() if names else ():
        try:
            kind = load()
            gives = {*(kind.columns or (kind.name,))}
            if names & gives:
                found += find_extractors(name)
                names -= gives
        except CallError:
            continue
    return tuple(found)


def field_scores(
    items: Iterable[Item], results: Mapping[str, Page | PageError], extractors: Sequence[Extractor[Any]]
) -> dict[str, FieldScore]:
    """The score of each field that is said of the pages, by name. A page that failed has none."""
    known = {name for extractor in extractors for name in extractor.columns or (extractor.name,)}
    totals: dict[str, FieldScore] = {}
    for item in items:
        expected = {name: text for name, text in expected_of(item).items() if name in known}
        if not expected:
            continue
        result = results.get(item.id)
        found = extract_fields(result, extractors) if isinstance(result, Page) else None
        for name, score in score_fields(expected, found, order=_order(extractors)).items():
            totals[name] = totals.get(name, FieldScore()) + score
    return totals


def _order(extractors: Sequence[Extractor[Any]]) -> Order:
    """In which order the manifest's days are written: as the extractors are told that the pages' are."""
    said: Iterator[Order] = (getattr(extractor.options, "dates", "auto") for extractor in extractors)
    return next((order for order in said if order != "auto"), "dmy")
