"""The learned vote: whether text is there, who is heard, the models' files, fitting, and its command."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from running import ocr
from test_ensemble_alignment import Placed, page, text_only

from ocr_plugins.document import Line, Page, Word
from ocr_plugins.ensemble import shipped
from ocr_plugins.ensemble.alignment import AlignedLine, Cell
from ocr_plugins.ensemble.learned import Choice, Learned, behind_best, parts_of
from ocr_plugins.ensemble.lexicon import Lexicon
from ocr_plugins.ensemble.presence import NAMES, RANKED, described, is_gap, of_line, text_of
from ocr_plugins.ensemble.vote import Vote, vote
from ocr_plugins.ensemble.voter_model import CERTAINTY_NAMES, Linear, VoterModel
from ocr_plugins.ensemble.voter_training import Example, Setting, examples, fit_voter
from ocr_plugins.ensemble.voters import choose_voters
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.language_model import misshapen
from ocr_plugins.vote_options import Trust

TEXT = "The quick brown fox jumps over the lazy dog and reads modern letters of 1984"
FAIR, POOR = 0.01, 0.2


def evenly(_: str, words: Sequence[Word]) -> float:
    return 0.9 if words else 0.5


def setting(**expected: float) -> Setting:
    return Setting(evenly, expected, shipped.shipped_words(), shipped.shipped_lexicon())


def trusting(model: VoterModel, trust: Callable[[str, Sequence[Word]], float], **expected: float) -> Learned:
    return Learned(model, trust, expected, shipped.shipped_words(), shipped.shipped_lexicon())


def linear(names: Sequence[str], some: Mapping[str, float] | None = None, intercept: float = 0.0) -> Linear:
    return Linear(dict.fromkeys(names, 0.0) | dict(some or {}), intercept)


def of(
    presence: Mapping[str, float] | None = None,
    *,
    intercept: float = 0.0,
    certainty: Mapping[str, float] | None = None,
    behind: float = 1.0,
    lexicon: float = 0.0,
) -> VoterModel:
    """A model of a few weights, the others 0."""
    return VoterModel(
        presence=linear(RANKED, presence, intercept),
        unranked=linear(NAMES),
        behind=behind,
        sharpness=0.5,
        lexicon=lexicon,
        certainty=linear(CERTAINTY_NAMES, certainty),
    )


def sure_page(sure: float, *lines: Placed) -> Page:
    """A page whose words all have one confidence."""
    plain = page(*lines)
    words = [
        [Word(text=w.text, polygon=w.polygon, confidence=sure, confidence_kind="k") for w in line.words]
        for line in plain.lines
    ]
    return Page(source="a.png", page=1, size=(1000, 1000), lines=tuple(map(Line.of_words, words)))


def voted(readings: Mapping[str, Page], method: Learned) -> Vote:
    found = vote(readings, method)
    assert isinstance(found, Vote)
    return found


def readings_of(*texts: str) -> dict[str, Page]:
    return {f"e{number}": text_only(text) for number, text in enumerate(texts)}


def choose_among(
    *texts: str,
    families: Mapping[str, str] | None = None,
    model: VoterModel | None = None,
    weighed: Setting | None = None,
) -> Choice:
    """The choice among readings e0, e1 and so on of one cell."""
    voters = choose_voters(readings_of(*texts), families=families)
    (line,) = voters.align()
    (cell,) = line.cells
    return (weighed or setting()).method(model or of()).choose(cell, line, voters, 0.0)


def seen_of(choice: Choice) -> list[dict[str, float]]:
    """What is seen of each word of a choice, by name."""
    return [dict(zip(CERTAINTY_NAMES, row, strict=True)) for row in choice.seen]


def choice_among(
    *texts: str, families: Mapping[str, str] | None = None, **expected: float
) -> dict[str, float]:
    """What is seen of the text that is chosen among readings e0, e1 and so on of one word."""
    (seen,) = seen_of(choose_among(*texts, families=families, weighed=setting(**expected)))
    return seen


# --- whether text is there ---


def shipped_vote(**readings: Page) -> Vote:
    """By the package's model, each reading as sure as it says."""
    expected = dict.fromkeys(readings, 0.02)
    return voted(readings, trusting(shipped.shipped_voter(), Trust({}), **expected))


PRINT: tuple[Placed, ...] = (("a line of print", 10, 10), ("and another one below", 10, 40))


def test_long_text_that_one_sure_engine_has_alone_is_kept() -> None:
    more: Placed = ("which the others did not find at all", 10, 70)
    both = sure_page(0.95, *PRINT)
    found = shipped_vote(one=both, two=both, three=sure_page(0.98, *PRINT, more))
    assert found.page.text.split("\n") == [text for text, *_ in (*PRINT, more)]


@pytest.mark.parametrize("sign", ["~", "|", "'", "1l"])
def test_single_signs_that_an_unsure_engine_has_alone_are_left_out(sign: str) -> None:
    both = sure_page(0.95, *PRINT)
    found = shipped_vote(one=both, two=both, three=sure_page(0.3, *PRINT, (sign, 10, 70)))
    assert found.page.text.split("\n") == [text for text, *_ in PRINT]
    last = found.words[-1]
    assert (last.text, last.line, last.readings["three"]) == ("", None, sign)
    assert last.reason.startswith("nothing here by")
    assert last.probability > 0.5


