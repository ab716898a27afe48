"""Runs as studies, what is chosen by them, and whether reading drifts; with engines that are quick."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from running import manifest, told

from ocr_plugins.airflow.batches import Limits
from ocr_plugins.airflow.of_run import truths_of
from ocr_plugins.airflow.places import Place
from ocr_plugins.airflow.planning import plan
from ocr_plugins.airflow.scoring import summarise
from ocr_plugins.airflow.studying import choose, study_run
from ocr_plugins.airflow.watching import rows_of, watch_run
from ocr_plugins.airflow.work import Reader, read_batch
from ocr_plugins.errors import CallError
from ocr_plugins.evaluation import get_convention
from ocr_plugins.spec import parse_specs

SCORING = get_convention("default")
TEXTS = {f"page{n}": f"number {n} of the many pages that there are" for n in range(12)}
GOOD, BAD = "good=parrot", "bad=parrot:tail=xxxx"


@pytest.fixture
def results(here: Path) -> Place:
    place = Place(str(here / "place"))
    for name, text in TEXTS.items():
        told(here / f"{name}.png", text)
    manifest(here / "truth.jsonl", **TEXTS)
    return place


def read_run(place: Place, run: str, engines: str, pages: int = 5) -> None:
    """A run as tasks leave it at the place."""
    specs = parse_specs(engines)
    planned = plan(place, ["truth.jsonl"], specs, Limits(pages=pages), apart=True)
    place.write_json(f"{run}/plan/plan-00000.json", planned.to_dict())
    for number, batch in enumerate(planned.batches):
        for spec in specs:
            if not spec.is_vote:
                found = read_batch(place, batch, batch.load(place), Reader(specs=(spec,), workers=0), print)
                told_now = [one.to_dict() for one in found]
                place.write_json(f"{run}/results/{spec.label}-{number:05d}.json", told_now)


def studied(place: Place, run: str, engines: str, when: str, truth: bool = True) -> dict[str, object]:
    read_run(place, run, engines)
    return study_run(place, run, "letters", when, SCORING, truths_of(["truth.jsonl"] if truth else []))


def test_a_study_says_what_to_take(results: Place, here: Path) -> None:
    row = studied(results, "runs/d/1", f"{BAD},{GOOD},vote:method=majority", "2026-01-01")
    assert (row["take"], row["by"], row["pages"]) == ("good", "truth", len(TEXTS))
    engines = row["engines"]
    assert isinstance(engines, dict)
    assert set(engines) == {"good", "bad", "vote:method=majority"}
    assert engines["good"]["cer"] == 0 < engines["bad"]["cer"]
    assert engines["bad"]["ratio"]["high"] < 1
    folder = here / "place" / "runs/d/1/study"
    assert (folder / "report.html").is_file()
    assert (folder / "tables" / "leaderboard.csv").is_file()
    assert [spec.label for spec in parse_specs(str(folder / "recipe.toml"))] == ["good"]
    assert rows_of(results, "studies") == [row]


def test_without_ground_truth_engines_are_ranked_by_how_they_agree(results: Place, here: Path) -> None:
    row = studied(results, "runs/d/1", f"{BAD},{GOOD},other=parrot:tail=s", "2026-01-01", truth=False)
    assert row["by"] == "agreement"
    assert row["take"] in ("good", "other")
    assert (here / "place" / "runs/d/1/study/recipe.toml").is_file()
    assert "Without ground truth" in str(row["text"])


def test_an_engine_that_did_not_read_all_is_left_out(results: Place, here: Path) -> None:
    read_run(results, "runs/d/1", f"{GOOD},{BAD},half=parrot:tail=y")
    (here / "place" / "runs/d/1/results/half-00001.json").unlink()
    row = study_run(results, "runs/d/1", "letters", "2026", SCORING, truths_of(["truth.jsonl"]))
    assert set(row["engines"]) == {"good", "bad"}


def test_what_cannot_be_studied(results: Place) -> None:
    with pytest.raises(CallError, match="nothing was planned"):
        study_run(results, "runs/d/none", "letters", "2026", SCORING, {})
    read_run(results, "runs/d/1", GOOD)
    with pytest.raises(CallError, match="fewer than two"):
        study_run(results, "runs/d/1", "letters", "2026", SCORING, {})


def row_of(run: str, take: str, **errors: tuple[float, float, float]) -> dict[str, object]:
    """A study's row; of each engine the ratio of errors, with its interval."""
    engines = {
        label: {
            "specs": [f"{label}=parrot"],
            "cer": 0.1,
            "ratio": dict(zip(("value", "low", "high"), ratio, strict=True)),
        }
        for label, ratio in errors.items()
    }
    return {
        "name": "letters",
        "run": run,
        "when": run,
        "take": take,
        "text": f"Take {take}.",
        "engines": engines,
    }


