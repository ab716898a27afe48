"""The framework's own cost, as one JSON object. Each ratio is the median of runs that alternate in a process.

* the framework's own cost a page: the null engine through a whole study, images already decoded;
* scoring 10,000 pairs of lines under the default convention, against plain rapidfuzz.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Callable

import jiwer
import numpy as np
from rapidfuzz.distance import Levenshtein

from ocr_plugins.corpus import Corpus, Item, gather
from ocr_plugins.evaluation import get_convention, score_texts
from ocr_plugins.evaluation.metrics import character_units, distance
from ocr_plugins.runs import run_study
from ocr_plugins.spec import parse_specs

DEFAULT = get_convention("default")


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def alternate(runs: int, ours: Callable[[], object], theirs: Callable[[], object]) -> dict[str, float]:
    """Medians of both, and the median of the pairs' ratios ours/theirs."""
    ours()
    theirs()
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(runs)]
    return {
        "ours_s": statistics.median(a for a, _ in pairs),
        "theirs_s": statistics.median(b for _, b in pairs),
        "ratio": statistics.median(a / b for a, b in pairs),
        "runs": runs,
    }


def overhead() -> dict[str, float]:
    """Milliseconds a page over 2,000 pages in memory, scored and unscored."""
    pixels = np.full((64, 64), 255, np.uint8)
    corpus = gather([pixels] * 2000)
    scored = Corpus(items=tuple(Item(ref=item.ref, truth="a line of text") for item in corpus.items))
    specs = parse_specs("null:workers=0")
    runs = [
        (
            seconds(lambda: run_study(corpus, specs, DEFAULT)),
            seconds(lambda: run_study(scored, specs, DEFAULT)),
        )
        for _ in range(5)
    ]
    each = 1000 / len(corpus.items)
    return {
        "ms_per_page": each * statistics.median(a for a, _ in runs),
        "ms_per_page_scored": each * statistics.median(b for _, b in runs),
    }


def scoring() -> dict[str, object]:
    """10,000 pairs of a 60-character line and the line with errors: CER alone, all metrics, jiwer's CER."""
    rng = random.Random(1)
    letters = "etaoin shrdlu ETAOIN,.0123456789é"
    pairs = []
    for _ in range(10_000):
        line = "".join(rng.choices(letters, k=60))
        pairs.append((line, "".join(rng.choice(letters) if rng.random() < 0.05 else c for c in line)))

    def plain() -> object:
        return [Levenshtein.distance(a, b) for a, b in pairs]

    return {
        "cer": alternate(9, lambda: [distance(*character_units(a, b, DEFAULT)) for a, b in pairs], plain),
        "all_metrics": alternate(3, lambda: [score_texts(a, b, DEFAULT) for a, b in pairs], plain),
        "jiwer_cer": alternate(3, lambda: [jiwer.cer(a, b) for a, b in pairs], plain),
    }


if __name__ == "__main__":
    results = {
        "framework": overhead(),
        "scoring_vs_rapidfuzz": scoring(),
    }
    print(json.dumps(results, indent=1))
