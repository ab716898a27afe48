"""Tables in documents that scripts write anew: between a script's own marker and the next end of a table."""

from __future__ import annotations

from pathlib import Path

_END = "<!-- end of table -->"


def put(table: str, page: Path, start: str) -> None:
    """Puts the table into a page in place of what stands after the marker ``start``."""
    before, _, rest = page.read_text(encoding="utf-8").partition(start)
    _, _, after = rest.partition(_END)
    page.write_text(f"{before}{start}\n{table}\n{_END}{after}", encoding="utf-8")
