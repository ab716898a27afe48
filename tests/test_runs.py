"""What a study gathers, reads, scores and tells while it goes on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from running import manifest, told

from ocr_plugins.corpus import Corpus, gather
from ocr_plugins.document import Page, PageError
from ocr_plugins.errors import CallError
from ocr_plugins.evaluation import get_convention
from ocr_plugins.outputs import study_summary, write_outputs
from ocr_plugins.runs import EngineRun, Study, Watcher, run_study
from ocr_plugins.spec import parse_specs

BLANK = np.full((8, 9), 255, np.uint8)


def ids(corpus: Corpus) -> list[str]:
    return [item.id for item in corpus.items]


def study(inputs: Any, engines: str = "parrot", watcher: Watcher | None = None, **options: Any) -> Study:
    return run_study(
        gather(inputs, **options), parse_specs(engines), get_convention("default"), watcher=watcher
    )


# What a run works on


def test_inputs_in_memory_are_numbered(here: Path) -> None:
    corpus = gather([BLANK, Image.fromarray(BLANK), BLANK, "gone.png", BLANK])
    assert ids(corpus) == ["array-1", "image-2", "array-3", "array-5"]
    assert [(error.source, error.kind) for error in corpus.errors] == [("gone.png", "not_found")]
    assert corpus.error_places == (3,)
    assert corpus.in_order("abcd")[3] == corpus.errors[0]


def test_one_page_alone_and_any_iterable() -> None:
    assert ids(gather(BLANK)) == ["array-1"]
    assert ids(gather(one for one in (BLANK, BLANK))) == ["array-1", "array-2"]
    assert ids(gather([])) == []


def test_ids_are_different_whatever_the_manifests_say(here: Path) -> None:
    for name in ("a", "a#2", "b"):
        told(here / f"{name}.png")
    one = manifest(here / "one.jsonl", **{"a": "", "a#2": "", "b": ""})
    two = manifest(here / "two.jsonl", a="", b="")
    corpus = gather([one, two, one, "a.png", "a.png"])
    found = ids(corpus)
    assert found[:4] == ["a", "a#2", "b", "a#3"]
    assert len(set(found)) == len(found) == 10


def test_the_limit_holds_for_each_input(here: Path) -> None:
    for number in range(9):
        told(here / "in" / f"p{number}.png")
    (here / "in" / "p4.png").write_bytes(b"no image")
    rows = manifest(here / "in" / "m.jsonl", **{f"p{n}": "" for n in range(3)})
    corpus = gather(["in", rows], limit=2)
    assert ids(corpus) == ["in/p0.png", "in/p8.png", "p0", "p2"]
    assert len(corpus.errors) == 1
    with pytest.raises(CallError, match="limit"):
        gather([], limit=0)


def test_truth_of_a_folder_goes_to_its_page(here: Path) -> None:
    told(here / "a.png", "x")
    frames = [Image.new("L", (9, 9)) for _ in range(2)]
    frames[0].save("scan.tiff", save_all=True, append_images=frames[1:])
    texts = here / "texts"
    texts.mkdir()
    for name in ("a", "scan.2"):
        (texts / f"{name}.txt").write_text(f"truth of {name}\n")
    rows = manifest(here / "m.jsonl", a="from the manifest")
    corpus = gather([rows, "a.png", "scan.tiff", "a.png"], truth=texts)
    assert [item.truth for item in corpus.items] == [
        "from the manifest", "truth of a", None, "truth of scan.2", "truth of a",
    ]  # fmt: skip
    assert not corpus.without_truth().has_truth


def test_truth_has_places_where_all_of_its_lines_have_them(here: Path) -> None:
    box = [1, 2, 30, 12]
    lines = {
        "placed": [{"text": "one  two", "box": box}, {"text": "three", "box": box}],
        "partly": [{"text": "one two", "box": box}, {"text": "three"}],
        "shorter": [{"text": "one two", "box": box}],
        "none": [],
    }
    rows = [{"id": name, "text": "one two\nthree", "lines": some} for name, some in lines.items()]
    (here / "m.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    corpus = gather(here / "m.jsonl")
    found = {item.id: [line.polygon and line.polygon.box for line in item.lines] for item in corpus.items}
    assert found == {"placed": [tuple(box)] * 2, "partly": [], "shorter": [], "none": []}
    texts = {" ".join(item.truth_page.text.split()) for item in corpus.items}
    assert texts == {"one two three"}
    assert not any(item.truth_page.text for item in corpus.without_truth().items)


def test_an_unusable_manifest_is_an_error_among_others(here: Path) -> None:
    told(here / "a.png")
    (here / "empty.jsonl").touch()
    corpus = gather(["empty.jsonl", "a.png", manifest(here / "m.jsonl", a="x", gone="y")])
    assert ids(corpus) == ["a.png", "a"]
    assert [(error.source, error.page, error.kind) for error in corpus.errors] == [
        ("empty.jsonl", None, "bad_manifest"),
        ("m.jsonl:2", None, "missing_image"),
    ]
    assert [m.name for m in corpus.manifests] == ["m"]


# Reading


class Ears(Watcher):
    """Writes down all that it hears."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def engine_starts(self, run: EngineRun, pages: int) -> None:
        self.heard.append(("starts", run.label, pages))

    def engine_ready(self, run: EngineRun) -> None:
        self.heard.append(("ready", run.label))

    def page_done(self, run: EngineRun | None, result: Page | PageError) -> None:
        self.heard.append((run and run.label, result.id, type(result).__name__))

    def engine_ends(self, run: EngineRun) -> None:
        self.heard.append(("ends", run.label, run.error and run.error.kind))


