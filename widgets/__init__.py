"""The notebook widget: one page under every engine, and who is right.

>>> from ocr_plugins.widgets import compare
>>> compare("page.png", engines=["tesseract", "rapidocr", "crnn"])  # doctest: +SKIP
"""

from __future__ import annotations

try:
    import anywidget as _anywidget  # noqa: F401
except ModuleNotFoundError as error:
    from ocr_plugins.errors import EngineUnavailableError

    raise EngineUnavailableError(
        f"the widget needs {error.name}, which is not installed",
        "pip install 'ocr-plugins[widget]'",
        kind="not_installed",
    ) from None

from .comparing import compare, leaderboard
from .comparison import Comparison

__all__ = ["Comparison", "compare", "leaderboard"]
