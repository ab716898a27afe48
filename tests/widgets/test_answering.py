"""What the widget's browser asks for once, and what it is told."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ocr_plugins.widgets import Comparison, compare
from ocr_plugins.widgets.uploading import Inbox
from PIL import Image
from sheets import TEXT

from ocr_plugins.testing import drawn_page

Ask = Callable[..., list[tuple[dict[str, Any], list[bytes]]]]


@pytest.fixture
def empty() -> Comparison:
    """A widget without pages."""
    return compare(engines="crnn", corrections=False)


def asking(widget: Comparison, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Asks as a browser does, and gives what it is told."""
    told: list[tuple[dict[str, Any], list[bytes]]] = []
    monkeypatch.setattr(widget, "send", lambda content, buffers=None: told.append((content, buffers or [])))

    def ask(buffers: list[Any] | None = None, **asked: Any) -> list[tuple[dict[str, Any], list[bytes]]]:
        told.clear()
        widget._heard(widget, asked, buffers or [])
        return told

    return ask


def hand_over(ask: Ask, name: str, data: bytes, piece: int = 1000) -> dict[str, Any]:
    """A file in pieces, as long as they are taken; what was told last."""
    upload: dict[str, Any] = {}
    for at in range(0, max(len(data), 1), piece):
        buffer = memoryview(data)[at : at + piece]
        ((told, _),) = ask([buffer], do="upload", transfer=name, name=name, at=at, size=len(data))
        upload = told["upload"]
        if upload["error"]:
            break
        assert upload["got"] == min(at + piece, len(data))
    return upload


def waited(until: Callable[[], Any]) -> Any:
    import time

    for _ in range(600):
        if found := until():
            return found
        time.sleep(0.05)
    raise TimeoutError


