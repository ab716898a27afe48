"""How much memory an engine took, whatever stands around its workers."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from ocr_plugins.combined import CombinedEngine
from ocr_plugins.engine import PreparedEngine
from ocr_plugins.treatment import TreatedEngine


@runtime_checkable
class Measured(Protocol):
    """An engine whose memory can be told apart from this process's; `HostedEngine` is one."""

    @property
    def peak_memory(self) -> int | None:
        """Bytes that it took at most; None where that is not known."""


def peak_memory(engine: PreparedEngine) -> int | None:
    """Bytes that an engine's worker took at most; None for one in this process, or where nothing tells."""
    return engine.peak_memory if isinstance(engine, Measured) else None


# The modules of their bases are a part of what stored readings are kept under (see `code_digest`), and
# what is measured changes no reading: hence these here.


class MeasuredTreatment(TreatedEngine):
    """A treated engine that tells the memory of the engine inside."""

    @property
    def peak_memory(self) -> int | None:
        """Bytes that the engine's worker took at most; the steps run in this process, and are not in it."""
        return peak_memory(self._engine)


class MeasuredPair(CombinedEngine):
    """A detector and a recogniser that tell what both take."""

    @property
    def peak_memory(self) -> int | None:
        """Bytes that a worker of each took at most, together; None where one of them is not known."""
        finder, reader = peak_memory(self._finder), peak_memory(self._reader)
        return None if finder is None or reader is None else finder + reader
