"""A page of a study as the widget shows it: readings aligned, how sure each is, where the truth stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from ocr_plugins.corpus import Item
from ocr_plugins.document import Page, PageError, enclosing, is_detection
from ocr_plugins.ensemble.alignment import AlignedLine
from ocr_plugins.ensemble.alignment import Cell as AlignedCell
from ocr_plugins.ensemble.vote import vote
from ocr_plugins.ensemble.voters import Voters, choose_voters
from ocr_plugins.ensemble.voting import Decision, Method
from ocr_plugins.errors import CallError
from ocr_plugins.polls import Poll
from ocr_plugins.ranked import Expected
from ocr_plugins.runs import EngineRun, Study
from ocr_plugins.vote_options import Trust, VoteOptions, fingerprints_of, shipped_trust

from .kept import placed
from .standing import Standing
from .state import Ballot, Box, Cell, Engine, Said, View

#: A line by the place of the reading whose it is and its number there.
LineOf = tuple[int, int]


@dataclass(frozen=True)
class Answered:
    """A vote in which a person has the last word: ``answers`` by line and the cell's place on it."""

    rule: Method
    answers: Mapping[LineOf, Mapping[int, str]]

    @property
    def name(self) -> str:
        return self.rule.name

    def decide(self, line: AlignedLine, voters: Voters) -> list[Decision]:
        decided = self.rule.decide(line, voters)
        for place, text in self.answers.get((line.owner, line.line), {}).items():
            decided[place] = Decision(text, 1.0, decided[place].scores)
        return decided


class Viewer:
    """Views of the pages of a study whose engines are done, or done so far.

    ``expected`` is what is expected of each engine without ground truth.
    """

    def __init__(self, study: Study) -> None:
        self._study = study
        self._runs = [run for run in study.runs if not run.spec.is_vote]
        self._readers = [run for run in self._runs if run.error is None]
        self._poll = Poll.of(study, VoteOptions(), self._readers)
        self.expected = self._poll.expected
        known = fingerprints_of(self._readers)
        self._said = Trust(dict.fromkeys(known))
        self._measured = shipped_trust(known)

    def view(self, item: Item, key: str, size: tuple[int, int]) -> View:
        """One page.

        Args:
            item: of the study.
            key: what corrections of it are kept under.
            size: width and height of the page in pixels.
        """
        readings = self._poll.readings_of(item.id)
        voters = choose_voters(readings, self._poll.alphabets, self._poll.families)
        lines = voters.align() if voters.pages else []
        rule = self._poll.rule_on(item.id, readings)
        decisions = [rule.decide(line, voters.on(line)) for line in lines]
        truth = Standing.of(item, lines, decisions) if item.truth is not None else None
        ids = Counter[str]()
        cells = [
            [
                self._cell(
                    cell,
                    decision,
                    voters,
                    _id(cell, number, place, ids),
                    truth.at((number, place)) if truth else None,
                )
                for place, (cell, decision) in enumerate(zip(line.cells, decided, strict=True))
            ]
            for number, (line, decided) in enumerate(zip(lines, decisions, strict=True))
        ]
        return View(
            id=item.id,
            title=title_of(item),
            key=key,
            size=size,
            engines=[self._engine(run, item.id, voters) for run in self._runs],
            voters=list(voters.pages),
            lines=cells,
            layers={label: _layer(page) for label, page in readings.items() if isinstance(page, Page)},
            truth=truth.pieces if truth else None,
            kept={},
            kept_at=0.0,
            pending=False,
            error=None,
        )

    def has_read(self, item: Item) -> bool:
        """Whether any engine has looked at a page."""
        return any(item.id in run.results for run in self._runs)

    def corrected(self, item: Item, words: Mapping[str, str], ballot: Ballot) -> Page:
        """The vote of a page in which a person has the last word.

        Args:
            item: of the study.
            words: what the person said, by cell.
            ballot: how is voted, and who is left out.

        Raises:
            CallError: nobody votes on the page, or nobody who does has read it.
        """
        readings = {
            label: reading
            for label, reading in self._poll.readings_of(item.id).items()
            if label not in ballot["without"]
        }
        if not readings:
            raise CallError("nobody votes on this page", "let an engine vote")
        options = VoteOptions(method=ballot["method"])
        poll = self._poll if options.method == "learned" else Poll.of(self._study, options, self._readers)
        voters = choose_voters(readings, poll.alphabets, poll.families)
        ids = Counter[str]()
        places: dict[str, tuple[int, int, int]] = {}
        boxes: dict[str, Box | None] = {}
        for number, line in enumerate(voters.align() if voters.pages else []):
            for place, cell in enumerate(line.cells):
                name = _id(cell, number, place, ids)
                places[name], boxes[name] = (line.owner, line.line, place), _box(cell)
        answers: dict[LineOf, dict[int, str]] = {}
        for name, text in placed(words, boxes).items():
            if name in places:
                owner, number, place = places[name]
                answers.setdefault((owner, number), {})[place] = text
        rule = Answered(poll.rule_on(item.id, readings), answers)
        found = vote(readings, rule, poll.alphabets, poll.families)
        if isinstance(found, PageError):
            raise CallError(found.message, found.hint)
        return replace(found.page, id=item.id)

    def _engine(self, run: EngineRun, page: str, voters: Voters) -> Engine:
        result = run.results.get(page)
        read = result if isinstance(result, Page) else None
        expected = expected_on(self.expected, page, run.label)
        seconds = result.provenance.seconds if result and result.provenance else None
        return Engine(
            label=run.label,
            name=run.spec.name,
            spec=run.spec.text,
            confident=read is not None and any(word.confidence is not None for word in read.iter_words()),
            text=read.text if read else "",
            seconds=None if seconds is None else round(seconds, 3),
            expected=None if expected is None else round(expected, 5),
            error=_error(run, result),
            dropped=voters.dropped.get(run.label),
        )

    def _cell(
        self, cell: AlignedCell, decision: Decision, voters: Voters, name: str, truth: tuple[int, int] | None
    ) -> Cell:
        labels = list(voters.pages)
        found = Cell(
            id=name,
            box=_box(cell),
            said=_said(cell.strings),
            sure=[
                round(self._said(label, words), 4) if words else None
                for label, words in zip(labels, cell.words, strict=True)
            ],
            right=[
                round(self._measured(label, words), 4) if words and self._measured.maps.get(label) else None
                for label, words in zip(labels, cell.words, strict=True)
            ],
            truth=truth,
            learned={
                "text": decision.text,
                "probability": round(decision.probability, 5),
                "shares": [(text, round(share, 5)) for text, share in decision.scores.items()],
            },
        )
        if not cell.agreed:
            found["spans"] = [_said(span) for span in cell.spans]
        if cell.abstains:
            found["quiet"] = sorted(cell.abstains)
        return found


