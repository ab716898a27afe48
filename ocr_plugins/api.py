"""The Python API: what the command line, notebooks and DAGs call."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ocr_plugins.analysing import Analysis, analyse
from ocr_plugins.corpus import Corpus, gather
from ocr_plugins.document import Page, PageError
from ocr_plugins.ensemble.vote import Vote
from ocr_plugins.errors import CallError
from ocr_plugins.evaluation import PageScore, get_convention, score_texts
from ocr_plugins.fields import find_extractors
from ocr_plugins.formats import Format
from ocr_plugins.outputs import write_outputs
from ocr_plugins.policy import Budget
from ocr_plugins.ranked import rank_study
from ocr_plugins.recording import Recorder, Watchers, replay
from ocr_plugins.redacting import nothing_of, redact_study
from ocr_plugins.redaction import find_redactors
from ocr_plugins.runs import Study, Watcher, check_specs, run_study
from ocr_plugins.spec import EngineSpec, parse_spec, parse_specs
from ocr_plugins.store import StorePlace, open_store
from ocr_plugins.study_outputs import write_study
from ocr_plugins.tables import EXPECTED_COLUMNS, READING_COLUMNS, result_row, to_frame
from ocr_plugins.voted import Asking, check_votes, run_vote, vote_readings

if TYPE_CHECKING:
    import pandas as pd


class Readings(Sequence[Page | PageError]):
    """Pages in the order of the inputs, an error in the place of each that could not be read.

    ``kept`` counts those that were read earlier and come from the store.
    """

    def __init__(self, results: Iterable[Page | PageError], kept: int = 0) -> None:
        self._results = tuple(results)
        self.kept = kept

    def __getitem__(self, place: Any) -> Any:
        return self._results[place]

    def __len__(self) -> int:
        return len(self._results)

    def __repr__(self) -> str:
        return f"Readings({len(self.pages)} pages, {len(self.errors)} errors)"

    @property
    def pages(self) -> tuple[Page, ...]:
        return tuple(result for result in self._results if isinstance(result, Page))

    @property
    def errors(self) -> tuple[PageError, ...]:
        return tuple(result for result in self._results if isinstance(result, PageError))

    @property
    def text(self) -> str:
        """The text of all pages that were read, an empty line between pages."""
        return "\n\n".join(page.text for page in self.pages)

    def to_frame(self) -> pd.DataFrame:
        """A row a page: id, source, page, text, seconds, error. What there is not is missing (NA)."""
        return to_frame(map(result_row, self._results), READING_COLUMNS)


def read(
    inputs: Any,
    engine: str | EngineSpec = "tesseract",
    *,
    lang: str | None = None,
    device: str | None = None,
    workers: int = 1,
    recursive: bool = False,
    pages: str | None = None,
    dpi: int = 300,
    store: StorePlace = None,
) -> Readings:
    """Reads pages with one engine.

    Args:
        inputs: a path, folder, glob, URL, bytes, array, PIL image, or any number of them.
        engine: the engine with its options, ``NAME[:key=value...]``.
        lang: language, ISO 639-1, where the spec names none.
        device: ``cpu``, ``cuda`` or ``cuda:N``, where the spec names none.
        workers: processes that read, where the spec names no number; 0 reads in this process
            where the engine can be imported.
        recursive: look into subfolders.
        pages: page ranges of PDF and TIFF files, as in ``1-3,7``.
        dpi: resolution to render PDF pages at.
        store: folder or fsspec URL where results are kept, text and all, so that no page is read
            twice; None takes the same default as the command line, False keeps nothing.

    Raises:
        CallError: a wrong engine, option, page range or store.
        EngineUnavailableError: the engine is not installed, or its weights are missing or altered.
        KeyboardInterrupt: Ctrl-C; with a store, what was read is kept.
    """
    spec = parse_spec(engine) if isinstance(engine, str) else engine
    study = run_engines(
        inputs,
        [spec],
        lang=lang,
        device=device,
        workers=workers,
        recursive=recursive,
        pages=pages,
        dpi=dpi,
        store=store,
    )
    if study.interrupted:
        raise KeyboardInterrupt
    (run,) = study.runs
    if run.error is not None:
        raise run.error
    return Readings(study.corpus.in_order(run.results.values()), kept=len(run.kept))


def compare(
    inputs: Any,
    engines: str | Iterable[str | EngineSpec] = "tesseract,rapidocr,crnn,vote",
    *,
    truth: str | Path | None = None,
    convention: str = "default",
    limit: int | None = None,
    out: str | Path | None = None,
    lang: str | None = None,
    device: str | None = None,
    workers: int = 1,
    recursive: bool = False,
    pages: str | None = None,
    dpi: int = 300,
    store: StorePlace = None,
    watcher: Watcher | None = None,
) -> Study:
    """Reads the same pages with several engines and scores them where there is ground truth.

    Args:
        inputs: as `read` takes them, or a manifest, a folder with a ``manifest.jsonl``, or a DataFrame with
            the columns ``image`` and ``text``, and others of a manifest's keys.
        engines: specs, comma-separated or as a list, or a recipe (``NAME.toml``); ``vote`` among them
            votes on what the others read.
        truth: folder with a text file a page, for inputs that are no manifests.
        convention: how to score: ``default``, ``dinglehopper``, ``jiwer``, ``ocrd``, with
            modifiers after a plus sign.
        limit: at most this many pages of each input, spread evenly over it.
        out: folder to write results.jsonl (as it reads), summary.json and report.html to.
        lang, device, workers, recursive, pages, dpi, store: as `read` takes them.
        watcher: hears of each result as it comes.

    Raises:
        CallError: a wrong engine, option, convention, page range, folder or store. What goes
            wrong later is in the study: an engine that cannot run, a page that cannot be read.
    """
    study = run_engines(
        inputs,
        engines,
        truth=truth,
        convention=convention,
        limit=limit,
        out=out,
        lang=lang,
        device=device,
        workers=workers,
        recursive=recursive,
        pages=pages,
        dpi=dpi,
        store=store,
        watcher=watcher,
    )
    if out is not None:
        write_outputs(study, Path(out))
    return study


def study(
    inputs: Any,
    engines: str | Iterable[str | EngineSpec],
    *,
    out: str | Path | None = None,
    convention: str = "default",
    budget: str | None = None,
    fields: str | None = None,
    **as_compare: Any,
) -> Analysis:
    """Which engine to take, how sure that is, and why: `compare`, and all that follows from it as tables.

    Args:
        inputs: as `compare` takes them.
        engines: as `compare` takes them.
        out: folder for report.html, recipe.toml, summary.json, results.jsonl and tables; None writes none.
        convention: how to score.
        budget: what a cascade may cost: seconds a page, as in "12", or a share of all engines' cost, as in
            "30%". Default: as little as keeps 95 % of what the vote gains.
        fields: extractors, with their options, of what a manifest says of its pages' fields; default: those
            that fit.
        as_compare: the other arguments of `compare`.

    Raises:
        CallError: as `compare` raises it.
    """
    most = Budget.parse(budget) if budget else None
    if fields:
        find_extractors(fields)
    found = run_engines(inputs, engines, out=out, convention=convention, **as_compare)
    analysis = analyse(found, most, fields)
    if out is not None:
        write_study(analysis, Path(out))
    return analysis


def run_engines(
    inputs: Any,
    engines: str | Iterable[str | EngineSpec],
    *,
    truth: str | Path | None = None,
    convention: str | None = None,
    out: str | Path | None = None,
    stdout: IO[str] | None = None,
    formats: Sequence[Format] = (),
    join: str | None = None,
    lang: str | None = None,
    device: str | None = None,
    workers: int = 1,
    store: StorePlace = None,
    watcher: Watcher | None = None,
    **inputs_as: Any,
) -> Study:
    """What `read` and `compare` have in common, as far as results.jsonl.

    Args:
        inputs: as `compare` takes them, or what `gather` has made of them.
        convention: how to score; None scores nothing.
        stdout: a file that records are written to as they come, besides results.jsonl.
        formats: what each page is written as, into ``out``.
        join: name of the one file that all pages go into, in formats that hold several.
        inputs_as: how `gather` takes the inputs: ``recursive``, ``pages``, ``dpi``, ``limit``.

    Raises:
        CallError: as `compare` raises it, before anything is read.
    """
    specs = parse_specs(engines)
    scoring = get_convention(convention or "default")
    check_votes(specs)
    # Where pages are scored, engines are held against each other.
    asking = Asking(specs, everything=convention is not None)
    check_specs(asking.engines, lang=lang, device=device, workers=workers)
    kept_in = open_store(store)
    corpus = inputs if isinstance(inputs, Corpus) else gather(inputs, truth=truth, **inputs_as)
    if convention is None:
        corpus = corpus.without_truth()
    with closing(Recorder(None if out is None else Path(out), stdout, formats, join)) as recorder:
        both = Watchers(recorder, watcher or _Warner())
        study = run_study(
            corpus,
            asking.engines,
            scoring,
            lang=lang,
            device=device,
            workers=workers,
            store=kept_in,
            watcher=both,
            wanted=asking.wanted,
        )
        for spec in specs:
            if spec.is_vote and not study.interrupted:
                run_vote(study, spec, both, asked=asking.lazily)
        return study


def redact(
    inputs: Any,
    engines: str | Iterable[str | EngineSpec] = "tesseract,rapidocr,crnn,vote",
    what: str = "personal",
    *,
    out: str | Path,
    formats: Sequence[Format] = (),
    join: str | None = None,
    stdout: IO[str] | None = None,
    results: Watcher | None = None,
    watcher: Watcher | None = None,
    **as_read: Any,
) -> Study:
    """Pictures and readings of pages in which what is personal is blank. See docs/REDACTION.md.

    Args:
        inputs: as `read` takes them.
        engines: as `compare` takes them; what any of them has read is taken out.
        what: extractors with their options, ``NAME[:key=value...]`` by commas; ``personal`` stands for names,
            e-mail addresses, phones, IBANs, cards, numbers of papers and machine-readable zones.
        out: a new or empty folder for results.jsonl, ``redacted/`` with the pictures, and the formats' files.
        formats: what each page is written as.
        join: name of the one file that all pages go into, in formats that hold several.
        stdout: a file that records are written to as well.
        results: hears of the pages as they may be shown.
        watcher: hears of what the engines do, and of pages as they were read.
        as_read: the other arguments of `read`.

    Returns:
        The study of the redacted pages: of the votes, or of the engines where there are none. A page that
        could not be redacted for sure is one of its errors. Interrupted, it has no pages.

    Raises:
        CallError: as `read` raises it, an unknown extractor, or a folder that holds something.
    """
    extractors = find_redactors(what)
    folder = Path(out)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        # What an earlier run has left there may show what is to be taken out now.
        raise CallError(f"{folder} is not empty", "name a new folder with --out for what is redacted")
    specs = parse_specs(engines)
    for spec in specs:
        if dict(spec.options).get("hyphens") == "join":
            raise CallError(f"{spec} joins words of two lines", "leave hyphens= out to redact")
    heard = watcher or _Warner()
    study = run_engines(inputs, specs, watcher=heard, **as_read)
    if study.interrupted:
        return nothing_of(study)
    sees = {run.label for run in study.runs if run.info is None or run.info.capabilities.sees}
    readers = [spec for spec in specs if not spec.is_vote and spec.label in sees]
    how = {key: as_read[key] for key in ("lang", "device", "workers", "store") if key in as_read}

    def read_again(corpus: Corpus) -> Study:
        return run_engines(corpus, readers, watcher=Watcher(), **how)

    shown = redact_study(study, extractors, folder / "redacted", read_again if readers else None, heard.note)
    if not shown.interrupted:
        with closing(Recorder(folder, stdout, formats, join)) as recorder:
            replay(shown, Watchers(recorder, results or Watcher()))
    return shown


class _Warner(Watcher):
    """Where nobody listens, what goes wrong is a warning of Python's."""

    def note(self, line: str) -> None:
        warnings.warn(line, RuntimeWarning, stacklevel=2)


