"""`cascade` among the engines of a run: one engine after the other reads what is left in doubt."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from running import manifest, ocr, results, told
from test_ensemble_alignment import text_only

import ocr_plugins
from ocr_plugins.api import run_engines
from ocr_plugins.corpus import gather
from ocr_plugins.document import Line, Page, PageError, Provenance, Word
from ocr_plugins.ensemble.doubt import doubt_of
from ocr_plugins.ensemble.vote import vote
from ocr_plugins.ensemble.voting import Confidence
from ocr_plugins.errors import CallError
from ocr_plugins.evaluation import get_convention
from ocr_plugins.formats.jsonl import page_json
from ocr_plugins.runs import EngineRun, Study, Watcher
from ocr_plugins.spec import parse_spec
from ocr_plugins.voted import run_vote

SURE, UNSURE = 0.99, 0.05


def said(text: str, sure: float) -> Page:
    """A reading of one line, as sure of each word."""
    words = [Word(text=word, confidence=sure, confidence_kind="k") for word in text.split()]
    lines = (Line.of_words(words),) if words else ()
    return Page(source="a.png", page=1, size=(16, 12), lines=lines)


@dataclass(frozen=True)
class Desk:
    """Blank scans, and in a folder for each program what it has read of them."""

    root: Path

    @property
    def scans(self) -> Path:
        return self.root / "scans"

    def put(self, name: str, readings: Mapping[str, Page]) -> None:
        """What a program has read, by page."""
        folder = self.root / name
        folder.mkdir()
        self.scans.mkdir(exist_ok=True)
        for page, reading in readings.items():
            (folder / f"{page}.json").write_text(page_json(reading), encoding="utf-8")
            Image.fromarray(np.full((12, 16), 255, np.uint8)).save(self.scans / f"{page}.png")

    def engines(self, *names: str) -> str:
        """The programs of these names, and whatever else is named as it is."""
        folders = {name: self.root / name for name in names}
        return ",".join(
            f"{name}=files:path={path}" if path.is_dir() else name for name, path in folders.items()
        )

    def read(self, *names: str) -> dict[str, dict[str, str]]:
        """What is read of each page by each engine, and by the cascade, the last: as `read` runs them."""
        return read_by(run_engines(self.scans, self.engines(*names), convention=None, store=False))


def read_by(study: Study) -> dict[str, dict[str, str]]:
    return {
        run.label: {
            Path(page).stem: result.text if isinstance(result, Page) else f"error: {result.kind}"
            for page, result in run.results.items()
        }
        for run in study.runs
    }


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Of two pages a quick program is sure of one, and a good one has read both."""
    desk = Desk(tmp_path)
    desk.put("quick", {"easy": said("the brown fox", SURE), "hard": said("thc brovvn fax", UNSURE)})
    desk.put("good", {"easy": said("the brown fox", SURE), "hard": said("the brown fox", SURE)})
    return desk


# --- how much is in doubt ---


def test_a_page_without_text_is_all_in_doubt() -> None:
    assert doubt_of(text_only("")) == doubt_of(said("", SURE)) == 1


def test_words_count_by_their_length() -> None:
    words = [
        Word(text=text, confidence=sure, confidence_kind="k") for text, sure in (("abcd", 0.5), ("ab", 1.0))
    ]
    page = Page(source="a", page=1, size=None, lines=(Line.of_words(words),))
    assert doubt_of(page) == pytest.approx(4 * 0.5 / 6)


def test_surer_words_leave_less_in_doubt() -> None:
    found = []
    for sure in (0.2, 0.6, 0.9):
        voted = vote(
            {"one": said("the brown fox", sure)}, Confidence(lambda _, words: words[0].confidence or 0)
        )
        assert not isinstance(voted, PageError)
        found.append(doubt_of(voted.page))
    assert found == pytest.approx([0.8, 0.4, 0.1])


# --- who is asked ---


@pytest.mark.parametrize("method", ["confidence", "learned"])
def test_pages_that_the_first_is_sure_of_are_not_read_by_the_next(desk: Desk, method: str) -> None:
    found = desk.read("quick", "good", f"mine=cascade:method={method}:doubt=0.06")
    assert list(found) == ["quick", "good", "mine"]
    assert set(found["quick"]) == set(found["mine"]) == {"easy", "hard"}
    assert set(found["good"]) == {"hard"}
    assert found["mine"]["easy"] == "the brown fox"


