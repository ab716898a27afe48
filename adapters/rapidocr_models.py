"""Which of PaddleOCR's models RapidOCR runs: those of its wheel, others of its table, or files of the user's.

The table, with every model's address and SHA-256, is RapidOCR's own ``default_models.yaml``.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.offline import forbid_reports
from ocr_plugins.weights import verify_file

Version = Literal["PP-OCRv4", "PP-OCRv5", "PP-OCRv6"]
Size = Literal["tiny", "small", "medium", "mobile", "server"]

INSTALL = "pip install 'ocr-plugins[rapidocr]'"
DETECTOR = "PP-OCRv6_det_small.onnx"
CLASSIFIER = "ch_ppocr_mobile_v2.0_cls_mobile.onnx"
RECOGNIZER = "PP-OCRv6_rec_small.onnx"
# Those of the wheel.
_KNOWN = {
    DETECTOR: "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    CLASSIFIER: "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c",
    RECOGNIZER: "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
}
_LATIN = (
    "en", "af", "bs", "ca", "cs", "cy", "da", "de", "es", "et", "eu", "fi", "fr", "ga", "gl", "hr", "hu",
    "id", "is", "it", "la", "lt", "lv", "ms", "mt", "nl", "no", "pl", "pt", "ro", "sk", "sl", "sq", "sv",
    "sw", "tr",
)  # fmt: skip
# What RapidOCR calls a recogniser -> the languages it reads, best for them first.
_SCRIPTS: dict[str, tuple[str, ...]] = {
    "en": ("en",),
    "ch": ("en", "zh"),
    "japan": ("en", "ja"),
    "korean": ("en", "ko"),
    "latin": _LATIN,
    "eslav": ("en", "be", "ru", "uk"),
    "cyrillic": ("en", "be", "bg", "mn", "ru", "sr", "uk"),
    "arabic": ("en", "ar", "fa", "ug", "ur"),
    "devanagari": ("en", "hi", "mr", "ne"),
    "el": ("en", "el"),
    "ka": ("en", "kn"),
    "ta": ("en", "ta"),
    "te": ("en", "te"),
    "th": ("en", "th"),
}
# Of lines, in pixels, for a recogniser that takes any.
_HEIGHT = 48
# ONNX Runtime's level of messages.
_FATAL = 4
# PP-OCRv6 has one recogniser for all it reads; the smallest leaves out Japanese.
_ALL = (*_LATIN, "zh", "ja")


@dataclass(frozen=True)
class ModelFile:
    """One file of a model: what provenance calls it, its SHA-256 where it is known, where to get it."""

    label: str
    path: Path
    sha256: str = ""
    hint: str = "check the path"

    def verify(self) -> str:
        """Its SHA-256. Raises EngineUnavailableError."""
        return verify_file(self.path, {self.sha256} if self.sha256 else (), self.hint)


@dataclass(frozen=True, kw_only=True)
class Models:
    """What one engine runs. ``script`` is what RapidOCR calls the recogniser's script; empty is its default.

    ``languages`` are those that can be read with the files that are there; none says nothing is known.
    """

    detector: ModelFile
    classifier: ModelFile
    recognizer: ModelFile
    alphabet: ModelFile | None
    script: str
    languages: tuple[str, ...]

    @property
    def files(self) -> tuple[ModelFile, ...]:
        found = (self.detector, self.classifier, self.recognizer, self.alphabet)
        return tuple(file for file in found if file is not None)


def find_models(
    languages: Sequence[str],
    *,
    version: Version,
    size: Size | None,
    folder: Path | None,
    detector: Path | None,
    recognizer: Path | None,
    alphabet: Path | None,
) -> Models:
    """The files for these languages, by path or by name from ``folder``, by default the wheel's.

    Raises:
        CallError: there is no such model.
        EngineUnavailableError: no recogniser of that version and size reads these languages.
    """
    if alphabet is not None and recognizer is None:
        raise CallError("rec_keys belongs to a recogniser", "name that as rec_model=")
    wheel = _wheel() / "models"
    place = folder or wheel
    size = size or ("small" if version == "PP-OCRv6" else "mobile")
    script = ""
    readable: tuple[str, ...] = ()
    if detector is None:
        _check_offered(version, size)
        found_detector = _listed(version, "det", size, "ch", place)
    else:
        found_detector = ModelFile(f"det_model/{detector.name}", detector)
    if recognizer is None:
        script = _script(version, size, languages)
        found_recognizer = _listed(version, "rec", size, script, place)
        readable = _readable(version, size, place, languages)
    else:
        found_recognizer = ModelFile(f"rec_model/{recognizer.name}", recognizer)
    classifier = place / CLASSIFIER
    return Models(
        detector=found_detector,
        # One fits all, and every wheel has it.
        classifier=_known(classifier if classifier.exists() else wheel / CLASSIFIER),
        recognizer=found_recognizer,
        alphabet=None if alphabet is None else ModelFile(f"rec_keys/{alphabet.name}", alphabet),
        script=script,
        languages=readable,
    )


def _wheel() -> Path:
    found = importlib.util.find_spec("rapidocr")
    if found is None or found.origin is None:
        raise EngineUnavailableError("engine 'rapidocr' is not installed", INSTALL, kind="not_installed")
    return Path(found.origin).parent


def _known(path: Path) -> ModelFile:
    return ModelFile(path.name, path, _KNOWN[path.name], f"{INSTALL} --force-reinstall")


@functools.cache
def _table() -> Mapping[str, Any]:
    import yaml  # type: ignore[import-untyped]

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = (_wheel() / "default_models.yaml").read_text(encoding="utf-8")
    table: Mapping[str, Any] = yaml.load(text, Loader=loader)  # noqa: S506 - both are safe loaders
    return table


def _routes(version: Version, task: str, size: str) -> Sequence[Mapping[str, Any]]:
    return _table()["model_routes"][version][task].get(size) or ()


def _check_offered(version: Version, size: Size) -> None:
    if not _routes(version, "rec", size):
        sizes = [name for name in _table()["model_routes"][version]["rec"] if name != "aliases"]
        raise CallError(f"{version} has no models of type {size}", f"it has model_type={' or '.join(sizes)}")


def _listed(version: Version, task: str, size: Size, script: str, folder: Path) -> ModelFile:
    """A model of RapidOCR's table, as it is to lie in ``folder``."""
    key = next(
        route["model_key"] for route in _routes(version, task, size) if script in route["supported_langs"]
    )
    model = _table()["onnxruntime"][version][task][key]
    url = str(model["model_dir"])
    name = url.rpartition("/")[2]
    if name in _KNOWN and folder == _wheel() / "models":
        return _known(folder / name)
    return ModelFile(name, folder / name, model["SHA256"], f"get {url}, and name its folder as model_dir=")


