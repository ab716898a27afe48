"""One worker process as the host sees it: requests, answers, pixels, its end.

`ocr_plugins.worker` is what runs inside.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import mmap
import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.image import PageImage

_WORKER = Path(__file__).with_name("worker.py")
_TAIL = 2000
_LOOK_EVERY = 0.1


class WorkerFault(Exception):  # noqa: N818 - what happened to a worker, never shown as an error
    """A worker crashed, hung or answered nonsense. ``kind`` and ``detail`` go into the error record."""

    def __init__(self, kind: str, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.kind, self.message, self.detail = kind, message, detail


class WorkerProcess:
    """One worker: a process group of its own, two pipes, and a file without a name for pixels.

    Nothing it uses has a name in a file system, so nothing can be left behind.
    """

    def __init__(self, python: str) -> None:
        request_read, self._requests = os.pipe()
        self._answers, answer_write = os.pipe()
        self._pixels = _anonymous_file()
        self._output: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._buffer = b""
        passed = (request_read, answer_write, self._pixels)
        try:
            self._process = subprocess.Popen(
                [python, "-I", str(_WORKER), *map(str, passed)],
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=self._output,
                pass_fds=passed,
                start_new_session=True,
                env=os.environ | {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"},
            )
        except OSError as error:
            self._close_files()
            raise EngineUnavailableError(
                f"{python} cannot be started ({error.strerror})",
                "check the environment",
                kind="no_interpreter",
            ) from None
        finally:
            os.close(request_read)
            os.close(answer_write)

    def ask(self, request: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        """One answer for one request. Raises WorkerFault, after which the worker is of no more use."""
        deadline = time.monotonic() + timeout
        try:
            os.write(self._requests, json.dumps(request).encode() + b"\n")
        except OSError:
            raise self._died() from None
        while b"\n" not in self._buffer[-65536:]:
            if not self._readable(deadline):
                raise WorkerFault("timeout", f"took longer than {timeout:g} s", self._tail())
            chunk = os.read(self._answers, 65536)
            if not chunk:
                raise self._died()
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        try:
            answer = json.loads(line)
            if isinstance(answer, dict):
                return answer
        except ValueError:
            pass
        raise WorkerFault("bad_output", "gave an answer that is not JSON", self._tail())

    def write_pixels(self, images: Sequence[PageImage]) -> list[dict[str, Any]]:
        """Lays the images where the worker can map them, and says where each one lies."""
        starts = [0, *itertools.accumulate(image.pixels.nbytes for image in images)]
        # The file only grows: a worker that still looks at an earlier page must not find it gone.
        size = max(starts[-1], os.fstat(self._pixels).st_size)
        os.ftruncate(self._pixels, size)
        with mmap.mmap(self._pixels, size) as mapped:
            places = []
            for start, image in zip(starts, images, strict=False):
                target = np.frombuffer(mapped, np.uint8, image.pixels.size, start).reshape(image.pixels.shape)
                target[...] = image.pixels
                del target
                about = {key: getattr(image, key) for key in ("source", "page", "dpi", "level", "id")}
                places.append({"offset": start, "shape": list(image.pixels.shape), "about": about})
        return places

    def close(self, patience: float = 5.0) -> None:
        """Asks the worker to end, and kills its process group when it does not."""
        with contextlib.suppress(OSError):
            os.write(self._requests, b'{"do": "exit"}\n')
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(patience)
        self.kill()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._close_files()

    def _close_files(self) -> None:
        for fd in (self._requests, self._answers, self._pixels):
            with contextlib.suppress(OSError):
                os.close(fd)
        self._output.close()

    def _readable(self, deadline: float) -> bool:
        """Waits for the answer pipe; False when the deadline passes. Raises WorkerFault for a death.

        The pipe alone does not tell of a death: a child that the worker left behind holds it open.
        """
        poll = select.poll()
        poll.register(self._answers, select.POLLIN)
        while not poll.poll(_LOOK_EVERY * 1000):
            if self._process.poll() is not None and not poll.poll(0):
                raise self._died()
            if time.monotonic() > deadline:
                return False
        return True

    def _died(self) -> WorkerFault:
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            return WorkerFault("crashed", "closed its pipe", self._tail())
        name = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        return WorkerFault("crashed", f"crashed ({name})", self._tail())

    def _tail(self) -> str:
        size = self._output.seek(0, os.SEEK_END)
        self._output.seek(max(size - _TAIL, 0))
        return self._output.read().decode("utf-8", "replace").strip()


def _anonymous_file() -> int:
    """A file in memory where the system has that, else on disk; gone with its last descriptor."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("ocr-plugins-pixels")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
