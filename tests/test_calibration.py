"""From confidences to probabilities: fitting, files, and who is right against ground truth."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import ocr
from strategies import pages as any_pages
from test_cascade import Desk
from test_ensemble_alignment import fragments, page, text_only

from ocr_plugins.api import run_engines
from ocr_plugins.calibrating import calibrate_by_vote, calibrate_study
from ocr_plugins.corpus import Corpus, Item
from ocr_plugins.document import Line, Page, Word
from ocr_plugins.engine import Capabilities, EngineInfo
from ocr_plugins.ensemble.alphabets import Alphabet
from ocr_plugins.ensemble.calibration import Calibration, Calibrations, expected_error, fit
from ocr_plugins.ensemble.judging import believed, judged
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.evaluation import get_convention
from ocr_plugins.runs import EngineRun, Study
from ocr_plugins.source import text_ref
from ocr_plugins.spec import parse_spec

DEFAULT = get_convention("default")


def boastful(count: int, seed: int = 0) -> list[tuple[float | None, bool]]:
    """Words of an engine that is right half as often as it says."""
    rng = random.Random(seed)
    confidences = [rng.random() for _ in range(count)]
    return [(confidence, rng.random() < confidence / 2) for confidence in confidences]


def fitted(words: Sequence[tuple[float | None, float]]) -> Calibration:
    return fit("engine", "f1", "kind", words)


def test_a_boast_is_taken_back() -> None:
    calibrated = fitted(boastful(4000))
    for confidence in (0.2, 0.5, 0.9):
        assert calibrated(confidence) == pytest.approx(confidence / 2, abs=0.06)
    fresh = boastful(4000, seed=1)
    raw = expected_error([c or 0 for c, _ in fresh], [right for _, right in fresh])
    after = expected_error([calibrated(c) for c, _ in fresh], [right for _, right in fresh])
    assert raw > 0.2
    assert after < 0.04


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=25, max_size=300))
def test_surer_is_never_less_probable(words: list[tuple[float | None, bool]]) -> None:
    calibrated = fitted(words)
    values = [calibrated(step / 20) for step in range(21)]
    assert values == sorted(values)
    assert all(0 < value < 1 for value in values)


@given(st.integers(25, 5000), st.booleans(), st.floats(0, 0.001))
def test_the_more_words_are_alike_in_a_row_the_nearer_they_lead_to_certainty(
    count: int, right: bool, step: float
) -> None:
    calibrated = fitted([(0.5 + number * step / 10, right) for number in range(count)])
    expected = (count + 1) / (count + 2) if right else 1 / (count + 2)
    assert set(calibrated.probabilities) == {round(expected, 5)}


def test_few_right_words_above_many_are_not_less_probable() -> None:
    """By Laplace's rule 25 of 25 are less than 98 of 100."""
    many = [(0.5 + number / 1000, number not in (30, 80)) for number in range(100)]
    few = [(0.9 + number / 1000, True) for number in range(25)]
    both = (100 * 99 / 102 + 25 * 26 / 27) / 125
    assert fitted([*many, *few]).probabilities == pytest.approx([both] * 5, abs=1e-5)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=25, max_size=300))
def test_surer_is_never_less_probable_by_probabilities_either(words: list[tuple[float, float]]) -> None:
    calibrated = fitted(words)
    values = [calibrated(step / 20) for step in range(21)]
    assert values == sorted(values)
    assert all(0 < value < 1 for value in values)
    assert calibrated.unknown == pytest.approx((sum(p for _, p in words) + 1) / (len(words) + 2), abs=1e-5)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=25, max_size=100))
def test_certain_probabilities_are_verdicts(words: list[tuple[float, bool]]) -> None:
    assert fitted([(confidence, float(right)) for confidence, right in words]) == fitted(words)


def test_probabilities_count_as_so_many_right_words() -> None:
    rng = random.Random(5)
    confidences = [rng.random() for _ in range(2000)]
    calibrated = fitted([(confidence, confidence**2) for confidence in confidences])
    for confidence in (0.2, 0.5, 0.9):
        assert calibrated(confidence) == pytest.approx(confidence**2, abs=0.03)


def test_words_without_confidence() -> None:
    calibrated = fitted([(None, True)] * 75 + [(None, False)] * 25)
    assert calibrated(None) == calibrated(0.3) == pytest.approx(0.75, abs=0.01)