def test_what_tells_of_a_line_that_some_lack() -> None:
    readings = {
        "one": sure_page(0.9, *PRINT, ("read by two", 10, 70)),
        "two": sure_page(0.8, *PRINT, ("read by tvvo", 10, 70)),
        "three": sure_page(0.9, *PRINT),
    }
    voters = choose_voters(readings)
    line = voters.align()[-1]
    assert {text_of(line, place) for place in range(3)} == {"read by two", "read by tvvo", ""}
    found = dict(zip(NAMES, of_line(line, voters, Trust({})), strict=True))
    assert found["surest"] == pytest.approx(math.log(9))
    assert found["length"] == pytest.approx(math.log(9))
    assert (found["agreeing"], found["absent"]) == (1, 1)
    assert (found["misshapen"], found["letters"]) == (0, 1)


def test_of_those_that_lack_a_line_the_best_one_tells() -> None:
    only: Placed = ("only one has it", 10, 70)
    voters = choose_voters({"one": page(*PRINT, only), "two": page(*PRINT), "three": page(*PRINT)})
    line = voters.align()[-1]
    unranked = of_line(line, voters, evenly)
    assert len(unranked) == len(NAMES)
    ranked = of_line(line, voters, evenly, {"one": 0.0, "two": 2.5, "three": 1.5})
    assert ranked == [*unranked, 1.5]


def test_variants_of_an_engine_count_as_one() -> None:
    texts, sure = ["words", "words", "", ""], [0.9, 0.8, 0.0, 0.0]
    strangers = dict(zip(NAMES, described(texts, sure, "abcd"), strict=True))
    twins = dict(zip(NAMES, described(texts, sure, "aabb"), strict=True))
    assert (strangers["agreeing"], strangers["absent"]) == (1, 2)
    assert (twins["agreeing"], twins["absent"]) == (0, 1)
    # Who has it in one variant does not lack it.
    assert dict(zip(NAMES, described(texts, sure, "abab"), strict=True))["absent"] == 0


@pytest.mark.parametrize(
    ("span", "gap"),
    [
        (("the ", ""), True),
        (("of the ", "", " the"), True),
        (("the ", "a "), False),
        (("th", ""), False),
        (("the ", "t", ""), False),
        ((" ", ""), False),
        (("", ""), False),
    ],
)
def test_a_gap_is_where_whole_words_are_lacking(span: Sequence[str], gap: bool) -> None:
    assert is_gap(span) == gap


@pytest.mark.parametrize(
    ("text", "count"),
    [("l984", 1), ("Smith's", 0), ("oF", 1), ("A4", 1), ("", 0), ("br0wn", 2), ("NASA", 0), ("12-inch", 0)],
)
def test_misshapen(text: str, count: int) -> None:
    assert misshapen(text) == count


@given(
    st.lists(
        st.tuples(st.text("ab1 אבg\u0301|~", max_size=12), st.floats(0, 1), st.sampled_from("xyz")),
        min_size=1,
        max_size=4,
    ).filter(lambda told: any(text.strip() for text, *_ in told))
)
def test_what_is_told_of_any_text_is_finite(told: list[tuple[str, float, str]]) -> None:
    texts, sure, families = zip(*told, strict=True)
    row = described(texts, sure, families)
    assert len(row) == len(NAMES)
    assert all(math.isfinite(value) and abs(value) < 100 for value in row)


# --- the vote ---


def test_what_is_said_most_surely_is_taken() -> None:
    readings = readings_of("modern", "modem", "modem")
    found = voted(readings, setting().method(of()))
    assert (found.page.text, found.method) == ("modem", "learned")
    (word,) = found.words
    assert sum(word.scores.values()) == pytest.approx(1)
    assert list(word.scores) == ["modem", "modern"]
    (read,) = found.page.lines[0].words
    assert read.confidence_kind == "vote-learned"


def test_an_engine_that_is_much_better_outvotes_two_worse_ones() -> None:
    readings = readings_of("modern", "modem", "modem")
    alike = voted(readings, setting(e0=FAIR, e1=FAIR, e2=FAIR).method(of()))
    better = voted(readings, setting(e0=FAIR, e1=POOR, e2=POOR).method(of()))
    assert (alike.page.text, better.page.text) == ("modem", "modern")
    assert better.words[0].reason.startswith("said by e0")


@pytest.mark.parametrize(("behind", "text"), [(0.0, "modem"), (0.5, "modem"), (1.0, "modern")])
def test_how_much_worse_engines_are_behind_is_a_power_of_their_errors(behind: float, text: str) -> None:
    method = setting(e0=FAIR, e1=POOR, e2=POOR).method(of(behind=behind))
    assert voted(readings_of("modern", "modem", "modem"), method).page.text == text


@given(
    st.dictionaries(st.sampled_from("abcd"), st.floats(0, 2)), st.sets(st.sampled_from("abcd"), min_size=1)
)
def test_engines_are_as_far_behind_as_their_rates_are_higher(
    expected: dict[str, float], labels: set[str]
) -> None:
    found = behind_best(expected, sorted(labels))
    assert set(found) == labels
    assert min(found.values()) == 0
    assert max(found.values()) <= 3
    # Of whom nothing is known, the best is expected.
    rising = sorted(labels, key=lambda label: expected.get(label, 0.0))
    assert [found[label] for label in rising] == sorted(found.values())


def test_rates_that_hardly_differ_put_nobody_far_behind() -> None:
    found = behind_best(
        {"one": 0.0, "two": 0.0001, "three": 0.018, "four": 5.0}, ["one", "two", "three", "four"]
    )
    assert found["two"] < 0.05
    assert found["three"] == pytest.approx(math.log(10))
    assert found["four"] == 3


@given(st.tuples(*[st.floats(0, 1)] * 3), st.floats(FAIR, 1), st.floats(0, 3))
def test_who_says_the_same_never_takes_from_it(sure: tuple[float, ...], rate: float, behind: float) -> None:
    """However unsure it is, and however poor its engine."""

    def share(*texts: str) -> float:
        method = trusting(of(behind=behind), lambda label, _: sure[int(label[1])], e0=FAIR, e1=FAIR, e2=rate)
        (word,) = voted(readings_of(*texts), method).words
        return word.scores["modern"]

    assert share("modern", "modem", "modern") >= share("modern", "modem") - 1e-9


