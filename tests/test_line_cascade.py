"""`cascade:lines=`: dear engines are asked for lines alone, those that cheap ones leave in doubt."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from running import manifest, ocr, results
from test_cascade import SURE, UNSURE, Desk, read_by, said

import ocr_plugins
from ocr_plugins.api import run_engines
from ocr_plugins.document import Line, Page, Polygon, Word

Row = tuple[str, float]

PAGE = (600, 800)
PITCH, HEIGHT, WIDTH = 40, 20, 12


def placed(*rows: Row) -> Page:
    """A page of one row below the other, each as sure; the row of an empty text is left blank."""
    lines = []
    for number, (text, sure) in enumerate(rows):
        words, x, y = [], 20, 20 + PITCH * number
        for one in text.split():
            box = Polygon.from_box(x, y, x + WIDTH * len(one), y + HEIGHT)
            words.append(Word(text=one, polygon=box, confidence=sure, confidence_kind="k"))
            x += WIDTH * (len(one) + 1)
        if words:
            lines.append(Line.of_words(words))
    return Page(source="a.png", page=1, size=PAGE, lines=tuple(lines))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Of two pages a quick program is unsure of one line, and a good one has read both otherwise."""
    desk = Desk(tmp_path)
    desk.put(
        "quick",
        {
            "easy": placed(("the brown fox", SURE), ("jumps over", SURE)),
            "hard": placed(("the brown fox", SURE), ("jurnps ovcr", UNSURE), ("the dog", SURE)),
        },
    )
    desk.put(
        "good",
        {
            "easy": placed(("THE BROWN FOX", SURE), ("JUMPS OVER", SURE)),
            "hard": placed(("THE BROWN FOX", SURE), ("jumps over", SURE), ("THE DOG", SURE)),
        },
    )
    return desk


def cascade(lines: str, *more: str) -> str:
    return ":".join((f"mine=cascade:method=confidence:lines={lines}", *(more or ("doubt=0.2",))))


def heard(out: Path, page: str) -> dict[str, list[str]]:
    """What was taken in each place of a page, and whose readings were heard there."""
    rows = [json.loads(row) for row in (out / "votes.jsonl").read_text("utf-8").splitlines()]
    (words,) = (row["words"] for row in rows if Path(row["id"]).stem == page)
    return {word["text"]: sorted(word["readings"]) for word in words}


# --- what is asked, and heard ---


def test_lines_in_doubt_alone_are_asked_for(desk: Desk) -> None:
    found = desk.read("quick", "good", cascade("good"))
    assert set(found["quick"]) == {"easy", "hard"}
    assert set(found["good"]) == {"hard"}
    assert found["mine"] == {
        "easy": "the brown fox\njumps over",
        "hard": "the brown fox\njumps over\nthe dog",
    }


def test_what_was_heard_is_told_word_by_word(desk: Desk, tmp_path: Path) -> None:
    engines, out = desk.engines("quick", "good", cascade("good")), tmp_path / "out"
    done = ocr("read", desk.scans, "--engine", engines, "--out", out, "--format", "text", "--no-store", "-q")
    assert done.status == 0, done.err
    both, one = ["good", "quick"], ["quick"]
    alone = dict.fromkeys(("the", "brown", "fox", "dog"), one)
    assert heard(out, "hard") == {**alone, "jumps": both, "over": both}
    assert heard(out, "easy") == dict.fromkeys(("the", "brown", "fox", "jumps", "over"), one)
    rows = [json.loads(row) for row in (out / "votes.jsonl").read_text().splitlines()]
    assert {Path(row["id"]).stem: row["voters"] for row in rows} == {"easy": one, "hard": ["quick", "good"]}
    read = {(row["engine"], Path(row["id"]).stem): row for row in results(out)}
    assert set(read) == {(label, page) for label in ("quick", "mine") for page in ("easy", "hard")} | {
        ("good", "hard")
    }
    assert read["mine", "hard"]["text"] == "the brown fox\njumps over\nthe dog"
    assert read["mine", "hard"]["provenance"]["options"]["lines"] == ["good"]