def test_too_few_words_are_said_so() -> None:
    with pytest.raises(CallError, match="read 3 words to calibrate it on"):
        fitted([(0.5, True)] * 3)


def test_a_file_keeps_every_map(tmp_path: Path) -> None:
    one = fitted(boastful(500))
    Calibrations({"f1": one}).save(tmp_path / "new" / "c.json", {"pages": 3})
    again = Calibrations.load(tmp_path / "new" / "c.json")
    assert again.of("f1") == one
    assert again.of("f2") is None


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"format": "ocr-plugins-calibration", "version": 9, "engines": []}', "\x00\x01"],
)
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.json").write_text(text, encoding="utf-8")
    with pytest.raises(EngineUnavailableError, match="no calibration of this release"):
        Calibrations.load(tmp_path / "c.json")


def test_damaged_maps_are_refused(tmp_path: Path) -> None:
    Calibrations({"f1": fitted(boastful(500))}).save(tmp_path / "c.json")
    data = json.loads((tmp_path / "c.json").read_text())
    data["engines"][0]["probabilities"][0] = 2.0
    (tmp_path / "c.json").write_text(json.dumps(data))
    with pytest.raises(EngineUnavailableError, match="no calibration of this release"):
        Calibrations.load(tmp_path / "c.json")
    with pytest.raises(EngineUnavailableError, match="cannot be read"):
        Calibrations.load(tmp_path / "none.json")


# --- which words are right ---


def shown(
    reading: Page, truth: str, *, casefold: bool = False, alphabet: Alphabet | None = None
) -> list[tuple[str, bool]]:
    told = judged(reading, text_only(truth), DEFAULT, casefold=casefold, alphabet=alphabet)
    return [(word.text, right) for word, right in told]


def test_words_are_right_where_truth_has_them() -> None:
    assert shown(page(("the qu1ck brown fox", 10, 10)), "the quick brown fox") == [
        ("the", True), ("qu1ck", False), ("brown", True), ("fox", True),
    ]  # fmt: skip


def test_cut_and_joined_words_are_wrong() -> None:
    assert shown(page(("Bookkeeping by dou ble", 10, 10)), "Book keeping by double") == [
        ("Bookkeeping", False), ("by", True), ("dou", False), ("ble", False),
    ]  # fmt: skip


def test_another_reading_order_costs_nothing() -> None:
    rows = page(("left right", 10, 10), ("column column", 10, 40), ("below beside", 10, 70))
    assert all(right for _, right in shown(rows, "left\ncolumn\nbelow\nright\ncolumn\nbeside"))


def test_case_and_signs_are_the_conventions() -> None:
    assert shown(text_only("it’s FINE"), "it's fine") == [("it’s", True), ("FINE", False)]
    assert shown(text_only("it’s FINE"), "it's fine", casefold=True) == [("it’s", True), ("FINE", True)]


def test_words_nobody_wrote_are_wrong() -> None:
    assert shown(text_only("one two"), "") == [("one", False), ("two", False)]


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("and/ or", "and/or"),
        ("and /or", "and/or"),
        ("and / or", "and/or"),
        ("and/or", "and / or"),
        ("a- b", "a-b"),
        ("a-b", "a -b"),
        ("he said : no", "he said: no"),
        ("( see below )", "(see below)"),
        ("12 %", "12%"),
        ("No . 5", "No. 5"),
    ],
)
def test_a_space_beside_a_sign_is_no_error(text: str, truth: str) -> None:
    assert shown(text_only(text), truth) == [(word, True) for word in text.split()]


@pytest.mark.parametrize(
    ("text", "truth"), [("कीबात", "की बात"), ("की बात", "कीबात"), ("ד\u05b8 ר", "ד\u05b8ר")]
)
def test_the_marks_of_letters_are_no_signs(text: str, truth: str) -> None:
    assert not any(right for _, right in shown(text_only(text), truth))


def test_words_without_a_space_between_them_are_right_together() -> None:
    words = tuple(Word(text=text) for text in ("and", "/", "or"))
    reading = Page(source="", page=1, size=None, lines=(Line(text="and/or", words=words),))
    assert shown(reading, "and/or") == [("and", True), ("/", True), ("or", True)]
    assert not any(right for _, right in shown(reading, "and/0r"))


