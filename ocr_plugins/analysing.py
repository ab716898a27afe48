"""What a study says besides its table, as data: who reads what best, how sure that is, and at what cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from ocr_plugins.analysis.confusions import confusions
from ocr_plugins.analysis.contests import matches
from ocr_plugins.analysis.extracted import extractors_for, field_scores
from ocr_plugins.analysis.fields import Fields, read_fields
from ocr_plugins.analysis.pareto import front
from ocr_plugins.analysis.reliability import Reliability, reliability
from ocr_plugins.calibrating import judged_words
from ocr_plugins.corpus import Item
from ocr_plugins.document import Page
from ocr_plugins.doubts import pages_first, words_first
from ocr_plugins.evaluation.uncertainty import Sampled
from ocr_plugins.fields import Extractor, find_extractors
from ocr_plugins.fields.scoring import FieldScore
from ocr_plugins.memory import megabytes
from ocr_plugins.policy import Budget, Policy, Tried, fit_policy
from ocr_plugins.recommended import Recommendation, character_errors, recommend, scored
from ocr_plugins.runs import EngineRun, Study
from ocr_plugins.tables import to_frame

if TYPE_CHECKING:
    import pandas as pd

_MOST_CONFUSIONS = 30
_ALL = "all"

DOMAIN_COLUMNS = {
    "domain": "string",
    "engine": "string",
    "pages": "int64",
    "documents": "int64",
    "cer": "float64",
    "low": "float64",
    "high": "float64",
    "cer_order_free": "float64",
    "wer": "float64",
    "word_f1": "float64",
    "seconds_per_page": "float64",
    "peak_memory_mb": "float64",
    "best": "boolean",
    "worth_its_cost": "boolean",
}
MATCH_COLUMNS = {
    "first": "string",
    "second": "string",
    "ratio": "float64",
    "low": "float64",
    "high": "float64",
    "p": "float64",
    "corrected": "float64",
    "differs": "boolean",
}
FIELD_COLUMNS = {
    "engine": "string",
    "kind": "string",
    "total": "int64",
    "right": "int64",
    "share": "float64",
}
EXTRACTED_COLUMNS = {
    "engine": "string",
    "field": "string",
    "expected": "int64",
    "found": "int64",
    "right": "int64",
    "precision": "float64",
    "recall": "float64",
    "f1": "float64",
}
CONFUSION_COLUMNS = {"engine": "string", "truth": "string", "read": "string", "count": "int64"}
RELIABILITY_COLUMNS = {
    "engine": "string",
    "words": "int64",
    "confidence": "float64",
    "right": "float64",
}
CONFIDENCE_COLUMNS = {
    "engine": "string",
    "words": "int64",
    "calibration_error": "float64",
    "first_tenth": "float64",
}
PAGE_COLUMNS = {
    "id": "string",
    "domain": "string",
    "engine": "string",
    "expected": "float64",
    "low": "float64",
    "high": "float64",
    "cer": "float64",
}
WORD_COLUMNS = {
    "id": "string",
    "engine": "string",
    "line": "int64",
    "text": "string",
    "probability": "float64",
}


CASCADE_COLUMNS = {
    "engines": "string",
    "lines": "string",
    "doubt": "float64",
    "seconds_per_page": "float64",
    "cer": "float64",
    "share_of_cost": "float64",
    "share_of_gain": "float64",
}


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """A study, and tables of what it says where there is ground truth (else they are empty).

    ``leaderboard`` has a row for each domain and engine, domain ``all`` first: rates as fractions, with the
    95 % interval of a bootstrap over documents, which engine is ``best``, and which is ``worth_its_cost``:
    none is both better and faster. What an engine takes of memory, in MB, is the same for all domains.
    ``matches`` are engines against each other, corrected for their number.
    ``fields`` counts dates, amounts, codes and names that were read exactly, ``extracted`` the fields that
    were taken out rightly of those that a manifest tells, all together behind them. ``confusions`` are the
    commonest ones. ``reliability`` holds confidence against the share of right words, ``confidence`` its
    summary.

    Two tables need no ground truth. ``pages`` has the error rate that is expected of each engine on each
    page, with a 95 % interval; those to look at first stand first. ``words`` are the tenth of all words that
    the first vote is least sure of, or without a vote the engine that is expected to be best.

    ``policy`` says when to ask dearer engines, and ``cascades`` what other policies cost and give, where
    there is a vote whose gain is worth keeping, or a budget.
    """

    study: Study
    recommendation: Recommendation | None
    leaderboard: pd.DataFrame
    matches: pd.DataFrame
    fields: pd.DataFrame
    extracted: pd.DataFrame
    confusions: pd.DataFrame
    reliability: pd.DataFrame
    confidence: pd.DataFrame
    pages: pd.DataFrame
    words: pd.DataFrame
    cascades: pd.DataFrame
    policy: Policy | None = None

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by name."""
        names = (
            field.name for field in fields(self) if field.name not in ("study", "recommendation", "policy")
        )
        return {name: getattr(self, name) for name in names}


