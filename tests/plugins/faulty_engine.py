"""An engine that fails on purpose: the first pixel of an image says how."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ocr_plugins.document import Line
from ocr_plugins.engine import BaseEngine, Capabilities, EngineInfo
from ocr_plugins.image import PageImage
from ocr_plugins.options import Options, option

FINE, RAISE, SEGFAULT, KILLED, EXIT, HANG, TOO_FEW, NO_TEXT, NOISE, SURROGATE, ONCE, FORK = range(12)
END, SWALLOW, LEAK, SHOUT, SLOW, ENVIRONMENT, GARBLE = range(12, 19)


@dataclass(frozen=True, kw_only=True)
class FaultyOptions(Options):
    folder: Path | None = option(None, "where to leave a mark, for faults that happen once")
    load: str = option("fine", "fine, raise or crash, when the model is loaded")


class FaultyEngine(BaseEngine[FaultyOptions]):
    name = "faulty"
    options_type = FaultyOptions
    batch_size = 3
    leaked: ClassVar[list[bytes]] = []

    def identify(self) -> EngineInfo:
        return EngineInfo(
            name=self.name,
            version="1",
            options=self.options.to_dict(),
            capabilities=Capabilities(takes=("page",)),
            spec=self.spec,
        )

    def load(self) -> None:
        if self.options.load == "raise":
            raise RuntimeError("the model is upside down")
        if self.options.load == "crash":
            print("about to crash", file=sys.stderr, flush=True)
            os.kill(os.getpid(), signal.SIGSEGV)

    def read_pages(self, images: Sequence[PageImage]) -> list[tuple[Line, ...]]:
        out = [self._read(image) for image in images]
        if any(image.pixels.flat[0] == TOO_FEW for image in images):
            out.pop()
        return out

    def _read(self, image: PageImage) -> tuple[Line, ...]:
        match int(image.pixels.flat[0]):
            case v if v == RAISE:
                raise RuntimeError("no idea what this is")
            case v if v == SEGFAULT:
                print("engine says goodbye", file=sys.stderr, flush=True)
                ctypes.string_at(0)
            case v if v == KILLED:
                os.kill(os.getpid(), signal.SIGKILL)
            case v if v == EXIT:
                os._exit(3)
            case v if v == HANG:
                time.sleep(600)
            case v if v == NO_TEXT:
                return (Line(text=None),)  # type: ignore[arg-type] # nonsense on purpose
            case v if v == NOISE:
                print("{} not a result\n" * 10000)
            case v if v == SURROGATE:
                return (Line(text="\ud800"),)
            case v if v == FORK:
                if os.fork() == 0:
                    time.sleep(600)
                (self.options.folder or Path()).joinpath("group").write_text(str(os.getpgid(0)))
                os.kill(os.getpid(), signal.SIGKILL)
            case v if v == GARBLE:
                # Into the very socket that answers go through.
                os.write(int(sys.argv[1]), b"\xff{ no answer\n")
            case v if v == END:
                os._exit(0)
            case v if v == SWALLOW:
                while True:
                    self.leaked.append(os.urandom(1_000_000) * 10)
            case v if v == LEAK:
                self.leaked.append(b"x" * 5_000_000)
                return (Line(text=f"{own_memory()} {os.getpid()}"),)
            case v if v == SHOUT:
                while True:
                    print("all the pages at once " * 5000)
            case v if v == SLOW:
                (self.options.folder or Path()).joinpath("slow").write_text(str(os.getpid()))
                time.sleep(1)
            case v if v == ENVIRONMENT:
                return (Line(text=json.dumps(dict(os.environ))),)
            case v if v == ONCE:
                mark = (self.options.folder or Path()) / "crashed"
                if not mark.exists():
                    mark.touch()
                    os.kill(os.getpid(), signal.SIGSEGV)
        return (Line(text=f"{image.source} read by {os.getpid()}"),)


class OneByOne(FaultyEngine):
    """The same, a page at a time."""

    batch_size = 1


def own_memory() -> int:
    """Bytes that this process holds for itself."""
    resident, shared = (int(n) for n in Path("/proc/self/statm").read_text().split()[1:3])
    return (resident - shared) * os.sysconf("SC_PAGESIZE")
