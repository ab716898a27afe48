"""Typed fields of pages that were read: receipts, plates, machine-readable zones, codes, dates, amounts.

from ocr_plugins import read
from ocr_plugins.fields import extract_fields, find_extractors

extractors = find_extractors("receipt:dates=dmy,iban")
for page in read("receipts/").pages:
    found = extract_fields(page, extractors)
    print(found.first("total"))
"""

from ocr_plugins.fields.contract import Extractor, ExtractorOptions
from ocr_plugins.fields.extracting import PageFields, extract_fields, find_extractors, registered_extractors
from ocr_plugins.fields.field import Field, Value
from ocr_plugins.fields.rows import Part, Row, rows_of

__all__ = [
    "Extractor",
    "ExtractorOptions",
    "Field",
    "PageFields",
    "Part",
    "Row",
    "Value",
    "extract_fields",
    "find_extractors",
    "registered_extractors",
    "rows_of",
]
