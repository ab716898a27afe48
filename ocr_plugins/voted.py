"""`vote` among the engines of a run: it looks at no page, and votes on what the others read.

It is written like an engine, ``vote:method=majority``, so that tables, files and reports hold it beside the
engines it rests on; several of one run may differ in method or voters.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ocr_plugins.corpus import Item
from ocr_plugins.document import Page, PageError, Word, is_detection
from ocr_plugins.engine import Capabilities, EngineInfo
from ocr_plugins.ensemble import shipped
from ocr_plugins.ensemble.alphabets import Alphabet
from ocr_plugins.ensemble.calibration import Calibration, Calibrations
from ocr_plugins.ensemble.features import Describer
from ocr_plugins.ensemble.learned import Learned, VoterModel
from ocr_plugins.ensemble.ranking import estimate_page
from ocr_plugins.ensemble.vote import Vote, vote
from ocr_plugins.ensemble.voting import Confidence, Majority, Method
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.options import check_options, option, parse_options
from ocr_plugins.ranked import families_of, rank_study
from ocr_plugins.runs import EngineRun, Study, Watcher, score_item
from ocr_plugins.spec import VOTE, EngineSpec
from ocr_plugins.weights import sha256_of

# A reading that says nothing where others have text, and a word whose engine gives no confidence, are right
# about so often.
_NOTHING, _UNKNOWN = 0.5, 0.7


@dataclass(frozen=True, kw_only=True)
class VoteOptions:
    """How a vote is held."""

    method: Literal["confidence", "majority", "learned"] = option(
        "confidence",
        "confidence counts readings by how sure they are, majority alike, learned weighs agreement, "
        "confidence, standing and spelling by a model",
    )
    of: str = option("", "labels of the engines that vote, joined by +; default: all")
    calibration: Path | None = option(
        None,
        "a file that `ocr-plugins calibrate` wrote; default: confidences as engines say them, and for "
        "method=learned the package's calibrations",
    )
    model: Path | None = option(None, "for method=learned: a file that `ocr-plugins train voter` wrote")

    def __post_init__(self) -> None:
        check_options(self)
        if self.calibration is not None and self.method == "majority":
            raise CallError("method=majority counts readings alike", "leave calibration= out")
        if self.model is not None and self.method != "learned":
            raise CallError("model= needs method=learned", "leave one of them out")
        if self.model is None and self.method == "learned":
            raise CallError(
                "method=learned needs a model", "fit one with `ocr-plugins train voter`, and give model=FILE"
            )

    @property
    def voters(self) -> tuple[str, ...]:
        return tuple(filter(None, self.of.split("+")))

    def rule(self, fingerprints: Mapping[str, str], expected: Callable[[], Mapping[str, float]]) -> Method:
        """The method.

        Args:
            fingerprints: the voters' engines by label, as far as they are known.
            expected: tells each voter's expected error rate, if the method asks.

        Raises:
            EngineUnavailableError: a file cannot be read.
        """
        if self.method == "majority":
            return Majority()
        maps = Calibrations.load(self.calibration) if self.calibration else self._maps()
        trust = Trust({label: maps.of(fingerprint) for label, fingerprint in fingerprints.items()})
        if self.model is None:
            return Confidence(trust)
        return Learned(VoterModel.load(self.model), Describer(trust, expected(), shipped.shipped_words()))

    def _maps(self) -> Calibrations:
        return shipped.shipped_calibrations() if self.method == "learned" else Calibrations()

    @property
    def files(self) -> tuple[Path, ...]:
        """What the method opens."""
        if self.method != "learned":
            return () if self.calibration is None else (self.calibration,)
        return tuple(filter(None, (self.calibration or shipped.CALIBRATIONS, self.model, shipped.WORDS)))


def check_votes(specs: Sequence[EngineSpec]) -> None:
    """Raises CallError for a wrong option, a voter that is not in the run, or no voter at all."""
    engines = [spec.label for spec in specs if not spec.is_vote]
    for spec in specs:
        if not spec.is_vote:
            continue
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
    chosen = options.voters or tuple(run.label for run in study.runs if not run.spec.is_vote)
    runs = {run.label: run for run in study.runs if run.label in chosen}
    run = EngineRun(spec=spec, info=_info(spec, options, list(runs.values())))
    study.runs.append(run)
    watcher.engine_starts(run, len(study.corpus.items) - len(study.unreadable))
    try:
        if all(voter.error for voter in runs.values()):
            run.error = EngineUnavailableError("no engine of the vote could run", "see their errors")
            return
        rule = options.rule(
            {label: voter.info.fingerprint for label, voter in runs.items() if voter.info},
            lambda: {label: estimate.cer for label, estimate in rank_study(study).items()},
        )
        watcher.engine_ready(run)
        _vote_on_all(study, run, runs, rule, watcher)
    except EngineUnavailableError as error:
        run.error = error
    except KeyboardInterrupt:
        study.interrupted = True
    finally:
        watcher.engine_ends(run)


def vote_readings(readings: Mapping[str, Page | PageError], options: Mapping[str, str]) -> Vote | PageError:
    """Votes on one page by itself: what is expected of each engine rests on this page alone.

    Raises:
        CallError: a wrong option.
        EngineUnavailableError: a file of the vote cannot be read.
    """
    pages = {label: reading for label, reading in readings.items() if isinstance(reading, Page)}
    fingerprints = {
        label: page.provenance.fingerprint for label, page in pages.items() if page.provenance is not None
    }

    def expected() -> dict[str, float]:
        estimate = estimate_page(pages)
        return {label: estimate.rate(label) for label in estimate.errors}

    return vote(readings, parse_options(VoteOptions, VOTE, options).rule(fingerprints, expected))


@dataclass(frozen=True)
class _Holding:
    """How a vote is held, the same for all pages."""

    rule: Method
    alphabets: Mapping[str, Alphabet]
    families: Mapping[str, str]


def _vote_on_all(
    study: Study, run: EngineRun, voters: dict[str, EngineRun], rule: Method, watcher: Watcher
) -> None:
    alphabets, families = alphabets_of(voters.values()), families_of(voters.values())
    for item in study.corpus.items:
        if item.id in study.unreadable:
            run.results[item.id] = study.unreadable[item.id]
        else:
            readings = {
                label: voter.results[item.id] for label, voter in voters.items() if item.id in voter.results
            }
            run.results[item.id] = result = _voted(
                item, readings, run, _Holding(rule, alphabets, families), watcher
            )
            watcher.page_done(run, result)
        if item.truth is not None:
            run.scores[item.id] = score_item(item, run.results[item.id], study.convention)


def _voted(
    item: Item,
    readings: dict[str, Page | PageError],
    run: EngineRun,
    holding: _Holding,
    watcher: Watcher,
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
    found = vote(said, holding.rule, holding.alphabets, holding.families)
    if isinstance(found, PageError):
        return found
    watcher.vote_done(run, item.id, found)
    # What it costs to have this reading: all of its voters.
    seconds = time.perf_counter() - started + sum(map(_seconds, readings.values()))
    assert run.info is not None  # noqa: S101 - a vote knows itself
    return replace(found.page, id=item.id, provenance=run.info.provenance(seconds))


def alphabets_of(runs: Iterable[EngineRun]) -> dict[str, Alphabet]:
    """What bounds engines, by label; those that nothing bounds are not in it."""
    return {
        run.label: Alphabet(run.info.capabilities.alphabet)
        for run in runs
        if run.info is not None and run.info.capabilities.alphabet is not None
    }


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


def shipped_trust(runs: Iterable[EngineRun]) -> Trust:
    """How sure engines are by the calibrations that come with the package."""
    maps = shipped.shipped_calibrations()
    return Trust({run.label: maps.of(run.info.fingerprint) for run in runs if run.info})


def _weights(options: VoteOptions) -> dict[str, str]:
    """The files by their hashes; one that cannot be read is told when the vote begins."""
    return {path.name: sha256_of(path) for path in options.files if path.is_file()}


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
