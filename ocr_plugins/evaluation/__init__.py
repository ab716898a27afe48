"""Scores of OCR output against a reference, under named conventions."""

from ocr_plugins.evaluation.alignment import DiffSegment, diff_segments
from ocr_plugins.evaluation.conventions import CONVENTIONS, MODIFIERS, Convention, get_convention
from ocr_plugins.evaluation.corpus import CorpusScore, aggregate
from ocr_plugins.evaluation.graphemes import graphemes
from ocr_plugins.evaluation.scoring import METRICS, PageScore, page_text, score_page, score_texts

__all__ = [
    "CONVENTIONS",
    "METRICS",
    "MODIFIERS",
    "Convention",
    "CorpusScore",
    "DiffSegment",
    "PageScore",
    "aggregate",
    "diff_segments",
    "get_convention",
    "graphemes",
    "page_text",
    "score_page",
    "score_texts",
]