def test_who_lacks_the_same_word_never_speaks_for_it() -> None:
    def trust(label: str, _: Sequence[Word]) -> float:
        return 0.3 if label == "e0" else 0.9

    method = trusting(of(behind=3.0), trust, e0=FAIR, e1=FAIR, e2=1.0)
    for others in (["the fox"], ["the fox", "the fox"]):
        assert voted(readings_of("the old fox", *others), method).page.text == "the fox"


def test_a_sure_engine_outvotes_two_that_doubt_themselves() -> None:
    def trust(label: str, _: Sequence[Word]) -> float:
        return 0.99 if label == "e0" else 0.2

    readings = readings_of("modern", "modem", "modem")
    assert voted(readings, trusting(of(), trust)).page.text == "modern"


def of_some(there: float) -> Vote:
    clean = page(*PRINT)
    readings = {"e0": clean, "e1": clean, "e2": page(*PRINT, ("more words", 10, 70))}
    return voted(readings, setting().method(of(intercept=there)))


def test_a_line_that_is_not_there_gives_nothing() -> None:
    kept, left = of_some(1.0), of_some(-1.0)
    assert kept.page.text == f"{left.page.text}\nmore words"
    word = left.words[-1]
    assert (word.text, word.line, list(word.scores)) == ("", None, [""])
    assert word.readings == {"e0": "", "e1": "", "e2": "more words"}
    # So likely it is not there.
    assert word.probability == pytest.approx(1 / (1 + math.exp(-1)))


def test_what_all_have_is_there() -> None:
    assert of_some(-30.0).page.text.split("\n") == [text for text, *_ in PRINT]


@given(st.floats(-50, 50))
def test_that_a_line_is_there_is_never_more_than_nearly_certain(odds: float) -> None:
    voters = choose_voters({"e0": page(*PRINT), "e1": page(*PRINT, ("more words", 10, 70))})
    method = setting().method(of(intercept=odds))
    assert [method.there(line, voters) for line in voters.align()] == [8, 8, min(odds, 8)]


def test_a_line_that_only_poor_engines_lack_is_there() -> None:
    more: Placed = ("more words", 10, 70)
    readings = {"e0": page(*PRINT, more), "e1": page(*PRINT), "e2": page(*PRINT)}
    model = of({"lacking_behind": 1.0}, intercept=-1.0)
    found = {
        (one, other): voted(readings, setting(e0=FAIR, e1=one, e2=other).method(model)).page.text
        for one in (FAIR, POOR)
        for other in (FAIR, POOR)
    }
    assert [rates for rates, text in found.items() if text.endswith(more[0])] == [(POOR, POOR)]


def test_who_lacks_a_line_is_not_asked_what_it_says() -> None:
    clean, longer = page(*PRINT), page(*PRINT, ("more words", 10, 70))
    readings = {"e0": clean, "e1": clean, "e2": clean, "e3": longer}
    found = voted(readings, setting(e0=FAIR, e1=FAIR, e2=FAIR, e3=POOR).method(of(intercept=1.0)))
    assert found.page.text.endswith("more words")


def test_words_that_most_lack_in_a_line_are_left_out() -> None:
    readings = readings_of("the old brown fox", "the brown fox", "the brown fox")
    assert voted(readings, setting().method(of())).page.text == "the brown fox"
    better = setting(e0=0.0, e1=POOR, e2=POOR).method(of())
    assert voted(readings, better).page.text == "the old brown fox"


def test_what_is_seen_of_a_choice() -> None:
    seen = choice_among("modern", "modem", "modem", e0=FAIR, e1=POOR, e2=POOR)
    assert (seen["saying"], seen["against"], seen["best_says"]) == (1, 1 + 1, 1)
    others = choice_among("modern", "modem", "modem", e0=POOR, e1=FAIR, e2=FAIR)
    assert (others["saying"], others["against"], others["best_says"]) == (2, 1, 1)
    assert others["lead"] > seen["lead"] > 0
    assert others["best_rate"] == seen["best_rate"] == pytest.approx(math.log(FAIR + 0.002))
    assert seen["length"] == pytest.approx(math.log(7))


def test_variants_of_an_engine_say_it_once() -> None:
    strangers = choice_among("brown", "brown", "brown", "brovvn", "brovvn")
    assert (strangers["saying"], strangers["against"]) == (3, 2)
    # e2, of which nothing is said, is its own.
    families = {"e0": "a", "e1": "a", "e3": "b", "e4": "b"}
    related = choice_among("brown", "brown", "brown", "brovvn", "brovvn", families=families)
    assert (related["saying"], related["against"]) == (2, 1)


def test_spelling_prefers_words() -> None:
    spelled = {text: choice_among(text)["spelling"] for text in ("brown", "brovvn", "br0wn")}
    assert spelled["brown"] > spelled["brovvn"] + 1
    assert spelled["brown"] > spelled["br0wn"] + 1
    assert choice_among("br0wn")["misshapen"] == 2


def test_a_choice_that_all_make_leads_by_most() -> None:
    seen = choice_among("brown", "brown")
    assert seen["lead"] == 8
    assert (seen["saying"], seen["against"]) == (2, 0)


