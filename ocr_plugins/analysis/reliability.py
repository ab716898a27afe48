"""How far an engine's confidence can be believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ocr_plugins.ensemble.calibration import expected_error

BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Words of like confidence: how many, their mean confidence, and the share that is right."""

    words: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """``error`` is the expected calibration error over the words that have a confidence, 0 to 1.

    ``first_tenth`` is the share of wrong words among the tenth of all words that the engine is least sure of,
    of the most that there could be: 1 where looking at those finds all it can.
    """

    bins: tuple[Bin, ...]
    error: float
    first_tenth: float | None


def reliability(words: Sequence[tuple[float, bool]]) -> Reliability | None:
    """Of words with their confidences and whether they are right; None without any."""
    if not words:
        return None
    pairs = np.array(words, np.float64)
    pairs = pairs[np.argsort(pairs[:, 0], kind="stable")]
    bins = tuple(
        Bin(words=len(part), confidence=float(part[:, 0].mean()), right=float(part[:, 1].mean()))
        for part in np.array_split(pairs, min(BINS, len(pairs)))
    )
    wrong = 1 - pairs[:, 1]
    looked_at = max(len(pairs) // 10, 1)
    most = min(wrong.sum(), looked_at)
    return Reliability(
        bins=bins,
        error=expected_error(pairs[:, 0].tolist(), [bool(right) for right in pairs[:, 1]]),
        first_tenth=float(wrong[:looked_at].sum() / most) if most else None,
    )
