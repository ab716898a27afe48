"""Scores of pages and corpora: manifest rules, policies, averages, order-free errors, diffs."""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_plugins.document import Line, Page, Polygon, Region, Word
from ocr_plugins.errors import CallError
from ocr_plugins.evaluation import (
    METRICS,
    aggregate,
    diff_segments,
    get_convention,
    page_text,
    score_page,
    score_texts,
)
from ocr_plugins.evaluation.order_free import order_free_errors


def word(text: str, x: float, y: float = 0) -> Word:
    return Word(text=text, polygon=Polygon.from_box(x, y, x + 10, y + 10))


PAGE = Page(
    source="a.png",
    page=1,
    size=(200, 100),
    lines=(
        Line.of_words([word("No.", 0), word("7", 20), word("red", 40)]),
        Line.of_words([word("fox", 0, 20)]),
        Line(text="stamp", polygon=Polygon.from_box(100, 40, 150, 60)),
        Line(text="no box"),
    ),
)


def test_a_page_without_boxes_to_ignore_keeps_its_text() -> None:
    regions = Page(
        source="a", page=1, size=(9, 9), regions=(Region(lines=PAGE.lines), Region(lines=PAGE.lines))
    )
    for page in (PAGE, regions):
        assert page_text(page) == page.text
        assert page_text(page, [(190, 90, 200, 100)]) == page.text


def test_words_are_ignored_by_their_centre() -> None:
    # The box covers the centre of "7" (25, 5) and only the edge of "red" (centre 45, 5).
    assert page_text(PAGE, [(15, 0, 44, 10)]) == "No. red\nfox\nstamp\nno box"
    assert page_text(PAGE, [(0, 15, 20, 30), (120, 45, 130, 55)]) == "No. 7 red\nno box"
    score = score_page("No. red fox", PAGE, ignore=[(24, 4, 26, 6), (100, 40, 150, 60)])
    assert (score.char_errors, score.word_errors) == (len(" no box"), 2)


def test_text_in_regions_can_be_ignored() -> None:
    page = Page(
        source="a", page=1, size=(9, 9), regions=(Region(lines=PAGE.lines[:2]), Region(lines=PAGE.lines[2:]))
    )
    assert page_text(page, [(0, 0, 15, 30)]) == "7 red\nstamp\nno box"


def test_boxes_do_not_touch_plain_text() -> None:
    assert score_page("abc", "abc", ignore=[(0, 0, 1e9, 1e9)]).cer == 0


@pytest.mark.parametrize(("case", "cer"), [("upper", 0), ("lower", 0), ("mixed", 1), (None, 1)])
def test_case_of_a_row(case: str | None, cer: float) -> None:
    assert score_page("CAFÉ", "café", case=case).cer == cer


@pytest.mark.parametrize("name", ["default", "dinglehopper", "jiwer", "ocrd"])
def test_missing_counts_as_all_deleted(name: str) -> None:
    score = score_page("ab cd", None, name)
    assert score.missing
    assert (score.char_errors, score.word_errors, score.order_free_errors) == (5, 2, 5)
    assert (score.cer, score.wer, score.cer_order_free, score.word_recall, score.word_f1) == (1, 1, 1, 0, 0)
    empty = score_page("ab cd", "", name)
    assert not empty.missing
    assert empty.cer == score.cer


def test_missing_with_an_empty_reference_is_still_flagged() -> None:
    score = score_page("", None)
    assert (score.missing, score.cer) == (True, 0)


def test_words_have_no_order() -> None:
    score = score_page("red\nfox\nthe", "the red\nfix", scoring="words")
    assert score.cer is None
    assert score.wer is None
    assert score.char_length == 11
    assert score.order_free_errors == 1
    assert (score.word_precision, score.word_recall) == (2 / 3, 2 / 3)
    assert score.to_dict()["cer"] is None


def test_words_are_a_multiset() -> None:
    score = score_texts("a a b", "a b b b")
    assert score.bag_matches == 2
    assert (score.word_precision, score.word_recall) == (2 / 4, 2 / 3)
    assert score.word_f1 == pytest.approx(4 / 7)


def test_contained_text_is_found() -> None:
    page = "header 12\nTotal due: 30.50 EUR\nthank you"
    score = score_page("Total due: 30.50", page, scoring="contains")
    assert (score.cer, score.wer, score.cer_order_free, score.word_f1) == (0, 0, 0, 1)
    score = score_page("Total due: 30.60", page, scoring="contains")
    assert (score.char_errors, score.word_errors, score.hypothesis_words) == (1, 1, 3)
    assert score.order_free_errors == 1
    assert score_page("Total", None, scoring="contains").cer == 1
    assert score_page("", page, scoring="contains").cer == 0


@pytest.mark.parametrize("wrong", [{"scoring": "bag"}, {"case": "title"}, {"convention": "x"}])
def test_wrong_calls(wrong: dict[str, str]) -> None:
    with pytest.raises(CallError, match="known"):
        score_page("a", "a", **wrong)


