"""The state that the widget shares with browsers, as `state` describes it, saved with the notebook."""

from __future__ import annotations

import anywidget
import traitlets

from .bundle import bundled
from .packing import packed, unpacked
from .state import Ballot, History


class SharedState(anywidget.AnyWidget):
    """What is shown, and what people do."""

    _esm = bundled("index.js")
    _css = bundled("index.css")

    pages = traitlets.List(traitlets.Dict()).tag(sync=True)
    page = traitlets.Unicode().tag(sync=True)
    view = traitlets.Dict(allow_none=True, default_value=None).tag(
        sync=True, to_json=lambda value, _: packed(value), from_json=lambda value, _: unpacked(value)
    )
    # What comes back from a browser is a view of memory.
    picture = traitlets.Bytes(b"").tag(sync=True, from_json=lambda value, _: bytes(value or b""))
    picture_type = traitlets.Unicode().tag(sync=True)
    selected = traitlets.Unicode().tag(sync=True)
    ballot = traitlets.Dict({"method": "learned", "without": []}).tag(sync=True)
    history = traitlets.Dict({"edits": [], "done": 0}).tag(sync=True)
    board = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    found = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    progress = traitlets.List(traitlets.Dict()).tag(sync=True)
    running = traitlets.Bool().tag(sync=True)
    notice = traitlets.Unicode().tag(sync=True)

    @property
    def _history(self) -> History:
        return self.history  # type: ignore[return-value]

    @property
    def _ballot(self) -> Ballot:
        return self.ballot  # type: ignore[return-value]
