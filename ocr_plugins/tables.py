"""Results as pandas tables, with the same columns and types whether there are many or none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ocr_plugins.document import Page, PageError

if TYPE_CHECKING:
    import pandas as pd

#: Columns of a table of pages. What a page does not have is missing (NA).
READING_COLUMNS = {
    "id": "string",
    "source": "string",
    "page": "Int64",
    "text": "string",
    "seconds": "float64",
    "error": "string",
}
RESULT_COLUMNS = {
    "id": "string",
    "source": "string",
    "page": "Int64",
    "engine": "string",
    "text": "string",
    "cer": "float64",
    "cer_order_free": "float64",
    "wer": "float64",
    "word_f1": "float64",
    "seconds": "float64",
    "error": "string",
}
LEADERBOARD_COLUMNS = {
    "cer": "float64",
    "cer_order_free": "float64",
    "wer": "float64",
    "word_f1": "float64",
    "pages": "int64",
    "errors": "int64",
    "detections": "int64",
    "seconds_per_page": "float64",
    "peak_memory_mb": "float64",
}
EXPECTED_COLUMNS = {"cer": "float64", "low": "float64", "high": "float64", "best": "float64"}


def result_row(result: Page | PageError) -> dict[str, Any]:
    """What a table says about one result, scores aside."""
    row: dict[str, Any] = {"id": result.id, "source": result.source, "page": result.page}
    row["seconds"] = result.provenance.seconds if result.provenance else None
    if isinstance(result, PageError):
        return row | {"text": None, "error": str(result)}
    return row | {"text": result.text, "error": None}


def to_frame(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> pd.DataFrame:
    """A row for each of ``rows``; ``columns`` maps names to types."""
    import pandas as pd

    return pd.DataFrame(list(rows), columns=list(columns), dtype=object).astype(dict(columns))
