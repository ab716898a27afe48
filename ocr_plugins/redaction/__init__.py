"""What is personal on pages, and pages without it: found in every reading, taken out of text and picture.

It flows one way: `looks` and `personal` find, `blanking` takes words out of readings, `painting` out of
pixels, and `pages` does it for the pages of one document.
"""

from ocr_plugins.redaction.pages import RedactedDocument, RedactedPage, refusal
from ocr_plugins.redaction.painting import painted
from ocr_plugins.redaction.personal import PERSONAL, Traces, find_redactors

__all__ = [
    "PERSONAL",
    "RedactedDocument",
    "RedactedPage",
    "Traces",
    "find_redactors",
    "painted",
    "refusal",
]
