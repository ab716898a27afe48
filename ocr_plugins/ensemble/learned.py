"""The learned vote: two small linear models over what `ensemble.features` tells of each candidate.

The first chooses: of two candidates, the one whose features weigh more is taken, and the shares of all follow
from their weights (a conditional logit; Luce, "Individual choice behavior", 1959). The second says how likely
what was chosen is right. A model is a JSON file with a named weight for every feature.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.ensemble.alignment import AlignedLine, Cell
from ocr_plugins.ensemble.features import LEAST_RATE, NAMES, Described, Describer
from ocr_plugins.ensemble.voters import Voters
from ocr_plugins.ensemble.voting import Decision
from ocr_plugins.errors import CallError, EngineUnavailableError

Floats = NDArray[np.float64]

FORMAT, VERSION = "ocr-plugins-voter", 1
_HINT = "give a file that `ocr-plugins train voter` wrote"

#: What the second model sees besides the features of what was chosen.
CERTAINTY_NAMES = (*NAMES, "lead", "readings", "best_rate")


@dataclass(frozen=True, kw_only=True)
class VoterModel:
    """``choice`` and ``certainty`` are weights by feature; ``intercept`` belongs to the second."""

    choice: Mapping[str, float]
    certainty: Mapping[str, float]
    intercept: float
    about: Mapping[str, Any] = field(default_factory=dict)

    def scores(self, described: Described) -> Floats:
        """(candidates,) logarithms: their differences are those of the candidates' odds."""
        return described.features @ _vector(self.choice, NAMES)

    def probability(self, seen: Sequence[float]) -> float:
        """How likely a choice is right, from `CERTAINTY_NAMES`."""
        value = float(np.dot(seen, _vector(self.certainty, CERTAINTY_NAMES))) + self.intercept
        return float(1 / (1 + np.exp(-np.clip(value, -30, 30))))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads what `save` wrote.

        Raises:
            EngineUnavailableError: it cannot be read, or is no such file.
        """
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise EngineUnavailableError(
                f"voter {path} cannot be read ({error.strerror})", _HINT, kind="missing_weights"
            ) from None
        except ValueError:
            data = None
        try:
            if data["format"] != FORMAT or data["version"] != VERSION:
                raise ValueError
            return cls(
                choice=_weights(data["choice"], NAMES),
                certainty=_weights(data["certainty"], CERTAINTY_NAMES),
                intercept=float(data["intercept"]),
                about=dict(data["about"]),
            )
        except (KeyError, TypeError, ValueError):
            raise EngineUnavailableError(
                f"{path} is no voter of this release", _HINT, kind="bad_model"
            ) from None

    def save(self, path: Path) -> None:
        """Writes JSON that people can read. Raises CallError."""
        data = {"format": FORMAT, "version": VERSION, **asdict(self)}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            raise CallError(f"{path} cannot be written ({error.strerror})", "name another file") from None


@dataclass(frozen=True)
class Learned:
    """Takes the candidate that a model weighs most."""

    model: VoterModel
    describer: Describer
    name: str = field(default="learned", init=False)

    def decide(self, cell: Cell, line: AlignedLine, voters: Voters) -> Decision:
        described = self.describer(cell, line, voters)
        scores = self.model.scores(described)
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        order = np.argsort(-shares, kind="stable")
        seen = certainty_features(described, scores, self.describer, voters)
        return Decision(
            text=described.texts[order[0]],
            probability=self.model.probability(seen),
            scores={described.texts[at]: float(shares[at]) for at in order},
        )


def certainty_features(
    described: Described, scores: Floats, describer: Describer, voters: Voters
) -> list[float]:
    """What tells whether the candidate with the highest score is right, in the order of CERTAINTY_NAMES."""
    best = int(np.argmax(scores))
    second = max(
        (float(score) for at, score in enumerate(scores) if at != best), default=float(scores[best]) - 8
    )
    rates = [describer.expected.get(label, 0.0) for label in voters.pages]
    return [
        *described.features[best],
        min(float(scores[best]) - second, 8.0),
        float(np.log(len(voters.pages))),
        float(np.log(min(rates) + LEAST_RATE)),
    ]


def _vector(weights: Mapping[str, float], names: Sequence[str]) -> Floats:
    return np.array([weights[name] for name in names])


def _weights(given: Mapping[str, Any], names: Sequence[str]) -> dict[str, float]:
    found = {name: float(given[name]) for name in names}
    if set(given) != set(names) or not np.isfinite(list(found.values())).all():
        raise ValueError
    return found
