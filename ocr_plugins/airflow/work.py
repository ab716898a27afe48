"""What tasks do with batches: read them, vote on them, write their files and tables of their fields."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocr_plugins import __version__
from ocr_plugins.airflow.batches import Batch
from ocr_plugins.airflow.places import Place, label_folder
from ocr_plugins.airflow.readings import (
    BatchReference,
    Reference,
    find_results,
    results_name,
    study_of,
    write_results,
)
from ocr_plugins.airflow.weights_at import specs_here
from ocr_plugins.corpus import Corpus
from ocr_plugins.corrections import DoubtedWord, doubted_words
from ocr_plugins.document import Page, PageError
from ocr_plugins.ensemble.vote import Vote
from ocr_plugins.errors import CallError
from ocr_plugins.evaluation import get_convention
from ocr_plugins.fields import Extractor
from ocr_plugins.fields_recording import CSV, JSONL, FieldsFiles
from ocr_plugins.formats import Format
from ocr_plugins.host import prepare_engine
from ocr_plugins.runs import EngineRun, Watcher, check_specs, run_study
from ocr_plugins.spec import EngineSpec
from ocr_plugins.vote_options import vote_options
from ocr_plugins.voted import Asking, check_votes, run_vote
from ocr_plugins.writing import PageFiles, ToCome

_CONVENTION = get_convention("default")
# Of each page so many of the words that a vote is less sure of are kept for people to look at.
_DOUBTS, _SURE = 50, 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """How engines read.

    Args:
        specs: engines, and votes or cascades on what they read.
        lang: language, ISO 639-1, where a spec names none.
        device: ``cpu``, ``cuda`` or ``cuda:N``, where a spec names none.
        workers: processes for each engine, where a spec names no number.
    """

    specs: tuple[EngineSpec, ...]
    lang: str | None = None
    device: str | None = None
    workers: int = 1

    def check(self) -> None:
        """Raises CallError for a wrong engine or option."""
        check_votes(self.specs)
        check_specs(Asking(self.specs).engines, lang=self.lang, device=self.device, workers=self.workers)

    def fingerprint(self, spec: EngineSpec) -> str:
        """Of an engine as it is here. Raises EngineUnavailableError where it is not."""
        engine = prepare_engine(spec, lang=self.lang, device=self.device, workers=self.workers)
        with closing(engine):
            return engine.info.fingerprint


def read_batch(
    place: Place, reference: BatchReference, batch: Batch, reader: Reader, say: Callable[[str], None]
) -> list[Reference]:
    """Reads a batch with all engines, and votes on it; one reference each.

    What the place has is not read again, and each page is kept the moment it is read. Files that options name
    by URL, or as promoted, are fetched to be read with, see `specs_here`.

    Args:
        say: is told of each engine, and of each page that could not be read.

    Raises:
        CallError: a wrong engine or option, or a place that keeps nothing.
        EngineUnavailableError: an engine cannot run here; what the others read is kept.
        KeyboardInterrupt: the task is to end; what was read is kept.
    """
    reader = dataclasses.replace(reader, specs=specs_here(place, reader.specs))
    reader.check()
    asking = Asking(reader.specs)
    names = {spec.label: results_name(reference, spec, rests) for spec, rests in _rests(reader, asking)}
    found = [find_results(place, reference, spec, names[spec.label]) for spec in reader.specs]
    if all(found):
        return [one for one in found if one]
    watcher = _Teller(say)
    study = run_study(
        Corpus(items=batch.items()),
        asking.engines,
        _CONVENTION,
        lang=reader.lang,
        device=reader.device,
        workers=reader.workers,
        store=place.store,
        watcher=watcher,
        wanted=asking.wanted,
    )
    for spec in reader.specs:
        if spec.is_vote and not study.interrupted:
            run_vote(study, spec, watcher, asked=asking.lazily)
    if study.interrupted:
        raise KeyboardInterrupt
    for run in study.runs:
        if run.error is not None:
            raise run.error
    return [
        write_results(place, reference, run, names[run.label], watcher.doubts.get(run.label))
        for run in study.runs
    ]


def _rests(reader: Reader, asking: Asking) -> Iterator[tuple[EngineSpec, list[str]]]:
    """What the results of each spec rest on: the engine as it is here, those of a vote on all engines."""
    votes = [str(spec) for spec in reader.specs if spec.is_vote]
    known: list[str] = []
    for spec in asking.engines:
        known.append(reader.fingerprint(spec))
        # Of a cascade, an engine reads what those before it leave in doubt.
        yield spec, [*known, *votes, __version__] if asking.lazily else known[-1:]
    for spec in reader.specs:
        if spec.is_vote:
            yield spec, [*known, __version__, *_corrects_by(spec)]


def _corrects_by(spec: EngineSpec) -> list[str]:
    """The words that a vote corrects by, which its text does not tell."""
    corrector = vote_options(spec).corrector
    return [corrector.name] if corrector else []


class _Doubts(Watcher):
    """Keeps what votes are not sure of, by the vote's label and the page's id."""

    def __init__(self) -> None:
        self.doubts: dict[str, dict[str, list[DoubtedWord]]] = {}

    def vote_done(self, run: EngineRun, item: str, vote: Vote) -> None:
        self.doubts.setdefault(run.label, {})[item] = doubted_words(vote, _SURE, _DOUBTS)


class _Teller(_Doubts):
    """Tells what cannot be read, without a word of it; a place that fails ends the task."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__()
        self._say = say

    def note(self, line: str) -> None:
        # A result that is not kept is lost with the task: better to fail, and to be tried again.
        raise CallError(line, "check the place, and the worker's rights there")

    def engine_starts(self, run: EngineRun, pages: int) -> None:
        self._say(f"{run.label}: {pages} pages")

    def page_done(self, run: EngineRun | None, result: Page | PageError) -> None:
        if isinstance(result, PageError):
            who = run.label if run else "no engine"
            self._say(f"{who}: {result.id} is not read: {result.kind}: {result.message}")


