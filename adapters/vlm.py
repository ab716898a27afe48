"""Vision-language models, asked through OpenAI's protocol, which llama.cpp, vLLM, Ollama and others serve.

A model is told what to do in words and answers in words: it gives lines without places, and no confidence.
What it answers may differ from run to run and be made up; temperature 0 and a fixed seed are all that can be
asked for. Its name, what the server says of its making, and the prompt are in the fingerprint.
"""

from __future__ import annotations

import base64
import io
import os
import re
import time
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ocr_plugins.document import Line, Page, PageError
from ocr_plugins.engine import BaseEngine, Capabilities, EngineInfo, page_error
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.image import PageImage
from ocr_plugins.options import Options, option

from .vlm_endpoint import Endpoint, EndpointError

#: Where an endpoint and its key are looked for.
ENDPOINT, KEY = "OCR_PLUGINS_VLM_ENDPOINT", "OCR_PLUGINS_VLM_KEY"

_PROMPT = (
    "Transcribe all text in this image exactly as it stands there, line by line, in reading order. "
    "Keep spelling, capitals, punctuation and numbers. Add nothing, explain nothing, describe nothing. "
    "If there is no text, answer with nothing."
)
# What servers tell of a model's size, which two of one name differ by.
_SIZES = ("n_params", "size", "n_vocab", "n_embd")
# Unicode's control characters and surrogates.
_NO_TEXT = ("Cc", "Cs")
_FENCED = re.compile(r"\s*```[\w-]*\n(?P<text>.*?)\n?```\s*", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class VlmOptions(Options):
    endpoint: str = option(
        "", f"the server, as in http://127.0.0.1:8000/v1; default: the environment's {ENDPOINT}"
    )
    model: str = option("", "the model's name; default: the only one that the server has")
    prompt: str = option(_PROMPT, "what the model is told to do")
    allow: str = option("", "hosts other than this machine that pages may be sent to, joined by +")
    wait: float = option(180.0, "seconds that a whole answer may take", minimum=0.1, maximum=3600)
    most: int = option(4096, "tokens of an answer; a longer one is an error", minimum=16, maximum=65536)
    side: int = option(2048, "images are shrunk to this longest side, in pixels", minimum=64, maximum=8192)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.prompt.strip():
            raise CallError("prompt= is empty", "say what the model is to do")
        if self.endpoint:
            self.open(self.endpoint)

    def open(self, address: str) -> Endpoint:
        """The endpoint at an address. Raises CallError where it is none, or not allowed."""
        allowed = [host for host in self.allow.split("+") if host]
        return Endpoint(address, allowed, self.wait, os.environ.get(KEY, ""))


class VlmEngine(BaseEngine[VlmOptions]):
    name = "vlm"
    modules = ("PIL",)
    install_hint = "pip install pillow"
    options_type = VlmOptions
    # It computes nothing here, and workers must not open connections.
    in_process = True
    _endpoint: Endpoint | None = None
    _model = ""

    def identify(self) -> EngineInfo:
        address = self.options.endpoint or os.environ.get(ENDPOINT, "")
        if not address:
            raise EngineUnavailableError(
                "engine 'vlm' has no endpoint",
                f"start a server such as llama.cpp's and give endpoint=, or set {ENDPOINT}",
                kind="no_endpoint",
            )
        try:
            self._endpoint = self.options.open(address)
            model = self._model_of(self._endpoint.models())
        except (EndpointError, CallError) as error:
            raise EngineUnavailableError(
                f"engine 'vlm': {error.message}", error.hint, kind=error.kind
            ) from None
        self._model = model["id"]
        # Not when it was made: some servers tell the time of day for that.
        made = [str(model[key]) for key in ("owned_by", "root", "digest") if model.get(key)]
        about = model.get("meta")
        if isinstance(about, dict):
            made += [f"{key}={about[key]}" for key in _SIZES if isinstance(about.get(key), int)]
        asked = {key: getattr(self.options, key) for key in ("lang", "prompt", "most", "side")}
        return EngineInfo(
            name=self.name,
            version="1",
            runtime=" ".join([self._model, *made]),
            spec=self.spec,
            options=asked,
            capabilities=Capabilities(),
        )

    def _model_of(self, models: list[dict[str, Any]]) -> dict[str, Any]:
        """The model that is asked for, or the only one."""
        names = [model["id"] for model in models]
        wanted = self.options.model or (names[0] if len(names) == 1 else "")
        found = next((model for model in models if model["id"] == wanted), None)
        if found is None:
            what = f"has no model {wanted!r}" if wanted else f"has {len(names)} models"
            known = ", ".join(names) or "none"
            raise EndpointError(f"the endpoint {what}", f"give model=, one of: {known}", "unknown_model")
        return found

    def read(self, pages: Iterable[PageImage]) -> Iterator[Page | PageError]:
        """One result an image, in order; an error where the model did not answer, or not to the point."""
        self.open()
        for image in pages:
            yield self._reading(image)

    def _reading(self, image: PageImage) -> Page | PageError:
        started = time.perf_counter()
        try:
            lines = self._lines(image)
        except EndpointError as error:
            about = self.info.provenance(time.perf_counter() - started)
            return page_error(image, error.kind, error.message, error.hint, provenance=about)
        return self._page(image, lines, time.perf_counter() - started)

    def _lines(self, image: PageImage) -> list[Line]:
        assert self._endpoint is not None  # noqa: S101 - identify() opened it
        text, ended = self._endpoint.answer(self._request(image))
        if not ended:
            raise EndpointError(
                f"the model had not finished after {self.options.most} tokens",
                "give it more with most=",
                "too_long",
            )
        if fenced := _FENCED.fullmatch(text):
            text = fenced["text"]
        lines = [Line(text=_readable(line)) for line in text.splitlines() if line.strip()]
        if image.level != "page" and len(lines) > 1:
            raise EndpointError(
                f"the model answered {len(lines)} lines for one {image.level}",
                "take another prompt=",
                "bad_output",
            )
        return lines

    def _request(self, image: PageImage) -> dict[str, Any]:
        picture = {"type": "image_url", "image_url": {"url": _data_url(image, self.options.side)}}
        return {
            "model": self._model,
            "messages": [
                {"role": "user", "content": [picture, {"type": "text", "text": self.options.prompt}]}
            ],
            "max_tokens": self.options.most,
            "temperature": 0,
            "seed": 0,
        }


def _data_url(image: PageImage, side: int) -> str:
    from PIL import Image

    picture = Image.fromarray(image.pixels)
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def _readable(line: str) -> str:
    """Without what no text has: half surrogate pairs, which JSON can hold, and control characters."""
    kinds = ((mark, unicodedata.category(mark)) for mark in line.strip())
    return "".join(
        " " if kind == "Zs" or mark == "\t" else mark
        for mark, kind in kinds
        if kind not in _NO_TEXT or mark == "\t"
    )
