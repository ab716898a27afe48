"""A study: several engines read the same pages, and what they read is scored.

`run_study` reads; a `Study` holds every result and score and derives the table from them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ocr_plugins.corpus import Corpus, Item
from ocr_plugins.document import Page, PageError
from ocr_plugins.engine import Engine, EngineInfo
from ocr_plugins.errors import EngineUnavailableError, OcrError
from ocr_plugins.evaluation import Convention, CorpusScore, PageScore, aggregate, score_page
from ocr_plugins.host import open_engine, prepare_engine
from ocr_plugins.source import load_or_error
from ocr_plugins.spec import EngineSpec
from ocr_plugins.tables import LEADERBOARD_COLUMNS, RESULT_COLUMNS, result_row, to_frame

if TYPE_CHECKING:
    import pandas as pd

_RATES = ("cer", "cer_order_free", "wer", "word_precision", "word_recall", "word_f1")


@dataclass(kw_only=True)
class EngineRun:
    """What one engine read. ``error`` says why it could not run at all."""

    spec: EngineSpec
    info: EngineInfo | None = None
    error: OcrError | None = None
    results: dict[str, Page | PageError] = field(default_factory=dict)
    scores: dict[str, PageScore] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return self.spec.label

    @property
    def errors(self) -> int:
        return sum(isinstance(result, PageError) for result in self.results.values())

    @property
    def seconds_per_page(self) -> float | None:
        """Mean of the pages that were read; None before there is one."""
        seconds = [
            result.provenance.seconds
            for result in self.results.values()
            if isinstance(result, Page) and result.provenance and result.provenance.seconds is not None
        ]
        return sum(seconds) / len(seconds) if seconds else None


@dataclass(kw_only=True)
class Study:
    """Engines x pages. ``unreadable`` are pages whose source no engine could be given."""

    corpus: Corpus
    convention: Convention
    runs: list[EngineRun] = field(default_factory=list)
    unreadable: dict[str, PageError] = field(default_factory=dict)
    interrupted: bool = False

    @property
    def failed(self) -> bool:
        """Whether anything that was asked for could not be read."""
        return bool(self.corpus.errors or self.unreadable) or any(
            run.error or run.errors for run in self.runs
        )

    def score(self, run: EngineRun) -> CorpusScore | None:
        """One engine's score over all pages with ground truth that it was given; None without any."""
        return aggregate(list(run.scores.values()), self.convention) if run.scores else None

    def summary(self, run: EngineRun) -> dict[str, Any]:
        """One engine's scores: the convention's own average as the headline, both kinds beside it.

        ``pages`` counts all pages the engine was to read, ``errors`` those it has no reading of.
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
            "seconds_per_page": run.seconds_per_page,
            "micro": scores.get("micro"),
            "macro": scores.get("macro"),
            "error": str(run.error) if run.error else None,
        }

    def table(self) -> pd.DataFrame:
        """The leaderboard: a row an engine, rates as fractions, best CER first."""
        rows = {run.label: self.summary(run) for run in self.runs}
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

    def engine_starts(self, run: EngineRun, pages: int) -> None:
        """Called before an engine's model is loaded, with the number of pages it will be given."""

    def engine_ready(self, run: EngineRun) -> None:
        """Called when the model is loaded, before the first page."""

    def engine_ends(self, run: EngineRun) -> None:
        """Called when an engine is done, or could not run (then ``run.error`` is set)."""

    def page_done(self, run: EngineRun | None, result: Page | PageError) -> None:
        """Called with each result as it comes; ``run`` is None where no engine saw the page."""


def run_study(
    corpus: Corpus,
    specs: Sequence[EngineSpec],
    convention: Convention,
    *,
    lang: str | None = None,
    device: str | None = None,
    watcher: Watcher | None = None,
) -> Study:
    """Reads every page with every engine, one engine after the other.

    An engine that cannot run is recorded and takes nothing else down. An interrupt
    (Ctrl-C) ends the run and keeps what was read.

    Raises:
        CallError: a wrong engine or option, before anything is read.
    """
    watcher = watcher or Watcher()
    study = Study(corpus=corpus, convention=convention)
    for error in corpus.errors:
        watcher.page_done(None, error)
    for spec in specs:
        run = EngineRun(spec=spec)
        study.runs.append(run)
        if corpus.items:
            _run_engine(study, run, lang, device, watcher)
        if study.interrupted:
            break
    return study