def hold_votes(place: Place, references: Sequence[Reference], votes: Sequence[EngineSpec]) -> list[Reference]:
    """Votes on what engines read of one batch.

    Returns:
        A reference for each vote; what needs none, as a cascade's, is handed on.

    Raises:
        CallError: no vote for several engines, a wrong option, a voter that did not read the batch, or a
            file that is gone.
        EngineUnavailableError: a file of the vote cannot be read.
    """
    voted = [reference for reference in references if reference.parsed.is_vote]
    if voted or len(references) < 2:
        return voted or list(references)
    if not votes:
        raise CallError("several engines have read, and no vote is named", "add vote to the engines")
    return [_hold_vote(place, references, spec) for spec in votes]


def _hold_vote(place: Place, references: Sequence[Reference], spec: EngineSpec) -> Reference:
    check_votes([*(reference.parsed for reference in references), spec])
    batch = references[0].of_batch
    rests_on = [*(reference.sha256 for reference in references), __version__, *_corrects_by(spec)]
    name = results_name(batch, spec, rests_on)
    found = find_results(place, batch, spec, name)
    if found is not None:
        return found
    study = study_of(place, batch.load(place), references, _CONVENTION)
    watcher = _Doubts()
    run_vote(study, spec, watcher)
    run = study.runs[-1]
    if run.error is not None:
        raise run.error
    return write_results(place, batch, run, name, watcher.doubts.get(run.label))


def write_files(
    place: Place, out: Place, under: str, references: Sequence[Reference], formats: Sequence[Format]
) -> tuple[list[str], list[PageError]]:
    """Writes the documents of some batches as files into ``out``, with several engines in a folder for each.

    Returns:
        Names of the files, and what could not be written.
    """
    failed: list[PageError] = []
    labels = list(dict.fromkeys(reference.engine for reference in references))
    with tempfile.TemporaryDirectory(prefix="ocr-plugins-") as folder:
        for label in labels:
            own = Path(folder, label_folder(label)) if len(labels) > 1 else Path(folder)
            with closing(PageFiles(formats, failed=failed.append)) as files:
                for reference in references:
                    if reference.engine == label:
                        _write(place, reference, files, own)
        return out.upload(Path(folder), under), failed


def _write(place: Place, reference: Reference, files: PageFiles, folder: Path) -> None:
    batch = reference.of_batch.load(place)
    study = study_of(place, batch, [reference], _CONVENTION)
    refs = {item.id: item.ref for item in study.corpus.items}
    files.expect(
        ToCome(
            id=page.id,
            source=page.source,
            number=page.page if page.pages > 1 else None,
            ref=refs[page.id],
            stem=page.stem,
            document=page.document,
        )
        for page in batch.pages
    )
    results = study.runs[0].results
    for page in batch.pages:
        result = results.get(page.id)
        if isinstance(result, Page):
            files.add(result, folder)


def write_fields(
    place: Place,
    out: Place,
    under: str,
    references: Sequence[Reference],
    extractors: Sequence[Extractor[Any]],
) -> dict[str, Any]:
    """Writes the fields of some batches' pages as a table into ``out``.

    Returns:
        Numbers: of ``pages``, of those that were ``unread``, of those on which an extractor ``failed``, and
            of the fields ``found``, by name.
    """
    pages = unread = 0
    with tempfile.TemporaryDirectory(prefix="ocr-plugins-") as folder:
        with (
            Path(folder, CSV).open("w", encoding="utf-8", errors="backslashreplace") as table,
            Path(folder, JSONL).open("w", encoding="utf-8", errors="backslashreplace") as records,
        ):
            files = FieldsFiles(extractors, table, records)
            for reference in references:
                study = study_of(place, reference.of_batch.load(place), [reference], _CONVENTION)
                for result in study.runs[0].results.values():
                    files.add(result, reference.engine)
                    pages += 1
                    unread += isinstance(result, PageError)
        out.upload(Path(folder), under)
    return {
        "pages": pages,
        "unread": unread,
        "failed": files.failed,
        "found": dict(sorted(files.found.items())),
    }
