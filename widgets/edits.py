"""Edits in the order in which people made them, in browsers and by Python at the same time."""

from __future__ import annotations

from collections.abc import Mapping

from .kept import cell_of, placed
from .state import Box, Edit, History


class Edits:
    """What Python says besides what browsers write.

    The history has one place in the shared state, and a browser that writes there may not have heard yet what
    Python said: that is added again. What was typed is never taken out.
    """

    def __init__(self) -> None:
        # With how many equal ones there are once it is heard: the same may be said twice.
        self._unheard: list[tuple[Edit, int]] = []

    def say(self, edit: Edit, history: History) -> History:
        """The history with one more edit; what was undone before is forgotten."""
        found = _with(history, [edit])
        self._unheard.append((edit, found["edits"].count(edit)))
        return found

    def hear(self, history: History) -> History:
        """What a browser wrote, with what it had not heard of."""
        self._unheard = [
            (edit, count) for edit, count in self._unheard if history["edits"].count(edit) < count
        ]
        return _with(history, [edit for edit, _ in self._unheard]) if self._unheard else history


def corrected(
    history: History, page: str, before: Mapping[str, str], cells: Mapping[str, Box | None]
) -> dict[str, str]:
    """What is said on a page, by cell, of which some was said ``before`` the history began.

    ``cells`` are those of the page as it is shown, and its fields: with other engines a word's box
    moves a little.
    """
    found = placed(before, cells)
    for edit in history["edits"][: history["done"]]:
        if edit["page"] != page:
            continue
        cell = cell_of(edit["cell"], cells)
        if edit["text"] is None:
            found.pop(cell, None)
        else:
            found[cell] = edit["text"]
    return found


def _with(history: History, said: list[Edit]) -> History:
    edits = [*history["edits"][: history["done"]], *said]
    return History(edits=edits, done=len(edits))
