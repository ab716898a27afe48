"""How votes and cascades are held: their options, and how far readings are trusted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ocr_plugins.correction import CORRECT, KEEP, Corrector, check_correction, open_corrector
from ocr_plugins.document import Word
from ocr_plugins.ensemble import presence, shipped
from ocr_plugins.ensemble.alignment import AlignedLine
from ocr_plugins.ensemble.calibration import Calibration, Calibrations
from ocr_plugins.ensemble.learned import Learned
from ocr_plugins.ensemble.ranking import Beliefs
from ocr_plugins.ensemble.voter_model import VoterModel
from ocr_plugins.ensemble.voters import Voters
from ocr_plugins.ensemble.voting import Confidence, Majority, Method, probability
from ocr_plugins.errors import CallError
from ocr_plugins.options import check_options, option, parse_options
from ocr_plugins.runs import EngineRun
from ocr_plugins.spec import EngineSpec

# A reading that says nothing where others have text, and a word whose engine gives no confidence, are right
# about so often.
_NOTHING, _UNKNOWN = 0.5, 0.7


@dataclass(frozen=True, kw_only=True)
class VoteOptions:
    """How a vote is held."""

    method: Literal["confidence", "majority", "learned"] = option(
        "learned",
        "learned weighs readings by how sure they are, how good their engines are on these pages, and who "
        "has a line at all; confidence by how sure they are; majority alike",
    )
    of: str = option("", "labels of the engines that vote, joined by +; default: all")
    calibration: Path | None = option(
        None,
        "a file that `ocr-plugins calibrate` wrote; default: for method=learned the package's calibrations, "
        "else confidences as engines say them",
    )
    model: Path | None = option(
        None, "for method=learned: a file that `ocr-plugins train voter` wrote; default: the package's own"
    )

    correct: str | None = option(None, CORRECT)
    keep: Path | None = option(None, KEEP)

    def __post_init__(self) -> None:
        check_options(self)
        check_correction(self.correct, self.keep)
        if self.calibration is not None and self.method == "majority":
            raise CallError("method=majority counts readings alike", "leave calibration= out")
        if self.model is not None and self.method != "learned":
            raise CallError("model= needs method=learned", "leave one of them out")
        _check_once("of", self.of)

    @property
    def voters(self) -> tuple[str, ...]:
        return _labels(self.of)

    @property
    def of_lines(self) -> tuple[str, ...]:
        """Those that are asked for lines alone."""
        return ()

    @property
    def corrector(self) -> Corrector | None:
        """What corrects the voted page; None for nothing. Raises CallError."""
        return open_corrector(self.correct, self.keep) if self.correct else None

    def rule(self, fingerprints: Mapping[str, str]) -> Method:
        """The method; nothing is expected yet of the voters, whose engines have these fingerprints by label.

        Raises:
            EngineUnavailableError: a file cannot be read.
        """
        if self.method == "majority":
            return Majority()
        maps = Calibrations.load(self.calibration) if self.calibration else self._maps()
        trust = Trust({label: maps.of(fingerprint) for label, fingerprint in fingerprints.items()})
        if self.method == "confidence":
            return Confidence(trust)
        model = VoterModel.load(self.model) if self.model else shipped.shipped_voter()
        return Learned(model, trust, {}, shipped.shipped_words(), shipped.shipped_lexicon())

    def _maps(self) -> Calibrations:
        return shipped.shipped_calibrations() if self.method == "learned" else Calibrations()

    @property
    def files(self) -> tuple[Path, ...]:
        """What the method opens."""
        if self.method != "learned":
            return () if self.calibration is None else (self.calibration,)
        mine = self.calibration or shipped.CALIBRATIONS, self.model or shipped.VOTER
        return (*mine, shipped.WORDS, shipped.LEXICON)


@dataclass(frozen=True, kw_only=True)
class CascadeOptions(VoteOptions):
    """How engines are asked one after the other."""

    of: str = option("", "labels of the engines in the order they are asked, joined by +; default: as named")
    doubt: float = option(
        0.03,
        "the next engine reads a page while more than this share of its characters is expected to stand in "
        "wrong words; `ocr-plugins study` finds the share for your pages",
        minimum=0,
        maximum=1,
    )
    lines: str = option(
        "",
        "labels, joined by +, of engines that are asked for lines alone, those of which more than doubt= is "
        "in doubt; all others then read every page",
    )

    @property
    def of_lines(self) -> tuple[str, ...]:
        return _labels(self.lines)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_once("lines", self.lines)
        if self.method == "majority":
            raise CallError(
                "a cascade asks as long as a vote is unsure, which method=majority cannot tell",
                "take method=learned or confidence",
            )


def _labels(text: str) -> tuple[str, ...]:
    """Labels that are joined by +."""
    return tuple(filter(None, text.split("+")))


def _check_once(option: str, text: str) -> None:
    labels = _labels(text)
    if len(set(labels)) < len(labels):
        raise CallError(f"{option}={text} names an engine twice", "name each once")


def vote_options(spec: EngineSpec) -> VoteOptions:
    """Those of a vote or a cascade. Raises CallError for a wrong one."""
    return parse_options(CascadeOptions if spec.is_cascade else VoteOptions, spec.name, dict(spec.options))


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


def fingerprints_of(runs: Iterable[EngineRun]) -> dict[str, str]:
    """The engines' fingerprints by label, as far as they are known."""
    return {run.label: run.info.fingerprint for run in runs if run.info}


def shipped_trust(fingerprints: Mapping[str, str]) -> Trust:
    """How sure engines are by the calibrations that come with the package, from fingerprints by label."""
    maps = shipped.shipped_calibrations()
    return Trust({label: maps.of(fingerprint) for label, fingerprint in fingerprints.items()})


def beliefs_of(trust: Trust) -> Beliefs:
    """What is believed of engines' readings, by how sure they are and the voter of the package."""
    model = shipped.shipped_voter()

    def there(line: AlignedLine, voters: Voters) -> float:
        return probability(model.unranked.odds(presence.of_line(line, voters, trust)))

    def sure(label: str, word: Word) -> float | None:
        return trust(label, [word]) if trust.maps.get(label) else None

    return Beliefs(there, sure)
