"""The other end of the host: runs one engine in an interpreter of its own.

Started by `ocr_plugins.host` as a plain script of the engine's environment, which need not
have this package installed: the parent says where its modules lie. Requests and answers are
JSON lines on a socket; pixels lie in files without a name, which come along with a request. What
the engine prints goes to stdout and stderr, of which the host keeps the end for error records.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import json
import mmap
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any


class PackageFinder(importlib.abc.MetaPathFinder):
    """Finds the given packages where the parent says they lie, and nothing else of the parent's."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self.places = places

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - the interface of importlib
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        place = self.places.get(fullname)
        if place is None:
            return None
        if place.endswith(".py"):
            return importlib.util.spec_from_file_location(fullname, place)
        init = Path(place, "__init__.py")
        return importlib.util.spec_from_file_location(fullname, init, submodule_search_locations=[place])


def die_with_parent(connection: socket.socket) -> None:
    """Ends this process's group when the parent is gone, even while the engine is busy or hangs."""
    parent = os.getppid()
    poll = select.poll()
    poll.register(connection, 0)

    def watch() -> None:
        # A process that the parent has forked may hold its end of the socket: hence the look at
        # whose child this is.
        while os.getppid() == parent:
            if any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll(1000)):
                break
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


class Worker:
    """Answers requests for one engine: describe, open, read, find (lines)."""

    def __init__(self) -> None:
        self.engine: Any = None

    def answer(self, request: Mapping[str, Any], files: Sequence[int]) -> dict[str, Any]:
        from ocr_plugins.errors import OcrError

        try:
            match request["do"]:
                case "describe":
                    return {"info": self._engine(request).info.to_dict()}
                case "open":
                    return {"info": self._engine(request).open().info.to_dict()}
                case "find":
                    return {"results": self._find(self._images(request, files))}
                case _:
                    return {"results": self._read(self._images(request, files))}
        except OcrError as error:
            return {"error": {"kind": error.kind, "message": error.message, "hint": error.hint}}

    def _engine(self, request: Mapping[str, Any]) -> Any:
        from ocr_plugins.options import parse_options

        if self.engine is None:
            module, _, name = request["engine"].partition(":")
            if module.startswith("ocr_plugins.adapters."):
                # urllib3, which some engines import, opens a socket to learn whether there is IPv6.
                # Ours need no network; a stranger's may ask a service.
                socket.has_ipv6 = False
            engine_class = getattr(importlib.import_module(module), name)
            options = parse_options(engine_class.options_type, engine_class.name, request["options"])
            self.engine = engine_class(options, spec=request["spec"])
        return self.engine

    def _read(self, images: Iterator[Any]) -> list[dict[str, Any]]:
        from ocr_plugins.document import Page

        results = self.engine.read(images)
        return [{"type": "page" if isinstance(r, Page) else "error", **r.to_dict()} for r in results]

    def _find(self, images: Iterator[Any]) -> list[dict[str, Any]]:
        return [
            {"type": "lines", "polygons": [polygon.points for polygon in found]}
            if isinstance(found, tuple)
            else {"type": "error", **found.to_dict()}
            for found in self.engine.find_lines(images)
        ]

    def _images(self, request: Mapping[str, Any], files: Sequence[int]) -> Iterator[Any]:
        import numpy as np

        from ocr_plugins.image import PageImage

        for image in request["images"]:
            shape = tuple(image["shape"])
            length, offset = int(np.prod(shape)), image["offset"]
            mapped = mmap.mmap(files[image["file"]], offset + length, access=mmap.ACCESS_READ)
            pixels = np.frombuffer(mapped, np.uint8, count=length, offset=offset).reshape(shape)
            yield PageImage(pixels=pixels, **image["about"])


def requests(connection: socket.socket) -> Iterator[tuple[dict[str, Any], list[int]]]:
    """Each request with the files that came along, which are closed after it."""
    buffer = b""
    files: list[int] = []
    while True:
        data, more, _, _ = socket.recv_fds(connection, 1 << 16, 253)
        if not data:
            return
        buffer, files = buffer + data, files + more
        if buffer.endswith(b"\n"):
            yield json.loads(buffer), files
            for fd in files:
                os.close(fd)
            buffer, files = b"", []


def main(connection: socket.socket) -> None:
    die_with_parent(connection)
    worker = Worker()
    for request, files in requests(connection):
        if request["do"] == "exit":
            break
        if "packages" in request and worker.engine is None:
            sys.path[:] = request["path"] or sys.path
            sys.meta_path.insert(0, PackageFinder(request["packages"]))
        connection.sendall(json.dumps(worker.answer(request, files)).encode() + b"\n")


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
