"""Who is measured against whom: an engine's runtimes, and the plain calls of its library."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from ocr_plugins.engine import PreparedEngine
from ocr_plugins.environments import environment_python
from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.host import HostedEngine, HostSettings, prepare_engine
from ocr_plugins.measured import MeasuredTreatment
from ocr_plugins.preprocess import Pipeline
from ocr_plugins.registry import RegisteredEngine, find_engine
from ocr_plugins.spec import EngineSpec, parse_spec
from ocr_plugins.treatment import Treatment

_PLAIN = {
    "easyocr": ("PlainEasyOcr", ("", "quantize=false")),
    "keras-ocr": ("PlainKerasOcr", ("",)),
    "trocr": ("PlainTrOcr", ("",)),
    "tesseract": ("PlainTesseract", ("",)),
    "rapidocr": ("PlainRapidOcr", ("",)),
}
_CALLS = {
    "easyocr": "Reader.readtext",
    "keras-ocr": "Pipeline.recognize",
    "trocr": "generate, line by line",
    "tesseract": "pytesseract.image_to_data",
    "rapidocr": "RapidOCR()",
}
# Pages of upstream take long, on a busy machine longer.
_TIMEOUT = "3600"


@dataclass(frozen=True)
class Contestant:
    """One way to read.

    Args:
        label: as tables name it.
        engine: the engine whose way it is.
        spec: of the engine, or of the plain calls.
        plain: whether it is the library's plain calls.
        reference: whether texts are compared with its own: the library's, in float32.
    """

    label: str
    engine: str
    spec: EngineSpec
    plain: bool = False
    reference: bool = False

    def prepare(self) -> PreparedEngine:
        """The engine, not opened yet, in a worker. Raises EngineUnavailableError."""
        spec = self.spec.with_defaults(timeout=_TIMEOUT)
        if not self.plain:
            return prepare_engine(spec, workers=1)
        name, _ = _PLAIN[self.engine]
        registered = RegisteredEngine(self.engine, f"ocr_plugins.adapters.plain_calls:{name}")
        python = sys.executable if registered.importable() else environment_python(self.engine)
        if python is None:
            hint = find_engine(self.engine).engine_class.install_hint
            raise EngineUnavailableError(
                f"engine {self.engine!r} is not installed", hint, kind="not_installed"
            )
        engine = HostedEngine(spec, registered, python, HostSettings.split(spec)[0])
        order = registered.engine_class.default_order
        return MeasuredTreatment(engine, Treatment(Pipeline(()), order), spec.text)


def contest(spec: EngineSpec) -> list[Contestant]:
    """An engine as it was asked for, and the plain calls of its library, which come first."""
    options = dict(spec.options)
    found = []
    if spec.name in _PLAIN:
        _, variants = _PLAIN[spec.name]
        for variant in variants:
            given: list[tuple[str, str]] = []
            given += [(key, options[key]) for key in ("model", "recognizer") if key in options]
            given += [(key, value) for key, _, value in [variant.partition("=")] if key]
            label = _CALLS[spec.name] + (f", {variant}" if variant else "")
            plain = EngineSpec(spec.name, tuple(given))
            found.append(Contestant(label, spec.name, plain, plain=True, reference=variant == variants[-1]))
    return [*found, Contestant(spec.text, spec.name, spec)]


def contests(specs: list[str]) -> dict[str, list[Contestant]]:
    """Contestants by engine: all specs of one engine meet the same plain calls."""
    found: dict[str, list[Contestant]] = {}
    for text in specs:
        spec = parse_spec(text)
        *plain, own = contest(spec)
        found.setdefault(spec.name, plain).append(own)
    return found
