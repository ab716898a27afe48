"""`NewFilesTrigger`: waits for new files without a worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

if TYPE_CHECKING:
    from ocr_plugins.airflow.arrivals import Arrivals


class NewFilesTrigger(BaseTrigger):
    """Waits until there are files that a task has not been given; `NewFilesSensor` defers to it.

    Fires once, with how many files it holds at the place for the task, or with what is wrong.

    Args:
        poke_interval: seconds between looks.
        at_least: seconds that it lasts at least: Airflow fails a task that wakes up before its scheduler has
            seen it fall asleep.
        until: when the task's time is over, in seconds since 1970; handed back to it.
        watch: what is looked for and for whom: the fields of `Watch`.
    """

    def __init__(self, *, poke_interval: float, at_least: float, until: float, **watch: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.poke_interval = poke_interval
        self.at_least = at_least
        self.until = until
        self.watch = watch

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """What another process makes the same trigger of."""
        times = {"poke_interval": self.poke_interval, "at_least": self.at_least, "until": self.until}
        return f"{type(self).__module__}.{type(self).__qualname__}", {**times, **self.watch}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Looks, and looks again, until there is something to tell."""
        from ocr_plugins.errors import CallError, ManifestError, OcrError

        started = time.monotonic()
        try:
            event: dict[str, Any] = {"files": await self._wait(), "until": self.until}
        except OcrError as error:
            event = {"error": str(error), "final": isinstance(error, CallError | ManifestError)}
        await asyncio.sleep(started + self.at_least - time.monotonic())
        yield TriggerEvent(event)  # type: ignore[no-untyped-call]

    async def _wait(self) -> int:
        """How many new files are held for the task."""
        # Not asyncio.to_thread: only in threads of asgiref can Airflow 3.1 look up a connection.
        from asgiref.sync import sync_to_async

        arrivals = await sync_to_async(self._arrivals, thread_sensitive=False)()
        look = sync_to_async(arrivals.look, thread_sensitive=False)
        hold = sync_to_async(arrivals.hold, thread_sensitive=False)
        while True:
            found = await look()
            if found and arrivals.settle:
                self.log.info("%d new files, looked at again in %g s", len(found), arrivals.settle)
                await asyncio.sleep(arrivals.settle)
                found = arrivals.unchanged(found, await look())
            if found:
                await hold(found)
                return len(found)
            await asyncio.sleep(self.poke_interval)

    def _arrivals(self) -> Arrivals:
        # Imports much, which would hold up all triggers outside of a thread.
        from ocr_plugins.airflow.arrivals import Arrivals, Watch

        return Arrivals(Watch(**self.watch), self.log.info)
