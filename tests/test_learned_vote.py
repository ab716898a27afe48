"""The learned vote: whether text is there, who is heard, the models' files, fitting, and its command."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import ocr
from test_ensemble_alignment import Placed, page, text_only

from ocr_plugins.document import Line, Page, Word
from ocr_plugins.ensemble import shipped
from ocr_plugins.ensemble.learned import CERTAINTY_NAMES, Learned, VoterModel
from ocr_plugins.ensemble.presence import NAMES, described, is_gap, of_line, text_of
from ocr_plugins.ensemble.vote import Vote, vote
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
    return Setting(evenly, expected, shipped.shipped_words())


def of(
    presence: Mapping[str, float] | None = None,
    *,
    intercept: float = 0.0,
    certainty: Mapping[str, float] | None = None,
) -> VoterModel:
    """A model of a few weights, the others 0."""
    return VoterModel(
        presence=dict.fromkeys(NAMES, 0.0) | dict(presence or {}),
        presence_intercept=intercept,
        sharpness=0.5,
        certainty=dict.fromkeys(CERTAINTY_NAMES, 0.0) | dict(certainty or {}),
        certainty_intercept=0.0,
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


def choice_among(*texts: str, **expected: float) -> dict[str, float]:
    """What is seen of the text that is chosen among readings e0, e1 and so on of one word."""
    readings = {f"e{number}": text_only(text) for number, text in enumerate(texts)}
    voters = choose_voters(readings)
    (line,) = voters.align()
    found = setting(**expected).method(of()).choose(line.cells[0], line, voters, 0.0)
    return dict(zip(CERTAINTY_NAMES, found.seen, strict=True))


# --- whether text is there ---


def shipped_vote(**readings: Page) -> Vote:
    """By the package's model, each reading as sure as it says."""
    voters = dict.fromkeys(readings, 0.02)
    return voted(readings, Learned(shipped.shipped_voter(), Trust({}), voters, shipped.shipped_words()))


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
    readings = {"e0": text_only("modern"), "e1": text_only("modem"), "e2": text_only("modem")}
    found = voted(readings, setting().method(of()))
    assert (found.page.text, found.method) == ("modem", "learned")
    (word,) = found.words
    assert sum(word.scores.values()) == pytest.approx(1)
    assert list(word.scores) == ["modem", "modern"]
    (read,) = found.page.lines[0].words
    assert read.confidence_kind == "vote-learned"


def test_an_engine_that_is_much_better_outvotes_two_worse_ones() -> None:
    readings = {"e0": text_only("modern"), "e1": text_only("modem"), "e2": text_only("modem")}
    alike = voted(readings, setting(e0=FAIR, e1=FAIR, e2=FAIR).method(of()))
    better = voted(readings, setting(e0=FAIR, e1=POOR, e2=POOR).method(of()))
    assert (alike.page.text, better.page.text) == ("modem", "modern")
    assert better.words[0].reason.startswith("said by e0")


def test_a_sure_engine_outvotes_two_that_doubt_themselves() -> None:
    def trust(label: str, _: Sequence[Word]) -> float:
        return 0.99 if label == "e0" else 0.2

    readings = {"e0": text_only("modern"), "e1": text_only("modem"), "e2": text_only("modem")}
    assert voted(readings, Learned(of(), trust, {}, shipped.shipped_words())).page.text == "modern"


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


def test_who_lacks_a_line_is_not_asked_what_it_says() -> None:
    clean, longer = page(*PRINT), page(*PRINT, ("more words", 10, 70))
    readings = {"e0": clean, "e1": clean, "e2": clean, "e3": longer}
    found = voted(readings, setting(e0=FAIR, e1=FAIR, e2=FAIR, e3=POOR).method(of(intercept=1.0)))
    assert found.page.text.endswith("more words")


