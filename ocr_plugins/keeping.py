"""The store as one run uses it: pages are found in it, and put into it as they are read.

What goes wrong with a store costs the store, never the run: it is told once, and the run goes on
without.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ocr_plugins.document import Page, PageError, is_done
from ocr_plugins.engine import EngineInfo
from ocr_plugins.errors import SourceError
from ocr_plugins.hashing import Content, Hasher
from ocr_plugins.image import PageImage
from ocr_plugins.memory import largest
from ocr_plugins.source import PageRef, load_or_error
from ocr_plugins.store import DamagedEntryError, Key, Store, StoreError


class Keeper:
    """A store and its state in one run.

    Args:
        store: where results are kept.
        say: is given one line about each thing that goes wrong.
    """

    def __init__(self, store: Store, say: Callable[[str], None]) -> None:
        self._store = store
        self._say = say
        self._hasher = Hasher()
        self._reads = self._writes = True

    def hash(self, ref: PageRef) -> Content | None:
        """What the page is made of; None where nobody can tell. Raises SourceError."""
        try:
            return self._hasher.hash(ref)
        except OSError:
            # Loading it fails too, and then says why.
            return None

    def unchanged(self, ref: PageRef, content: Content) -> bool:
        try:
            return self._hasher.unchanged(ref, content)
        except OSError:
            return False

    def get(self, key: Key) -> Page | PageError | None:
        """What is kept. Raises DamagedEntryError."""
        if not self._reads:
            return None
        try:
            return self._store.get(key)
        except StoreError as error:
            self._reads = False
            self._say(f"{error.message}: every page is read")
            return None

    def put(self, key: Key, info: EngineInfo, result: Page | PageError) -> bool:
        """Keeps a result, and tells whether it is kept."""
        if not self._writes:
            return False
        try:
            self._store.put(key, info, result)
        except StoreError as error:
            self._give_up(error)
            return False
        return True

    def peak_memory(self, fingerprint: str, measured: int | None) -> int | None:
        """The larger of what an engine took now and what is kept, in bytes; keeps it."""
        kept = None
        if self._reads:
            with contextlib.suppress(StoreError):
                kept = self._store.peak_memory(fingerprint)
        largest_known = largest((kept, measured))
        if self._writes and largest_known is not None and largest_known != kept:
            try:
                self._store.put_peak_memory(fingerprint, largest_known)
            except StoreError as error:
                self._give_up(error)
        return largest_known

    def _give_up(self, error: StoreError) -> None:
        self._writes = False
        self._say(f"{error.message}: the run goes on, and keeps no more pages")


@dataclass(frozen=True, slots=True)
class Kept:
    """A page that was read before, and the key that it is kept under."""

    result: Page | PageError
    key: Key


@dataclass(frozen=True, slots=True)
class Missing:
    """A page that is to be read, and the key to keep it under; None where it is not to be kept."""

    image: PageImage
    key: Key | None = None


class Shelf:
    """One engine's results in the store, for one run. ``damaged`` counts files that were not whole."""

    def __init__(self, keeper: Keeper, info: EngineInfo, code: str) -> None:
        self._keeper = keeper
        self._info = info
        self._code = code
        self._fingerprint = info.fingerprint
        self.damaged = 0

    def find(self, ref: PageRef) -> Kept | Missing | PageError:
        """The page as it was read before, its image where it was not, or why it has none."""
        try:
            content = self._keeper.hash(ref)
        except SourceError as error:
            return ref.error(error)
        if content is None:
            return missing(ref)
        key = self._key(ref, content)
        try:
            found = self._keeper.get(key)
        except DamagedEntryError:
            self.damaged += 1
            found = None
        if found is not None:
            return Kept(self._as_of(ref, found), key)
        if content.image is not None:
            return Missing(content.image, key)
        looked = missing(ref)
        if isinstance(looked, PageError) or not self._keeper.unchanged(ref, content):
            return looked
        return Missing(looked.image, key)

    def keep(self, key: Key, result: Page | PageError) -> bool:
        """Keeps what was read, or found, and tells whether it is kept; errors are not."""
        return is_done(result) and self._keeper.put(key, self._info, result)

    def peak_memory(self, measured: int | None) -> int | None:
        """Bytes that the engine took at most, ``measured`` in this run or kept from others; keeps it."""
        return self._keeper.peak_memory(self._fingerprint, measured)

    def _key(self, ref: PageRef, content: Content) -> Key:
        image = content.image
        return Key(
            sha256=content.sha256,
            of=content.of,
            page=ref.page if image is None else 1,
            dpi=ref.dpi if image is None else image.dpi,
            level=ref.level,
            fingerprint=self._fingerprint,
            preprocessing=self._info.preprocessing,
            code=self._code,
        )

    def _as_of(self, ref: PageRef, found: Page | PageError) -> Page | PageError:
        """The result as if it had been read from here: the same content may have lain elsewhere."""
        provenance = found.provenance
        if provenance is not None:
            # Specs differ that only say how to run, not what.
            provenance = dataclasses.replace(provenance, spec=self._info.spec or self._info.name)
        return dataclasses.replace(found, source=ref.source, page=ref.page, id=ref.id, provenance=provenance)


def unseen(ref: PageRef) -> Missing:
    """The page's name, for an engine that looks at no image: its one pixel says nothing."""
    about: dict[str, Any] = {"source": ref.source, "page": ref.page, "level": ref.level, "id": ref.id}
    return Missing(PageImage(pixels=np.zeros((1, 1), np.uint8), **about))


def missing(ref: PageRef) -> Missing | PageError:
    """The page's image, which is to be read and not to be kept."""
    loaded = load_or_error(ref)
    return loaded if isinstance(loaded, PageError) else Missing(loaded)
