"""uv and pip: an environment built from hashed requirements, and what they say on the way."""

from __future__ import annotations

import contextlib
import csv
import os
import re
import select
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_LOOK_EVERY = 0.5
_PATIENCE = 10.0
_NETWORK = re.compile(
    r"error sending request|Retrying \(Retry|NewConnectionError|ConnectTimeout|ReadTimeout"
    r"|ProxyError|SSLError|NameResolution|Connection(?: refused| reset|ResetError|RefusedError)"
    r"|timed out|dns error|Network is unreachable"
)
_SPACE = re.compile(r"No space left on device|Disk quota exceeded")
_RIGHTS = re.compile(r"Permission denied|Read-only file system")
_PATH = re.compile(r"[`'\"]([^`'\"]+)[`'\"]|(/\S+)")
_MOVE = "move it with OCR_PLUGINS_HOME (uv's and pip's caches with UV_CACHE_DIR, PIP_CACHE_DIR)"
_IMPORTING = "importing "
_IMPORT = f"""
import importlib, sys
for name in sys.argv[1:]:
    print("{_IMPORTING}" + name, flush=True)
    importlib.import_module(name)
"""


@dataclass(frozen=True)
class Step:
    """Where an installation stands: what it does, and how many of how many packages are done.

    Both are 0 where that is not known.
    """

    what: str
    done: int = 0
    total: int = 0

    def __str__(self) -> str:
        if self.total:
            return f"{self.what}, {self.done} of {self.total}"
        return f"{self.what}, {self.done} so far" if self.done else self.what


Tell = Callable[[Step], None]


