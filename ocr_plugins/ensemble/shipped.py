"""What votes rest on and comes with the package: calibrations, and a language model of words.

Each file is opened only if its SHA-256 is the known one.
"""

from __future__ import annotations

import functools
from pathlib import Path

from ocr_plugins.ensemble.calibration import Calibrations
from ocr_plugins.language_model import LanguageModel
from ocr_plugins.weights import verify_file

_FOLDER = Path(__file__).parent / "weights"
CALIBRATIONS = _FOLDER / "calibrations.json"
WORDS = _FOLDER / "words.npz"
SHA256 = {
    CALIBRATIONS: "000e91ccef904660179c3bae9db08029ba889c0c7452bc9ae6de07b383817c45",
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
def shipped_words() -> LanguageModel:
    """Words of seven languages in Latin letters. Raises EngineUnavailableError."""
    verified(WORDS)
    return LanguageModel.load(WORDS)
