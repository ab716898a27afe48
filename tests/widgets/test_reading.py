"""What is read for the widget after its first run: other engines, other pages, and what became known."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from ocr_plugins.widgets import Comparison, compare, leaderboard, reading
from sheets import TEXT

import ocr_plugins
from ocr_plugins.api import run_engines
from ocr_plugins.corpus import Corpus
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.runs import Study
from ocr_plugins.samples import samples_manifest
from ocr_plugins.spec import EngineSpec


@pytest.fixture
def small(sheet: Path) -> Comparison:
    """The sheet under one engine."""
    return compare(sheet, "crnn", truth=TEXT, corrections=False, block=True)


def labels(widget: Comparison) -> list[str]:
    assert widget.view is not None
    return [engine["label"] for engine in widget.view["engines"]]


def test_an_engine_is_added_and_taken_out(small: Comparison) -> None:
    small.add("tesseract:psm=6", block=True)
    assert labels(small) == ["crnn", "tesseract:psm=6"]
    assert set(small.table.index) == {"crnn", "tesseract:psm=6", "vote"}
    with pytest.raises(CallError, match="here already"):
        small.add("tesseract:psm=6")
    small.drop("crnn", block=True)
    assert labels(small) == ["tesseract:psm=6"]
    assert set(small.table.index) == {"tesseract:psm=6"}
    with pytest.raises(CallError, match="no engine 'crnn'"):
        small.drop("crnn")


def test_what_is_tried_gives_way_to_the_next_and_is_in_no_board(small: Comparison, sheet: Path) -> None:
    small.try_on("tesseract", block=True)
    small.try_on("tesseract:pre=grey", block=True)
    assert labels(small) == ["crnn", "tried"]
    assert small.view is not None
    assert small.view["engines"][1]["spec"] == "tesseract:pre=grey"
    assert small.view["engines"][1]["text"].split() == TEXT.split()
    small.add_pages(sheet, block=True)
    assert small.board is not None
    assert [row["label"] for row in small.board["rows"]] == ["crnn"]
    small.add("tesseract:pre=grey", block=True)
    assert labels(small) == ["crnn", "tesseract:pre=grey"]


@pytest.mark.parametrize(
    ("engine", "told"),
    [
        ("nonsense", "nonsense"),
        ("tesseract:psm=99", "psm"),
        ("crnn:pre=desku", "deskew"),
        ("vote", "no engine"),
    ],
)
def test_what_cannot_be_tried_is_told(small: Comparison, engine: str, told: str) -> None:
    with pytest.raises(CallError, match=told):
        small.try_on(engine)
    assert labels(small) == ["crnn"]


def test_pages_are_added_to_those_there(small: Comparison, sheet: Path) -> None:
    small.add_pages(sheet, block=True)
    assert [page["title"] for page in small.pages] == ["sheet.png", "sheet.png"]
    assert len({page["id"] for page in small.pages}) == 2
    assert small.view is not None
    assert small.view["id"] == small.pages[0]["id"]
    assert small.results["text"].nunique() == 1
    assert len(small.results) == 2
    assert small.board is not None
    assert [page["id"] for page in small.board["pages"]] == [page["id"] for page in small.pages]


def test_a_truth_that_becomes_known_is_scored_by(sheet: Path) -> None:
    widget = compare(sheet, "crnn", corrections=False, block=True)
    assert widget.table["cer"].isna().all()
    widget.set_truth(widget.page, TEXT, block=True)
    assert widget.table.loc["crnn", "cer"] < 0.1
    assert widget.view is not None
    assert "".join(widget.view["truth"]).split() == TEXT.split()


def test_a_run_goes_on_where_it_was_ended(sheet: Path) -> None:
    widget = compare([sheet], "crnn,tesseract", corrections=False, store=False)
    widget.cancel()
    assert widget.wait(300)
    widget.run(block=True)
    assert labels(widget) == ["crnn", "tesseract"]
    assert widget.notice == ""
    assert widget.results["text"].notna().all()


def test_an_engine_that_is_not_there_says_so_in_its_row(small: Comparison) -> None:
    small.add("rapidocr:model_dir=/nowhere", block=True)
    assert small.view is not None
    assert "/nowhere" in (small.view["engines"][1]["error"] or "")
    assert labels(small) == ["crnn", "rapidocr:model_dir=/nowhere"]


def test_a_study_is_shown_as_it_is(sheet: Path) -> None:
    study = ocr_plugins.compare(samples_manifest(), "crnn,tesseract,vote", limit=3)
    widget = leaderboard(study, corrections=False)
    assert widget.board is not None
    assert {row["label"] for row in widget.board["rows"]} == {"crnn", "tesseract", "vote"}
    assert widget.board["scored"]
    assert widget.board["advice"].startswith("Take ")
    rates = [row["cer"] for row in widget.board["rows"]]
    assert rates == sorted(rates)
    frame = study.results().set_index(["id", "engine"])
    for page in widget.board["pages"]:
        for row, rate in zip(widget.board["rows"], page["rates"], strict=True):
            assert rate == pytest.approx(frame.loc[(page["id"], row["label"]), "cer"], abs=1e-5)
    assert labels(widget) == ["crnn", "tesseract"]
    analysis = ocr_plugins.study(sheet, "crnn,tesseract")
    assert leaderboard(analysis, corrections=False).board is None


def test_a_board_without_truth_says_what_is_expected(sheet: Path) -> None:
    widget = compare([sheet, sheet], "crnn,tesseract", corrections=False, block=True)
    assert widget.board is not None
    assert not widget.board["scored"]
    assert widget.board["advice"] == ""
    assert all(rate is not None for rate in widget.board["pages"][0]["rates"][:2])


def test_words_know_of_corrections_that_other_engines_would_place_elsewhere(small: Comparison) -> None:
    assert small.view is not None
    x0, y0, x1, y1 = small.view["lines"][0][0]["box"]
    small.correct(f"{x0},{y0},{x1 + 2},{y1}", "Tamarisk")
    assert "Tamarisk" in set(small.words["correction"].dropna())


def test_there_is_a_picture_for_who_shows_no_widgets(small: Comparison) -> None:
    bundle = small._repr_mimebundle_()
    assert bundle is not None
    assert bundle[0]["image/png"].startswith("iVBOR")
    assert len(bundle[0]["image/png"]) < 500_000
    assert repr(small) == "<Comparison of 1 page: crnn>"


# What goes on beside it.


def test_inputs_that_cannot_be_used_stay_told(sheet: Path) -> None:
    widget = compare([sheet, "missing.png"], "crnn", corrections=False, block=True)
    assert "missing.png" in widget.notice
    assert len(widget.pages) == 1
    with pytest.raises(CallError):
        widget.add("nonsense")
    widget.add("tesseract", block=True)
    assert "missing.png" in widget.notice


def test_what_was_read_is_not_read_again(sheet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[tuple[int, list[str]]] = []

    def counting(corpus: Corpus, specs: list[EngineSpec], **how: Any) -> Study:
        read.append((len(corpus.items), [spec.label for spec in specs]))
        return run_engines(corpus, specs, **how)

    monkeypatch.setattr(reading, "run_engines", counting)
    widget = compare(sheet, "crnn,tesseract", corrections=False, store=False)
    for _ in range(3):
        # Each is added while those before it are still to be read.
        widget.add_pages(sheet)
    assert widget.wait(300)
    assert [pages for pages, _ in read] == [1, 1, 1, 1]
    widget.add("tesseract:psm=6", block=True)
    widget.run(block=True)
    assert read[4:] == [(4, ["tesseract:psm=6"])]


def test_of_many_things_to_try_only_the_last_is_waited_for(
    small: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    starts, goes_on = threading.Event(), threading.Event()

    def counting(corpus: Corpus, specs: list[EngineSpec], **how: Any) -> Study:
        read.extend(spec.text for spec in specs)
        starts.set()
        assert goes_on.wait(60)
        return run_engines(corpus, specs, **how)

    monkeypatch.setattr(reading, "run_engines", counting)
    small.try_on("tesseract:psm=3")
    assert starts.wait(60)
    for psm in (4, 6, 11):
        small.try_on(f"tesseract:psm={psm}")
    goes_on.set()
    assert small.wait(300)
    assert read == ["tesseract:psm=3", "tesseract:psm=11"]
    assert small.view is not None
    assert small.view["engines"][1]["spec"] == "tesseract:psm=11"


def test_a_study_keeps_its_convention_and_its_votes(sheet: Path) -> None:
    specs = "crnn,tesseract,simple=vote:method=majority"
    study = ocr_plugins.compare(samples_manifest(), specs, limit=2, convention="jiwer")
    widget = leaderboard(study, corrections=False)
    before = widget.board
    widget.try_on("crnn:pre=otsu", block=True)
    # Nothing is told of all pages that was not told before.
    assert widget.board == before
    assert set(widget.study.table().index) == {"crnn", "tesseract", "simple", "tried"}
    widget.add("tesseract:psm=6", block=True)
    assert widget.study.convention.name == "jiwer"
    assert {score.convention.name for run in widget.study.runs for score in run.scores.values()} == {"jiwer"}
    assert set(widget.table.index) == {"crnn", "tesseract", "simple", "tesseract:psm=6"}


def test_an_engine_that_fails_on_later_pages_has_missed_them(
    small: Comparison, sheet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(corpus: Corpus, specs: list[EngineSpec], **how: Any) -> Study:
        study = run_engines(corpus, specs, **how)
        for run in study.runs:
            run.results.clear()
            run.scores.clear()
            run.error = EngineUnavailableError("it is gone", "look for it")
        return study

    monkeypatch.setattr(reading, "run_engines", gone)
    small.add_pages(sheet, truth=TEXT, block=True)
    assert small.board is not None
    (row,) = small.board["rows"]
    assert row["error"] is None
    assert (row["pages"], row["errors"]) == (2, 1)
    assert row["cer"] == pytest.approx(0.5, abs=0.05)
    monkeypatch.setattr(reading, "run_engines", run_engines)
    small.run(block=True)
    assert small.table.loc["crnn", "cer"] < 0.1


def test_a_fault_of_ours_ends_one_job_and_not_the_others(
    small: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Study:
        raise RuntimeError("secret text")

    monkeypatch.setattr(reading, "run_engines", broken)
    small.add("tesseract", block=True)
    assert "RuntimeError" in small.notice
    assert "secret" not in small.notice
    monkeypatch.setattr(reading, "run_engines", run_engines)
    small.run(block=True)
    assert labels(small) == ["crnn", "tesseract"]
    assert small.view is not None
    assert small.view["engines"][1]["text"]