@given(st.lists(st.text("ab1 אבg\u0301|~\n", max_size=30), min_size=1, max_size=4), st.floats(-3, 3))
def test_every_word_is_some_reading_or_put_together_of_them(texts: list[str], there: float) -> None:
    readings = {str(number): text_only(text) for number, text in enumerate(texts)}
    method = setting(**{"0": 0.0, "1": 1.0}).method(of(intercept=there, certainty={"spelling": 0.2}))
    found = voted(readings, method)
    assert set(found.page.text) <= set("".join(texts)) | {" ", "\n"}
    if len(set(texts)) == 1:
        assert found.page.text.split() == texts[0].split()
    assert all(0 <= word.probability <= 1 for word in found.words)
    assert all(sum(word.scores.values()) == pytest.approx(1) for word in found.words)


@given(st.lists(st.text("ab1 אבg\u0301|~\n", max_size=30), min_size=2, max_size=4))
def test_what_is_seen_is_finite_whatever_is_read(texts: list[str]) -> None:
    voters = choose_voters({f"e{number}": text_only(text) for number, text in enumerate(texts)})
    method = setting(e0=0.0, e1=1.0).method(of())
    for line in voters.align():
        assert len(method.decide(line, voters)) == len(line.cells)
        for cell in line.cells:
            found = method.choose(cell, line, voters, 0.0)
            assert len(found.seen) == max(len(found.text.split()), 1)
            assert all(math.isfinite(value) and abs(value) < 100 for row in found.seen for value in row)
            heard = {text for text, here in zip(cell.strings, line.present, strict=True) if here}
            assert set(found.scores) <= heard


# --- words that there are ---

KNOWN = Lexicon.of(["the", "brown", "fox", "modern", "modem", "letters"])
# So much counts one reading that is trusted evenly.
ONE = math.log(0.9 / 0.1) + math.log(10)


def knowing(lexicon: float, **weights: float) -> Learned:
    model = of(lexicon=lexicon, certainty=weights)
    return Learned(model, evenly, {}, shipped.shipped_words(), KNOWN)


def chosen_of(lexicon: float, *texts: str) -> str:
    return voted(readings_of(*texts), knowing(lexicon)).page.text


@given(st.integers(1, 4), st.integers(1, 4), st.floats(0, 20))
def test_what_is_no_word_gives_way_to_a_word_that_is_near_enough(
    none: int, known: int, lexicon: float
) -> None:
    ahead = known * ONE + lexicon - none * ONE
    assume(abs(ahead) > 1e-6)
    assert chosen_of(lexicon, *["thc"] * none, *["the"] * known) == ("the" if ahead > 0 else "thc")


@given(st.lists(st.sampled_from(["the", "thc", "them", "THE", "1he", "the,"]), min_size=1, max_size=5))
def test_where_words_count_for_nothing_the_odds_decide_alone(texts: list[str]) -> None:
    untaught = Learned(of(), evenly, {}, shipped.shipped_words(), Lexicon.of([]))
    assert chosen_of(0.0, *texts) == voted(readings_of(*texts), untaught).page.text


@pytest.mark.parametrize(
    ("texts", "text"),
    [
        # One word is as good as another.
        (("modem", "modem", "modern"), "modem"),
        # Nor do numbers, signs and short words give way, and to them nothing does.
        (("1984", "1984", "the"), "1984"),
        (("--", "--", "the"), "--"),
        (("of", "of", "fox"), "of"),
        (("thc", "thc", "1984"), "thc"),
        (("thc", "thc", "tc"), "thc"),
        (("thc", "thc", "tho"), "thc"),
        # A digit among letters makes no word, whatever the letters are.
        (("br0wn", "br0wn", "brown"), "brown"),
        (("fox2", "fox2", "fox"), "fox"),
        (("thc", "thc", "THE,"), "THE,"),
    ],
)
def test_only_what_is_no_word_gives_way_and_only_to_words(texts: Sequence[str], text: str) -> None:
    assert chosen_of(100.0, *texts) == text


def test_of_several_words_the_surest_is_taken() -> None:
    assert chosen_of(100.0, "modcrn", "modcrn", "modcrn", "modern", "modem", "modem") == "modem"


@pytest.mark.parametrize(("lexicon", "text"), [(ONE - 0.1, "1etters"), (ONE + 0.1, "letters")])
def test_what_no_reading_has_counts_as_its_least_sure_part(lexicon: float, text: str) -> None:
    # Each part is of two readings, and no reading has them all.
    assert chosen_of(lexicon, "letters", "1etzers", "1etter5") == text


def test_a_word_gives_way_without_those_beside_it() -> None:
    texts = ("brown fax", "brown fax", "brownfox")
    assert [chosen_of(lexicon, *texts) for lexicon in (ONE - 0.1, ONE + 0.1)] == ["brown fax", "brown fox"]


def doubting(text: str, **alternatives: tuple[tuple[str, float], ...]) -> Page:
    """A line whose words may have alternatives."""
    words = [Word(text=part, alternatives=alternatives.get(part, ())) for part in text.split()]
    return Page(source="a.txt", page=1, size=None, lines=(Line.of_words(words),))


@given(st.floats(0.02, 0.9), st.floats(0.01, 20))
def test_a_word_that_an_engine_held_possible_counts_by_how_likely_it_was(
    share: float, lexicon: float
) -> None:
    ahead = max(math.log(share / (1 - share)) + math.log(10), 0) + lexicon - ONE
    assume(abs(ahead) > 1e-6)
    found = voted({"e0": doubting("thc", thc=(("the", share), ("them", 0.01)))}, knowing(lexicon))
    assert found.page.text == ("the" if ahead > 0 else "thc")


def test_what_is_held_possible_adds_to_what_is_said() -> None:
    held = doubting("thc", thc=(("the", 0.5),))
    lexicon = 2 * ONE - (ONE + math.log(10)) + 0.1
    for other, text in ((doubting("thc"), "thc"), (held, "the")):
        readings = {"e0": doubting("thc"), "e1": other, "e2": text_only("the")}
        assert voted(readings, knowing(lexicon)).page.text == text


