"""Text lines by connected components: no model, no weights, a fraction of a second a page.

For print and typescript, dark on light or light on dark throughout, with a skew of some degrees.
Handwriting, and text on pictures, want a trained detector. The work is done in `ocr_plugins.linefinder`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.document import Polygon
from ocr_plugins.engine import BaseEngine, Capabilities, EngineInfo
from ocr_plugins.image import PageImage
from ocr_plugins.linefinder import FoundLines, find_page_lines
from ocr_plugins.options import Options, option
from ocr_plugins.threads import threads_for

_INSTALL = "pip install 'ocr-plugins[rapidocr]'"


@dataclass(frozen=True, kw_only=True)
class ComponentsOptions(Options):
    polarity: Literal["auto", "dark", "light"] = option(
        "auto", "the text is dark on light or light on dark; auto: paper is what there is more of"
    )
    gap: float = option(
        3.0, "widest gap between two words of one line, in glyph heights", minimum=0.2, maximum=20.0
    )
    speck: float = option(
        0.35, "marks below this share of the glyph height make no line", minimum=0.0, maximum=0.6
    )
    max_skew: float = option(
        5.0, "largest skew looked for, in degrees; 0 looks for none", minimum=0.0, maximum=15.0
    )


class ComponentsDetector(BaseEngine[ComponentsOptions]):
    name = "components"
    modules = ("cv2",)
    install_hint = _INSTALL
    options_type = ComponentsOptions

    def identify(self) -> EngineInfo:
        import cv2

        return EngineInfo(
            name=self.name,
            version="1",
            runtime=f"opencv {cv2.__version__}",
            options=self.options.to_dict(),
            spec=self.spec,
            capabilities=Capabilities(takes=("page",), gives=("polygons",)),
        )

    def load(self) -> None:
        import cv2

        if threads := threads_for("OPENCV_FOR_THREADS_NUM"):
            cv2.setNumThreads(threads)

    def detect(self, images: Sequence[PageImage]) -> list[tuple[Polygon, ...]]:
        return [self.find(image.pixels).polygons for image in images]

    def find(self, pixels: NDArray[np.uint8]) -> FoundLines:
        """The lines of a page, (h, w) or (h, w, 3), with their pictures."""
        options = self.options
        return find_page_lines(
            pixels,
            polarity=options.polarity,
            gap=options.gap,
            speck=options.speck,
            max_skew=options.max_skew,
        )
