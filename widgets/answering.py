"""What the browser asks for once: things to try, files it hands over, an end of the reading."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocr_plugins.errors import CallError, OcrError
from ocr_plugins.manifest import truth_from_folder

from .offering import check_offered, offer
from .previewing import Previewer
from .state import LONGEST_SHOWN, Preview, Told
from .uploading import Inbox

if TYPE_CHECKING:
    from .comparison import Comparison

_TEXTS = (".txt",)
# Who sees a widget need not be whose machine it runs on.
_NAMES_FILES = (".jsonl",)


class Answers:
    """Does for one widget what its browser asks, and tells what came of it. Nothing is raised."""

    def __init__(self, widget: Comparison) -> None:
        self._widget = widget
        self._previewer = Previewer(self._previewed, LONGEST_SHOWN)
        self._inbox: Inbox | None = None
        self._lock = threading.Lock()

    def hear(self, asked: Any, buffers: Sequence[Any]) -> None:
        """A message as `state.Asked` has it; anything else is passed over."""
        if not isinstance(asked, Mapping):
            return
        try:
            self._do(asked, buffers)
        except OcrError as error:
            self._widget.tell(str(error))
        except OSError as error:
            self._widget.tell(f"files cannot be kept ({error.strerror}): make room for temporary files")
        except (KeyError, TypeError, ValueError, IndexError) as error:
            self._widget.tell(f"the browser asked for something unknown ({type(error).__name__}): reload it")

    def close(self) -> None:
        """Deletes the files that were handed over."""
        if self._inbox is not None:
            self._inbox.close()

    def _do(self, asked: Mapping[str, Any], buffers: Sequence[Any]) -> None:
        widget = self._widget
        match asked.get("do"):
            case "cancel":
                widget.cancel()
            case "offer":
                self._tell(Told(offer=offer()))
            case "preview":
                widget.preview(self._previewer, asked["page"], check_offered(asked["spec"]))
            case "try":
                widget.try_on(check_offered(asked["spec"]), asked["page"])
            case "add":
                widget.add(check_offered(asked["spec"]))
            case "drop":
                widget.drop(asked["label"])
            case "upload":
                place = int(asked["at"]), int(asked["size"])
                self._upload(str(asked["transfer"]), str(asked["name"]), *place, buffers[0])

    def _upload(self, transfer: str, name: str, at: int, size: int, piece: Any) -> None:
        with self._lock:
            self._inbox = self._inbox or Inbox()
            told, path = self._inbox.take(transfer, name, at, size, piece)
        self._tell(Told(upload=told))
        if path is None:
            return
        if path.suffix.lower() in _NAMES_FILES:
            raise CallError(f"{path.name} names files of this machine", "give its path to compare() instead")
        if path.suffix.lower() in _TEXTS:
            self._take_truth(path)
        else:
            self._widget.add_pages(path, name=path.name)

    def _take_truth(self, path: Path) -> None:
        """A text is the ground truth of the page that is called like it, or of the only one."""
        refs = self._widget.refs
        found = truth_from_folder(refs, path.parent)
        if not found and len(refs) == 1:
            try:
                found = {refs[0].id: path.read_text(encoding="utf-8-sig")}
            except UnicodeDecodeError:
                raise CallError(f"{path.name} is not UTF-8", "save it as UTF-8") from None
        if not found:
            raise CallError(
                f"{path.name} is the ground truth of no page here",
                "name it after the page, as in scan.txt, or scan.2.txt for the second of several",
            )
        for page, text in found.items():
            self._widget.set_truth(page, text)

    def _previewed(self, preview: Preview, picture: bytes) -> None:
        self._tell(Told(preview=preview), [picture])

    def _tell(self, told: Told, buffers: Sequence[bytes] = ()) -> None:
        self._widget.send(dict(told), buffers=list(buffers))
