"""Weights at any place: fetched to this machine by their hash, and those that were promoted.

What a training has promoted lies at the place of results::

    models/NAME/<16 digits of the SHA-256>.onnx, .md    weights and their card
    models/NAME/promoted.json                           which of them are read with, and since when
    models/NAME/history/                                every training, promoted or not
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, get_args, get_type_hints
from urllib.parse import urlsplit

from ocr_plugins.airflow.places import Place, filesystem_of
from ocr_plugins.crnn.model_file import SHIPPED, verified
from ocr_plugins.errors import CallError, EngineUnavailableError, SourceError
from ocr_plugins.paths import is_url, local_path, shown
from ocr_plugins.registry import find_engine
from ocr_plugins.spec import EngineSpec
from ocr_plugins.weights import sha256_of

#: In place of a path: the weights that were promoted last, or the package's where none were.
PROMOTED = "promoted"
#: In place of a path: the weights that come with the package.
STANDARD = "standard"
SCHEMA_VERSION = 1
_SHA256 = re.compile("[0-9a-f]{64}")
# A file's name that is the beginning of a hash, and no date.
_BEGINNING = re.compile("(?=.*[a-f])[0-9a-f]{16,64}")
_ENGINE, _OPTION = "crnn", "weights"


@dataclass(frozen=True, slots=True)
class _SpecHere(EngineSpec):
    """A spec whose files lie on this machine, and which is still called what the user wrote."""

    written: str = ""

    @property
    def text(self) -> str:
        return self.written


def specs_here(place: Place, specs: Sequence[EngineSpec]) -> tuple[EngineSpec, ...]:
    """The specs with files to be read with: what options name by URL, or as promoted, is fetched.

    Their labels and texts stay as they are, so results are called the same on all workers; what they were
    read with is in the engine's fingerprint, by the files' hashes.

    Raises:
        CallError: an unknown engine, or a URL whose scheme is not known.
        SourceError: a file cannot be fetched.
        EngineUnavailableError: a file is not what its name, or the record of the promotion, says.
    """
    return tuple(_here(place, spec) for spec in specs)


def _here(place: Place, spec: EngineSpec) -> EngineSpec:
    if spec.is_vote or not any(is_url(value) or value == PROMOTED for _, value in spec.options):
        return spec
    files = set(_file_options(spec.name))
    here = tuple(
        (key, _path(place, spec, key, value) if key in files else value) for key, value in spec.options
    )
    return _SpecHere(spec.name, here, spec.label, written=spec.text)


def _file_options(engine: str) -> Iterator[str]:
    for name, hint in get_type_hints(find_engine(engine).engine_class.options_type).items():
        if Path in (hint, *get_args(hint)):
            yield name


def _path(place: Place, spec: EngineSpec, key: str, value: str) -> str:
    if (spec.name, key, value) == (_ENGINE, _OPTION, PROMOTED):
        return str(promoted_weights(place, _ENGINE) or SHIPPED)
    return str(fetched(value)) if is_url(value) else value


def weights_of(place: Place, name: str, text: str) -> Path:
    """The weights that ``text`` stands for: ``promoted``, ``standard``, a path or a URL.

    Args:
        name: whose promoted ones, a folder of ``models``.

    Raises:
        EngineUnavailableError: the file cannot be read, or is not what its name says.
        CallError, SourceError: see `specs_here`.
    """
    if text == PROMOTED:
        path = promoted_weights(place, name) or SHIPPED
    elif text == STANDARD:
        path = SHIPPED
    else:
        path = fetched(text) if is_url(text) else local_path(text)
    verified(path)
    return path


def models_folder(name: str) -> str:
    """Where the weights of a name lie in a place."""
    return f"models/{name}"


def promotion(place: Place, name: str) -> Mapping[str, Any] | None:
    """What ``promoted.json`` says: ``weights``, their name at the place, ``sha256``, and how they came there.

    None where nothing was promoted yet.

    Raises:
        CallError: the record is not whole, or of another version.
    """
    file = f"{models_folder(name)}/promoted.json"
    data = place.read(file)
    if data is None:
        return None
    try:
        found: Mapping[str, Any] = json.loads(data)
        whole = found["schema_version"] == SCHEMA_VERSION and _SHA256.fullmatch(found["sha256"])
    except (ValueError, KeyError, TypeError):
        whole = None
    # What was promoted must not give way to other weights without a word.
    if not whole or not isinstance(found.get("weights"), str):
        raise CallError(f"{file} of {place.shown} is no record of a promotion", "put back one of its history")
    return found


def promoted_weights(place: Place, name: str) -> Path | None:
    """The promoted weights, on this machine; None where nothing was promoted yet.

    Raises:
        EngineUnavailableError: the file is gone, or not the one that was promoted.
    """
    found = promotion(place, name)
    if found is None:
        return None
    file: str = found["weights"]

    def fetch(to: Path) -> None:
        data = place.read(file)
        if data is None:
            message, hint = f"{file} of {place.shown} was promoted, and is not there", "put it back"
            raise EngineUnavailableError(message, hint, kind="missing_weights")
        to.write_bytes(data)

    return _cached(f"{file} of {place.shown}", found["sha256"], PurePath(file).suffix, fetch)


def fetched(url: str) -> Path:
    """The file at a URL, on this machine, named by its hash.

    A file whose own name is its hash, or 16 and more digits of it, is fetched once; others each time.

    Raises:
        EngineUnavailableError: it is not what its name says.
        CallError, SourceError: see `specs_here`.
    """

    def fetch(to: Path) -> None:
        filesystem, path = filesystem_of(url)
        try:
            filesystem.get_file(path, str(to))
        except Exception as error:  # each file system has exceptions of its own
            message = f"{shown(url)} cannot be fetched ({type(error).__name__})"
            raise SourceError(message, "check address, rights and network", "unreachable") from error

    name = PurePath(urlsplit(url).path)
    return _cached(shown(url), name.stem if _BEGINNING.fullmatch(name.stem) else "", name.suffix, fetch)


def _cached(what: str, sha256: str, suffix: str, fetch: Callable[[Path], None]) -> Path:
    """A file of the cache whose hash begins with ``sha256``, fetched where it is not there."""
    folder = cache_folder() / "weights"
    # A file that was altered, or half-written when the power failed, is fetched again.
    for path in folder.glob(f"{sha256}*{suffix}") if sha256 else ():
        if sha256_of(path) == path.stem:
            return path
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{secrets.token_hex(8)}.part"
    try:
        fetch(part)
        found = sha256_of(part)
        if not found.startswith(sha256):
            message = f"{what} is not the known one (its SHA-256 begins with {found[:12]})"
            raise EngineUnavailableError(message, "put the right file there", kind="wrong_hash")
        path = folder / f"{found}{suffix}"
        os.replace(part, path)  # noqa: PTH105
    finally:
        part.unlink(missing_ok=True)
    return path


def cache_folder() -> Path:
    """Where this machine keeps what can be had again."""
    import platformdirs

    return platformdirs.user_cache_path("ocr-plugins")
