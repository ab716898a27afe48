"""Scoring text files: one against one, or a folder against a folder of the same names."""

from __future__ import annotations

from pathlib import Path

from ocr_plugins.errors import CallError
from ocr_plugins.evaluation import Convention, CorpusScore, aggregate, score_page


def score_files(reference: Path, hypothesis: Path, convention: Convention) -> tuple[CorpusScore, list[str]]:
    """The score over all texts of ``reference``, and the names that ``hypothesis`` lacks.

    In folders ``NAME.txt`` (or ``NAME.gt.txt``) is held against ``NAME.txt``.

    Raises:
        CallError: a file that cannot be read, a folder against a file, or a folder without texts.
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
    # NAME.gt.txt comes last, and so wins where both are there.
    found = sorted(reference.glob("*.txt"), key=lambda path: (path.name.endswith(".gt.txt"), path.name))
    pairs = {path.name.removesuffix(".txt").removesuffix(".gt") + ".txt": path for path in found}
    if not pairs:
        raise CallError(f"no *.txt is in {reference}", "name a folder of ground-truth texts")
    scores, missing = [], []
    for name, path in pairs.items():
        read = hypothesis / name
        if not read.exists():
            missing.append(name)
        scores.append(score_page(_text(path), _text(read) if read.exists() else None, convention))
    return aggregate(scores, convention), missing


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CallError(f"{path} cannot be read ({error.strerror})", "check the path") from None
    except UnicodeDecodeError:
        raise CallError(f"{path} is not UTF-8 text", "give plain text in UTF-8") from None
