"""The widget: pages under several engines, in a notebook."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from ocr_plugins.api import run_engines
from ocr_plugins.corpus import Corpus, Item
from ocr_plugins.errors import CallError, OcrError, SourceError
from ocr_plugins.hashing import hash_pixels
from ocr_plugins.image import PageImage
from ocr_plugins.pictures import encoded
from ocr_plugins.runs import Study
from ocr_plugins.spec import EngineSpec

from .bundle import bundled
from .exporting import Checked, export
from .kept import Corrections, boxes_of, keep_in, placed
from .running import Listener
from .standalone import page_of
from .state import PageTitle, Progress, View
from .tabled import words_table
from .views import Viewer, empty_view, title_of

if TYPE_CHECKING:
    import pandas as pd

# Of a sheet of A4 that is 220 pixels an inch, in which small print can still be read.
_LONGEST = 2600


class Comparison(anywidget.AnyWidget):
    """Pages as several engines read them: to look at, to vote on, and to correct.

    What is shown and done is the state of the widget, saved with the notebook; ``w.selected`` is the word
    that is looked at. Engines read in the background, unless ``block`` was given.
    """

    _esm = bundled("index.js")
    _css = bundled("index.css")

    pages = traitlets.List(traitlets.Dict()).tag(sync=True)
    page = traitlets.Unicode().tag(sync=True)
    view = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    # What comes back from a browser is a view of memory.
    picture = traitlets.Bytes(b"").tag(sync=True, from_json=lambda value, _: bytes(value or b""))
    picture_type = traitlets.Unicode().tag(sync=True)
    selected = traitlets.Unicode().tag(sync=True)
    ballot = traitlets.Dict().tag(sync=True)
    history = traitlets.Dict().tag(sync=True)
    progress = traitlets.List(traitlets.Dict()).tag(sync=True)
    running = traitlets.Bool().tag(sync=True)
    notice = traitlets.Unicode().tag(sync=True)

    def __init__(self, corpus: Corpus, corrections: Corrections) -> None:
        super().__init__(
            ballot={"method": "learned", "without": []},
            history={"edits": [], "done": 0},
            pages=[PageTitle(id=item.id, title=title_of(item)) for item in corpus.items],
        )
        self._corpus = corpus
        self._items = {item.id: item for item in corpus.items}
        self._corrections = corrections
        self._kept: dict[str, dict[str, str]] = {}
        self._keys: dict[str, str] = {}
        self._study: Study | None = None
        self._viewer: Viewer | None = None
        self._pictured = ""
        self._thread: threading.Thread | None = None
        self._listener: Listener | None = None
        # Events of the browser and of engines come on threads of their own.
        self._lock = threading.RLock()
        self.on_msg(self._heard)
        self.observe(self._open, "page")
        self.observe(self._typed, "history")
        self._say("; ".join(str(error) for error in corpus.errors))
        if corpus.items:
            self.page = corpus.items[0].id

    @property
    def study(self) -> Study | None:
        """What the engines have read so far; None before they begin."""
        return self._study

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
        labels = [run.label for run in self._known().runs]
        with self._lock:
            views = [self._viewed(item)[1] for item in self._corpus.items]
            return words_table(labels, [(view, self.corrections_of(view["id"])) for view in views])

    def correct(self, cell: str, text: str | None, page: str | None = None) -> None:
        """Says what stands in a cell, as by typing it: "" for nothing, None to take it back.

        Args:
            cell: as in `words`.
            text: what stands there.
            page: its id; default: the page that is shown.
        """
        with self._lock:
            history: Any = self.history
            edits = history["edits"][: history["done"]]
            edits = [*edits, {"page": page or self.page, "cell": cell, "text": text}]
            self.history = {"edits": edits, "done": len(edits)}

    def corrections_of(self, page: str) -> dict[str, str]:
        """What a person has said on a page, by cell."""
        history: Any = self.history
        found = dict(self._kept.get(page, {}))
        for edit in history["edits"][: history["done"]]:
            if edit["page"] != page:
                continue
            if edit["text"] is None:
                found.pop(edit["cell"], None)
            else:
                found[edit["cell"]] = edit["text"]
        return found

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
            return export(Path(folder), self._checked(), formats)

    def _checked(self) -> Iterator[Checked]:
        for item in self._corpus.items:
            if not self.corrections_of(item.id) and item.id in self._keys:
                continue
            image, view = self._viewed(item)
            boxes = boxes_of(view)
            said = placed(self.corrections_of(item.id), boxes)
            words = [(box, said[cell]) for cell, box in boxes.items() if box and cell in said]
            if image is None or not words:
                continue
            assert self._viewer is not None  # noqa: S101 - it has just made the view
            page = self._viewer.corrected(item, said, self.ballot)  # type: ignore[arg-type]
            yield Checked(ref=item.ref, image=image, page=page, words=words)

    def to_html(self, path: str | Path | None = None, *, title: str = "OCR engines compared") -> str:
        """The widget as one HTML page that needs no notebook, no Python and no network.

        Args:
            path: a file to write it to as well.
            title: of the page.

        Raises:
            CallError: nothing has been read yet, or the file cannot be written.
        """
        views: dict[str, View] = {}
        pictures: dict[str, tuple[str, bytes]] = {}
        with self._lock:
            for item in self._corpus.items:
                image, view = self._viewed(item)
                # What was corrected here is there from the start.
                keep_in(view, self.corrections_of(item.id))
                views[item.id] = view
                if image is not None:
                    pictures[item.id] = encoded(image)
        page = page_of(title, views, pictures)
        if path is not None:
            try:
                Path(path).write_text(page, encoding="utf-8")
            except OSError as error:
                raise CallError(f"{path} cannot be written ({error.strerror})", "name another file") from None
        return page

    def wait(self, timeout: float | None = None) -> bool:
        """Waits for the engines, so many seconds at most; whether they are done."""
        if self._thread is not None:
            self._thread.join(timeout)
        return not self.running

    def cancel(self) -> None:
        """Ends the reading after the page that is being read; what was read is shown."""
        if self._listener is not None:
            self._listener.cancelled.set()

    def close(self) -> None:
        """Ends the reading, and takes the widget away."""
        self.cancel()
        super().close()

    # Reading.

    def run(self, specs: Iterable[EngineSpec], how: Mapping[str, Any], *, block: bool = False) -> None:
        """Reads the pages; ``how`` are the arguments of `ocr_plugins.compare`."""
        specs = [spec for spec in specs if not spec.is_vote]
        listener = Listener(specs, self._progressed, self._read, self._say)
        self._listener = listener
        self.running = True

        def read() -> None:
            try:
                self._read(run_engines(self._corpus, specs, convention="default", watcher=listener, **how))
                if listener.cancelled.is_set():
                    self._say("The reading was ended early: some engines have not seen all pages.")
            except OcrError as error:
                self._say(str(error))
            finally:
                self.running = False

        if block:
            read()
        else:
            self._thread = threading.Thread(target=read, name="ocr-plugins", daemon=True)
            self._thread.start()

    def _progressed(self, progress: list[Progress]) -> None:
        self.progress = [dict(one) for one in progress]

    def _read(self, study: Study) -> None:
        """Takes over what engines have read so far, and shows it."""
        # Engines go on reading: what is looked at here must stay as it is.
        runs = [
            dataclasses.replace(run, results=dict(run.results), scores=dict(run.scores)) for run in study.runs
        ]
        with self._lock:
            self._study = dataclasses.replace(study, runs=runs)
            self._viewer = None
            self._show()

    def _show(self) -> None:
        """Hands the browser the page that is chosen, its picture where it is another one than before."""
        item = self._items.get(self.page)
        if item is None or self._study is None:
            return
        image, view = self._viewed(item)
        with self.hold_sync():
            if image is None:
                self.picture, self._pictured = b"", ""
            elif self._pictured != item.id:
                self.picture_type, self.picture = encoded(image, _LONGEST)
                self._pictured = item.id
            self.view = dict(view)

    def _viewed(self, item: Item) -> tuple[PageImage | None, View]:
        """A page's image, None where it cannot be had, and its view."""
        self._viewer = self._viewer or Viewer(self._known())
        try:
            image = item.ref.load()
        except SourceError as error:
            return None, empty_view(item, str(error))
        if item.id not in self._keys:
            key = self._keys[item.id] = hash_pixels(image)
            self._kept[item.id] = self._corrections.load(key)
        view = self._viewer.view(item, self._keys[item.id], image.size)
        self._kept[item.id] = keep_in(view, self._kept[item.id])
        return image, view

    # What the browser tells.

    def _open(self, change: Mapping[str, Any]) -> None:
        with self._lock:
            if change["new"] in self._items:
                self._show()

    def _typed(self, _: Mapping[str, Any]) -> None:
        with self._lock:
            history = self.history
            try:
                for page in dict.fromkeys(edit["page"] for edit in history["edits"]):
                    if page in self._keys:
                        self._corrections.save(self._keys[page], page, self.corrections_of(page))
            except OcrError as error:
                self._say(str(error))

    def _heard(self, _: Any, content: Mapping[str, Any], __: Any) -> None:
        if content.get("do") == "cancel":
            self.cancel()

    def _say(self, line: str) -> None:
        self.notice = line

    def _known(self) -> Study:
        if self._study is None:
            raise CallError("nothing has been read yet", "wait for the engines: w.wait()")
        return self._study
