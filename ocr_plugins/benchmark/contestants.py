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
# Options that plain calls are given too, and those that make an engine read with something else than they do.
_SHARED = ("env", "threads", "model", "recognizer")
_OTHERWISE = {"model_dir", "recog_network", "user_network_directory", "detector", "pre", "variables"}
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
        settings = HostSettings.split(spec)[0]
        python = settings.python or (
            sys.executable if registered.importable() else environment_python(self.engine)
        )
        if python is None:
            hint = find_engine(self.engine).engine_class.install_hint
            raise EngineUnavailableError(
                f"engine {self.engine!r} is not installed", hint, kind="not_installed"
            )
        engine = HostedEngine(spec, registered, python, settings)
        order = registered.engine_class.default_order
        return MeasuredTreatment(engine, Treatment(Pipeline(()), order), spec.text)


def contest(spec: EngineSpec, *, lines: bool = False) -> list[Contestant]:
    """An engine as it was asked for, after the plain calls of its library, if it reads what they read.

    Of other languages, models and networks there are none.

    Args:
        lines: whether pictures of single lines are read; TrOCR's plain calls read nothing else.
    """
    options = dict(spec.options)
    own = Contestant(spec.text, spec.name, spec)
    if spec.name == "trocr" and not lines:
        return [own]
    if spec.name not in _PLAIN or options.keys() & _OTHERWISE or options.get("lang", "en") != "en":
        return [own]
    shared = [(key, options[key]) for key in _SHARED if key in options]
    _, variants = _PLAIN[spec.name]
    found = []
    for variant in variants:
        given = [*shared, *((key, value) for key, _, value in [variant.partition("=")] if key)]
        label = _CALLS[spec.name] + (f", {variant}" if variant else "")
        plain = EngineSpec(spec.name, tuple(given))
        found.append(Contestant(label, spec.name, plain, plain=True, reference=variant == variants[-1]))
    return [*found, own]


def contests(specs: list[str]) -> list[list[Contestant]]:
    """Contestants in groups: those of one engine that have the same plain calls meet these together."""
    found: dict[tuple[str, ...], list[Contestant]] = {}
    for text in specs:
        spec = parse_spec(text)
        *plain, own = contest(spec)
        group = (spec.name, *(one.spec.text for one in plain))
        found.setdefault(group, plain).append(own)
    return list(found.values())