def analyse(study: Study, budget: Budget | None = None, fields: str | None = None) -> Analysis:
    """What a study says, and what to do within a budget, if there is one.

    Args:
        fields: extractors of what a manifest says of its pages, with their options; None takes those that
            fit, with their defaults.

    Raises:
        CallError: an unknown extractor or option, or a package that one needs is missing.
    """
    extractors = find_extractors(fields) if fields else extractors_for(study.corpus.items)
    items, runs = scored(study)
    wanted = budget is not None or any(run.spec.is_vote for run in runs)
    policy = fit_policy(study, budget) if wanted else None
    sure = {run.label: _reliability(study, run) for run in runs}
    return Analysis(
        study=study,
        recommendation=recommend(study),
        leaderboard=to_frame(_leaderboard(items, runs), DOMAIN_COLUMNS),
        matches=to_frame(_matches(items, runs), MATCH_COLUMNS),
        fields=to_frame(_fields(items, runs), FIELD_COLUMNS),
        extracted=to_frame(_extracted(study, extractors), EXTRACTED_COLUMNS),
        confusions=to_frame(_confusions(study, runs), CONFUSION_COLUMNS),
        reliability=to_frame(_bins(sure), RELIABILITY_COLUMNS),
        confidence=to_frame(_confidence(sure), CONFIDENCE_COLUMNS),
        pages=to_frame(pages_first(study), PAGE_COLUMNS),
        words=to_frame(words_first(study), WORD_COLUMNS),
        cascades=to_frame(map(_tried, policy.others if policy else ()), CASCADE_COLUMNS),
        policy=policy,
    )


def _tried(one: Tried) -> dict[str, Any]:
    return {
        "engines": "+".join(one.plan.engines),
        "lines": "+".join(one.plan.lines),
        "doubt": one.plan.doubt,
        "seconds_per_page": one.seconds,
        "cer": one.cer,
        "share_of_cost": one.cost,
        "share_of_gain": one.gain,
    }


def _leaderboard(items: Sequence[Item], runs: Sequence[EngineRun]) -> Iterator[dict[str, Any]]:
    domains = dict.fromkeys(item.domain for item in items if item.domain)
    parts = {_ALL: list(items)}
    if len(domains) > 1:
        parts |= {domain: [item for item in items if item.domain == domain] for domain in domains}
    for domain, some in parts.items():
        if some:
            yield from _standings(domain, some, runs)


def _standings(domain: str, items: Sequence[Item], runs: Sequence[EngineRun]) -> Iterator[dict[str, Any]]:
    pages = [item.id for item in items]
    sampled = Sampled.of([item.document for item in items])
    rows = []
    for run in runs:
        scores = [run.scores[page] for page in pages]
        lengths = [float(score.char_length) for score in scores]
        rate = sampled.rate(character_errors(run, pages), lengths)
        rows.append(
            {
                "domain": domain,
                "engine": run.label,
                "pages": len(pages),
                "documents": sampled.draws.shape[1],
                "cer": rate.value,
                "low": rate.low,
                "high": rate.high,
                "cer_order_free": _rate(
                    [score.order_free_errors for score in scores], [score.char_length for score in scores]
                ),
                "wer": _rate(
                    [score.word_errors for score in scores], [score.word_length for score in scores]
                ),
                "word_f1": _mean([score.word_f1 for score in scores]),
                "seconds_per_page": _seconds(run, pages),
                "peak_memory_mb": megabytes(run.peak_memory),
            }
        )
    rows.sort(key=lambda row: float(row["cer"]))
    timed = {row["engine"]: (row["seconds_per_page"], row["cer"]) for row in rows}
    worth = front({label: costs for label, costs in timed.items() if costs[0] is not None})
    for place, row in enumerate(rows):
        yield {**row, "best": place == 0, "worth_its_cost": row["engine"] in worth}


