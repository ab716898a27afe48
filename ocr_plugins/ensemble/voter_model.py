"""What the learned vote has learned: a few linear models with a named weight for everything they look at.

They stand in a JSON file that people can read.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from ocr_plugins.ensemble import presence
from ocr_plugins.errors import CallError, EngineUnavailableError

FORMAT, VERSION = "ocr-plugins-voter", 4
_HINT = "give a file that `ocr-plugins train voter` wrote"

#: What tells how likely a text is right that was chosen; see `Learned.choose`.
CERTAINTY_NAMES = (
    "lead",
    "saying",
    "against",
    "lacking",
    "best_says",
    "surest",
    "there",
    "spelling",
    "misshapen",
    "known",
    "length",
    "best_rate",
)


@dataclass(frozen=True)
class Linear:
    """Weights by name, and what is added to their sum: the logarithm of odds."""

    weights: Mapping[str, float]
    intercept: float

    def odds(self, values: Sequence[float]) -> float:
        """The logarithm of the odds, from values in the order of the weights."""
        pairs = zip(self.weights.values(), values, strict=True)
        return sum(weight * value for weight, value in pairs) + self.intercept

    @classmethod
    def checked(cls, data: Mapping[str, Any], names: Sequence[str]) -> Self:
        """Raises KeyError, TypeError or ValueError."""
        if set(data["weights"]) != set(names):
            raise ValueError
        return cls({name: _finite(data["weights"][name]) for name in names}, _finite(data["intercept"]))


@dataclass(frozen=True, kw_only=True)
class VoterModel:
    """The parts of the model.

    ``presence`` says whether a line is there that some readings lack, from `presence.RANKED`; ``unranked``
    the same from `presence.NAMES`, where nobody knows yet how good the engines are. ``certainty`` says how
    likely a choice is right, from `CERTAINTY_NAMES`.

    ``behind`` is how much it counts against a reading that its engine makes more errors than the best: the
    power of the ratio of their rates. ``sharpness`` makes shares of the vote out of the odds that are summed:
    below 1, as readings are not as independent as they are taken to be. ``lexicon`` is by how much the odds
    of a word of the lexicon are above those of one that is not in it, before they are made into shares.
    """

    presence: Linear
    unranked: Linear
    behind: float
    sharpness: float
    lexicon: float
    certainty: Linear
    about: Mapping[str, Any] = field(default_factory=dict)

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
                presence=Linear.checked(data["presence"], presence.RANKED),
                unranked=Linear.checked(data["unranked"], presence.NAMES),
                behind=_finite(data["behind"]),
                sharpness=_finite(data["sharpness"]),
                lexicon=_finite(data["lexicon"]),
                certainty=Linear.checked(data["certainty"], CERTAINTY_NAMES),
                about=dict(data["about"]),
            )
        except (KeyError, TypeError, ValueError, OverflowError):
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


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return number
