"""One engine reads the pages of a run: one result each, in order, from the store or from the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ocr_plugins.corpus import Item
from ocr_plugins.document import Page, PageError
from ocr_plugins.engine import Engine
from ocr_plugins.image import PageImage
from ocr_plugins.keeping import Kept, Missing, Shelf, missing, unseen
from ocr_plugins.source import PageRef
from ocr_plugins.store import Key


@dataclass(frozen=True, slots=True)
class Outcome:
    """A page's result, and where it is from: the engine, the store, or neither (it has no image).

    ``key`` is what the store keeps it under, None where it does not.
    """

    item: Item
    result: Page | PageError
    by: Literal["engine", "store", "source"]
    key: Key | None = None


def read_items(
    engine: Callable[[], Engine], items: Sequence[Item], shelf: Shelf | None = None, *, sees: bool = True
) -> Iterator[Outcome]:
    """The results of all items, in order.

    Images are loaded only when the engine asks for them; one that cannot be loaded never
    reaches it.

    Args:
        engine: gives the engine, ready to read; called before the first page that is not kept.
        shelf: where this engine's results are kept; None for nowhere.
        sees: whether the engine looks at images, which are loaded only then.
    """
    return _Reading(engine, items, shelf, sees).outcomes()


class _Reading:
    """What is known in the middle of a run: results before their turn, and what the engine has."""

    def __init__(
        self, engine: Callable[[], Engine], items: Sequence[Item], shelf: Shelf | None, sees: bool
    ) -> None:
        self._engine = engine
        self._items = items
        self._shelf = shelf
        self._sees = sees
        # Shared by this and by the engine, which pulls images as it needs them.
        self._ahead = iter(enumerate(items))
        self._looked = -1
        self._settled: dict[int, Outcome] = {}
        self._keys: dict[int, Key | None] = {}
        self._results: Iterator[Page | PageError] | None = None
        self._waiting: Page | PageError | None = None

    def outcomes(self) -> Iterator[Outcome]:
        for place, item in enumerate(self._items):
            if self._results is None:
                self._start()
            # Asking for a result makes the engine pull images, which may show this one settled.
            if place not in self._settled and self._waiting is None:
                self._waiting = self._next(item)
            if self._looked < place:
                # The engine has ended early, but what is kept is there all the same.
                self._look()
            if place in self._settled:
                yield self._settled.pop(place)
                continue
            result, self._waiting = self._waiting or _unanswered(item), None
            kept = self._keep(item, result, self._keys.pop(place, None))
            yield Outcome(item, self._on_page(item, result), "engine", kept)

    def _start(self) -> None:
        """Looks at the next item, and starts the engine if it is to be read."""
        image = self._look()
        if image is not None:
            self._results = self._engine().read(self._images(image))

    def _images(self, first: PageImage) -> Iterator[PageImage]:
        yield first
        del first
        while self._looked < len(self._items) - 1:
            image = self._look()
            if image is not None:
                yield image

    def _look(self) -> PageImage | None:
        """The next item's image for the engine; None where its result is there without."""
        place, item = next(self._ahead)
        self._looked = place
        found = self._find(item.image)
        if isinstance(found, Missing):
            self._keys[place] = found.key
            return found.image
        if isinstance(found, Kept):
            self._settled[place] = Outcome(item, self._on_page(item, found.result), "store", found.key)
        else:
            self._settled[place] = Outcome(item, self._on_page(item, found), "source")
        return None

    def _on_page(self, item: Item, result: Page | PageError) -> Page | PageError:
        """Who looks at no image tells of the page in any case."""
        return item.on_page(result) if self._sees else result

    def _find(self, ref: PageRef) -> Kept | Missing | PageError:
        if not self._sees:
            return unseen(ref)
        return missing(ref) if self._shelf is None else self._shelf.find(ref)

    def _next(self, item: Item) -> Page | PageError | None:
        """The engine's next result. An engine that raises where it must not has ended."""
        try:
            return next(self._results or iter(()), None)
        except Exception as error:  # noqa: BLE001 - a stranger's adapter may raise anything
            message = f"the engine failed ({type(error).__name__}) instead of giving a result"
            return _error(item, "engine_failed", message)

    def _keep(self, item: Item, result: Page | PageError, key: Key | None) -> Key | None:
        """The key that the result is kept under from now on."""
        # An engine that mixes up its answers must not have them kept under other pages.
        answers = (result.id, result.page) == (item.ref.id, item.ref.page)
        if self._shelf is None or key is None or not answers:
            return None
        return key if self._shelf.keep(key, result) else None


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
