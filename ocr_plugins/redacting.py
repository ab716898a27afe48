"""A study without what is personal on its pages: pictures of their own, and readings that say nothing of it.

What any engine has read of a page counts. The painted pictures are read again, by the same engines, and
what is found then is taken out as well. A page on which that comes to no end is withheld: it is an error.
"""

from __future__ import annotations

import csv
import dataclasses
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ocr_plugins.corpus import Corpus, Item
from ocr_plugins.document import Page, PageError
from ocr_plugins.errors import OcrError, SourceError
from ocr_plugins.fields import Extractor
from ocr_plugins.formats.names import FileStems
from ocr_plugins.recording import open_fresh
from ocr_plugins.redaction import RedactedDocument, Traces, painted, refusal
from ocr_plugins.runs import EngineRun, Study
from ocr_plugins.source import PageRef, derived, page_ref

# How often pictures are painted and read again.
_ROUNDS = 4
_COLUMNS = ("file", "page", "what", "x0", "y0", "x1", "y1")

#: Reads pictures with the engines of the study; None where none of them looks at pictures.
ReadAgain = Callable[[Corpus], Study] | None


def redact_study(
    study: Study,
    extractors: Sequence[Extractor[Any]],
    folder: Path,
    read_again: ReadAgain,
    say: Callable[[str], None] = lambda _: None,
) -> Study:
    """What may be shown of a study.

    Its pages are pictures in ``folder``, PNG without metadata, called as their sources unless these are
    called by what was found; ``redactions.csv`` there says where something was painted over, and what kind
    of thing. Where votes were held, theirs are the only readings. Letters, other readings of words and what
    was said in votes are left out. Interrupted, it is a study without pages.

    Args:
        study: with all readings of its pages.
        extractors: of what is to be taken out.
        folder: for the pictures.
        read_again: reads painted pictures with the same engines.
        say: is told of each page that is withheld, by its own name.

    Raises:
        CallError: the folder cannot be written to.
    """
    with tempfile.TemporaryDirectory(prefix="ocr-plugins-") as scratch:
        documents = [
            _Document.of(study, items, extractors, Path(scratch) / str(number))
            for number, items in enumerate(_documents(study))
        ]
        for _ in range(_ROUNDS):
            pictures = [Item(ref=ref) for document in documents for ref in document.paint()]
            if not pictures or read_again is None:
                break
            again = read_again(Corpus(items=tuple(pictures)))
            if again.interrupted:
                return nothing_of(study)
            for document in documents:
                document.hold_against(again)
        traces = Traces()
        for document in documents:
            traces |= document.redacted.traces
        with open_fresh(folder, "redactions.csv") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(_COLUMNS)
            names = _Names(traces)
            for document in documents:
                document.publish(folder, names, say, is_read_again=read_again is not None)
                table.writerows(document.rows())
    return _shown(study, documents, traces)


def nothing_of(study: Study) -> Study:
    """What may be shown of a study that was interrupted."""
    return Study(corpus=Corpus(items=()), convention=study.convention, interrupted=True, store=study.store)


class _Names:
    """Names of documents and pages: their own, unless these say what was found."""

    def __init__(self, traces: Traces) -> None:
        self._traces = traces
        self._documents, self._pages = FileStems(), FileStems()

    def document(self, ref: PageRef) -> str:
        stem = self._documents.add(ref.source if ref.pages > 1 else ref.id, ref.source, None)
        return self._documents.add("page", "page", None) if self._traces.are_in(stem) else stem

    def page(self, stem: str, number: int | None) -> str:
        return self._pages.add(f"{stem}.png", f"{stem}.png", number)


