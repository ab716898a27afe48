"""Work in a thread of its own, of which only what was wished for last counts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Wish = TypeVar("Wish")
Made = TypeVar("Made")


class Latest(Generic[Wish, Made]):
    """Makes what is wished for, one after the other; what was made is told unless something else is wanted.

    Args:
        make: of a wish.
        tell: takes what was made.
        name: of the thread.
    """

    def __init__(self, make: Callable[[Wish], Made], tell: Callable[[Made], object], name: str) -> None:
        self._make = make
        self._tell = tell
        self._name = name
        self._wishes: list[Wish] = []
        self._idle = threading.Event()
        self._idle.set()
        self._lock = threading.Lock()

    def want(self, wish: Wish) -> None:
        """Takes the place of what was wished for and is not made yet."""
        with self._lock:
            self._wishes = [wish]
            if not self._idle.is_set():
                return
            self._idle.clear()
        threading.Thread(target=self._work, name=self._name, daemon=True).start()

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until nothing is wanted any more, so many seconds at most; whether that is so."""
        return self._idle.wait(timeout)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._wishes:
                    self._idle.set()
                    return
                wish = self._wishes.pop()
            try:
                made = self._make(wish)
                with self._lock:
                    late = bool(self._wishes)
                if not late:
                    self._tell(made)
            except BaseException:
                # Nobody is to wait for ever; what went wrong is printed as for any thread.
                with self._lock:
                    self._wishes.clear()
                    self._idle.set()
                raise
