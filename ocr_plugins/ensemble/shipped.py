"""What votes rest on and comes with the package: calibrations, a voter, a language model of
words, and a list of them.

Each file is opened only if its SHA-256 is the known one.
"""

from __future__ import annotations

import functools
from pathlib import Path

from ocr_plugins.ensemble.calibration import Calibrations
from ocr_plugins.ensemble.lexicon import Lexicon
from ocr_plugins.ensemble.voter_model import VoterModel
from ocr_plugins.language_model import LanguageModel
from ocr_plugins.weights import verify_file

_FOLDER = Path(__file__).parent / "weights"
CALIBRATIONS = _FOLDER / "calibrations.json"
VOTER = _FOLDER / "voter.json"
WORDS = _FOLDER / "words.npz"
LEXICON = _FOLDER / "lexicon.npz"
SHA256 = {
    CALIBRATIONS: "a708ea00543d9ef9d8e712b3aa6b73d048bd8ef6eba902a9e67d981890ce8771",
    VOTER: "b6d1c3d43bf92b2c95c326e589c25d6df5f5aed07e98fc591422706f743bd2db",
    WORDS: "23ec155e44627c35176f1bba75356dfbbb7a3b260704f12f80f0d511c06261ee",
    LEXICON: "5ec6b21d62e84dfe2bfda14b2d61723b1a5c18e23ea6b1dded3feb33bb3a9ed3",
}
_HINT = "install ocr-plugins again"


def verified(path: Path) -> str:
    """The SHA-256 of a file of this folder. Raises EngineUnavailableError: it was changed, or is missing."""
    return verify_file(path, {SHA256[path]}, _HINT)


@functools.cache
def shipped_calibrations() -> Calibrations:
    """The maps of engines as they come, by fingerprint. Raises EngineUnavailableError."""
    verified(CALIBRATIONS)
    return Calibrations.load(CALIBRATIONS)


@functools.cache
def shipped_voter() -> VoterModel:
    """The model of the learned vote, fitted on drawn pages. Raises EngineUnavailableError."""
    verified(VOTER)
    return VoterModel.load(VOTER)


@functools.cache
def shipped_words() -> LanguageModel:
    """Words of seven languages in Latin letters. Raises EngineUnavailableError."""
    verified(WORDS)
    return LanguageModel.load(WORDS)


@functools.cache
def shipped_lexicon() -> Lexicon:
    """The commonest words of the same languages. Raises EngineUnavailableError."""
    verified(LEXICON)
    return Lexicon.load(LEXICON)
