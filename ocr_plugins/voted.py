"""`vote` and `cascade` among the engines of a run: they look at no page, and vote on what the others read.

They are written like engines, ``vote:method=majority``, so that tables, files and reports hold them beside
the engines they rest on; several of one run may differ in method or voters. A cascade asks one engine after
the other, as long as a page is in doubt.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ocr_plugins.corpus import Item
from ocr_plugins.document import Page, PageError, is_detection
from ocr_plugins.engine import Capabilities, EngineInfo
from ocr_plugins.ensemble.alphabets import Alphabet
from ocr_plugins.ensemble.doubt import doubt_of
from ocr_plugins.ensemble.learned import Learned
from ocr_plugins.ensemble.ranking import Beliefs, estimate_page
from ocr_plugins.ensemble.vote import Vote, vote
from ocr_plugins.ensemble.voting import Method
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.options import parse_options
from ocr_plugins.ranked import families_of, rank_study
from ocr_plugins.runs import EngineRun, Study, Watcher, score_item
from ocr_plugins.spec import VOTE, EngineSpec
from ocr_plugins.vote_options import (
    CascadeOptions,
    VoteOptions,
    beliefs_of,
    fingerprints_of,
    shipped_trust,
    vote_options,
)
from ocr_plugins.weights import sha256_of

Reading = Page | PageError


def check_votes(specs: Sequence[EngineSpec]) -> None:
    """Raises CallError for a wrong option, a voter that is not in the run, or no voter at all."""
    engines = [spec.label for spec in specs if not spec.is_vote]
    for spec in specs:
        if not spec.is_vote:
            continue
        if not engines:
            raise CallError(
                f"a {spec.name} needs engines that read", f"name some: tesseract,rapidocr,{spec.name}"
            )
        for label in vote_options(spec).voters:
            if label not in engines:
                raise CallError(
                    f"no engine of this run is called {label!r}", f"of= takes {'+'.join(engines)}"
                )


def run_vote(study: Study, spec: EngineSpec, watcher: Watcher, *, asked: bool = False) -> None:
    """Votes on every page of a study whose engines are done, as one more run of it.

    ``asked`` is whether the engines have read what `Asking` told them: of each page no more than it takes.
    """
    options = vote_options(spec)
    voters = _voters(study, options)
    run = EngineRun(spec=spec, info=_info(spec, options, voters))
    study.runs.append(run)
    watcher.engine_starts(run, len(study.corpus.items) - len(study.unreadable))
    try:
        if all(voter.error for voter in voters):
            run.error = EngineUnavailableError(f"no engine of the {spec.name} could run", "see their errors")
            return
        poll = Poll.of(study, options, voters)
        watcher.engine_ready(run)
        _vote_on_all(study, run, poll, watcher, asked)
    except EngineUnavailableError as error:
        run.error = error
    except KeyboardInterrupt:
        study.interrupted = True
    finally:
        watcher.engine_ends(run)


def _voters(study: Study, options: VoteOptions) -> list[EngineRun]:
    """The engines that are asked, in their order."""
    runs = {run.label: run for run in study.runs if not run.spec.is_vote}
    return [runs[label] for label in options.voters or runs if label in runs]


def vote_readings(readings: Mapping[str, Reading], options: Mapping[str, str]) -> Vote | PageError:
    """Votes on one page by itself: what is expected of each engine rests on this page alone.

    Raises:
        CallError: a wrong option.
        EngineUnavailableError: a file of the vote cannot be read.
    """
    fingerprints = {
        label: page.provenance.fingerprint
        for label, page in readings.items()
        if isinstance(page, Page) and page.provenance is not None
    }
    beliefs = beliefs_of(shipped_trust(fingerprints))
    rule = parse_options(VoteOptions, VOTE, options).rule(
        fingerprints, lambda: _expected_of(readings, {}, beliefs)
    )
    return vote(readings, rule)


def _expected_of(
    readings: Mapping[str, Reading], families: Mapping[str, str], beliefs: Beliefs
) -> dict[str, float]:
    """What is expected of each reading of one page, by that page alone."""
    pages = {label: page for label, page in readings.items() if isinstance(page, Page)}
    estimate = estimate_page(pages, families, beliefs=beliefs)
    return {label: estimate.guarded(label) for label in estimate.errors}


@dataclass(frozen=True)
class Held:
    """A vote that was held on a page, the readings that were heard, and the seconds that voting took."""

    found: Vote | PageError
    heard: Mapping[str, Reading]
    seconds: float


@dataclass(frozen=True)
class Poll:
    """How a vote is held, the same for all pages of a study.

    ``voters`` are in the order they are asked; ``doubt`` is that of `CascadeOptions`, None where all are
    asked. What is expected of an engine rests on all pages that it read; in a cascade on the page alone,
    since dearer engines see only those that are hard.
    """

    rule: Method
    voters: Sequence[EngineRun]
    alphabets: Mapping[str, Alphabet]
    families: Mapping[str, str]
    beliefs: Beliefs
    doubt: float | None = None

    @classmethod
    def of(cls, study: Study, options: VoteOptions, voters: Sequence[EngineRun]) -> Poll:
        """Raises EngineUnavailableError for a file that cannot be read."""
        known = fingerprints_of(voters)
        doubt = options.doubt if isinstance(options, CascadeOptions) else None

        def expected() -> dict[str, float]:
            ranked = rank_study(study) if doubt is None else {}
            return {label: estimate.guarded for label, estimate in ranked.items()}

        beliefs = beliefs_of(shipped_trust(known))
        rule = options.rule(known, expected)
        return cls(rule, voters, alphabets_of(voters), families_of(voters), beliefs, doubt)

    def asked(self, page: str) -> dict[str, Reading]:
        """What the voters read of a page, by label; what only finds lines has nothing to say."""
        found = {run.label: run.results[page] for run in self.voters if page in run.results}
        return {label: reading for label, reading in found.items() if not is_detection(reading)}

    def hold(self, readings: Mapping[str, Reading], doubted: int = 0) -> Held:
        """The vote of as many readings as it takes to be sure; ``doubted`` ones are known not to do."""
        seconds = 0.0
        counts = self._counts(len(readings), doubted)
        for count in counts:
            started = time.perf_counter()
            heard = dict(itertools.islice(readings.items(), count))
            found = self.vote(heard)
            seconds += time.perf_counter() - started
            if count == counts[-1] or self.settles(found):
                return Held(found, heard, seconds)
        raise ValueError("there is no reading to vote on")

    def settles(self, found: Vote | PageError) -> bool:
        """Whether nobody else is to be asked."""
        return self.doubt is None or (isinstance(found, Vote) and doubt_of(found.page) <= self.doubt)

    def _counts(self, readings: int, doubted: int = 0) -> range:
        """How many readings a vote is held of, one time after the other."""
        return range(readings if self.doubt is None else doubted + 1, readings + 1)

    def vote(self, heard: Mapping[str, Reading]) -> Vote | PageError:
        """The vote of these readings."""
        return vote(heard, self._rule_of(heard), self.alphabets, self.families)

    def _rule_of(self, heard: Mapping[str, Reading]) -> Method:
        if self.doubt is None or not isinstance(self.rule, Learned):
            return self.rule
        return replace(self.rule, expected=_expected_of(heard, self.families, self.beliefs))


def _vote_on_all(study: Study, run: EngineRun, poll: Poll, watcher: Watcher, asked: bool) -> None:
    for item in study.corpus.items:
        if item.id in study.unreadable:
            run.results[item.id] = study.unreadable[item.id]
        else:
            run.results[item.id] = result = _voted(item, run, poll, watcher, asked)
            watcher.page_done(run, result)
        if item.truth is not None:
            run.scores[item.id] = score_item(item, run.results[item.id], study.convention)


def _voted(item: Item, run: EngineRun, poll: Poll, watcher: Watcher, asked: bool) -> Reading:
    readings = poll.asked(item.id)
    if not readings:
        return PageError(
            source=item.ref.source,
            page=item.ref.page,
            id=item.id,
            kind="no_voters",
            message="no engine read this page, so there is nothing to vote on",
            hint="add an engine that reads",
        )
    held = poll.hold(readings, len(readings) - 1 if asked else 0)
    if isinstance(held.found, PageError):
        return held.found
    watcher.vote_done(run, item.id, held.found)
    # What it costs to have this reading: all of its voters.
    seconds = held.seconds + sum(map(seconds_of, held.heard.values()))
    assert run.info is not None  # noqa: S101 - a vote knows itself
    return replace(held.found.page, id=item.id, provenance=run.info.provenance(seconds))


class Asking:
    """Who reads which pages, so that votes can be held.

    Where all engines serve one cascade, each reads what those before it leave in doubt; else all read all.

    Args:
        specs: of the engines and votes of a run.
        everything: whether all are to read all pages in any case, to be held against each other.
    """

    def __init__(self, specs: Sequence[EngineSpec], everything: bool = False) -> None:
        engines = {spec.label: spec for spec in specs if not spec.is_vote}
        votes = [spec for spec in specs if spec.is_vote]
        self._options: VoteOptions | None = None
        self._settled: set[str] = set()
        if not everything and len(votes) == 1 and votes[0].is_cascade:
            options = vote_options(votes[0])
            if set(options.voters or engines) == set(engines):
                self._options = options
                engines = {label: engines[label] for label in options.voters or engines}
        #: Who reads, in the order they are asked.
        self.engines = list(engines.values())

    @property
    def lazily(self) -> bool:
        """Whether engines read what is in doubt alone."""
        return self._options is not None

    def wanted(self, study: Study) -> Sequence[Item]:
        """The pages that the next engine is to read."""
        voters = [run for run in _voters(study, self._options) if run.results] if self._options else []
        if self._options is None or not voters:
            return study.corpus.items
        try:
            poll = Poll.of(study, self._options, voters)
        except EngineUnavailableError:
            # No vote can be held, as the cascade's own run will say: nobody is to read for it.
            return ()
        return [item for item in study.corpus.items if self._in_doubt(item, study, poll)]

    def _in_doubt(self, item: Item, study: Study, poll: Poll) -> bool:
        if item.id in study.unreadable or item.id in self._settled:
            return False
        readings = poll.asked(item.id)
        # Fewer readings left it in doubt, or it would have been settled.
        if readings and poll.settles(poll.hold(readings, len(readings) - 1).found):
            self._settled.add(item.id)
        return item.id not in self._settled


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


def _weights(options: VoteOptions) -> dict[str, str]:
    """The files by their hashes; one that cannot be read is told when the vote begins."""
    return {path.name: sha256_of(path) for path in options.files if path.is_file()}


def _info(spec: EngineSpec, options: VoteOptions, voters: Sequence[EngineRun]) -> EngineInfo:
    known = fingerprints_of(voters)
    how = {"doubt": options.doubt} if isinstance(options, CascadeOptions) else {}
    return EngineInfo(
        name=spec.name,
        version="1",
        spec=spec.text,
        options={"method": options.method, "voters": known, **how},
        weights=_weights(options),
        capabilities=Capabilities(
            gives=("lines", "words"), confidence_kind=f"vote-{options.method}", sees=False
        ),
    )