@pytest.mark.parametrize("convention", ["default", "default+dehyphenate"])
def test_words_stand_in_their_order_where_only_some_lines_have_a_place(convention: str) -> None:
    placed = page(("second", 10, 40)).lines
    reading = Page(source="", page=1, size=None, lines=(Line(text="first"), *placed, Line(text="third")))
    told = judged(reading, text_only("first third"), get_convention(convention))
    assert [(word.text, right) for word, right in told] == [
        ("first", True), ("second", False), ("third", True),
    ]  # fmt: skip


def test_words_that_stand_elsewhere_in_a_vote_are_believed() -> None:
    sure = [
        Word(text=text, confidence=0.75, confidence_kind="k") for text in ("the", "quick", "brown", "fox")
    ]
    vote = Page(source="", page=1, size=None, lines=(Line.of_words(sure),))
    told = believed(text_only("the brown"), vote, DEFAULT)
    assert [(word.text, right) for word, right in told] == [("the", 0.75), ("brown", 0.75)]


@pytest.mark.parametrize(
    ("text", "truth"),
    [("and/ 0r", "and/or"), ("a - b", "a + b"), ("to day", "today"), ("today", "to day"), ("1 2%", "12%")],
)
def test_other_errors_beside_a_sign_stay_errors(text: str, truth: str) -> None:
    assert not all(right for _, right in shown(text_only(text), truth))


SMALL = Alphabet("abcdefghijklmnopqrstuvwxyz0123456789")


def test_what_an_engine_cannot_say_is_not_asked_for() -> None:
    said, truth = text_only("the cafe in paris 75 opens"), "The Café in “Paris”, 75 — opens!"
    assert shown(said, truth, alphabet=SMALL) == [(word, True) for word in said.text.split()]
    assert [right for _, right in shown(said, truth)] == [False, False, True, False, True, False]
    wrong = shown(text_only("thc cafe in baris 76 opens"), truth, alphabet=SMALL)
    assert [right for _, right in wrong] == [False, True, True, False, False, True]


@given(st.text("aéB.- 1", max_size=20))
def test_whoever_reads_all_that_it_can_say_is_right(truth: str) -> None:
    said = " ".join(SMALL.projected(truth).split())
    # A sign that it cannot say parts words, or joins them.
    if len(said.split()) == len(truth.split()):
        assert all(right for _, right in shown(text_only(said), truth, alphabet=SMALL))


def word_by_word(text: str) -> Page:
    return page(*((row, 10.0, 10.0 + 40 * number) for number, row in enumerate(text.split("\n"))))


def in_fragments(text: str) -> Page:
    return fragments(*((row, 10.0, 10.0 + 40 * number) for number, row in enumerate(text.split("\n"))))


@pytest.mark.parametrize("made", [text_only, word_by_word, in_fragments])
def test_the_parts_of_a_joined_word_are_as_right_as_the_whole(made: Callable[[str], Page]) -> None:
    joining = get_convention("default+dehyphenate")
    lines = ["they came with diffi-", "culty to the sea-", "c0ast at three-", "quarter", "past"]
    told = judged(made("\n".join(lines)), text_only("they came with difficulty to the seacoast"), joining)
    right = {word.text: right for word, right in told}
    assert [word.text for word, _ in told] == " ".join(lines).split()
    assert right["diffi-"]
    assert right["culty"]
    assert not any(right[part] for part in ("sea-", "c0ast", "three-", "quarter", "past"))


@given(st.lists(st.text("aA-\u00ad b", max_size=8), max_size=6), st.text("aA-b\n ", max_size=30))
def test_joining_loses_no_word(lines: list[str], truth: str) -> None:
    reading = Page(source="", page=1, size=None, lines=tuple(Line(text=line) for line in lines))
    told = judged(reading, text_only(truth), get_convention("default+dehyphenate"))
    assert [word.text for word, _ in told] == " ".join(lines).split()


@given(any_pages, any_pages)
def test_every_word_is_judged_once_however_it_was_given(reading: Page, truth: Page) -> None:
    told = [word.text for word, _ in judged(reading, truth, DEFAULT)]
    lines = [line.words or (line,) for line in reading.iter_lines()]
    assert sorted(told) == sorted(text for line in lines for word in line for text in word.text.split())


# --- words that a vote has ---


def sure_of(**words: float | None) -> Page:
    """A line of words with their confidences."""
    said = [
        Word(text=text, confidence=sure, confidence_kind=None if sure is None else "k")
        for text, sure in words.items()
    ]
    return Page(source="a.txt", page=1, size=None, lines=(Line.of_words(said),))