def test_a_watcher_hears_everything_once(here: Path) -> None:
    told(here / "a.png")
    told(here / "b.png").write_bytes(b"")
    ears = Ears()
    study(manifest(here / "m.jsonl", a="", b="", gone=""), "parrot,bad=parrot:lang=fr,null", ears)
    assert ears.heard == [
        (None, "gone", "PageError"),
        ("starts", "parrot", 2),
        ("ready", "parrot"),
        ("parrot", "a", "Page"),
        (None, "b", "PageError"),
        ("ends", "parrot", None),
        ("starts", "bad", 1),
        ("ends", "bad", "unsupported_language"),
        ("starts", "null", 1),
        ("ready", "null"),
        ("null", "a", "Page"),
        ("ends", "null", None),
    ]


def test_no_engine_is_started_for_nothing(here: Path) -> None:
    ears = Ears()
    found = study("gone.png", "parrot:fault=load", ears)
    assert [event[0] for event in ears.heard] == [None]
    assert study_summary(found)["engines"]["parrot:fault=load"]["pages"] == 0
    assert found.failed


def test_levels_that_an_engine_does_not_take(here: Path) -> None:
    rows = [
        {"id": level, "image": "a.png", "text": "x", "level": level} for level in ("page", "line", "word")
    ]
    told(here / "a.png", "x")
    path = here / "m.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    results = study(path).runs[0].results
    assert [isinstance(result, Page) for result in results.values()] == [True, True, False]
    path.write_text(json.dumps(rows[2]))
    (run,) = study(path).runs
    assert run.error is not None
    assert run.error.kind == "unsupported_level"


def test_an_interrupt_ends_the_run_and_keeps_it(here: Path) -> None:
    class Impatient(Watcher):
        def page_done(self, run: EngineRun | None, result: Page | PageError) -> None:
            if result.id == "b.png":
                raise KeyboardInterrupt

    for name in "abc":
        told(here / f"{name}.png", name)
    found = study(".", "parrot,null", Impatient())
    assert found.interrupted
    assert [(run.label, list(run.results)) for run in found.runs] == [("parrot", ["a.png", "b.png"])]


# Scores and tables


@pytest.fixture
def scored(here: Path) -> Study:
    """Micro CER of the parrot: 1 of 40 characters; of the other: 5 of 40."""
    told(here / "a.png", "abcd efgx!")
    told(here / "b.png", "the quick brown fox jumps over")
    rows = manifest(here / "m.jsonl", a="abcd efgh!", b="the quick brown fox jumps over")
    told(here / "c.png", "unscored")
    return study([rows, "c.png"], "worse=parrot:tail=zz,parrot")


def test_scores(scored: Study) -> None:
    worse, parrot = (scored.score(run) for run in scored.runs)
    assert worse is not None
    assert parrot is not None
    assert (parrot.cer, worse.cer) == (pytest.approx(1 / 40), pytest.approx(5 / 40))
    assert parrot.macro["cer"] == pytest.approx(1 / 20)
    assert parrot.pages == 2, "pages without truth are not scored"


