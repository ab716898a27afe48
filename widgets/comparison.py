"""The widget: pages under several engines, in a notebook."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocr_plugins.corpus import Corpus
from ocr_plugins.errors import CallError, OcrError
from ocr_plugins.evaluation import get_convention
from ocr_plugins.fields import Extractor
from ocr_plugins.pictures import encoded
from ocr_plugins.runs import Study, check_specs
from ocr_plugins.source import PageRef
from ocr_plugins.spec import EngineSpec, parse_spec

from .answering import Answers
from .board import board_of
from .edits import Edits, corrected
from .exporting import checked_pages, export
from .extracting import boxes_of, fields_table, found_on, with_kept
from .gathering import gathered
from .kept import Corrections
from .latest import Latest
from .paging import Pages
from .pictured import pictured
from .previewing import Previewer
from .reading import TRIED, Job, Reader, without
from .shared import SharedState
from .standalone import page_of
from .state import LONGEST_SHOWN, Board, Edit, Found, History, Progress
from .tabled import words_table
from .views import Viewer

if TYPE_CHECKING:
    import pandas as pd


class Comparison(SharedState):
    """Pages as several engines read them: to look at, to vote on, and to correct.

    What is shown and done is the state of the widget, saved with the notebook; ``w.selected`` is the word
    that is looked at. Engines read in the background, unless ``block`` was given.
    """

    def __init__(
        self,
        corpus: Corpus,
        specs: Iterable[EngineSpec],
        how: Mapping[str, Any],
        corrections: Corrections,
        *,
        study: Study | None = None,
        extractors: Sequence[Extractor[Any]] = (),
    ) -> None:
        super().__init__()
        self._specs = {spec.label: spec for spec in specs}
        empty = Study(corpus=Corpus(items=()), convention=get_convention("default"))
        self._pages = Pages(corrections, empty)
        self._pictured = ""
        self._unusable: list[str] = []
        self._told: tuple[Study, Viewer, Board | None] | None = None
        self._extractors = extractors
        self._finder = Latest[str, Found | None](self._find, self._tell_found, "ocr-plugins-fields")
        self._edits = Edits()
        self._writes = False
        # Events of the browser and of engines come on threads of their own.
        self._lock = threading.RLock()
        self._reader = Reader(
            how,
            changed=self._read,
            partly=self._read_partly,
            progressed=self._progressed,
            notice=self.tell,
            works=self._works,
        )
        self._answers = Answers(self)
        self.on_msg(self._heard)
        self.observe(self._open, "page")
        self.observe(self._typed, "history")
        self.observe(self._look_for_fields, "ballot")
        self._take(corpus)
        if study is not None:
            self._reader.start_with(study)
            self._read(study)

    def __repr__(self) -> str:
        pages = f"{len(self._pages)} page{'s' * (len(self._pages) != 1)}"
        return f"<Comparison of {pages}: {', '.join(self._specs) or 'no engines'}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        found = super()._repr_mimebundle_(**kwargs)
        with self._lock, contextlib.suppress(OcrError):
            item = self._pages.get(self.page)
            if found is not None and item is not None:
                image, view = self._pages.viewed(item)
                if image is not None:
                    # For whoever shows no widgets: an untrusted notebook, a page of a code host.
                    found[0]["image/png"] = base64.b64encode(pictured(image, view)).decode("ascii")
        return found

    @property
    def study(self) -> Study:
        """What the engines have read so far."""
        return self._pages.study

    @property
    def results(self) -> pd.DataFrame:
        """A row a page and engine: text, seconds, error and scores. Raises CallError before there is any."""
        return self._known().results()

    @property
    def table(self) -> pd.DataFrame:
        """A row an engine, the best first. Raises CallError before there is any."""
        return self._known().table()

    @property
    def words(self) -> pd.DataFrame:
        """A row a word of all pages, the most doubtful first.

        Columns: ``page``, ``cell`` (for `correct`), ``vote`` and its ``probability`` of being right, what
        each engine has there by its label, ``truth`` and ``correction``, missing where there is none. Raises
        CallError before anything was read.
        """
        labels = [run.label for run in self._known().runs if not run.spec.is_vote]
        with self._lock:
            views = [self._pages.viewed(item)[1] for item in self._pages]
            return words_table(labels, [(view, self.corrections_of(view["id"])) for view in views])

    @property
    def fields(self) -> pd.DataFrame:
        """A row a field of all pages, with what a person said of words and fields.

        Columns: ``page``, ``field``, ``cell`` (for `correct`), ``value`` and its ``unit`` and ``probability``
        of being right, ``notes`` on what is doubtful, ``correction``, and ``error`` of a page, missing where
        there is none. Raises CallError before anything was read, or where no fields were asked for.
        """
        self._known()
        if not self._extractors:
            raise CallError("no fields were asked for", 'say which: compare(pages, fields="receipt,iban")')
        with self._lock:
            for item in self._pages:
                if not self._pages.was_seen(item.id):
                    self._pages.seen(item)
            pages = [item.id for item in self._pages]
        return fields_table((self._fields_on(page), self.corrections_of(page)) for page in pages)

    def correct(self, cell: str, text: str | None, page: str | None = None) -> None:
        """Says what stands in a cell or field, as by typing it: "" for nothing, None to take it back.

        Args:
            cell: as in `words` or `fields`.
            text: what stands there.
            page: its id; default: the page that is shown.
        """
        with self._lock:
            edit = Edit(page=page or self.page, cell=cell, text=text)
            self._write(self._edits.say(edit, self._history))

    def corrections_of(self, page: str) -> dict[str, str]:
        """What a person has said on a page, by cell."""
        return self._said_in(self._history, page)

    def _said_in(self, history: History, page: str) -> dict[str, str]:
        pages = self._pages
        return corrected(history, page, pages.kept.get(page, {}), pages.places_on(page))

    def export(self, folder: str | Path, formats: str = "page") -> Path:
        """Writes what was corrected as ground truth.

        Args:
            folder: gets ``manifest.jsonl`` with a row and a picture a word, and in ``pages`` the vote of each
                corrected page with the corrections in it.
            formats: what these are written as, as in "page,alto,hocr"; "" for none.

        Returns:
            The manifest, which `ocr_plugins.compare`, `ocr-plugins calibrate` and `ocr-plugins train crnn
            --data` take.

        Raises:
            CallError: nothing was corrected, an unknown format, or the folder cannot be written to.
        """
        with self._lock:
            checked = checked_pages(self._pages, self.corrections_of, self._ballot)
            return export(Path(folder), checked, formats)

    def to_html(self, path: str | Path | None = None, *, title: str = "OCR engines compared") -> str:
        """The widget as one HTML page that needs no notebook, no Python and no network.

        Args:
            path: a file to write it to as well.
            title: of the page.

        Raises:
            CallError: the file cannot be written.
        """
        with self._lock:
            find = self._fields_on if self._extractors else None
            board: Any = self.board
            page = page_of(title, self._pages, self.corrections_of, find, board, self._ballot)
        if path is not None:
            try:
                Path(path).write_text(page, encoding="utf-8")
            except OSError as error:
                raise CallError(f"{path} cannot be written ({error.strerror})", "name another file") from None
        return page

    # Reading.

    def run(self, *, block: bool = False) -> None:
        """Reads what has not been read yet: at first all pages, later those that an end came before.

        Args:
            block: return when it is done, for hosts that show nothing of background work.
        """
        if len(self._pages):
            self._put(Job(specs=tuple(self._specs.values()), items=tuple(self._pages)), block=block)

    def add(self, engine: str | EngineSpec, *, block: bool = False) -> None:
        """Reads all pages with one more engine, or with the same one under other options.

        Args:
            engine: ``[LABEL=]NAME[:key=value...]``.
            block: return when it is done.

        Raises:
            CallError: an unknown engine or option, or one that is here already.
        """
        spec = self._checked_spec(engine)
        if spec.label in self._specs:
            raise CallError(f"{spec.label} is here already", "give it another option, or another label")
        self._specs[spec.label] = spec
        self._put(Job(specs=(spec,), items=tuple(self._pages), dropped=(TRIED,)), block=block)

    def try_on(self, engine: str | EngineSpec, page: str | None = None, *, block: bool = False) -> None:
        """Reads one page with an engine, which is called ``tried`` until the next one is, or it is added.

        Args:
            engine: ``NAME[:key=value...]``.
            page: its id; default: the page that is shown.
            block: return when it is done.

        Raises:
            CallError: an unknown engine, option or page.
        """
        spec = dataclasses.replace(self._checked_spec(engine), label=TRIED)
        item = self._pages.get(page or self.page)
        if item is None:
            raise CallError(f"there is no page {page or self.page!r}", "take an id of w.pages")
        self._put(Job(specs=(spec,), items=(item,), dropped=(TRIED,)), block=block)

    def drop(self, label: str, *, block: bool = False) -> None:
        """Takes an engine out of the comparison; its readings stay in the store. Raises CallError."""
        if self._specs.pop(label, None) is None and label != TRIED:
            raise CallError(f"there is no engine {label!r} here", f"there are {', '.join(self._specs)}")
        self._put(Job(dropped=(label,)), block=block)

    def add_pages(
        self, inputs: Any, truth: str | Path | None = None, *, name: str = "", block: bool = False
    ) -> None:
        """Reads more pages with all engines.

        Args:
            inputs: as `compare` takes them.
            truth: as `compare` takes it.
            name: what the pages are called; default: where they come from.
            block: return when it is done.

        Raises:
            CallError: a wrong truth. What else goes wrong is shown.
        """
        self._take(gathered(inputs, truth), name)
        self.run(block=block)

    def set_truth(self, page: str, text: str, *, block: bool = False) -> None:
        """Says what stands on a page, all of it. Raises CallError for an unknown page."""
        if self._pages.get(page) is None:
            raise CallError(f"there is no page {page!r}", "take an id of w.pages")
        with self._lock:
            self._pages.set_truth(page, text)
        self._put(Job(truths={page: text}), block=block)

    def wait(self, timeout: float | None = None) -> bool:
        """Waits for the engines and the fields, so many seconds at most; whether all is done."""
        end = None if timeout is None else time.monotonic() + timeout
        if not self._reader.wait(timeout):
            return False
        return self._finder.wait(None if end is None else max(0.0, end - time.monotonic()))

    def cancel(self) -> None:
        """Ends the reading after the page that is being read; what was read is shown. `run` goes on."""
        self._reader.cancel()

    def close(self) -> None:
        """Ends the reading, and takes the widget away with the files that were dropped on it."""
        self.cancel()
        self._answers.close()
        super().close()

    def _put(self, job: Job, *, block: bool) -> None:
        self.tell("")
        self._reader.put(job, block=block)
        if block:
            self._finder.wait()

    def _checked_spec(self, engine: str | EngineSpec) -> EngineSpec:
        spec = parse_spec(engine) if isinstance(engine, str) else engine
        if spec.is_vote:
            raise CallError(f"{spec.text} is no engine", "the vote of all engines is there already")
        check_specs([spec])
        return spec

    def _take(self, corpus: Corpus, name: str = "") -> None:
        """Shows more pages, which nobody has read yet."""
        with self._lock:
            self._pages.take(corpus, name)
            self.pages = [dict(title) for title in self._pages.titles]
        if corpus.errors:
            self._unusable += [str(error) for error in corpus.errors]
            self.tell("")
        if self.pages and not self.page:
            self.page = self.pages[0]["id"]

    @property
    def refs(self) -> list[PageRef]:
        """Where the pages come from."""
        return [item.ref for item in self._pages]

    def preview(self, previewer: Previewer, page: str, spec: str) -> None:
        """Has a page shown as an engine would be given it."""
        if item := self._pages.get(page):
            previewer.want(item, spec)

    def _works(self, running: bool) -> None:
        self.running = running

    def _progressed(self, progress: list[Progress]) -> None:
        self.progress = [dict(one) for one in progress]

    def _read(self, study: Study) -> None:
        """Takes over what engines have read so far, and shows it."""
        # On many pages this takes its time, in which the browser is to be heard.
        told = without(study, {TRIED}, votes=False)
        if self._told is None or not _same(told, self._told[0]):
            viewer = Viewer(told)
            many = len(told.corpus.items) > 1 and told.runs
            self._told = told, viewer, board_of(told, viewer.expected) if many else None
        _, viewer, board = self._told
        with self._lock:
            self._pages.read(study, viewer)
            self._show()
            self.board = board and dict(board)  # type: ignore[assignment]

    def _read_partly(self, study: Study) -> None:
        """The same while engines go on reading."""
        with self._lock:
            self._pages.read(study)
            self._show()

    def _show(self) -> None:
        """Hands the browser the page that is chosen, its picture where it is another one than before."""
        item = self._pages.get(self.page)
        if item is None:
            return
        if self._pictured != item.id:
            # The picture first: the words of a large page take a moment.
            image, view = self._pages.seen(item)
            with self.hold_sync():
                self.picture_type, self.picture = encoded(image, LONGEST_SHOWN) if image else ("", b"")
                self.view = dict(view)
            self._pictured = item.id if image else ""
        self.view = dict(self._pages.viewed(item)[1])
        self._look_for_fields()

    def _look_for_fields(self, _: Any = None) -> None:
        """Has the fields of the page that is shown taken out anew."""
        if self._extractors:
            self._finder.want(self.page)

    def _find(self, page: str) -> Found | None:
        return self._fields_on(page) if self._pages.get(page) else None

    def _fields_on(self, page: str) -> Found:
        with self._lock:
            item, said = self._pages[page], self.corrections_of(page)
            viewer, ballot = self._pages.viewer(item), self._ballot
            kept = self._pages.kept.get(page, {})
        # Without the lock: the browser goes on being heard.
        found = with_kept(found_on(viewer, item, said, ballot, self._extractors), kept)
        self._pages.fields[page] = boxes_of(found)
        return found

    def _tell_found(self, found: Found | None) -> None:
        self.found = found and dict(found)  # type: ignore[assignment]

    # What the browser tells.

    def _open(self, _: Mapping[str, Any]) -> None:
        with self._lock:
            self._show()

    def _typed(self, change: Mapping[str, Any]) -> None:
        with self._lock:
            if not self._writes:
                self._write(self._edits.hear(self._history))
            try:
                old: History = change["old"] or History(edits=[], done=0)
                both = [old, self._history]
                for page in dict.fromkeys(edit["page"] for history in both for edit in history["edits"]):
                    before, now = (self._said_in(history, page) for history in both)
                    if before != now:
                        self._look_for_fields()
                        self._pages.keep(page, now)
            except OcrError as error:
                self.tell(str(error))

    def _write(self, history: History) -> None:
        self._writes = True
        try:
            self.history = dict(history)
        finally:
            self._writes = False

    def _heard(self, _: Any, content: Any, buffers: Sequence[Any]) -> None:
        self._answers.hear(content, buffers)

    def tell(self, line: str) -> None:
        """Shows what went wrong last, besides inputs that could not be used."""
        self.notice = "; ".join([*self._unusable, *([line] if line else [])])

    def _known(self) -> Study:
        if not self.study.runs:
            raise CallError("nothing has been read yet", "wait for the engines: w.wait()")
        return self.study


def _same(one: Study, other: Study) -> bool:
    """Whether nothing was read or scored in between, and no page came: studies are made anew, not changed."""
    return (
        one.corpus == other.corpus
        and len(one.runs) == len(other.runs)
        and all(run is known for run, known in zip(one.runs, other.runs, strict=True))
    )
