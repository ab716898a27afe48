"""The widget as one file that opens without a notebook, without Python and without a network."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable, Mapping

from ocr_plugins.pictures import encoded
from ocr_plugins.report.payload import inert_json

from .bundle import bundled
from .extracting import with_kept
from .kept import keep_in
from .paging import Pages
from .state import Ballot, Board, Found, View

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
    title: str,
    pages: Pages,
    said_on: Callable[[str], Mapping[str, str]],
    found_on: Callable[[str], Found] | None,
    board: Board | None,
    ballot: Ballot,
) -> str:
    """An HTML page with all pages of a comparison; what was corrected is in it from the start.

    Args:
        title: of the page.
        pages: to be shown.
        said_on: gives what a person said on a page, by its id.
        found_on: gives its fields, where some were asked for.
        board: the table of all pages, where there is one.
        ballot: how is voted when it is opened.
    """
    views: dict[str, View] = {}
    pictures: dict[str, dict[str, str]] = {}
    found: dict[str, Found] = {}
    for item in pages:
        image, view = pages.viewed(item)
        said = said_on(item.id)
        keep_in(view, said)
        views[item.id] = view
        if found_on is not None:
            found[item.id] = with_kept(found_on(item.id), said)
        if image is not None:
            kind, data = encoded(image)
            pictures[item.id] = {"type": kind, "data": base64.b64encode(data).decode("ascii")}
    book = {
        "pages": pages.titles,
        "board": board,
        "ballot": ballot,
        "views": views,
        "found": found,
        "pictures": pictures,
    }
    return _PAGE.format(
        title=html.escape(title),
        css=bundled("index.css").read_text(encoding="utf-8"),
        book=inert_json(book),
        bundle=inert_json(bundled("index.js").read_text(encoding="utf-8")),
    )
