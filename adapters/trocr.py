"""TrOCR: a vision transformer that reads one line image and a text transformer that writes it.

Li et al., "TrOCR: Transformer-based Optical Character Recognition with Pre-trained Models", AAAI
2023, through Hugging Face's `transformers`, from any checkpoint that is on this machine.

It reads lines and words; a detector cuts them out of pages. A word's confidence is the geometric
mean of the probabilities that the decoder gave the tokens of that word, each after the tokens
before it; a line's is that of all its tokens, the end mark included.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ocr_plugins.document import Line, Polygon, Word
from ocr_plugins.engine import BaseEngine, Capabilities, EngineInfo
from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.image import PageImage
from ocr_plugins.options import Options, option
from ocr_plugins.threads import threads_for

from .graphs import graphs_folder
from .runtimes import RUNTIME, Chosen, Runtime, chosen, runtime_name
from .trocr_checkpoint import (
    checkpoint_hashes,
    find_checkpoint,
    open_checkpoint,
    read_json,
    stay_offline_and_quiet,
)

_CONFIDENCE = "attention-token-mean"
_INSTALL = "ocr-plugins engines install trocr"
_BATCH = 8
# The publisher's own checkpoints (printed, handwritten, stage1; small, base, large) read English.
_ENGLISH = re.compile(r"microsoft/trocr-(small|base|large)-\w+")
# Encoder and decoder of the models that can run as graphs.
_KINDS = (("vit", "trocr"), ("deit", "trocr"))
# More digits than this depend on which lines share a batch.
_DIGITS = 4


@dataclass(frozen=True, kw_only=True)
class TrOcrOptions(Options):
    runtime: Runtime = option("auto", RUNTIME)
    model: str = option(
        "microsoft/trocr-base-printed", "checkpoint: a folder, or a hub id that is in the Hugging Face cache"
    )
    max_length: int = option(
        128, "most tokens of a line; bounds a decoder that repeats itself", minimum=1, maximum=1024
    )
    beams: int = option(1, "readings kept while decoding; 1 is greedy", minimum=1, maximum=16)
    batch: int = option(
        0,
        f"lines that are read at once; fewer need less memory; 0: {_BATCH}, or except with runtime=upstream "
        "as many as a short measurement found quickest on this kind of processor",
        minimum=0,
        maximum=_BATCH,
    )


class TrOcrEngine(BaseEngine[TrOcrOptions]):
    name = "trocr"
    modules = ("transformers", "torch")
    install_hint = _INSTALL
    options_type = TrOcrOptions
    default_detector = "rapidocr"
    batch_size = _BATCH

    def identify(self) -> EngineInfo:
        model = self.options.model
        options = self.options.to_dict() | {"runtime": self._runtime}
        # The hashes say which checkpoint it was, wherever it lies; a batch changes nothing but rounding.
        del options["model"], options["batch"]
        return EngineInfo(
            name=self.name,
            version=importlib.metadata.version("transformers"),
            runtime=self._runs_on,
            weights=self._hashes,
            options=options,
            spec=self.spec,
            capabilities=Capabilities(
                takes=("line", "word"),
                gives=("lines", "words"),
                languages=("en",) if _ENGLISH.fullmatch(model) else (),
                confidence_kind=_CONFIDENCE,
                devices=("cpu", "cuda"),
            ),
        )

    @functools.cached_property
    def _hashes(self) -> dict[str, str]:
        return checkpoint_hashes(find_checkpoint(self.options.model))

    @functools.cached_property
    def _runtime(self) -> Chosen:
        runtime = self.options.runtime
        configuration = read_json(find_checkpoint(self.options.model) / "config.json")
        parts = [configuration.get(part) for part in ("encoder", "decoder")]
        kinds = tuple(part.get("model_type") if isinstance(part, dict) else None for part in parts)
        if kinds not in _KINDS and runtime in ("auto", "upstream"):
            return "upstream"
        if kinds not in _KINDS:
            raise EngineUnavailableError(
                f"engine 'trocr': runtime={runtime} runs ViT and DeiT with TrOCR's decoder alone",
                "use runtime=upstream",
                kind="unsupported_runtime",
            )
        return chosen(self.name, runtime, self.options.device, _INSTALL)

    @property
    def _runs_on(self) -> str:
        """The encoder's library; of graphs also that of the decoder's steps, and of what is left."""
        torch = f"torch {importlib.metadata.version('torch')}"
        if self._runtime == "upstream":
            return torch
        step = f"onnxruntime {importlib.metadata.version('onnxruntime')} fp32"
        return f"{runtime_name(self._runtime, torch)}, {step}, {torch}"

    def load(self) -> None:
        stay_offline_and_quiet()
        import torch

        device = self.options.device
        if device != "cpu" and not torch.cuda.is_available():
            raise EngineUnavailableError(
                f"engine 'trocr': no accelerator for device {device!r} is here",
                "use device=cpu",
                kind="no_device",
            )
        if threads := threads_for("OMP_NUM_THREADS"):
            torch.set_num_threads(threads)
        self._processor, model = open_checkpoint(find_checkpoint(self.options.model))
        self._model = model.to(device).eval()
        self._settings = _generation_settings(model, self._processor.tokenizer, self.options)
        self._batch = self.options.batch or _BATCH
        if self._runtime != "upstream":
            from .trocr_graphs import Graphs

            # The checkpoint may say that nothing is to be kept.
            self._settings.use_cache = True
            graphs = Graphs(
                self._model,
                self._runtime,
                made_of=self._hashes,
                threads=int(torch.get_num_threads()),
                folder=graphs_folder(self.name),
            )
            self._batch = self.options.batch or graphs.lines(self._settings)

    def unload(self) -> None:
        del self._processor, self._model, self._settings

    def recognize(self, images: Sequence[PageImage]) -> list[Line]:
        # A decoder always writes something; where there is no contrast there is nothing to read.
        inked = [place for place, image in enumerate(images) if image.pixels.min() != image.pixels.max()]
        lines = [Line(text="")] * len(images)
        for start in range(0, len(inked), self._batch):
            places = inked[start : start + self._batch]
            for place, line in zip(places, self._read_lines([images[p] for p in places]), strict=True):
                lines[place] = line
        return lines

    def _read_lines(self, images: Sequence[PageImage]) -> list[Line]:
        import torch

        pixels = self._processor(
            images=[image.rgb() for image in images], input_data_format="channels_last", return_tensors="pt"
        ).pixel_values
        with torch.inference_mode():
            found = self._model.generate(
                pixels.to(self._model.device),
                generation_config=self._settings,
                return_dict_in_generate=True,
                output_scores=True,
            )
            scores = self._logarithms(found)
        start = found.sequences.shape[1] - scores.shape[1]
        return [
            self._line(image, tokens[start:], logarithms)
            for image, tokens, logarithms in zip(
                images, found.sequences.tolist(), scores.tolist(), strict=True
            )
        ]

    def _logarithms(self, found: Any) -> Any:
        """Of each token's probability, of shape (lines, tokens)."""
        import torch

        if self.options.beams > 1:
            # There is no one row of scores a reading: this follows each back through its beams.
            return self._model.compute_transition_scores(
                found.sequences, found.scores, found.beam_indices, normalize_logits=True
            )
        tokens = found.sequences[:, -len(found.scores) :]
        taken = [
            scores.gather(1, tokens[:, [place]])[:, 0] - scores.logsumexp(dim=1)
            for place, scores in enumerate(found.scores)
        ]
        return torch.stack(taken, dim=1)

    def _line(self, image: PageImage, tokens: Sequence[int], logarithms: Sequence[float]) -> Line:
        ends = self._settings.eos_token_id
        ends = ends if isinstance(ends, list) else [ends]
        length = next((place for place, token in enumerate(tokens, 1) if token in ends), len(tokens))
        tokens, logarithms = tokens[:length], logarithms[:length]
        words = [
            Word(text=text, confidence=confidence, confidence_kind=_CONFIDENCE)
            for text, confidence in _words(self._processor.tokenizer, tokens, logarithms)
        ]
        if not words:
            return Line(text="")
        return Line.of_words(
            words,
            polygon=Polygon.from_box(0, 0, *image.size),
            confidence=_mean_probability(logarithms),
            confidence_kind=_CONFIDENCE,
        )


