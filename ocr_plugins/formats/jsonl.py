"""Results as JSON Lines: one flat object for each page an engine read, or could not read.

Keys: ``schema_version, id, source, page, level, engine`` (the label), ``spec, fingerprint,
size, dpi, text, lines, words, regions, seconds, error, detected, from_store, provenance``.
``lines`` have no words inside; each of ``words`` names its line's place in ``lines`` as ``line``,
and each line in a region that region's place in ``regions``. ``error`` is null, or an object with
``kind, message, hint, detail``; then everything that was read is null. ``detected`` is null, or
the polygons, in reading order, of lines that were found by what cannot read them: such a record
has an error that says why. ``from_store`` is true where the page was read in an earlier run and
kept; ``seconds`` is the time it took then. `record_to_result` reads a record back without loss.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocr_plugins.document import SCHEMA_VERSION, Line, Page, PageError, Provenance, check_schema

if TYPE_CHECKING:
    from ocr_plugins.ensemble.vote import Vote


def page_json(page: Page) -> str:
    """The nested document model of one page, indented."""
    return json.dumps(page.to_dict(), ensure_ascii=False, indent=1) + "\n"


def result_to_record(
    result: Page | PageError, label: str | None, spec: str | None = None, *, from_store: bool = False
) -> dict[str, Any]:
    """One page's flat record. ``label`` is None where no engine ever saw the page."""
    provenance = result.provenance
    record: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "id": result.id,
        "source": result.source,
        "page": result.page,
        "level": result.level,
        "engine": label,
        "spec": provenance.spec if provenance else spec,
        "fingerprint": provenance.fingerprint if provenance else None,
    }
    seconds = provenance.seconds if provenance else None
    if isinstance(result, PageError):
        record |= dict.fromkeys(("size", "dpi", "text", "lines", "words", "regions")) | {"seconds": seconds}
        record["error"] = {key: getattr(result, key) for key in ("kind", "message", "hint", "detail")}
        record["detected"] = result.to_dict().get("detected")
    else:
        record |= _content(result) | {"seconds": seconds, "error": None, "detected": None}
    record["from_store"] = from_store
    record["provenance"] = provenance.to_dict() if provenance else None
    return record


def record_to_result(record: Mapping[str, Any]) -> Page | PageError:
    """What `result_to_record` was given. Raises ValueError for another schema version."""
    check_schema(record)
    about: dict[str, Any] = {key: record.get(key) for key in ("source", "page", "id", "level")}
    if record.get("provenance"):
        about["provenance"] = Provenance.from_dict(record["provenance"])
    if record.get("error"):
        error = PageError(**about, **record["error"])
        return PageError.from_dict({**error.to_dict(), "detected": record.get("detected")})
    lines: list[dict[str, Any]] = [{**line, "words": []} for line in record["lines"]]
    for word in record["words"]:
        lines[word["line"]]["words"].append(word)
    regions: list[dict[str, Any]] = [{**region, "lines": []} for region in record["regions"]]
    if regions:
        for line in lines:
            regions[line["region"]]["lines"].append(line)
    nested = {**record, "lines": [] if regions else lines, "regions": regions}
    return Page.from_dict({**nested, "provenance": record.get("provenance")})


def vote_record(vote: Vote, item: str, label: str) -> dict[str, Any]:
    """One voted page: who voted, who was dropped and why, and of every word what each reading said."""
    return {
        "schema_version": SCHEMA_VERSION,
        "id": item,
        "engine": label,
        "method": vote.method,
        "voters": list(vote.voters),
        "dropped": dict(vote.dropped),
        "words": [word.to_dict() for word in vote.words],
    }


def write_record(file: Any, record: Mapping[str, Any]) -> None:
    """One line, on its way to the disk when this returns: an interrupted run keeps it."""
    file.write(json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n")
    file.flush()


def read_records(path: Path) -> Iterator[dict[str, Any]]:
    """All records of a results file."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _content(page: Page) -> dict[str, Any]:
    lines: list[dict[str, Any]] = []
    words: list[dict[str, Any]] = []
    regions: list[dict[str, Any]] = []
    groups: Iterable[tuple[int | None, tuple[Line, ...]]] = [(None, page.lines)]
    if page.regions:
        groups = [(place, region.lines) for place, region in enumerate(page.regions)]
        regions = [{k: v for k, v in region.to_dict().items() if k != "lines"} for region in page.regions]
    for place, group in groups:
        for line in group:
            flat = line.to_dict()
            words += [{"line": len(lines), **word} for word in flat.pop("words", ())]
            lines.append(flat if place is None else {"region": place, **flat})
    return {
        "size": list(page.size) if page.size else None,
        "dpi": page.dpi,
        "text": page.text,
        "lines": lines,
        "words": words,
        "regions": regions,
    }
