"""Which engine to take, why, and how sure that is: what a study with ground truth says in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ocr_plugins.corpus import Item
from ocr_plugins.ensemble.oracle import oracle
from ocr_plugins.ensemble.voters import choose_voters
from ocr_plugins.evaluation import PageScore
from ocr_plugins.evaluation.uncertainty import Contest, Interval, Sampled
from ocr_plugins.ranked import families_of
from ocr_plugins.runs import EngineRun, Study, score_item

_FEW_GROUPS = 10
# From here on, a ratio is told as one and not in percent.
_TIMES = 2.0


@dataclass(frozen=True, kw_only=True)
class Standing:
    """An engine's error rate on the pages with ground truth, and how it does against the best engine."""

    label: str
    cer: Interval
    seconds: float | None
    against_best: Contest


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """What to take.

    ``take`` is a label of the study, ``text`` says why in a few sentences. ``engines`` and ``votes`` stand
    in the order of their error rates.
    """

    take: str
    text: str
    engines: tuple[Standing, ...]
    votes: tuple[Standing, ...]

    @property
    def best(self) -> Standing:
        """The engine with the lowest error rate."""
        return self.engines[0]

    def to_dict(self) -> dict[str, Any]:
        """The keys of summary.json: best_engine, ensemble and recommendation."""
        return {
            "best_engine": _record(self.best),
            "ensemble": {one.label: _record(one) for one in self.votes},
            "recommendation": {"take": self.take, "text": self.text},
        }


def recommend(study: Study) -> Recommendation | None:
    """What the study says; None without ground truth, or where fewer than two engines read all of it."""
    items, runs = _scored(study)
    if not items:
        return None
    sampled = Sampled.of([item.document for item in items])
    errors = {run.label: character_errors(run, [item.id for item in items]) for run in runs}
    lengths = _lengths(items, runs)
    best = min((run for run in runs if not run.spec.is_vote), key=lambda run: sum(errors[run.label]))

    def standing(run: EngineRun) -> Standing:
        mine = errors[run.label]
        return Standing(
            label=run.label,
            cer=sampled.rate(mine, lengths),
            seconds=run.seconds_per_page,
            against_best=sampled.contest(mine, errors[best.label]),
        )

    ranked = sorted(runs, key=lambda run: sum(errors[run.label]))
    engines = tuple(standing(run) for run in ranked if not run.spec.is_vote)
    votes = tuple(standing(run) for run in ranked if run.spec.is_vote)
    groups = sampled.draws.shape[1]
    take, text = _said(engines, votes, len(items), groups)
    return Recommendation(take=take, text=text, engines=engines, votes=votes)


def oracle_rate(study: Study) -> Interval | None:
    """The error rate of the best vote that there could be among the engines of a study.

    As far as the ground truth can be aligned with what they read: see `ocr_plugins.ensemble.oracle`. None
    where `recommend` gives None.
    """
    items, runs = _scored(study)
    if not items:
        return None
    errors = [_oracle_errors(study, item, runs) for item in items]
    return Sampled.of([item.document for item in items]).rate(errors, _lengths(items, runs))


def scored(study: Study) -> tuple[list[Item], list[EngineRun]]:
    """The pages with ground truth, and the runs that were scored on all of them."""
    items = [item for item in study.corpus.items if item.truth is not None]
    return items, [run for run in study.runs if run.scores and all(item.id in run.scores for item in items)]


def _scored(study: Study) -> tuple[list[Item], list[EngineRun]]:
    """The pages with ground truth and the runs over all of them; none where there is no choice to make."""
    items, runs = scored(study)
    choice = sum(not run.spec.is_vote for run in runs) > 1
    return (items, runs) if choice else ([], [])


def _lengths(items: list[Item], runs: list[EngineRun]) -> list[float]:
    return [float(runs[0].scores[item.id].char_length) for item in items]