class BuildError(Exception):
    """A command that builds an environment failed: why, in one line, and what to do about it."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.reason, self.hint = reason, hint


class IndexUnreachableError(BuildError):
    """The package index does not answer."""


@dataclass(frozen=True, kw_only=True)
class Builder:
    """Builds the environment in ``folder``.

    Args:
        folder: the environment's folder.
        uv: the uv to build with; None for venv and pip.
        tell: hears of each step.
        held: a file descriptor that every command keeps open, so that a lock outlives this
            process as long as one of its commands goes on working in ``folder``.
    """

    folder: Path
    uv: str | None
    tell: Tell
    held: int

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def create(self, interpreter: str) -> None:
        """An empty environment of the Python at ``interpreter``. Raises BuildError."""
        if self.uv is None:
            # In two steps: in one, venv keeps to itself what ensurepip complains about.
            self._run([interpreter, "-I", "-m", "venv", "--without-pip", str(self.folder)])
            self._run([str(self.python), "-I", "-m", "ensurepip", "--default-pip"])
        else:
            options = ["--no-python-downloads", "--no-project", "--color", "never"]
            self._run([self.uv, "venv", *options, "--python", interpreter, str(self.folder)])

    def install(self, lock: Path, *, afresh: bool = False) -> None:
        """What ``lock`` lists and is not there yet, each file checked against its hashes.

        Args:
            lock: hashed requirements.
            afresh: leaves the caches alone. uv's holds the very files of environments, by hard
                links, with whatever was done to them there.

        Raises:
            BuildError: a hash that differs, no network, no space, no rights, no such package.
        """
        # A lock is complete, and may leave out on purpose what a package in it asks for.
        hashed = ["--require-hashes", "--no-deps", "-r", str(lock)]
        if self.uv is None:
            options = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
            options += ["--no-cache-dir"] if afresh else []
            command = [str(self.python), "-I", "-m", "pip", "install", *options, *hashed]
        else:
            options = ["--color", "never", *(["--no-cache"] if afresh else [])]
            command = [self.uv, "pip", "install", *options, "--python", str(self.python), *hashed]
        self._run(command, _Listener(self.folder, self.tell))

    def check_imports(self, modules: Sequence[str]) -> None:
        """Imports ``modules`` with the new Python. Raises BuildError naming the one that fails."""
        doing = ""

        def listen(line: str) -> None:
            nonlocal doing
            if line.startswith(_IMPORTING):
                doing = line
                self.tell(Step(line))

        try:
            self._execute([str(self.python), "-I", "-c", _IMPORT, *modules], listen)
        except _CommandError as failed:
            said = [line for line in failed.lines if not line.startswith(_IMPORTING)]
            why = [f"exit status {failed.status}", *said][-1]
            if failed.status < 0:
                why = signal.Signals(-failed.status).name
            raise BuildError(
                f"{doing.removeprefix(_IMPORTING)} cannot be imported: {why}",
                "install the system library it lacks and run it again, or start afresh with --force",
            ) from None

    def _run(self, command: Sequence[str], listen: Callable[[str], None] | None = None) -> None:
        try:
            self._execute(command, listen)
        except _CommandError as failed:
            raise explain(failed.lines, failed.status) from None

    def _execute(self, command: Sequence[str], listen: Callable[[str], None] | None = None) -> None:
        process = subprocess.Popen(
            command,
            cwd=self.folder.parent,
            env=_environment(self.folder.parent),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(self.held,),
            start_new_session=True,
        )
        said: list[str] = []
        try:
            for line in _lines(process.stdout):
                said += [line] if line else []
                if listen is not None:
                    listen(line)
            process.wait()
        finally:
            _end(process)
        if process.returncode != 0:
            raise _CommandError(said, process.returncode)


class _CommandError(Exception):
    def __init__(self, lines: list[str], status: int) -> None:
        super().__init__(status)
        self.lines, self.status = lines, status


class _Listener:
    """Makes steps of what uv or pip says; an empty line stands for silence."""

    def __init__(self, folder: Path, tell: Tell) -> None:
        self._folder, self._tell = folder, tell
        self._coming: dict[str, str] = {}
        self._total = self._before = self._collected = 0
        self._installing = False

    def __call__(self, line: str) -> None:
        match line.split():
            case ["Resolved", count, *_]:
                self._total = int(count)
                self._tell(Step(f"{count} packages are needed"))
            case ["Collecting" | "Processing", *_]:
                self._collected += 1
                self._coming.clear()
                self._tell(Step("collecting packages", self._collected))
            case ["Downloading" | "Building" as doing, package, *size]:
                self._coming[package] = " ".join([doing.lower(), _without_tags(package), *size])
                self._tell(Step(self._coming[package]))
            case ["Downloaded" | "Built", package, *_]:
                self._coming.pop(package, None)
                if self._coming:
                    self._tell(Step(list(self._coming.values())[-1]))
            case ["Prepared", *_]:
                self._installing = True
                self._coming.clear()
            case ["Installing", "collected", "packages:", *packages]:
                self._installing, self._total, self._before = True, len(packages), self._there()
                self._coming.clear()
            case [] if self._coming:
                self._tell(Step(list(self._coming.values())[-1]))
        if self._installing:
            done = min(max(self._there() - self._before, 0), self._total)
            self._tell(Step("installing", done, self._total))

    def _there(self) -> int:
        """How many packages are in the environment."""
        return sum(1 for _ in self._folder.glob("lib/python*/site-packages/*.dist-info"))


def _without_tags(package: str) -> str:
    """A wheel's name and version, of its file's name or address; anything else as it is."""
    return " ".join(package.rpartition("/")[2].split("-")[:2]) if package.endswith(".whl") else package


def drop_halves(folder: Path) -> None:
    """Makes uv or pip install again what an interruption left in part.

    Both tell by a package's metadata alone whether it is there, and write its RECORD last: it
    must name the installer, and all files it names must be there in their sizes.
    """
    for info in folder.glob("lib/python*/site-packages/*.dist-info"):
        if not _is_whole(info):
            shutil.rmtree(info)


def _is_whole(info: Path) -> bool:
    try:
        with (info / "RECORD").open(encoding="utf-8", newline="") as file:
            files = {row[0]: row[2] for row in csv.reader(file)}
        sizes = {name: (info.parent / name).stat().st_size for name in files if not name.endswith(".pyc")}
    except (OSError, IndexError, UnicodeDecodeError):
        return False
    same = all(files[name] in ("", str(size)) for name, size in sizes.items())
    return same and f"{info.name}/INSTALLER" in files


def explain(lines: Sequence[str], status: int) -> BuildError:
    """What uv, pip or the system complained about, in one line, and what to do about it."""
    text = "\n".join(lines)
    complaint = _complaint(lines) or f"exit status {status}"
    if mismatch := _mismatch(lines):
        return BuildError(
            f"{mismatch} does not match its hash in the lock",
            "a mirror or proxy gives another file than the lock is for: ask its keeper",
        )
    if _SPACE.search(text):
        return BuildError(f"no space left on device{_where(text, _SPACE)}", f"free some, or {_MOVE}")
    if _RIGHTS.search(text):
        return BuildError(f"permission denied{_where(text, _RIGHTS)}", f"check the rights there, or {_MOVE}")
    if _NETWORK.search(text):
        return IndexUnreachableError(
            f"the package index cannot be reached: {complaint}",
            "check network and proxy, then run it again: it goes on where it stopped",
        )
    return BuildError(complaint, "run it again: it goes on where it stopped; --force starts afresh")


def _mismatch(lines: Sequence[str]) -> str | None:
    for place, line in enumerate(lines[:-1]):
        if "DO NOT MATCH THE HASHES" in line:
            # pip: the lines that follow name the file, and both hashes at length.
            return lines[place + 1].split(" from ")[0].strip()
        if found := re.search(r"Hash mismatch for `([^`]+)`", line):
            return found[1]
    return None


def _complaint(lines: Sequence[str]) -> str:
    """uv names the error first and its cause last; of pip the last error counts."""
    errors = [line.partition(":")[2].strip() for line in lines if re.match(r"(?i)error:", line)]
    causes = [line.partition(":")[2].strip() for line in lines if re.match(r"\s+(cause|Caused by):", line)]
    if errors and causes:
        return _public(f"{errors[0]} ({causes[-1]})")
    return _public([*lines[-1:], *errors][-1].strip()) if lines else ""


def _where(text: str, fault: re.Pattern[str]) -> str:
    """The path that a system's complaint names."""
    line = next(line for line in text.splitlines() if fault.search(line))
    paths = [(quoted or bare).rstrip(":") for quoted, bare in _PATH.findall(line)]
    return f": {paths[-1]}" if paths else ""


def _public(line: str) -> str:
    """Without the password of an index's address."""
    return re.sub(r"(://[^/:@\s]*):[^/@\s]*@", r"\1:***@", line)


def _environment(folder: Path) -> dict[str, str]:
    """Variables for a command: the user's, so far as they do not lead it away from the environment."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    return kept | {"PIP_USER": "0", "TMPDIR": str(folder)}


def _lines(stream: IO[bytes] | None) -> Iterator[str]:
    """Lines as they come, without their ends; an empty one for each half second of silence."""
    assert stream is not None  # noqa: S101 - Popen was told to make a pipe
    poll = select.poll()
    poll.register(stream, select.POLLIN)
    rest = b""
    while True:
        if not poll.poll(_LOOK_EVERY * 1000):
            yield ""
            continue
        chunk = os.read(stream.fileno(), 65536)
        if not chunk:
            break
        *whole, rest = (rest + chunk).replace(b"\r", b"\n").split(b"\n")
        yield from (line.decode("utf-8", "replace").rstrip() for line in whole)
    yield rest.decode("utf-8", "replace").rstrip()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Nothing goes on in the environment's folder after this, also when the user interrupts."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.stdout is not None:
        process.stdout.close()
