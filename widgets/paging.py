"""The pages of a comparison: their images, how they are shown, and what was typed on them before."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from ocr_plugins.corpus import Corpus, Item
from ocr_plugins.errors import SourceError
from ocr_plugins.hashing import hash_pixels
from ocr_plugins.image import PageImage
from ocr_plugins.runs import Study

from .gathering import renamed, with_truth
from .kept import Corrections, boxes_of, keep_in
from .reading import TRIED
from .state import Box, PageTitle, View
from .views import Viewer, empty_view, title_of


class Pages:
    """Pages by their ids, as the engines of a study read them so far."""

    def __init__(self, corrections: Corrections, study: Study) -> None:
        self._corrections = corrections
        self._study = study
        self._items: dict[str, Item] = {}
        self._viewer: Viewer | None = None
        self._alone: dict[str, Viewer] = {}
        self._image: PageImage | None = None
        self._keys: dict[str, str] = {}
        #: What was typed before this comparison, by page and cell.
        self.kept: dict[str, dict[str, str]] = {}
        #: The cells of each page that was looked at, with their boxes.
        self.cells: dict[str, dict[str, Box | None]] = {}
        #: The fields of each page that they were taken out of, with theirs.
        self.fields: dict[str, dict[str, Box | None]] = {}

    def __iter__(self) -> Iterator[Item]:
        return iter(list(self._items.values()))

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, page: str) -> Item:
        return self._items[page]

    def get(self, page: str) -> Item | None:
        return self._items.get(page)

    @property
    def titles(self) -> list[PageTitle]:
        return [PageTitle(id=item.id, title=title_of(item)) for item in self]

    @property
    def study(self) -> Study:
        return self._study

    def read(self, study: Study, viewer: Viewer | None = None) -> None:
        """Takes over what engines have read.

        Args:
            study: as it is.
            viewer: of it, without what is only tried; None while more is to come.
        """
        self._study, self._viewer, self._alone = study, viewer, {}

    def viewer(self, item: Item) -> Viewer:
        """Views of the study as it is; a page on which something is tried is judged by itself."""
        tried = any(run.label == TRIED and (run.error or item.id in run.results) for run in self._study.runs)
        if self._viewer is not None and not tried:
            return self._viewer
        if item.id not in self._alone:
            # What is expected of engines on all pages takes its time, and more is to come.
            corpus = dataclasses.replace(self._study.corpus, items=(item,))
            self._alone = {item.id: Viewer(dataclasses.replace(self._study, corpus=corpus))}
        return self._alone[item.id]

    def take(self, corpus: Corpus, name: str = "") -> None:
        """Adds pages under ids of their own: by ``name``, or where they come from."""
        for item in corpus.items:
            number = f"#page={item.ref.page}" if item.ref.pages > 1 else ""
            mine = renamed(item, self._items, f"{name}{number}" if name else "")
            self._items[mine.id] = mine

    def set_truth(self, page: str, text: str) -> None:
        self._items[page] = with_truth(self._items[page], text)

    def seen(self, item: Item) -> tuple[PageImage | None, View]:
        """A page's image, None where it cannot be had, and its view as long as the words are to come."""
        try:
            image = self._loaded(item)
        except SourceError as error:
            return None, empty_view(item, error=str(error))
        if item.id not in self._keys:
            key = self._keys[item.id] = hash_pixels(image)
            self.kept[item.id] = self._corrections.load(key)
        return image, empty_view(item, self._keys[item.id], image.size)

    def viewed(self, item: Item) -> tuple[PageImage | None, View]:
        """A page's image, None where it cannot be had, and its view."""
        image, view = self.seen(item)
        if image is None:
            return None, view
        view = self.viewer(item).view(item, view["key"], image.size)
        self.kept[item.id] = keep_in(view, self.kept[item.id])
        view["kept_at"] = self._corrections.at(view["key"])
        self.cells[item.id] = boxes_of(view)
        return image, view

    def places_on(self, page: str) -> dict[str, Box | None]:
        """All that a person may have said something of, with its box."""
        return {**self.cells.get(page, {}), **self.fields.get(page, {})}

    def was_seen(self, page: str) -> bool:
        """Whether it is known what was typed on a page before."""
        return page in self._keys

    def keep(self, page: str, words: Mapping[str, str]) -> None:
        """Keeps what was typed on a page that was seen. Raises CallError where it cannot be written."""
        if page in self._keys:
            self._corrections.save(self._keys[page], page, words)

    def _loaded(self, item: Item) -> PageImage:
        """The page's image, which is asked for again and again while one page is looked at."""
        if self._image is None or self._image.id != item.id:
            self._image = item.ref.load()
        return self._image
