"""One reading of a page out of several, with what each of them said of every word."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ocr_plugins.document import Line, Page, PageError, Polygon, Region, Word, enclosing
from ocr_plugins.ensemble.alignment import AlignedLine, Cell
from ocr_plugins.ensemble.alphabets import Alphabet
from ocr_plugins.ensemble.voters import LineKey, Voters, choose_voters
from ocr_plugins.ensemble.voting import Decision, Method
from ocr_plugins.layout import runs_left


@dataclass(frozen=True, kw_only=True)
class WordVote:
    """What was said of one place of the page.

    ``text`` was taken, which is "" where the vote took nothing; ``line`` is the number of its line in the
    voted page, None where no line is left, and ``of`` that line in the reading whose it is. ``readings`` are
    what each voter said, by label; ``scores`` the candidates' shares of the vote, best first. ``reason`` says
    in a few words why the text was taken.
    """

    text: str
    line: int | None
    of: LineKey
    polygon: Polygon | None
    probability: float
    readings: Mapping[str, str]
    scores: Mapping[str, float]
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """A JSON object."""
        return {
            "text": self.text,
            "line": self.line,
            "polygon": [list(point) for point in self.polygon.points] if self.polygon else None,
            "probability": round(self.probability, 6),
            "readings": dict(self.readings),
            "scores": {text: round(share, 6) for text, share in self.scores.items()},
            "reason": self.reason,
        }


@dataclass(frozen=True, kw_only=True)
class Vote:
    """A page that was voted on.

    ``voters`` are the labels of the readings that took part, best standing first; ``dropped`` says of each
    other one why not. ``words`` are in the order of the page.
    """

    page: Page
    method: str
    voters: tuple[str, ...]
    dropped: Mapping[str, str]
    words: tuple[WordVote, ...] = field(repr=False)


def vote(
    readings: Mapping[str, Page | PageError],
    method: Method,
    alphabets: Mapping[str, Alphabet] | None = None,
    families: Mapping[str, str] | None = None,
    asked: Mapping[str, Collection[LineKey]] | None = None,
) -> Vote | PageError:
    """Votes on one page.

    Args:
        readings: by label, all of the same page.
        method: how; see `ocr_plugins.ensemble.voting`.
        alphabets: the characters that engines are bound to, by label; they abstain on others.
        families: which engine each is of, by label; see `choose_voters`.
        asked: the lines that some readings are of alone, by label, as `WordVote.of` of a vote of the others.

    Returns:
        The vote, or the first error where no reading is left to vote.
    """
    voters = choose_voters(readings, alphabets, families, asked)
    if not voters.pages:
        return next(reading for reading in readings.values() if isinstance(reading, PageError))
    lines = voters.align()
    counted = _Count(voters, method)
    first = next(iter(voters.pages.values()))
    page = replace(first, **counted.page(lines), provenance=None)
    return Vote(
        page=page,
        method=method.name,
        voters=tuple(voters.pages),
        dropped=dict(voters.dropped),
        words=tuple(counted.words),
    )


class _Count:
    """Goes over the lines of a page, voting."""

    def __init__(self, voters: Voters, method: Method) -> None:
        self._voters, self._labels = voters, tuple(voters.pages)
        self._pages = tuple(voters.pages.values())
        self._method = method
        self._kind = f"vote-{method.name}"
        self._lines = 0
        self.words: list[WordVote] = []

    def page(self, lines: Sequence[AlignedLine]) -> dict[str, Any]:
        """The lines, in the regions of the reading that they are of, if it has any."""
        regions = _regions_of(self._pages)
        blocks: list[tuple[Region | None, list[Line]]] = []
        for aligned in lines:
            line = self._line(aligned)
            if line is None:
                continue
            region = regions.get((aligned.owner, aligned.line))
            # What another reading has besides stays in the region that it stands behind.
            if not blocks or (aligned.owner == 0 and region is not blocks[-1][0]):
                blocks.append((region, []))
            blocks[-1][1].append(line)
        if any(region for region, _ in blocks):
            return {
                "lines": (),
                "regions": tuple(
                    Region(
                        lines=tuple(found),
                        kind=region.kind if region else "text",
                        polygon=enclosing([line.polygon for line in found]),
                    )
                    for region, found in blocks
                ),
            }
        return {"regions": (), "lines": tuple(line for _, found in blocks for line in found)}

    def _line(self, aligned: AlignedLine) -> Line | None:
        voters = self._voters.on(aligned)
        decisions = self._method.decide(aligned, voters)
        words = [
            word
            for cell, decision in zip(aligned.cells, decisions, strict=True)
            for word in self._words(cell, decision)
        ]
        number = self._lines if words else None
        for cell, decision in zip(aligned.cells, decisions, strict=True):
            readings = dict(zip(voters.pages, cell.strings, strict=True))
            self.words.append(
                WordVote(
                    text=decision.text,
                    line=number,
                    of=(self._labels[aligned.owner], aligned.line),
                    polygon=_around(cell),
                    probability=decision.probability,
                    readings=readings,
                    scores=decision.scores,
                    reason=_reason(decision, readings),
                )
            )
        if not words:
            return None
        self._lines += 1
        confidence = min(word.confidence or 0.0 for word in words)
        return Line.of_words(words, confidence=confidence, confidence_kind=self._kind)

    def _words(self, cell: Cell, decision: Decision) -> Iterator[Word]:
        told = decision.of_words()
        others = tuple((text, share) for text, share in decision.scores.items() if text != decision.text)
        for (text, sure), polygon in zip(told, _places(cell, [text for text, _ in told]), strict=True):
            yield Word(
                text=text,
                polygon=polygon,
                confidence=sure,
                confidence_kind=self._kind,
                alternatives=others if len(told) == 1 else (),
            )


def _reason(decision: Decision, readings: Mapping[str, str]) -> str:
    by = [label for label, text in readings.items() if text == decision.text]
    if len(by) == len(readings):
        return "all agree"
    if not by:
        return "put together from what the readings have or hold possible"
    second = next((share for text, share in decision.scores.items() if text != decision.text), 0.0)
    said = "nothing here" if not decision.text else "said"
    return f"{said} by {', '.join(by)}: {decision.probability:.2f} against {second:.2f}"


def _regions_of(pages: Sequence[Page]) -> dict[tuple[int, int], Region]:
    """The region of each line, by its reading's place and its number there."""
    found: dict[tuple[int, int], Region] = {}
    for owner, page in enumerate(pages):
        number = 0
        for region in page.regions:
            for _ in region.lines:
                found[owner, number] = region
                number += 1
    return found


def _around(cell: Cell) -> Polygon | None:
    """The box of a cell: that of the first reading that has one there."""
    for words in cell.words:
        if polygon := enclosing([word.polygon for word in words]):
            return polygon
    return None


def _places(cell: Cell, texts: Sequence[str]) -> list[Polygon | None]:
    """Where the words of a decision are: as a reading has them that cuts the cell alike, else by length."""
    for words in cell.words:
        if len(words) == len(texts) and all(word.polygon for word in words):
            return [word.polygon for word in words]
    around = _around(cell)
    if around is None or len(texts) < 2:
        return [around] * len(texts)
    x0, y0, x1, y1 = around.box
    letters = (x1 - x0) / (sum(map(len, texts)) + len(texts) - 1)
    found: list[Polygon | None] = []
    way = -1 if runs_left("".join(texts)) else 1
    for text in texts[::way]:
        found.append(Polygon.from_box(x0, y0, x0 + letters * len(text), y1))
        x0 += letters * (len(text) + 1)
    return found[::way]
