"""Records come back as they went, and files of different pages have different names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import pages

from ocr_plugins.document import SCHEMA_VERSION, Line, Page, PageError, Polygon, Region
from ocr_plugins.errors import CallError
from ocr_plugins.formats import FORMATS, check_formats, file_stems, safe_name, write_page
from ocr_plugins.formats.jsonl import read_records, record_to_result, result_to_record, write_record

PAGE = Page(
    source="scan.png",
    page=1,
    size=(10, 20),
    regions=(Region(lines=(Line(text="eins"), Line(text="zwei"))), Region(lines=(Line(text="drei"),))),
)


def stems(*three: tuple[str, str, int | None]) -> list[str]:
    return list(file_stems(three).values())


def test_names_are_as_ground_truth_is_named() -> None:
    assert stems(("in/scan.png", "in/scan.png", None)) == ["scan"]
    assert stems(("a.pdf#page=1", "a.pdf", 1), ("a.pdf#page=2", "a.pdf", 2)) == ["a.1", "a.2"]
    assert stems(("8500.006", "/corpus/8500.png", None)) == ["8500.006"], "an id has no ending to lose"
    assert stems(("https://x.org/d/scan.png", "https://x.org/d/scan.png", None)) == ["scan"]


def test_equal_names_are_told_apart() -> None:
    same = [(f"{folder}/p.png", f"{folder}/p.png", None) for folder in ("a", "b", "c/b")]
    assert stems(*same) == ["p", "b_p", "c_b_p"]
    assert stems(("p.png", "p.png", None), ("p.png#2", "p.png", None)) == ["p", "p-2"]
    assert stems(("p.png", "p.png", None), ("P.jpg", "P.jpg", None)) == ["p", "P-2"]
    assert stems(("a b", "x", None), ("a_b", "x", None), ("a/b", "x", None)) == ["a_b", "a_b-2", "b"]


@given(st.dictionaries(st.text(max_size=400), st.tuples(st.text(max_size=9), st.none() | st.integers(1, 3))))
def test_any_names_are_different_and_stay_in_their_folder(drawn: dict[str, tuple[str, int | None]]) -> None:
    names = file_stems((page_id, source, number) for page_id, (source, number) in drawn.items())
    assert list(names) == list(drawn)
    assert len({name.casefold() for name in names.values()}) == len(drawn)
    for name in names.values():
        assert "/" not in name
        assert name.strip(".")
        assert len(f"{name}.json".encode()) <= 255


@pytest.mark.parametrize("label", ["..", "../up", ".hidden", "a/b", "ä" * 300, "c:\\x"])
def test_labels_cannot_leave_the_folder(label: str) -> None:
    name = safe_name(label)
    assert not set(name) & set("/\\:")
    assert not name.startswith(".")
    assert len(name.encode()) <= 255


def test_write_page(tmp_path: Path) -> None:
    text = write_page(PAGE, "text", tmp_path / "new" / "folder", "scan")
    assert text == tmp_path / "new" / "folder" / "scan.txt"
    assert text.read_text(encoding="utf-8") == "eins\nzwei\n\ndrei\n"
    nested = write_page(PAGE, "json", tmp_path, "scan")
    assert Page.from_dict(json.loads(nested.read_text(encoding="utf-8"))) == PAGE


def test_formats_are_checked() -> None:
    assert check_formats(list(FORMATS)) == list(FORMATS)
    with pytest.raises(CallError, match="no format 'docx': known formats: json, text"):
        check_formats(["text", "docx"])


@given(st.lists(pages, max_size=3))
def test_a_file_of_records_comes_back(tmp_path_factory: pytest.TempPathFactory, drawn: list[Page]) -> None:
    path = tmp_path_factory.mktemp("records") / "results.jsonl"
    error = PageError(source="gone.png", kind="not_found", message="it is gone", hint="look", detail="tail")
    polygons = (Polygon.from_box(0, 1, 2, 3.5), Polygon(((0, 0), (1, 0), (0, 1))))
    found = PageError(source="a.png", page=1, kind="no_text", message="it reads none", detected=polygons)
    with path.open("w", encoding="utf-8") as file:
        for result in [*drawn, error, found]:
            write_record(file, result_to_record(result, "label", "null"))
            written = path.read_text(encoding="utf-8")
            assert written.endswith("\n"), "an interrupted run must keep what is written"
    records = list(read_records(path))
    assert [record_to_result(record) for record in records] == [*drawn, error, found]
    assert all(record["schema_version"] == SCHEMA_VERSION for record in records)


def test_an_error_has_nothing_that_was_read() -> None:
    record = result_to_record(PageError(source="x", kind="corrupt", message="m"), None)
    nothing = ("page", "engine", "spec", "fingerprint", "text", "lines", "words", "regions", "seconds")
    assert all(record[key] is None for key in nothing)
    assert record["error"] == {"kind": "corrupt", "message": "m", "hint": "", "detail": ""}
    assert (record["detected"], record["from_store"]) == (None, False)


def test_a_detection_has_lines_without_text() -> None:
    found = PageError(source="x", kind="no_text", message="m", detected=(Polygon.from_box(0, 1, 2, 3),))
    record = result_to_record(found, "find", from_store=True)
    assert (record["text"], record["lines"], record["from_store"]) == (None, None, True)
    assert record["detected"] == [[[0, 1], [2, 1], [2, 3], [0, 3]]]
    assert record["error"]["kind"] == "no_text"


def test_words_name_their_line() -> None:
    record = result_to_record(PAGE, "x", "null:device=cpu")
    assert [line["region"] for line in record["lines"]] == [0, 0, 1]
    assert (record["text"], record["spec"]) == (PAGE.text, "null:device=cpu")


def test_another_schema_is_refused() -> None:
    with pytest.raises(ValueError, match="schema_version 99"):
        record_to_result(result_to_record(PAGE, "x") | {"schema_version": 99})