def _oracle_errors(study: Study, item: Item, runs: list[EngineRun]) -> float:
    readings = {run.label: run.results[item.id] for run in runs if not run.spec.is_vote}
    families = families_of(run for run in runs if not run.spec.is_vote)
    pages = list(choose_voters(readings, families=families).pages.values())
    fold = str.casefold if item.folds_case else str
    # Where no engine read the page, any one's error counts as what it is: all missing.
    best = oracle(pages, item.truth_page, fold) if pages else runs[0].results[item.id]
    return error_count(score_item(item, best, study.convention))


def character_errors(run: EngineRun, pages: Sequence[str]) -> list[float]:
    """Character errors a page; those whatever the order where the ground truth has none."""
    return [error_count(run.scores[page]) for page in pages]


def error_count(score: PageScore) -> float:
    """A page's character errors, whatever the order where the ground truth has none."""
    return float(score.char_errors if score.char_errors is not None else score.order_free_errors or 0)


def _said(
    engines: tuple[Standing, ...], votes: tuple[Standing, ...], pages: int, groups: int
) -> tuple[str, str]:
    best = engines[0]
    take, said = best, [f"{best.label} is the best single engine here: CER {_percent(best.cer)}."]
    # Of one document follows nothing for others.
    near = [one for one in engines[1:] if groups == 1 or not one.against_best.significant]
    if near:
        names = " or ".join(f"{one.label}, CER {_percent(one.cer)}" for one in near)
        said.append(f"On these pages it cannot be told from {names}.")
    else:
        said.append(f"The next, {engines[1].label}, makes {_against(engines[1])}.")
    if votes:
        vote = votes[0]
        ratio = vote.against_best.ratio
        compared = f"{vote.label} makes {_against(vote)} {_than(vote)} {best.label}"
        if groups == 1:
            said.append(f"{compared}: one document cannot tell whether it does so on others.")
        elif ratio.high < 1:
            take = vote
            said.append(f"{compared}: CER {_percent(vote.cer)}.")
        elif ratio.low > 1:
            said.append(f"{compared}: it is worse.")
        else:
            said.append(f"{compared}: it is not surely better, and costs more.")
    if take.seconds is not None:
        said.append(f"{take.label} takes {take.seconds:.2f} s a page.")
    if groups < _FEW_GROUPS:
        rests = f"{_counted(pages, 'page')} of {_counted(groups, 'document')}"
        said.append(f"That rests on {rests}: too few to tell small differences.")
    return take.label, " ".join([f"Take {take.label}.", *said])


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count != 1 else ''}"


def _percent(rate: Interval) -> str:
    return f"{100 * rate.value:.2f} %{_range(f'{100 * rate.low:.2f}', f'{100 * rate.high:.2f}')}"


def _range(low: str, high: str) -> str:
    """An interval in brackets, if it has any width."""
    return f" ({low} to {high})" if low != high else ""


def _than(one: Standing) -> str:
    return "as" if "as many" in _change(one.against_best.ratio.value) else "than"


def _against(one: Standing) -> str:
    """ "12 % fewer errors (44 % fewer to 15 % more)"."""
    ratio = one.against_best.ratio
    if min(ratio.value, ratio.low) >= _TIMES:
        return f"{ratio.value:.1f} times as many errors{_range(f'{ratio.low:.1f}', f'{ratio.high:.1f}')}"
    return f"{_change(ratio.value)} errors{_range(_change(ratio.low), _change(ratio.high))}"


def _change(ratio: float) -> str:
    if ratio >= _TIMES:
        return f"{ratio:.1f} times as many"
    percent = round(100 * (ratio - 1))
    if not percent:
        return "as many"
    return f"{abs(percent)} % {'fewer' if percent < 0 else 'more'}"


def _record(one: Standing) -> dict[str, Any]:
    return {
        "label": one.label,
        "cer": asdict(one.cer),
        "seconds_per_page": one.seconds,
        "errors_against_best": asdict(one.against_best.ratio),
        "better_in_samples": one.against_best.better,
    }
