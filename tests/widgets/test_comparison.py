"""The widget's Python side: what it reads, keeps and tells."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
import pytest
from ocr_plugins.widgets import Comparison, compare
from ocr_plugins.widgets.packing import packed, unpacked

from ocr_plugins.errors import CallError


def typed(widget: Comparison, *texts: tuple[int, str | None]) -> None:
    """As a person types: a text for the cell of this number."""
    assert widget.view is not None
    cells = [cell["id"] for line in widget.view["lines"] for cell in line]
    edits = [{"page": widget.page, "cell": cells[place], "text": text} for place, text in texts]
    widget.history = {"edits": edits, "done": len(edits)}


def test_it_is_a_widget_of_ipywidgets_with_the_page_in_it(widget: Comparison, sheet: Path) -> None:
    assert isinstance(widget, ipywidgets.DOMWidget)
    assert not widget.running
    assert widget.notice == ""
    assert [page["title"] for page in widget.pages] == ["sheet.png"]
    assert widget.picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert widget.view is not None
    assert [one["state"] for one in widget.progress] == ["done"] * 3
    assert set(widget.results["engine"]) == {"tesseract", "rapidocr", "crnn", "vote"}
    assert widget.table["cer"].min() < 0.1


def test_the_state_is_what_a_notebook_can_keep(widget: Comparison) -> None:
    state = widget.get_state()
    assert isinstance(state["view"], str)
    assert unpacked(state["view"]) == json.loads(json.dumps(widget.view))
    # Engines may give what is no UTF-8.
    broken = {"text": "a\ud800b", "other": "é"}
    assert packed(broken).encode()
    assert unpacked(packed(broken)) == broken
    assert unpacked(packed(None)) is None


def test_engines_read_in_the_background(sheet: Path) -> None:
    widget = compare(sheet, "tesseract", corrections=False)
    assert widget.wait(300)
    assert not widget.running
    assert widget.view is not None
    assert all(thread.name != "ocr-plugins" for thread in threading.enumerate())


def test_what_was_typed_is_there_again_with_other_engines(
    widget: Comparison, sheet: Path, kept: Path
) -> None:
    typed(widget, (0, "Tamarisk"), (1, "Joinery"), (0, "Tamarack"))
    assert list(widget.corrections_of(widget.page).values()) == ["Tamarack", "Joinery"]
    (file,) = kept.iterdir()
    assert sorted(json.loads(file.read_text())["words"].values()) == ["Joinery", "Tamarack"]
    again = compare(sheet, "tesseract,rapidocr", corrections=kept, block=True)
    assert again.view is not None
    assert sorted(again.view["kept"].values()) == ["Joinery", "Tamarack"]
    typed(again, (0, None))
    assert "Tamarack" not in again.corrections_of(again.page).values()


def test_what_python_says_is_not_lost_to_a_browser_that_has_not_heard_it(widget: Comparison) -> None:
    assert widget.view is not None
    cells = [cell["id"] for line in widget.view["lines"] for cell in line]
    typed(widget, (0, "typed"))
    widget.correct(cells[1], "said")
    # It writes what it knew before, and one more.
    typed(widget, (0, "typed"), (2, "more"))
    assert widget.corrections_of(widget.page) == {cells[0]: "typed", cells[1]: "said", cells[2]: "more"}
    # What it has heard it may undo.
    widget.history = {**widget.history, "done": 2}
    assert widget.corrections_of(widget.page) == {cells[0]: "typed", cells[2]: "more"}
    typed(widget, (0, "typed"))
    assert widget.corrections_of(widget.page) == {cells[0]: "typed"}


def test_what_was_typed_where_the_box_was_is_taken_back_where_it_is(widget: Comparison) -> None:
    assert widget.view is not None
    cell = widget.view["lines"][0][0]["id"]
    x0, y0, x1, y1 = map(int, cell.split(","))
    moved = f"{x0},{y0},{x1 + 3},{y1}"
    page = widget.page
    edits = [
        {"page": page, "cell": name, "text": text} for name, text in ((cell, "a"), (moved, "b"), (cell, "c"))
    ]
    widget.history = {"edits": edits, "done": 3}
    assert widget.corrections_of(page) == {cell: "c"}
    widget.history = {"edits": [*edits, {"page": page, "cell": moved, "text": None}], "done": 4}
    assert widget.corrections_of(page) == {}


def test_what_python_says_twice_is_heard_twice(widget: Comparison) -> None:
    assert widget.view is not None
    cells = [cell["id"] for line in widget.view["lines"] for cell in line]
    typed(widget, (0, "x"), (0, "y"))
    widget.correct(cells[0], "x")
    typed(widget, (0, "x"), (0, "y"), (1, "z"))
    assert widget.corrections_of(widget.page) == {cells[0]: "x", cells[1]: "z"}


def test_two_pages_that_look_alike_do_not_lose_each_others_words(sheet: Path, kept: Path) -> None:
    widget = compare([sheet, sheet], "crnn", corrections=kept, block=True)
    first, second = (page["id"] for page in widget.pages)
    assert widget.view is not None
    cells = [cell["id"] for line in widget.view["lines"] for cell in line]
    widget.page = second
    edits = [{"page": page, "cell": cells[0], "text": "one"} for page in (first, second)]
    widget.history = {"edits": edits, "done": 2}
    widget.history = {"edits": [*edits, {"page": first, "cell": cells[1], "text": "two"}], "done": 3}
    (file,) = kept.iterdir()
    assert json.loads(file.read_text())["words"] == {cells[0]: "one", cells[1]: "two"}
    assert widget.view["kept_at"] > 0 or widget.page == second


def test_what_is_undone_is_kept_no_more(widget: Comparison, kept: Path) -> None:
    typed(widget, (0, "x"))
    widget.history = {**widget.history, "done": 0}
    assert widget.corrections_of(widget.page) == {}
    assert list(kept.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told_and_nothing_is_lost(sheet: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    widget = compare(sheet, "crnn", corrections=tmp_path / "file" / "folder", block=True)
    typed(widget, (0, "x"))
    assert "cannot be kept" in widget.notice
    assert list(widget.corrections_of(widget.page).values()) == ["x"]


def test_a_damaged_file_of_corrections_counts_as_none(widget: Comparison, sheet: Path, kept: Path) -> None:
    typed(widget, (0, "x"))
    (file,) = kept.iterdir()
    for content in ("{", '{"schema_version": 1, "words": 3}', '{"schema_version": 99, "words": {"a": "b"}}'):
        file.write_text(content)
        again = compare(sheet, "crnn", corrections=kept, block=True)
        assert again.view is not None
        assert again.view["kept"] == {}


def test_pages_are_opened_by_the_browser(sheet: Path, tmp_path: Path) -> None:
    from PIL import Image

    from ocr_plugins.testing import drawn_page

    Image.fromarray(drawn_page("another page").pixels).save(tmp_path / "second.png")
    widget = compare([sheet, tmp_path / "second.png"], "crnn", corrections=False, block=True)
    first = widget.picture
    widget.page = widget.pages[1]["id"]
    assert widget.view is not None
    assert widget.view["engines"][0]["text"] == "another page"
    assert widget.picture != first
    widget.page = "no such page"
    assert widget.view["engines"][0]["text"] == "another page"


def test_a_reading_can_be_ended_early(sheet: Path) -> None:
    widget = compare([sheet], "crnn,tesseract", corrections=False, store=False)
    widget._heard(widget, {"do": "cancel"}, [])
    assert widget.wait(300)
    assert "ended early" in widget.notice


# Bad input.


def test_a_missing_page_is_told_in_the_widget() -> None:
    widget = compare("nowhere.png", "crnn", corrections=False, block=True)
    assert "nowhere.png" in widget.notice
    assert widget.view is None


def test_a_corrupt_image_is_told_in_the_widget(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nrubbish")
    widget = compare(tmp_path / "bad.png", "crnn", corrections=False, block=True)
    told = f"{widget.notice}{(widget.view or {}).get('error')}"
    assert "bad.png" in told
    assert widget.picture == b""


def test_a_page_without_text_is_shown(tmp_path: Path) -> None:
    widget = compare(np.full((400, 400), 255, np.uint8), "crnn,tesseract", corrections=False, block=True)
    assert widget.view is not None
    assert widget.view["lines"] == []
    assert widget.view["error"] is None


def test_a_huge_page_is_shown_reduced_and_read_in_full() -> None:
    widget = compare(np.full((10_000, 10_000), 255, np.uint8), "crnn", corrections=False, block=True)
    assert widget.view is not None
    assert tuple(widget.view["size"]) == (10_000, 10_000)
    assert 0 < len(widget.picture) < 200_000


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"engines": "nonsense"}, "nonsense"),
        ({"engines": "vote"}, "no engine to read with"),
        ({"truth": "missing.txt"}, "missing.txt"),
        ({"pages": "x"}, "x"),
        ({"store": "nosuch://place"}, "nosuch"),
    ],
)
def test_a_wrong_argument_is_told(sheet: Path, wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(CallError, match=told):
        compare(sheet, **{"engines": "crnn", "corrections": False, "block": True, **wrong})


def test_one_text_cannot_be_two_pages_truth(sheet: Path) -> None:
    with pytest.raises(CallError, match="2 pages"):
        compare([sheet, sheet], "crnn", truth="x", corrections=False)


def test_the_truth_may_be_a_file(sheet: Path, tmp_path: Path) -> None:
    (tmp_path / "truth.txt").write_text("Tamarack", encoding="utf-8")
    widget = compare(sheet, "crnn", truth=tmp_path / "truth.txt", corrections=False, block=True)
    assert widget.view is not None
    assert "".join(widget.view["truth"]) == "Tamarack"
