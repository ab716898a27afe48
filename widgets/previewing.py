"""A page as an engine would be given it: what preprocessing makes of it, before anything is read."""

from __future__ import annotations

from collections.abc import Callable

from ocr_plugins.corpus import Item
from ocr_plugins.errors import OcrError
from ocr_plugins.host import treatment_of
from ocr_plugins.pictures import encoded
from ocr_plugins.runs import check_specs
from ocr_plugins.spec import parse_spec

from .latest import Latest
from .state import Preview


class Previewer:
    """Makes pictures in a thread of its own. What was wished for last is all that counts.

    Args:
        tell: takes a preview and its picture's bytes, none where there is an error.
        longest: pixels of the picture's longer side at most.
    """

    def __init__(self, tell: Callable[[Preview, bytes], object], longest: int) -> None:
        self._latest = Latest[tuple[Item, str], tuple[Preview, bytes]](
            lambda wish: preview(*wish, longest), lambda made: tell(*made), "ocr-plugins-preview"
        )

    def want(self, item: Item, spec: str) -> None:
        """Makes the picture of a page as the engine of a spec would get it."""
        self._latest.want((item, spec))


def preview(item: Item, spec: str, longest: int) -> tuple[Preview, bytes]:
    """A page as the engine of a spec would get it, and its picture; what goes wrong is in the preview."""
    told = Preview(page=item.id, spec=spec, steps=[], size=(0, 0), type="", error=None)
    try:
        parsed = parse_spec(spec)
        check_specs([parsed])
        image, done = treatment_of(parsed).steps.apply(item.ref.load())
        kind, data = encoded(image, longest)
    except OcrError as error:
        return told | {"error": str(error)}, b""
    except Exception as error:  # noqa: BLE001 - as where pages are read: a step's fault costs this page alone
        return told | {"error": f"the steps cannot be done on this page ({type(error).__name__})"}, b""
    return told | {"steps": list(done.steps), "size": image.size, "type": kind}, data