@dataclass(slots=True, kw_only=True)
class _Document:
    """The pages of one source, and what is left of them.

    Args:
        scratch: where painted pictures are until they are sure to show nothing.
        unsure: the places of the pages that were not painted, or not read again, since more was found.
        shown: what each page is shown as, once it is; None for those that are withheld.
    """

    items: list[Item]
    redacted: RedactedDocument
    scratch: Path
    unsure: set[int]
    shown: list[PageRef | None] = field(default_factory=list)

    @classmethod
    def of(
        cls, study: Study, items: list[Item], extractors: Sequence[Extractor[Any]], scratch: Path
    ) -> _Document:
        redacted = RedactedDocument([_readings_of(study, item.id) for item in items], extractors)
        for item, page in zip(items, redacted.pages, strict=True):
            if not page.readings:
                page.error = _unread(study, item)
        scratch.mkdir()
        return cls(items=items, redacted=redacted, scratch=scratch, unsure=set(range(len(items))))

    def paint(self) -> Iterator[PageRef]:
        """Paints the pages that are not sure yet, and says where they are."""
        from PIL import Image

        for number in sorted(self.unsure):
            item, page = self.items[number], self.redacted.pages[number]
            if page.error is not None:
                continue
            try:
                image = item.ref.load()
            except SourceError as error:
                page.error = error
                continue
            if any(reading.size not in (None, image.size) for reading in page.readings.values()):
                page.error = refusal("an engine read it in another size", "read the pictures themselves")
                continue
            pixels = painted(image.pixels, [place.polygon for place in page.places])
            path = self._picture(number)
            about: dict[str, Any] = {"dpi": (image.dpi, image.dpi)} if image.dpi else {}
            Image.fromarray(pixels).save(path, **about)
            yield page_ref(path, id=str(path), level=item.ref.level, dpi=item.ref.dpi)

    def hold_against(self, again: Study) -> None:
        """Takes out what is found in the painted pictures; pages on which there is nothing are sure."""
        seen: dict[int, Mapping[str, Page]] = {}
        for number in self.unsure:
            page = self.redacted.pages[number]
            if page.error is None:
                seen[number] = _readings_of(again, str(self._picture(number)))
                failed = [run.label for run in again.runs if run.label in page.readings.keys() - seen[number]]
                if failed or not seen[number]:
                    why = (
                        f"its redacted picture could not be read again by {', '.join(failed) or 'any engine'}"
                    )
                    page.error = refusal(why, "see whether the engines have errors")
        self.unsure = self.redacted.look_again(seen)

    def publish(
        self, folder: Path, names: _Names, say: Callable[[str], None], *, is_read_again: bool
    ) -> None:
        """Puts the pictures where they are to be seen, under names that say nothing either."""
        stem = names.document(self.items[0].ref)
        for number, (item, page) in enumerate(zip(self.items, self.redacted.pages, strict=True)):
            if page.error is None and number in self.unsure and is_read_again:
                page.error = refusal("more was found whenever it was read again", "redact it by hand")
            if page.error is not None:
                self.shown.append(None)
                say(f"withheld: {_error_of(item.ref, page.error)}")
            else:
                self.shown.append(self._published(number, item.ref, folder, stem, names))

    def _published(self, number: int, ref: PageRef, folder: Path, stem: str, names: _Names) -> PageRef:
        path = folder / f"{names.page(stem, ref.page if ref.pages > 1 else None)}.png"
        path.write_bytes(self._picture(number).read_bytes())
        own = page_ref(path, id=path.stem, level=ref.level, dpi=ref.dpi)
        if ref.pages == 1:
            return dataclasses.replace(own, source=path.name)
        # One of the pages of a document, though not of its file.
        return dataclasses.replace(
            derived(own, lambda image: image),
            id=f"{stem}.png#page={ref.page}",
            source=f"{stem}.png",
            page=ref.page,
            pages=ref.pages,
        )

    def rows(self) -> Iterator[tuple[str | int, ...]]:
        """Where something was painted over: `_COLUMNS`."""
        for ref, page in zip(self.shown, self.redacted.pages, strict=True):
            for place in page.places:
                if ref is None:
                    break
                yield (ref.source, ref.page, place.kind, *(round(side) for side in place.polygon.box))

    def _picture(self, number: int) -> Path:
        return self.scratch / f"{number}.png"


