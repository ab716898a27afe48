"""The pages that are compared, with their ground truth, and what they are called."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Container
from pathlib import Path
from typing import Any

from ocr_plugins.corpus import Corpus, Item, gather
from ocr_plugins.errors import CallError


def gathered(inputs: Any, truth: str | Path | None = None, **inputs_as: Any) -> Corpus:
    """What `gather` makes of inputs, where ``truth`` may also be the text of one page. Raises CallError."""
    if truth is None or _is_folder(truth):
        return gather(inputs, truth=truth, **inputs_as)
    corpus = gather(inputs, **inputs_as)
    if len(corpus.items) != 1:
        raise CallError(
            f"one text cannot be the ground truth of {len(corpus.items)} pages",
            "give a folder with a text file a page",
        )
    return dataclasses.replace(corpus, items=(with_truth(corpus.items[0], _text(truth)),))


def with_truth(item: Item, text: str) -> Item:
    """A page of which it is known what stands there, but not where."""
    return dataclasses.replace(item, truth=text, lines=())


def _is_folder(truth: str | Path) -> bool:
    try:
        return Path(truth).is_dir()
    except (OSError, ValueError):
        return False


def _text(truth: str | Path) -> str:
    """What a file says, or the text itself."""
    try:
        path = Path(truth)
        if path.is_file():
            return path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        if isinstance(truth, Path) or isinstance(error, UnicodeDecodeError):
            raise CallError(
                f"the ground truth cannot be read ({error})", "give a text file in UTF-8"
            ) from None
    if isinstance(truth, Path) or truth.endswith(".txt"):
        raise CallError(f"there is no file {truth}", "check the path")
    return truth


def renamed(item: Item, taken: Container[str], name: str = "") -> Item:
    """A page under a name of its own: ``name`` or its id, with a number where that is taken."""
    name = name or item.id
    names = itertools.chain([name], (f"{name} ({number})" for number in itertools.count(2)))
    free = next(one for one in names if one not in taken)
    if free == item.id:
        return item
    return dataclasses.replace(item, ref=dataclasses.replace(item.ref, id=free))