def test_order_free_is_left_out_on_request() -> None:
    score = score_page("a", "b", order_free=False)
    assert score.order_free_errors is None
    assert score.cer_order_free is None
    assert aggregate([score]).cer_order_free is None


def test_json_has_no_infinity() -> None:
    score = score_texts("", "abc", "dinglehopper")
    assert score.cer == math.inf
    assert score.to_dict()["cer"] is None
    corpus = aggregate([score, score_texts("a", "a", "dinglehopper")], "dinglehopper")
    assert corpus.cer == math.inf
    for record in (score.to_dict(), corpus.to_dict()):
        assert json.loads(json.dumps(record, allow_nan=False)) == record


# Errors and lengths by hand: 1 of 2 characters, 0 of 8 characters; 1 of 1 word, 0 of 2 words.
TWO = [("ab", "ax"), ("abc defg", "abc defg")]


def test_micro_and_macro_by_hand() -> None:
    corpus = aggregate([score_texts(*pair) for pair in TWO])
    assert (corpus.micro["cer"], corpus.macro["cer"]) == (1 / 10, 1 / 4)
    assert (corpus.micro["wer"], corpus.macro["wer"]) == (1 / 3, 1 / 2)
    assert (corpus.micro["word_f1"], corpus.macro["word_f1"]) == (2 / 3, 1 / 2)
    assert corpus.cer == corpus.cer_order_free == 1 / 10
    assert corpus.to_dict()["wer"] == corpus.wer == 1 / 3
    assert (corpus.pages, corpus.missing) == (2, 0)


def test_headline_follows_the_convention() -> None:
    for name, cer in (("dinglehopper", 1 / 4), ("jiwer", 1 / 10), ("ocrd", 1 / 10)):
        assert aggregate([score_texts(*pair, name) for pair in TWO], name).cer == cer


def test_micro_rate_of_ocrd_adds_errors_and_matches() -> None:
    # 1 insertion beside 1 match, 1 deletion beside 3 matches.
    scores = [score_texts("a", "ab", "ocrd"), score_texts("abcd", "abc", "ocrd")]
    assert [score.cer for score in scores] == [1 / 2, 1 / 4]
    assert aggregate(scores, "ocrd").cer == 2 / 6


def test_insertions_into_an_empty_page_count_in_micro() -> None:
    corpus = aggregate([score_texts("", "abc"), score_texts("abcdef", "abcdef")])
    assert corpus.micro["cer"] == 3 / 6
    assert corpus.macro["cer"] == 1 / 2
    assert aggregate([score_texts("", "abc")]).cer == 1


def test_missing_pages_weigh_in_the_average() -> None:
    corpus = aggregate([score_page("ab", None), score_page("abcd", "abcd")])
    assert (corpus.missing, corpus.cer) == (1, 2 / 6)


def test_word_lists_are_left_out_of_cer_only() -> None:
    corpus = aggregate([score_page("ab", "xy", scoring="words"), score_page("abcd", "abcx")])
    assert corpus.cer == corpus.macro["cer"] == 1 / 4
    assert corpus.cer_order_free == 3 / 6
    assert aggregate([score_page("ab", "xy", scoring="words")]).cer is None


def test_no_pages() -> None:
    corpus = aggregate([])
    assert (corpus.pages, corpus.missing) == (0, 0)
    assert all(corpus.headline[name] is None for name in METRICS)


LINES = st.lists(st.text("abcd e", min_size=1, max_size=20), max_size=8)


@given(LINES, LINES, st.randoms(use_true_random=False))
def test_order_of_lines_makes_no_difference(left: list[str], right: list[str], rng: random.Random) -> None:
    errors = order_free_errors(left, right)
    assert order_free_errors(rng.sample(left, len(left)), rng.sample(right, len(right))) == errors


@given(LINES, st.randoms(use_true_random=False))
def test_rearranged_lines_are_no_errors(lines: list[str], rng: random.Random) -> None:
    assert order_free_errors(lines, rng.sample(lines, len(lines))) == 0
    score = score_texts("\n".join(lines), "\n".join(rng.sample(lines, len(lines))))
    assert score.order_free_errors == 0


@given(LINES, LINES, st.sampled_from(["default", "dinglehopper", "jiwer", "ocrd", "default+nospace"]))
def test_order_free_is_never_above_plain(left: list[str], right: list[str], name: str) -> None:
    score = score_texts("\n".join(left), "\n".join(right), name)
    assert 0 <= score.cer_order_free <= score.cer


def text_page(rng: random.Random, lines: int) -> list[str]:
    vocabulary = ["".join(rng.choices("etaoinshrdlu", k=rng.randint(1, 9))) for _ in range(600)]
    return [" ".join(rng.choices(vocabulary, k=6)) for _ in range(lines)]


def noisy(line: str, rng: random.Random, share: float) -> str:
    return "".join("#" if char != " " and rng.random() < share else char for char in line)


