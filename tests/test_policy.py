"""Cascades: which pages dearer engines are asked for, as fitted to what engines have read."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import ocr

from ocr_plugins.corpus import Corpus, Item
from ocr_plugins.document import Line, Page, Provenance, Word
from ocr_plugins.engine import Capabilities, EngineInfo
from ocr_plugins.errors import CallError
from ocr_plugins.evaluation import get_convention
from ocr_plugins.policy import ENOUGH, Budget, Policy, fit_policy, policy_of, told
from ocr_plugins.recommended import error_count
from ocr_plugins.runs import EngineRun, Study, score_item
from ocr_plugins.source import text_ref
from ocr_plugins.spec import EngineSpec, parse_specs
from ocr_plugins.trials import Plan, Trial, line_plans, orders_of, partings_of

TEXT = "the quick brown fox jumps over the lazy dog and reads modern letters of old times"
WORDS = TEXT.split()
# Seconds a page, and how often a word is wrong on a page that is hard.
ENGINES = {"cheap": (1.0, 0.5), "fair": (2.0, 0.4), "dear": (10.0, 0.1)}


def read(rng: random.Random, often: float) -> Line:
    """A reading that is less sure where it is wrong."""
    words = []
    for text in WORDS:
        wrong = rng.random() < often
        said = text.replace("o", "0").replace("e", "c").replace("s", "5") if wrong else text
        words.append(Word(text=said, confidence=0.4 if wrong else 0.97, confidence_kind="test"))
    return Line.of_words(words, confidence=0.4, confidence_kind="test")


def studied(pages: int, hard: int = 4, *, truth: bool = True) -> Study:
    """Of ``pages`` pages every ``hard``-th is hard to read; the others no engine reads wrong."""
    rng = random.Random(11)
    items = tuple(
        Item(ref=text_ref(f"p{number}", "page"), truth=TEXT if truth else None) for number in range(pages)
    )
    study = Study(corpus=Corpus(items=items), convention=get_convention("default"))
    for name, (seconds, often) in ENGINES.items():
        info = EngineInfo(
            name=name,
            version="1",
            spec=name,
            options={},
            weights={},
            capabilities=Capabilities(gives=("lines", "words"), confidence_kind="test"),
        )
        run = EngineRun(spec=EngineSpec(name), info=info)
        for number, item in enumerate(items):
            line = read(rng, often if number % hard == 0 else 0.0)
            page = Page(source="", page=1, size=None, lines=(line,), id=item.id)
            run.results[item.id] = _timed(page, info.provenance(seconds))
            if truth:
                run.scores[item.id] = score_item(item, run.results[item.id], study.convention)
        study.runs.append(run)
    return study


def _timed(page: Page, provenance: Provenance) -> Page:
    return Page(
        source=page.source, page=page.page, size=None, lines=page.lines, id=page.id, provenance=provenance
    )


def fitted(study: Study, budget: str | None = None) -> Policy:
    policy = fit_policy(study, Budget.parse(budget) if budget else None)
    assert policy is not None
    return policy


def test_easy_pages_are_left_to_cheap_engines() -> None:
    policy = fitted(studied(40), "100%")
    assert policy.chosen.plan.engines == ("cheap", "fair", "dear")
    # The ten hard pages cost 13 s, the others hardly more than the cheapest engine's.
    assert policy.chosen.cost < 0.5
    ((name, doubt),) = policy.chosen.spec.options
    assert name == "doubt"
    assert 0 <= float(doubt) <= 1
    assert parse_specs(str(policy.chosen.spec))[0].is_cascade


def test_a_budget_is_kept() -> None:
    study = studied(40)
    for text, most in (("1.5", 1.5), ("5", 5.0), ("20%", 2.6)):
        assert fitted(study, text).chosen.seconds <= most
    assert fitted(study, "1").chosen.plan.engines == ("cheap",)
    # Less than the cheapest engine takes cannot be had.
    assert fitted(study, "0.1").chosen.seconds == pytest.approx(1.0)
    rates = [fitted(study, text).chosen.cer for text in ("1", "3", "5")]
    assert rates == sorted(rates, reverse=True)


def test_the_front_runs_from_cheap_to_dear() -> None:
    others = fitted(studied(40), "100%").others
    assert [one.seconds for one in others] == sorted(one.seconds for one in others)
    assert [one.cer for one in others] == sorted((one.cer for one in others), reverse=True)


def test_nearly_all_of_the_gain_is_kept_where_there_is_one() -> None:
    policy = fit_policy(studied(60))
    if policy is not None:
        assert policy.chosen.gain is not None
        assert policy.chosen.gain >= ENOUGH
        assert "of what all engines take" in policy.text


def test_what_was_fitted_is_held_against_other_documents() -> None:
    assert fitted(studied(40), "30%").held_out is not None
    assert fitted(studied(3, hard=2), "30%").held_out is None


def test_nothing_to_fit_to() -> None:
    assert fit_policy(studied(10, truth=False)) is None
    study = studied(10)
    del study.runs[1:]
    assert fit_policy(study) is None


# --- whom cascades may ask ---


@pytest.mark.parametrize("count", range(1, 8))
def test_any_of_the_dearest_may_be_left_out(count: int) -> None:
    labels = tuple("abcdefg"[:count])
    found = orders_of(labels)
    assert found.count(labels) == 1
    assert len(set(found)) == len(found)
    assert all(tuple(sorted(order)) == order for order in found)
    # Each is tried as it goes on, from the cheapest.
    assert {order[:length] for order in found for length in range(1, len(order) + 1)} == set(found)
    # Whoever of the dearest two is not the cheapest may be the only one that is not asked.
    dear = [label for label in labels[-2:] if label != labels[0]]
    assert all(tuple(other for other in labels if other != label) in found for label in dear)


def test_an_engine_that_only_costs_is_left_out() -> None:
    # Of two pages one is hard; the second engine is dear and changes nothing.
    labels = ("cheap", "useless", "dear")
    orders = orders_of(labels)
    gives = {order: (0.0, 2.0 if "dear" in order else 10.0) for order in orders}
    prices = {"cheap": 1.0, "useless": 50.0, "dear": 5.0}
    cost = {order: sum(prices[label] for label in order) for order in orders}
    made = Trial(
        labels,
        orders,
        errors=np.array([[gives[order][page] for order in orders] for page in (0, 1)]),
        doubts=np.array([[0.0, 0.0 if "dear" in order else 1.0] for order in orders]).T,
        seconds=np.array([[cost[order] for order in orders]] * 2),
        everyone=np.array([0.0, 2.0]),
        best=np.array([0.0, 10.0]),
        lengths=np.array([100.0, 100.0]),
        line_plans=[],
        line_errors=np.zeros((2, 0)),
        line_seconds=np.zeros((2, 0)),
    )
    policy = policy_of(made, ["a", "b"])
    assert policy is not None
    assert policy.chosen.plan == Plan(("cheap", "dear"), 0.0)
    assert policy.chosen.seconds == pytest.approx((1 + 6) / 2)
    assert policy.chosen.gain == pytest.approx(1)


@pytest.mark.parametrize("count", range(2, 7))
def test_engines_that_read_lines_stand_behind_those_that_read_pages(count: int) -> None:
    labels = tuple("abcdef"[:count])
    for parting in range(1, count):
        found = line_plans(labels, parting)
        assert len(set(found)) == len(found)
        for plan in found:
            pages = plan.engines[: -len(plan.lines)]
            assert plan.engines == (*pages, *plan.lines)
            assert pages == labels[:parting]
            # Only the dearest two may be left out.
            assert set(labels[:-2]) <= set(plan.engines)
        # Any one of those two may be the only one that is asked for lines.
        if parting >= count - 2:
            assert {plan.lines for plan in found} >= {(label,) for label in labels[parting:]}


@pytest.mark.parametrize(
    ("seconds", "found"),
    [((1, 1, 8), [1, 2]), ((1, 1, 1, 1, 6), [3, 4]), ((5, 6), [1]), ((9, 10, 11), [1]), ((0, 0), [1])],
)
def test_cheap_engines_read_all_pages(seconds: Sequence[float], found: Sequence[int]) -> None:
    assert partings_of(seconds) == found


# --- several corpora ---

LABELS = ("one", "two", "three")
ORDERS = orders_of(LABELS)
LINE_PLANS = line_plans(LABELS, 1)
PLANS = st.one_of(st.builds(Plan, st.sampled_from(ORDERS), st.floats(-1, 1)), st.sampled_from(LINE_PLANS))


@st.composite
def trials(draw: st.DrawFn) -> Trial:
    pages = draw(st.integers(1, 5))

    def numbers(low: float, high: float, count: int = len(ORDERS)) -> np.ndarray:
        row = st.lists(st.floats(low, high), min_size=count, max_size=count)
        return np.array(draw(st.lists(row, min_size=pages, max_size=pages)))

    return Trial(
        LABELS,
        ORDERS,
        errors=numbers(0, 20),
        doubts=numbers(0, 1),
        seconds=numbers(0.5, 9).cumsum(axis=1),
        everyone=numbers(0, 20, 1)[:, 0],
        best=numbers(1, 20, 1)[:, 0],
        lengths=numbers(50, 99, 1)[:, 0],
        line_plans=LINE_PLANS,
        line_errors=numbers(0, 20, len(LINE_PLANS)),
        line_seconds=numbers(0.5, 9, len(LINE_PLANS)),
    )


def repeated(trial: Trial, times: int) -> Trial:
    """The same pages several times over."""
    names = ("errors", "doubts", "seconds", "everyone", "best", "lengths", "line_errors", "line_seconds")
    return replace(trial, **{name: np.concatenate([getattr(trial, name)] * times) for name in names})


def all_of(trial: Trial) -> np.ndarray:
    return np.ones(len(trial.best), np.bool_)


def gained(trial: Trial) -> float:
    """How many errors fewer the vote of all makes than the best engine."""
    return float((trial.best - trial.everyone).sum())


@given(trials(), trials(), st.integers(2, 9), PLANS)
def test_corpora_count_alike_whatever_their_sizes(one: Trial, other: Trial, times: int, plan: Plan) -> None:
    small, large = Trial.joined([one, other]), Trial.joined([repeated(one, times), other])
    first, second = (told(made, plan, all_of(made)) for made in (small, large))
    assert second.cost == pytest.approx(first.cost)
    assert second.cer == pytest.approx(first.cer)
    if abs(gained(small)) > 1e-3:
        assert second.gain == pytest.approx(first.gain)
    # What it costs of each corpus is its share there, and errors those of the best engine there.
    parts = [told(made, plan, all_of(made)) for made in (one, other)]
    assert first.cost == pytest.approx(sum(part.cost for part in parts) / 2)
    worse = [
        part.cer * made.lengths.sum() / made.best.sum()
        for part, made in zip(parts, (one, other), strict=True)
    ]
    assert first.cer == pytest.approx(sum(worse) / 2)


@given(trials(), PLANS)
def test_one_corpus_joined_is_itself(one: Trial, plan: Plan) -> None:
    alone, joined = (told(made, plan, all_of(made)) for made in (one, Trial.joined([one])))
    assert joined.cost == pytest.approx(alone.cost)
    assert joined.plan == alone.plan
    if abs(gained(one)) > 1e-3:
        assert joined.gain == pytest.approx(alone.gain)


@given(trials(), st.sampled_from(ORDERS), st.floats(-1, 1))
def test_pages_are_left_as_soon_as_they_are_settled(one: Trial, order: Sequence[str], doubt: float) -> None:
    stops = one.stops(tuple(order), doubt)
    for page, stop in enumerate(stops.tolist()):
        asked = ORDERS[stop]
        assert asked == tuple(order)[: len(asked)]
        before = [ORDERS.index(asked[:count]) for count in range(1, len(asked))]
        assert all(one.doubts[page, place] > doubt for place in before)
        assert asked == order or one.doubts[page, stop] <= doubt


def trial_of(study: Study) -> Trial:
    seconds = [seconds for seconds, _ in ENGINES.values()]
    return Trial.of(study, study.corpus.items, study.runs, error_count, partings_of(seconds))


def test_a_trial_of_a_study_gives_its_policy() -> None:
    study = studied(12)
    documents = [item.document for item in study.corpus.items]
    for text in ("100%", "30%", "4"):
        budget = Budget.parse(text)
        assert policy_of(trial_of(study), documents, budget) == fit_policy(study, budget)
    found = trial_of(study)
    assert found.labels == tuple(ENGINES)
    whole = sum(seconds for seconds, _ in ENGINES.values())
    assert found.seconds[:, found.all] == pytest.approx(whole)
    for place, order in enumerate(found.orders):
        assert found.seconds[:, place] == pytest.approx(sum(ENGINES[label][0] for label in order))


def test_a_policy_for_several_corpora_does_not_follow_the_larger_one() -> None:
    # In every page of one there is something to gain, in none of the other, which is far larger.
    hard, easy = trial_of(studied(6, hard=1)), trial_of(studied(30, hard=31))
    joined = Trial.joined([hard, easy])
    documents = [f"hard {page}" for page in range(6)] + [f"easy {page}" for page in range(30)]
    policy = policy_of(joined, documents, Budget(share=1.0))
    assert policy is not None
    assert "dear" in policy.chosen.plan.engines
    assert policy.held_out is not None
    rows = {
        name: np.array([document.startswith(name) for document in documents]) for name in ("hard", "easy")
    }
    spent = {name: told(joined, policy.chosen.plan, pages).cost for name, pages in rows.items()}
    assert spent["hard"] > spent["easy"]
    assert policy.chosen.cost == pytest.approx(sum(spent.values()) / 2)


@pytest.mark.parametrize("text", ["much", "-3", "0", "120%", "nan", ""])
def test_a_wrong_budget_is_named(text: str) -> None:
    with pytest.raises(CallError, match="no budget"):
        Budget.parse(text)


def test_the_command_tells_a_wrong_budget(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    done = ocr("study", tmp_path, "--engines", "null", "--budget", "lots", "--out", tmp_path / "out", "-q")
    assert done.status == 2
    assert "'lots' is no budget" in done.err
    assert "Traceback" not in done.err
