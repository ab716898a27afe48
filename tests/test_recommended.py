"""How sure a difference is, and what a study says about which engine to take."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from running import ocr

from ocr_plugins import compare
from ocr_plugins.evaluation.uncertainty import Sampled
from ocr_plugins.recommended import recommend

# --- intervals ---


def test_an_interval_holds_the_rate_and_widens_with_groups() -> None:
    rng = random.Random(0)
    errors = [rng.randint(0, 10) for _ in range(60)]
    lengths = [100.0] * 60
    alone = Sampled.of([str(n) for n in range(60)]).rate(errors, lengths)
    assert alone.low < alone.value == sum(errors) / 6000 < alone.high
    # Pages of a book are alike: fewer documents, less certainty.
    books = Sampled.of([str(n // 20) for n in range(60)]).rate(sorted(errors), lengths)
    assert books.high - books.low > 1.5 * (alone.high - alone.low)


def test_the_interval_is_that_of_the_mean() -> None:
    rng = random.Random(1)
    errors = [rng.gauss(10, 2) for _ in range(400)]
    found = Sampled.of([str(n) for n in range(400)]).rate(errors, [100.0] * 400)
    assert found.high - found.low == pytest.approx(2 * 1.96 * 0.02 / 20, rel=0.15)


def test_pages_make_a_fair_contest() -> None:
    """Hard pages hide a difference that is there on every page, unless pages are compared in pairs."""
    rng = random.Random(2)
    hard = [rng.randint(10, 500) for _ in range(40)]
    sampled = Sampled.of([str(n) for n in range(40)])
    contest = sampled.contest([0.9 * errors for errors in hard], hard)
    assert contest.significant
    assert contest.better == 1.0
    assert contest.ratio.value == pytest.approx(0.9, abs=0.01)
    alike = sampled.contest(hard, hard)
    assert not alike.significant
    assert (alike.better, alike.ratio.value) == (0.5, 1.0)


def test_no_errors_at_all() -> None:
    sampled = Sampled.of(["a", "b"])
    assert sampled.contest([0, 0], [0, 0]).ratio.value == 1.0
    assert sampled.rate([0, 0], [0, 0]).value == 0.0


# --- what a study says ---

WORDS = [f"word{number}" for number in range(40)]


def corpus(folder: Path, rates: dict[str, float], *, pages: int = 30, apart: bool = True) -> tuple[Path, str]:
    """A manifest, and engines that get some words wrong: each its own, or all the same ones."""
    rng = random.Random(7)
    rows = []
    for number in range(pages):
        said: dict[str, list[str]] = {name: [] for name in rates}
        for word in WORDS:
            chance = rng.random()
            for name, rate in rates.items():
                wrong = (rng.random() if apart else chance) < rate
                said[name].append(f"x{word[1:]}{name if apart else ''}" if wrong else word)
        outputs = {name: " ".join(words) for name, words in said.items()}
        rows.append({"id": f"p{number}", "text": " ".join(WORDS), "outputs": outputs})
    path = folder / "manifest.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path, ",".join(f"{name}=files:path={path}:field=outputs.{name}" for name in rates)


def test_a_vote_that_is_better_is_recommended(tmp_path: Path) -> None:
    manifest, engines = corpus(tmp_path, {"one": 0.10, "two": 0.11, "three": 0.12})
    advice = recommend(compare(manifest, f"{engines},vote"))
    assert advice is not None
    assert advice.take == "vote"
    assert advice.text.startswith("Take vote.")
    assert advice.best.label == "one"
    assert "one is the best single engine here" in advice.text
    (vote,) = advice.votes
    assert vote.against_best.ratio.high < 1


def test_a_vote_that_is_not_better_is_not_recommended(tmp_path: Path) -> None:
    manifest, engines = corpus(tmp_path, {"good": 0.02, "poor": 0.3, "bad": 0.3}, apart=False)
    advice = recommend(compare(manifest, f"{engines},vote:method=majority"))
    assert advice is not None
    assert advice.take == "good"
    assert advice.text.startswith("Take good.")
    assert "it is worse" in advice.text


def test_engines_that_cannot_be_told_apart_are_named(tmp_path: Path) -> None:
    manifest, engines = corpus(tmp_path, {"one": 0.1, "two": 0.1}, pages=4)
    advice = recommend(compare(manifest, engines))
    assert advice is not None
    assert "it cannot be told from" in advice.text
    assert "too few to tell" in advice.text


def test_what_is_written(tmp_path: Path) -> None:
    manifest, engines = corpus(tmp_path, {"one": 0.10, "two": 0.11, "three": 0.12})
    done = ocr("compare", manifest, "--engines", f"{engines},vote", "--out", tmp_path / "out", "--no-store")
    assert "Take vote." in done.out
    summary = json.loads((tmp_path / "out/summary.json").read_text())
    assert summary["recommendation"]["take"] == "vote"
    assert summary["best_engine"]["label"] == "one"
    assert summary["ensemble"]["vote"]["errors_against_best"]["high"] < 1
    perfect = summary["oracle"]["cer"]["value"]
    assert 0 < perfect <= summary["ensemble"]["vote"]["cer"]["value"]
    assert "<p class=advice><bdi>Take vote." in (tmp_path / "out/report.html").read_text()


def test_one_engine_or_no_truth_is_no_choice(tmp_path: Path) -> None:
    manifest, engines = corpus(tmp_path, {"one": 0.1})
    study = compare(manifest, engines, out=tmp_path / "out")
    assert recommend(study) is None
    summary = json.loads((tmp_path / "out/summary.json").read_text())
    assert (summary["best_engine"], summary["recommendation"], summary["ensemble"]) == (None, None, {})