SAME = (1.0, 1.0, 1.0)


def test_the_first_study_chooses_and_the_recipe_stands_where_engines_are_named(
    results: Place, here: Path
) -> None:
    choice = choose(results, row_of("r1", "a", a=SAME, b=(0.5, 0.4, 0.6)), 0.05)
    assert (choice["take"], choice["switched"]) == ("a", True)
    recipe = here / "place" / choice["recipe"]
    assert [str(spec) for spec in parse_specs(str(recipe))] == ["a=parrot"]


@pytest.mark.parametrize(
    ("ratio", "threshold", "switched", "why"),
    [
        ((0.5, 0.4, 0.6), 0.05, True, "50 % fewer"),
        ((0.97, 0.96, 0.99), 0.05, False, "must save"),
        ((0.97, 0.96, 0.99), 0.0, True, "3 % fewer"),
        ((0.5, 0.2, 1.1), 0.05, False, "chance"),
    ],
)
def test_what_is_surely_and_enough_better_is_taken(
    results: Place, ratio: tuple[float, float, float], threshold: float, switched: bool, why: str
) -> None:
    choose(results, row_of("r1", "a", a=SAME), 0.05)
    choice = choose(results, row_of("r2", "b", b=SAME, a=ratio), threshold)
    assert (choice["switched"], choice["take"]) == (switched, "b" if switched else "a")
    assert why in choice["reason"]
    again = choose(results, row_of("r2", "b", b=SAME, a=ratio), threshold)
    assert (again["switched"], again["take"]) == (switched, choice["take"])


def test_what_was_not_studied_is_kept(results: Place) -> None:
    choose(results, row_of("r1", "a", a=SAME), 0.05)
    choice = choose(results, row_of("r2", "b", b=SAME, c=(0.1, 0.1, 0.1)), 0.05)
    assert (choice["switched"], choice["take"]) == (False, "a")
    assert "was not among" in choice["reason"]
    assert choose(results, row_of("r3", "a", a=SAME), 0.05)["reason"] == "a is still to be taken"


def test_a_threshold_is_a_share(results: Place) -> None:
    for wrong in (-0.1, 1.0, float("nan")):
        with pytest.raises(CallError, match="no share of errors"):
            choose(results, row_of("r1", "a", a=SAME), wrong)


def expect(place: Place, run: str, **rates: float) -> None:
    expected = {label: {"cer": rate, "low": 0.8 * rate, "high": 1.2 * rate} for label, rate in rates.items()}
    place.write_json(f"{run}/summary.json", {"pages": 5, "expected": expected})


def watched(place: Place, day: int, **rates: float) -> Mapping[str, list[str]]:
    expect(place, f"runs/d/{day}", **rates)
    return watch_run(place, f"runs/d/{day}", "scans", f"2026-01-{day:02d}", factor=1.5, window=5)


def test_a_drift_is_told_once_there_is_something_to_compare(results: Place) -> None:
    for day in (1, 2, 3):
        assert not watched(results, day, a=0.02 * day, b=0.1)["drifted"]
    assert not watched(results, 4, a=0.05, b=0.1)["drifted"]
    assert watched(results, 5, a=0.04, b=0.4)["drifted"] == ["b"]
    # What had drifted is not what later runs are held against.
    assert watched(results, 6, a=0.04, b=0.4)["drifted"] == ["b"]
    assert not watched(results, 7, a=0.04, b=0.1)["drifted"]
    # A run that is tried again is not held against itself.
    assert not watched(results, 7, a=0.04, b=0.1)["drifted"]


def test_what_cannot_be_watched(results: Place) -> None:
    with pytest.raises(CallError, match="nothing is known"):
        watch_run(results, "runs/d/1", "scans", "2026", factor=1.5, window=5)
    expect(results, "runs/d/1", a=0.1)
    for factor, window in ((1.0, 5), (1.5, 0)):
        with pytest.raises(CallError, match="is no drift"):
            watch_run(results, "runs/d/1", "scans", "2026", factor=factor, window=window)


def test_expected_rates_come_from_a_run_itself(results: Place, here: Path) -> None:
    read_run(results, "runs/d/1", f"{GOOD},{BAD},other=parrot:tail=s")
    summarise(results, "runs/d/1", SCORING, {})
    row = watch_run(results, "runs/d/1", "scans", "2026", factor=1.5, window=5)
    assert set(row["expected"]) == {"good", "bad", "other"}
    assert row["expected"]["bad"]["cer"] > row["expected"]["good"]["cer"]
    assert json.loads(next((here / "place" / "quality").rglob("*.json")).read_text()) == row
