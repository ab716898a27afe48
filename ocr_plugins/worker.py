"""The other end of the host: runs one engine in an interpreter of its own.

Started by `ocr_plugins.host` as a plain script of the engine's environment, which need not
have this package installed: the parent says where its modules lie. Requests and answers are
JSON lines on two pipes; pixels lie in a file without a name that both processes map. What the
engine prints goes to stderr, where the host keeps its end for error records.
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
import sys
import threading
from collections.abc import Mapping, Sequence
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


def die_with_parent(request_fd: int) -> None:
    """Ends this process's group when the parent is gone, even while the engine is busy or hangs."""

    def watch() -> None:
        poll = select.poll()
        poll.register(request_fd, 0)
        while not any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll()):
            pass
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


class Worker:
    """Answers requests for one engine: describe, open, read."""

    def __init__(self, pixel_fd: int) -> None:
        self.pixel_fd = pixel_fd
        self.engine: Any = None

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        from ocr_plugins.errors import OcrError

        try:
            match request["do"]:
                case "describe":
                    return {"info": self._engine(request).info.to_dict()}
                case "open":
                    return {"info": self._engine(request).open().info.to_dict()}
                case _:
                    return {"results": self._read(request["images"])}
        except OcrError as error:
            return {"error": {"kind": error.kind, "message": error.message, "hint": error.hint}}

    def _engine(self, request: Mapping[str, Any]) -> Any:
        from ocr_plugins.options import parse_options

        if self.engine is None:
            module, _, name = request["engine"].partition(":")
            engine_class = getattr(importlib.import_module(module), name)
            options = parse_options(engine_class.options_type, engine_class.name, request["options"])
            self.engine = engine_class(options, spec=request["spec"])
        return self.engine

    def _read(self, images: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        from ocr_plugins.document import Page

        results = self.engine.read(self._image(image) for image in images)
        return [{"type": "page" if isinstance(r, Page) else "error", **r.to_dict()} for r in results]

    def _image(self, image: Mapping[str, Any]) -> Any:
        import numpy as np

        from ocr_plugins.image import PageImage

        shape = tuple(image["shape"])
        length = int(np.prod(shape))
        mapped = mmap.mmap(self.pixel_fd, image["offset"] + length, access=mmap.ACCESS_READ)
        pixels = np.frombuffer(mapped, np.uint8, count=length, offset=image["offset"]).reshape(shape)
        return PageImage(pixels=pixels, **image["about"])


def main(request_fd: int, answer_fd: int, pixel_fd: int) -> None:
    die_with_parent(request_fd)
    worker = Worker(pixel_fd)
    with (
        os.fdopen(request_fd, encoding="utf-8") as requests,
        os.fdopen(answer_fd, "w", encoding="utf-8") as answers,
    ):
        for line in requests:
            request = json.loads(line)
            if request["do"] == "exit":
                break
            if "packages" in request:
                sys.meta_path.insert(0, PackageFinder(request["packages"]))
            answers.write(json.dumps(worker.answer(request)) + "\n")
            answers.flush()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