@pytest.mark.parametrize(
    ("doubt", "text"), [("1", "jurnps ovcr"), ("0.96", "jurnps ovcr"), ("0.94", "jumps over")]
)
def test_lines_up_to_the_doubt_are_left(desk: Desk, doubt: str, text: str) -> None:
    found = desk.read("quick", "good", cascade("good", f"doubt={doubt}"))
    assert found["mine"]["hard"].splitlines()[1] == text
    assert set(found["good"]) == (set() if text == "jurnps ovcr" else {"hard"})


def test_a_line_that_is_just_as_doubtful_as_may_be_is_left(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.put("quick", {"a": placed(("thc fax", 0.75), ("a dog", SURE))})
    desk.put("good", {"a": placed(("the fox", SURE), ("a hen", SURE))})
    assert desk.read("quick", "good", cascade("good", "doubt=0.25"))["good"] == {}
    assert desk.read("quick", "good", cascade("good", "doubt=0.2499"))["mine"] == {"a": "the fox\na dog"}


@pytest.mark.parametrize("method", ["confidence", "learned"])
def test_a_cascade_that_doubts_all_hears_all_and_one_that_doubts_nothing_nobody(
    desk: Desk, method: str
) -> None:
    study = run_engines(
        desk.scans,
        desk.engines(
            "quick",
            "good",
            *(f"c{n}=cascade:method={method}:lines=good:doubt={doubt}" for n, doubt in enumerate((0, 1))),
            f"all=vote:method={method}",
        ),
        store=False,
    )
    found = read_by(study)
    assert found["c1"] == found["quick"]
    if method == "confidence":
        assert found["c0"] == found["all"]


def test_a_page_where_nothing_was_found_is_asked_as_a_whole(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.put("quick", {"a": placed(("", SURE)), "b": placed(("a dog", SURE))})
    desk.put("good", {"a": placed(("the fox", SURE), ("a hen", UNSURE)), "b": placed(("a hen", SURE))})
    found = desk.read("quick", "good", cascade("good"))
    assert found["good"] == {"a": "the fox\na hen"}
    assert found["mine"] == {"a": "the fox\na hen", "b": "a dog"}


def test_a_page_that_tells_no_places_is_asked_as_a_whole_where_it_is_in_doubt(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    unplaced = replace(said("", SURE), lines=said("thc brovvn fox", UNSURE).lines + said("a dog", SURE).lines)
    desk.put("quick", {"a": unplaced, "b": said("a dog", SURE)})
    good = ("the brown fox", SURE), ("a dog", SURE), ("and a hen", SURE)
    desk.put("good", {"a": placed(*good), "b": placed(*good)})
    found = desk.read("quick", "good", cascade("good"))
    assert set(found["good"]) == {"a"}
    assert found["mine"] == {"a": "the brown fox\na dog\nand a hen", "b": "a dog"}


def test_a_line_that_only_one_has_and_that_was_not_taken_is_asked_for_too(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    sure = ("the brown fox", SURE)
    desk.put("one", {"a": placed(sure, ("smudge", 0.2), ("a dog", SURE))})
    desk.put("two", {"a": placed(sure, ("", SURE), ("a dog", SURE))})
    desk.put("good", {"a": placed(("THE FOX", SURE), ("srnudge", 0.3), ("A DOG", SURE))})
    study = run_engines(desk.scans, desk.engines("one", "two", "v=vote:method=confidence"), store=False)
    assert read_by(study)["v"] == {"a": "the brown fox\na dog"}
    out = tmp_path / "out"
    engines = desk.engines("one", "two", "good", cascade("good", "doubt=0.05"))
    assert ocr("read", desk.scans, "--engine", engines, "--out", out, "--no-store", "-q").status == 0
    told_of = heard(out, "a")
    assert {text for text, voters in told_of.items() if "good" in voters} in ({"smudge"}, {"srnudge"}, {""})
    assert told_of["fox"] == ["one", "two"]


# --- what goes wrong ---


def test_pages_that_one_of_them_failed_on(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    mine, others = placed(("thc fax", UNSURE), ("a dog", SURE)), placed(("the fox", SURE), ("a hen", SURE))
    desk.put("good", {"a": others, "b": others, "c": others})
    desk.put("quick", {"a": mine, "b": mine})
    (tmp_path / "good" / "b.json").unlink()
    found = desk.read("quick", "good", cascade("good"))
    assert found["quick"]["c"] == found["good"]["b"] == "error: no_reading"
    assert found["mine"] == {"a": "the fox\na dog", "b": "thc fax\na dog", "c": "the fox\na hen"}


def test_a_page_that_all_failed_on_is_an_error(desk: Desk, tmp_path: Path) -> None:
    for name in ("quick", "good"):
        (tmp_path / name / "hard.json").unlink()
    assert desk.read("quick", "good", cascade("good"))["mine"]["hard"] == "error: no_reading"


@pytest.mark.parametrize("others", [(), ("fair",)])
def test_a_cheap_engine_that_cannot_run_is_done_without(
    desk: Desk, tmp_path: Path, others: Sequence[str]
) -> None:
    fair = placed(("the brown fax", SURE), ("jurnps ovcr", UNSURE), ("the dog", SURE))
    if others:
        desk.put("fair", {"easy": fair, "hard": fair})
    broken = f"broken=files:path={tmp_path / 'none'}"
    study = run_engines(desk.scans, desk.engines(broken, *others, "good", cascade("good")), store=False)
    assert study.runs[0].error
    found = read_by(study)
    assert found["mine"]["hard"] == (
        "the brown fax\njumps over\nthe dog" if others else "THE BROWN FOX\njumps over\nTHE DOG"
    )


def test_dear_engines_are_asked_for_the_same_where_no_cheap_one_can_run(desk: Desk, tmp_path: Path) -> None:
    """Then the first of them has read the pages, and the next has its say on lines in doubt alone."""
    quick, easy = ("the brown fox", 0.9), placed(("the dog", SURE))
    desk.put("fair", {"hard": placed(quick, ("jurnps ovcr", UNSURE)), "easy": easy})
    desk.put("best", dict.fromkeys(("hard", "easy"), placed(("a red hen", SURE), ("leaps over", SURE))))
    broken = f"broken=files:path={tmp_path / 'none'}"
    engines = desk.engines(broken, "fair", "best", cascade("fair+best"))
    ways = (None, "default")
    read, compared = (run_engines(desk.scans, engines, convention=how, store=False) for how in ways)
    assert read_by(read)["mine"] == read_by(compared)["mine"]
    assert read_by(read)["mine"] == {"easy": "the dog", "hard": "the brown fox\nleaps over"}


def test_a_dear_engine_that_cannot_run_leaves_what_the_cheap_ones_read(desk: Desk, tmp_path: Path) -> None:
    broken = f"broken=files:path={tmp_path / 'none'}"
    found = desk.read("quick", broken, cascade("broken"))
    assert found["mine"] == found["quick"]
    found = desk.read("quick", broken, "good", cascade("broken+good"))
    assert found["mine"]["hard"] == "the brown fox\njumps over\nthe dog"


def test_an_image_that_cannot_be_opened_is_told_and_other_pages_are_read(here: Path) -> None:
    desk = Desk(here)
    doubted = placed(("thc fax", UNSURE), ("a dog", SURE))
    desk.put("quick", {"bad": doubted, "fair": doubted, "left": placed(("the brown fox", SURE))})
    (desk.scans / "bad.png").write_bytes(b"")
    rows = manifest(desk.scans / "m.jsonl", bad="", fair="", left="")
    study = run_engines(rows, f"{desk.engines('quick')},parrot,{cascade('parrot')}", store=False)
    assert list(study.unreadable) == ["bad"]
    assert set(study.runs[1].results) == {"bad", "fair"}
    assert study.runs[-1].results["bad"] == study.unreadable["bad"]
    assert read_by(study)["mine"]["left"] == "the brown fox"


# --- one engine after the other ---


@pytest.fixture
def four(tmp_path: Path) -> Desk:
    """Three lines, of which one engine after the other is sure of one more."""
    desk = Desk(tmp_path)
    rows = ("the quick brown fox ran home", "jumps over", "lazy dogs")
    for name, sure in {"quick": 1, "fair": 2, "best": 3, "last": 3}.items():
        texts = [row if n < sure else row.replace("o", "c") for n, row in enumerate(rows)]
        marked = [text.upper() if name != "quick" and n == 0 else text for n, text in enumerate(texts)]
        page = placed(*((text, SURE if n < sure else UNSURE) for n, text in enumerate(marked)))
        desk.put(name, {"a": page})
    return desk


def test_the_second_is_asked_for_what_is_still_in_doubt(four: Desk, tmp_path: Path) -> None:
    out = tmp_path / "out"
    engines = four.engines("quick", "fair", "best", "last", cascade("fair+best+last"))
    assert ocr("read", four.scans, "--engine", engines, "--out", out, "--no-store", "-q").status == 0
    found = {text.replace("c", "o"): voters for text, voters in heard(out, "a").items()}
    assert found["fox"] == ["quick"]
    assert found["over"] == ["fair", "quick"]
    assert found["dogs"] == ["best", "fair", "quick"]
    assert {row["engine"] for row in results(out)} == {"quick", "fair", "best", "mine"}


@pytest.mark.parametrize(
    ("spec", "order"),
    [
        ("lines=best+fair", ["quick", "last", "best", "fair"]),
        ("lines=fair+best", ["quick", "last", "fair", "best"]),
        ("of=last+fair+best+quick:lines=quick+fair", ["last", "best", "quick", "fair"]),
        ("of=best+quick+fair+last:lines=last+fair", ["best", "quick", "last", "fair"]),
    ],
)
def test_engines_are_asked_in_order_those_for_lines_last(four: Desk, spec: str, order: Sequence[str]) -> None:
    found = four.read("quick", "fair", "best", "last", f"mine=cascade:method=confidence:{spec}:doubt=0.5")
    assert list(found) == [*order, "mine"]
    assert all(found[label] for label in order[:2])


def test_the_order_of_lines_says_who_is_asked_first(four: Desk) -> None:
    found = four.read("quick", "fair", "best", cascade("best+fair"))
    assert found["mine"] == {"a": "the quick brown fox ran home\njumps over\nlazy dogs"}
    assert not found["fair"]


@pytest.mark.parametrize(("sure_of", "text"), [("hop", "THE FOX"), ("jumps over", "the fox")])
def test_a_page_that_is_mostly_in_doubt_is_read_as_a_whole(tmp_path: Path, sure_of: str, text: str) -> None:
    desk = Desk(tmp_path)
    desk.put("quick", {"a": placed(("the fox", 0.9), (sure_of, SURE), ("1azy d0gs 4nd", UNSURE))})
    desk.put("good", {"a": placed(("THE FOX", SURE), (sure_of, SURE), ("lazy dogs and", SURE))})
    found = desk.read("quick", "good", cascade("good"))["mine"]["a"].splitlines()
    assert found == [text, sure_of, "lazy dogs and"]


# --- compare and study ---


@pytest.mark.parametrize("method", ["confidence", "learned"])
@pytest.mark.parametrize("lines", ["best", "fair+best", "best+fair+last"])
def test_compare_reads_everything_and_gives_what_read_gives(four: Desk, method: str, lines: str) -> None:
    rows = manifest(four.scans / "m.jsonl", a="the quick brown fox ran home jumps over lazy dogs")
    engines = four.engines(
        "quick", "fair", "best", "last", f"mine=cascade:method={method}:lines={lines}:doubt=0.2"
    )
    compared = ocr_plugins.compare(rows, engines, store=False)
    read = run_engines(rows, engines, store=False)
    assert all(set(run.results) == {"a"} for run in compared.runs)
    assert read_by(compared)["mine"] == read_by(read)["mine"]
    assert compared.runs[-1].scores