def test_order_free_equals_plain_where_lines_are_in_order() -> None:
    rng = random.Random(5)
    lines = text_page(rng, 40)
    last = 0
    for share in (0.01, 0.05, 0.1, 0.2, 0.4):
        read = [noisy(line, rng, share) for line in lines]
        score = score_texts("\n".join(lines), "\n".join(read))
        assert 0.98 * score.char_errors <= order_free_errors(lines, read) <= 1.02 * score.char_errors
        assert score.order_free_errors > last
        last = score.order_free_errors


def test_errors_stay_where_the_order_goes() -> None:
    rng = random.Random(6)
    lines = text_page(rng, 40)
    read = [noisy(line, rng, 0.05) for line in lines]
    true = order_free_errors(lines, read)
    columns = [f"{left} {right}" for left, right in zip(read[:20], read[20:], strict=True)]
    assert true > 0
    assert order_free_errors(lines, columns) == pytest.approx(true, rel=0.05)
    assert order_free_errors(lines, columns[::-1]) == order_free_errors(lines, columns)
    plain = score_texts("\n".join(lines), "\n".join(columns)).char_errors
    assert plain > 5 * true


def test_split_and_merged_lines_are_no_errors() -> None:
    rng = random.Random(7)
    lines = text_page(rng, 30)
    words = " ".join(lines).split()
    for size in (1, 4, 9, 25, len(words)):
        wrapped = [" ".join(words[i : i + size]) for i in range(0, len(words), size)]
        rng.shuffle(wrapped)
        assert order_free_errors(lines, wrapped) <= 0.01 * len(" ".join(lines))
        assert order_free_errors(wrapped, lines) <= 0.01 * len(" ".join(lines))


def test_scripts_without_spaces_are_cut_anywhere() -> None:
    assert order_free_errors(["天地玄黄", "宇宙洪荒"], ["宇宙洪荒天地玄黄"]) == 0


def test_lost_and_added_lines_cost_their_length_and_a_break() -> None:
    lines = ["the first line", "a second one", "and more"]
    assert order_free_errors(lines, [lines[2], lines[0]]) == len("a second one") + 1
    assert order_free_errors(lines[:1], lines[:2]) == len("a second one") + 1
    assert order_free_errors(lines[:1], lines[:2], charge_insertions=False) == 0
    assert order_free_errors(lines, []) == sum(len(line) + 1 for line in lines)


def test_order_free_counts_clusters() -> None:
    score = score_texts("e\u0327\u0301 x\nab", "ab\nq\u0327\u0301 x")
    assert score.order_free_errors == 1


DIFF_TEXT = st.text(st.sampled_from("aAb \n\r\u0301ßé👍🏽"), max_size=25)


@given(DIFF_TEXT, DIFF_TEXT, st.booleans())
def test_diff_gives_both_texts_back(reference: str, hypothesis: str, casefold: bool) -> None:
    segments = diff_segments(reference, hypothesis, casefold=casefold)
    assert "".join(segment.reference for segment in segments) == reference
    assert "".join(segment.hypothesis for segment in segments) == hypothesis
    for left, right in pairwise(segments):
        assert (left.op == "equal") != (right.op == "equal")
    for segment in segments:
        assert bool(segment.reference) == (segment.op != "insert")
        assert bool(segment.hypothesis) == (segment.op != "delete")


def test_diff_by_hand() -> None:
    segments = diff_segments("The brown\nfox", "The brovvn\nfo")
    assert [(s.op, s.reference, s.hypothesis) for s in segments] == [
        ("equal", "The bro", "The bro"),
        ("replace", "w", "vv"),
        ("equal", "n\nfo", "n\nfo"),
        ("delete", "x", ""),
    ]
    assert [s.op for s in diff_segments("", "a")] == ["insert"]
    assert diff_segments("", "") == ()


def test_diff_keeps_clusters_whole_and_folds_on_request() -> None:
    (segment,) = diff_segments("e\u0301", "e\u0300")
    assert (segment.op, segment.reference) == ("replace", "e\u0301")
    assert [s.op for s in diff_segments("É", "e\u0301")] == ["replace"]
    assert [s.op for s in diff_segments("É", "e\u0301", casefold=True)] == ["equal"]
    assert [s.op for s in diff_segments("é", "e\u0301")] == ["equal"]


def test_import_is_light() -> None:
    code = (
        "import sys, ocr_plugins.evaluation; "
        "print([name for name in ('numpy', 'pandas', 'jiwer') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_diff_marks_what_its_convention_counts() -> None:
    """A curly quote, a dash or a line end that costs nothing must not look like an error."""
    reference, hypothesis = "it’s one –\ntwo", "it's one -- two"
    plain = diff_segments(reference, hypothesis)
    under = diff_segments(reference, hypothesis, convention=get_convention("default"))
    assert [s.op for s in plain if s.op != "equal"] != []
    assert [(s.op, s.reference, s.hypothesis) for s in under if s.op != "equal"] == [("insert", "", "-")]
    assert "".join(s.reference for s in under) == reference
    assert "".join(s.hypothesis for s in under) == hypothesis
    kept = diff_segments("a\nb", "a b", convention=get_convention("dinglehopper"))
    assert [s.op for s in kept] == ["equal", "replace", "equal"]
