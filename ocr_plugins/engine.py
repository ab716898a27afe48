"""The contract between engines and everything else.

An engine takes page images and gives exactly one result for each, in order::

    engine.read(images) -> Iterator[Page | PageError]

Most adapters subclass `BaseEngine`, which keeps that promise for them: they say what they
need and what they can do, and turn images into lines. docs/ADAPTERS.md shows a whole one.

Imports nothing but the standard library and NumPy: engines' worker processes load it.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import itertools
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, Generic, Literal, Protocol, Self, TypeVar, runtime_checkable

from ocr_plugins.document import LEVELS, Level, Line, Page, PageError, Polygon, Provenance, Region
from ocr_plugins.errors import CallError, EngineUnavailableError, OcrError
from ocr_plugins.image import PageImage
from ocr_plugins.options import OptionsT

Layout = Sequence[Line] | Sequence[Region]
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What an engine takes and gives; checked before a run.

    Args:
        takes: the levels of image it reads.
        gives: the elements of its pages: any of regions, lines, words, glyphs. Polygons alone
            are what a detector gives: it finds lines and reads none.
        ordered: whether lines come in reading order.
        languages: ISO 639-1 codes of the models that are there; empty means any.
        alphabet: the characters it can give, None where nothing bounds them.
        confidence_kind: what its confidence is, None where it gives none.
        devices: kinds of device it can compute on.
        sees: whether it looks at images; else it is given their names alone.
    """

    takes: tuple[Level, ...] = LEVELS
    gives: tuple[Literal["regions", "lines", "words", "glyphs", "polygons"], ...] = ("lines",)
    ordered: bool = True
    languages: tuple[str, ...] = ()
    alphabet: str | None = None
    confidence_kind: str | None = None
    devices: tuple[str, ...] = ("cpu",)
    sees: bool = True

    @property
    def reads(self) -> bool:
        """Whether it gives text; else it only finds lines."""
        return self.gives != ("polygons",)

    def to_dict(self) -> dict[str, Any]:
        return {key: list(v) if isinstance(v, tuple) else v for key, v in vars(self).items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        values: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in data.items()}
        return cls(**values)