def test_alternatives_that_are_no_words_are_left_alone() -> None:
    strange = (("tho", 0.9), ("1984", 0.9), ("th3", 0.9), ("of", 0.9))
    assert voted({"e0": doubting("thc", thc=strange)}, knowing(100.0)).page.text == "thc"
    # What is a word already has none.
    assert voted({"e0": doubting("modem", modem=(("modern", 0.9),))}, knowing(100.0)).page.text == "modem"


def test_alternatives_stay_with_their_word() -> None:
    readings = {"e0": doubting("thc fax", fax=(("fox", 0.5),)), "e1": text_only("thcfax")}
    readings["e2"] = readings["e0"]
    assert voted(readings, knowing(100.0)).page.text == "thc fox"


# --- each word by itself ---

some_words = st.lists(st.text("abאg\u0301-|1", min_size=1, max_size=5), min_size=1, max_size=5).map(" ".join)


@given(some_words | st.just(""), st.text("abאg\u0301-|1 ", max_size=20))
def test_a_text_has_a_part_in_the_place_of_each_word_of_another(text: str, other: str) -> None:
    parts = parts_of(text, other)
    assert len(parts) == max(len(text.split()), 1)
    place = 0
    for part in parts:
        place = other.index(part, place) + len(part)


@given(some_words)
def test_the_parts_of_a_text_in_itself_are_its_words(text: str) -> None:
    assert parts_of(text, text) == text.split()


@given(some_words, st.data())
def test_misread_words_stand_in_the_place_of_words(text: str, data: st.DataObject) -> None:
    words = text.split()
    wrong = data.draw(st.lists(st.booleans(), min_size=len(words), max_size=len(words)))
    said = ["x" * len(word) if bad else word for word, bad in zip(words, wrong, strict=True)]
    assert parts_of(text, " ".join(said)) == said


@pytest.mark.parametrize(
    ("text", "other", "parts"),
    [
        ("brown", "br own", ["br own"]),
        ("", "brown fox", ["brown fox"]),
        ("the brown fox", "", ["", "", ""]),
        ("the brown fox", "the fox", ["the", "", "fox"]),
        ("brown fox", "brovvn fax", ["brovvn", "fax"]),
        ("brown fox", "a brown foxes", ["a brown", "foxes"]),
    ],
)
def test_what_is_put_in_is_of_the_word_that_it_stands_beside(text: str, other: str, parts: list[str]) -> None:
    assert parts_of(text, other) == parts


def test_who_says_each_word_of_a_cell_is_told_by_itself() -> None:
    brown, fox = seen_of(choose_among("brown fox", "brown fox", "brovvnfox"))
    assert (brown["saying"], brown["against"], fox["saying"], fox["against"]) == (2, 1, 3, 0)
    assert (brown["length"], fox["length"]) == pytest.approx((math.log(6), math.log(4)))
    # As far as of cells of their own.
    assert brown["lead"] == choice_among("brown", "brown", "brovvn")["lead"]
    assert fox["lead"] == choice_among("fox", "fox", "fox")["lead"] == 8


def test_it_is_seen_of_each_word_whether_there_is_one() -> None:
    for text, known in (("modern", 1), ("Modern,", 1), ("modcrn", -1), ("m0dern", -1), ("1984", 0)):
        assert choice_among(text)["known"] == known
    texts = ("the br0wn 12", "the br0wn 12", "thebr0wn12")
    assert [row["known"] for row in seen_of(choose_among(*texts))] == [1, -1, 0]


def test_in_a_cell_of_several_words_each_has_its_own_confidence() -> None:
    found = voted(readings_of("brown fax", "brown fax", "brownfax"), knowing(0.0, known=1.0))
    (cell,) = found.words
    (line,) = found.page.lines
    known, none = 1 / (1 + math.exp(-1)), 1 / (1 + math.exp(1))
    assert [word.text for word in line.words] == ["brown", "fax"]
    assert [word.confidence for word in line.words] == pytest.approx([known, none])
    assert (cell.text, cell.probability, line.confidence) == ("brown fax", pytest.approx(none), none)


def test_where_nothing_is_taken_one_row_tells_how_sure_that_is() -> None:
    said = ("~", "", "")
    stain = Cell(said, (said,), ((Word(text="~"),), (), ()))
    words = ("fox",) * 3
    line = AlignedLine(0, 0, (Cell(words, (words,), ((Word(text="fox"),),) * 3), stain), (0, 1, 2))
    voters, method = choose_voters(readings_of("~ fox", "fox", "fox")), knowing(0.0, best_says=1.0)
    (seen,) = seen_of(method.choose(stain, line, voters, 0.0))
    assert (seen["saying"], seen["against"], seen["length"], seen["known"]) == (2, 1, 0, 0)
    nothing = method.decide(line, voters)[1]
    assert (nothing.text, nothing.of_words(), nothing.words) == ("", [], ())
    assert nothing.probability == pytest.approx(1 / (1 + math.exp(-1)))


@given(
    st.lists(st.text("ab1 -\n", max_size=30), min_size=2, max_size=4),
    st.floats(0, 10),
    st.sampled_from(["known", "lead", "spelling", "against"]),
)
def test_a_choice_is_as_sure_as_its_least_sure_word(texts: list[str], lexicon: float, name: str) -> None:
    voters = choose_voters(readings_of(*texts))
    method = setting().method(of(lexicon=lexicon, certainty={name: 0.5}))
    for line in voters.align():
        for decision in method.decide(line, voters):
            words = decision.of_words()
            assert [text for text, _ in words] == decision.text.split()
            assert min((sure for _, sure in words), default=decision.probability) == decision.probability


# --- files ---


