"""A study: several engines read the same pages, and what they read is scored.

`run_study` reads; a `Study` holds every result and score and derives the table from them.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ocr_plugins.code_digest import code_digest
from ocr_plugins.combined import CombinedEngine
from ocr_plugins.corpus import Corpus, Item
from ocr_plugins.document import Page, PageError, is_detection, is_done
from ocr_plugins.engine import Engine, EngineInfo, PreparedEngine
from ocr_plugins.errors import EngineUnavailableError, OcrError
from ocr_plugins.evaluation import Convention, CorpusScore, PageScore, aggregate, score_page
from ocr_plugins.host import prepare_engine, treatment_of
from ocr_plugins.keeping import Keeper, Shelf
from ocr_plugins.measured import peak_memory
from ocr_plugins.memory import megabytes
from ocr_plugins.reading import read_items
from ocr_plugins.registry import find_engine
from ocr_plugins.spec import EngineSpec, parse_spec
from ocr_plugins.store import Store
from ocr_plugins.tables import LEADERBOARD_COLUMNS, RESULT_COLUMNS, result_row, to_frame
from ocr_plugins.treatment import TreatedEngine

if TYPE_CHECKING:
    import pandas as pd

    from ocr_plugins.ensemble.vote import Vote

_RATES = ("cer", "cer_order_free", "wer", "word_precision", "word_recall", "word_f1")


@dataclass(kw_only=True)
class EngineRun:
    """What one engine read. ``error`` says why it could not run at all.

    ``kept`` are the ids of the pages that came from the store, ``names`` those of the files in it that hold
    what was read of whole pages, by page id, and ``damaged`` counts the files there that were not whole,
    whose pages were read again. ``peak_memory`` are the bytes that one of
    its workers took at most, in this run or an earlier one that the store knows of; None where no run
    could tell: before it has read, for votes and engines in this process, and on other systems than Linux.
    """

    spec: EngineSpec
    info: EngineInfo | None = None
    error: OcrError | None = None
    results: dict[str, Page | PageError] = field(default_factory=dict)
    scores: dict[str, PageScore] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)
    damaged: int = 0
    peak_memory: int | None = None

    @property
    def label(self) -> str:
        return self.spec.label

    @property
    def errors(self) -> int:
        """Pages that were not read; lines that were found by what cannot read them are no error."""
        return sum(isinstance(r, PageError) and not is_detection(r) for r in self.results.values())

    @property
    def detections(self) -> int:
        """Pages whose lines were found by what cannot read them."""
        return sum(is_detection(result) for result in self.results.values())

    @property
    def retried(self) -> int:
        """Pages read in this run that cost a worker before."""
        return sum(bool(faults(result)) for key, result in self.results.items() if key not in self.kept)

    @property
    def seconds_per_page(self) -> float | None:
        """Mean of the pages that were read, or kept from when they were; None before there is one."""
        times = [r.provenance.seconds for r in self.results.values() if r.provenance and is_done(r)]
        seconds = [time for time in times if time is not None]
        return sum(seconds) / len(seconds) if seconds else None


def faults(result: Page | PageError) -> tuple[str, ...]:
    """What happened to the workers that a page cost before it was read."""
    return result.provenance.faults if isinstance(result, Page) and result.provenance else ()


@dataclass(kw_only=True)
class Study:
    """Engines x pages. ``unreadable`` are pages whose source no engine could be given, ``unwritten``
    those that could not be written as a file.

    ``store`` is the place that results were kept in, as it may be shown; None without one.
    """

    corpus: Corpus
    convention: Convention
    runs: list[EngineRun] = field(default_factory=list)
    unreadable: dict[str, PageError] = field(default_factory=dict)
    unwritten: list[PageError] = field(default_factory=list)
    interrupted: bool = False
    store: str | None = None

    @property
    def failed(self) -> bool:
        """Whether anything that was asked for could not be read, or written."""
        return bool(self.corpus.errors or self.unreadable or self.unwritten) or any(
            run.error or run.errors for run in self.runs
        )

    def read_with_truth(self, run: EngineRun) -> Iterator[tuple[Item, Page]]:
        """The pages with ground truth that an engine has read."""
        for item in self.corpus.items:
            result = run.results.get(item.id)
            if item.truth is not None and isinstance(result, Page):
                yield item, result

    def score(self, run: EngineRun) -> CorpusScore | None:
        """One engine's score over all pages with ground truth that it was given; None without any."""
        return aggregate(list(run.scores.values()), self.convention) if run.scores else None

    def summary(self, run: EngineRun) -> dict[str, Any]:
        """One engine's scores: the convention's own average as the headline, both kinds beside it.

        ``pages`` counts all pages the engine was to read, ``errors`` those it has no reading of,
        ``detections`` those whose lines it found and cannot read, ``kept`` those that came from the
        store, and ``retried`` those that cost a worker before. ``peak_memory`` is in bytes.
        """
        score = self.score(run)
        scores = score.to_dict() if score else {}
        return {
            "spec": run.spec.text,
            "fingerprint": run.info.fingerprint if run.info else None,
            "version": run.info.version if run.info else None,
            "runtime": run.info.runtime if run.info else None,
            "weights": dict(run.info.weights) if run.info else {},
            **{rate: scores.get(rate) for rate in _RATES},
            "pages": len(run.results),
            "errors": run.errors,
            "detections": run.detections,
            "kept": len(run.kept),
            "retried": run.retried,
            "seconds_per_page": run.seconds_per_page,
            "peak_memory": run.peak_memory,
            "micro": scores.get("micro"),
            "macro": scores.get("macro"),
            "error": str(run.error) if run.error else None,
        }

    def table(self) -> pd.DataFrame:
        """The leaderboard: a row an engine, rates as fractions, best CER first."""
        rows = {
            run.label: {**self.summary(run), "peak_memory_mb": megabytes(run.peak_memory)}
            for run in self.runs
        }
        frame = to_frame(rows.values(), LEADERBOARD_COLUMNS)
        frame.index = frame.index.map(dict(enumerate(rows))).rename("engine")
        return frame.sort_values("cer", kind="stable", na_position="last")

    def results(self) -> pd.DataFrame:
        """A row a page and engine: id, source, page, engine, text, seconds, error and scores."""
        return to_frame((row for run in self.runs for row in _rows(run)), RESULT_COLUMNS)


