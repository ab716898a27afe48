"""One worker process as the host sees it: requests, answers, pixels, limits, its end.

`ocr_plugins.worker` is what runs inside. Nothing that the two use has a name in a file system,
so nothing can be left behind.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.memory import MEGABYTE, WORKER_MEMORY, largest, tree_memory
from ocr_plugins.offline import OFFLINE
from ocr_plugins.shared_pixels import anonymous_file
from ocr_plugins.threads import thread_environment

_WORKER = Path(__file__).with_name("worker.py")
_TAIL = 2000
_LOOK_EVERY_MS = 100
_MEASURE_EVERY = 0.25
# What an engine prints is kept for error records only: this much between pages, and within one.
_PRINTED_KEPT, _PRINTED_MOST = MEGABYTE, 64 * MEGABYTE


class WorkerFault(Exception):  # noqa: N818 - what happened to a worker, never shown as an error
    """A worker crashed, hung or answered nonsense. ``kind`` and ``detail`` go into the error record."""

    def __init__(self, kind: str, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.kind, self.message, self.detail = kind, message, detail


class WorkerProcess:
    """One worker: a process group of its own and a socket to it.

    A request is sent by `send`; its answer is had from `receive`, which is to be called when the
    socket is readable and at least every tenth of a second, so that limits are kept.

    Args:
        python: the interpreter to run.
        threads: threads that the engine's libraries are told they may use.
        most_memory: bytes above which the worker is given up in the middle of a page; None sets no limit.
        most_kept: bytes that the engine is told it may keep between pages; None tells nothing.

    ``peak_memory`` are the bytes that it took at most with its children, as far as `measure` has seen;
    None where the system does not tell.
    """

    def __init__(
        self, python: str, threads: int, most_memory: int | None = None, most_kept: int | None = None
    ) -> None:
        self._most_memory = most_memory
        self.peak_memory: int | None = None
        self._deadline = self._measured = 0.0
        self._allowed = 0.0
        self._buffer = bytearray()
        self._output = _open_output()
        self._socket, theirs = socket.socketpair()
        environment = thread_environment(threads, os.environ)
        if most_kept is not None:
            environment[WORKER_MEMORY] = str(most_kept)
        try:
            self._process = subprocess.Popen(
                [python, "-I", str(_WORKER), str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=self._output,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
                env=environment | OFFLINE,
            )
        except OSError as error:
            self._close_files()
            raise EngineUnavailableError(
                f"{python} cannot be started ({error.strerror})",
                "check the environment",
                kind="no_interpreter",
            ) from None
        finally:
            theirs.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def measure(self) -> int:
        """Bytes that the worker and its children hold now, less what is shared; 0 where it has ended."""
        if self._process.returncode is not None:
            # Its number may be another's by now.
            return 0
        found = tree_memory(self._process.pid)
        self.peak_memory = largest((self.peak_memory, found.peak))
        return found.held

    def fileno(self) -> int:
        return self._socket.fileno()

    def ask(self, request: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        """One answer for one request, waited for. Raises WorkerFault."""
        self.send(request, timeout)
        while (answer := self.receive()) is None:
            wait_for_any([self])
        return answer

    def send(self, request: Mapping[str, Any], timeout: float, files: Sequence[int] = ()) -> None:
        """One request, and how many seconds its answer may take."""
        self._allowed, self._deadline = timeout, time.monotonic() + timeout
        line = json.dumps(request).encode() + b"\n"
        # A worker that has died is found by `receive`, which knows why.
        with contextlib.suppress(OSError):
            if files:
                line = line[socket.send_fds(self._socket, [line], list(files)) :]
            self._socket.sendall(line)

    def receive(self) -> dict[str, Any] | None:
        """The answer, or None as long as there is none.

        Raises:
            WorkerFault: it died, took too long or too much memory, or answered nonsense; it is
                of no more use then.
        """
        try:
            while chunk := self._socket.recv(1 << 20, socket.MSG_DONTWAIT):
                self._buffer += chunk
                if b"\n" in chunk:
                    return self._answer()
        except BlockingIOError:
            self._check_limits()
            return None
        except OSError:
            pass
        raise self._died()

    def close(self, patience: float = 5.0) -> None:
        """Asks the worker to end, and kills its process group when it does not."""
        self.measure()
        self.send({"do": "exit"}, patience)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(patience)
        self.kill()

    def kill(self) -> None:
        self.measure()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._close_files()

    def _answer(self) -> dict[str, Any]:
        line, _, rest = bytes(self._buffer).partition(b"\n")
        self._buffer = bytearray(rest)
        if os.fstat(self._output).st_size > _PRINTED_KEPT:
            os.ftruncate(self._output, 0)
        try:
            answer = json.loads(line)
            if isinstance(answer, dict):
                return answer
        except ValueError:
            pass
        raise WorkerFault("bad_output", "gave an answer that is not JSON", self._tail())

    def _check_limits(self) -> None:
        now = time.monotonic()
        # The socket alone does not tell of a death: a child that the worker left behind holds it open.
        if self._process.poll() is not None:
            raise self._died()
        if now > self._deadline:
            raise WorkerFault("timeout", f"took longer than {self._allowed:g} s", self._tail())
        if os.fstat(self._output).st_size > _PRINTED_MOST:
            raise WorkerFault("bad_output", f"printed more than {_PRINTED_MOST // MEGABYTE} MB", self._tail())
        # Without a limit too: of children that end within a page, nothing tells their peak later.
        if now - self._measured > _MEASURE_EVERY:
            self._measured = now
            held = self.measure()
            if self._most_memory is not None and held > self._most_memory:
                limit = f"took more than {self._most_memory / MEGABYTE:.0f} MB of memory"
                raise WorkerFault("out_of_memory", limit, self._tail())

    def _died(self) -> WorkerFault:
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            return WorkerFault("crashed", "closed its socket", self._tail())
        name = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        return WorkerFault("crashed", f"crashed ({name})", self._tail())

    def _tail(self) -> str:
        size = os.fstat(self._output).st_size
        kept = os.pread(self._output, _TAIL, max(size - _TAIL, 0))
        return kept.decode("utf-8", "replace").strip()

    def _close_files(self) -> None:
        self._socket.close()
        if self._output >= 0:
            os.close(self._output)
            self._output = -1


def wait_for_any(workers: Iterable[WorkerProcess]) -> None:
    """Returns when one of them says something, and soon in any case: limits want to be looked at."""
    poll = select.poll()
    for worker in workers:
        poll.register(worker, select.POLLIN)
    poll.poll(_LOOK_EVERY_MS)


def _open_output() -> int:
    """Where a worker's stdout and stderr go; it can be emptied while the worker writes."""
    output = anonymous_file("ocr-plugins-output")
    fcntl.fcntl(output, fcntl.F_SETFL, fcntl.fcntl(output, fcntl.F_GETFL) | os.O_APPEND)
    return output
