"""`ocr-plugins study`: tables, a recipe that can be read with, and a report that begins with what to take."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pandas as pd
import pytest
from running import ocr
from test_learned_vote import TEXT, engines_of, spoiled

import ocr_plugins
from ocr_plugins.analysing import Analysis, analyse
from ocr_plugins.api import run_engines
from ocr_plugins.study_outputs import recipe_of, study_sections

RATES = {"one": 0.02, "two": 0.08, "three": 0.12}
FIELDS = "on 12 March 2021 Anna Smith paid $1,204.50 for INV-20391"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty texts of two kinds without images, and what three programs have read of them."""
    rng = random.Random(11)
    rows = []
    for number in range(30):
        truth = f"{TEXT}\n{FIELDS}"
        rows.append(
            {
                "id": f"p{number}",
                "text": truth,
                "domain": "letter" if number % 2 else "form",
                "group": f"g{number // 2}",
                "outputs": {label: spoiled(truth, rng, rate) for label, rate in RATES.items()},
            }
        )
    path = tmp_path_factory.mktemp("corpus") / "manifest.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def analysis(corpus: Path) -> Analysis:
    return analyse(ocr_plugins.compare(corpus, f"{engines_of(corpus)},vote"))


def test_the_leaderboard_is_told_overall_and_by_kind(analysis: Analysis) -> None:
    board = analysis.leaderboard
    assert list(board["domain"].unique()) == ["all", "form", "letter"]
    overall = board[board["domain"] == "all"].set_index("engine")
    assert set(overall.index) == {*RATES, "vote"}
    assert (overall["low"] <= overall["cer"]).all()
    assert (overall["cer"] <= overall["high"]).all()
    assert overall["cer"].is_monotonic_increasing
    assert list(overall["best"]) == [True, False, False, False]
    table = analysis.study.table()["cer"]
    assert overall["cer"]["two"] == pytest.approx(table["two"])
    assert (overall["documents"] == 15).all()


def test_engines_are_matched_and_corrected(analysis: Analysis) -> None:
    found = analysis.matches.set_index(["first", "second"])
    assert len(found) == 6
    assert found["differs"]["one", "three"]
    assert (found["corrected"] >= found["p"]).all()


def test_fields_confusions_and_confidences(analysis: Analysis) -> None:
    fields = analysis.fields.set_index(["engine", "kind"])
    assert (fields["total"] == 30).sum() == 16
    assert fields["right"]["one", "name"] > fields["right"]["three", "name"]
    confusions = analysis.confusions.set_index("engine")
    assert ["o", "0"] in confusions.loc["three"][["truth", "read"]].to_numpy().tolist()
    # Texts have no confidences, their vote has.
    assert list(analysis.confidence["engine"]) == ["vote"]
    assert analysis.confidence["words"].min() > 300


def test_a_recipe_holds_what_is_recommended(analysis: Analysis, tmp_path: Path, corpus: Path) -> None:
    assert analysis.recommendation is not None
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(recipe_of(analysis), encoding="utf-8")
    assert recipe.read_text(encoding="utf-8").startswith(f"# Take {analysis.recommendation.take}.")
    again = ocr_plugins.compare(corpus, str(recipe))
    assert analysis.recommendation.take in [run.label for run in again.runs]
    cer = analysis.study.table()["cer"][analysis.recommendation.take]
    assert again.table()["cer"][analysis.recommendation.take] == pytest.approx(cer)
    done = ocr("read", corpus, "--recipe", recipe, "--no-store", "--limit", "1")
    assert done.status == 0, done.err


def test_pages_and_words_to_look_at_first(analysis: Analysis) -> None:
    pages = analysis.pages
    assert len(pages) == 90
    assert (pages["low"] <= pages["high"]).all()
    best = pages[pages["engine"] == "one"]
    assert best["expected"].is_monotonic_decreasing
    assert best["expected"].corr(best["cer"], method="spearman") > 0.7
    words = analysis.words
    assert words["probability"].is_monotonic_increasing
    assert set(words["engine"]) == {"vote"}


def test_without_ground_truth_it_is_told_where_to_look(corpus: Path) -> None:
    found = analyse(run_engines(corpus, f"{engines_of(corpus)},vote", convention=None))
    assert found.recommendation is None
    known = {name for name, frame in found.tables.items() if not frame.empty}
    assert known == {"pages", "words"}
    assert recipe_of(found) == ""
    titles = [section.title for section in study_sections(found)]
    assert titles == ["Pages to look at first", "Words to look at first"]


def test_the_python_call_gives_the_tables_and_writes_the_files(corpus: Path, tmp_path: Path) -> None:
    found = ocr_plugins.study(corpus, f"{engines_of(corpus)},vote", out=tmp_path, limit=6)
    assert set(found.leaderboard["pages"]) == {6, 3}
    assert (tmp_path / "tables" / "pages.csv").exists()
    assert (tmp_path / "report.html").exists()


def test_the_command_writes_everything(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = ocr("study", corpus, "--engines", f"{engines_of(corpus)},vote", "--out", out, "--no-store", "-q")
    assert done.status == 0, done.err
    assert "Take " in done.out
    assert f"recipe: {out / 'recipe.toml'}" in done.out
    names = {"leaderboard", "matches", "fields", "confusions", "reliability", "confidence", "pages"}
    names |= {"words", "results", "cascades", "extracted"}
    assert {path.stem for path in (out / "tables").glob("*.csv")} == names
    assert {path.stem for path in (out / "tables").glob("*.parquet")} == names
    same = pd.read_parquet(out / "tables/leaderboard.parquet")
    assert len(same) == len(pd.read_csv(out / "tables/leaderboard.csv")) == 12
    page = (out / "report.html").read_text(encoding="utf-8")
    for title in (
        "Error against cost",
        "By kind of document",
        "Engine against engine",
        "Fields read exactly",
    ):
        assert title in page
    assert page.index("Take ") < page.index("By kind of document")


def test_a_study_of_nothing(tmp_path: Path) -> None:
    done = ocr("study", tmp_path / "none", "--engines", "null", "--out", tmp_path / "out", "--no-store")
    assert done.status == 2
    assert "Traceback" not in done.err
