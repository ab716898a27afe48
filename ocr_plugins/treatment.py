"""What is done to a page before an engine sees it and after it was read, around any engine."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Self

from ocr_plugins.correction import Corrector, corrected, sure_of
from ocr_plugins.document import Page, PageError
from ocr_plugins.engine import Capabilities, EngineInfo, PreparedEngine, page_error
from ocr_plugins.hyphens import join_hyphens
from ocr_plugins.image import PageImage
from ocr_plugins.layout import Order, reorder
from ocr_plugins.preprocess import Pipeline, Prepared, Transform


@dataclass(frozen=True, slots=True)
class _Given:
    """A page on its way: what the engine was given of it, without the pixels."""

    page: PageError
    size: tuple[int, int]
    dpi: float | None
    transform: Transform
    steps: tuple[str, ...]
    seconds: float
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Treatment:
    """What is done to a page: steps before it is read; order, hyphens and words after. False if nothing."""

    steps: Pipeline
    order: Order = "engine"
    join_hyphens: bool = False
    corrector: Corrector | None = None

    def __bool__(self) -> bool:
        return bool(self.steps.steps or self.order != "engine" or self.join_hyphens or self.corrector)

    @property
    def options(self) -> dict[str, str]:
        """What is done after reading: a part of the engine's options."""
        order = {} if self.order == "engine" else {"order": self.order}
        words = {"correct": self.corrector.name} if self.corrector else {}
        return order | ({"hyphens": "join"} if self.join_hyphens else {}) | words

    def capabilities(self, engine: Capabilities) -> Capabilities:
        """What the engine takes and gives when its pages are put in order."""
        if self.order == "engine" or not engine.reads:
            return engine
        gives = tuple(one for one in engine.gives if one != "regions")
        return replace(engine, gives=("regions", *gives) if self.order == "auto" else gives, ordered=True)

    def finish(self, page: Page, fingerprint: str) -> Page:
        """The page as it is told, of what an engine of this fingerprint read."""
        page = reorder(page, self.order)
        if self.join_hyphens:
            page = join_hyphens(page)
        return page if self.corrector is None else corrected(page, self.corrector, sure_of(fingerprint))


class TreatedEngine:
    """An engine that sees pages after preprocessing; what it finds is told in the original's pixels.

    Args:
        engine: reads. treatment: what is done before and after. spec: what the user asked for.
    """

    def __init__(self, engine: PreparedEngine, treatment: Treatment, spec: str) -> None:
        self._engine = engine
        self._treatment = treatment
        self._spec = spec
        self._info: EngineInfo | None = None

    @property
    def info(self) -> EngineInfo:
        """Who reads, with the steps: the pair has a fingerprint of its own."""
        if self._info is None:
            info, steps = self._engine.info, self._treatment.steps
            self._info = replace(
                info,
                spec=self._spec,
                runtime=", ".join(part for part in (info.runtime, *steps.libraries()) if part),
                preprocessing=(*info.preprocessing, *steps.names),
                options={**info.options, **self._treatment.options},
                capabilities=self._treatment.capabilities(info.capabilities),
            )
        return self._info

    def open(self) -> Self:
        """Loads the model. Raises EngineUnavailableError."""
        self._engine.open()
        return self

    def close(self) -> None:
        self._engine.close()

    def read(self, pages: Iterable[PageImage]) -> Iterator[Page | PageError]:
        """One result an image, in order. A page on which a step fails is an error."""
        waiting: deque[_Given] = deque()
        results = self._engine.read(self._prepared(pages, waiting))
        exhausted = False
        while not exhausted or waiting:
            if waiting and waiting[0].failed:
                yield waiting.popleft().page
                continue
            # Asking for a result makes the engine pull images, which may show that an earlier one failed.
            result = None if exhausted else next(results, None)
            exhausted = result is None
            while waiting and waiting[0].failed:
                yield waiting.popleft().page
            if result is not None:
                yield self._back(result, waiting.popleft())
            elif waiting:
                message = "the engine gave too few results"
                yield replace(waiting.popleft().page, kind="bad_output", message=message, hint="")

    def _prepared(self, pages: Iterable[PageImage], waiting: deque[_Given]) -> Iterator[PageImage]:
        for image in pages:
            started = time.perf_counter()
            try:
                prepared, done = self._treatment.steps.apply(image)
            except Exception as error:  # noqa: BLE001 - whatever a step raises costs its page alone
                waiting.append(self._given(image, started, failed=error))
                continue
            waiting.append(self._given(image, started, done))
            yield prepared

    def _given(
        self, image: PageImage, started: float, done: Prepared | None = None, failed: Exception | None = None
    ) -> _Given:
        seconds = time.perf_counter() - started
        memory = isinstance(failed, MemoryError)
        error = page_error(
            image,
            "out_of_memory" if memory else "preprocessing_failed",
            f"preprocessing failed ({type(failed).__name__})",
            "leave pre= out for this page",
            provenance=self.info.provenance(seconds),
        )
        return _Given(
            page=error,
            size=image.size,
            dpi=image.dpi,
            transform=done.transform if done else Transform.identity(),
            steps=done.steps if done else (),
            seconds=seconds,
            failed=failed is not None,
        )

    def _back(self, result: Page | PageError, given: _Given) -> Page | PageError:
        theirs = result.provenance
        seconds = given.seconds + (theirs.seconds or 0.0 if theirs else 0.0)
        provenance = replace(
            self.info.provenance(seconds), faults=theirs.faults if theirs else (), preprocessed=given.steps
        )
        if isinstance(result, Page):
            # The order is told where lines are level and upright, as the engine saw them.
            finished = self._treatment.finish(result, self._engine.info.fingerprint)
            if not given.transform.is_identity:
                finished = given.transform.page(finished, given.size, given.dpi)
            return replace(finished, provenance=provenance)
        if result.detected is None:
            return replace(result, provenance=provenance)
        return replace(
            result, provenance=provenance, detected=tuple(map(given.transform.polygon, result.detected))
        )
