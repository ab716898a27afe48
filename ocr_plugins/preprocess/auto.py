"""The step that looks at a page and picks the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ocr_plugins.ink import Ink
from ocr_plugins.options import option
from ocr_plugins.pixels import Pixels
from ocr_plugins.preprocess.binarise import Enhance
from ocr_plugins.preprocess.denoise import Smooth
from ocr_plugins.preprocess.geometry import Deskew, Pad, Rescale
from ocr_plugins.preprocess.letters import Letters
from ocr_plugins.preprocess.orientation import Orient
from ocr_plugins.preprocess.paper import Paper
from ocr_plugins.preprocess.photo import Dewarp
from ocr_plugins.preprocess.step import InkStep, Prepared, Step

# Larger images are pages or photographs; on less paper of one brightness, smaller ones are pictures.
_PICTURE_PIXELS, _PAPER = 600_000, 0.8
# A photographed page in uneven light is smooth, and grey.
_SMOOTH, _GREY = 0.78, 0.3
# The glyphs of pictures are made so many pixels high, where they are lower than the second.
_PICTURE_GLYPHS, _PICTURE_SMALL = 24.0, 15.0
# A skew is believed of so many glyphs; logos have fewer.
_LEAST_FOR_SKEW = 100
# A small image with so many glyphs on paper is a page after all.
_PAGE_GLYPHS = 150
_SURELY_TURNED = 5.0


@dataclass(frozen=True, kw_only=True)
class Auto(Step):
    """Steps picked by what is measured: paper and its light, grey or two levels, way up, skew, glyph height.

    On small pictures text is isolated (`Letters`) or enlarged. Photographed sheets are straightened, and
    what is unevenly lit is made even. Scans in black and white are smoothed a little, pages on their side or
    head turned where that is sure, skewed pages levelled, and small print enlarged. A page that wants none
    of it is left as it is, to the pixel.
    """

    name: ClassVar[str] = "auto"
    help: ClassVar[str] = "picks steps from measurements of the page; leaves a clean page as it is"
    pages_only: ClassVar[bool] = True

    height: float = option(16.0, "glyph height to which small print is enlarged", minimum=8, maximum=200)
    small: float = option(13.0, "print of lower glyphs is enlarged, in pixels", minimum=0, maximum=200)
    skew: float = option(0.5, "skew left as it is, in degrees", minimum=0, maximum=45)

    def apply(self, pixels: Pixels) -> Prepared:
        page = _Page(pixels)
        if pixels.shape[0] * pixels.shape[1] > _PICTURE_PIXELS:
            self._page(page)
        elif page.paper.share < _PAPER:
            page.take(Letters(), Pad())
        elif page.ink.glyphs >= _PAGE_GLYPHS:
            self._page(page)
        elif 0 < page.ink.height < _PICTURE_SMALL:
            page.take(Rescale(height=_PICTURE_GLYPHS), Pad())
        return page.done

    def _page(self, page: _Page) -> None:
        page.take(Dewarp())
        if page.paper.share < _PAPER:
            if page.paper.smooth < _SMOOTH or page.paper.grey < _GREY:
                return
            page.take(Enhance())
        # Before anything turns or enlarges the page: stairs get worse by that.
        page.take(Smooth())
        page.take(Orient(least=_SURELY_TURNED))
        if page.ink.glyphs >= _LEAST_FOR_SKEW:
            page.take(Deskew(least=self.skew))
        if 0 < page.ink.height < self.small:
            page.take(Rescale(height=self.height))


class _Page:
    """A page on its way, with what is measured on it: anew after a step that changed it."""

    def __init__(self, pixels: Pixels) -> None:
        self.done = Prepared.in_place(pixels)
        self._ink: Ink | None = None
        self._paper: Paper | None = None

    @property
    def ink(self) -> Ink:
        self._ink = self._ink or Ink.of(self.done.pixels)
        return self._ink

    @property
    def paper(self) -> Paper:
        self._paper = self._paper or Paper.of(self.done.pixels)
        return self._paper

    def take(self, *steps: Step) -> None:
        """Goes on with what the steps give, one after the other."""
        for step in steps:
            before = self.done
            if isinstance(step, InkStep):
                given = step.measured(before.pixels, self.ink)
            else:
                given = step.apply(before.pixels)
            if given.pixels is not before.pixels:
                transform = before.transform.before(given.transform)
                self.done = Prepared(given.pixels, transform, (*before.steps, str(step)))
                self._ink = self._paper = None
