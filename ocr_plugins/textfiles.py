"""Scoring files against ground truth: one against one, or a folder against a folder of the same names."""

from __future__ import annotations

from pathlib import Path

from ocr_plugins.convert import read_file
from ocr_plugins.errors import CallError, SourceError
from ocr_plugins.evaluation import Convention, CorpusScore, aggregate, score_page
from ocr_plugins.formats import FORMATS
from ocr_plugins.formats.names import by_stem

# In folders the text wins where a page has files of several formats, and of texts NAME.gt.txt.
_FORMATS = [FORMATS[name] for name in ("text", "page", "alto", "hocr", "tsv", "json")]
_ENDINGS = [".gt.txt", *(ending for one in _FORMATS for ending in (one.ending, *one.endings))]


def score_files(reference: Path, hypothesis: Path, convention: Convention) -> tuple[CorpusScore, list[str]]:
    """The score over all files of ``reference``, and the names that ``hypothesis`` lacks.

    Files are plain text, or of any format that `ocr_plugins.formats` reads. In folders ``NAME.txt`` (or
    ``NAME.gt.txt``) is held against ``NAME.txt``, ``NAME.hocr`` and so on.

    Raises:
        CallError: a file that cannot be read, a folder against a file, or a folder without any.
    """
    for path in (reference, hypothesis):
        if not path.exists():
            raise CallError(f"{path} does not exist", "check the path")
    if reference.is_dir() != hypothesis.is_dir():
        raise CallError(
            f"{reference} and {hypothesis} are not both folders or both files", "give two of a kind"
        )
    if not reference.is_dir():
        return aggregate([score_page(_text(reference), _text(hypothesis), convention)], convention), []
    pairs, readings = _files(reference), _files(hypothesis)
    if not pairs:
        raise CallError(f"no *.txt is in {reference}", "name a folder of ground-truth texts")
    scores, missing = [], []
    for name, path in sorted(pairs.items()):
        read = readings.get(name)
        if read is None:
            missing.append(f"{name}.txt")
        scores.append(score_page(_text(path), _text(read) if read else None, convention))
    return aggregate(scores, convention), missing


def _files(folder: Path) -> dict[str, Path]:
    """The files of a folder by the names of their pages."""
    return by_stem(sorted(path for path in folder.iterdir() if path.is_file()), _ENDINGS)


def _text(path: Path) -> str:
    if path.name.endswith(tuple(_ENDINGS)) and path.suffix not in (".txt", ".text"):
        try:
            return "\n\n".join(page.text for page in read_file(path))
        except SourceError as error:
            raise CallError(error.message, error.hint) from None
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CallError(f"{path} cannot be read ({error.strerror})", "check the path") from None
    except UnicodeDecodeError:
        raise CallError(f"{path} is not UTF-8 text", "give plain text in UTF-8, hOCR, ALTO or PAGE") from None
