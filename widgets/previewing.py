"""A page as an engine would be given it: what preprocessing makes of it, before anything is read."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from ocr_plugins.corpus import Item
from ocr_plugins.errors import OcrError
from ocr_plugins.host import treatment_of
from ocr_plugins.pictures import encoded
from ocr_plugins.runs import check_specs
from ocr_plugins.spec import parse_spec

from .state import Preview


@dataclass(frozen=True)
class _Wish:
    item: Item
    spec: str


class Previewer:
    """Makes pictures in a thread of its own. What was wished for last is all that counts.

    Args:
        tell: takes a preview and its picture's bytes, none where there is an error.
        longest: pixels of the picture's longer side at most.
    """

    def __init__(self, tell: Callable[[Preview, bytes], object], longest: int) -> None:
        self._tell = tell
        self._longest = longest
        self._wish: _Wish | None = None
        self._busy = False
        self._lock = threading.Lock()

    def want(self, item: Item, spec: str) -> None:
        """Makes the picture of a page as the engine of a spec would get it."""
        with self._lock:
            self._wish = _Wish(item, spec)
            if self._busy:
                return
            self._busy = True
        threading.Thread(target=self._work, name="ocr-plugins-preview", daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._lock:
                wish, self._wish = self._wish, None
                if wish is None:
                    self._busy = False
                    return
            made = preview(wish.item, wish.spec, self._longest)
            with self._lock:
                late = self._wish is not None
            if not late:
                self._tell(*made)


def preview(item: Item, spec: str, longest: int) -> tuple[Preview, bytes]:
    """A page as the engine of a spec would get it, and its picture; what goes wrong is in the preview."""
    told = Preview(page=item.id, spec=spec, steps=[], size=(0, 0), type="", error=None)
    try:
        parsed = parse_spec(spec)
        check_specs([parsed])
        image, done = treatment_of(parsed).steps.apply(item.ref.load())
        kind, data = encoded(image, longest)
    except OcrError as error:
        return told | {"error": str(error)}, b""
    except Exception as error:  # noqa: BLE001 - as where pages are read: a step's fault costs this page alone
        return told | {"error": f"the steps cannot be done on this page ({type(error).__name__})"}, b""
    return told | {"steps": list(done.steps), "size": image.size, "type": kind}, data
