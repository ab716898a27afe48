"""Keras, imported once and with a backend chosen: TensorFlow, else PyTorch, else JAX."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ocr_plugins.errors import EngineUnavailableError

_PACKAGES = {"tensorflow": "tensorflow", "torch": "torch", "jax": "jax"}
_HINT = "pip install 'ocr-plugins[crnn-train]'"


def load_keras() -> Any:
    """The module ``keras``; KERAS_BACKEND is honoured where it is set.

    Raises:
        EngineUnavailableError: Keras or its backend is not installed.
    """
    if importlib.util.find_spec("keras") is None:
        raise EngineUnavailableError("training needs Keras, which is not installed", _HINT)
    if "KERAS_BACKEND" not in os.environ:
        present = [name for name, package in _PACKAGES.items() if importlib.util.find_spec(package)]
        if not present:
            raise EngineUnavailableError("Keras has no backend here", _HINT)
        os.environ["KERAS_BACKEND"] = present[0]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with _silent_stderr():
            import keras
    except ImportError as error:
        backend = os.environ["KERAS_BACKEND"]
        raise EngineUnavailableError(
            f"Keras cannot use the backend {backend!r} ({type(error).__name__})", _HINT
        ) from error
    if keras.backend.backend() == "torch":
        _keep_thread_limit()
    return keras


def _keep_thread_limit() -> None:
    """PyTorch counts cores, and its convolutions wait for ever for threads that the limit keeps from them."""
    limit = os.environ.get("OMP_THREAD_LIMIT", "")
    if limit.isdigit():
        import torch

        torch.set_num_threads(max(1, min(int(limit), torch.get_num_threads())))


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Nothing on file descriptor 2: TensorFlow logs there before it reads how much it should log."""
    if "keras" in sys.modules:
        yield
        return
    sys.stderr.flush()
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)
