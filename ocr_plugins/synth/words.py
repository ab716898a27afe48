"""Words by their frequency, and the names and places that real documents are full of.

Frequencies are those of wordfreq's small lists (Speer, "wordfreq", 2022); names, streets and companies are
Faker's, drawn once into pools from a fixed seed, as drawing them for each line would take most of the time.
"""

from __future__ import annotations

import functools
import importlib
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.errors import EngineUnavailableError

Rng = np.random.Generator

#: How often a line is in a language (ISO 639-1), and the Faker locale of its names.
LANGUAGES = {
    "en": (0.70, "en_US"),
    "de": (0.07, "de_DE"),
    "fr": (0.07, "fr_FR"),
    "es": (0.04, "es_ES"),
    "it": (0.03, "it_IT"),
    "nl": (0.02, "nl_NL"),
    "pt": (0.02, "pt_PT"),
    "pl": (0.02, "pl_PL"),
    "sv": (0.01, "sv_SE"),
    "cs": (0.01, "cs_CZ"),
    "da": (0.005, "da_DK"),
    "hu": (0.005, "hu_HU"),
}
# A reader that has learned how frequent words are guesses them; so many words are drawn evenly.
_EVENLY = 0.3
_POOL_SEED = 1906
_NAMES, _PLACES = 400, 120


@dataclass(frozen=True)
class Vocabulary:
    """A language's words and their cumulative probabilities, float64 (n,)."""

    words: tuple[str, ...]
    cumulative: NDArray[np.float64]

    def draw(self, rng: Rng, count: int) -> list[str]:
        """So many words, by frequency or, some of them, evenly."""
        found = np.searchsorted(self.cumulative, rng.random(count))
        evenly = rng.random(count) < _EVENLY
        places = np.where(evenly, rng.integers(0, len(self.words), count), found)
        return [self.words[place] for place in places.tolist()]


@dataclass(frozen=True)
class Names:
    """Proper names of one language area."""

    first: tuple[str, ...]
    last: tuple[str, ...]
    cities: tuple[str, ...]
    streets: tuple[str, ...]
    companies: tuple[str, ...]
    jobs: tuple[str, ...]
    postcodes: tuple[str, ...]
    phones: tuple[str, ...]


@functools.lru_cache(maxsize=len(LANGUAGES))
def vocabulary(language: str) -> Vocabulary:
    known = library("wordfreq").get_frequency_dict(language, "small")
    # wordfreq writes all numbers alike, as 00: the texts make their own.
    kept = {word: share for word, share in known.items() if word.replace("'", "").isalpha()}
    words = tuple(kept)
    cumulative = np.cumsum(np.fromiter(kept.values(), np.float64, len(words)))
    return Vocabulary(words, cumulative / cumulative[-1])


@functools.lru_cache(maxsize=len(LANGUAGES))
def names(language: str) -> Names:
    fake = library("faker").Faker(LANGUAGES[language][1])
    fake.seed_instance(_POOL_SEED)

    more = 3 if language == "en" else 1

    def pool(kind: str, count: int) -> tuple[str, ...]:
        make = getattr(fake, kind)
        return tuple(" ".join(str(make()).split()) for _ in range(count * more))

    return Names(
        first=pool("first_name", _NAMES),
        last=pool("last_name", _NAMES),
        cities=pool("city", _PLACES),
        streets=pool("street_address", _PLACES),
        companies=pool("company", _PLACES),
        jobs=pool("job", _PLACES),
        postcodes=pool("postcode", _PLACES),
        phones=pool("phone_number", _PLACES),
    )


def library(name: str) -> Any:
    """A module of the extra ``synth``. Raises EngineUnavailableError where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise EngineUnavailableError(
            f"synthetic data are drawn with {name.partition('.')[0]}, which is not installed",
            "pip install 'ocr-plugins[synth]'",
            "not_installed",
        ) from None


_SHARES = np.cumsum([share for share, _ in LANGUAGES.values()]).tolist()


def draw_language(rng: Rng) -> str:
    return tuple(LANGUAGES)[min(bisect(_SHARES, rng.random() * _SHARES[-1]), len(_SHARES) - 1)]


def pick(rng: Rng, items: Sequence[str]) -> str:
    return items[int(rng.random() * len(items))]


def number(rng: Rng, low: int, high: int) -> int:
    """A whole number from low to high, both included."""
    return low + int(rng.random() * (high - low + 1))


class Weighted:
    """Things to be drawn by weights. A cumulative table is many times as fast as Generator.choice."""

    __slots__ = ("_items", "_sums")

    def __init__(self, weights: dict[str, float]) -> None:
        self._items = tuple(weights)
        self._sums = np.cumsum(list(weights.values())).tolist()

    def draw(self, rng: Rng) -> str:
        return self._items[bisect(self._sums, rng.random() * self._sums[-1])]