@dataclass(frozen=True, kw_only=True)
class EngineInfo:
    """Who reads: goes into every page's provenance.

    ``weights`` maps model files to their SHA-256. ``fingerprint`` hashes everything here
    that can change what is read.
    """

    name: str
    version: str
    capabilities: Capabilities
    options: Mapping[str, Any] = field(default_factory=dict)
    weights: Mapping[str, str] = field(default_factory=dict)
    runtime: str = ""
    preprocessing: tuple[str, ...] = ()
    spec: str = ""

    @functools.cached_property
    def fingerprint(self) -> str:
        parts = [self.name, self.version, self.runtime, self.weights, self.options, self.preprocessing]
        text = json.dumps(parts, sort_keys=True, default=dict)
        return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]

    def provenance(self, seconds: float | None = None) -> Provenance:
        return Provenance(
            engine=self.name,
            spec=self.spec or self.name,
            fingerprint=self.fingerprint,
            version=self.version,
            runtime=self.runtime,
            weights=self.weights,
            options=self.options,
            preprocessing=self.preprocessing,
            seconds=seconds,
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            **{f.name: getattr(self, f.name) for f in fields(self)},
            "capabilities": self.capabilities.to_dict(),
            "options": dict(self.options),
            "weights": dict(self.weights),
            "preprocessing": list(self.preprocessing),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        values = {**data, "capabilities": Capabilities.from_dict(data["capabilities"])}
        return cls(**{**values, "preprocessing": tuple(values["preprocessing"])})


@runtime_checkable
class Engine(Protocol):
    """Reads images. ``read`` gives exactly one result for each image, in order, and raises nothing
    for a page that fails; ``close`` frees what the engine holds and may be called twice."""

    @property
    def info(self) -> EngineInfo: ...

    def read(self, pages: Iterable[PageImage]) -> Iterator[Page | PageError]: ...

    def close(self) -> None: ...


class PreparedEngine(Engine, Protocol):
    """An engine whose model is loaded by ``open``, which may raise EngineUnavailableError."""

    def open(self) -> Engine: ...


@runtime_checkable
class Detector(Protocol):
    """Finds lines: for each image the polygons of its lines, in reading order, in its pixels."""

    def detect(self, images: Sequence[PageImage]) -> Sequence[Sequence[Polygon]]: ...


@runtime_checkable
class Recognizer(Protocol):
    """Reads images of one line or one word each: one Line an image, empty where there is no text."""

    def recognize(self, images: Sequence[PageImage]) -> Sequence[Line]: ...


class BaseEngine(ABC, Generic[OptionsT]):
    """The shared half of an adapter.

    A subclass sets the class variables and writes ``identify``; ``read_pages`` where it reads
    pages; ``load`` where models are opened; ``recognize`` where it reads lines or words, which
    makes it a `Recognizer`; ``detect`` where it can find lines alone, which makes it a `Detector`.

    The module of an adapter imports its engine inside these methods, never at its top: the
    parent process loads the module to learn about the engine without having it installed.
    """

    name: ClassVar[str]
    #: Modules that must be importable where the engine runs.
    modules: ClassVar[tuple[str, ...]] = ()
    #: The command that makes ``modules`` importable.
    install_hint: ClassVar[str] = ""
    #: The Pythons its own environment can be built with (PEP 440).
    pythons: ClassVar[str] = ">=3.11"
    #: The detector that cuts the lines, where it reads lines only and none is named.
    default_detector: ClassVar[str] = ""
    #: Whether it always runs in this process: it computes nothing that could bring it down.
    in_process: ClassVar[bool] = False
    #: The reading order that its pages get where none is asked for, see `ocr_plugins.layout.reorder`.
    default_order: ClassVar[Literal["engine", "rows", "auto"]] = "engine"
    #: The engine's options.
    options_type: type[OptionsT]
    #: How many images one call of ``read_pages`` gets.
    batch_size: ClassVar[int] = 1

    def __init__(self, options: OptionsT, spec: str = "") -> None:
        self.options = options
        self.spec = spec or self.name
        self._info: EngineInfo | None = None
        self._loaded = False

    @abstractmethod
    def identify(self) -> EngineInfo:
        """Who this is, without loading the model: finds the weight files and checks their hashes.

        Called only where ``modules`` can be imported.

        Raises:
            EngineUnavailableError: what is missing, with the command that mends it.
        """

    def read_pages(self, images: Sequence[PageImage]) -> Sequence[Layout]:
        """The lines, or the regions, of each page image, in its pixels. May raise."""
        raise NotImplementedError(f"{type(self).__name__} takes pages but has no read_pages()")

    def load(self) -> None:
        """Opens the model. Called once, before the first image."""

    def unload(self) -> None:
        """Frees the model. Called once, after the last image."""

    @classmethod
    def importable(cls) -> bool:
        """Whether the engine's own modules are in this environment."""
        return all(importlib.util.find_spec(module) for module in cls.modules)

    @property
    def info(self) -> EngineInfo:
        if self._info is None:
            if not self.importable():
                raise EngineUnavailableError(
                    f"engine {self.name!r} is not installed", self.install_hint, kind="not_installed"
                )
            info = self.identify()
            self._check(info.capabilities)
            self._info = info
        return self._info

    def _check(self, capabilities: Capabilities) -> None:
        kind = self.options.device.split(":")[0]
        if kind not in capabilities.devices:
            raise EngineUnavailableError(
                f"engine {self.name!r} cannot compute on {self.options.device!r}",
                f"it can on {', '.join(capabilities.devices)}",
                kind="unsupported_device",
            )
        for lang in self.options.languages:
            if capabilities.languages and lang not in capabilities.languages:
                raise EngineUnavailableError(
                    f"engine {self.name!r} has no model for language {lang!r}",
                    f"it has {', '.join(capabilities.languages)}",
                    kind="unsupported_language",
                )

    def open(self) -> Self:
        """Checks what is needed and loads the model. Raises EngineUnavailableError."""
        if not self._loaded:
            _ = self.info
            try:
                self.load()
            except OcrError:
                raise
            except Exception as error:
                raise EngineUnavailableError(
                    f"engine {self.name!r} cannot be loaded ({_brief(error)})",
                    "reinstall it" + (f" with {self.install_hint}" if self.install_hint else ""),
                    kind="load_failed",
                ) from error
            self._loaded = True
        return self

    def close(self) -> None:
        if self._loaded:
            self._loaded = False
            self.unload()

    def read(self, pages: Iterable[PageImage]) -> Iterator[Page | PageError]:
        """One result an image, in order; a batch that fails is tried page by page."""
        self.open()
        for _, group in itertools.groupby(pages, key=lambda image: image.level):
            while batch := list(itertools.islice(group, self.batch_size)):
                yield from self._read_batch(batch)

    def find_lines(self, images: Iterable[PageImage]) -> Iterator[tuple[Polygon, ...] | PageError]:
        """The lines of each image in reading order, or why there are none to be had.

        One result an image, in order; a batch that fails is tried image by image.

        Raises:
            CallError: the engine is no `Detector`.
        """
        if not isinstance(self, Detector):
            raise CallError(f"engine {self.name!r} finds no lines", "name another as detector=")
        self.open()
        remaining = iter(images)
        while batch := list(itertools.islice(remaining, self.batch_size)):
            yield from self._attempt(batch, self._found)

    def why_no_text(self) -> tuple[str, str]:
        """What the records of an engine say that finds lines and reads none: message and hint."""
        return f"engine {self.name!r} finds lines and reads none", f"take it as detector={self.name}"

    def _read_batch(self, batch: Sequence[PageImage]) -> list[Page | PageError]:
        level = batch[0].level
        if level not in self.info.capabilities.takes:
            takes = ", ".join(self.info.capabilities.takes)
            message = f"{self.name} does not read a {level}"
            return [self._error(image, "unsupported_level", message, f"it reads: {takes}") for image in batch]
        return self._attempt(batch, self._pages if self.info.capabilities.reads else self._detections)

    def _attempt(
        self, batch: Sequence[PageImage], act: Callable[[Sequence[PageImage]], Sequence[T]]
    ) -> list[T | PageError]:
        try:
            return [*act(batch)]
        except Exception as error:  # noqa: BLE001 - whatever an engine raises costs its page alone
            if len(batch) > 1:
                return [result for image in batch for result in self._attempt([image], act)]
            kind = "out_of_memory" if isinstance(error, MemoryError) else "engine_failed"
            # What an exception says may quote the page, so it stays out of what is shown and logged.
            message = f"{self.name} failed ({type(error).__name__})"
            hint = "look at the page, or take another engine"
            return [self._error(batch[0], kind, message, hint, detail=_brief(error))]

    def _pages(self, batch: Sequence[PageImage]) -> Sequence[Page | PageError]:
        started = time.perf_counter()
        layouts = self._layouts(batch)
        seconds = (time.perf_counter() - started) / len(batch)
        return [self._page(image, layout, seconds) for image, layout in zip(batch, layouts, strict=True)]

    def _detections(self, batch: Sequence[PageImage]) -> Sequence[Page | PageError]:
        started = time.perf_counter()
        found = self._found(batch)
        provenance = self.info.provenance((time.perf_counter() - started) / len(batch))
        message, hint = self.why_no_text()
        return [
            replace(page_error(image, "no_text", message, hint, provenance=provenance), detected=polygons)
            for image, polygons in zip(batch, found, strict=True)
        ]

    def _found(self, batch: Sequence[PageImage]) -> Sequence[tuple[Polygon, ...]]:
        if not isinstance(self, Detector):
            raise TypeError(f"{type(self).__name__} gives polygons but has no detect()")
        found = [tuple(polygons) for polygons in self.detect(batch)]
        if len(found) != len(batch):
            raise ValueError(f"detect() gave {len(found)} results for {len(batch)} images")
        return found

    def _layouts(self, batch: Sequence[PageImage]) -> Sequence[Layout]:
        if batch[0].level == "page":
            return self.read_pages(batch)
        if not isinstance(self, Recognizer):
            raise TypeError(f"{type(self).__name__} takes {batch[0].level}s but has no recognize()")
        lines = self.recognize(batch)
        return [(line,) if line.text else () for line in lines]

    def _page(self, image: PageImage, layout: Layout, seconds: float) -> Page:
        items = tuple(layout)
        return Page(
            source=image.source,
            page=image.page,
            id=image.id,
            level=image.level,
            size=image.size,
            dpi=image.dpi,
            lines=tuple(item for item in items if isinstance(item, Line)),
            regions=tuple(item for item in items if isinstance(item, Region)),
            provenance=self.info.provenance(seconds),
        )

    def _error(self, image: PageImage, kind: str, message: str, hint: str, detail: str = "") -> PageError:
        return page_error(image, kind, message, hint, detail, self.info.provenance())


def page_error(
    image: PageImage,
    kind: str,
    message: str,
    hint: str = "",
    detail: str = "",
    provenance: Provenance | None = None,
) -> PageError:
    """The error record of an image that an engine could not read."""
    return PageError(
        source=image.source,
        page=image.page,
        id=image.id,
        level=image.level,
        kind=kind,
        message=message,
        hint=hint,
        detail=detail,
        provenance=provenance,
    )


def _brief(error: BaseException, length: int = 200) -> str:
    """An exception as one short line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:length]}" if text else type(error).__name__
