"""What votes rest on and comes with the package: a voter, calibrations, and a language model of words.

Each file is opened only if its SHA-256 is the known one.
"""

from __future__ import annotations

import functools
from pathlib import Path

from ocr_plugins.ensemble.calibration import Calibrations
from ocr_plugins.ensemble.learned import VoterModel
from ocr_plugins.language_model import LanguageModel
from ocr_plugins.weights import verify_file

_FOLDER = Path(__file__).parent / "weights"
VOTER = _FOLDER / "voter.json"
CALIBRATIONS = _FOLDER / "calibrations.json"
WORDS = _FOLDER / "words.npz"
SHA256 = {
    VOTER: "4884c2a65285b421cdc1d51a6a3dba1525035a813a77ca52b09e7e52029a3fd3",
    CALIBRATIONS: "8476849de787ad6e9a111fccc567be5110f785602f78acff7bc72fa2e2d7a8e7",
    WORDS: "23ec155e44627c35176f1bba75356dfbbb7a3b260704f12f80f0d511c06261ee",
}
_HINT = "install ocr-plugins again"


def verified(path: Path) -> str:
    """The SHA-256 of a file of this folder. Raises EngineUnavailableError: it was changed, or is missing."""
    return verify_file(path, {SHA256[path]}, _HINT)


@functools.cache
def shipped_voter() -> VoterModel:
    """The voter that `method=learned` takes without ``model=``. Raises EngineUnavailableError."""
    verified(VOTER)
    return VoterModel.load(VOTER)


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
