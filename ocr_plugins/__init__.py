"""ocr-plugins: which OCR engine reads your documents best, and at what cost.

    >>> import ocr_plugins
    >>> for page in ocr_plugins.read("scan.pdf").pages:
    ...     print(page.text)
    >>> study = ocr_plugins.compare("corpus/manifest.jsonl", "tesseract,rapidocr")
    >>> study.table()

Importing this loads nothing heavy: each name is fetched when it is first used.
"""

from __future__ import annotations

import importlib
import importlib.metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ocr_plugins.api import compare, evaluate, rank, read, redact, study, vote
    from ocr_plugins.document import Page, PageError
    from ocr_plugins.errors import OcrError
    from ocr_plugins.host import open_engine
    from ocr_plugins.manifest import load_manifest

__all__ = [
    "OcrError",
    "Page",
    "PageError",
    "compare",
    "evaluate",
    "load_manifest",
    "open_engine",
    "rank",
    "read",
    "redact",
    "study",
    "vote",
]

_HOMES = {
    "OcrError": "errors",
    "Page": "document",
    "PageError": "document",
    "compare": "api",
    "evaluate": "api",
    "load_manifest": "manifest",
    "open_engine": "host",
    "rank": "api",
    "read": "api",
    "redact": "api",
    "study": "api",
    "vote": "api",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.metadata.version("ocr-plugins")
    if name in _HOMES:
        return getattr(importlib.import_module(f"ocr_plugins.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
