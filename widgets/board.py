"""All pages under all engines: who reads best, and on which pages who does not."""

from __future__ import annotations

import math

from ocr_plugins.corpus import Item
from ocr_plugins.ranked import Expected
from ocr_plugins.recommended import recommend
from ocr_plugins.runs import EngineRun, Study

from .state import Board, BoardPage, BoardRow
from .views import expected_on, title_of

# A rate, and the ends of its interval.
_Known = tuple[float, float, float]


def board_of(study: Study, expectations: Expected) -> Board:
    """The leaderboard of a study, the best first, and the error rates of its pages, measured or expected."""
    found = recommend(study)
    standings = (*found.engines, *found.votes) if found else ()
    measured = {one.label: (one.cer.value, one.cer.low, one.cer.high) for one in standings}
    expected = {label: (one.cer, one.low, one.high) for label, one in expectations.ranked.items()}
    runs = sorted(study.runs, key=lambda run: _worth(study, run, expected.get(run.label)))
    scored = any(run.scores for run in runs)
    return Board(
        rows=[_row(study, run, measured.get(run.label), expected.get(run.label)) for run in runs],
        pages=[
            BoardPage(
                id=item.id,
                title=title_of(item),
                rates=[_rounded(_rate(item, run, None if scored else expectations)) for run in runs],
            )
            for item in study.corpus.items
        ],
        advice=found.text if found else "",
        scored=scored,
    )


def _row(study: Study, run: EngineRun, measured: _Known | None, expected: _Known | None) -> BoardRow:
    known = study.summary(run)
    interval = measured or (expected if not run.scores else None)
    return BoardRow(
        label=run.label,
        cer=_rounded(known["cer"]),
        wer=_rounded(known["wer"]),
        f1=_rounded(known["word_f1"]),
        expected=_rounded(expected[0]) if expected else None,
        low=_rounded(interval[1]) if interval else None,
        high=_rounded(interval[2]) if interval else None,
        seconds=_rounded(run.seconds_per_page),
        pages=len(run.results),
        errors=run.errors,
        error=str(run.error) if run.error else None,
    )


def _worth(study: Study, run: EngineRun, expected: _Known | None) -> tuple[bool, float]:
    """What runs are sorted by: those that could not run, or of which nothing is known, stand last."""
    score = study.score(run)
    rate = score.cer if score else expected[0] if expected else None
    return rate is None or run.error is not None, rate or 0.0


def _rate(item: Item, run: EngineRun, expected: Expected | None) -> float | None:
    if score := run.scores.get(item.id):
        return score.cer
    return expected_on(expected, item.id, run.label) if expected else None


def _rounded(value: float | None) -> float | None:
    # JSON knows no infinity.
    return None if value is None or not math.isfinite(value) else round(value, 5)
