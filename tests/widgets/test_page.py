"""The bundle in Chromium without a notebook: what is seen, pointed at, typed and voted on."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import Seen, picture, watched
from ocr_plugins.widgets import Comparison, compare, leaderboard
from ocr_plugins.widgets.state import Ballot
from sheets import TEXT

import ocr_plugins
from ocr_plugins.corpus import gather
from ocr_plugins.document import Line, Page, Polygon, Word
from ocr_plugins.evaluation import get_convention
from ocr_plugins.runs import EngineRun, Study
from ocr_plugins.samples import samples_manifest
from ocr_plugins.spec import parse_spec

FRONTEND = Path(__file__).parents[2] / "widgets" / "frontend"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, sheet: Path) -> Path:
    path = tmp_path_factory.mktemp("page") / "widget.html"
    truth = TEXT.replace("Friday", "Fri<b>day")
    widget = compare(sheet, "tesseract,rapidocr,crnn", truth=truth, corrections=False, block=True)
    widget.to_html(path)
    return path


@pytest.fixture
def page(seen: Seen, file: Path) -> Any:
    page = seen.open(file)
    page.wait_for_selector(".picture")
    return page


def rows(page: Any) -> dict[str, list[str]]:
    """The table of scores: cells by engine."""
    return {
        row.locator("th").inner_text().strip(): [cell.strip() for cell in row.locator("td").all_inner_texts()]
        for row in page.locator(".scores tbody tr").all()
    }


def place_of(page: Any, text: str) -> tuple[float, float]:
    """Where the middle of a word is on the screen."""
    view = page.evaluate("JSON.parse(ocrPlugins.get('view'))")
    box = next(cell["box"] for line in view["lines"] for cell in line if cell["learned"]["text"] == text)
    paper = page.locator(".paper").bounding_box()
    scale = paper["width"] / view["size"][0]
    return paper["x"] + scale * (box[0] + box[2]) / 2, paper["y"] + scale * (box[1] + box[3]) / 2


def correct_first(page: Any, text: str) -> None:
    """The first word is something else."""
    page.focus(".stage")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def test_the_page_and_the_scores_are_there(page: Any) -> None:
    assert set(rows(page)) == {"tesseract", "rapidocr", "crnn", "vote"}
    # The truth says <b> where the page does not.
    assert float(rows(page)["vote"][2].removeprefix("★ ")) > 0
    assert page.locator(".picture").evaluate("image => image.naturalWidth") > 0


def test_keys_walk_over_words_and_say_what_they_found(page: Any) -> None:
    page.focus(".stage")
    page.keyboard.press("ArrowRight")
    assert page.locator(".voted").inner_text().split()[:2] == ["vote", "Tamarack"]
    page.keyboard.press("ArrowRight")
    assert "Joinery" in page.locator(".voted").inner_text()
    page.keyboard.press("ArrowDown")
    assert set(page.locator(".voted").inner_text().split()) & {"Total", "due", "12.50"}
    page.keyboard.press("ArrowUp")
    assert page.locator("[aria-live=polite]").inner_text() != ""
    page.keyboard.press("?")
    assert page.locator(".help").is_visible()


def test_pointing_at_a_word_shows_it_and_leaves_the_choice(page: Any) -> None:
    page.focus(".stage")
    page.keyboard.press("ArrowRight")
    first = page.locator("path.selected").get_attribute("d")
    page.mouse.move(*place_of(page, "please"))
    assert "please" in page.locator(".voted").inner_text()
    assert page.locator("path.selected").get_attribute("d") == first
    assert page.locator(".editor.aside").count() == 1


def test_a_layer_is_switched_by_its_box_and_its_key(page: Any) -> None:
    page.get_by_label("boxes of tesseract").check()
    assert page.locator("path[data-layer=tesseract]").get_attribute("d").count("M") >= 9
    page.focus(".stage")
    page.keyboard.press("1")
    assert page.locator("path[data-layer=tesseract]").count() == 0


def test_typing_corrects_moves_the_scores_and_is_undone(page: Any) -> None:
    before = rows(page)["vote"][2]
    correct_first(page, "Something<script>")
    assert page.locator(".truth").inner_text().split() == ["you", "Something<script>"]
    assert rows(page)["vote"][2] != before
    assert "1 word checked" in page.locator(".count").inner_text()
    assert page.evaluate("document.activeElement.className") == "stage"
    page.keyboard.press("u")
    assert rows(page)["vote"][2] == before
    page.keyboard.press("r")
    assert "Something<script>" in page.locator(".truth").inner_text()
    page.keyboard.press("Delete")
    assert rows(page)["vote"][2] == before


def test_escape_leaves_a_word_as_it_was(page: Any) -> None:
    page.focus(".stage")
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    page.keyboard.type("nonsense")
    page.keyboard.press("Escape")
    assert page.locator(".count").inner_text() == ""
    assert page.get_by_label("What stands there").input_value() != "nonsense"


def test_yes_confirms_and_goes_on(page: Any) -> None:
    page.focus(".stage")
    page.keyboard.press("n")
    first = page.locator("path.selected").get_attribute("d")
    page.keyboard.press("y")
    assert page.locator("path.selected").get_attribute("d") != first
    assert "1 word checked" in page.locator(".count").inner_text()


def test_the_vote_changes_with_who_votes_and_how(page: Any) -> None:
    page.get_by_label("rapidocr votes").uncheck()
    page.get_by_label("crnn votes").uncheck()
    page.locator(".method select").select_option("majority")
    alone = rows(page)
    assert alone["vote"][2].removeprefix("★ ") == alone["tesseract"][2].removeprefix("★ ")
    page.get_by_label("tesseract votes").uncheck()
    assert rows(page)["vote"][2] == "100.00"


def test_a_confusion_lights_up_its_words(page: Any) -> None:
    correct_first(page, "Tamarock")
    page.locator(".confused button").filter(has_text="o").first.click()
    assert page.locator("path.lit").get_attribute("d").count("M") == 1


def test_what_was_typed_survives_a_reload(page: Any) -> None:
    correct_first(page, "Tamarind")
    page.reload()
    page.wait_for_selector(".picture")
    page.focus(".stage")
    page.keyboard.press("ArrowRight")
    assert page.locator(".truth").inner_text().split() == ["you", "Tamarind"]


@pytest.fixture(params=["light", "dark"])
def shaded(chromium: Any, file: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    with watched(chromium, color_scheme=request.param) as seen:
        page = seen.open(file)
        page.wait_for_selector(".picture")
        yield page


def test_axe_finds_nothing_serious(shaded: Any) -> None:
    shaded.focus(".stage")
    for key in ("n", "1", "?"):
        shaded.keyboard.press(key)
    examine(shaded)


def test_axe_finds_nothing_serious_in_the_board(seen: Seen, folder: Path) -> None:
    examine(seen.open(folder))


def examine(page: Any) -> None:
    page.evaluate((FRONTEND / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run('.ocr-plugins')).violations")
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    assert not serious, json.dumps(
        [(one["id"], [node["html"] for node in one["nodes"]]) for one in serious], indent=1
    )


def test_all_pages_are_in_it(sheet: Path, tmp_path: Path, seen: Seen) -> None:
    path = tmp_path / "two pages.html"
    widget: Comparison = compare([sheet, sheet], "crnn", corrections=False, block=True)
    widget.to_html(path)
    page = seen.open(path)
    page.wait_for_selector(".picture")
    page.get_by_label("next page").click()
    assert page.get_by_label("next page").is_disabled()
    page.wait_for_selector(".picture")
    assert set(rows(page)) == {"crnn", "vote"}


def drawn(texts: list[str], readings: dict[str, list[str]], path: Path) -> Path:
    """A page with a word of each reading at the same place, as one file."""
    boxes = [(20.0, 20.0 + 40 * place, 380.0, 50.0 + 40 * place) for place in range(len(texts))]
    corpus = gather(np.full((40 * len(texts) + 60, 400), 255, np.uint8))
    corpus = dataclasses.replace(
        corpus, items=(dataclasses.replace(corpus.items[0], truth="\n".join(texts)),)
    )
    study = Study(corpus=corpus, convention=get_convention("default"))
    for engine, words in readings.items():
        run = EngineRun(spec=parse_spec(engine))
        lines = [
            Line.of_words([Word(text=text, polygon=Polygon.from_box(*box))])
            for text, box in zip(words, boxes, strict=True)
        ]
        run.results[corpus.items[0].id] = Page(source="", page=1, size=(400, 400), lines=tuple(lines))
        study.runs.append(run)
    leaderboard(study, corrections=False).to_html(path)
    return path


HOSTILE = [
    "<img/src=x/onerror=document.title='run'>",
    "</script><script>document.title='run'</script>",
    "{{7*7}}&lt;",
]


def test_what_was_recognised_is_shown_and_never_run(seen: Seen, tmp_path: Path) -> None:
    texts = [text.replace(" ", "") for text in HOSTILE]
    page = seen.open(drawn(texts, {"crnn": texts, "tesseract": texts[::-1]}, tmp_path / "hostile.html"))
    page.wait_for_selector(".picture")
    page.focus(".stage")
    for text in texts:
        page.keyboard.press("ArrowRight")
        assert text in page.locator(".truth").inner_text()
        page.keyboard.press("Enter")
        page.keyboard.type(text + "<b>x</b>")
        page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    assert page.title() == "OCR engines compared"
    assert (
        page.locator(".ocr-plugins img:not(.picture), .ocr-plugins script, .ocr-plugins .readings b").count()
        == 0
    )


def test_what_is_written_from_right_to_left_is_shown_so(seen: Seen, tmp_path: Path) -> None:
    texts = ["שלום", "مرحبا", "left"]
    page = seen.open(
        drawn(texts, {"crnn": texts, "tesseract": ["שלרם", "مرحيا", "lett"]}, tmp_path / "rtl.html")
    )
    page.wait_for_selector(".picture")
    page.focus(".stage")
    for number, direction in enumerate(["rtl", "rtl", "ltr"]):
        page.keyboard.press("ArrowRight")
        cells = page.locator(".readings [dir=auto]").all()
        assert {cell.evaluate("cell => getComputedStyle(cell).direction") for cell in cells} == {direction}, (
            number
        )
    page.keyboard.press("ArrowLeft")
    picture(page, "right-to-left")


def test_a_truth_of_another_page_is_told(seen: Seen, tmp_path: Path) -> None:
    page = seen.open(
        drawn(["something", "else"], {"crnn": ["12345", "67"], "tesseract": ["8", "9"]}, tmp_path / "a.html")
    )
    assert "is it that of another page?" in page.locator(".scores .notice").inner_text()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three sample pages in one file, with the table of all of them."""
    path = tmp_path_factory.mktemp("board") / "board.html"
    study = ocr_plugins.compare(samples_manifest(), "crnn,tesseract,vote", limit=3)
    leaderboard(study, corrections=False).to_html(path)
    return path