def _scripts(version: Version, size: Size) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The recognisers of a version and size, with the languages that they read."""
    if version == "PP-OCRv6":
        yield "ch", tuple(code for code in _ALL if size != "tiny" or code != "ja")
        return
    offered = {lang for route in _routes(version, "rec", size) for lang in route["supported_langs"]}
    for script, codes in _SCRIPTS.items():
        if script in offered:
            yield script, (*codes, "ja") if (version, script) == ("PP-OCRv5", "ch") else codes


def _script(version: Version, size: Size, languages: Sequence[str]) -> str:
    _check_offered(version, size)
    scripts = dict(_scripts(version, size))
    for script, codes in scripts.items():
        if set(languages) <= set(codes):
            return script
    known = sorted({code for codes in scripts.values() for code in codes})
    raise EngineUnavailableError(
        f"engine 'rapidocr' has no {version} {size} recogniser for {'+'.join(languages)!r}",
        f"one at a time, it reads {', '.join(known)}; or name a file as rec_model=",
        kind="unsupported_language",
    )


def _readable(version: Version, size: Size, folder: Path, asked: Sequence[str]) -> tuple[str, ...]:
    """The languages whose recognisers are in ``folder``, and those that are asked for."""
    readable = dict.fromkeys(asked)
    for script, codes in _scripts(version, size):
        if _listed(version, "rec", size, script, folder).path.exists():
            readable |= dict.fromkeys(codes)
    return tuple(readable)


def check_detector(path: Path) -> None:
    """Raises EngineUnavailableError where a file is no detector that gives a map of text."""
    inputs, outputs, _ = _describe(path)
    if not (_fits(inputs, (None, 3, None, None)) and _fits(outputs, (None, 1, None, None))):
        raise _unfit(path, "det_model", "a detector", inputs, outputs)


def check_recognizer(path: Path, alphabet: Path | None) -> int:
    """The height of the lines that a recogniser takes, in pixels.

    Raises:
        EngineUnavailableError: a file is no recogniser, or it and its alphabet do not belong together.
    """
    inputs, outputs, inside = _describe(path)
    if not (_fits(inputs, (None, 3, None, None)) and _fits(outputs, (None, None, None))):
        raise _unfit(path, "rec_model", "a recogniser", inputs, outputs)
    if (inside is None) == (alphabet is None):
        raise EngineUnavailableError(
            f"recogniser {path} has {'no' if inside is None else 'an'} alphabet inside",
            "name the file of its characters as rec_keys=" if inside is None else "leave out rec_keys=",
            kind="bad_model",
        )
    characters = _read_alphabet(alphabet) if alphabet is not None else inside or []
    classes = outputs[2]
    # CTC's blank and a space stand beside them.
    if isinstance(classes, int) and classes != len(characters) + 2:
        raise EngineUnavailableError(
            f"recogniser {path} tells {classes - 2} characters apart, its alphabet has {len(characters)}",
            "name the alphabet that it was trained with as rec_keys=",
            kind="bad_model",
        )
    return inputs[2] if isinstance(inputs[2], int) else _HEIGHT


def _describe(path: Path) -> tuple[list[Any], list[Any], list[str] | None]:
    """Shapes of a model's one input and first output, names for free axes, and the alphabet inside."""
    forbid_reports()
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise EngineUnavailableError(
            f"{path} is no ONNX model that ONNX Runtime opens ({type(error).__name__})",
            "check the file",
            kind="bad_model",
        ) from error
    inside = session.get_modelmeta().custom_metadata_map.get("character")
    shapes = session.get_inputs()[0].shape, session.get_outputs()[0].shape
    return *shapes, None if inside is None else inside.splitlines()


def _fits(shape: Sequence[Any], wanted: Sequence[int | None]) -> bool:
    """Whether a shape has these sizes, where both tell one."""
    return len(shape) == len(wanted) and all(
        want is None or not isinstance(size, int) or size == want
        for size, want in zip(shape, wanted, strict=True)
    )


def _unfit(
    path: Path, name: str, what: str, inputs: Sequence[Any], outputs: Sequence[Any]
) -> EngineUnavailableError:
    shapes = " to ".join(
        "x".join(str(size) if isinstance(size, int) else "?" for size in shape) for shape in (inputs, outputs)
    )
    return EngineUnavailableError(
        f"{path} is not {what} of PaddleOCR's kind ({shapes})", f"check {name}=", kind="bad_model"
    )


def _read_alphabet(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise EngineUnavailableError(
            f"alphabet {path} is not in UTF-8", "save it so", kind="bad_model"
        ) from None