def _rate(errors: Sequence[int | None], lengths: Sequence[int | None]) -> float | None:
    if any(error is None for error in errors) or not sum(filter(None, lengths)):
        return None
    return sum(filter(None, errors)) / sum(filter(None, lengths))


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _seconds(run: EngineRun, pages: Sequence[str]) -> float | None:
    results = (run.results[page] for page in pages if page in run.results)
    return _mean([result.provenance.seconds for result in results if result.provenance])


def _matches(items: Sequence[Item], runs: Sequence[EngineRun]) -> Iterator[dict[str, Any]]:
    if not items:
        return
    sampled = Sampled.of([item.document for item in items])
    errors = {run.label: character_errors(run, [item.id for item in items]) for run in runs}
    for one in matches(errors, sampled):
        yield {
            "first": one.first,
            "second": one.second,
            "ratio": one.ratio.value,
            "low": one.ratio.low,
            "high": one.ratio.high,
            "p": one.p,
            "corrected": one.corrected,
            "differs": one.differs,
        }


def _fields(items: Sequence[Item], runs: Sequence[EngineRun]) -> Iterator[dict[str, Any]]:
    for run in runs:
        counted: dict[str, Fields] = {}
        for item in items:
            result = run.results.get(item.id)
            reading = result.text if isinstance(result, Page) else ""
            for kind, found in read_fields(item.truth or "", reading, casefold=item.folds_case).items():
                counted[kind] = counted.get(kind, Fields(0, 0)) + found
        for kind, found in counted.items():
            yield {
                "engine": run.label,
                "kind": kind,
                "total": found.total,
                "right": found.right,
                "share": found.share,
            }


def _extracted(study: Study, extractors: Sequence[Extractor[Any]]) -> Iterator[dict[str, Any]]:
    items = study.corpus.items
    # What cannot run, or only finds lines, takes out nothing; what read a part compares with nothing.
    whole = (one for one in study.runs if all(item.id in one.results for item in items))
    for run in (one for one in whole if any(isinstance(page, Page) for page in one.results.values())):
        scores = field_scores(items, run.results, extractors)
        together = {_ALL: sum(scores.values(), FieldScore())} if len(scores) > 1 else {}
        for name, score in {**scores, **together}.items():
            yield {
                "engine": run.label,
                "field": name,
                **{key: getattr(score, key) for key in EXTRACTED_COLUMNS if key not in ("engine", "field")},
            }


def _confusions(study: Study, runs: Sequence[EngineRun]) -> Iterator[dict[str, Any]]:
    for run in runs:
        counted: Counter[tuple[str, str]] = Counter()
        for item, page in study.read_with_truth(run):
            counted += confusions(page, item.truth_page, _fold(study, item))
        for (truth, read), count in counted.most_common(_MOST_CONFUSIONS):
            yield {"engine": run.label, "truth": truth, "read": read, "count": count}


def _fold(study: Study, item: Item) -> Callable[[str], str]:
    def seen(text: str) -> str:
        return "".join(
            study.convention.cluster(cluster.casefold() if item.folds_case else cluster) for cluster in text
        )

    return seen


def _reliability(study: Study, run: EngineRun) -> Reliability | None:
    words = [
        (word.confidence, right)
        for _, found in judged_words(study, run)
        for word, right in found
        if word.confidence is not None
    ]
    return reliability(words)


def _bins(sure: Mapping[str, Reliability | None]) -> Iterator[dict[str, Any]]:
    for label, found in sure.items():
        for one in found.bins if found else ():
            yield {"engine": label, "words": one.words, "confidence": one.confidence, "right": one.right}


def _confidence(sure: Mapping[str, Reliability | None]) -> Iterator[dict[str, Any]]:
    for label, found in sure.items():
        if found:
            yield {
                "engine": label,
                "words": sum(one.words for one in found.bins),
                "calibration_error": found.error,
                "first_tenth": found.first_tenth,
            }