def _rows(run: EngineRun) -> Iterator[dict[str, Any]]:
    for page_id, result in run.results.items():
        score = run.scores.get(page_id)
        rates = {rate: getattr(score, rate, None) for rate in ("cer", "cer_order_free", "wer", "word_f1")}
        yield {**result_row(result), "id": page_id, "engine": run.label, **rates}


class Watcher:
    """What a caller hears of a run while it goes on. The base class listens to nothing."""

    def study_starts(self, study: Study, engines: int) -> None:
        """Called first, when the pages and the number of engines are known."""

    def note(self, line: str) -> None:
        """Called where something goes wrong that costs no page, such as a store that is full."""

    def engine_starts(self, run: EngineRun, pages: int) -> None:
        """Called before an engine's model is loaded, with the number of pages it is to read."""

    def engine_ready(self, run: EngineRun) -> None:
        """Called when the model is loaded, which is done for the first page that is not kept."""

    def engine_ends(self, run: EngineRun) -> None:
        """Called when an engine is done, or could not run (then ``run.error`` is set)."""

    def page_done(self, run: EngineRun | None, result: Page | PageError) -> None:
        """Called with each result as it comes; ``run`` is None where no engine saw the page.

        ``result.id in run.kept`` tells whether it comes from the store.
        """

    def vote_done(self, run: EngineRun, item: str, vote: Vote) -> None:
        """Called with each page that was voted on, before `page_done`: what was said of every word."""


def run_study(
    corpus: Corpus,
    specs: Sequence[EngineSpec],
    convention: Convention,
    *,
    lang: str | None = None,
    device: str | None = None,
    workers: int = 1,
    store: Store | None = None,
    watcher: Watcher | None = None,
    wanted: Callable[[Study], Sequence[Item]] | None = None,
) -> Study:
    """Reads every page with every engine, one engine after the other.

    An engine that cannot run is recorded and takes nothing else down. An interrupt
    (Ctrl-C) ends the run and keeps what was read.

    Args:
        lang: language, ISO 639-1, where a spec names none.
        device: ``cpu``, ``cuda`` or ``cuda:N``, where a spec names none.
        workers: processes for each engine, where a spec names no number. A run must outlive what
            its engines do: with 0, one that crashes in this process takes the run down.
        store: where results are kept; pages that it has are not read again. None keeps none.
        watcher: hears of each result as it comes.
        wanted: tells of a study the pages that the next engine is to read; None for all of them.

    Raises:
        CallError: a wrong engine or option, before anything is read.
    """
    watcher = watcher or Watcher()
    study = Study(corpus=corpus, convention=convention, store=store.shown if store else None)
    how = _How(lang, device, workers, Keeper(store, watcher.note) if store else None, watcher)
    wanted = wanted or (lambda study: study.corpus.items)
    watcher.study_starts(study, len(specs))
    for error in corpus.errors:
        watcher.page_done(None, error)
    for spec in specs:
        run = EngineRun(spec=spec)
        items = wanted(study)
        study.runs.append(run)
        if corpus.items:
            _run_engine(study, run, items, how)
        if study.interrupted:
            break
    return study


@dataclass(frozen=True, slots=True)
class _How:
    """What is the same for all engines of a run."""

    lang: str | None
    device: str | None
    workers: int
    keeper: Keeper | None
    watcher: Watcher


