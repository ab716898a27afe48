"""`compare`: pages under several engines, in a notebook."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ocr_plugins.corpus import Corpus, gather
from ocr_plugins.errors import CallError
from ocr_plugins.runs import check_specs
from ocr_plugins.spec import EngineSpec, parse_specs
from ocr_plugins.store import StorePlace, open_store

from .comparison import Comparison
from .kept import Corrections, default_folder


def compare(
    inputs: Any,
    engines: str | Iterable[str | EngineSpec] = "tesseract,rapidocr,crnn",
    *,
    truth: str | Path | None = None,
    lang: str | None = None,
    device: str | None = None,
    workers: int = 1,
    recursive: bool = False,
    pages: str | None = None,
    dpi: int = 300,
    store: StorePlace = None,
    corrections: str | Path | bool = True,
    block: bool = False,
) -> Comparison:
    """Puts pages under several engines, to be looked at and corrected in a notebook.

    Args:
        inputs: as `ocr_plugins.compare` takes them: a path, folder, manifest, image, array, or several.
        engines: specs, comma-separated or as a list; their vote is always there besides.
        truth: folder with a text file a page, or for one page its text file or the text itself.
        lang, device, workers, recursive, pages, dpi, store: as `ocr_plugins.read` takes them.
        corrections: folder that what is typed is kept in, by page; True for the user's data folder, False
            for none: then it is in the saved notebook alone.
        block: read before this returns, for hosts that show nothing of background work.

    Raises:
        CallError: a wrong engine, option, page range, truth or store. What goes wrong later is shown.
    """
    specs = parse_specs(engines)
    if all(spec.is_vote for spec in specs):
        raise CallError("there is no engine to read with", "name some: tesseract,rapidocr,crnn")
    # What would be wrong in the background is told at once.
    check_specs(specs, lang=lang, device=device, workers=workers)
    open_store(store)
    corpus = _gathered(inputs, truth, recursive=recursive, pages=pages, dpi=dpi)
    widget = Comparison(corpus, Corrections(_folder(corrections)))
    widget.run(specs, {"lang": lang, "device": device, "workers": workers, "store": store}, block=block)
    return widget


def _folder(corrections: str | Path | bool) -> Path | None:
    if isinstance(corrections, bool):
        return default_folder() if corrections else None
    return Path(corrections)


def _gathered(inputs: Any, truth: str | Path | None, **inputs_as: Any) -> Corpus:
    if truth is None or _is_folder(truth):
        return gather(inputs, truth=truth, **inputs_as)
    corpus = gather(inputs, **inputs_as)
    if len(corpus.items) != 1:
        raise CallError(
            f"one text cannot be the ground truth of {len(corpus.items)} pages",
            "give a folder with a text file a page",
        )
    return dataclasses.replace(corpus, items=(dataclasses.replace(corpus.items[0], truth=_text(truth)),))


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
