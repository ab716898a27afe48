"""Words of views as a pandas table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ocr_plugins.tables import to_frame

from .state import Cell, View

if TYPE_CHECKING:
    import pandas as pd


def words_table(labels: Sequence[str], views: Iterable[tuple[View, Mapping[str, str]]]) -> pd.DataFrame:
    """A row a cell, the most doubtful first.

    Args:
        labels: of the engines, a column each.
        views: of pages, with what a person said of their cells.
    """
    rows = [
        _row(view, cell, said.get(cell["id"]))
        for view, said in views
        for line in view["lines"]
        for cell in line
    ]
    columns = {"page": "string", "cell": "string", "vote": "string", "probability": "float64"}
    columns |= dict.fromkeys([*labels, "truth", "correction"], "string")
    return to_frame(rows, columns).sort_values("probability", kind="stable", ignore_index=True)


def _row(view: View, cell: Cell, correction: str | None) -> dict[str, Any]:
    said, voters = cell["said"], view["voters"]
    readings = [said] * len(voters) if isinstance(said, str) else said
    truth = None
    if view["truth"] is not None and cell["truth"] is not None:
        first, count = cell["truth"]
        truth = "".join(view["truth"][first : first + count]).strip()
    return {
        "page": view["id"],
        "cell": cell["id"],
        "vote": cell["learned"]["text"],
        "probability": cell["learned"]["probability"],
        **dict(zip(voters, readings, strict=True)),
        "truth": truth,
        "correction": correction,
    }
