"""Hypothesis strategies for the document model."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from ocr_plugins.document import Glyph, Line, Page, PageError, Polygon, Provenance, Region, Word

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
probabilities = st.floats(0, 1)
coordinates = st.floats(-1e5, 1e5)
polygons = st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=6).map(
    lambda points: Polygon(tuple(points))
)


@st.composite
def shared(draw: st.DrawFn) -> dict[str, Any]:
    confidence = draw(st.none() | probabilities)
    return {
        "text": draw(texts),
        "polygon": draw(st.none() | polygons),
        "confidence": confidence,
        "confidence_kind": None if confidence is None else draw(st.sampled_from(["ctc-mean", "word"])),
        "calibrated": draw(st.none() | probabilities),
        "alternatives": draw(st.lists(st.tuples(texts, probabilities), max_size=2).map(tuple)),
    }


glyphs = shared().map(lambda s: Glyph(**s))
words = st.builds(lambda s, g: Word(**s, glyphs=tuple(g)), shared(), st.lists(glyphs, max_size=2))
lines = st.builds(lambda s, w: Line(**s, words=tuple(w)), shared(), st.lists(words, max_size=3))
regions = st.builds(
    lambda found, kind, polygon: Region(lines=tuple(found), kind=kind, polygon=polygon),
    st.lists(lines, max_size=2),
    st.sampled_from(["text", "table"]),
    st.none() | polygons,
)
provenances = st.builds(
    Provenance,
    engine=texts,
    spec=texts,
    fingerprint=texts,
    version=texts,
    weights=st.dictionaries(texts, texts, max_size=2),
    options=st.dictionaries(texts, st.none() | st.booleans() | st.integers() | texts, max_size=2),
    preprocessing=st.lists(texts, max_size=2).map(tuple),
    seconds=st.none() | st.floats(0, 1e6),
)
places = {
    "source": texts,
    "id": st.none() | texts,
    "level": st.sampled_from(["page", "line", "word"]),
    "provenance": st.none() | provenances,
}
contents = st.one_of(
    st.lists(lines, max_size=3).map(lambda found: {"lines": tuple(found)}),
    st.lists(regions, min_size=1, max_size=3).map(lambda found: {"regions": tuple(found)}),
)
pages = st.builds(
    lambda content, **values: Page(**content, **values),
    contents,
    page=st.integers(1, 5),
    size=st.none() | st.tuples(st.integers(1, 9999), st.integers(1, 9999)),
    dpi=st.none() | st.floats(1, 2400),
    **places,
)
page_errors = st.builds(
    PageError,
    page=st.none() | st.integers(1, 5),
    kind=texts,
    message=texts,
    hint=texts,
    detail=texts,
    **places,
)
