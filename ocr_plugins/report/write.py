"""Puts the report together: template, style and script around the pages' data."""

from __future__ import annotations

import base64
import hashlib
import shutil
import tempfile
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from ocr_plugins.report.markup import (
    advice,
    escaped,
    facts,
    has_scores,
    leaderboard,
    letter,
    origin,
    style_classes,
)
from ocr_plugins.report.model import Report
from ocr_plugins.report.payload import index_entry, inert_json, page_data
from ocr_plugins.report.sections import sections

STYLES = ("report.css", "sections.css", "view.css")
# In this order: each file uses what those before it define.
SCRIPTS = ("dom.js", "table.js", "list.js", "words.js", "stage.js", "texts.js", "report.js")


def write_report(path: Path, report: Report) -> None:
    """Writes one self-contained HTML file that opens offline and asks nothing of the network.

    Pages are encoded one at a time into a temporary file, so memory does not grow with their
    number, and ``path`` appears, or is replaced, only when the report is complete.

    Raises:
        ValueError: a reading by an engine that the report does not list.
        OSError: the file cannot be written.
    """
    path = Path(path)
    places = {engine.label: place for place, engine in enumerate(report.engines)}
    index: list[dict[str, Any]] = []
    keys: set[str] = set()
    partial = path.with_name(path.name + ".partial")
    # The list of pages stands before the pages and is only known after them: hence the detour.
    with tempfile.TemporaryFile(dir=path.parent) as spool:
        for number, page in enumerate(report.pages):
            data = inert_json(page_data(page, places))
            spool.write(f'<script type="application/json" id="page-{number}">{data}</script>\n'.encode())
            index.append(index_entry(page, _key(page.id, keys), places))
        spool.seek(0)
        before, after = _frame(report, index)
        try:
            with partial.open("wb") as out:
                out.write(before.encode())
                shutil.copyfileobj(spool, out)
                out.write(after.encode())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


def _key(page_id: str, taken: set[str]) -> str:
    """The page's name in the address: its id, with a number where another page has the same."""
    key, number = page_id, 2
    while key in taken:
        key, number = f"{page_id}~{number}", number + 1
    taken.add(key)
    return key


def _frame(report: Report, index: list[dict[str, Any]]) -> tuple[str, str]:
    """What stands before and after the pages' data."""
    style = "\n".join(_read(name) for name in STYLES)
    script = '(() => {\n"use strict";\n' + "\n".join(_read(name) for name in SCRIPTS) + "})();\n"
    engines = [
        {"label": engine.label, "letter": letter(place), "style": style_classes(place)}
        for place, engine in enumerate(report.engines)
    ]
    values = {
        "policy": _policy(style, script),
        "style": style,
        "script": script,
        "title": escaped(report.title),
        "facts": facts(report, len(index)),
        "origin": origin(report),
        "advice": advice(report),
        "leaderboard": leaderboard(report),
        "sections": sections(report),
        "scale": _SCALE if has_scores(report.engines) else "",
        "convention": escaped(report.convention),
        "convention_description": escaped(report.convention_description),
        "version": escaped(report.version),
        "index": inert_json({"engines": engines, "pages": index}),
    }
    # Cut before anything is filled in, so that no value can look like the cut.
    before, after = _read("template.html").split("<!-- pages -->\n")
    return Template(before).substitute(values), Template(after).substitute(values)


_SCALE = (
    "CER and WER: the share of characters and words read wrongly, lower is better. "
    "Word F1: higher is better. "
)


def _policy(style: str, script: str) -> str:
    """Only this style and this script count, and only images inside the file are shown.

    Trusted types make the browser refuse any text that the script would hand to its HTML
    parser, should a later change try to.
    """
    return "; ".join(
        (
            "default-src 'none'",
            "img-src data:",
            f"style-src '{_hash(style)}'",
            f"script-src '{_hash(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _read(name: str) -> str:
    return resources.files("ocr_plugins.report").joinpath(name).read_text(encoding="utf-8")
