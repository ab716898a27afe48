"""Edits in the order in which people made them, in browsers and by Python at the same time."""

from __future__ import annotations

from collections.abc import Mapping

from .state import Edit, History


class Edits:
    """What Python says besides what browsers write.

    The history has one place in the shared state, and a browser that writes there may not have heard yet what
    Python said: that is added again. What was typed is never taken out.
    """

    def __init__(self) -> None:
        self._unheard: list[Edit] = []

    def say(self, edit: Edit, history: History) -> History:
        """The history with one more edit; what was undone before is forgotten."""
        self._unheard.append(edit)
        return _with(history, [edit])

    def hear(self, history: History) -> History:
        """What a browser wrote, with what it had not heard of."""
        self._unheard = [edit for edit in self._unheard if edit not in history["edits"]]
        return _with(history, self._unheard) if self._unheard else history


def corrected(history: History, page: str, before: Mapping[str, str]) -> dict[str, str]:
    """What is said on a page, by cell, of which some was said ``before`` the history began."""
    found = dict(before)
    for edit in history["edits"][: history["done"]]:
        if edit["page"] != page:
            continue
        if edit["text"] is None:
            found.pop(edit["cell"], None)
        else:
            found[edit["cell"]] = edit["text"]
    return found


def _with(history: History, said: list[Edit]) -> History:
    edits = [*history["edits"][: history["done"]], *said]
    return History(edits=edits, done=len(edits))
