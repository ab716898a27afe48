"""Votes on one page: who takes part, what is taken, and what is told of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import pages as any_pages
from test_ensemble_alignment import line, page, text_only

import ocr_plugins
from ocr_plugins.document import Page, PageError, Region
from ocr_plugins.ensemble.oracle import oracle
from ocr_plugins.ensemble.vote import Vote, vote
from ocr_plugins.ensemble.voters import choose_voters
from ocr_plugins.ensemble.voting import Confidence, Decision, Majority, Method
from ocr_plugins.errors import CallError

TEXT = "the quick brown fox jumps over the lazy dog"


def voted(*texts: str, method: Method | None = None) -> Vote:
    readings = {f"e{number}": text_only(text) for number, text in enumerate(texts)}
    found = vote(readings, method or Majority())
    assert isinstance(found, Vote)
    return found


# --- who votes ---


def test_voters_stand_by_their_agreement() -> None:
    readings = {
        "poor": text_only(TEXT.replace("o", "0")),
        "good": text_only(TEXT),
        "fair": text_only(TEXT.replace("lazy", "1azy")),
    }
    voters = choose_voters(readings)
    assert list(voters.pages) == list(voters.standing) == ["good", "fair", "poor"]
    assert not voters.dropped


def test_the_order_of_most_is_that_of_the_page() -> None:
    lines = ["the quick brown fox", "jumps over the lazy dog", "and reads the letters", "of another day"]
    swapped = [lines[1], lines[0], *lines[2:]]
    readings = {
        "swapped": text_only("\n".join(swapped)),
        "one": text_only("\n".join(lines).replace("quick", "qu1ck")),
        "two": text_only("\n".join(lines).replace("lazy", "1azy")),
    }
    voters = choose_voters(readings)
    assert max(voters.standing, key=lambda label: voters.standing[label]) == "swapped"
    assert list(voters.pages)[-1] == "swapped"


def test_twins_do_not_raise_each_other() -> None:
    twin = TEXT.replace("o", "0").replace("e", "c")
    readings = {
        "twin": text_only(twin),
        "same": text_only(twin),
        "good": text_only(TEXT),
        "fair": text_only(TEXT.replace("lazy", "1azy").replace("over", "0ver")),
    }
    assert next(iter(choose_voters(readings).pages)) == "twin"
    families = {"twin": "one", "same": "one"}
    assert next(iter(choose_voters(readings, families=families).pages)) == "good"
    only = {label: readings[label] for label in families}
    assert choose_voters(only, families=families).standing == {"twin": 1.0, "same": 1.0}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (PageError(source="a", kind="crashed", message="it crashed"), "failed: crashed"),
        (text_only(""), "empty"),
        (text_only("ha ha " * 400), "loops"),
        (text_only(" ".join(f"w{n * n}x{n}" for n in range(40))), "too long"),
        (text_only("not one word in common with others here"), "outlier"),
    ],
)
def test_what_cannot_vote_is_dropped_and_named(bad: Page | PageError, reason: str) -> None:
    readings = {"one": text_only(TEXT), "two": text_only(TEXT), "bad": bad}
    found = vote(readings, Majority())
    assert isinstance(found, Vote)
    assert found.voters == ("one", "two")
    assert found.dropped["bad"].startswith(reason)
    assert found.page.text == TEXT


def test_two_that_contradict_each_other_both_vote() -> None:
    voters = choose_voters({"one": text_only(TEXT), "two": text_only("not one word in common with others")})
    assert len(voters.pages) == 2


def test_rules_and_tables_do_not_loop() -> None:
    dotted = text_only("\n".join(f"chapter {n} {'.' * 40} {n * 7}" for n in range(9)))
    assert not choose_voters({"one": dotted, "two": dotted}).dropped


# --- what is taken ---


def test_the_majority_of_each_place_is_taken() -> None:
    found = voted("the qu1ck brown fox", "the quick brovvn fox", "the quick brown f0x")
    assert found.page.text == "the quick brown fox"
    assert [word.text for word in found.words] == ["the", "quick", "brown", "fox"]
    quick = found.words[1]
    assert sorted(quick.readings.values()) == ["qu1ck", "quick", "quick"]
    assert list(quick.scores) == ["quick", "qu1ck"]
    assert quick.probability == pytest.approx(2 / 3)
    assert "against 0.33" in quick.reason
    assert found.words[0].reason == "all agree"


def test_a_word_may_be_put_together_from_several() -> None:
    found = voted("c0nfusion", "confus1on", "confusi0n")
    assert found.page.text == "confusion"
    assert found.words[0].reason == "put together from what the readings have or hold possible"


def test_spaces_are_voted_on() -> None:
    assert voted("Book Keeping", "BookKeeping", "Book Keeping").page.text == "Book Keeping"
    assert voted("BookKeeping", "BookKeeping", "Book Keeping").page.text == "BookKeeping"


def test_nothing_is_taken_where_most_have_nothing() -> None:
    noise = page(("a line of print", 10, 10), ("~.;", 10, 60))
    clean = page(("a line of print", 10, 10))
    found = vote({"one": noise, "two": clean, "three": clean}, Majority())
    assert isinstance(found, Vote)
    assert found.page.text == "a line of print"
    left_out = found.words[-1]
    assert (left_out.text, left_out.line) == ("", None)
    assert left_out.reason.startswith("nothing here by")
    assert "~.;" in left_out.readings.values()


def test_a_sure_reading_outweighs_two_unsure_ones() -> None:
    method = Confidence(lambda label, _: 0.99 if label == "e2" else 0.3)
    texts = ("wrong words", "wrong words", "right words")
    assert voted(*texts).page.text == "wrong words"
    assert voted(*texts, method=method).page.text == "right words"


def test_shares_sum_to_one_or_less() -> None:
    for method in (Majority(), Confidence(lambda *_: 0.6)):
        (word,) = voted("abc", "abd", "xyz", method=method).words
        assert 0 < sum(word.scores.values()) <= 1 + 1e-9
        assert word.probability == max(word.scores.values())


@given(st.lists(st.text(alphabet="ab c", max_size=15), min_size=1, max_size=5))
def test_one_reading_or_several_alike_stay_as_they_are(texts: list[str]) -> None:
    kept = " ".join(texts[0].split())
    for copies in (1, 3):
        found = vote({str(n): text_only(texts[0]) for n in range(copies)}, Majority())
        assert isinstance(found, Vote)
        assert " ".join(found.page.text.split()) == kept


@given(st.lists(any_pages, min_size=1, max_size=4))
def test_any_pages_can_be_voted_on(readings: list[Page]) -> None:
    found = vote({str(n): reading for n, reading in enumerate(readings)}, Majority())
    assert isinstance(found, Vote)
    json.dumps([word.to_dict() for word in found.words])
    said = {mark for reading in readings for word in reading.iter_words() for mark in word.text}
    assert set("".join(found.page.text.split())) <= said


def test_words_of_a_decision_are_as_sure_as_it_is_unless_they_were_told_apart() -> None:
    assert Decision("the fox", 0.6, {}).of_words() == [("the", 0.6), ("fox", 0.6)]
    assert Decision("the fox", 0.6, {}, (0.9, 0.6)).of_words() == [("the", 0.9), ("fox", 0.6)]
    assert Decision("", 0.6, {}).of_words() == []
    with pytest.raises(ValueError, match="zip"):
        Decision("the fox", 0.6, {}, (0.9,)).of_words()


def test_votes_that_do_not_tell_words_apart_are_as_sure_of_each() -> None:
    for method in (Majority(), Confidence(lambda *_: 0.6)):
        found = voted("Book Keeping", "BookKeeping", "Book Keeping", method=method)
        (cell,) = found.words
        words = list(found.page.iter_words())
        assert [word.text for word in words] == ["Book", "Keeping"]
        assert {word.confidence for word in words} == {cell.probability}


def test_the_api_votes_by_name() -> None:
    readings = {"one": text_only("qu1ck"), "two": text_only("quick"), "three": text_only("quick")}
    found = ocr_plugins.vote(readings, "majority")
    assert isinstance(found, Vote)
    assert (found.page.text, found.method) == ("quick", "majority")
    # It needs no model of one's own.
    learned = ocr_plugins.vote(readings, "learned")
    assert isinstance(learned, Vote)
    assert (learned.page.text, learned.method) == ("quick", "learned")
    with pytest.raises(CallError, match="method"):
        ocr_plugins.vote(readings, "shouting")
    with pytest.raises(CallError, match="nothing to vote on"):
        ocr_plugins.vote({})


def test_no_reading_left_is_an_error() -> None:
    error = PageError(source="a", kind="crashed", message="it crashed")
    assert vote({"one": error, "two": error}, Majority()) is error


# --- the page that comes of it ---


def test_words_stand_where_readings_have_them() -> None:
    lines = (("the quick brown", 10.0, 10.0), ("fox jumps", 10.0, 40.0))
    found = vote(
        {"one": page(*lines), "two": page(*lines), "three": text_only("the quick brown\nfox jumps")},
        Majority(),
    )
    assert isinstance(found, Vote)
    assert [word.polygon for word in found.page.iter_words()] == [
        word.polygon for row in lines for word in line(*row).words
    ]
    assert found.page.size == (1000, 1000)
    assert all(row.confidence_kind == "vote-majority" for row in found.page.iter_lines())


def test_words_that_no_reading_cuts_alike_share_the_place() -> None:
    readings = {
        name: page((text, 10, 10))
        for name, text in {"a": "xab cd ef", "b": "abcd ef", "c": "ab cdef"}.items()
    }
    found = vote(readings, Majority())
    assert isinstance(found, Vote)
    assert found.page.text == "ab cd ef"
    edges = [edge for word in found.page.iter_words() if word.polygon for edge in word.polygon.box[::2]]
    assert edges == sorted(edges)


def test_regions_stay_those_of_the_first() -> None:
    def of_regions(*texts: str) -> Page:
        regions = (
            Region(lines=(line(texts[0], 10, 10), line(texts[1], 10, 40)), kind="heading"),
            Region(lines=(line(texts[2], 10, 200),), kind="table"),
        )
        return Page(source="a", page=1, size=(900, 900), regions=regions)

    readings = {
        "one": of_regions("alpha beta", "gamma delta", "epsilon zeta"),
        "two": of_regions("alpha beta", "gamma delta", "epsilon zeta"),
        "three": page(("alpha beta", 10, 10), ("gamma delta", 10, 40), ("epsilon zeta", 10, 200)),
    }
    found = vote(readings, Majority())
    assert isinstance(found, Vote)
    assert [(region.kind, region.text) for region in found.page.regions] == [
        ("heading", "alpha beta\ngamma delta"),
        ("table", "epsilon zeta"),
    ]


def test_the_oracle_takes_what_is_nearest_to_the_truth() -> None:
    readings = [text_only("tbe quick brovvn fax"), text_only("the qulck brown fox jumps")]
    truth = text_only("the quick brown fox")
    assert oracle(readings, truth).text == "the quick brown fox"
    # What nobody read cannot be had.
    assert oracle(readings[:1], truth).text == "tbe quick brovvn fax"
    assert oracle(readings, text_only("")).text in ("", "tbe quick brovvn fax", "the qulck brown fox jumps")
