"""`compare`: pages under several engines, in a notebook."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ocr_plugins.analysing import Analysis
from ocr_plugins.errors import CallError
from ocr_plugins.fields import Extractor, find_extractors
from ocr_plugins.runs import Study, check_specs
from ocr_plugins.spec import EngineSpec, parse_specs
from ocr_plugins.store import StorePlace, open_store

from .comparison import Comparison
from .gathering import gathered
from .kept import Corrections, default_folder


def compare(
    inputs: Any = (),
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
    fields: str = "",
    corrections: str | Path | bool = True,
    block: bool = False,
) -> Comparison:
    """Puts pages under several engines, to be looked at and corrected in a notebook.

    Args:
        inputs: as `ocr_plugins.compare` takes them: a path, folder, manifest, image, array, table of pandas,
            or several; without any, pages are dropped on the widget.
        engines: specs, comma-separated or as a list; their vote is always there besides.
        truth: folder with a text file a page, or for one page its text file or the text itself.
        lang, device, workers, recursive, pages, dpi, store: as `ocr_plugins.read` takes them.
        fields: what is taken out of each page and marked on it, as in "receipt,iban"; see docs/FIELDS.md.
        corrections: folder that what is typed is kept in, by page; True for the user's data folder, False
            for none: then it is in the saved notebook alone.
        block: read before this returns, for hosts that show nothing of background work.

    Raises:
        CallError: a wrong engine, option, page range, truth, store or extractor. What goes wrong later is
            shown.
    """
    specs = parse_specs(engines)
    if all(spec.is_vote for spec in specs):
        raise CallError("there is no engine to read with", "name some: tesseract,rapidocr,crnn")
    # What would be wrong in the background is told at once.
    check_specs(specs, lang=lang, device=device, workers=workers)
    open_store(store)
    extractors = _extractors(fields)
    corpus = gathered(inputs, truth, recursive=recursive, pages=pages, dpi=dpi)
    how = {"lang": lang, "device": device, "workers": workers, "store": store}
    engines_only = [spec for spec in specs if not spec.is_vote]
    widget = Comparison(corpus, engines_only, how, Corrections(_folder(corrections)), extractors=extractors)
    widget.run(block=block)
    return widget


def leaderboard(
    study: Study | Analysis, *, fields: str = "", corrections: str | Path | bool = True
) -> Comparison:
    """A study that was made elsewhere, to be looked at in a notebook: a click leads to the page and the word.

    Args:
        study: of `ocr_plugins.compare` or `ocr_plugins.study`; its pages must still be where they were.
        fields, corrections: as `compare` takes them.

    Raises:
        CallError: the study has no engine, or a wrong extractor.
    """
    found = study if isinstance(study, Study) else study.study
    specs = [run.spec for run in found.runs if not run.spec.is_vote]
    if not specs:
        raise CallError("the study has no engine", "name some: ocr_plugins.compare(pages, 'tesseract,crnn')")
    kept = Corrections(_folder(corrections))
    return Comparison(found.corpus, specs, {}, kept, study=found, extractors=_extractors(fields))


def _extractors(fields: str) -> tuple[Extractor[Any], ...]:
    return find_extractors(fields) if fields else ()


def _folder(corrections: str | Path | bool) -> Path | None:
    if isinstance(corrections, bool):
        return default_folder() if corrections else None
    return Path(corrections)
