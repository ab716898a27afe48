"""What OpenLineage is told of a task: the folders that it has read and written.

Folders rather than files: their names stay from run to run, so that what comes from what can be followed over
time, and an event is small however many scans a batch has. No connection, login or query of a URL is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Self

from ocr_plugins.paths import is_remote, is_wanted, local_path, shown

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage

# More folders than this are told of by those above them.
_MOST = 100
_SCHEMES = {"s3a": "s3", "s3n": "s3", "gcs": "gs"}
# There names are keys; elsewhere they are paths, and begin as such.
_STORES = frozenset({"s3", "gs", "abfs", "abfss", "adl", "wasb", "wasbs", "oss", "memory"})
_PATTERN = re.compile(r"[*?]")


@dataclass(frozen=True, slots=True, order=True)
class Data:
    """A file or folder as OpenLineage names it: ``s3://bucket`` and ``a/b``, or ``file`` and ``/a/b``."""

    namespace: str
    name: str

    @classmethod
    def at(cls, url: str) -> Self:
        """What a URL or path stands for."""
        if not is_remote(url):
            return cls("file", shown(str(local_path(url).absolute())))
        scheme, _, rest = url.partition("://")
        scheme = _SCHEMES.get(scheme.lower(), scheme.lower())
        if scheme not in _STORES:
            # A key may have these signs; elsewhere a query follows, which may be a signature.
            rest = re.split("[?#]", rest, maxsplit=1)[0]
        host, _, path = rest.partition("/")
        name = shown(path.strip("/"))
        if not (name and scheme in _STORES):
            name = f"/{name}"
        return cls(f"{scheme}://{host.rpartition('@')[2]}", name)

    @property
    def depth(self) -> int:
        return len(PurePath(self.name.strip("/")).parts)

    @property
    def above(self) -> Data:
        """The folder that it lies in."""
        return Data(self.namespace, self.name.rpartition("/")[0] or "/")


def folders_of(files: Iterable[str], place: str = "") -> list[Data]:
    """The folders of some files, by their URLs or paths, or by their names at a place."""
    return _few({Data.at(f"{place}/{file}" if place else file).above for file in files})


def inputs_of(given: Iterable[str]) -> list[Data]:
    """The folders that a user's inputs stand for; manifests and lists are told of as such."""
    return _few({_input(one) for one in given})


def _input(one: str) -> Data:
    if pattern := _PATTERN.search(one):
        return Data.at(f"{one[: pattern.start()]}*").above
    data = Data.at(one)
    return data.above if is_wanted(PurePath(data.name).name) else data


def _few(found: set[Data]) -> list[Data]:
    while len(found) > _MOST and (deepest := max(one.depth for one in found)):
        found = {one.above if one.depth == deepest else one for one in found}
    return sorted(found)[:_MOST]


def lineage_of(read: Iterable[Data], wrote: Iterable[Data]) -> OperatorLineage[Any, Any]:
    """As Airflow's OpenLineage provider takes it, which has to be installed."""
    from airflow.providers.common.compat.openlineage.facet import Dataset
    from airflow.providers.openlineage.extractors import OperatorLineage

    return OperatorLineage(
        inputs=[Dataset(namespace=one.namespace, name=one.name) for one in read],
        outputs=[Dataset(namespace=one.namespace, name=one.name) for one in wrote],
    )
