"""What was measured, as figures: times, ratios, differences of text, character error rates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rapidfuzz.distance import Levenshtein

from ocr_plugins.benchmark.measuring import Measured
from ocr_plugins.evaluation import get_convention, score_page
from ocr_plugins.evaluation.corpus import aggregate
from ocr_plugins.memory import MEGABYTE

COLUMNS = (
    "engine",
    "runs on",
    "seconds a page",
    "quartiles",
    "times as fast",
    "characters that differ",
    "CER",
    "MB",
)


def figures(found: Sequence[Measured], truths: Sequence[str | None]) -> list[dict[str, Any]]:
    """A row for each contestant that took part.

    ``speed`` is how many times as fast it is as the fastest of the plain calls, by the ratio of the medians
    over pages; ``different`` the share of the reference's characters; ``cer`` is of the pages that have
    ground truth. What is not known is None.
    """
    present = [one for one in found if not one.why_not]
    # What fails is soon done, and is no measure of others.
    plain = [one for one in present if one.contestant.plain and not one.failures]
    fastest = min((one.median for one in plain), default=None)
    reference = next((one for one in plain if one.contestant.reference), None)
    return [
        {
            "engine": one.contestant.label,
            "runtime": one.runtime,
            "plain": one.contestant.plain,
            "median": one.median,
            "quartiles": one.quartiles,
            "speed": fastest / one.median if fastest and not one.failures else None,
            "different": None if reference is None else _different(one, reference),
            "cer": cer(one, truths),
            "memory": None if one.peak is None else one.peak / MEGABYTE,
            "failed": len(one.failures),
            "seconds": one.seconds,
        }
        for one in present
    ]


def cer(one: Measured, truths: Sequence[str | None]) -> float | None:
    """Over the pages with ground truth that were read, under the default convention."""
    convention = get_convention("default")
    scores = [
        score_page(truth, page, convention)
        for truth, page in zip(truths, one.texts, strict=True)
        if truth is not None and page is not None
    ]
    return aggregate(scores, convention).cer if scores else None


def _different(one: Measured, reference: Measured) -> float:
    pairs = [
        (a.text if a else "", b.text if b else "") for a, b in zip(one.texts, reference.texts, strict=True)
    ]
    return sum(Levenshtein.distance(a, b) for a, b in pairs) / max(sum(len(b) for _, b in pairs), 1)


def cells(row: dict[str, Any]) -> tuple[str, ...]:
    """A row's figures as `COLUMNS` shows them."""
    low, high = row["quartiles"]
    return (
        row["engine"],
        row["runtime"],
        f"{row['median']:.3g}",
        f"{low:.3g} to {high:.3g}",
        _shown(row["speed"], "{:.2f}"),
        _shown(row["different"], "{:.3%}"),
        _shown(row["cer"], "{:.2%}"),
        _shown(row["memory"], "{:.0f}"),
    )


def _shown(value: float | None, form: str) -> str:
    return "" if value is None else form.format(value)