def _run_engine(study: Study, run: EngineRun, lang: str | None, device: str | None, watcher: Watcher) -> None:
    watcher.engine_starts(run, len(study.corpus.items) - len(study.unreadable))
    engine: Engine | None = None
    try:
        engine = _opened(run.spec, lang, device)
        run.info = engine.info
        _check_levels(study.corpus.items, engine.info)
        watcher.engine_ready(run)
        _read_all(study, run, engine, watcher)
    except EngineUnavailableError as error:
        run.error = error
    except KeyboardInterrupt:
        study.interrupted = True
    finally:
        if engine is not None:
            # What an adapter makes of its end must not take the others' results with it.
            with contextlib.suppress(Exception):
                engine.close()
        watcher.engine_ends(run)


def _opened(spec: EngineSpec, lang: str | None, device: str | None) -> Engine:
    try:
        return open_engine(spec, lang=lang, device=device)
    except OcrError:
        raise
    except Exception as error:
        raise EngineUnavailableError(
            f"engine {spec.name!r} cannot start ({type(error).__name__})",
            "report it to the adapter's author",
            kind="start_failed",
        ) from error


def _read_all(study: Study, run: EngineRun, engine: Engine, watcher: Watcher) -> None:
    known_unreadable = set(study.unreadable)
    for item, result, seen in read_items(engine, study.corpus.items):
        if not seen and isinstance(result, PageError) and item.id not in known_unreadable:
            study.unreadable[item.id] = result
            watcher.page_done(None, result)
        run.results[item.id] = result
        if item.truth is not None:
            run.scores[item.id] = score_item(item, result, study.convention)
        if seen:
            watcher.page_done(run, result)


def read_items(engine: Engine, items: Sequence[Item]) -> Iterator[tuple[Item, Page | PageError, bool]]:
    """Each item with its result, in order, and whether the engine saw it.

    Images are loaded only when the engine asks for them; one that cannot be loaded never
    reaches it.
    """
    unloadable: dict[int, PageError] = {}

    def images() -> Iterator[Any]:
        for place, item in enumerate(items):
            loaded = load_or_error(item.ref)
            if isinstance(loaded, PageError):
                unloadable[place] = loaded
            else:
                yield loaded

    results = engine.read(images())
    waiting: Page | PageError | None = None
    for place, item in enumerate(items):
        # Asking for a result makes the engine pull images, which may show this one unloadable.
        if place not in unloadable and waiting is None:
            waiting = _next(results, item)
        if place in unloadable:
            yield item, unloadable[place], False
        elif waiting is None:
            yield item, _unanswered(item), True
        else:
            yield item, waiting, True
            waiting = None


def _next(results: Iterator[Page | PageError], item: Item) -> Page | PageError | None:
    """The engine's next result. An engine that raises where it must not has ended."""
    try:
        return next(results, None)
    except Exception as error:  # noqa: BLE001 - a stranger's adapter may raise anything
        return _error(
            item, "engine_failed", f"the engine failed ({type(error).__name__}) instead of giving a result"
        )


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
        raise EngineUnavailableError(
            f"engine {info.name!r} does not read a {' or a '.join(sorted(levels))}",
            f"it reads: {', '.join(info.capabilities.takes)}",
            kind="unsupported_level",
        )


def check_specs(specs: Sequence[EngineSpec], *, lang: str | None = None, device: str | None = None) -> None:
    """Raises CallError for a wrong engine or option; an engine that is not installed passes."""
    for spec in specs:
        with contextlib.suppress(EngineUnavailableError):
            prepare_engine(spec, lang=lang, device=device)


def _unanswered(item: Item) -> PageError:
    return _error(item, "bad_output", "the engine gave no result for this page")


def _error(item: Item, kind: str, message: str) -> PageError:
    return PageError(
        source=item.ref.source,
        page=item.ref.page,
        id=item.id,
        level=item.ref.level,
        kind=kind,
        message=message,
        hint="report it to the adapter's author",
    )
