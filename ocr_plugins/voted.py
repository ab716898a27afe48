"""`vote` among the engines of a run: it looks at no page, and votes on what the others read.

It is written like an engine, ``vote:method=majority``, so that tables, files and reports hold it beside the
engines it rests on; several of one run may differ in method or voters.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ocr_plugins.corpus import Item
from ocr_plugins.document import Page, PageError, Word, is_detection
from ocr_plugins.engine import Capabilities, EngineInfo
from ocr_plugins.ensemble.calibration import Calibration, Calibrations
from ocr_plugins.ensemble.vote import vote
from ocr_plugins.ensemble.voting import Confidence, Majority, Method
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.options import check_options, option, parse_options
from ocr_plugins.spec import EngineSpec
from ocr_plugins.study import EngineRun, Study, Watcher, score_item
from ocr_plugins.weights import sha256_of

VOTE = "vote"

# A reading that says nothing where others have text, and a word whose engine gives no confidence, are right
# about so often.
_NOTHING, _UNKNOWN = 0.5, 0.7


@dataclass(frozen=True, kw_only=True)
class VoteOptions:
    """How a vote is held."""

    method: Literal["majority", "confidence"] = option(
        "confidence", "majority counts readings alike, confidence by how sure they are"
    )
    of: str = option("", "labels of the engines that vote, joined by +; default: all")
    calibration: Path | None = option(
        None, "method=confidence: a file that `ocr-plugins calibrate` wrote; without: as sure as engines say"
    )

    def __post_init__(self) -> None:
        check_options(self)
        if self.calibration is not None and self.method != "confidence":
            raise CallError("calibration= needs method=confidence", "leave one of them out")

    @property
    def voters(self) -> tuple[str, ...]:
        return tuple(filter(None, self.of.split("+")))

    def rule(self, voters: Sequence[EngineRun] = ()) -> Method:
        """The method. Raises EngineUnavailableError where the calibration cannot be read."""
        if self.method == "majority":
            return Majority()
        maps = Calibrations() if self.calibration is None else Calibrations.load(self.calibration)
        return Confidence(Trust({run.label: maps.of(run.info.fingerprint) for run in voters if run.info}))


def is_vote(spec: EngineSpec) -> bool:
    """Whether a spec is a vote among the other engines of the run."""
    return spec.name == VOTE


def check_votes(specs: Sequence[EngineSpec]) -> None:
    """Raises CallError for a wrong option, a voter that is not in the run, or no voter at all."""
    engines = [spec.label for spec in specs if not is_vote(spec)]
    for spec in filter(is_vote, specs):
        if not engines:
            raise CallError("a vote needs engines that read", "name some, as in tesseract,rapidocr,vote")
        for label in parse_options(VoteOptions, VOTE, dict(spec.options)).voters:
            if label not in engines:
                raise CallError(
                    f"no engine of this run is called {label!r}", f"of= takes {'+'.join(engines)}"
                )


def run_vote(study: Study, spec: EngineSpec, watcher: Watcher) -> None:
    """Votes on every page of a study whose engines are done, as one more run of it."""
    options = parse_options(VoteOptions, VOTE, dict(spec.options))
    chosen = options.voters or tuple(run.label for run in study.runs if not is_vote(run.spec))
    runs = {run.label: run for run in study.runs if run.label in chosen}
    run = EngineRun(spec=spec, info=_info(spec, options, list(runs.values())))
    study.runs.append(run)
    watcher.engine_starts(run, len(study.corpus.items) - len(study.unreadable))
    try:
        if all(voter.error for voter in runs.values()):
            run.error = EngineUnavailableError("no engine of the vote could run", "see their errors")
            return
        rule = options.rule(list(runs.values()))
        watcher.engine_ready(run)
        _vote_on_all(study, run, runs, rule, watcher)
    except EngineUnavailableError as error:
        run.error = error
    except KeyboardInterrupt:
        study.interrupted = True
    finally:
        watcher.engine_ends(run)


def _vote_on_all(
    study: Study, run: EngineRun, voters: dict[str, EngineRun], rule: Method, watcher: Watcher
) -> None:
    for item in study.corpus.items:
        if item.id in study.unreadable:
            run.results[item.id] = study.unreadable[item.id]
        else:
            readings = {
                label: voter.results[item.id] for label, voter in voters.items() if item.id in voter.results
            }
            run.results[item.id] = result = _voted(item, readings, run, rule, watcher)
            watcher.page_done(run, result)
        if item.truth is not None:
            run.scores[item.id] = score_item(item, run.results[item.id], study.convention)


def _voted(
    item: Item, readings: dict[str, Page | PageError], run: EngineRun, rule: Method, watcher: Watcher
) -> Page | PageError:
    started = time.perf_counter()
    # What only finds lines has nothing to say.
    said = {label: reading for label, reading in readings.items() if not is_detection(reading)}
    if not said:
        return PageError(
            source=item.ref.source,
            page=item.ref.page,
            id=item.id,
            kind="no_voters",
            message="no engine read this page, so there is nothing to vote on",
            hint="add an engine that reads",
        )
    found = vote(said, rule)
    if isinstance(found, PageError):
        return found
    watcher.vote_done(run, item.id, found)
    # What it costs to have this reading: all of its voters.
    seconds = time.perf_counter() - started + sum(map(_seconds, readings.values()))
    assert run.info is not None  # noqa: S101 - a vote knows itself
    return replace(found.page, id=item.id, provenance=run.info.provenance(seconds))


def _seconds(reading: Page | PageError) -> float:
    return (reading.provenance.seconds or 0.0) if reading.provenance else 0.0


@dataclass(frozen=True)
class Trust:
    """How sure a reading is of its words in a cell: of the least sure one, calibrated where that is known.

    ``maps`` are the voters' calibrations by label.
    """

    maps: Mapping[str, Calibration | None]

    def __call__(self, label: str, words: Sequence[Word]) -> float:
        if not words:
            return _NOTHING
        if calibrated := self.maps.get(label):
            return min(calibrated(word.confidence) for word in words)
        return min(_UNKNOWN if word.confidence is None else word.confidence for word in words)


def _weights(options: VoteOptions) -> dict[str, str]:
    """The calibration's file by its hash; one that cannot be read is told when the vote begins."""
    if options.calibration is None or not options.calibration.is_file():
        return {}
    return {options.calibration.name: sha256_of(options.calibration)}


def _info(spec: EngineSpec, options: VoteOptions, voters: Sequence[EngineRun]) -> EngineInfo:
    known = {run.label: run.info.fingerprint for run in voters if run.info}
    return EngineInfo(
        name=VOTE,
        version="1",
        spec=spec.text,
        options={"method": options.method, "voters": known},
        weights=_weights(options),
        capabilities=Capabilities(
            gives=("lines", "words"), confidence_kind=f"vote-{options.method}", sees=False
        ),
    )