def told_by(reading: Page, voted: Page, **how: Any) -> list[tuple[str, float]]:
    return [(word.text, sure) for word, sure in believed(reading, voted, DEFAULT, **how)]


def test_words_are_as_likely_right_as_a_vote_that_has_them_is_sure() -> None:
    voted = sure_of(the=0.9, quick=0.6, brown=0.8, fox=None)
    assert told_by(text_only("the qu1ck brown fox"), voted) == [
        ("the", 0.9), ("qu1ck", 0.0), ("brown", 0.8), ("fox", 0.0),
    ]  # fmt: skip
    # Its own confidence does not come into it.
    assert told_by(sure_of(the=0.1, quick=0.2), voted) == told_by(text_only("the quick"), voted)


def test_of_several_words_in_one_place_the_least_sure_one_tells() -> None:
    voted = Page(
        source="a",
        page=1,
        size=None,
        lines=(*sure_of(**{"and/": 0.9, "or": 0.6}).lines, *sure_of(to=0.7, day=0.8).lines),
    )
    assert told_by(text_only("and/or\ntoday"), voted) == [("and/or", 0.6), ("today", 0.0)]


def test_a_vote_is_believed_as_the_convention_and_the_alphabet_see_it() -> None:
    voted = sure_of(**{"It’s": 0.9, "CAFÉ": 0.8})
    assert told_by(text_only("It's café"), voted) == [("It's", 0.9), ("café", 0.0)]
    assert told_by(text_only("it's café"), voted, casefold=True) == [("it's", 0.9), ("café", 0.8)]
    assert told_by(text_only("its cafe"), voted, alphabet=SMALL) == [("its", 0.9), ("cafe", 0.8)]


lines_of_text = st.lists(st.text("ab -/", max_size=8), max_size=5).map("\n".join)


@given(lines_of_text, lines_of_text, st.sampled_from([text_only, word_by_word, in_fragments]))
def test_all_words_are_believed_in_their_order(text: str, voted: str, made: Callable[[str], Page]) -> None:
    reading = made(text)
    for told in (believed(reading, text_only(voted), DEFAULT), judged(reading, text_only(voted), DEFAULT)):
        assert [word.text for word, _ in told] == text.split()
    assert all(right for _, right in judged(reading, text_only(text), DEFAULT))


@given(st.lists(st.tuples(st.sampled_from(["the", "old", "fox"]), st.floats(0.1, 1)), max_size=8))
def test_who_says_what_the_vote_says_is_as_sure_as_it(words: list[tuple[str, float]]) -> None:
    line = Line.of_words([Word(text=text, confidence=sure, confidence_kind="k") for text, sure in words])
    voted = Page(source="a", page=1, size=None, lines=(line,))
    assert told_by(text_only(voted.text), voted) == words
    assert told_by(text_only("unlike that"), voted) == [("unlike", 0.0), ("that", 0.0)]


# --- calibrations by a vote ---

SAID = "the quick brown fox jumps over that lazy dog and reads modern letters of old times and goes back home"
WORDS = SAID.split()


def read_of(rng: random.Random, often: float) -> Page:
    """A reading that is surest of words that are right."""
    words = []
    for text in WORDS:
        wrong = rng.random() < often
        said = f"{text[:-1]}z" if wrong else text
        words.append(Word(text=said, confidence=rng.uniform(0.5, 0.8 if wrong else 1.0), confidence_kind="k"))
    return Page(source="a.png", page=1, size=(16, 12), lines=(Line.of_words(words),))


def studied(folder: Path, rates: dict[str, float], vote: str, *, truth: bool = False) -> Study:
    """Of six pages, with a vote as the last run."""
    rng = random.Random(4)
    desk = Desk(folder)
    for name, rate in rates.items():
        desk.put(name, {f"p{number}": read_of(rng, rate) for number in range(6)})
    if truth:
        (folder / "truth").mkdir()
        for number in range(6):
            (folder / "truth" / f"p{number}.txt").write_text(" ".join(WORDS), encoding="utf-8")
    return run_engines(
        desk.scans,
        desk.engines(*rates, vote),
        truth=folder / "truth" if truth else None,
        convention="default",
        store=False,
    )


RATES = {"good": 0.02, "fair": 0.1, "poor": 0.4}