def test_a_file_keeps_the_model(tmp_path: Path) -> None:
    model = VoterModel(
        presence=linear(RANKED, {"lacking_behind": 2.0}, -1.0),
        unranked=linear(NAMES, {"length": 3.0}, -2.0),
        behind=1.5,
        sharpness=0.25,
        lexicon=0.375,
        certainty=linear(CERTAINTY_NAMES, {"spelling": 0.125, "known": -2.5}, 0.75),
        about={"note": "drawn"},
    )
    model.save(tmp_path / "new" / "v.json")
    assert VoterModel.load(tmp_path / "new" / "v.json") == model


def test_a_file_names_weights_in_any_order(tmp_path: Path) -> None:
    of({name: 10.0**place for place, name in enumerate(RANKED)}).save(tmp_path / "v.json")
    data = json.loads((tmp_path / "v.json").read_text(encoding="utf-8"))
    (tmp_path / "v.json").write_text(json.dumps(data, sort_keys=True), encoding="utf-8")
    assert VoterModel.load(tmp_path / "v.json").presence.odds(range(7)) == 6543210


def test_values_are_weighed_by_place_and_none_is_left_over() -> None:
    model = Linear({"one": 2.0, "two": -1.0}, 0.5)
    assert model.odds([3.0, 4.0]) == 2.5
    for values in ([3.0], [3.0, 4.0, 5.0]):
        with pytest.raises(ValueError, match="zip"):
            model.odds(values)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 3},
        {"format": "other"},
        {"presence": {}},
        {"presence": asdict(linear(NAMES))},
        {"presence": asdict(linear((*RANKED, "mood")))},
        {"presence": {**asdict(linear(RANKED)), "intercept": "x"}},
        {"unranked": asdict(linear(RANKED))},
        {"behind": math.inf},
        {"sharpness": None},
        {"lexicon": math.nan},
        {"lexicon": "much"},
        {"certainty": {"weights": list(CERTAINTY_NAMES), "intercept": 0.0}},
        {"certainty": {"weights": dict.fromkeys(CERTAINTY_NAMES, "much"), "intercept": 0.0}},
        {"certainty": asdict(linear(CERTAINTY_NAMES, intercept=math.nan))},
        {"about": 3},
    ],
    ids=str,
)
def test_other_files_are_refused(tmp_path: Path, change: dict[str, object]) -> None:
    of().save(tmp_path / "v.json")
    data = json.loads((tmp_path / "v.json").read_text(encoding="utf-8"))
    (tmp_path / "v.json").write_text(json.dumps({**data, **change}), encoding="utf-8")
    with pytest.raises(EngineUnavailableError, match="no voter of this release"):
        VoterModel.load(tmp_path / "v.json")


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b'"text"'])
def test_what_is_no_voter_at_all_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "v.json").write_bytes(content)
    with pytest.raises(EngineUnavailableError, match="no voter of this release"):
        VoterModel.load(tmp_path / "v.json")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match=r"v.json cannot be read"):
        VoterModel.load(tmp_path / "v.json")


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="cannot be written"):
        of().save(tmp_path)