def test_the_board_leads_to_the_page_and_the_word(seen: Seen, folder: Path) -> None:
    page = seen.open(folder)
    board = page.locator(".board")
    picture(page, "board")
    assert board.locator(".advice").inner_text().startswith("Take ")
    assert [row.locator("th").inner_text() for row in board.locator("table").first.locator("tbody tr").all()]
    # The worst of an engine stand first.
    board.locator(".pages thead button").filter(has_text="tesseract").click()
    place = [one.inner_text() for one in board.locator(".pages thead th").all()].index("tesseract ▾") - 1
    rates = [
        float(row.locator("td").nth(place).inner_text()) for row in board.locator(".pages tbody tr").all()
    ]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] > 0
    title = board.locator(".pages tbody th").first.inner_text()
    board.locator(".pages tbody tr").first.locator("td").nth(place).locator("button").click()
    assert page.get_by_label("page", exact=True).locator("option:checked").inner_text() == title
    # At a word that this engine has wrong.
    row = page.locator(".readings tr").filter(has_text="tesseract")
    assert row.locator(".cross").count() == 1
    assert page.locator(".look[aria-pressed=true]").inner_text() == "tesseract"


@pytest.fixture(scope="module")
def bought(tmp_path_factory: pytest.TempPathFactory, receipt: Path) -> Path:
    path = tmp_path_factory.mktemp("bought") / "receipt.html"
    compare(receipt, "tesseract,crnn", fields="receipt", corrections=False, block=True).to_html(path)
    return path


