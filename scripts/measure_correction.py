"""What correction does to word error rates: with it and without, on pages and words of the corpora.

    python scripts/measure_correction.py [--engines tesseract,vote]

Prints, for each corpus and engine, both rates, the difference with its 95 % interval (pages resampled by
document), and how many words were changed for the better and for the worse. Readings are kept, so that the
same command goes on after a stop.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence

from corpora import place_of

from ocr_plugins.api import run_engines
from ocr_plugins.console import ProgressShower
from ocr_plugins.correction import Corrector, corrected, open_corrector, sure_of
from ocr_plugins.document import Page, Word
from ocr_plugins.evaluation import PageScore
from ocr_plugins.runs import EngineRun, Study, score_item

# Corpus -> how many of its pages, evenly spread, and whether its order of words counts.
CORPORA = {
    "unlv": (60, True),
    "oldbooks": (40, True),
    "ehri_typed_en": (13, True),
    "funsd": (40, False),
    "sroie": (51, False),
    "plates_crops": (100, False),
}
ENGINES = "tesseract,rapidocr,crnn,vote"
SAMPLES = 2000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engines", default=ENGINES)
    parser.add_argument("--of", default="tesseract,vote", help="whose readings to correct")
    parser.add_argument("--corpora", default=",".join(CORPORA))
    parser.add_argument("--changes", action="store_true", help="print every change")
    arguments = parser.parse_args()
    corrector = open_corrector("en")
    print("| corpus | engine | WER | corrected | difference (95 %) | words changed: better, worse, neither |")
    print("|---|---|---:|---:|---:|---:|")
    for corpus in arguments.corpora.split(","):
        most, _ = CORPORA[corpus]
        study = run_engines(
            str(place_of(corpus)),
            arguments.engines,
            convention="default",
            store=True,
            limit=most,
            watcher=ProgressShower(quiet=True),
        )
        for run in study.runs:
            if run.label in arguments.of.split(","):
                measure(corpus, study, run, corrector, show=arguments.changes)


def measure(corpus: str, study: Study, run: EngineRun, corrector: Corrector, *, show: bool) -> None:
    ordered = CORPORA[corpus][1]
    before: list[tuple[str, int, int]] = []
    after: list[int] = []
    changed = [0, 0, 0]
    for item in study.corpus.items:
        result = run.results.get(item.id)
        if item.truth is None or not isinstance(result, Page):
            continue
        fingerprint = result.provenance.fingerprint if result.provenance else ""
        sure = vote_sure if run.spec.is_vote else sure_of(fingerprint)
        better = corrected(result, corrector, sure)
        one, other = (score_item(item, page, study.convention) for page in (result, better))
        before.append((item.document, one.word_length, errors(one, ordered)))
        after.append(errors(other, ordered))
        truth = item.truth.casefold().split()
        for word in better.iter_words():
            if word.correction is not None:
                was, now = word.correction.was.casefold() in truth, word.text.casefold() in truth
                changed[0 if now and not was else 1 if was and not now else 2] += 1
                if show:
                    mark = "+" if now and not was else "-" if was and not now else " "
                    print(f"    {mark} {word.correction.was} -> {word.text} ({word.correction.reason})")
    total = sum(words for _, words, _ in before) or 1
    rates = sum(wrong for _, _, wrong in before) / total, sum(after) / total
    low, high = interval(
        [(doc, words, new - old) for (doc, words, old), new in zip(before, after, strict=True)]
    )
    print(
        f"| {corpus} ({len(before)}) | {run.label} | {rates[0]:.4f} | {rates[1]:.4f} "
        f"| {rates[1] - rates[0]:+.4f} ({low:+.4f} to {high:+.4f}) | {', '.join(map(str, changed))} |",
        flush=True,
    )


def vote_sure(word: Word) -> float:
    return word.confidence or 0.0


def errors(score: PageScore, ordered: bool) -> int:
    """Wrong words of a page: in order, or as bags where its corpus has no order to compare with."""
    if ordered and score.word_errors is not None:
        return score.word_errors
    return max(score.word_length, score.hypothesis_words) - score.bag_matches


def interval(rows: Sequence[tuple[str, int, int]]) -> tuple[float, float]:
    """Of the difference of rates, documents resampled."""
    documents: dict[str, list[tuple[int, int]]] = {}
    for document, words, difference in rows:
        documents.setdefault(document, []).append((words, difference))
    groups = list(documents.values())
    rng = random.Random(1)
    found = []
    for _ in range(SAMPLES):
        some = [pair for _ in groups for pair in rng.choice(groups)]
        found.append(sum(difference for _, difference in some) / (sum(words for words, _ in some) or 1))
    found.sort()
    return found[int(0.025 * SAMPLES)], found[int(0.975 * SAMPLES) - 1]


if __name__ == "__main__":
    main()
