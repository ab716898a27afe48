"""The real documents that scripts measure on: their folder, what they are, and how each is scored.

They are not part of this repository; OCR_PLUGINS_CORPORA names their folder.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = Path(os.environ.get("OCR_PLUGINS_CORPORA", ROOT.parent / "shared" / "corpora"))
TITLES = {
    "unlv": "business letters and reports",
    "oldbooks": "old books",
    "ehri_typed_en": "typescript",
    "tapuscorpus_fr": "French typescript",
    "fondue_en_print": "books",
    "funsd": "forms",
    "sroie": "receipts",
    "scribe_benchmark": "tables, columns, charts",
    "stanford_letters": "handwritten letters",
    "icdar2013_born_digital": "screen",
    "peer_fixtures": "other tools' fixtures",
    "iiit5k_words": "words in photos",
    "uw3_lines": "lines of journals",
    "historical_lines": "lines of early prints and Fraktur",
    "hooker_lines": "lines of handwriting",
}
# The ground truth of oldbooks joins hyphenated words and has no page furniture, that of iiit5k_words
# leaves out punctuation.
_CONVENTIONS = {"oldbooks": "default+dehyphenate", "iiit5k_words": "default+alnum"}


# Debian's models are the fast ones: another engine, nearly for free.
_FAST = Path("/usr/share/tesseract-ocr/5/tessdata")
FAST = (f"fast=tesseract:model_dir={_FAST}",) if _FAST.exists() else ()


def convention_of(corpus: str) -> str:
    """By which a corpus is scored."""
    return _CONVENTIONS.get(corpus, "default")


def place_of(corpus: str) -> Path:
    """Its folder; ends the script with a message where there is none."""
    place = FOLDER / corpus
    if not place.exists():
        sys.exit(f"no {corpus} in {FOLDER}: set OCR_PLUGINS_CORPORA")
    return place
