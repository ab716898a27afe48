"""What a weights file of this engine says about itself, read without loading the network.

A weights file is an ONNX model whose metadata names the format, the alphabet and the sizes. The metadata
are read from the file's outermost fields alone (onnx.proto, ModelProto, field 14), so that learning who
an engine is costs next to nothing and needs no onnxruntime.

Imports nothing heavy: workers load it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.weights import verify_file

FORMAT = "ocr-plugins-crnn"
VERSION = "1"
HEADS = ("ctc", "attention")

_METADATA = 14
_KEY, _VALUE = 1, 2
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
# No metadata are longer: the card and the alphabet are some kilobytes.
_MOST = 1 << 22
_HINT = "give weights= a file that `ocr-plugins train crnn` wrote"

#: The weights that come with the package, and the SHA-256 that they have.
SHIPPED = Path(__file__).parent / "weights" / "standard.onnx"
SHIPPED_SHA256 = "b521ecfa05b04ec2147c785a9499850609d46e9b6ec3384d73f14dc867467ecf"


@dataclass(frozen=True)
class ModelFacts:
    """What the metadata say.

    ``height`` is that of the lines in pixels, ``stride`` how many pixels across one step of the output
    stands for, ``alphabet`` the characters of the classes from 1 up, ``card`` the facts of the model card.
    """

    alphabet: tuple[str, ...]
    height: int
    stride: int
    head: str
    name: str = ""
    size: str = ""
    card: Mapping[str, Any] = field(default_factory=dict)


def verified(path: Path) -> str:
    """The SHA-256 of a weights file; the package's own must be as it was shipped.

    Raises:
        EngineUnavailableError: the file cannot be read, or is the package's own and was changed.
    """
    if path == SHIPPED:
        return verify_file(path, {SHIPPED_SHA256}, f"install ocr-plugins again, or {_HINT}")
    return verify_file(path, (), _HINT)


def read_facts(path: Path) -> ModelFacts:
    """The facts of a weights file.

    Raises:
        EngineUnavailableError: it cannot be read, is no weights file of this engine, or of a later version.
    """
    try:
        with path.open("rb") as file:
            found = dict(_metadata(file))
    except OSError as error:
        raise EngineUnavailableError(
            f"engine 'crnn': weight file {path} cannot be read ({error.strerror})",
            _HINT,
            kind="missing_weights",
        ) from None
    except (ValueError, IndexError):
        found = {}
    if found.get("format") != FORMAT:
        raise _unfit(path, "it is no weights file of this engine")
    if found.get("version") != VERSION:
        raise _unfit(path, f"its format has version {found.get('version')}, this release reads {VERSION}")
    try:
        facts = _facts(found)
    except (KeyError, TypeError, ValueError):
        raise _unfit(path, "its metadata are damaged") from None
    if facts.head not in HEADS:
        raise _unfit(path, f"its head is {facts.head!r}, this release reads {', '.join(HEADS)}")
    return facts


def _facts(found: Mapping[str, str]) -> ModelFacts:
    alphabet = json.loads(found["alphabet"])
    if not isinstance(alphabet, list) or not all(isinstance(c, str) and len(c) == 1 for c in alphabet):
        raise ValueError("alphabet")
    height, stride = int(found["height"]), int(found["stride"])
    if not (8 <= height <= 256 and 1 <= stride <= 16 and len(set(alphabet)) == len(alphabet) > 0):
        raise ValueError("sizes")
    card = json.loads(found.get("card") or "{}")
    return ModelFacts(
        alphabet=tuple(alphabet),
        height=height,
        stride=stride,
        head=found["head"],
        name=found.get("name", ""),
        size=found.get("size", ""),
        card=card if isinstance(card, dict) else {},
    )


def _unfit(path: Path, why: str) -> EngineUnavailableError:
    return EngineUnavailableError(f"engine 'crnn': {path} cannot be used ({why})", _HINT, kind="bad_model")


def _metadata(file: BinaryIO) -> Iterator[tuple[str, str]]:
    """Keys and values of ``metadata_props``. Raises ValueError where this is no such file."""
    while (tag := _varint(file)) is not None:
        number, kind = tag >> 3, tag & 7
        if kind == _BYTES:
            length = _needed(file)
            if number == _METADATA:
                yield _entry(_exactly(file, length))
            else:
                file.seek(length, 1)
        elif kind == _VARINT:
            _needed(file)
        elif kind in (_FIXED64, _FIXED32):
            file.seek(8 if kind == _FIXED64 else 4, 1)
        else:
            raise ValueError(f"wire type {kind}")


def _entry(data: bytes) -> tuple[str, str]:
    import io

    found = {_KEY: "", _VALUE: ""}
    file = io.BytesIO(data)
    while (tag := _varint(file)) is not None:
        if tag & 7 != _BYTES:
            raise ValueError("wire type")
        found[tag >> 3] = _exactly(file, _needed(file)).decode("utf-8")
    return found[_KEY], found[_VALUE]


def _exactly(file: BinaryIO, length: int) -> bytes:
    data = file.read(length) if length <= _MOST else b""
    if len(data) != length:
        raise ValueError("the file ends too early")
    return data


def _needed(file: BinaryIO) -> int:
    value = _varint(file)
    if value is None:
        raise ValueError("the file ends too early")
    return value


def _varint(file: BinaryIO) -> int | None:
    """A number of the protocol buffers' encoding; None at the end of the file."""
    value = shift = 0
    while data := file.read(1):
        value |= (data[0] & 0x7F) << shift
        if data[0] < 0x80:
            return value
        shift += 7
        if shift > 63:
            raise ValueError("a number is too long")
    return None
