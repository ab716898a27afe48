"""EasyOCR's lines read many at a time, each as `easyocr.Reader.recognize` reads it alone on a CPU.

The network takes a line at the width that EasyOCR gives it, a multiple of its height: lines of one width, of
one page or of several, go through it together. What is cut out, scaled, decoded and read twice where it is
in doubt stays EasyOCR's own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

#: A place as four corners, the text, and how sure it is.
Found = tuple[Any, str, Any]


@dataclass(frozen=True, eq=False)
class FoundBoxes:
    """A page in grey of shape (height, width), and where its text is, as `easyocr.Reader.detect` says it."""

    grey: Any
    upright: Sequence[Any]
    slanted: Sequence[Any]


class Lines:
    """Reads for an `easyocr.Reader` whose networks run on a CPU.

    Args:
        reader: its recogniser, and what goes with that.
        height: of the lines that the recogniser takes, in pixels.
        batch: lines that go through it at once; 0 for as many as ``columns`` hold.
        columns: of pixels.
    """

    def __init__(self, reader: Any, height: int, *, batch: int, columns: int) -> None:
        self._reader = reader
        self._height = height
        self._columns = columns
        self._batch = batch
        self._ignored = "".join(set(reader.character) - set(reader.lang_char))

    def read(self, pages: Sequence[FoundBoxes]) -> list[list[Found]]:
        """What stands in the boxes of each page, in their order, the upright ones first."""
        crops: dict[int, list[tuple[int, int, Any]]] = defaultdict(list)
        for page, boxes in enumerate(pages):
            for place, (crop, width) in enumerate(self._cut(boxes)):
                crops[width].append((page, place, crop))
        read: list[dict[int, Found]] = [{} for _ in pages]
        for width, group in crops.items():
            texts = self._texts([crop for *_, crop in group], width)
            for (page, place, _), found in zip(group, texts, strict=True):
                read[page][place] = found
        return [[found[place] for place in sorted(found)] for found in read]

    def _cut(self, boxes: FoundBoxes) -> Iterator[tuple[Any, int]]:
        """Each line's place with its picture, and the width that the network takes it at."""
        from easyocr.utils import get_image_list

        alone = [([box], []) for box in boxes.upright] + [([], [box]) for box in boxes.slanted]
        for upright, slanted in alone:
            crops, width = get_image_list(upright, slanted, boxes.grey, model_height=self._height)
            for crop in crops:
                yield crop, int(width)

    def _texts(self, crops: list[Any], width: int) -> list[Found]:
        from easyocr.recognition import get_text

        reader = self._reader
        found = get_text(
            reader.character,
            self._height,
            width,
            reader.recognizer,
            reader.converter,
            crops,
            self._ignored,
            batch_size=self._batch or max(self._columns // width, 1),
            # As Reader.recognize() sets it, which is not what get_text() does by itself.
            workers=0,
            device="cpu",
        )
        return [(points, self._shown(text), sure) for points, text, sure in found]

    def _shown(self, text: str) -> str:
        if self._reader.model_lang != "arabic":
            return text
        from easyocr.easyocr import get_display

        return str(get_display(text))
