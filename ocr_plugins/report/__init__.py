"""The report: one HTML file that opens offline and shows what each engine read, page by page."""

from __future__ import annotations

from ocr_plugins.report.model import DiffSegment, EngineRow, Point, Reading, Report, ReportPage, Section
from ocr_plugins.report.write import write_report

__all__ = [
    "DiffSegment",
    "EngineRow",
    "Point",
    "Reading",
    "Report",
    "ReportPage",
    "Section",
    "write_report",
]
