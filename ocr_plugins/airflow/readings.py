"""What batches came to: files of results at a place, and the references to them that tasks hand on.

A `Reference` is all that goes through XCom: names, hashes and counts, never a word of a document. The
file it stands for is JSON Lines: a head about the engine, then a row a page. A row of what an engine read
names the page's file in the place's store; a row of a vote holds the page itself, and the words that a person
should look at. Rows of failed pages hold the error.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from ocr_plugins.airflow.batches import Batch
from ocr_plugins.airflow.places import Place, label_folder
from ocr_plugins.corpus import Corpus, Item
from ocr_plugins.corrections import DoubtedWord, corrected
from ocr_plugins.document import Page, PageError, is_detection
from ocr_plugins.engine import EngineInfo
from ocr_plugins.errors import CallError
from ocr_plugins.evaluation import Convention
from ocr_plugins.formats.jsonl import record_to_result, result_to_record
from ocr_plugins.runs import EngineRun, Study
from ocr_plugins.spec import EngineSpec, parse_spec
from ocr_plugins.store import DamagedEntryError

T = TypeVar("T")

_SCHEMA_VERSION = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReference:
    """Where a batch of pages is told of: what a plan hands to the tasks that read it.

    ``documents`` is the same for batches of which one document is a part.
    """

    batch: str
    documents: int
    pages: int

    @property
    def file(self) -> str:
        return f"results/batches/{self.batch}.json"

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Raises CallError for what is none."""
        return _from_dict(cls, data, "reference to a batch", "give what a plan returned")

    def load(self, place: Place) -> Batch:
        """Raises CallError where the place does not have it."""
        found = place.read_json(self.file)
        if found is None:
            hint = "plan it again, with the same place"
            raise CallError(f"batch {self.batch} is not at {place.shown}", hint)
        return Batch.from_dict(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What an engine, or a vote, made of a batch.

    ``file`` is in the place, and ``sha256`` of its bytes. ``errors`` of the ``pages`` were not read;
    ``kept`` were read earlier. ``seconds`` is what reading took, now or when it was done, ``words`` how
    many were read.
    """

    batch: str
    documents: int
    engine: str
    spec: str
    fingerprint: str
    file: str
    sha256: str
    pages: int
    errors: int
    kept: int
    words: int
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Raises CallError for what is none."""
        return _from_dict(cls, data, "reference to readings", "give what a task that reads returned")

    @property
    def of_batch(self) -> BatchReference:
        """The batch that was read."""
        return BatchReference(batch=self.batch, documents=self.documents, pages=self.pages)

    @property
    def parsed(self) -> EngineSpec:
        """Whose results these are."""
        return parse_spec(self.spec if self.engine == self.spec else f"{self.engine}={self.spec}")

    def rows(self, place: Place) -> tuple[EngineInfo, list[dict[str, Any]]]:
        """The engine, and a row a page. Raises CallError where the file is gone or altered."""
        data = place.read(self.file)
        if data is None or hashlib.sha256(data).hexdigest() != self.sha256:
            what = "is not there" if data is None else "was altered"
            hint = "clear the task that made it, to run it again"
            raise CallError(f"{self.file} of {place.shown} {what}", hint)
        head, *rows = map(json.loads, data.splitlines())
        return EngineInfo.from_dict(head["info"]), rows


def _from_dict(kind: type[T], data: Mapping[str, Any], what: str, hint: str) -> T:
    try:
        return kind(**data)
    except TypeError as error:
        raise CallError(f"this is no {what} ({error})", hint) from None


def references_in(values: Any) -> list[Reference]:
    """All references in what tasks returned, however it is nested; what is empty is left out.

    Raises:
        CallError: something is none.
    """
    if values is None:
        return []
    if isinstance(values, Reference):
        return [values]
    if isinstance(values, Iterable) and not isinstance(values, Mapping | str | bytes):
        return [reference for value in values for reference in references_in(value)]
    return [Reference.from_dict(values)]


def by_batch(references: Iterable[Reference]) -> dict[str, list[Reference]]:
    """The references of each batch, in their order."""
    found: dict[str, list[Reference]] = {}
    for reference in references:
        found.setdefault(reference.batch, []).append(reference)
    return found


def results_name(batch: BatchReference, spec: EngineSpec, rests_on: Sequence[str]) -> str:
    """The name of what tells where results lie: the same in any run for the same pages, engine, and all it
    rests on.
    """
    parts = json.dumps([_SCHEMA_VERSION, batch.batch, spec.text, *rests_on])
    return f"results/{label_folder(spec.label)}/{hashlib.sha256(parts.encode()).hexdigest()[:24]}.json"


def find_results(place: Place, batch: BatchReference, spec: EngineSpec, name: str) -> Reference | None:
    """What an earlier task wrote; None where nobody did, or pages failed that may not do so again."""
    try:
        file = place.read_json(name)["file"]
        data = place.read(file)
        head, *rows = map(json.loads, (data or b"").splitlines())
        fingerprint = EngineInfo.from_dict(head["info"]).fingerprint
        if any(row["error"] for row in rows):
            return None
        return _reference(batch, spec, fingerprint, file, data or b"", rows, kept=len(rows))
    except (KeyError, TypeError, ValueError):
        return None


def write_results(
    place: Place,
    batch: BatchReference,
    run: EngineRun,
    name: str,
    doubts: Mapping[str, Sequence[DoubtedWord]] | None = None,
) -> Reference:
    """Writes what an engine, or a vote, made of a batch; ``doubts`` are a vote's, by the page's id."""
    assert run.info is not None  # noqa: S101 - only engines that ran are written
    head = {"schema_version": _SCHEMA_VERSION, "engine": run.label, "info": run.info.to_dict()}
    rows = [_row(page, result, run) for page, result in run.results.items()]
    if doubts is not None:
        for row in rows:
            row["doubts"] = [word.to_dict() for word in doubts.get(row["id"], ())]
    data = _lines(head, rows)
    # Two runs at once may read the same, in other seconds: neither's file takes the other's place.
    file = _write(place, name.removesuffix(".json"), data)
    place.write_json(name, {"file": file})
    return _reference(batch, run.spec, run.info.fingerprint, file, data, rows, kept=len(run.kept))


def write_corrected(
    place: Place,
    reference: Reference,
    label: str,
    changes: Mapping[str, Sequence[tuple[DoubtedWord, str]]],
) -> Reference:
    """Writes a vote's results with what people say of some words, by the page's id, under another label.

    Raises:
        CallError: the file is gone or altered.
    """
    info, rows = reference.rows(place)
    for row in rows:
        found = changes.get(row["id"])
        page = record_to_result(row["record"]) if found else None
        if found and isinstance(page, Page):
            better = corrected(page, found)
            done = {json.dumps(word.to_dict()) for word, _ in found}
            row["record"] = result_to_record(better, label, reference.spec)
            row["words"] = len(better.text.split())
            # Their places have moved with what was changed, and they are not asked for again.
            row["doubts"] = [word for word in row["doubts"] if json.dumps(word) not in done]
    head = {"schema_version": _SCHEMA_VERSION, "engine": label, "info": info.to_dict()}
    data = _lines(head, rows)
    file = _write(place, f"results/{label_folder(label)}/{reference.sha256[:24]}", data)
    spec = dataclasses.replace(reference.parsed, label=label)
    return _reference(reference.of_batch, spec, reference.fingerprint, file, data, rows, kept=0)


def _write(place: Place, stem: str, data: bytes) -> str:
    """Writes results under a name that has their hash."""
    file = f"{stem}-{hashlib.sha256(data).hexdigest()[:16]}.jsonl"
    place.write(file, data)
    return file


def _lines(head: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> bytes:
    text = "".join(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n" for line in (head, *rows))
    return text.encode("utf-8", "backslashreplace")


def _reference(
    batch: BatchReference,
    spec: EngineSpec,
    fingerprint: str,
    file: str,
    data: bytes,
    rows: Sequence[Mapping[str, Any]],
    kept: int,
) -> Reference:
    return Reference(
        batch=batch.batch,
        documents=batch.documents,
        engine=spec.label,
        spec=spec.text,
        fingerprint=fingerprint,
        file=file,
        sha256=hashlib.sha256(data).hexdigest(),
        pages=len(rows),
        errors=sum(row["error"] is not None for row in rows),
        kept=kept,
        words=sum(row["words"] for row in rows),
        seconds=round(sum(row["seconds"] or 0.0 for row in rows), 3),
    )


def _row(page: str, result: Page | PageError, run: EngineRun) -> dict[str, Any]:
    key = run.names.get(page)
    provenance = result.provenance
    row: dict[str, Any] = {
        "id": page,
        "key": key,
        "words": len(result.text.split()) if isinstance(result, Page) else 0,
        "seconds": provenance.seconds if provenance else None,
        "error": result.kind if isinstance(result, PageError) and not is_detection(result) else None,
    }
    return row if key is not None else row | {"record": result_to_record(result, run.label, run.spec.text)}


def study_of(place: Place, batch: Batch, references: Sequence[Reference], convention: Convention) -> Study:
    """What several engines made of a batch, as if it had just been read.

    Raises:
        CallError: a file is gone or altered.
    """
    study = Study(corpus=Corpus(items=batch.items()), convention=convention, store=place.store.shown)
    known = {item.id: item for item in study.corpus.items}
    for reference in references:
        info, rows = reference.rows(place)
        run = EngineRun(spec=reference.parsed, info=info)
        run.results = {row["id"]: result for row, result in _results(place, known, rows)}
        study.runs.append(run)
    return study


def _results(
    place: Place, items: Mapping[str, Item], rows: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[Mapping[str, Any], Page | PageError]]:
    for row in rows:
        if row["key"] is None:
            yield row, record_to_result(row["record"])
            continue
        ref = items[row["id"]].ref
        found = _kept(place, row["key"])
        if found is None:
            error = CallError(
                "what was read of this page is no longer kept", "run the task that reads it again"
            )
            yield row, PageError.of(error, ref.source, page=ref.page, id=ref.id, level=ref.level)
        else:
            yield row, dataclasses.replace(found, source=ref.source, page=ref.page, id=ref.id)


def _kept(place: Place, name: str) -> Page | PageError | None:
    try:
        return place.store.get_by_name(name)
    except DamagedEntryError:
        return None
