"""Engines ranked without ground truth: what differences say of errors, and what the command prints."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from running import ocr
from test_ensemble_alignment import page, text_only

import ocr_plugins
from ocr_plugins import compare
from ocr_plugins.document import Page
from ocr_plugins.ensemble.ranking import Beliefs, PageEstimate, estimate_page, rank, solve
from ocr_plugins.ranked import rank_study

RATES = {"good": 0.01, "fair": 0.03, "poor": 0.08}
ALPHABET = "abcdefghijklmnopqrstuvwxyz"


def prose(rng: random.Random, words: int = 300) -> str:
    return " ".join("".join(rng.choices(ALPHABET, k=rng.randint(2, 9))) for _ in range(words))


def misread(text: str, rate: float, rng: random.Random) -> str:
    """Some letters replaced by others."""
    return "".join(rng.choice(ALPHABET) if mark != " " and rng.random() < rate else mark for mark in text)


def readings(seed: int, rates: dict[str, float] = RATES) -> dict[str, Page]:
    rng = random.Random(seed)
    text = prose(rng)
    return {label: text_only(misread(text, rate, rng)) for label, rate in rates.items()}


# --- errors from differences ---


def test_independent_errors_are_told_apart() -> None:
    found = rank([estimate_page(readings(seed)) for seed in range(6)])
    assert list(found) == ["good", "fair", "poor"]
    for label, rate in RATES.items():
        # A letter in 26 is replaced by itself, and spaces are not.
        assert found[label].cer == pytest.approx(rate * 0.82, rel=0.25)
        assert found[label].low <= found[label].cer <= found[label].high
    assert found["good"].best > 0.95


def test_twins_do_not_outvote_the_others() -> None:
    """Two readings of one engine share their errors: taken for strangers, they would look best."""
    pages, alone = [], []
    for seed in range(6):
        rng = random.Random(seed)
        text = prose(rng)
        shared = misread(text, 0.06, rng)
        said = {
            "twin1": text_only(misread(shared, 0.002, rng)),
            "twin2": text_only(misread(shared, 0.002, rng)),
            "good": text_only(misread(text, 0.01, rng)),
            "fair": text_only(misread(text, 0.03, rng)),
        }
        families = {"twin1": "t", "twin2": "t", "good": "g", "fair": "f"}
        pages.append(estimate_page(said, families))
        alone.append(estimate_page(said))
    found = rank(pages)
    assert list(found)[:2] == ["good", "fair"]
    assert found["twin1"].cer == pytest.approx(0.06 * 0.82, rel=0.25)
    assert next(iter(rank(alone))) != "good"


@given(arrays(np.float64, st.integers(1, 6), elements=st.floats(0, 500)))
def test_errors_that_add_up_are_found_again(errors: np.ndarray) -> None:
    differences = errors[:, None] + errors[None, :]
    np.fill_diagonal(differences, 0)
    found = solve(differences)
    assert (found >= 0).all()
    if len(errors) > 2:
        assert found == pytest.approx(errors, abs=1e-4 + 1e-6 * errors.max())


def test_two_share_their_differences() -> None:
    assert solve(np.array([[0.0, 10.0], [10.0, 0.0]])) == pytest.approx([5, 5])
    assert solve(np.zeros((1, 1))) == pytest.approx([0])
    assert len(solve(np.zeros((0, 0)))) == 0


def test_negative_errors_are_none() -> None:
    # The first is between the others, nearer to both than they to each other.
    found = solve(np.array([[0.0, 1, 1], [1, 0, 9], [1, 9, 0]]))
    assert found[0] == 0
    assert (found >= 0).all()


def test_a_page_that_was_not_read_counts_as_wrong() -> None:
    read = PageEstimate({"a": 1.0, "b": 2.0}, 100.0)
    found = rank([read, PageEstimate({"b": 2.0}, 100.0)])
    assert list(found) == ["b", "a"]
    assert found["a"].cer == pytest.approx(0.505)


def test_pages_without_text_say_nothing() -> None:
    assert rank([estimate_page({"a": text_only(""), "b": text_only("")})]) == {}
    assert rank([]) == {}


def of_a_line_that_one_lacks(there: float | None) -> PageEstimate:
    both = ("all of them have this line", 10.0, 10.0)
    whole, part = page(both, ("and one lacks that", 10.0, 40.0)), page(both)
    told = None if there is None else Beliefs(lambda *_: there, lambda *_: None)
    return estimate_page({"a": whole, "b": whole, "c": part}, samples=20, beliefs=told)


def test_a_line_that_is_there_was_missed() -> None:
    found = of_a_line_that_one_lacks(1.0)
    assert found.errors == pytest.approx({"a": 0, "b": 0, "c": len("and one lacks that")})
    assert found.length == pytest.approx(len("all of them have this line") + len("and one lacks that"))


def test_a_line_that_is_not_there_was_made_up() -> None:
    found = of_a_line_that_one_lacks(0.0)
    length = len("and one lacks that")
    assert found.errors == pytest.approx({"a": length, "b": length, "c": 0})
    assert found.length == pytest.approx(len("all of them have this line"))


def test_a_line_of_which_nothing_is_known_is_as_likely_as_not() -> None:
    found, half = of_a_line_that_one_lacks(None), of_a_line_that_one_lacks(0.5)
    assert found == half
    assert len({round(errors, 6) for errors in found.errors.values()}) == 1
    for label, (low, high) in found.intervals.items():
        assert 0 <= low <= found.errors[label] <= high


def test_who_doubts_its_words_is_expected_to_err_more() -> None:
    sure = {"good": 0.98, "fair": 0.9, "poor": 0.6}
    said = readings(1)
    plain = estimate_page(said)
    told = estimate_page(said, beliefs=Beliefs(lambda *_: 0.5, lambda label, _: sure[label]))
    for label, one in sure.items():
        # Between what differences say and what the engine says of itself.
        low, high = sorted((plain.rate(label), 1 - one))
        assert low <= told.rate(label) <= high
    assert told.length == plain.length


def test_who_says_nothing_of_its_words_is_raised_as_the_others_are() -> None:
    said = readings(2)
    plain = estimate_page(said)
    told = estimate_page(
        said, beliefs=Beliefs(lambda *_: 0.5, lambda label, _: None if label == "fair" else 0.5)
    )
    assert all(told.errors[label] > plain.errors[label] for label in RATES)
    silent = estimate_page(said, beliefs=Beliefs(lambda *_: 0.5, lambda *_: None))
    assert silent == plain


def test_groups_are_drawn_whole() -> None:
    pages = [PageEstimate({"a": float(n % 2) * 10, "b": 5.0}, 100.0) for n in range(20)]
    alone = rank(pages)["a"]
    grouped = rank(pages, [str(n % 2) for n in range(20)])["a"]
    assert grouped.high - grouped.low > alone.high - alone.low


# --- in a study ---


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """Four images, and in a folder for each engine what it has read of them."""
    folder = tmp_path / "scans"
    folder.mkdir()
    for seed in range(4):
        Image.new("L", (8, 8), 255).save(folder / f"p{seed}.png")
        for label, reading in readings(seed).items():
            (tmp_path / label).mkdir(exist_ok=True)
            (tmp_path / label / f"p{seed}.txt").write_text(reading.text, encoding="utf-8")
    return folder


def engines(scans: Path) -> str:
    return ",".join(f"{name}=files:path={scans.parent / name}" for name in reversed(RATES))


def test_a_study_without_truth_is_ranked(scans: Path, tmp_path: Path) -> None:
    study = compare(scans, f"{engines(scans)},vote", store=False)
    assert list(rank_study(study)) == list(RATES)
    frame = ocr_plugins.rank(study)
    assert list(frame.index) == list(RATES)
    assert (frame["low"] <= frame["cer"]).all()
    done = ocr("compare", scans, "--engines", engines(scans), "--out", tmp_path / "out", "--no-store")
    assert done.status == 0
    _, table = done.out.split("estimated from")
    assert table.index("good") < table.index("fair") < table.index("poor")
    expected = json.loads((tmp_path / "out/summary.json").read_text())["expected"]
    assert list(expected) == list(RATES)
    assert expected["good"]["low"] <= expected["good"]["cer"] <= expected["good"]["high"]


def test_one_engine_cannot_be_ranked(scans: Path) -> None:
    study = compare(scans, engines(scans).split(",")[0], store=False)
    assert rank_study(study) == {}
    assert len(ocr_plugins.rank(study)) == 0


def test_of_two_nobody_knows_which_errs(scans: Path) -> None:
    two = ",".join(engines(scans).split(",")[:2])
    done = ocr("compare", scans, "--engines", two, "--no-store")
    assert "nobody can tell which errs" in done.out