def test_table(scored: Study) -> None:
    table = scored.table()
    assert list(table.index) == ["parrot", "worse"]
    assert table.index.name == "engine"
    assert table.dtypes.astype(str).to_dict() == {
        **dict.fromkeys(["cer", "cer_order_free", "wer", "word_f1"], "float64"),
        **dict.fromkeys(["seconds_per_page", "peak_memory_mb"], "float64"),
        **dict.fromkeys(["pages", "errors", "detections"], "int64"),
    }
    assert table.loc["parrot", "pages"] == 3
    assert table.loc["parrot", "cer"] == pytest.approx(1 / 40)


def test_table_without_truth_or_pages(here: Path) -> None:
    told(here / "a.png")
    table = study("a.png", "null,parrot").table()
    assert list(table.index) == ["null", "parrot"], "in the order given where nothing tells them apart"
    assert table["cer"].isna().all()
    assert study([], "null").table().loc["null", "pages"] == 0


def test_results(scored: Study) -> None:
    frame = scored.results()
    assert len(frame) == 6
    assert frame.dtypes.astype(str).to_dict() == {
        **dict.fromkeys(["id", "source", "engine", "text", "error"], "string"),
        "page": "Int64",
        **dict.fromkeys(["cer", "cer_order_free", "wer", "word_f1", "seconds"], "float64"),
    }
    first = frame[(frame["engine"] == "parrot") & (frame["id"] == "a")].iloc[0]
    assert (first["text"], first["page"], first["cer"]) == ("abcd efgx!", 1, pytest.approx(0.1))
    assert frame["error"].isna().all()
    assert frame["cer"].isna().sum() == 2
    empty = study([], "null").results()
    assert (len(empty), list(empty.columns)) == (0, list(frame.columns))


def test_a_failed_page_counts_as_missing(here: Path) -> None:
    told(here / "a.png", "0123456789")
    (here / "b.png").write_bytes(b"")
    found = study(manifest(here / "m.jsonl", a="0123456789", b="0123456789"))
    frame = found.results().set_index("id")
    assert frame.loc["b", "cer"] == 1
    assert "b.png is empty" in frame.loc["b", "error"]
    assert frame["text"].isna().to_list() == [False, True]
    summary = study_summary(found)["engines"]["parrot"]
    assert (summary["cer"], summary["pages"], summary["errors"]) == (0.5, 2, 1)


def test_case_and_ignore_of_a_row_are_obeyed(here: Path) -> None:
    told(here / "a.png", "Shouted")
    row = {"id": "a", "image": "a.png", "text": "SHOUTED"}
    path = here / "m.jsonl"
    cers = []
    for more in ({}, {"case": "upper"}):
        path.write_text(json.dumps(row | more))
        cers.append(study(path).runs[0].scores["a"].cer)
    assert cers == [pytest.approx(6 / 7), 0]


def test_the_report_shows_the_worst_pages(here: Path) -> None:
    for number in range(5):
        told(here / f"p{number}.png", "abcd" if number != 3 else "????")
    found = study(manifest(here / "m.jsonl", **{f"p{n}": "abcd" for n in range(5)}), "parrot,null")
    for run in found.runs:
        if run.label == "null":
            run.scores.clear()
    _, report = write_outputs(found, here / "o", report_pages=1)
    text = report.read_text(encoding="utf-8")
    assert "p3.png" in text
    assert "p1.png" not in text
    summary = json.loads((here / "o" / "summary.json").read_text())
    assert summary["pages"] == 5


def test_a_summary_is_plain_json_even_of_infinite_rates(here: Path) -> None:
    told(here / "a.png", "text where there is none")
    for convention in ("default", "dinglehopper", "jiwer", "ocrd"):
        found = run_study(
            gather(manifest(here / "m.jsonl", a="")), parse_specs("parrot"), get_convention(convention)
        )
        json.dumps(study_summary(found), allow_nan=False)
        found.table()


def runs(found: Study) -> Sequence[str]:
    return [run.label for run in found.runs]


def test_an_engine_twice_under_two_labels(here: Path) -> None:
    told(here / "a.png", "x")
    found = study("a.png", "one=parrot,two=parrot:tail=y")
    assert runs(found) == ["one", "two"]
    assert found.results()["text"].to_list() == ["x", "xy"]
    with pytest.raises(CallError, match="two engines are labelled 'parrot'"):
        study("a.png", "parrot,parrot")
