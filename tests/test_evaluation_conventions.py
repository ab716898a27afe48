"""The conventions against the tools they are named after."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

import jiwer
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ocr_plugins.errors import CallError
from ocr_plugins.evaluation import CONVENTIONS, MODIFIERS, Convention, get_convention, score_texts
from ocr_plugins.evaluation.graphemes import encode, graphemes, unicode_version, word_segments
from ocr_plugins.evaluation.metrics import (
    best_window,
    character_counts,
    distance,
    edit_counts,
    word_counts,
)

GOLDEN = json.loads((Path(__file__).parent / "data" / "dinglehopper_pairs.json").read_text("ascii"))["pairs"]
NFC, NFD = "\u00e9t\u00e9", "e\u0301te\u0301"
FOX = "The quick brown fox", "Tha quick brovvn fox"


@pytest.mark.parametrize(
    ("convention", "reference", "hypothesis", "cer", "wer"),
    [
        ("dinglehopper", *FOX, 3 / 19, 0.5),
        ("jiwer", *FOX, 3 / 19, 0.5),
        ("default", *FOX, 3 / 19, 0.5),
        ("ocrd", *FOX, 3 / 20, 0.5),
        ("dinglehopper", NFC, NFD, 0, 0),
        ("default", NFC, NFD, 0, 0),
        ("jiwer", "\u00e9", "e\u0301", 2, 1),
        ("dinglehopper", "", "abc", math.inf, math.inf),
        ("jiwer", "", "abc", 3, 1),
        ("default", "", "abc", 1, 1),
        ("ocrd", "", "abc", 1, 1),
        ("dinglehopper", "a", "abcd", 3, 1),
        ("ocrd", "a", "abcd", 3 / 4, 1),
        ("dinglehopper", " a b ", "a b", 0.4, 0),
        ("jiwer", " a b ", "a b", 0, 0),
        ("default", " a b ", "a b", 0, 0),
        ("dinglehopper", "a  b", "a b", 0.25, 0),
        ("jiwer", "a  b", "a b", 0.25, 0),
        ("default", "a  b", "a b", 0, 0),
        ("dinglehopper", "a\nb", "a b", 1 / 3, 0),
        ("jiwer", "a\nb", "a b", 1 / 3, 2.0),
        ("default", "a\nb", "a b", 0, 0),
        ("dinglehopper", "Hello, World!", "hello world", 4 / 13, 1),
        ("jiwer", "Hello, World!", "hello world", 4 / 13, 1),
        ("default+casefold+alnum", "Hello, World!", "hello world", 0, 0),
        ("dinglehopper", "foo-bar", "foo bar", 1 / 7, 0),
        ("jiwer", "foo-bar", "foo bar", 1 / 7, 2),
        ("default", "‘It’s’ – “so”—‚‑„", "'It's' - \"so\"-'-\"", 0, 0),
        ("dinglehopper", "it’s", "it's", 1 / 4, 1),
        ("default", "", " \n ", 0, 0),
        ("default", "\U0001f468\u200d\U0001f469\u200d\U0001f467x", "x", 1 / 2, 1),
        ("jiwer", "\U0001f468\u200d\U0001f469\u200d\U0001f467x", "x", 5 / 6, 1),
    ],
)
def test_table(convention: str, reference: str, hypothesis: str, cer: float, wer: float) -> None:
    score = score_texts(reference, hypothesis, convention)
    assert score.cer == pytest.approx(cer)
    assert score.wer == pytest.approx(wer)


@pytest.mark.parametrize("name", CONVENTIONS)
def test_both_empty_is_no_error(name: str) -> None:
    score = score_texts("", "", name)
    assert (score.cer, score.wer, score.cer_order_free, score.word_f1) == (0, 0, 0, 1)


def test_equal_to_dinglehopper_on_every_golden_pair() -> None:
    convention = get_convention("dinglehopper")
    assert len(GOLDEN) >= 2000
    for reference, hypothesis, *expected in GOLDEN:
        chars, words = (count(reference, hypothesis, convention) for count in (character_counts, word_counts))
        assert [chars.errors, chars.length, words.errors, words.length] == expected, (reference, hypothesis)


def test_equal_to_jiwer_on_every_golden_pair() -> None:
    for reference, hypothesis, *_ in GOLDEN:
        score = score_texts_fast(reference, hypothesis, get_convention("jiwer"))
        assert score == (jiwer.cer(reference, hypothesis), jiwer.wer(reference, hypothesis))


def score_texts_fast(reference: str, hypothesis: str, convention: Convention) -> tuple[float, ...]:
    counts = (count(reference, hypothesis, convention) for count in (character_counts, word_counts))
    return tuple(convention.error_rate(c.errors, c.length, c.correct) for c in counts)


@given(st.text(max_size=30), st.text(max_size=30))
@example("", "0\x1f\x1f0")
def test_equal_to_jiwer_on_any_text(reference: str, hypothesis: str) -> None:
    assert score_texts_fast(reference, hypothesis, get_convention("jiwer")) == (
        jiwer.cer(reference, hypothesis),
        jiwer.wer(reference, hypothesis),
    )


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("default+dehyphenate", "exam-\nple", "example"),
        ("default+dehyphenate", "exam- \n  ple", "example"),
        ("default+dehyphenate", "Jean-\nPaul", "Jean- Paul"),
        ("default+dehyphenate", "1990-\n2000", "1990- 2000"),
        ("default+dehyphenate", "soft\u00ad\r\nHyphen", "softHyphen"),
        ("default+dehyphenate", "e\u0301-\ne", "ée"),
        ("default", "exam-\nple", "exam- ple"),
        ("default+casefold", "STRASSE Straße", "strasse strasse"),
        ("default+casefold", "\u0399\u0308\u0301", "\u0390"),
        ("default+alnum", "Don't — stop (5€)!", "Dont stop 5"),
        ("default+alnum", "की ñ", "की ñ"),
        ("default+nospace", "a b\n c", "abc"),
        ("default+nfkc", "ﬁ Ａ²", "fi A2"),
        ("default", "ﬁ", "ﬁ"),
        ("jiwer+nospace", " a b ", "ab"),
    ],
)
def test_modifiers(name: str, text: str, expected: str) -> None:
    assert get_convention(name).characters(text) == expected


def test_nospace_leaves_words_alone() -> None:
    score = score_texts("a b c", "ab c", "default+nospace")
    assert (score.cer, score.cer_order_free) == (0, 0)
    assert score.wer == pytest.approx(2 / 3)


def test_order_of_modifiers_does_not_matter() -> None:
    names = list(MODIFIERS)
    forward, backward = (get_convention("+".join(["default", *order])) for order in (names, names[::-1]))
    assert forward == backward
    assert forward.with_modifiers(*names) == forward
    assert get_convention(forward) is forward
    assert forward.name == "default+" + "+".join(names)
    assert get_convention("default+casefold").name == "default+casefold"
    assert get_convention("default+casefold") != get_convention("default")


@pytest.mark.parametrize("name", ["isri", "default+upper", "", "default+"])
def test_unknown_names_are_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(CallError, match="casefold"):
        get_convention(name)


def test_convention_records_what_fixes_it() -> None:
    record = get_convention("ocrd+casefold").to_dict()
    assert json.loads(json.dumps(record)) == record
    assert record["steps"] == ["nfc", "casefold"]
    assert record["unicode_version"] == unicode_version()
    assert float(unicode_version()) >= 14


@given(st.text())
def test_graphemes_and_segments_give_the_text_back(text: str) -> None:
    assert "".join(graphemes(text)) == text
    assert "".join(word_segments(text)) == text


@pytest.mark.parametrize(
    "cluster",
    ["\r\n", "e\u0301", "\u1112\u1161\u11ab", "\uac00\u11a8", "👍🏽", "🇩🇪", "❤️", "का", "\u0600a", "👨‍👩‍👧"],
)
def test_clusters_are_one_character(cluster: str) -> None:
    assert graphemes(f"a {cluster}b") == ["a", " ", cluster, "b"] or cluster == "\u0600a"
    assert graphemes(cluster) == [cluster]


@given(
    st.lists(st.text(st.sampled_from("a\u0301e\u0308\r\n\U000f0000\U000f0001👍🏽 "), max_size=12), max_size=4)
)
def test_encoding_keeps_clusters_apart(texts: list[str]) -> None:
    pairs = set()
    for text, coded in zip(texts, encode(*texts), strict=True):
        assert len(coded) == len(graphemes(text))
        pairs.update(zip(graphemes(text), coded, strict=True))
    assert len(pairs) == len({left for left, _ in pairs}) == len({right for _, right in pairs})


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("can't stop", ["can't", " ", "stop"]),
        ("3.14, 1,000", ["3.14", ",", " ", "1,000"]),
        ("a_b-c", ["a_b", "-", "c"]),
        ("\u0301a", ["\u0301", "a"]),
        ("🇩🇪🇫a", ["🇩🇪", "🇫", "a"]),
        ("א' א\"ב", ["א'", " ", 'א"ב']),
        ("カナ漢字", ["カナ", "漢", "字"]),
        ("\r\n\n", ["\r\n", "\n"]),
    ],
)
def test_word_boundaries(text: str, segments: list[str]) -> None:
    assert word_segments(text) == segments


def slow_counts(left: str, right: str) -> tuple[int, int]:
    """Fewest errors, then fewest substitutions, by the textbook table."""
    row = [(j, 0) for j in range(len(right) + 1)]
    for i, a in enumerate(left, 1):
        new = [(i, 0)]
        for j, b in enumerate(right, 1):
            (d1, s1), (d2, s2), (d3, s3) = row[j], new[-1], row[j - 1]
            new.append(min((d1 + 1, s1), (d2 + 1, s2), (d3 + (a != b), s3 + (a != b))))
        row = new
    return row[-1]


@given(st.text("abc", max_size=12), st.text("abc", max_size=12))
def test_edit_counts_are_those_of_the_definition(left: str, right: str) -> None:
    counts = edit_counts(left, right)
    assert (counts.errors, counts.substitutions) == slow_counts(left, right)
    assert counts.errors == counts.substitutions + counts.insertions + counts.deletions
    assert counts.correct + counts.substitutions + counts.deletions == len(left)
    assert counts.correct + counts.substitutions + counts.insertions == len(right)
    mirrored = edit_counts(right, left)
    assert (mirrored.insertions, mirrored.correct) == (counts.deletions, counts.correct)


@given(*[st.text("ab\u0301 ", max_size=10)] * 3)
def test_distance_is_a_metric(a: str, b: str, c: str) -> None:
    first, second, third = encode(a, b, c)
    assert distance(first, first) == 0
    assert distance(first, second) == distance(second, first)
    assert distance(first, third) <= distance(first, second) + distance(second, third)


@given(st.text("abc", max_size=8), st.text("abc", max_size=14))
def test_best_window_is_the_best(reference: str, hypothesis: str) -> None:
    start, end = best_window(reference, hypothesis)
    size = len(hypothesis) + 1
    least = min(distance(reference, hypothesis[i:j]) for i in range(size) for j in range(i, size))
    assert distance(reference, hypothesis[start:end]) == least


def test_rates_never_are_nan() -> None:
    rng = random.Random(1)
    for name in CONVENTIONS:
        for _ in range(50):
            pair = ("".join(rng.choices("a \n", k=rng.randint(0, 2))) for _ in range(2))
            score = score_texts(*pair, name)
            assert not any(
                math.isnan(rate) for rate in (score.cer, score.wer, score.cer_order_free, score.word_f1)
            )