def test_words_that_most_lack_in_a_line_are_left_out() -> None:
    readings = {
        "e0": text_only("the old brown fox"),
        "e1": text_only("the brown fox"),
        "e2": text_only("the brown fox"),
    }
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
            assert all(math.isfinite(value) and abs(value) < 100 for value in found.seen)
            heard = {text for text, here in zip(cell.strings, line.present, strict=True) if here}
            assert set(found.scores) <= heard


# --- files ---


def test_a_file_keeps_the_model(tmp_path: Path) -> None:
    model = of({"length": 2.0}, certainty={"spelling": 0.25})
    model.save(tmp_path / "new" / "v.json")
    assert VoterModel.load(tmp_path / "new" / "v.json") == model


@pytest.mark.parametrize(
    "change",
    [
        {"version": 1},
        {"format": "other"},
        {"presence": {}},
        {"presence": dict.fromkeys((*NAMES, "mood"), 0.0)},
        {"certainty": {**dict.fromkeys(CERTAINTY_NAMES, 0.0), "lead": "much"}},
        {"certainty": list(CERTAINTY_NAMES)},
        {"presence_intercept": "x"},
        {"sharpness": None},
        {"certainty_intercept": math.nan},
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
    return Setting(Trust({}), expected, shipped.shipped_words())


def groups_of(count: int, rates: dict[str, float]) -> dict[str, list[Example]]:
    rng = random.Random(7)
    truth = text_only(TEXT)
    return {str(number): examples(pages_of(rng, rates), truth, as_told(**rates)) for number in range(count)}


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


LINES = ("the quick brown fox", "jumps over the lazy dog", "and reads modern", "letters of 1984")


def scanned(rng: random.Random) -> dict[str, Page]:
    """Readings of four lines and a few stains: two careless engines miss lines, and take stains for signs."""

    def reading(rate: float, careless: float) -> Page:
        lines: list[Placed] = [
            (spoiled(text, rng, rate), 10.0, 10.0 + 30 * number)
            for number, text in enumerate(LINES)
            if not number or rng.random() > careless
        ]
        stains = [(rng.choice("~|.'"), 700.0, 15.0 + 40 * n) for n in range(4) if rng.random() < careless]
        return page(*lines, *stains)

    return {"careful": reading(0.05, 0.0), "one": reading(0.05, 0.4), "two": reading(0.05, 0.4)}


def test_what_is_there_is_learned_too() -> None:
    rng = random.Random(5)
    rates = {"careful": 0.1, "one": 0.1, "two": 0.1}
    truth = text_only("\n".join(LINES))
    groups = {str(number): examples(scanned(rng), truth, setting(**rates)) for number in range(30)}
    model = fit_voter(groups, {}).model
    assert model.presence["length"] > 0
    right = 0
    for _ in range(10):
        found = voted(scanned(rng), setting(**rates).method(model))
        assert not set(found.page.text) & set("~|'")
        right += len(found.page.text.split("\n")) == len(LINES)
    assert right == 10


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


def test_text_is_folded_before_it_is_compared() -> None:
    readings = {"one": text_only("THE F0X"), "two": text_only("The fox")}
    (found,) = examples(readings, text_only("the FOX"), setting(), fold=str.casefold)
    assert found.wanted == ("the", "fox")
    assert (found.distance(1, "FOX"), found.distance(1, "F0X")) == (0, 1)


def test_examples_say_what_a_line_is_worth_that_some_lack() -> None:
    first, last = ("the first line", 10.0, 10.0), ("and the last", 10.0, 70.0)
    readings = {"one": page(first, last, ("~ |", 700.0, 40.0)), "two": page(first)}
    truth = text_only("the first line\nand the last")
    found = {text_of(one.line, 0): one for one in examples(readings, truth, setting())}
    assert set(found) == {"the first line", "and the last", "~ |"}
    assert found["the first line"].described is None
    assert found["and the last"].saved == len("and the last")
    assert found["~ |"].saved == -len("~ |")
    assert all(len(found[text].described or ()) == len(NAMES) for text in ("and the last", "~ |"))


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
    assert json.loads(out.read_text(encoding="utf-8"))["about"]["engines"] == ["files"]
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
