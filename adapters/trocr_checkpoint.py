"""Checkpoints of TrOCR: finding one on this machine, checking its files, opening it."""

from __future__ import annotations

import functools
import json
import os
import pickle
import re
import sys
import warnings
from pathlib import Path
from typing import Any

from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.weights import verify_file

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
# What holds the weights, best first: safetensors cannot run code, pickles are opened with weights_only.
_WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
# Of each of these a checkpoint has at least one file.
_IMAGE_PROCESSORS = ("processor_config.json", "preprocessor_config.json")
_TOKENIZERS = ("tokenizer.json", "vocab.json", "sentencepiece.bpe.model", "spiece.model", "vocab.txt")
# What decides beside the weights how an image is prepared and tokens become text.
_CONFIGURATION = (
    "config.json",
    "generation_config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "merges.txt",
    *_IMAGE_PROCESSORS,
    *_TOKENIZERS,
)
# The decoder never looks at the encoder's pooler, so published checkpoints leave it out.
_UNUSED = "encoder.pooler."
_GET_AGAIN = "get the checkpoint again, or take another"


def find_checkpoint(model: str) -> Path:
    """The folder of a checkpoint, which is ``model`` itself or a snapshot in the Hugging Face cache.

    Raises:
        EngineUnavailableError: it is in neither place.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder
    if not _HUB_ID.fullmatch(model):
        raise EngineUnavailableError(
            f"engine 'trocr': there is no checkpoint {model}",
            "give model= a folder, or a hub id such as microsoft/trocr-base-printed",
            kind="missing_weights",
        )
    stay_offline_and_quiet()
    import huggingface_hub

    found = huggingface_hub.try_to_load_from_cache(model, "config.json")
    if not isinstance(found, str):
        raise EngineUnavailableError(
            f"engine 'trocr': no checkpoint {model} is in the Hugging Face cache",
            f"{_fetch_command(model)}, or model=FOLDER",
            kind="missing_weights",
        )
    return Path(found).parent


def checkpoint_hashes(folder: Path) -> dict[str, str]:
    """Name -> SHA-256 of the files of a checkpoint that are opened.

    Raises:
        EngineUnavailableError: the folder holds no checkpoint of this kind, or not all of it.
    """
    if read_json(folder / "config.json").get("model_type") != "vision-encoder-decoder":
        raise EngineUnavailableError(
            f"engine 'trocr': {folder} holds a model of another kind",
            "give model= a checkpoint of a VisionEncoderDecoderModel",
            kind="bad_model",
        )
    names = [name for name in _CONFIGURATION if (folder / name).exists()]
    for needed, what in ((_IMAGE_PROCESSORS, "image processor"), (_TOKENIZERS, "tokenizer")):
        if not set(needed) & set(names):
            raise EngineUnavailableError(
                f"engine 'trocr': {folder} holds no {what}", f"it needs {needed[0]}", kind="missing_weights"
            )
    return {name: _digest(folder / name) for name in [*names, *_weight_files(folder)]}


def _weight_files(folder: Path) -> list[str]:
    for name in _WEIGHTS:
        if (folder / name).exists():
            if not name.endswith(".index.json"):
                return [name]
            shards = read_json(folder / name).get("weight_map")
            if isinstance(shards, dict) and all(Path(str(shard)).name == shard for shard in shards.values()):
                return [name, *sorted(set(shards.values()))]
            raise _damaged(folder / name, "it is no index of weights")
    raise EngineUnavailableError(
        f"engine 'trocr': {folder} holds no weights",
        f"it needs {_WEIGHTS[0]} or {_WEIGHTS[2]}",
        kind="missing_weights",
    )


def read_json(path: Path) -> dict[str, Any]:
    """A file of a checkpoint; empty where it holds no object. Raises EngineUnavailableError."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EngineUnavailableError(
            f"engine 'trocr': {path} cannot be read ({error.strerror})",
            "give model= a folder that save_pretrained() wrote",
            kind="missing_weights",
        ) from None
    except ValueError:
        raise _damaged(path, "it is not JSON") from None
    return data if isinstance(data, dict) else {}


def _digest(path: Path) -> str:
    try:
        about = path.stat()
    except OSError:
        return verify_file(path, (), _GET_AGAIN)
    return _digest_once(path, about.st_size, about.st_mtime_ns)


@functools.lru_cache(maxsize=128)
def _digest_once(path: Path, size: int, changed: int) -> str:  # noqa: ARG001 - they are the cache's key
    """Weights of a gigabyte are not hashed again for each engine of a process."""
    return verify_file(path, (), _GET_AGAIN)


def _damaged(place: Path, why: str) -> EngineUnavailableError:
    return EngineUnavailableError(
        f"engine 'trocr': {place} cannot be opened ({why})", _GET_AGAIN, kind="bad_model"
    )


def _reason(error: Exception) -> str:
    """The first sentence of what a library said."""
    if isinstance(error, pickle.UnpicklingError):
        # PyTorch's own text explains how to open it all the same.
        return "its pickle holds more than tensors"
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text.split('. ')[0][:160]}"


def _fetch_command(model: str) -> str:
    """The download command of the environment that this runs in."""
    command = Path(sys.executable).with_name("hf")
    return f"{command if command.exists() else 'hf'} download {model}"


def stay_offline_and_quiet() -> None:
    """Before the libraries are imported, which is when they look."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def open_checkpoint(folder: Path) -> tuple[Any, Any]:
    """The processor and the model in ``folder``. Raises EngineUnavailableError."""
    import torch
    from transformers import TrOCRProcessor, VisionEncoderDecoderModel
    from transformers.utils import logging

    shared: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    logging.disable_progress_bar()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # Pillow's resizing, whether or not torchvision is there too: theirs differ in the last bit.
            processor = TrOCRProcessor.from_pretrained(folder, backend="pil", **shared)
            model, report = VisionEncoderDecoderModel.from_pretrained(
                folder,
                use_safetensors=_weight_files(folder)[0].startswith("model."),
                weights_only=True,
                dtype=torch.float32,
                output_loading_info=True,
                **shared,
            )
        except EngineUnavailableError:
            raise
        except Exception as error:  # each library has exceptions of its own
            raise _damaged(folder, _reason(error)) from error
    for part in model.modules():
        # Computed, not kept: left on no device, as transformers builds a model before it has weights.
        if getattr(getattr(part, "weights", None), "is_meta", False):
            part.weights = part.get_embedding(*part.weights.shape, part.padding_idx)
    # What is missing would be filled with random numbers.
    missing = [key for key in report["missing_keys"] if not key.startswith(_UNUSED)]
    if missing:
        raise _damaged(folder, f"{len(missing)} of its tensors are missing, such as {min(missing)}")
    return processor, model