def expected_on(expected: Expected, page: str, label: str) -> float | None:
    """The error rate that is expected of a reading of a page; None where there is no other reading."""
    estimate = expected.pages.get(page)
    return (
        estimate.rate(label) if estimate and len(estimate.errors) > 1 and label in estimate.errors else None
    )


def empty_view(item: Item, key: str = "", size: tuple[int, int] = (1, 1), error: str | None = None) -> View:
    """A page before its words are known, or one that cannot be shown, and why."""
    return View(
        id=item.id,
        title=title_of(item),
        key=key,
        size=size,
        engines=[],
        voters=[],
        lines=[],
        layers={},
        truth=None,
        kept={},
        kept_at=0.0,
        pending=error is None,
        error=error,
    )


def _error(run: EngineRun, result: Page | PageError | None) -> str | None:
    if run.error is not None:
        return str(run.error)
    if isinstance(result, PageError):
        return result.reason
    if result is not None and is_detection(result):
        return "finds lines, and reads none"
    return None


def title_of(item: Item) -> str:
    """What a page is called for people."""
    name = PurePath(item.ref.source).name or item.id
    return f"{name}, page {item.ref.page}" if item.ref.pages > 1 else name


def _said(strings: Sequence[str]) -> Said:
    return strings[0] if len(set(strings)) == 1 else list(strings)


def _box(cell: AlignedCell) -> Box | None:
    around = enclosing([word.polygon for words in cell.words for word in words])
    if around is None:
        return None
    x0, y0, x1, y1 = map(round, around.box)
    return x0, y0, x1, y1


def _id(cell: AlignedCell, line: int, place: int, ids: Counter[str]) -> str:
    """By its place on the page, which other engines do not change much; else by its number."""
    box = _box(cell)
    name = ",".join(map(str, box)) if box else f"{line}.{place}"
    ids[name] += 1
    return name if ids[name] == 1 else f"{name}#{ids[name]}"


def _layer(page: Page) -> list[int]:
    return [round(value) for word in page.iter_words() if word.polygon for value in word.polygon.box]
