"""The widget as one file that opens without a notebook, without Python and without a network."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping

from ocr_plugins.report.payload import inert_json

from .bundle import bundled
from .state import Board, View

# The bundle is the one that notebooks load: a module, which only a URL can be imported by.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; script-src 'unsafe-inline' blob:; style-src 'unsafe-inline'; img-src blob:">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 0; padding: 8px; }}
{css}
</style>
</head>
<body>
<main id="widget"></main>
<script type="application/json" id="book">{book}</script>
<script type="application/json" id="bundle">{bundle}</script>
<script type="module">
const text = (id) => JSON.parse(document.getElementById(id).textContent);
const url = URL.createObjectURL(new Blob([text("bundle")], {{ type: "text/javascript" }}));
const {{ standalone }} = await import(url);
URL.revokeObjectURL(url);
globalThis.ocrPlugins = standalone(document.getElementById("widget"), text("book"));
</script>
</body>
</html>
"""


def page_of(
    title: str, views: Mapping[str, View], pictures: Mapping[str, tuple[str, bytes]], board: Board | None
) -> str:
    """An HTML page with views of pages; ``pictures`` are their media types and bytes by page id."""
    book = {
        "pages": [{"id": page, "title": view["title"]} for page, view in views.items()],
        "board": board,
        "views": dict(views),
        "pictures": {
            page: {"type": kind, "data": base64.b64encode(data).decode("ascii")}
            for page, (kind, data) in pictures.items()
        },
    }
    return _PAGE.format(
        title=html.escape(title),
        css=bundled("index.css").read_text(encoding="utf-8"),
        book=inert_json(book),
        bundle=inert_json(bundled("index.js").read_text(encoding="utf-8")),
    )
