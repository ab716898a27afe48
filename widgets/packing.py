"""Large parts of the shared state as one text: notebooks are saved with a line for each number in a list."""

from __future__ import annotations

import json
from typing import Any


def packed(value: dict[str, Any] | None) -> str:
    """As JSON without white space; "" for None."""
    if value is None:
        return ""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Half a surrogate pair, which engines may give, is no UTF-8, and its escape is good JSON.
    return text.encode(errors="backslashreplace").decode()


def unpacked(text: str | None) -> dict[str, Any] | None:
    """What `packed` made a text of."""
    found: dict[str, Any] | None = json.loads(text) if text else None
    return found