def test_a_vote_tells_how_often_engines_are_right(tmp_path: Path) -> None:
    study = studied(tmp_path, RATES, "vote:method=confidence")
    fits = calibrate_by_vote(study, study.runs[-1]).fits
    assert [fit.label for fit in fits] == list(RATES)
    for one in fits:
        assert one.right == pytest.approx(1 - RATES[one.label], abs=0.1)
        assert (one.words, one.calibration.words) == (6 * len(WORDS),) * 2
        assert (one.raw, one.held_out) == (None, None)
        assert one.calibration.unknown == pytest.approx(one.right, abs=0.02)
    good, _, poor = (fit.calibration for fit in fits)
    assert good(0.7) > poor(0.7) + 0.2
    # Of what it is surest it has nothing wrong.
    assert poor(0.95) > poor(0.6) + 0.2
    with pytest.raises(CallError, match="take --by-vote"):
        calibrate_study(study)


def test_ground_truth_says_how_well_calibrations_by_a_vote_fit(tmp_path: Path) -> None:
    study = studied(tmp_path, RATES, "vote:method=confidence", truth=True)
    found = {fit.label: fit for fit in calibrate_by_vote(study, study.runs[-1]).fits}
    known = {fit.label: fit for fit in calibrate_study(study).fits}
    for label, one in found.items():
        assert one.raw == known[label].raw
        assert one.held_out is not None
        assert one.right == pytest.approx(known[label].right, abs=0.08)
    poor = found["poor"]
    assert (poor.held_out or 1) < (poor.raw or 0)


