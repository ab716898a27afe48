"""Real engines that are asked for lines alone: what they are given, and what becomes of what they give."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from running import ocr, results
from test_cascade import SURE, UNSURE, Desk, read_by
from test_line_cascade import placed

from ocr_plugins.api import run_engines
from ocr_plugins.document import Box, PageError
from ocr_plugins.excerpts import ExcerptItem
from ocr_plugins.samples import samples_manifest
from ocr_plugins.spec import parse_specs
from ocr_plugins.voted import Asking


@dataclass(frozen=True)
class Ran:
    """A page that was read twice, with an excerpt of it for one engine, and once by that one as a whole."""

    page: Path
    out: Path
    again: Path
    alone: Path

    def words(self, folder: Path, label: str) -> list[tuple[str, Box]]:
        record = self.record(folder, label)
        corners = [(word["text"], list(zip(*word["polygon"], strict=True))) for word in record["words"]]
        return [(text, (min(xs), min(ys), max(xs), max(ys))) for text, (xs, ys) in corners]

    def record(self, folder: Path, label: str) -> dict[str, Any]:
        (found,) = (row for row in results(folder) if row["engine"] == label)
        return found


ENGINES = "tesseract,crnn,mine=cascade:lines=crnn:doubt=0.2"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("ran")
    made = Ran(
        samples_manifest().parent / "receipt.jpg", *(folder / name for name in ("out", "again", "alone"))
    )
    for out, engines in ((made.out, ENGINES), (made.again, ENGINES), (made.alone, "crnn")):
        done = ocr("read", made.page, "--engine", engines, "--out", out, "--store", folder / "store", "-q")
        assert done.status == 0, done.err
    return made


@pytest.fixture(scope="module")
def excerpt(ran: Ran, tmp_path_factory: pytest.TempPathFactory) -> ExcerptItem:
    """What the second engine was given."""
    folder = tmp_path_factory.mktemp("kept")
    asking = Asking(parse_specs(ENGINES))
    assert asking.lazily
    study = run_engines(ran.page, "tesseract", store=folder)
    (item,) = asking.wanted(study)
    assert isinstance(item, ExcerptItem)
    return item


def test_a_real_engine_reads_the_lines_in_doubt_alone(ran: Ran, excerpt: ExcerptItem) -> None:
    record = ran.record(ran.out, "crnn")
    assert record["provenance"]["preprocessed"][0] == "excerpt"
    assert record["size"] == list(excerpt.ref.load().size)
    assert 0 < len(record["words"]) < len(ran.words(ran.alone, "crnn"))
    for _, (x0, y0, x1, y1) in ran.words(ran.out, "crnn"):
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        assert any(
            left - 0.25 * (bottom - top) <= x <= right + 0.25 * (bottom - top)
            and top - 0.25 * (bottom - top) <= y <= bottom + 0.25 * (bottom - top)
            for left, top, right, bottom in excerpt.excerpt.boxes
        )


def test_an_excerpt_of_a_real_page_is_smaller(excerpt: ExcerptItem) -> None:
    assert excerpt.image.load().pixels.size < 0.8 * excerpt.ref.load().pixels.size
    assert excerpt.image.load().dpi == excerpt.ref.load().dpi
    assert excerpt.image.id == excerpt.id


def test_its_words_stand_where_a_reading_of_the_whole_page_has_them(ran: Ran) -> None:
    whole, found = ran.words(ran.alone, "crnn"), ran.words(ran.out, "crnn")
    alike = 0
    for text, (x0, y0, x1, y1) in found:
        near = [
            box
            for other, box in whole
            if other == text
            and abs(box[0] + box[2] - x0 - x1) < y1 - y0
            and abs(box[1] + box[3] - y0 - y1) < y1 - y0
        ]
        alike += bool(near)
    assert alike >= 0.7 * len(found) > 10


def test_it_is_heard_on_the_lines_that_it_was_asked_for(ran: Ran, excerpt: ExcerptItem) -> None:
    (row,) = [json.loads(line) for line in (ran.out / "votes.jsonl").read_text("utf-8").splitlines()]
    assert row["voters"] == ["tesseract", "crnn"]
    heard = [word for word in row["words"] if "crnn" in word["readings"]]
    assert 0 < len(heard) < len(row["words"])
    assert sum(bool(word["readings"]["crnn"]) for word in heard) > 0.7 * len(heard)
    for word in row["words"]:
        xs, ys = zip(*word["polygon"], strict=True)
        x, y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
        inside = any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in excerpt.excerpt.boxes)
        assert inside or word not in heard


def test_an_excerpt_is_kept_and_not_read_again(ran: Ran) -> None:
    first, second = ran.record(ran.out, "crnn"), ran.record(ran.again, "crnn")
    assert (first["from_store"], second["from_store"]) == (False, True)
    assert {**first, "from_store": True} == second
    # It is kept as what it is: of the whole page there is nothing.
    assert not ran.record(ran.alone, "crnn")["from_store"]
    assert "excerpt" not in ran.record(ran.alone, "crnn")["provenance"]["preprocessed"]
    mine = [ran.record(folder, "mine") for folder in (ran.out, ran.again)]
    assert mine[0]["text"] == mine[1]["text"]


def test_a_cascade_of_real_engines_takes_the_seconds_of_the_excerpt(ran: Ran) -> None:
    seconds = {label: ran.record(ran.out, label)["seconds"] for label in ("tesseract", "crnn", "mine")}
    assert seconds["mine"] >= seconds["tesseract"] + seconds["crnn"]


def test_places_that_an_engine_does_not_tell_are_no_reason_to_lose_its_lines(here: Path) -> None:
    """The parrot looks at the image, so that it is given an excerpt, and tells no places."""
    desk = Desk(here)
    rows_read = ("the brown fox", SURE), ("jurnps ovcr", UNSURE), ("the dog", SURE)
    desk.put("quick", {"a": placed(*rows_read)})
    (desk.scans / "a.said").write_text("jumps over")
    engines = f"{desk.engines('quick')},parrot,mine=cascade:method=confidence:lines=parrot:doubt=0.2"
    found = read_by(run_engines(desk.scans, engines, store=False))
    assert len(found["mine"]["a"].splitlines()) == 3


def test_lines_that_a_detector_finds_in_an_excerpt_are_told_on_the_page() -> None:
    page = samples_manifest().parent / "receipt.jpg"
    study = run_engines(page, "tesseract,components,cascade:lines=components:doubt=0.1", store=False)
    (whole,) = run_engines(page, "components", store=False).runs[0].results.values()
    (found,) = study.runs[1].results.values()
    places = [
        [polygon.box for polygon in result.detected or ()] if isinstance(result, PageError) else []
        for result in (whole, found)
    ]
    near = sum(
        any(abs(y0 - v0) + abs(y1 - v1) < 15 for _, v0, _, v1 in places[0]) for _, y0, _, y1 in places[1]
    )
    assert near >= 0.7 * len(places[1]) > 0