def evaluate(reference: str, hypothesis: str, *, convention: str = "default") -> PageScore:
    """Scores one text against its ground truth. Raises CallError for an unknown convention."""
    return score_texts(reference, hypothesis, get_convention(convention))


def vote(
    readings: Mapping[str, Page | PageError], method: str = "learned", model: str | Path | None = None
) -> Vote | PageError:
    """Votes on one page that several engines read.

    Args:
        readings: by label; `Study.runs` hold them as ``results``.
        method: ``learned``, ``confidence`` by how sure the engines are, or ``majority``.
        model: for ``learned``, a file that `ocr-plugins train voter` wrote; default: the package's own.

    Returns:
        The voted page, with what each engine said of every word; an error where none read it.

    Raises:
        CallError: an unknown method, or no readings.
    """
    if not readings:
        raise CallError("there is nothing to vote on", "give readings by label")
    return vote_readings(readings, {"method": method, **({"model": str(model)} if model else {})})


def rank(study: Study) -> pd.DataFrame:
    """Engines ranked without ground truth, the best first: a row an engine.

    Columns: ``cer``, the estimated error rate as a fraction, ``low`` and ``high``, its 95 % interval, and
    ``best``, the share of a bootstrap's samples in which the engine was the best. Empty for fewer than two
    engines. Errors that engines share are not seen; see docs/VOTING.md.
    """
    rows = {label: asdict(estimate) for label, estimate in rank_study(study).items()}
    frame = to_frame(rows.values(), EXPECTED_COLUMNS)
    frame.index = frame.index.map(dict(enumerate(rows))).rename("engine")
    return frame
