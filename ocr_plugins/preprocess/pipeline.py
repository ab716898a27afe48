"""Steps by name, one after the other: ``deskew+sauvola(window=31;k=0.3)``."""

from __future__ import annotations

import difflib
import importlib.metadata
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ocr_plugins.errors import CallError
from ocr_plugins.image import PageImage
from ocr_plugins.options import parse_options
from ocr_plugins.preprocess.auto import Auto
from ocr_plugins.preprocess.binarise import Enhance, Learned, Otsu, Sauvola, Wolf
from ocr_plugins.preprocess.denoise import Despeckle, Median, NonLocalMeans, Smooth
from ocr_plugins.preprocess.geometry import Border, Deskew, Pad, Rescale
from ocr_plugins.preprocess.letters import Letters
from ocr_plugins.preprocess.orientation import Orient
from ocr_plugins.preprocess.photo import Dewarp
from ocr_plugins.preprocess.step import Prepared, Step
from ocr_plugins.preprocess.tone import Contrast, Flatten, Grey, Invert

_CLASSES: Sequence[type[Step]] = (
    Auto,
    Orient,
    Dewarp,
    Border,
    Deskew,
    Rescale,
    Pad,
    Grey,
    Invert,
    Contrast,
    Flatten,
    Median,
    Smooth,
    NonLocalMeans,
    Despeckle,
    Otsu,
    Sauvola,
    Wolf,
    Enhance,
    Learned,
    Letters,
)

#: Name -> step, in the order in which they are of most use.
STEPS: Mapping[str, type[Step]] = {step.name: step for step in _CLASSES}

_GRAMMAR = "write NAME[(option=value;option=value)] with + between steps, as in deskew+sauvola(window=31)"
_STEP = re.compile(r"\s*([A-Za-z]\w*)\s*(?:\(([^()]*)\))?\s*")


@dataclass(frozen=True)
class Pipeline:
    """Steps that are done one after the other."""

    steps: tuple[Step, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The steps with all their options."""
        return tuple(map(str, self.steps))

    def libraries(self) -> tuple[str, ...]:
        """What the steps are done by, as in ``opencv 5.0``: other releases may give other pixels."""
        if not self.steps:
            return ()
        import cv2

        return (f"opencv {cv2.__version__}", f"doxapy {importlib.metadata.version('doxapy')}")

    def apply(self, image: PageImage) -> tuple[PageImage, Prepared]:
        """The image as an engine is to see it, and what was done: where it lies on the original."""
        done = Prepared.in_place(image.pixels)
        for step in self.steps:
            if step.pages_only and image.level != "page":
                continue
            given = step.apply(done.pixels)
            changed = given.steps or ((step.name,) if given.pixels is not done.pixels else ())
            transform = done.transform.before(given.transform)
            done = Prepared(given.pixels, transform, (*done.steps, *changed))
        dpi = None if image.dpi is None else image.dpi * done.transform.resolution
        return replace(image, pixels=done.pixels, dpi=dpi), done


def parse_steps(text: str) -> Pipeline:
    """A pipeline from its text; ``none`` is the one without steps.

    Raises:
        CallError: an unknown step (naming the nearest known one), or an option that does not fit.
    """
    if text.strip() == "none":
        return Pipeline(())
    return Pipeline(tuple(_step(part) for part in text.split("+")))


def _step(text: str) -> Step:
    match = _STEP.fullmatch(text)
    if match is None:
        raise CallError(f"{text!r} is not a preprocessing step", _GRAMMAR)
    name, options = match.groups()
    step_class = STEPS.get(name)
    if step_class is None:
        near = difflib.get_close_matches(name, STEPS, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise CallError(f"there is no preprocessing step {name!r}", f"{hint}there are {', '.join(STEPS)}")
    return parse_options(step_class, name, dict(_option(name, part) for part in _parts(options)))


def _parts(options: str | None) -> list[str]:
    return [part for part in (options or "").split(";") if part.strip()]


def _option(name: str, text: str) -> tuple[str, Any]:
    key, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not value:
        raise CallError(f"option {text!r} of step {name!r} is not option=value", _GRAMMAR)
    return key, value
