"""How a vote is held on the readings of a page, and whom a cascade asks for more.

A cascade asks one engine after the other, as long as a page is in doubt. Its last engines may be asked for
lines alone: then the others read every page, and these the lines that are in doubt.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from ocr_plugins.document import Page, PageError, enclosing, is_detection
from ocr_plugins.ensemble.alphabets import Alphabet
from ocr_plugins.ensemble.doubt import doubt_of, doubts_of, words_by_line
from ocr_plugins.ensemble.learned import Learned
from ocr_plugins.ensemble.ranking import Beliefs, estimate_page
from ocr_plugins.ensemble.vote import Vote, WordVote, vote
from ocr_plugins.ensemble.voters import LineKey, on_lines_of
from ocr_plugins.ensemble.voting import Method
from ocr_plugins.excerpts import Excerpt, is_excerpt
from ocr_plugins.ranked import Expected, families_of
from ocr_plugins.runs import EngineRun, Study
from ocr_plugins.vote_options import CascadeOptions, VoteOptions, beliefs_of, fingerprints_of, shipped_trust

Reading = Page | PageError

# Of a page of whose text more than this share is in doubt, it is not worth while to read less than all.
_MOST = 0.5


@dataclass(frozen=True)
class Held:
    """A vote that was held on a page.

    ``heard`` are the readings it rests on, and ``asked`` the lines that some of them are of alone, by label;
    ``expected`` are the error rates of these. ``reading`` and ``voting`` are seconds: what it took to read as
    much as was asked for, and to vote.
    """

    found: Vote | PageError
    heard: Mapping[str, Reading]
    reading: float
    voting: float
    asked: Mapping[str, Collection[LineKey]] = field(default_factory=dict)
    expected: Mapping[str, float] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        return self.reading + self.voting


@dataclass(frozen=True)
class DoubtedLines:
    """The lines of a page that are in doubt, which the next engine is asked for.

    ``share`` is how much of the page's text stands on them, 0 to 1. ``excerpt`` shows them alone; it is None
    where no line is in doubt.
    """

    lines: Collection[LineKey]
    share: float
    excerpt: Excerpt | None

    @classmethod
    def of(cls, found: Vote | PageError, doubt: float) -> Self | None:
        """Those that are more in doubt than this.

        None where the whole page is to be read: nobody has found any text, most of it is in doubt, or there
        is no excerpt.
        """
        if isinstance(found, PageError) or not found.words:
            return None
        words = words_by_line(found)
        doubted = {line: words[line] for line, one in doubts_of(found.page, words).items() if one > doubt}
        share = _length(doubted.values()) / max(_length(words.values()), 1)
        if share > _MOST:
            return None
        excerpt = _excerpt_of(found.page, doubted.values())
        return cls(frozenset(doubted), share, excerpt) if excerpt or not doubted else None


@dataclass(frozen=True)
class Poll:
    """How a vote is held, the same for all pages of a study.

    ``voters`` are in the order they are asked; ``doubt`` is that of `CascadeOptions`, None where all are
    asked, and ``lines`` are those that are asked for lines alone.

    What is ``expected`` of an engine on a page rests on the page and on all others that it read. Where dearer
    engines see only pages that are hard, it rests on the page alone; where they see only lines that are hard,
    on how they do there beside the others.
    """

    rule: Method
    voters: Sequence[EngineRun]
    alphabets: Mapping[str, Alphabet]
    families: Mapping[str, str]
    beliefs: Beliefs
    expected: Expected
    doubt: float | None = None
    lines: tuple[str, ...] = ()

    @classmethod
    def of(cls, study: Study, options: VoteOptions, voters: Sequence[EngineRun]) -> Poll:
        """Raises EngineUnavailableError for a file that cannot be read."""
        known = fingerprints_of(voters)
        cascade = options if isinstance(options, CascadeOptions) else None
        lines = options.of_lines
        rule = options.rule(known)
        by_page_alone = not isinstance(rule, Learned) or (cascade is not None and not lines)
        # A vote's voters are ranked among all engines of the study.
        runs = [run for run in (voters if cascade else study.runs) if not run.spec.is_vote]
        ranked = [] if by_page_alone else [run for run in runs if run.label not in lines]
        return cls(
            rule,
            voters,
            alphabets_of(voters),
            families_of(voters),
            beliefs_of(shipped_trust(known)),
            Expected.of(study, ranked),
            cascade.doubt if cascade else None,
            lines,
        )

    def readings_of(self, page: str) -> dict[str, Reading]:
        """What the voters read of a page, by label; what only finds lines has nothing to say."""
        found = {run.label: run.results[page] for run in self.voters if page in run.results}
        return {label: reading for label, reading in found.items() if not is_detection(reading)}

    def hold(self, page: str, doubted: int = 0) -> Held:
        """The vote of as many readings of a page as it takes to be sure; ``doubted`` are known not to do.

        Raises:
            ValueError: nobody has read the page.
        """
        readings = self.readings_of(page)
        if self.lines:
            return self._hold_with_lines(page, readings)
        counts = range(len(readings) if self.doubt is None else doubted + 1, len(readings) + 1)
        voting = 0.0
        for count in counts:
            held = self.hold_all(page, dict(itertools.islice(readings.items(), count)), voting)
            if count == counts[-1] or self.settles(held.found):
                return held
            voting = held.voting
        raise ValueError("there is no reading to vote on")

    def settles(self, found: Vote | PageError) -> bool:
        """Whether nobody else is to be asked for the page."""
        return self.doubt is None or (isinstance(found, Vote) and doubt_of(found.page) <= self.doubt)

    def hold_all(self, page: str, readings: Mapping[str, Reading], voting: float = 0.0) -> Held:
        """The vote of all of these; ``voting`` are the seconds that other votes took before."""
        started = time.perf_counter()
        found = vote(readings, self.rule_on(page, readings), self.alphabets, self.families)
        voting += time.perf_counter() - started
        return Held(found, readings, sum(map(seconds_of, readings.values())), voting)

    def rule_on(
        self, page: str, heard: Mapping[str, Reading], further: Mapping[str, float] | None = None
    ) -> Method:
        """The method; ``further`` is expected of those that are heard on lines alone."""
        if not isinstance(self.rule, Learned):
            return self.rule
        if self.doubt is not None and not self.lines:
            return replace(self.rule, expected=expected_of(heard, self.families, self.beliefs))
        rates = self.expected.in_all if self.lines else self.expected.on(page)
        return replace(self.rule, expected={**rates, **(further or {})})

    def _hold_with_lines(self, page: str, readings: Mapping[str, Reading]) -> Held:
        whole = {label: reading for label, reading in readings.items() if label not in self.lines}
        # Where nobody has read the page who was to, the first that is asked reads all of it.
        held = self.hold_all(page, whole or dict(itertools.islice(readings.items(), 1)))
        for label, reading in readings.items():
            if label not in held.heard:
                held = self.ask_further(page, held, label, reading)
        return held

    def ask_further(self, page: str, held: Held, label: str, reading: Reading) -> Held:
        """With one more engine, heard on the lines that are in doubt.

        Of a reading of the whole page it is what it has on these that counts, and their share of its seconds.
        """
        part = self.in_doubt(held.found)
        if part is not None and not part.lines:
            return held
        heard, asked = {**held.heard, label: reading}, dict(held.asked)
        took = seconds_of(reading)
        if part is not None:
            asked[label] = part.lines
            took *= 1.0 if is_excerpt(reading) else part.share
        started = time.perf_counter()
        expected = {**held.expected, **self._expected_further(heard, asked, label)}
        found = vote(heard, self.rule_on(page, heard, expected), self.alphabets, self.families, asked)
        voting = held.voting + time.perf_counter() - started
        return Held(found, heard, held.reading + took, voting, asked, expected)

    def _expected_further(
        self,
        heard: Mapping[str, Reading],
        asked: Mapping[str, Collection[LineKey]],
        label: str,
    ) -> dict[str, float]:
        """What is expected where an engine was asked further.

        On the lines it was asked for it makes so many times the errors of the best of the others; so it is
        taken to do on all of the page, of which those lines are the hard ones. A page that it has read as a
        whole tells of all engines.
        """
        if not isinstance(self.rule, Learned):
            return {}
        if label not in asked:
            return expected_of(heard, self.families, self.beliefs)
        parts = on_lines_of(label, heard, self.alphabets, self.families, asked)
        there = expected_of(parts, self.families, self.beliefs)
        rates = self.expected.in_all
        known = [other for other in rates if other in there]
        if label not in there or not known:
            return {label: statistics.median(rates.values())} if rates else {}
        best = min(known, key=lambda other: there[other])
        return {label: rates[best] * there[label] / there[best]}

    def in_doubt(self, found: Vote | PageError) -> DoubtedLines | None:
        """What the next engine is asked for; None for the whole page."""
        assert self.doubt is not None  # noqa: S101 - who asks knows that it is a cascade
        return DoubtedLines.of(found, self.doubt)


def _excerpt_of(page: Page, lines: Collection[Sequence[WordVote]]) -> Excerpt | None:
    """Some lines of a page that was voted on.

    None for no lines, where it is not known where they stand, or the page would be no more to read.
    """
    if not lines or page.level != "page" or page.size is None:
        return None
    places = [enclosing([word.polygon for word in words]) for words in lines]
    boxes = tuple(place.box for place in places if place)
    excerpt = Excerpt(boxes, page.size)
    return excerpt if len(boxes) == len(places) and excerpt.is_smaller else None


def _length(lines: Iterable[Sequence[WordVote]]) -> int:
    """The characters of some lines, each of their places by the reading that has most there."""
    return sum(max(map(len, word.readings.values())) for words in lines for word in words)


def expected_of(
    readings: Mapping[str, Reading], families: Mapping[str, str], beliefs: Beliefs
) -> dict[str, float]:
    """What is expected of each reading of one page, by that page alone."""
    pages = {label: page for label, page in readings.items() if isinstance(page, Page)}
    estimate = estimate_page(pages, families, beliefs=beliefs)
    return {label: estimate.guarded(label) for label in estimate.errors}


def alphabets_of(runs: Iterable[EngineRun]) -> dict[str, Alphabet]:
    """What bounds engines, by label; those that nothing bounds are not in it."""
    return {
        run.label: Alphabet(run.info.capabilities.alphabet)
        for run in runs
        if run.info is not None and run.info.capabilities.alphabet is not None
    }


def seconds_of(reading: Reading) -> float:
    """What a reading took; 0 where it is not known."""
    return (reading.provenance.seconds or 0.0) if reading.provenance else 0.0
