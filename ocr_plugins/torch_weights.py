"""Weights saved by PyTorch, read into NumPy without PyTorch.

For the format that `torch.save` wrote until version 1.6, in which CRAFT is published: five pickles
(magic number, protocol version, the writer's byte order, the tensors, the order of their storages),
then the storages, each as its number of elements and the elements. Source:
``torch/serialization.py``, ``_legacy_save``.

A pickle can call any function it names. This reader knows the few names that a dictionary of
tensors is made of, and refuses every other before it is looked up.

Imports nothing but the standard library and NumPy: engines' worker processes load it.
"""

from __future__ import annotations

import math
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_STORAGES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}
# What a damaged or hostile pickle makes the unpickler raise.
_DAMAGE = (pickle.UnpicklingError, ArithmeticError, AttributeError, EOFError, LookupError, TypeError)


def read_torch_weights(path: Path) -> dict[str, NDArray[Any]]:
    """The tensors of a dictionary saved by PyTorch's legacy format, by their names.

    Tensors are float32 or int64 and contiguous; the arrays are read-only.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not such a file, is damaged, or holds anything but tensors.
    """
    with path.open("rb") as file:
        try:
            return _read(file)
        except (*_DAMAGE, ValueError) as error:
            raise ValueError(f"{path} is no file of PyTorch weights that can be read ({error})") from None


def _read(file: BinaryIO) -> dict[str, NDArray[Any]]:
    unpickler = _Unpickler(file)
    if unpickler.load() != _MAGIC or _Unpickler(file).load() != _PROTOCOL:
        raise ValueError("it is not of the legacy format")
    if not _Unpickler(file).load()["little_endian"]:
        raise ValueError("its numbers are big-endian")
    unpickler = _Unpickler(file)
    tensors = unpickler.load()
    storages = {key: _read_storage(file, unpickler.storages[key]) for key in _Unpickler(file).load()}
    return {name: tensor.of(storages) for name, tensor in tensors.items()}


@dataclass(frozen=True)
class _Storage:
    key: str
    dtype: np.dtype[Any]
    length: int


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]

    def of(self, storages: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        end = self.offset + math.prod(self.shape)
        return storages[self.storage.key][self.offset : end].reshape(self.shape)


class _Unpickler(pickle.Unpickler):
    """Tensors become `_Tensor`, since the numbers come only after the pickle."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        match module, name:
            case "collections", "OrderedDict":
                return OrderedDict
            case "torch._utils", "_rebuild_tensor_v2":
                return _tensor
            case "torch", _ if name in _STORAGES:
                return _STORAGES[name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key, _device, length, view = pid
        if kind != "storage" or view is not None:
            raise pickle.UnpicklingError("it holds more than tensors")
        return self.storages.setdefault(key, _Storage(key, dtype, length))


def _tensor(storage: _Storage, offset: int, shape: Any, stride: Any, *_: Any) -> _Tensor:
    """In place of ``torch._utils._rebuild_tensor_v2``."""
    if tuple(stride) != tuple(math.prod(shape[place + 1 :]) for place in range(len(shape))):
        raise pickle.UnpicklingError("it holds a tensor that is not contiguous")
    return _Tensor(storage, offset, tuple(shape))


def _read_storage(file: BinaryIO, storage: _Storage) -> NDArray[Any]:
    (length,) = np.frombuffer(file.read(8), "<i8")
    if length != storage.length:
        raise ValueError("a storage is not as long as it should be")
    return np.frombuffer(file.read(storage.length * storage.dtype.itemsize), storage.dtype, storage.length)