def _documents(study: Study) -> list[list[Item]]:
    """The pages that could be loaded, those of one source together."""
    documents: dict[str, list[Item]] = {}
    for item in study.corpus.items:
        if item.id not in study.unreadable:
            key = item.ref.source if item.ref.pages > 1 else f"\0{item.id}"
            documents.setdefault(key, []).append(item)
    return list(documents.values())


def _readings_of(study: Study, item: str) -> dict[str, Page]:
    found = ((run.label, run.results.get(item)) for run in study.runs)
    return {label: page for label, page in found if isinstance(page, Page)}


def _unread(study: Study, item: Item) -> OcrError:
    """Why no engine has read a page: the first one's reason."""
    for run in study.runs:
        result = run.results.get(item.id)
        if isinstance(result, PageError):
            return OcrError(result.message, result.hint, result.kind)
    return refusal("no engine has read it", "see the engines' errors")


def _shown(study: Study, documents: Sequence[_Document], traces: Traces) -> Study:
    """The study of the pictures, in the order of their sources; what is withheld is among its errors."""
    refs = {
        item.id: (ref, page)
        for document in documents
        for item, ref, page in zip(document.items, document.shown, document.redacted.pages, strict=True)
    }
    has_votes = any(run.spec.is_vote for run in study.runs)
    runs = [
        EngineRun(spec=run.spec, info=run.info, error=run.error, peak_memory=run.peak_memory)
        for run in study.runs
        if run.spec.is_vote or not has_votes
    ]
    items: list[Item] = []
    errors: list[PageError] = []
    places: list[int] = []
    for entry in study.corpus.in_order(study.corpus.items):
        if isinstance(entry, PageError):
            error: PageError | None = entry
        elif entry.id in study.unreadable:
            error = study.unreadable[entry.id]
        else:
            ref, page = refs[entry.id]
            error = _error_of(entry.ref, page.error) if page.error else None
            if ref is not None:
                items.append(Item(ref=ref))
                for run in runs:
                    result = page.readings.get(run.label) or _failure(study, run, entry, traces)
                    if result is not None:
                        run.results[ref.id] = _renamed(result, ref)
        if error is not None:
            errors.append(_nameless(error, traces, len(errors) + 1))
            places.append(len(items))
    corpus = Corpus(items=tuple(items), errors=tuple(errors), error_places=tuple(places))
    return Study(corpus=corpus, convention=study.convention, runs=runs, store=study.store)


def _renamed(result: Page | PageError, ref: PageRef) -> Page | PageError:
    return dataclasses.replace(result, id=ref.id, source=ref.source, page=ref.page)


def _failure(study: Study, run: EngineRun, item: Item, traces: Traces) -> PageError | None:
    """Why an engine has not read a page, without its own words, which may quote the page."""
    (result,) = (one.results.get(item.id) for one in study.runs if one.label == run.label)
    return _discreet(result, traces) if isinstance(result, PageError) else None


def _error_of(ref: PageRef, error: OcrError) -> PageError:
    return PageError.of(error, ref.source, page=ref.page, id=ref.id, level=ref.level)


def _nameless(error: PageError, traces: Traces, number: int) -> PageError:
    """An error that does not say by its source's name what was found."""
    error = _discreet(error, traces)
    if not any(traces.are_in(text) for text in (error.source, error.id or "")):
        return error
    return dataclasses.replace(error, source=f"input-{number}", id=f"input-{number}")


def _discreet(error: PageError, traces: Traces) -> PageError:
    """An error without an engine's own words, and without what says what was found, such as a path."""
    message, hint = ("" if traces.are_in(text) else text for text in (error.message, error.hint))
    return dataclasses.replace(error, message=message or "the input cannot be shown", hint=hint, detail="")
