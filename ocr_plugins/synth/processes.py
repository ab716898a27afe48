"""Samples drawn in processes of their own, in the same order as in one."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Protocol, TypeVar

from ocr_plugins.errors import OcrError

Drawn = TypeVar("Drawn", covariant=True)


class Maker(Protocol[Drawn]):
    """What draws sample number i of a seed, and can be pickled."""

    def sample(self, seed: int, number: int) -> Drawn: ...


def in_processes(
    maker: Maker[Drawn], seed: int, start: int, workers: int, batch: int = 32
) -> Iterator[Drawn]:
    """Samples number start, start + 1 and so on, drawn by processes that end with this one.

    Args:
        batch: how many samples are sent at once; batch after batch comes from the next process.

    Raises:
        OcrError: what a process raised, or that it ended before its time.
    """
    # Threads of the caller, as TensorFlow's, do not survive a fork.
    context = multiprocessing.get_context("spawn")
    processes, readers = [], []
    try:
        for place in range(workers):
            reader, writer = context.Pipe(duplex=False)
            arguments = (maker, seed, start + place * batch, batch, workers * batch, writer)
            process = context.Process(target=_draw, args=arguments, daemon=True)
            process.start()
            # Each end is open in one process only, which so notices when the other is gone.
            writer.close()
            processes.append(process)
            readers.append(reader)
        while True:
            for reader in readers:
                try:
                    found = reader.recv()
                except EOFError:
                    raise OcrError("a process that draws has ended", "see what it said above") from None
                if isinstance(found, OcrError):
                    raise found
                yield from found
    finally:
        for reader in readers:
            reader.close()
        for process in processes:
            process.terminate()
            process.join()


def _draw(maker: Maker[object], seed: int, start: int, batch: int, step: int, writer: Connection) -> None:
    import cv2

    cv2.setNumThreads(1)
    try:
        while True:
            writer.send([maker.sample(seed, start + offset) for offset in range(batch)])
            start += step
    except (BrokenPipeError, KeyboardInterrupt):
        return
    except OcrError as error:
        writer.send(error)