def test_the_surer_reading_of_a_page_in_doubt_wins(desk: Desk) -> None:
    found = desk.read("quick", "good", "mine=cascade:method=confidence")
    assert found["mine"] == {"easy": "the brown fox", "hard": "the brown fox"}


def test_engines_are_asked_in_the_order_of_the_option(desk: Desk) -> None:
    found = desk.read("quick", "good", "mine=cascade:of=good+quick:method=confidence")
    assert list(found) == ["good", "quick", "mine"]
    assert set(found["good"]) == {"easy", "hard"}
    assert not found["quick"]


@pytest.mark.parametrize(("doubt", "read"), [("1", set()), ("0", {"easy", "hard"})])
def test_the_bounds_of_doubt_ask_nobody_else_or_all(desk: Desk, doubt: str, read: set[str]) -> None:
    assert set(desk.read("quick", "good", f"cascade:method=confidence:doubt={doubt}")["good"]) == read


def test_the_third_reads_what_two_leave_in_doubt(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    levels = {"one": (0.99, 0.3, 0.3), "two": (0.99, 0.99, 0.3), "three": (0.99, 0.99, 0.99)}
    for name, sure in levels.items():
        desk.put(name, {f"p{n}": said("the brown fox", one) for n, one in enumerate(sure)})
    found = desk.read(*levels, "mine=cascade:method=confidence:doubt=0.05")
    assert {label: sorted(pages) for label, pages in found.items()} == {
        "one": ["p0", "p1", "p2"],
        "two": ["p1", "p2"],
        "three": ["p2"],
        "mine": ["p0", "p1", "p2"],
    }


@pytest.mark.parametrize("method", ["confidence", "learned"])
def test_the_next_is_asked_where_nothing_was_found(tmp_path: Path, method: str) -> None:
    desk = Desk(tmp_path)
    desk.put("one", {"full": said("the brown fox", SURE), "blank": said("", SURE)})
    desk.put("two", {"full": said("the red hen", SURE), "blank": said("the red hen", SURE)})
    found = desk.read("one", "two", f"mine=cascade:method={method}:doubt=0.1")
    assert found["two"] == {"blank": "the red hen"}
    assert found["mine"] == {"full": "the brown fox", "blank": "the red hen"}


def test_the_next_is_asked_for_pages_that_failed(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.put("two", {"a": said("the red hen", SURE), "b": said("the red hen", SURE)})
    desk.put("one", {"a": said("the brown fox", SURE)})
    found = desk.read("one", "two", "mine=cascade:method=confidence")
    assert found["one"] == {"a": "the brown fox", "b": "error: no_reading"}
    assert found["two"] == {"b": "the red hen"}
    assert found["mine"] == {"a": "the brown fox", "b": "the red hen"}


def test_a_cascade_goes_on_over_an_engine_that_cannot_run(desk: Desk, tmp_path: Path) -> None:
    broken = f"broken=files:path={tmp_path / 'none'}"
    study = run_engines(
        desk.scans, desk.engines(broken, "good", "quick", "mine=cascade:method=confidence"), store=False
    )
    assert study.runs[0].error
    found = read_by(study)
    assert set(found["good"]) == {"easy", "hard"}
    assert not found["quick"]
    assert found["mine"]["hard"] == "the brown fox"
    alone = run_engines(desk.scans, f"{broken},cascade", store=False)
    assert all(run.error for run in alone.runs)


def test_a_page_that_cannot_be_opened_is_told_once(here: Path) -> None:
    told(here / "a.png", "the brown fox")
    told(here / "b.png").write_bytes(b"")
    rows = manifest(here / "m.jsonl", a="", b="")
    engines = "parrot,other=parrot:tail=es,mine=cascade:method=confidence:doubt=0.1"
    study = run_engines(rows, engines, store=False)
    found = read_by(study)
    assert set(found["other"]) == {"a"}
    assert set(found["mine"]) == {"a", "b"}
    assert list(study.unreadable) == ["b"]
    assert study.runs[-1].results["b"] == study.unreadable["b"]


@pytest.mark.parametrize(
    "votes",
    [
        ("mine=cascade:of=quick+good:method=confidence",),
        ("mine=cascade:method=confidence", "vote:method=majority"),
        ("mine=cascade:method=confidence", "other=cascade:of=good+quick+third:method=confidence"),
    ],
)
def test_all_read_everything_where_others_need_it_too(desk: Desk, votes: Sequence[str]) -> None:
    desk.put("third", {name: said("the brown fox", SURE) for name in ("easy", "hard")})
    found = desk.read("quick", "good", "third", *votes)
    assert all(set(pages) == {"easy", "hard"} for pages in found.values())


# --- what it tells ---


def test_read_writes_what_was_read_and_prints_the_cascade(desk: Desk, tmp_path: Path) -> None:
    done = ocr(
        "read",
        desk.scans,
        "--engine",
        desk.engines("quick", "good", "mine=cascade:method=confidence:doubt=0.05"),
        "--out",
        tmp_path / "out",
        "--format",
        "text",
        "--no-store",
        "-q",
    )
    assert done.status == 0, done.err
    read = [(row["engine"], Path(row["id"]).stem) for row in results(tmp_path / "out")]
    assert sorted(read) == [
        ("good", "hard"),
        ("mine", "easy"),
        ("mine", "hard"),
        ("quick", "easy"),
        ("quick", "hard"),
    ]
    printed = ocr(
        "read",
        desk.scans,
        "--engine",
        desk.engines("quick", "good", "cascade:method=confidence"),
        "--no-store",
    )
    assert [line for line in printed.out.splitlines() if not line.startswith("==>")] == ["the brown fox"] * 2
    rows = [json.loads(line) for line in (tmp_path / "out" / "votes.jsonl").read_text().splitlines()]
    asked = {Path(row["id"]).stem: sorted(row["voters"]) for row in rows}
    assert asked == {"easy": ["quick"], "hard": ["good", "quick"]}


def test_compare_reads_everything_with_every_engine(desk: Desk) -> None:
    rows = manifest(desk.scans / "manifest.jsonl", easy="the brown fox", hard="the brown fox")
    study = ocr_plugins.compare(
        rows, desk.engines("quick", "good", "mine=cascade:method=confidence:doubt=0.05"), store=False
    )
    assert all(set(run.results) == {"easy", "hard"} for run in study.runs)
    assert study.table()["cer"]["mine"] == 0
    mine = study.runs[-1]
    assert mine.info is not None
    assert mine.info.name == "cascade"
    assert mine.info.options["doubt"] == 0.05
    assert mine.info.options["voters"] == {
        run.label: run.info.fingerprint for run in study.runs[:2] if run.info
    }


def test_other_doubt_is_another_cascade(desk: Desk) -> None:
    cascades = [f"c{n}=cascade:method=confidence:doubt={doubt}" for n, doubt in enumerate((0.05, 0.5))]
    study = run_engines(desk.scans, desk.engines("quick", "good", *cascades), store=False)
    one, other = (run.info for run in study.runs[2:])
    assert one is not None
    assert other is not None
    assert one.fingerprint != other.fingerprint


COSTS = {"quick": 10_000.0, "good": 1_000_000.0}


@pytest.mark.parametrize("method", ["confidence", "learned"])
def test_a_cascade_costs_what_it_asked_for(method: str) -> None:
    """The engines are so slow that nobody waits for them here: what they took is told."""
    blank = np.full((8, 9), 255, np.uint8)
    study = Study(corpus=gather([blank, blank]), convention=get_convention("default"))
    easy, hard = (item.id for item in study.corpus.items)
    for label, sure in {"quick": (SURE, UNSURE), "good": (SURE, SURE)}.items():
        about = Provenance(engine="files", spec="files", fingerprint=label, version="1", seconds=COSTS[label])
        run = EngineRun(spec=parse_spec(f"{label}=files:path={label}"))
        for page, one in zip((easy, hard), sure, strict=True):
            reading = said("the brown fox", one)
            run.results[page] = Page(
                source="a", page=1, size=reading.size, lines=reading.lines, provenance=about
            )
        study.runs.append(run)
    for vote_spec in (f"mine=cascade:method={method}:doubt=0.06", f"all=vote:method={method}"):
        run_vote(study, parse_spec(vote_spec), Watcher())
    cascade, everyone = (
        {page: result.provenance.seconds for page, result in run.results.items() if result.provenance}
        for run in study.runs[2:]
    )
    # Voting itself takes next to nothing.
    assert cascade[easy] == pytest.approx(COSTS["quick"], rel=0.001)
    for seconds in (cascade[hard], everyone[easy], everyone[hard]):
        assert seconds == pytest.approx(sum(COSTS.values()), rel=0.001)


@pytest.mark.parametrize("doubt", [0.05, 0.1, 0.3])
def test_what_is_read_is_what_was_studied(tmp_path: Path, doubt: float) -> None:
    """An engine that was asked for hard pages alone counts no less for that."""
    desk = Desk(tmp_path)
    right = "the quick brown fox jumps over the lazy dog"
    wrong = "thc quick brovvn fax jurnps ovcr thc lazv dog"
    hard = {f"p{number}": number > 5 for number in range(8)}
    desk.put(
        "one", {page: said(wrong, 0.5) if is_hard else said(right, SURE) for page, is_hard in hard.items()}
    )
    desk.put("two", dict.fromkeys(hard, said(right, 0.6)))
    engines = desk.engines("one", "two", f"mine=cascade:doubt={doubt}")
    read = run_engines(desk.scans, engines, convention=None, store=False)
    studied = run_engines(desk.scans, engines, convention="default", store=False)
    assert len(read.runs[1].results) < len(studied.runs[1].results) == len(hard)
    assert read_by(read)["mine"] == read_by(studied)["mine"]


def test_a_file_that_is_missing_is_the_cascades_own_error(desk: Desk, tmp_path: Path) -> None:
    missing = tmp_path / "none.json"
    engines = desk.engines("quick", "good", f"mine=cascade:model={missing}")
    study = run_engines(desk.scans, engines, convention=None, store=False)
    assert "none.json cannot be read" in str(study.runs[-1].error)
    assert not study.runs[1].results


# --- wrong calls ---


@pytest.mark.parametrize(
    ("engines", "message"),
    [
        ("quick,good,cascade:doubt=1.5", "doubt=1.5 is out of range"),
        ("quick,good,cascade:doubt=-0.1", "out of range"),
        ("quick,good,cascade:doubt=nan", "out of range"),
        ("quick,good,cascade:doubt=much", "doubt=much does not fit"),
        ("quick,good,cascade:of=quick+fourth", "no engine of this run is called 'fourth'"),
        ("quick,good,cascade:loud=1", "no option 'loud'"),
        ("quick,good,cascade:method=shouting", "method=shouting is not allowed"),
        ("quick,good,vote:doubt=0.1", "no option 'doubt'"),
        ("cascade", "a cascade needs engines that read"),
        ("null,cascade:doubt=7", "doubt=7.0 is out of range"),
        ("quick,good,cascade:of=quick+quick", "names an engine twice"),
        ("quick,good,vote:of=quick+quick", "names an engine twice"),
        ("quick,good,cascade:method=majority", "as long as a vote is unsure"),
        ("quick,good,cascade:lines=fourth", "no engine of this run is called 'fourth'"),
        ("quick,good,cascade:lines=quick+good", "leaves no engine that reads pages"),
        ("quick,good,cascade:lines=good+good", "lines=good+good names an engine twice"),
        ("quick,good,cascade:of=quick:lines=quick", "leaves no engine that reads pages"),
        ("quick,good,cascade:of=quick:lines=good", "lines= names 'good', which of= leaves out"),
        ("quick,good,cascade:lines=good:doubt=2", "doubt=2.0 is out of range"),
        ("quick,good,cascade:lines=good:method=majority", "method=majority cannot tell"),
        ("quick,good,vote:lines=good", "no option 'lines'"),
    ],
)
def test_wrong_calls_are_one_line(desk: Desk, engines: str, message: str) -> None:
    asked = desk.engines(*engines.split(","))
    for convention in (None, "default"):
        with pytest.raises(CallError, match=re.escape(message)):
            run_engines(desk.scans, asked, convention=convention, store=False)


@pytest.mark.parametrize("command", ["read", "compare"])
def test_a_wrong_call_ends_the_command_in_one_line(desk: Desk, command: str) -> None:
    asked = desk.engines("quick", "cascade:doubt=2")
    done = ocr(command, desk.scans, "--engine", asked, "--no-store")
    assert (done.status, done.out, len(done.errors)) == (2, "", 1)
    assert "doubt" in done.err