def test_who_read_too_little_is_refused_and_votes_are_left_out(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for name in ("one", "two"):
        desk.put(name, {f"p{number}": read_of(random.Random(number), 0.1) for number in range(2)})
    desk.put("silent", {f"p{number}": text_only("") for number in range(2)})
    names = ("one", "silent", "two", "cascade:method=confidence", "vote:method=confidence")
    study = run_engines(desk.scans, desk.engines(*names), convention="default", store=False)
    found = calibrate_by_vote(study, study.runs[-1])
    assert [fit.label for fit in found.fits] == ["one", "two"]
    assert list(found.refused) == ["silent"]
    study.runs[:] = [run for run in study.runs if run.label not in ("one", "two")]
    with pytest.raises(CallError, match="read 0 words to calibrate it on"):
        calibrate_by_vote(study, study.runs[-1])


def test_a_bounded_engine_is_not_held_to_what_it_cannot_say() -> None:
    written, read = "The Café, in 1984! " * 8, "the cafe in 1984 " * 8
    item = Item(ref=text_ref("p0", "page"), truth=written)

    def run(name: str, page: Page, alphabet: str | None = None) -> EngineRun:
        gives = Capabilities(gives=("lines", "words"), confidence_kind="k", alphabet=alphabet)
        info = EngineInfo(name=name, version="1", spec=name, options={}, weights={}, capabilities=gives)
        return EngineRun(spec=parse_spec(name), info=info, results={item.id: page})

    words = [Word(text=text, confidence=0.9, confidence_kind="k") for text in written.split()]
    vote = run("vote", Page(source="a", page=1, size=None, lines=(Line.of_words(words),)))
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    runs = [run("bounded", text_only(read), letters), run("free", text_only(read))]
    study = Study(corpus=Corpus(items=(item,)), convention=DEFAULT, runs=runs)
    known, by_vote = calibrate_study(study).fits, calibrate_by_vote(study, vote).fits
    assert [one.right for one in known] == [1, 0.25]
    assert [one.right for one in by_vote] == pytest.approx([0.9, 0.225])


# --- the command ---


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Pages whose reading is right where it is sure, as ground truth and as an engine's file."""
    rng = random.Random(3)
    truth, readings = [], []
    for number in range(8):
        words = [f"word{rng.randrange(100)}" for _ in range(40)]
        said = [(word, rng.random()) for word in words]
        line = Line.of_words(
            [
                Word(
                    text=word if rng.random() < sure / 2 else f"{word}x",
                    confidence=sure,
                    confidence_kind="boast",
                )
                for word, sure in said
            ]
        )
        name = f"p{number}"
        truth.append({"id": name, "image": f"{name}.png", "text": " ".join(words), "group": name})
        read = Page(source=f"{name}.png", page=1, size=None, lines=(line,), id=name)
        readings.append((name, read))
    folder = tmp_path / "read"
    folder.mkdir()
    for name, read in readings:
        (folder / f"{name}.json").write_text(json.dumps(read.to_dict()), encoding="utf-8")
    manifest = tmp_path / "manifest.jsonl"
    rows = ({key: row[key] for key in ("id", "text", "group")} | {"source": row["image"]} for row in truth)
    manifest.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return manifest


def test_calibrate_writes_what_votes_take(corpus: Path, tmp_path: Path) -> None:
    spec = f"boast=files:path={tmp_path / 'read'}"
    out = tmp_path / "calibration.json"
    done = ocr("calibrate", corpus, "--engines", spec, "--out", out, "--json", "--no-store")
    assert done.status == 0, done.err
    row = json.loads(done.out)["engines"]["boast"]
    assert row["words"] == 320
    assert row["held_out"] < row["raw"]
    votes = ("compare", corpus, "--out", tmp_path / "out", "--no-store", "--engines")
    assert ocr(*votes, f"{spec},vote:calibration={out}").status == 0
    words = json.loads((tmp_path / "out/votes.jsonl").read_text().splitlines()[0])["words"]
    assert max(word["probability"] for word in words) < 0.96
    silent = tmp_path / "silent"
    silent.mkdir()
    some = (
        "calibrate",
        corpus,
        "--engines",
        f"{spec},silent=files:path={silent}",
        "--out",
        out,
        "--no-store",
    )
    done = ocr(*some)
    assert done.status == 1
    assert "engine 'silent' read 0 words" in done.err
    assert len(json.loads(out.read_text())["engines"]) == 1
    missing = ocr(*votes, f"{spec},vote:calibration={tmp_path / 'none.json'}")
    assert "calibration" in missing.err
    assert missing.status == 1


def test_calibrate_by_vote_needs_no_truth_and_writes_what_votes_take(tmp_path: Path) -> None:
    desk, out = Desk(tmp_path), tmp_path / "mine.json"
    rng = random.Random(4)
    for name, rate in RATES.items():
        desk.put(name, {f"p{number}": read_of(rng, rate) for number in range(4)})
    given = ("calibrate", desk.scans, "--engines", desk.engines(*RATES), "--out", out, "--no-store", "-q")
    refused = ocr(*given)
    assert refused.status == 2
    assert "no page has ground truth" in refused.errors[-1]
    assert "--by-vote" in refused.errors[-1]
    assert not out.exists()
    done = ocr(*given, "--by-vote", "--json")
    assert done.status == 0, done.err
    rows = done.json["engines"]
    assert list(rows) == list(RATES)
    assert {(row["words"], row["raw"], row["held_out"]) for row in rows.values()} == {
        (4 * len(WORDS), None, None)
    }
    assert rows["good"]["right"] > rows["poor"]["right"] + 0.2
    written = json.loads(out.read_text(encoding="utf-8"))
    assert written["about"] == {"convention": "default", "pages": 4, "by_vote": True}
    assert len(Calibrations.load(out).by_fingerprint) == 3
    votes = f"{desk.engines(*RATES)},plain=vote,mine=vote:calibration={out}"
    compared = ocr("compare", desk.scans, "--engines", votes, "--out", tmp_path / "out", "--no-store", "-q")
    assert compared.status == 0, compared.err
    said = [json.loads(line) for line in (tmp_path / "out" / "votes.jsonl").read_text("utf-8").splitlines()]
    assert [word["text"] for word in said[-1]["words"]] == WORDS


def test_the_vote_that_is_named_is_the_one_to_calibrate_by(tmp_path: Path) -> None:
    desk, out, rng = Desk(tmp_path), tmp_path / "mine.json", random.Random(5)
    for name, rate in RATES.items():
        desk.put(name, {f"p{number}": read_of(rng, rate) for number in range(4)})
    engines = f"{desk.engines(*RATES)},vote:method=confidence"
    given = ("calibrate", desk.scans, "--engines", engines, "--out", out, "--no-store", "-q", "--by-vote")
    done = ocr(*given)
    assert done.status == 0, done.err
    assert len(Calibrations.load(out).by_fingerprint) == len(RATES)


def test_where_no_engine_reads_nothing_is_written(tmp_path: Path) -> None:
    desk, out = Desk(tmp_path), tmp_path / "mine.json"
    desk.put("one", {"p0": read_of(random.Random(6), 0.1)})
    given = ("calibrate", desk.scans, "--engines", f"one=files:path={tmp_path / 'none'}", "--out", out)
    done = ocr(*given, "--no-store", "-q", "--by-vote")
    assert done.status == 2
    assert not out.exists()
