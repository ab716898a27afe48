"""Votes with readings of some lines alone: who is heard on what, and what that costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import pages as any_pages
from test_cascade import SURE, UNSURE
from test_line_cascade import placed

from ocr_plugins.corpus import gather
from ocr_plugins.document import Line, Page, PageError, Provenance
from ocr_plugins.ensemble.alphabets import Alphabet
from ocr_plugins.ensemble.doubt import doubt_of, doubts_of, words_by_line
from ocr_plugins.ensemble.vote import Vote, WordVote, vote
from ocr_plugins.ensemble.voters import LineKey, choose_voters
from ocr_plugins.ensemble.voting import Confidence, Majority, Method
from ocr_plugins.evaluation import get_convention
from ocr_plugins.polls import Poll
from ocr_plugins.recommended import error_count
from ocr_plugins.runs import EngineRun, Study, Watcher, score_item
from ocr_plugins.spec import parse_spec
from ocr_plugins.trials import Trial
from ocr_plugins.vote_options import CascadeOptions, VoteOptions
from ocr_plugins.voted import run_vote

RULES: dict[str, Method] = {
    "majority": Majority(),
    "confidence": Confidence(lambda _, words: min((word.confidence or 0.5 for word in words), default=0.5)),
    "learned": VoteOptions().rule({}),
}
WORDS = ("the", "thc", "brown", "brovvn", "fox", "f0x", "dog,", "1984", "lazy", "")

rows = st.lists(
    st.tuples(st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join), st.floats(0.05, 0.99)),
    min_size=1,
    max_size=5,
)
placed_pages = rows.map(lambda found: placed(*found))


def unplaced(page: Page) -> Page:
    """What an engine gives that knows of no places."""
    return replace(page, lines=tuple(Line(text=line.text) for line in page.lines))


def held(readings: Mapping[str, Page], rule: Method, **asked: Any) -> Vote:
    found = vote(readings, rule, **asked)
    assert isinstance(found, Vote)
    return found


def apart(words: Any) -> list[WordVote]:
    """Votes on words without the number of their line, which lines before them may change."""
    return [replace(word, line=None) for word in words]


def line_doubts(found: Vote) -> dict[LineKey, float]:
    return doubts_of(found.page, words_by_line(found))


# --- readings of some lines alone ---


@given(placed_pages, placed_pages, placed_pages, st.sampled_from(sorted(RULES)))
def test_who_is_asked_for_no_line_changes_nothing(one: Page, two: Page, dear: Page, rule: str) -> None:
    readings = {"a": one, "b": two}
    without = held(readings, RULES[rule])
    found = held({**readings, "c": dear}, RULES[rule], asked={"c": []})
    assert (found.page, found.words) == (without.page, without.words)


@given(placed_pages, placed_pages, placed_pages)
def test_who_is_asked_for_no_line_changes_nothing_of_a_reading_without_places(
    one: Page, two: Page, dear: Page
) -> None:
    readings = {"a": one, "b": unplaced(two)}
    without = held(readings, Majority())
    assert held({**readings, "c": dear}, Majority(), asked={"c": []}).words == without.words


@settings(max_examples=30)
@given(any_pages, any_pages, any_pages)
def test_whatever_is_read_who_is_asked_for_no_line_is_not_heard(one: Page, two: Page, dear: Page) -> None:
    readings = {"a": replace(one, level="page"), "b": replace(two, level="page")}
    found = held({**readings, "c": replace(dear, level="page")}, Majority(), asked={"c": []})
    assert not any("c" in word.readings for word in found.words)
    assert all(owner != "c" for owner, _ in words_by_line(found))


@settings(max_examples=200)
@given(placed_pages, placed_pages, placed_pages, st.sampled_from(sorted(RULES)), st.data())
def test_lines_that_were_not_asked_for_are_as_without(
    one: Page, two: Page, dear: Page, rule: str, data: st.DataObject
) -> None:
    readings = {"a": one, "b": two}
    without = held(readings, RULES[rule])
    lines = words_by_line(without)
    asked = data.draw(st.sets(st.sampled_from(sorted(lines)))) if lines else set()
    found = held({**readings, "c": dear}, RULES[rule], asked={"c": asked})
    doubts, doubts_without = line_doubts(found), line_doubts(without)
    assert list(words_by_line(found)) == list(lines)
    for line, words in words_by_line(found).items():
        assert all(("c" in word.readings) == (line in asked) for word in words)
        if line not in asked:
            assert apart(words) == apart(lines[line])
            assert doubts[line] == doubts_without[line]


@given(placed_pages, placed_pages, placed_pages, st.data())
def test_of_two_that_are_asked_each_is_heard_on_its_own_lines(
    one: Page, two: Page, dear: Page, data: st.DataObject
) -> None:
    lines = sorted(words_by_line(held({"a": one}, Majority())))
    some = st.sets(st.sampled_from(lines)) if lines else st.just(set[LineKey]())
    asked = {"c": data.draw(some), "d": data.draw(some)}
    found = held({"a": one, "c": two, "d": dear}, Majority(), asked=asked)
    for line, words in words_by_line(found).items():
        told = {"a", *(label for label in asked if line in asked[label])}
        assert all(set(word.readings) == told for word in words)


@given(placed_pages, placed_pages)
def test_who_is_asked_for_every_line_is_heard_on_all_but_adds_none(one: Page, dear: Page) -> None:
    lines = words_by_line(held({"a": one}, Majority()))
    found = held({"a": one, "c": dear}, Majority(), asked={"c": set(lines)})
    assert set(words_by_line(found)) == set(lines)
    both = held({"a": one, "c": dear}, Majority())
    if both.voters == ("a", "c"):
        for line, words in words_by_line(found).items():
            assert [word.readings for word in words] == [word.readings for word in words_by_line(both)[line]]


@given(placed_pages)
def test_a_page_is_as_doubtful_as_its_lines(page: Page) -> None:
    found = held({"a": page}, RULES["confidence"])
    lengths = {line: len(row.text.replace(" ", "")) for line, row in enumerate(found.page.iter_lines())}
    doubts = [
        (line_doubts(found)[of], lengths[words[0].line])
        for of, words in words_by_line(found).items()
        if words[0].line is not None
    ]
    if doubts:
        total = sum(length for _, length in doubts)
        assert doubt_of(found.page) == pytest.approx(sum(one * length for one, length in doubts) / total)


def test_who_is_asked_for_lines_stands_last_and_is_not_judged_by_what_it_lacks() -> None:
    whole = placed(*[(f"one two three four five six{n}", 0.9) for n in range(6)])
    part = replace(placed(("seven", 0.9)), lines=placed(*[("seven", 0.9)] * 2).lines[1:])
    readings = {"c": part, "a": whole, "b": whole}
    assert "c" in choose_voters(readings).dropped or list(choose_voters(readings).pages)[-1] == "c"
    voters = choose_voters(readings, asked={"c": {("a", 1)}})
    assert list(voters.pages) == ["a", "b", "c"]
    assert not voters.dropped
    assert set(voters.standing) == {"a", "b"}


def test_the_alphabet_of_who_is_asked_for_a_line_is_heeded() -> None:
    """It gives no mark that it does not know, which says nothing against others that give it."""
    bounded = {"c": Alphabet(frozenset("abcdefghijklmnopqrstuvwxyz "))}
    readings = {"a": placed(("caffé, fox", 0.9)), "c": placed(("caff fox", 0.9))}
    asked = {"c": {("a", 0)}}
    assert held(readings, Majority(), alphabets=bounded, asked=asked).page.text == "caffé, fox"


# --- what it costs ---


# What is read of a line, and what a poor engine makes of it.
LINES = ("abcdefghij" * 3, "bcdefghijk" * 3, "cdefghijkl" * 3)
TRUTH = "klmnopqrst klmnopqrst klmnopqrst", "klmncpqrst klmncpqrst klmncpqrst"


def studied(spec: Mapping[str, float], excerpts: Sequence[str] = ()) -> tuple[Study, str]:
    """A page of four lines of 30 characters, the last in doubt, and what reading it took."""
    study = Study(corpus=gather([np.full((8, 9), 255, np.uint8)]), convention=get_convention("default"))
    item = replace(study.corpus.items[0], truth="\n".join([*LINES, TRUTH[0]]))
    study.corpus = replace(study.corpus, items=(item,))
    for label, seconds in spec.items():
        about = Provenance(engine="files", spec="files", fingerprint=label, version="1", seconds=seconds)
        if label in excerpts:
            about = replace(about, preprocessed=("excerpt",))
        sure = {"quick": UNSURE, "fair": 0.6}.get(label, SURE)
        reading = placed(*((line, SURE) for line in LINES), (TRUTH[label in ("quick", "fair")], sure))
        run = EngineRun(spec=parse_spec(f"{label}=files:path={label}"))
        run.results[item.id] = page = replace(reading, id=item.id, provenance=about)
        run.scores[item.id] = score_item(item, page, study.convention)
        study.runs.append(run)
    return study, item.id


@pytest.mark.parametrize(("excerpts", "cost"), [((), 0.25), (("good",), 1.0)], ids=["whole page", "excerpt"])
def test_a_whole_reading_costs_its_share_and_an_excerpt_what_it_took(
    excerpts: Sequence[str], cost: float
) -> None:
    study, page = studied({"quick": 10_000.0, "good": 1_000_000.0}, excerpts)
    for doubt, expected in ((0.2, 10_000 + cost * 1_000_000), (0.99, 10_000.0)):
        run_vote(study, parse_spec(f"c{doubt}=cascade:method=confidence:lines=good:doubt={doubt}"), Watcher())
        about = study.runs[-1].results[page].provenance
        assert about is not None
        assert about.seconds == pytest.approx(expected, rel=0.001)


def test_a_page_asked_as_a_whole_costs_all_that_it_took() -> None:
    study, page = studied({"quick": 10_000.0, "good": 1_000_000.0})
    failed = PageError(source="a", kind="crashed", message="it crashed", provenance=None)
    study.runs[0].results[page] = failed
    run_vote(study, parse_spec("cascade:method=confidence:lines=good"), Watcher())
    about = study.runs[-1].results[page].provenance
    assert about is not None
    assert about.seconds == pytest.approx(1_000_000, rel=0.001)


def test_a_trial_of_lines_is_what_its_cascade_does() -> None:
    study, page = studied({"quick": 1.0, "fair": 20.0, "good": 300.0, "best": 4000.0})
    runs = {run.label: run for run in study.runs}
    trial = Trial.of(study, study.corpus.items, study.runs, error_count, [1, 2])
    errors: set[float] = set()
    for plan in trial.line_plans:
        options = CascadeOptions(of="+".join(plan.engines), lines="+".join(plan.lines), doubt=plan.doubt)
        held = Poll.of(study, options, [runs[label] for label in plan.engines]).hold(page)
        assert isinstance(held.found, Vote)
        wrong, seconds = trial.outcome(plan)
        assert seconds[0] == pytest.approx(held.reading)
        score = score_item(study.corpus.items[0], held.found.page, study.convention)
        assert wrong[0] == error_count(score)
        errors.add(float(wrong[0]))
    assert len(errors) > 1
    # Some ask the third for the last line alone.
    assert np.isclose(trial.line_seconds, 1 + 20 + 0.25 * 300).any()
