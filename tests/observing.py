"""Runs the command line without a network, and sees what it and all its children ask the system for.

Linux only: a network namespace (util-linux' ``unshare``) in which no interface is up, and ``strace``.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from running import COMMAND, Done

# Sockets; and whatever carries names that others can see: of files, processes and threads.
_SOCKETS = "socket|connect|bind|io_uring_setup"
_NAMES = (
    "execve(at)?|prctl|memfd_create|mknod(at)?|mkdir(at)?|rename(at2?)?|((sym)?link|unlink)(at)?"
    "|open(at2?)?|creat"
)
_LONGEST = 1 << 16
_SOCKET_CALL = re.compile(rf"^\d+ +({_SOCKETS})\((.*)$")
# A socket of this machine; and glibc asking the cache of user names, which few machines have, for a home.
_LOCAL = re.compile(r"^(AF_UNIX,|\d+, \{sa_family=AF_UNIX, sun_path=\"/var/run/nscd/socket\")")


@dataclass(frozen=True)
class Observed:
    """How a command ended, and the system calls of all its processes as strace writes them."""

    done: Done
    calls: str

    @property
    def network(self) -> list[str]:
        """Calls for a socket that is not this machine's alone, whether they succeeded or not."""
        found = (_SOCKET_CALL.match(line) for line in self.calls.splitlines())
        return [call[0] for call in found if call and not _LOCAL.match(call[2])]

    @property
    def started(self) -> list[str]:
        """Programs that were started."""
        return re.findall(r"execve\(\"([^\"]+)\"", self.calls)


def observed(log: Path, *arguments: Any, env: dict[str, str], cwd: Path) -> Observed:
    """One run of the command, watched: its system calls are kept in ``log``."""
    watcher = ["unshare", "--map-root-user", "--net"]
    watcher += ["strace", "-f", "--seccomp-bpf", "-qq", "-v", "-s", str(_LONGEST), "-o", str(log)]
    watcher += ["-e", f"trace=/^({_SOCKETS}|{_NAMES})$", "-e", "signal=none"]
    done = subprocess.run(
        [*watcher, *COMMAND, *map(str, arguments)],
        env=env,
        cwd=cwd,
        capture_output=True,
        check=False,
        timeout=300,
    )
    calls = log.read_text(encoding="utf-8", errors="replace")
    return Observed(Done(done.returncode, done.stdout.decode(), done.stderr.decode()), calls)


def outspoken(folder: Path, python: str) -> tuple[Path, Path]:
    """A Python to give as ``env=``, and the file that keeps what is said in workers of it."""
    folder.mkdir()
    wrapper, said = folder / "python", folder / "said.txt"
    script = Path(__file__).with_name("outspoken_worker.py")
    # The host starts it as: python -I worker.py FD
    wrapper.write_text(f'#!/bin/sh\nshift\nexec "{python}" -I "{script}" "{said}" "$@"\n')
    wrapper.chmod(0o755)
    return wrapper, said
