"""An engine that knows a page's text from the file beside it, and tells it where it must not."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ocr_plugins.document import Line, Page, PageError
from ocr_plugins.engine import BaseEngine, Capabilities, EngineInfo
from ocr_plugins.errors import CallError
from ocr_plugins.image import PageImage
from ocr_plugins.options import Options, option

# An address that is for documentation only (RFC 5737): nobody has it.
NOBODY = "192.0.2.1"


def raises(text: str) -> None:
    raise RuntimeError(f"cannot read {text}")


def raises_system(text: str) -> None:
    raise OSError(5, text, text)


def raises_ours(text: str) -> None:
    raise CallError(f"cannot read {text}", f"try another than {text}", text)


def prints(text: str) -> None:
    print(text)
    print(text, file=sys.stderr)
    os.write(1, text.encode())
    os.write(2, text.encode())


def logs(text: str) -> None:
    logging.basicConfig(level=logging.DEBUG)
    logging.getLogger("telling").debug("it says %s", text)
    logging.getLogger().error("it says %s", text)


def warns(text: str) -> None:
    warnings.simplefilter("always")
    warnings.warn(text, stacklevel=1)


def fails_in_a_thread(text: str) -> None:
    thread = threading.Thread(target=raises, args=(text,))
    thread.start()
    thread.join()


def crashes(text: str) -> None:
    prints(text)
    os.kill(os.getpid(), signal.SIGSEGV)


def exits(text: str) -> None:
    raise SystemExit(text)


def connects(text: str) -> None:
    socket.create_connection((NOBODY, 9), timeout=1)


def resolves(text: str) -> None:
    socket.getaddrinfo("host.invalid", 9)


def opens_natively(text: str) -> None:
    os.close(ctypes.CDLL(None, use_errno=True).socket(int(socket.AF_INET), int(socket.SOCK_DGRAM), 0))


def opens_in_a_child(text: str) -> None:
    if (child := os.fork()) == 0:
        socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        os._exit(0)
    os.waitpid(child, 0)


def names_a_file(text: str) -> None:
    path = Path(os.environ["TMPDIR"], text)
    path.touch()
    path.unlink()


def starts_a_command(text: str) -> None:
    subprocess.run(["true", text], check=True)


ACTS: dict[str, Callable[[str], None]] = {
    act.__name__: act
    for act in (
        raises,
        raises_system,
        raises_ours,
        prints,
        logs,
        warns,
        fails_in_a_thread,
        crashes,
        exits,
        connects,
        resolves,
        opens_natively,
        opens_in_a_child,
        names_a_file,
        starts_a_command,
    )
}


@dataclass(frozen=True, kw_only=True)
class TellingOptions(Options):
    act: str = option("", "what it does with the text of a page, by the name of a function above")
    where: str = option("page", "when: page (its own code), read (the contract's method) or close")


class TellingEngine(BaseEngine[TellingOptions]):
    name = "telling"
    options_type = TellingOptions

    def identify(self) -> EngineInfo:
        return EngineInfo(
            name=self.name,
            version="1",
            options=self.options.to_dict(),
            capabilities=Capabilities(takes=("page",)),
            spec=self.spec,
        )

    def read(self, pages: Iterable[PageImage]) -> Iterator[Page | PageError]:
        for image in pages:
            if self.options.where == "read":
                self._act(image)
            yield from super().read([image])

    def read_pages(self, images: Sequence[PageImage]) -> list[tuple[Line, ...]]:
        if self.options.where == "page":
            self._act(images[0])
        self._last = images[0]
        return [(Line(text=_said(image)),) for image in images]

    def unload(self) -> None:
        if self.options.where == "close":
            self._act(self._last)

    def _act(self, image: PageImage) -> None:
        if self.options.act:
            ACTS[self.options.act](_said(image))


def _said(image: PageImage) -> str:
    return Path(image.source).with_suffix(".said").read_text(encoding="utf-8")
