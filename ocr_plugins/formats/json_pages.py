"""Pages as JSON: the nested document model of one page, or a flat record a line.

What is read from them may have been read by several engines: each record says by which.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ocr_plugins.document import Page
from ocr_plugins.errors import SourceError
from ocr_plugins.formats.base import Format, TextWriter
from ocr_plugins.formats.jsonl import page_json, record_to_result, result_to_record


def _open_json(path: Path) -> TextWriter:
    return TextWriter(path, lambda page, _: page_json(page))


def _open_records(path: Path) -> TextWriter:
    return TextWriter(path, lambda page, _: json.dumps(_record(page), ensure_ascii=False) + "\n")


def _record(page: Page) -> dict[str, object]:
    return result_to_record(page, page.provenance.engine if page.provenance else None)


def _read_json(data: bytes, name: str) -> Iterator[Page]:
    try:
        yield Page.from_dict(json.loads(data))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _bad(name, "is no page", error) from None


def _read_records(data: bytes, name: str) -> Iterator[Page]:
    """The pages of a file of records; those of errors are left out."""
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            result = record_to_result(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise _bad(f"line {number} of {name}", "is no page's record", error) from None
        if isinstance(result, Page):
            yield result


def _bad(name: str, what: str, error: Exception) -> SourceError:
    return SourceError(f"{name} {what} ({type(error).__name__})", "take what read --out wrote", "bad_json")


JSON = Format(
    name="json",
    ending=".json",
    help="the document model of a page, with all that is known of it",
    open=_open_json,
    read=_read_json,
)
JSONL = Format(
    name="jsonl",
    ending=".jsonl",
    help="JSON Lines: a flat record a page, as in results.jsonl",
    open=_open_records,
    read=_read_records,
    many=True,
)