def _run_engine(study: Study, run: EngineRun, items: Sequence[Item], how: _How) -> None:
    watcher = how.watcher
    watcher.engine_starts(run, sum(item.id not in study.unreadable for item in items))
    engine: PreparedEngine | None = None
    shelf: Shelf | None = None
    try:
        with _named(run.spec):
            engine = prepare_engine(run.spec, lang=how.lang, device=how.device, workers=how.workers)
            run.info = engine.info
            _check_levels(study.corpus.items, run.info)
            shelf = _shelf(run.spec, run.info, how.keeper)
        opened = functools.partial(_opened, engine, run, watcher)
        _read_all(study, run, items, opened, shelf, watcher)
    except EngineUnavailableError as error:
        run.error = error
        # What the store had is not the whole: a rate over part of the pages compares with nothing.
        run.scores.clear()
    except KeyboardInterrupt:
        study.interrupted = True
    finally:
        if engine is not None:
            measured = peak_memory(engine)
            run.peak_memory = shelf.peak_memory(measured) if shelf else measured
            # What an adapter makes of its end must not take the others' results with it.
            with contextlib.suppress(Exception):
                engine.close()
        watcher.engine_ends(run)


def _shelf(spec: EngineSpec, info: EngineInfo, keeper: Keeper | None) -> Shelf | None:
    if keeper is None or not info.capabilities.sees:
        return None
    classes: list[type] = [find_engine(spec.name).engine_class]
    if detector := dict(spec.options).get("detector") or find_engine(spec.name).engine_class.default_detector:
        classes += [CombinedEngine, find_engine(parse_spec(detector).name).engine_class]
    if treatment_of(spec):
        classes.append(TreatedEngine)
    return Shelf(keeper, info, code_digest(*classes))


def _opened(engine: PreparedEngine, run: EngineRun, watcher: Watcher) -> Engine:
    """The engine with its model loaded, which is only done where a page is to be read."""
    with _named(run.spec):
        opened = engine.open()
    watcher.engine_ready(run)
    return opened


@contextlib.contextmanager
def _named(spec: EngineSpec) -> Iterator[None]:
    """Whatever a stranger's adapter raises is told of its engine."""
    try:
        yield
    except OcrError:
        raise
    except Exception as error:
        raise EngineUnavailableError(
            f"engine {spec.name!r} cannot start ({type(error).__name__})",
            "report it to the adapter's author",
            kind="start_failed",
        ) from error


def _read_all(
    study: Study,
    run: EngineRun,
    items: Sequence[Item],
    engine: Callable[[], Engine],
    shelf: Shelf | None,
    watcher: Watcher,
) -> None:
    known_unreadable = set(study.unreadable)
    reads = run.info is None or run.info.capabilities.reads
    sees = run.info is None or run.info.capabilities.sees
    for outcome in read_items(engine, items, shelf, sees=sees):
        item, result = outcome.item, outcome.result
        unreadable = outcome.by == "source"
        if unreadable and isinstance(result, PageError) and item.id not in known_unreadable:
            study.unreadable[item.id] = result
            watcher.page_done(None, result)
        run.results[item.id] = result
        if outcome.by == "store":
            run.kept.add(item.id)
        if outcome.key is not None and item.image is item.ref:
            run.names[item.id] = outcome.key.name
        if reads and item.truth is not None and not is_detection(result):
            run.scores[item.id] = score_item(item, result, study.convention)
        if shelf is not None:
            run.damaged = shelf.damaged
        if not unreadable:
            watcher.page_done(run, result)


def score_item(item: Item, result: Page | PageError, convention: Convention) -> PageScore:
    """One result against its item's ground truth; an error counts as a missing hypothesis."""
    return score_page(
        item.truth or "",
        result if isinstance(result, Page) else None,
        convention,
        case=item.case,
        ignore=item.ignore,
        scoring=item.scoring,
    )


def _check_levels(items: Sequence[Item], info: EngineInfo) -> None:
    levels = {item.ref.level for item in items}
    takes = set(info.capabilities.takes)
    if levels and not levels & takes:
        hint = f"it reads: {', '.join(info.capabilities.takes)}"
        if "page" in levels and "line" in takes:
            hint = f"say {info.name}:detector=components, which finds the lines that it reads"
        raise EngineUnavailableError(
            f"engine {info.name!r} does not read a {' or a '.join(sorted(levels))}",
            hint,
            kind="unsupported_level",
        )


def check_specs(
    specs: Sequence[EngineSpec], *, lang: str | None = None, device: str | None = None, workers: int = 1
) -> None:
    """Raises CallError for a wrong engine or option; an engine that is not installed passes."""
    for spec in specs:
        with contextlib.suppress(EngineUnavailableError):
            prepare_engine(spec, lang=lang, device=device, workers=workers)
