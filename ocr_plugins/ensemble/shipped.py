"""What votes rest on and comes with the package: calibrations, a voter, and a language model of words.

Each file is opened only if its SHA-256 is the known one.
"""

from __future__ import annotations

import functools
from pathlib import Path

from ocr_plugins.ensemble.calibration import Calibrations
from ocr_plugins.ensemble.voter_model import VoterModel
from ocr_plugins.language_model import LanguageModel
from ocr_plugins.weights import verify_file

_FOLDER = Path(__file__).parent / "weights"
CALIBRATIONS = _FOLDER / "calibrations.json"
VOTER = _FOLDER / "voter.json"
WORDS = _FOLDER / "words.npz"
SHA256 = {
    CALIBRATIONS: "4e0fa9d244313c5b02c0349ac1b09a6a3a942c6d92a786eaace2733aad06087b",
    VOTER: "1697a254ca9e3187e2bb474c3590212ec2a7ea07496978ecaa74b5b57a8de0c1",
    WORDS: "23ec155e44627c35176f1bba75356dfbbb7a3b260704f12f80f0d511c06261ee",
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