def _generation_settings(model: Any, tokenizer: Any, options: TrOcrOptions) -> Any:
    """The checkpoint's own settings for decoding, made deterministic and bounded by the options."""
    import copy

    settings = copy.deepcopy(model.generation_config)
    decoder = model.config.decoder
    room = getattr(decoder, "max_position_embeddings", None) or options.max_length
    settings.update(
        do_sample=False,
        num_beams=options.beams,
        num_return_sequences=1,
        max_length=None,
        max_new_tokens=max(1, min(options.max_length, room - 1)),
    )
    if settings.pad_token_id is None:
        settings.pad_token_id = tokenizer.pad_token_id
    if settings.eos_token_id is None:
        settings.eos_token_id = tokenizer.eos_token_id
    if settings.decoder_start_token_id is None:
        start = model.config.decoder_start_token_id
        settings.decoder_start_token_id = tokenizer.bos_token_id if start is None else start
    return settings


def _words(tokenizer: Any, tokens: Sequence[int], logarithms: Sequence[float]) -> Iterator[tuple[str, float]]:
    """The words of a line, each with the mean probability of the tokens that its characters come from.

    A token's characters are those by which the decoded text grows with it. One that ends within a
    character's bytes shows as U+FFFD until the next completes it, so both count for that character.
    """
    spans: list[tuple[int, int]] = []
    text = ""
    for end in range(1, len(tokens) + 1):
        start = len(text.rstrip("\ufffd"))
        text = tokenizer.decode(tokens[:end], skip_special_tokens=True, clean_up_tokenization_spaces=False)
        spans.append((start, len(text)))
    for word in re.finditer(r"\S+", text):
        shares = [
            logarithm
            for (start, end), logarithm in zip(spans, logarithms, strict=True)
            if start < word.end() and end > word.start()
        ]
        yield word.group(), _mean_probability(shares)


def _mean_probability(logarithms: Sequence[float]) -> float:
    mean = math.exp(sum(logarithms) / len(logarithms))
    return round(min(max(mean, 0.0), 1.0), _DIGITS)