@pytest.mark.parametrize(
    ("name", "opened"),
    [
        ("CALIBRATIONS", shipped.shipped_calibrations),
        ("VOTER", shipped.shipped_voter),
        ("WORDS", shipped.shipped_words),
        ("LEXICON", shipped.shipped_lexicon),
    ],
)
def test_what_is_shipped_is_checked_before_it_is_opened(
    name: str, opened: Callable[[], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = getattr(shipped, name)
    changed = tmp_path / known.name
    changed.write_bytes(known.read_bytes() + b" ")
    monkeypatch.setitem(shipped.SHA256, changed, shipped.SHA256[known])
    monkeypatch.setattr(shipped, name, changed)
    with pytest.raises(EngineUnavailableError, match="is not the known one"):
        opened.__wrapped__()  # type: ignore[attr-defined]


def test_engines_as_they_come_have_a_calibration() -> None:
    known = shipped.shipped_calibrations().by_fingerprint.values()
    assert {one.engine for one in known} >= {"tesseract", "rapidocr", "crnn"}
    assert all(one.words > 1000 for one in known)


def test_the_shipped_voter_was_fitted_on_calibrated_engines() -> None:
    known = shipped.shipped_calibrations().by_fingerprint.values()
    assert set(shipped.shipped_voter().about["engines"]) <= {one.engine for one in known}


# --- fitting ---


def spoiled(text: str, rng: random.Random, often: float) -> str:
    """A reading with wrong letters, which its engine takes for others of like shape."""
    alike = {"o": "0", "l": "1", "e": "c", "n": "u", "d": "cl", "m": "rn", "t": "f"}
    return "".join(alike.get(letter, letter) if rng.random() < often else letter for letter in text)


def count_right(text: str) -> int:
    return sum(one == other for one, other in zip(text.split(), TEXT.split(), strict=False))


def told(text: str, rng: random.Random, often: float) -> Page:
    """The same, less sure of most words that are wrong."""
    words = []
    for right in text.split():
        read = spoiled(right, rng, often)
        sure = rng.uniform(0.6, 1.0) if read == right else rng.uniform(0.1, 0.9)
        words.append(Word(text=read, confidence=sure, confidence_kind="k"))
    return Page(source="a.txt", page=1, size=None, lines=(Line.of_words(words),))


def pages_of(rng: random.Random, rates: dict[str, float]) -> dict[str, Page]:
    return {label: told(TEXT, rng, rate) for label, rate in rates.items()}


def as_told(**expected: float) -> Setting:
    """Readings are trusted as far as they trust themselves."""
    return Setting(Trust({}), expected, shipped.shipped_words(), shipped.shipped_lexicon())


def groups_of(
    count: int,
    rates: dict[str, float],
    expected: dict[str, float] | None = None,
    known: Lexicon | None = None,
) -> dict[str, list[Example]]:
    rng = random.Random(7)
    truth, weighed = text_only(TEXT), as_told(**(expected or rates))
    if known is not None:
        weighed = replace(weighed, lexicon=known)
    return {str(number): examples(pages_of(rng, rates), truth, weighed) for number in range(count)}


def test_a_fitted_voter_is_better_than_the_best_engine_on_new_pages() -> None:
    rates = {"good": 0.05, "fair": 0.1, "poor": 0.3}
    fitted = fit_voter(groups_of(40, rates), {"note": "drawn"})
    assert list(fitted.errors) == list(rates)
    assert fitted.chosen < 0.7 * min(fitted.errors.values())
    assert fitted.cells > 200
    assert fitted.model.about == {"note": "drawn", "documents": 40, "cells": fitted.cells}
    rng = random.Random(99)
    right = {"vote": 0, "good": 0}
    for _ in range(20):
        readings = pages_of(rng, rates)
        right["vote"] += count_right(voted(readings, as_told(**rates).method(fitted.model)).page.text)
        right["good"] += count_right(readings["good"].text)
    assert right["vote"] > right["good"]


def test_rates_that_point_the_wrong_way_count_for_little() -> None:
    found = groups_of(20, {"a": 0.2, "b": 0.02}, {"a": 0.02, "b": 0.2})
    assert fit_voter(found, {}).model.behind == 0.5


def test_certainty_is_lower_where_the_vote_is_wrong() -> None:
    rates = {"one": 0.15, "two": 0.15}
    method = as_told(**rates).method(fit_voter(groups_of(40, rates), {}).model)
    sure: dict[bool, list[float]] = {True: [], False: []}
    rng = random.Random(3)
    for _ in range(20):
        voters = choose_voters(pages_of(rng, rates))
        for line in voters.align():
            for decision in method.decide(line, voters):
                sure[decision.text in TEXT.split()].append(decision.probability)
    assert sum(sure[True]) / len(sure[True]) > sum(sure[False]) / len(sure[False]) + 0.1


def test_how_far_rates_put_engines_behind_is_learned() -> None:
    far, near = ({"good": 0.02, "poor": rate, "worse": rate} for rate in (0.2, 0.03))
    alike = dict.fromkeys(far, 0.2)
    too_little, too_much = fit_voter(groups_of(20, far, near), {}), fit_voter(groups_of(20, alike, far), {})
    assert too_little.model.behind > 1 > too_much.model.behind


def test_how_much_words_count_for_is_learned() -> None:
    rates = {"one": 0.1, "two": 0.1}
    misread = Lexicon.of(spoiled(word, random.Random(0), 1.0) for word in TEXT.split())
    taught, untaught, wrongly = (
        fit_voter(groups_of(20, rates, known=known), {}).model.lexicon
        for known in (Lexicon.of(TEXT.split()), Lexicon.of([]), misread)
    )
    # However much it would help here, where all words are known that there are.
    assert 0.5 < taught <= 2
    assert untaught == wrongly == 0


LINES = ("the quick brown fox", "jumps over the lazy dog", "and reads modern", "letters of 1984")


def scanned(rng: random.Random, signs: Sequence[str] = "~|.'") -> dict[str, Page]:
    """Readings of four lines and a few stains: two careless engines miss lines, and take stains for signs."""

    def reading(rate: float, careless: float) -> Page:
        lines: list[Placed] = [
            (spoiled(text, rng, rate), 10.0, 10.0 + 30 * number)
            for number, text in enumerate(LINES)
            if not number or rng.random() > careless
        ]
        stains = [(rng.choice(signs), 700.0, 15.0 + 40 * n) for n in range(4) if rng.random() < careless]
        return page(*lines, *stains)

    return {"careful": reading(0.05, 0.0), "one": reading(0.05, 0.4), "two": reading(0.05, 0.4)}


def test_what_is_there_is_learned_too() -> None:
    rng = random.Random(5)
    rates = {"careful": 0.1, "one": 0.1, "two": 0.1}
    truth = text_only("\n".join(LINES))
    groups = {str(number): examples(scanned(rng), truth, setting(**rates)) for number in range(30)}
    model = fit_voter(groups, {}).model
    assert (list(model.presence.weights), list(model.unranked.weights)) == ([*RANKED], [*NAMES])
    assert model.presence.weights["length"] > 0
    assert model.unranked.weights["length"] > 0
    right = 0
    for _ in range(10):
        found = voted(scanned(rng), setting(**rates).method(model))
        assert not set(found.page.text) & set("~|'")
        right += len(found.page.text.split("\n")) == len(LINES)
    assert right == 10


def test_what_only_careless_engines_have_is_learned_not_to_be_there() -> None:
    """It looks like text, and lines of the page are lacking in two readings of three as well."""
    rng = random.Random(5)
    rates = {"careful": FAIR, "one": POOR, "two": POOR}
    truth, signs = text_only("\n".join(LINES)), ("shadows of words", "the other side", "old ink shows")
    groups = {str(n): examples(scanned(rng, signs), truth, setting(**rates)) for n in range(30)}
    model = fit_voter(groups, {}).model
    assert model.presence.weights["lacking_behind"] > 0
    for _ in range(10):
        found = voted(scanned(rng, signs), setting(**rates).method(model)).page.text
        assert len(found.split("\n")) == len(LINES)
        assert not any(sign in found for sign in signs)


def test_too_little_to_learn_from_is_said_so() -> None:
    with pytest.raises(CallError, match="differ in 0 places of 3 documents"):
        fit_voter(groups_of(3, {"one": 0.0, "two": 0.0}), {})
    # However much there is, of one document nothing can be held out.
    rates = {"one": 0.2, "two": 0.2}
    with pytest.raises(CallError, match="of 1 documents"):
        fit_voter({"all": [one for some in groups_of(20, rates).values() for one in some]}, {})


def test_examples_hold_every_cell_against_the_truth() -> None:
    readings = {"one": text_only("the qu1ck fox"), "two": text_only("the quick f0x")}
    (found,) = examples(readings, text_only("the quick fox"), setting())
    assert found.wanted == ("the", "quick", "fox")
    assert [cell.agreed for cell in found.line.cells] == [True, False, False]
    assert all(len(cell.strings) == len(cell.words) == 2 for cell in found.line.cells)
    assert (found.distance(1, "quick"), found.distance(1, "qu1ck"), found.distance(2, "")) == (0, 1, 3)
    assert (found.described, found.saved) == (None, 0.0)


def test_a_text_is_right_word_by_word() -> None:
    readings = {"one": text_only("theold f0x"), "two": text_only("the old f0x")}
    (found,) = examples(readings, text_only("the old fox"), setting())
    assert found.wanted == ("the old", "fox")
    assert found.right(0, "the old") == [True, True]
    assert found.right(0, "the 0ld") == [True, False]
    assert found.right(0, "an old the") == [False, True, False]
    assert found.right(0, "theold") == found.right(1, "f0x") == [False]
    assert found.right(0, "") == []


@given(st.lists(st.sampled_from(["the", "old", "o1d"]), max_size=4).map(" ".join))
def test_no_more_words_are_right_than_there_are(text: str) -> None:
    (found,) = examples(
        {"one": text_only("the old"), "two": text_only("theold")}, text_only("the old"), setting()
    )
    right = found.right(0, text)
    assert len(right) == len(text.split())
    assert sum(right) <= 2
    assert all(right) == (text in ("", "the", "old", "the old"))


def test_text_is_folded_before_it_is_compared() -> None:
    readings = {"one": text_only("THE F0X"), "two": text_only("The fox")}
    (found,) = examples(readings, text_only("the FOX"), setting(), fold=str.casefold)
    assert found.wanted == ("the", "fox")
    assert (found.distance(1, "FOX"), found.distance(1, "F0X")) == (0, 1)
    assert (found.right(1, "FOX"), found.right(1, "F0X")) == ([True], [False])


def test_examples_say_what_a_line_is_worth_that_some_lack() -> None:
    first, last = ("the first line", 10.0, 10.0), ("and the last", 10.0, 70.0)
    readings = {"one": page(first, last, ("~ |", 700.0, 40.0)), "two": page(first)}
    truth = text_only("the first line\nand the last")
    found = {text_of(one.line, 0): one for one in examples(readings, truth, setting())}
    assert set(found) == {"the first line", "and the last", "~ |"}
    assert found["the first line"].described is None
    assert found["and the last"].saved == len("and the last")
    assert found["~ |"].saved == -len("~ |")
    assert all(len(found[text].described or ()) == len(RANKED) for text in ("and the last", "~ |"))


def test_a_line_counts_no_more_than_so_many_characters() -> None:
    long: Placed = ("a line that goes on and on over the page", 10.0, 70.0)
    readings = {"one": page(PRINT[0], long), "two": page(PRINT[0])}
    saved = [
        max(abs(one.saved) for one in examples(readings, text_only(truth), setting()))
        for truth in (f"{PRINT[0][0]}\n{long[0]}", PRINT[0][0])
    ]
    assert saved == [20, 20]


# --- the command ---


@pytest.fixture
def manifests(tmp_path: Path) -> list[Path]:
    """Two manifests of texts without images, and what three programs have read of them."""
    rng = random.Random(5)
    rates = {"one": 0.05, "two": 0.1, "three": 0.2}
    paths = []
    for name in ("a", "b"):
        rows = [
            {
                "id": f"{name}{number}",
                "text": TEXT,
                "outputs": {label: spoiled(TEXT, rng, rate) for label, rate in rates.items()},
            }
            for number in range(20)
        ]
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
        paths.append(path)
    return paths


def engines_of(path: Path) -> str:
    return ",".join(f"{name}=files:path={path}:field=outputs.{name}" for name in ("one", "two", "three"))


def test_train_voter_writes_what_a_vote_takes(manifests: list[Path], tmp_path: Path) -> None:
    path, out = manifests[0], tmp_path / "voter.json"
    done = ocr("train", "voter", path, "--engines", engines_of(path), "--out", out, "--no-store", "-q")
    assert done.status == 0, done.err
    assert "places where readings differ" in done.out
    written = json.loads(out.read_text(encoding="utf-8"))
    assert written["about"]["engines"] == ["files"]
    assert written["lexicon"] > 0
    compared = ocr(
        "compare",
        manifests[1],
        "--engines",
        f"{engines_of(manifests[1])},mine=vote:model={out},vote:method=majority",
        "--json",
        "--no-store",
    )
    summary = json.loads(compared.out)["engines"]
    assert summary["mine"]["cer"] < min(summary[name]["cer"] for name in ("one", "two", "three"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--engines", "null"], "a vote needs two engines that read"),
        (["--engines", "null,second=null", "--calibration", "none.json"], "none.json cannot be read"),
    ],
)
def test_a_voter_that_cannot_be_fitted(
    manifests: list[Path], tmp_path: Path, arguments: list[str], message: str
) -> None:
    done = ocr("train", "voter", manifests[0], *arguments, "--out", tmp_path / "v.json", "--no-store", "-q")
    assert done.status == 2
    assert message in done.errors[-1]
    assert not (tmp_path / "v.json").exists()
