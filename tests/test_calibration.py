"""From confidences to probabilities: fitting, files, and who is right against ground truth."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import ocr
from test_ensemble_alignment import page, text_only

from ocr_plugins.document import Line, Page, Word
from ocr_plugins.ensemble.calibration import Calibration, Calibrations, expected_error, fit
from ocr_plugins.ensemble.judging import judged
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.evaluation import get_convention

DEFAULT = get_convention("default")


def boastful(count: int, seed: int = 0) -> list[tuple[float | None, bool]]:
    """Words of an engine that is right half as often as it says."""
    rng = random.Random(seed)
    confidences = [rng.random() for _ in range(count)]
    return [(confidence, rng.random() < confidence / 2) for confidence in confidences]


def fitted(words: list[tuple[float | None, bool]]) -> Calibration:
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


def test_words_without_confidence() -> None:
    calibrated = fitted([(None, True)] * 75 + [(None, False)] * 25)
    assert calibrated(None) == calibrated(0.3) == pytest.approx(0.75, abs=0.01)


def test_too_few_words_are_said_so() -> None:
    with pytest.raises(CallError, match="read 3 words with ground truth"):
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


def shown(reading: Page, truth: str, **how: bool) -> list[tuple[str, bool]]:
    return [(word.text, right) for word, right in judged(reading, text_only(truth), DEFAULT, **how)]


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


def test_the_parts_of_a_joined_word_are_as_right_as_the_whole() -> None:
    joining = get_convention("default+dehyphenate")
    lines = ["they came with diffi-", "culty to the sea-", "c0ast at three-", "quarter", "past"]
    told = judged(
        text_only("\n".join(lines)), text_only("they came with difficulty to the seacoast"), joining
    )
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