def test_engines_and_steps_are_offered_with_their_options(
    empty: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    ((told, _),) = asking(empty, monkeypatch)(do="offer")
    engines = {engine["name"]: engine for engine in told["offer"]["engines"]}
    assert {"tesseract", "rapidocr", "crnn", "easyocr", "keras-ocr", "trocr"} <= set(engines)
    # What only finds lines is no reading to be tried.
    assert not {"files", "null", "components", "boxnet"} & set(engines)
    options = {option["name"]: option for option in engines["tesseract"]["options"]}
    assert options["psm"]["kind"] == "number"
    assert options["psm"]["default"] == "3"
    assert options["order"]["choices"] == ["engine", "rows", "auto"]
    assert engines["tesseract"]["state"] == "ready"
    # Files and folders are for Python and the command line: a browser would be refused.
    names = {option["name"] for engine in engines.values() for option in engine["options"]}
    assert "psm" in names
    assert not {"model_dir", "user_network_directory", "lm", "recognizer"} & names
    # What comes with the package has a name.
    assert [
        "weights" in {option["name"] for option in engines[name]["options"]} for name in ("hog", "dram")
    ] == [
        True,
        False,
    ]
    steps = {step["name"]: step for step in told["offer"]["steps"]}
    assert steps["deskew"]["help"]
    assert [option["name"] for option in steps["sauvola"]["options"]] == ["window", "k"]


def test_a_preview_is_the_page_as_the_engine_gets_it(
    widget: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = asking(widget, monkeypatch)(do="preview", page=widget.page, spec="crnn:pre=pad(width=100)+otsu")
    message, (picture,) = waited(lambda: told and told[0])
    preview = message["preview"]
    assert preview["error"] is None
    assert preview["steps"] == ["pad", "otsu"]
    seen = Image.open(io.BytesIO(picture))
    assert widget.view is not None
    assert seen.size == tuple(preview["size"]) == tuple(side + 200 for side in widget.view["size"])
    assert set(np.unique(np.asarray(seen.convert("L")))) <= {0, 255}


@pytest.mark.parametrize("spec", ["crnn:pre=nonsense", "crnn:pre=sauvola(window=x)"])
def test_a_preview_that_cannot_be_had_says_why(
    widget: Comparison, monkeypatch: pytest.MonkeyPatch, spec: str
) -> None:
    told = asking(widget, monkeypatch)(do="preview", page=widget.page, spec=spec)
    message, (picture,) = waited(lambda: told and told[0])
    assert message["preview"]["error"]
    assert picture == b""


def test_the_last_wish_is_the_one_that_is_shown(widget: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = asking(widget, monkeypatch)
    for width in range(20, 60):
        told = ask(do="preview", page=widget.page, spec=f"crnn:pre=pad(width={width})")
    waited(lambda: any(message["preview"]["spec"].endswith("59)") for message, _ in told))
    assert len(told) < 40


def test_a_page_that_is_handed_over_is_read(
    empty: Comparison, sheet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = asking(empty, monkeypatch)
    upload = hand_over(ask, "sheet.png", sheet.read_bytes())
    assert upload["error"] is None
    assert empty.wait(300)
    assert [page["id"] for page in empty.pages] == ["sheet.png"]
    assert empty.view is not None
    assert empty.view["engines"][0]["text"].split() == TEXT.split()
    # A text of the same name is its ground truth.
    hand_over(ask, "sheet.gt.txt", TEXT.encode())
    assert empty.wait(300)
    assert empty.table.loc["crnn", "cer"] == 0
    hand_over(ask, "sheet.png", sheet.read_bytes())
    assert empty.wait(300)
    assert [page["id"] for page in empty.pages] == ["sheet.png", "sheet.png (2)"]


def test_a_truth_of_no_page_is_told(widget: Comparison, sheet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    widget.add_pages(sheet, block=True)
    hand_over(asking(widget, monkeypatch), "other.txt", b"text")
    assert "other.txt is the ground truth of no page here" in widget.notice
    hand_over(asking(widget, monkeypatch), "sheet.txt", b"\xff\xfe\xff")
    assert "UTF-8" in widget.notice


def test_what_is_no_picture_is_told(empty: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_over(asking(empty, monkeypatch), "bad.png", b"no picture at all")
    assert empty.wait(300)
    told = f"{empty.notice}{(empty.view or {}).get('error')}"
    assert "bad.png" in told


def test_a_file_above_the_limit_is_refused_at_its_first_piece(
    empty: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    ((told, _),) = asking(empty, monkeypatch)(
        [b"x"], do="upload", transfer="t", name="big.pdf", at=0, size=10**10
    )
    assert "big.pdf has 9,537 MB, and a file dropped here may have 200 MB" in told["upload"]["error"]
    assert empty.pages == []


def test_a_lost_piece_costs_the_file_and_nothing_else() -> None:
    inbox = Inbox()
    assert inbox.take("1", "a.png", 0, 30, b"x" * 10)[0]["got"] == 10
    told, path = inbox.take("1", "a.png", 20, 30, b"x" * 10)
    assert "a piece of a.png was lost" in str(told["error"])
    assert path is None
    # Two files at a time, and the first once more.
    inbox.take("2", "b.png", 0, 4, b"ab")
    assert inbox.take("1", "a.png", 0, 2, b"xy")[1] is not None
    told, path = inbox.take("2", "b.png", 2, 4, b"cd")
    assert path is not None
    assert path.read_bytes() == b"abcd"
    inbox.close()
    assert not path.exists()


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..", "/", "a\0b.png", "x" * 300 + ".png", "C:\\a\\b.png", ""]
)
def test_a_name_leads_nowhere_else(name: str) -> None:
    inbox = Inbox()
    _, path = inbox.take("1", name, 0, 1, b"x")
    assert path is not None
    assert path.resolve().is_relative_to(inbox.folder.resolve())
    inbox.close()


@pytest.mark.parametrize(
    "asked",
    [
        None,
        3,
        "x",
        {},
        {"do": "dance"},
        {"do": "try"},
        {"do": "upload", "name": "a"},
        {"do": "drop", "label": "x"},
    ],
)
def test_what_makes_no_sense_does_no_harm(widget: Comparison, asked: Any) -> None:
    widget._heard(widget, asked, [])
    assert widget.wait(60)
    assert widget.view is not None
    widget._heard(widget, {"do": "preview", "page": "no such page", "spec": "crnn"}, [])


def test_engines_are_tried_added_and_dropped_from_the_browser(
    widget: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = asking(widget, monkeypatch)
    ask(do="try", page=widget.page, spec="tesseract:psm=6")
    assert widget.wait(300)
    assert widget.view is not None
    assert [one["label"] for one in widget.view["engines"]][-1] == "tried"
    ask(do="add", spec="tesseract:psm=6")
    ask(do="drop", label="rapidocr")
    assert widget.wait(300)
    assert [one["label"] for one in widget.view["engines"]] == ["tesseract", "crnn", "tesseract:psm=6"]
    ask(do="add", spec="tesseract:psm=99")
    assert "psm" in widget.notice


@pytest.mark.parametrize(
    "spec",
    [
        "files:path=/etc",
        "null",
        "components",
        "tesseract:model_dir=/etc",
        "crnn:env=/x",
        "crnn:detector=files:path=/etc",
        "hog:weights=/etc/weights.npz",
        "tesseract:correct=/etc/words.txt",
        "vlm:endpoint=http://127.0.0.1:1,model=any",
    ],
)
def test_a_browser_is_given_no_files_of_the_machine(
    widget: Comparison, monkeypatch: pytest.MonkeyPatch, spec: str
) -> None:
    ask = asking(widget, monkeypatch)
    for do in ("try", "add", "preview"):
        widget.notice = ""
        assert ask(do=do, page=widget.page, spec=spec.replace("files:path", "files\\:path")) == []
        assert widget.notice
    assert widget.wait(60)
    assert len(widget.view["engines"]) == 3  # type: ignore[index]
    hand_over(ask, "manifest.jsonl", b'{"id": "x", "image": "/etc/hostname", "text": "y"}')
    assert "names files of this machine" in widget.notice
    assert len(widget.pages) == 1


def test_texts_of_several_pages_go_to_theirs(empty: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = asking(empty, monkeypatch)
    pages = [Image.fromarray(drawn_page(text).pixels).convert("L") for text in ("first", "second")]
    buffer = io.BytesIO()
    pages[0].save(buffer, "PDF", save_all=True, append_images=pages[1:], resolution=200)
    hand_over(ask, "scan.pdf", buffer.getvalue(), piece=100_000)
    assert empty.wait(300)
    assert [page["id"] for page in empty.pages] == ["scan.pdf#page=1", "scan.pdf#page=2"]
    hand_over(ask, "scan.2.txt", b"second")
    assert empty.wait(300)
    assert [page["truth"] for page in views(empty)] == [None, ["second"]]
    # It is the text of no page in particular.
    hand_over(ask, "scan.txt", b"first second")
    assert "ground truth of no page here" in empty.notice


def views(widget: Comparison) -> list[dict[str, Any]]:
    found = []
    for page in widget.pages:
        widget.page = page["id"]
        found.append(dict(widget.view or {}))
    return found
