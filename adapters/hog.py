"""Histograms of oriented gradients and a support vector machine: the baseline of the years before networks.

A line is cut into marks, each mark is one glyph, and each glyph is classified by itself: no context, no
language. It is here to be compared with: what it reads of clean print and of single digits, and how far
everything since has come. The machine has a Gaussian kernel by Nystroem's approximation; it is trained by
scikit-learn (scripts/train_hog.py) and read with NumPy.

A glyph's confidence is the softmax of the machine's margins; a word's is that of its least sure glyph.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.document import Glyph as GlyphRead
from ocr_plugins.document import Line, Polygon, Word
from ocr_plugins.engine import BaseEngine, Capabilities, EngineInfo
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.image import PageImage
from ocr_plugins.options import Options, option
from ocr_plugins.weights import verify_file

from .hog_glyphs import Glyph, features, glyphs_of

_CONFIDENCE = "svm-softmax"
_FOLDER = Path(__file__).parent / "hog_weights"
#: The weights of the package, by name.
SHIPPED = {"print": _FOLDER / "print.npz", "digits": _FOLDER / "digits.npz"}
SHA256 = {
    "print": "43fb448f296302410997297d4c19b216f3a54c008982a8733f501e5dacc865f5",
    "digits": "cfe37303f6886a782c8358ceb5b72dfa3983cf2f5d237f151e55741155c1ba0a",
}
FORMAT = "ocr-plugins-hog 1"
_HINT = "install ocr-plugins again"
# Glyphs further apart than this part of their usual height belong to two words.
_GAP = 0.33


@dataclass(frozen=True, kw_only=True)
class HogOptions(Options):
    weights: str = option(
        "print", "print, digits (handwritten ones), or a file that scripts/train_hog.py wrote"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weights not in SHIPPED and not self.weights.endswith(".npz"):
            raise CallError(
                f"weights={self.weights} is not allowed", f"choose {', '.join(SHIPPED)}, or a file NAME.npz"
            )


@dataclass(frozen=True, eq=False)
class Machine:
    """A trained machine.

    Args:
        characters: its classes.
        landmarks: (m, f), what glyphs are held against; scaled as features are by ``scale``, (f,).
        weights: (m, classes); bias: (classes,).
        gamma: of the kernel exp(-gamma d^2).
        sharpness: what margins are multiplied by before the softmax.
        upright: whether glyphs are set upright first.
    """

    characters: str
    landmarks: NDArray[np.float32]
    scale: NDArray[np.float32]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    gamma: float
    sharpness: float
    upright: bool

    def margins(self, glyphs: Sequence[Glyph]) -> NDArray[np.float32]:
        """How far each glyph lies on the side of each class: (n, classes)."""
        rows = features(glyphs) * self.scale
        apart = (
            (rows**2).sum(axis=1)[:, None]
            + (self.landmarks**2).sum(axis=1)[None]
            - 2 * rows @ self.landmarks.T
        )
        return np.asarray(np.exp(-self.gamma * apart) @ self.weights + self.bias, np.float32)

    def __call__(self, glyphs: Sequence[Glyph]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The class of each glyph, and how sure that is, 0 to 1."""
        margins = self.margins(glyphs) * self.sharpness
        odds = np.exp(margins - margins.max(axis=1, keepdims=True))
        return margins.argmax(axis=1), (odds.max(axis=1) / odds.sum(axis=1)).astype(np.float64)

    @classmethod
    def load(cls, path: Path) -> Machine:
        """Reads what `save` wrote. Raises EngineUnavailableError for what it did not."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
                if str(data["format"]) != FORMAT:
                    raise ValueError
                arrays: dict[str, Any] = {
                    name: np.asarray(data[name], np.float32)
                    for name in ("landmarks", "scale", "weights", "bias")
                }
                return cls(
                    characters=str(data["characters"]),
                    gamma=float(data["gamma"]),
                    sharpness=float(data["sharpness"]),
                    upright=bool(data["upright"]),
                    **arrays,
                )
        except Exception as error:  # noqa: BLE001 - what damage does to a zip archive has many names
            raise EngineUnavailableError(
                f"{path} holds no weights of this engine ({type(error).__name__})", _HINT, kind="bad_model"
            ) from None

    def save(self, path: Path) -> None:
        np.savez_compressed(
            path,
            format=np.array(FORMAT),
            characters=np.array(self.characters),
            # Weights cancel each other: half their digits would not do.
            landmarks=self.landmarks.astype(np.float16),
            weights=self.weights,
            scale=self.scale,
            bias=self.bias,
            gamma=self.gamma,
            sharpness=self.sharpness,
            upright=self.upright,
        )


class HogEngine(BaseEngine[HogOptions]):
    name = "hog"
    modules = ("cv2",)
    install_hint = "pip install 'ocr-plugins[rapidocr]'"
    options_type = HogOptions
    default_detector = "components"

    def identify(self) -> EngineInfo:
        import cv2

        path = self._path
        known = {SHA256[self.options.weights]} if self.options.weights in SHIPPED else ()
        options = self.options.to_dict()
        # The file's hash says it.
        del options["weights"]
        return EngineInfo(
            name=self.name,
            version="1",
            runtime=f"opencv {cv2.__version__}",
            weights={path.name: verify_file(path, known, _HINT)},
            options=options,
            spec=self.spec,
            capabilities=Capabilities(
                takes=("line", "word"),
                gives=("lines", "words", "glyphs"),
                alphabet="".join(sorted({*self._machine.characters, " "})),
                confidence_kind=_CONFIDENCE,
            ),
        )

    @property
    def _path(self) -> Path:
        return SHIPPED.get(self.options.weights) or Path(self.options.weights)

    @functools.cached_property
    def _machine(self) -> Machine:
        return Machine.load(self._path)

    def recognize(self, images: Sequence[PageImage]) -> list[Line]:
        return [self._line(image) for image in images]

    def _line(self, image: PageImage) -> Line:
        machine = self._machine
        glyphs = glyphs_of(image.pixels, whole=machine.characters.isdigit(), upright=machine.upright)
        if not glyphs:
            return Line(text="")
        best, sure = machine(glyphs)
        read = [
            GlyphRead(
                text=machine.characters[number],
                polygon=Polygon.from_box(*glyph.box),
                confidence=float(share),
                confidence_kind=_CONFIDENCE,
            )
            for glyph, number, share in zip(glyphs, best, sure, strict=True)
        ]
        words: list[list[GlyphRead]] = [[]]
        gap = _GAP * float(np.median([glyph.box[3] - glyph.box[1] for glyph in glyphs]))
        for before, glyph, one in zip([None, *glyphs], glyphs, read, strict=False):
            if before is not None and glyph.box[0] - before.box[2] > gap and image.level != "word":
                words.append([])
            words[-1].append(one)
        made = [_word(some) for some in words]
        least = min(word.confidence or 0.0 for word in made)
        return Line.of_words(made, confidence=least, confidence_kind=_CONFIDENCE)


def _word(glyphs: Sequence[GlyphRead]) -> Word:
    boxes = [glyph.polygon.box for glyph in glyphs if glyph.polygon]
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return Word(
        text="".join(glyph.text for glyph in glyphs),
        polygon=Polygon.from_box(min(x0), min(y0), max(x1), max(y1)),
        confidence=min(glyph.confidence or 0.0 for glyph in glyphs),
        confidence_kind=_CONFIDENCE,
        glyphs=tuple(glyphs),
    )
