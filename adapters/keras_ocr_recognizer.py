"""The weights of keras-ocr's recogniser: which file they come from, and what it says its model is built of.

A file may say so in the attribute ``ocr_plugins_recognizer``, as JSON: ``version`` 1, ``alphabet`` (a string
of characters that differ) and ``build_params``, the arguments of `keras_ocr.recognition.build_model`. One
without is taken for what upstream publishes.
"""

from __future__ import annotations

import importlib
import json
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.weights import WeightFile, verify_file, weights_folder

ALPHABET = string.digits + string.ascii_lowercase
ATTRIBUTE = "ocr_plugins_recognizer"
PUBLISHED = WeightFile(
    name="crnn_kurapan.h5",
    url="https://github.com/faustomorales/keras-ocr/releases/download/v0.8.4/crnn_kurapan.h5",
    sha256="a7d8086ac8f5c3d6a0a828f7d6fbabcaf815415dd125c32533013f85603be46d",
)
#: The package's own weights, made by scripts/train_keras_ocr.py, and their hash.
SHIPPED = Path(__file__).parent / "keras_ocr_weights" / "recognizer.h5"
SHIPPED_SHA256 = "e95bd38f5d89f7d7b466fa04984a58f8c3dbc424b5273d96c569340d46119bef"
#: The longest side of a word's picture, and the most filters, units and characters that are believed.
_MOST = 4096
_LONGEST_ATTRIBUTE = 65536


@dataclass(frozen=True)
class RecognizerFile:
    """A file of weights, and the SHA-256 it must have; any where that is empty."""

    path: Path
    sha256: str = ""

    def verified(self, hint: str) -> dict[str, str]:
        """Its name and SHA-256. Raises EngineUnavailableError: it is missing or not the known one."""
        # TensorFlow takes files of other names for checkpoints.
        if self.path.suffix not in (".h5", ".hdf5"):
            raise _unfit(self.path, "its name must end in .h5 or .hdf5")
        return {self.path.name: verify_file(self.path, {self.sha256} if self.sha256 else (), hint)}


@dataclass(frozen=True)
class Built:
    """What a recogniser is built of; upstream's parameters where none are given."""

    alphabet: str = ALPHABET
    build_params: Mapping[str, Any] | None = None


def recognizer_file(engine: str, given: Path | None) -> RecognizerFile:
    """The file that was given, else the downloaded one, else the package's own."""
    if given is not None:
        return RecognizerFile(given)
    downloaded = weights_folder(engine) / PUBLISHED.name
    if downloaded.exists():
        return RecognizerFile(downloaded, PUBLISHED.sha256)
    return RecognizerFile(SHIPPED, SHIPPED_SHA256)


def built(file: Path) -> Built:
    """What the model of a file of weights is built of. Raises EngineUnavailableError."""
    h5py = importlib.import_module("h5py")
    try:
        with h5py.File(file, "r") as opened:
            text = opened.attrs.get(ATTRIBUTE)
    except (OSError, ValueError, RuntimeError) as error:
        raise _unfit(file, " ".join(str(error).split())[:100]) from None
    if text is None:
        return Built()
    wrong = f"its attribute {ATTRIBUTE} "
    if not isinstance(text, str) or len(text) > _LONGEST_ATTRIBUTE:
        raise _unfit(file, wrong + "is no text")
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise _unfit(file, wrong + "is no JSON") from None
    if not isinstance(said, dict) or said.get("version") != 1:
        raise _unfit(file, wrong + "is not of version 1")
    alphabet, params = said.get("alphabet"), said.get("build_params")
    if not isinstance(alphabet, str) or not 0 < len(set(alphabet)) == len(alphabet) <= _MOST:
        raise _unfit(file, wrong + "has no alphabet of different characters")
    if why := _wrong_params(params):
        raise _unfit(file, f"{wrong}has wrong build_params: {why}")
    return Built(alphabet, params)


def load(recognizer: Callable[..., Any], file: Path) -> Any:
    """keras-ocr's Recognizer with the weights of a file, and nothing else of it.

    Args:
        recognizer: `keras_ocr.recognition.Recognizer`.

    Raises:
        EngineUnavailableError: the weights are of another model.
    """
    what = built(file)
    params = None if what.build_params is None else dict(what.build_params)
    # Without weights=None it would download upstream's.
    made = recognizer(alphabet=what.alphabet, weights=None, build_params=params)
    try:
        made.model.load_weights(str(file))
    except (OSError, ValueError, LookupError) as error:
        raise _unfit(file, " ".join(str(error).split())[:100]) from None
    return made


def _whole(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= high


def _wholes(count: int) -> Callable[[Any], bool]:
    one = _whole(1, _MOST)
    return lambda value: isinstance(value, list) and len(value) == count and all(map(one, value))


#: Each argument of build_model, what is said of it, and whether a value is such a one.
_PARAMS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "height": ("is no whole number from 8 up", _whole(8, _MOST)),
    "width": ("is no whole number from 8 up", _whole(8, _MOST)),
    "color": ("is neither true nor false", lambda value: isinstance(value, bool)),
    "filters": ("is no list of 7 whole numbers", _wholes(7)),
    "rnn_units": ("is no list of 2 whole numbers", _wholes(2)),
    "dropout": (
        "is no number from 0 to 1",
        lambda value: type(value) in (int, float) and 0 <= value < 1,
    ),
    "rnn_steps_to_discard": ("is no whole number", _whole(0, _MOST)),
    "pool_size": ("is no whole number from 1 to 4", _whole(1, 4)),
    "stn": ("is neither true nor false", lambda value: isinstance(value, bool)),
}


def _wrong_params(params: Any) -> str:
    """What is wrong with parameters; empty where nothing is."""
    if not isinstance(params, dict) or set(params) != set(_PARAMS):
        return "they are not " + ", ".join(_PARAMS)
    for name, (what, is_one) in _PARAMS.items():
        if not is_one(params[name]):
            return f"{name} {what}"
    step = params["pool_size"] ** 2
    if params["height"] < step or params["width"] // step <= params["rnn_steps_to_discard"]:
        return "no step is left of the width"
    return ""


def _unfit(file: Path, why: str) -> EngineUnavailableError:
    return EngineUnavailableError(
        f"weight file {file} is not one of keras-ocr's recogniser ({why})",
        "give one that Recognizer().model.save_weights() or scripts/train_keras_ocr.py wrote",
        kind="wrong_weights",
    )