def test_fields_are_marked_and_mended(seen: Seen, bought: Path) -> None:
    page = seen.open(bought)
    page.wait_for_selector(".picture")
    marks = page.locator("path.field")
    assert {mark.get_attribute("data-field") for mark in marks.all()} >= {"total", "date", "vendor"}
    total = page.get_by_label("total", exact=True)
    assert total.input_value() == "9.00"
    total.click()
    assert page.locator("path.field.chosen").get_attribute("data-field") == "total"
    total.fill("19.00")
    total.press("Enter")
    assert page.get_by_label("take back total").is_visible()
    picture(page, "fields")
    examine(page)
    page.focus(".stage")
    page.keyboard.press("u")
    assert total.input_value() == "9.00"
    page.keyboard.press("r")
    assert total.input_value() == "19.00"
    page.get_by_label("take back total").click()
    assert total.input_value() == "9.00"
    page.get_by_label("on the page").uncheck()
    assert marks.count() == 0


def test_a_file_votes_as_the_widget_did(seen: Seen, receipt: Path, tmp_path: Path) -> None:
    widget = compare(receipt, "tesseract,crnn", fields="receipt", corrections=False, block=True)
    widget.ballot = Ballot(method="majority", without=["crnn"])
    widget.to_html(tmp_path / "majority.html")
    page = seen.open(tmp_path / "majority.html")
    page.wait_for_selector(".picture")
    assert page.locator(".method select").input_value() == "majority"
    assert not page.get_by_label("crnn votes").is_checked()


def test_a_field_that_was_not_found_is_typed_and_survives_a_reload(seen: Seen, bought: Path) -> None:
    page = seen.open(bought)
    page.wait_for_selector(".picture")
    page.get_by_role("button", name="not found").click()
    tax = page.get_by_label("tax", exact=True)
    tax.fill("0.54")
    page.get_by_label("total", exact=True).click()
    assert tax.input_value() == "0.54"
    total = page.get_by_label("total", exact=True)
    total.fill("nonsense")
    total.press("Escape")
    assert total.input_value() == "9.00"
    page.reload()
    page.wait_for_selector(".picture")
    assert page.get_by_label("tax", exact=True).input_value() == "0.54"
    assert page.locator(".count").inner_text() == ""


def test_without_python_nothing_is_offered_that_needs_it(page: Any) -> None:
    assert page.get_by_role("button", name="try…").count() == 0
    assert page.locator("input[type=file]").count() == 0
    assert page.get_by_label("take crnn out").count() == 0
