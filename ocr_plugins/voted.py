"""`vote` and `cascade` among the engines of a run: they look at no page, and vote on what the others read.

They are written like engines, ``vote:method=majority``, so that tables, files and reports hold them beside
the engines they rest on; several of one run may differ in method or voters. Of a cascade not all engines read
all pages: see `Asking`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ocr_plugins.corpus import Item
from ocr_plugins.correction import Corrector, corrected
from ocr_plugins.document import Page, PageError, Word
from ocr_plugins.engine import Capabilities, EngineInfo
from ocr_plugins.ensemble.learned import Learned
from ocr_plugins.ensemble.vote import Vote, vote
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.excerpts import ExcerptItem
from ocr_plugins.options import parse_options
from ocr_plugins.polls import Poll, Reading, expected_of
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
        options = vote_options(spec)
        _check_labels("of", options.voters, engines)
        _ = options.corrector
        _check_lines(options, engines)


def _check_labels(option: str, labels: Sequence[str], known: Sequence[str]) -> None:
    for label in labels:
        if label not in known:
            raise CallError(
                f"no engine of this run is called {label!r}", f"{option}= takes {'+'.join(known)}"
            )


def _check_lines(options: VoteOptions, engines: Sequence[str]) -> None:
    lines = options.of_lines
    _check_labels("lines", lines, engines)
    voters = options.voters or engines
    for label in lines:
        if label not in voters:
            raise CallError(f"lines= names {label!r}, which of= leaves out", "name it in both, or in neither")
    if lines and set(lines) >= set(voters):
        raise CallError(
            f"lines={'+'.join(lines)} leaves no engine that reads pages", "leave the cheapest one out of it"
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
        _vote_on_all(study, run, poll, watcher, asked, options.corrector)
    except EngineUnavailableError as error:
        run.error = error
    except KeyboardInterrupt:
        study.interrupted = True
    finally:
        watcher.engine_ends(run)


def _voters(study: Study, options: VoteOptions) -> list[EngineRun]:
    """The engines that are asked, in their order."""
    runs = {run.label: run for run in study.runs if not run.spec.is_vote}
    return [runs[label] for label in _in_order(options, list(runs)) if label in runs]


def _in_order(options: VoteOptions, labels: Sequence[str]) -> list[str]:
    """Who votes, as asked: those behind that are asked for lines alone."""
    lines = options.of_lines
    return [*(label for label in options.voters or labels if label not in lines), *lines]


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
    rule = parse_options(VoteOptions, VOTE, options).rule(fingerprints)
    if isinstance(rule, Learned):
        rule = replace(rule, expected=expected_of(readings, {}, beliefs))
    return vote(readings, rule)


def _vote_on_all(
    study: Study, run: EngineRun, poll: Poll, watcher: Watcher, asked: bool, corrector: Corrector | None
) -> None:
    for item in study.corpus.items:
        if item.id in study.unreadable:
            run.results[item.id] = study.unreadable[item.id]
        else:
            run.results[item.id] = result = _voted(item, run, poll, watcher, asked, corrector)
            watcher.page_done(run, result)
        if item.truth is not None:
            run.scores[item.id] = score_item(item, run.results[item.id], study.convention)


def _voted(
    item: Item, run: EngineRun, poll: Poll, watcher: Watcher, asked: bool, corrector: Corrector | None
) -> Reading:
    readings = poll.readings_of(item.id)
    if not readings:
        return PageError(
            source=item.ref.source,
            page=item.ref.page,
            id=item.id,
            kind="no_voters",
            message="no engine read this page, so there is nothing to vote on",
            hint="add an engine that reads",
        )
    held = poll.hold(item.id, len(readings) - 1 if asked else 0)
    if isinstance(held.found, PageError):
        return held.found
    watcher.vote_done(run, item.id, held.found)
    assert run.info is not None  # noqa: S101 - a vote knows itself
    page = held.found.page if corrector is None else corrected(held.found.page, corrector, _sure)
    return replace(page, id=item.id, provenance=run.info.provenance(held.seconds))


def _sure(word: Word) -> float:
    """A vote's confidence is a probability."""
    return word.confidence or 0.0


class Asking:
    """Who reads which pages, or which lines of them, so that votes can be held.

    Where all engines serve one cascade, each reads what those before it leave in doubt; else all read all.

    Args:
        specs: of the engines and votes of a run.
        everything: whether all are to read all pages in any case, to be held against each other.
    """

    def __init__(self, specs: Sequence[EngineSpec], everything: bool = False) -> None:
        engines = {spec.label: spec for spec in specs if not spec.is_vote}
        votes = [spec for spec in specs if spec.is_vote]
        self._options: CascadeOptions | None = None
        self._settled: set[str] = set()
        if not everything and len(votes) == 1 and votes[0].is_cascade:
            options = vote_options(votes[0])
            if isinstance(options, CascadeOptions) and set(options.voters or engines) == set(engines):
                self._options = options
                engines = {label: engines[label] for label in _in_order(options, list(engines))}
        #: Who reads, in the order they are asked.
        self.engines = list(engines.values())

    @property
    def lazily(self) -> bool:
        """Whether engines read what is in doubt alone."""
        return self._options is not None

    def wanted(self, study: Study) -> Sequence[Item]:
        """What the next engine is to read."""
        voters = [run for run in _voters(study, self._options) if run.results] if self._options else []
        if self._options is None or not voters:
            return study.corpus.items
        by_line = bool(self._options.of_lines)
        if by_line and self.engines[len(study.runs)].label not in self._options.of_lines:
            return study.corpus.items
        try:
            poll = Poll.of(study, self._options, voters)
        except EngineUnavailableError:
            # No vote can be held, as the cascade's own run will say: nobody is to read for it.
            return ()
        readable = (item for item in study.corpus.items if item.id not in study.unreadable)
        if by_line:
            return [found for item in readable if (found := _in_doubt(item, poll)) is not None]
        return [item for item in readable if not self._settles(item, poll)]

    def _settles(self, item: Item, poll: Poll) -> bool:
        """Whether nobody else is to read a page."""
        if item.id in self._settled:
            return True
        readings = poll.readings_of(item.id)
        # Fewer readings left it in doubt, or it would have been settled.
        if readings and poll.settles(poll.hold(item.id, len(readings) - 1).found):
            self._settled.add(item.id)
        return item.id in self._settled


def _in_doubt(item: Item, poll: Poll) -> Item | None:
    """The page with the lines that are to be read, as a whole where they are not known, None for none."""
    if not poll.readings_of(item.id):
        return item
    part = poll.in_doubt(poll.hold(item.id).found)
    if part is None:
        return item
    return ExcerptItem.of(item, part.excerpt) if part.excerpt else None


def _weights(options: VoteOptions) -> dict[str, str]:
    """The files by their hashes; one that cannot be read is told when the vote begins."""
    return {path.name: sha256_of(path) for path in options.files if path.is_file()}


def _info(spec: EngineSpec, options: VoteOptions, voters: Sequence[EngineRun]) -> EngineInfo:
    known = fingerprints_of(voters)
    how: dict[str, Any] = {}
    if isinstance(options, CascadeOptions):
        how = {"doubt": options.doubt} | ({"lines": list(options.of_lines)} if options.of_lines else {})
    if options.corrector is not None:
        how["correct"] = options.corrector.name
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
