"""Results kept by content: what was read once is not read again, wherever its file lies by then.

A result is kept under all that it depends on, see `Key`: the bytes of its source, the page, the
engine with its model and options, and the code in between. Its file ``FINGERPRINT/SHA256-pN.json`` is
readable JSON: a checksum of all that follows it, the key, the engine, and the page as `Page.to_dict`
gives it, but for where it was found, which is the next reader's to say.

``FINGERPRINT/memory.json`` beside them says how many bytes the engine took at most while it read.

It holds the text of documents. The default place is in the user's cache folder, for that user alone.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ocr_plugins.document import SCHEMA_VERSION, Level, Page, PageError, is_done
from ocr_plugins.engine import EngineInfo
from ocr_plugins.paths import is_remote, local_path
from ocr_plugins.store_places import FsspecPlace, LocalPlace, Place, Stored, StoreError

VARIABLE = "OCR_PLUGINS_STORE"
_OFF = ("", "off")
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
_NAME = re.compile(r"(?P<fingerprint>[^/]+)/[0-9a-f]{64}-p[0-9]+[^/]*\.json")
_MEMORY = re.compile(r"(?P<fingerprint>[^/]+)/memory\.json")
_HEAD = len('{"sha256": ""') + 64


class DamagedEntryError(Exception):
    """A file of the store that is not what was written: it is read again, and overwritten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """All that a result depends on.

    Args:
        sha256: of the source: of its file's bytes, or of its pixels with their type and shape.
        of: which of the two.
        page: the page's number in its file; 1 for pixels.
        dpi: pixels an inch that a PDF is rendered at or that the user stated; None where the file
            tells, or nobody.
        level: what is on the image.
        fingerprint: of the engine, see `EngineInfo.fingerprint`.
        preprocessing: names of the steps before the engine, which the fingerprint holds too.
        code: see `ocr_plugins.code_digest`.
    """

    sha256: str
    of: Literal["bytes", "pixels"]
    page: int
    dpi: float | None
    level: Level
    fingerprint: str
    preprocessing: tuple[str, ...]
    code: str

    @property
    def name(self) -> str:
        """The file's name. ``code`` is not in it, so that new code takes the place of old.

        There are no folders by the first digits of the hash: file systems of today need none.
        """
        dpi = "" if self.dpi is None else f"-{int(self.dpi) if self.dpi == int(self.dpi) else self.dpi}dpi"
        level = "" if self.level == "page" else f"-{self.level}"
        return f"{self.fingerprint}/{self.sha256}-p{self.page}{dpi}{level}.json"

    def to_dict(self) -> dict[str, Any]:
        out = {name: getattr(self, name) for name in self.__slots__}
        return out | {"preprocessing": list(self.preprocessing)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What a store holds of one engine; its name, version and spec are "" where no file tells them."""

    fingerprint: str
    engine: str
    version: str
    spec: str
    pages: int
    bytes: int
    oldest: dt.datetime | None
    newest: dt.datetime | None


class Store:
    """Results by `Key` in one place. All methods raise `StoreError` where the place fails."""

    def __init__(self, place: Place) -> None:
        self._place = place

    @property
    def shown(self) -> str:
        """The place as a user may see it."""
        return self._place.shown

    def get(self, key: Key) -> Page | PageError | None:
        """A page, or lines that were found, without source and id; None where there is no such thing.

        Raises:
            DamagedEntryError: its file is not what was written.
        """
        data = self._place.read(key.name)
        return None if data is None else _result(data, key)

    def get_by_name(self, name: str) -> Page | PageError | None:
        """What a file of this store holds, whatever code wrote it, without source and id.

        Raises:
            DamagedEntryError: it is not what was written.
        """
        data = self._place.read(name)
        return None if data is None else _result(data, None)

    def put(self, key: Key, info: EngineInfo, result: Page | PageError) -> None:
        """Keeps a page, or lines that were found by what cannot read them; no other error."""
        if not is_done(result):
            raise ValueError("an error is not kept: the page is tried again")
        self._place.write(key.name, _record(key, info, result))

    def peak_memory(self, fingerprint: str) -> int | None:
        """Bytes that an engine took at most while it read; None where no whole file tells."""
        data = self._place.read(_memory_name(fingerprint))
        return None if data is None else _bytes(data)

    def put_peak_memory(self, fingerprint: str, amount: int) -> None:
        """Keeps how many bytes an engine took at most, in place of what was kept before."""
        self._place.write(_memory_name(fingerprint), f"{_encode({'bytes': amount})}\n".encode())

    def groups(self) -> list[Group]:
        """What there is, by engine; the newest first."""
        files: dict[str, list[Stored]] = {}
        for file, fingerprint in self._results():
            files.setdefault(fingerprint, []).append(file)
        groups = [self._group(fingerprint, found) for fingerprint, found in files.items()]
        return sorted(groups, key=lambda group: str(group.newest), reverse=True)

    def files(self, fingerprints: Container[str] | None = None) -> list[Stored]:
        """All results, or those of some engines."""
        found = self._results()
        return [file for file, name in found if fingerprints is None or name in fingerprints]

    def remove(self, files: Iterable[Stored]) -> None:
        """Removes results, and what is known of the memory of engines that have none left.

        Runs that use the store go on: they read again what they miss.
        """
        for file in files:
            self._place.remove(file.name)
        names = [file.name for file in self._place.files()]
        left = {named["fingerprint"] for name in names if (named := _NAME.fullmatch(name))}
        for name in names:
            if (named := _MEMORY.fullmatch(name)) and named["fingerprint"] not in left:
                self._place.remove(name)
        self._place.tidy()

    def check(self) -> Iterator[tuple[Stored, bool]]:
        """Each file, and whether its checksum is right."""
        for file, _ in self._results():
            data = self._place.read(file.name)
            if data is not None:
                yield file, _is_whole(data)

    def _results(self) -> Iterator[tuple[Stored, str]]:
        for file in self._place.files():
            # Whatever else lies there is not ours.
            if named := _NAME.fullmatch(file.name):
                yield file, named["fingerprint"]

    def _group(self, fingerprint: str, files: list[Stored]) -> Group:
        times = [file.written for file in files if file.written is not None]
        about: dict[str, str] = {}
        for file in files[:5]:
            data = self._place.read(file.name)
            if data is not None and _is_whole(data):
                about = json.loads(data).get("engine", {})
                break
        return Group(
            fingerprint=fingerprint,
            engine=about.get("name", ""),
            version=about.get("version", ""),
            spec=about.get("spec", ""),
            pages=len(files),
            bytes=sum(file.size for file in files),
            oldest=min(times, default=None),
            newest=max(times, default=None),
        )


StorePlace: TypeAlias = "str | os.PathLike[str] | bool | Store | None"


def open_store(place: StorePlace = None) -> Store | None:
    """The store at a folder or fsspec URL; None where there is to be none.

    Args:
        place: None and True mean what OCR_PLUGINS_STORE says, and without that the user's cache
            folder; False, "off" and "" mean none.

    Raises:
        CallError: a URL of a scheme that is not known, or whose package is not installed.
    """
    if isinstance(place, Store):
        return place
    if place is False:
        return None
    if place is None or place is True:
        place = os.environ.get(VARIABLE, default_place())
    text = os.fspath(place)
    if text.strip().lower() in _OFF:
        return None
    text = re.sub(r"^local://", "file://", text)
    return Store(FsspecPlace.of_url(text) if is_remote(text) else LocalPlace(local_path(text)))


def default_place() -> Path:
    """The folder ``store`` in the user's cache folder of this package."""
    import platformdirs

    return platformdirs.user_cache_path("ocr-plugins") / "store"


def _record(key: Key, info: EngineInfo, result: Page | PageError) -> bytes:
    about = {"name": info.name, "version": info.version, "runtime": info.runtime, "spec": info.spec}
    parts = {
        "schema_version": SCHEMA_VERSION,
        "created": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "key": key.to_dict(),
        "engine": about,
        "type": "page" if isinstance(result, Page) else "detection",
        "result": result.to_dict() | {"source": "", "id": None},
    }
    try:
        lines = [f'"{name}": {_encode(value)}' for name, value in parts.items()]
    except (TypeError, ValueError) as error:
        raise StoreError(f"what engine {info.name!r} gives cannot be kept ({error})") from error
    # An engine may have put half a surrogate pair into its options; as a JSON escape it comes back.
    body = (",\n" + ",\n".join(lines) + "}\n").encode("utf-8", "backslashreplace")
    return _head(body) + body


def _memory_name(fingerprint: str) -> str:
    return f"{fingerprint}/memory.json"


def _bytes(data: bytes) -> int | None:
    try:
        amount = json.loads(data)["bytes"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    # No machine has more than an address of 64 bits reaches; true and false are integers to Python.
    return amount if type(amount) is int and 0 < amount < 1 << 64 else None


def _head(body: bytes) -> bytes:
    return b'{"sha256": "%s"' % hashlib.sha256(body).hexdigest().encode()


def _is_whole(data: bytes) -> bool:
    return data[:_HEAD] == _head(data[_HEAD:])


def _result(data: bytes, key: Key | None) -> Page | PageError | None:
    """What is kept, under this key if there is one; None where other code has read it."""
    if not _is_whole(data):
        raise DamagedEntryError("checksum")
    try:
        record = json.loads(data)
        if record["schema_version"] != SCHEMA_VERSION:
            raise DamagedEntryError("another schema")
        if key is not None and record["key"] | {"code": key.code} != key.to_dict():
            raise DamagedEntryError("another key")
        if key is not None and record["key"]["code"] != key.code:
            return None
        kind: type[Page | PageError] = {"page": Page, "detection": PageError}[record["type"]]
        return kind.from_dict(record["result"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedEntryError(type(error).__name__) from error


__all__ = [
    "VARIABLE",
    "DamagedEntryError",
    "Group",
    "Key",
    "Store",
    "StoreError",
    "StorePlace",
    "Stored",
    "default_place",
    "open_store",
]
