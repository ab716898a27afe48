"""Records come back as they went, and files of different pages have different names."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import pages

from ocr_plugins.document import SCHEMA_VERSION, Line, Page, PageError, Polygon, Region
from ocr_plugins.errors import CallError, SourceError
from ocr_plugins.formats import FORMATS, Sheet, chosen_formats, file_stems, format_of, safe_name
from ocr_plugins.formats.jsonl import read_records, record_to_result, result_to_record, write_record

PAGE = Page(
    source="scan.png",
    page=1,
    size=(10, 20),
    regions=(
        Region(lines=(Line(text="eins", polygon=Polygon.from_box(1, 1, 8, 4)), Line(text="zwei"))),
        Region(lines=(Line(text="drei"),)),
    ),
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


def test_formats_are_chosen_by_name() -> None:
    written = [name for name, one in FORMATS.items() if one.open]
    assert [one.name for one in chosen_formats(["text,hocr", "text", " pdf"])] == ["text", "hocr", "pdf"]
    with pytest.raises(CallError, match=f"no format 'docx': known formats: {', '.join(written)}"):
        chosen_formats(["text", "docx"])
    with pytest.raises(CallError, match="existing_text=skip is not allowed: choose refuse, keep, replace"):
        chosen_formats(["pdf"], "skip")
    endings = [one.ending for one in FORMATS.values()]
    assert len(set(endings)) == len(endings), "files of two formats must not have one name"


@pytest.mark.parametrize("name", [name for name, one in FORMATS.items() if one.open and one.read])
def test_a_format_is_known_by_its_files(name: str, tmp_path: Path) -> None:
    one = FORMATS[name]
    assert one.open is not None
    assert one.read is not None
    writer = one.open(tmp_path / f"x{one.ending}")
    writer.add(Sheet(page=PAGE))
    writer.close()
    data = (tmp_path / f"x{one.ending}").read_bytes()
    assert format_of(data, f"x{one.ending}") is one
    assert next(one.read(data, "x")).text.split() == PAGE.text.split()


@pytest.mark.parametrize("name", ["x.docx", "x", "x.xml", "x.html"])
def test_files_of_no_format(name: str) -> None:
    with pytest.raises(SourceError, match="is of no known format: name the format: text, hocr"):
        format_of(b"<a>eins</a>", name)


def test_files_appear_whole_or_not_at_all(tmp_path: Path) -> None:
    one = FORMATS["hocr"]
    assert one.open is not None
    writer = one.open(tmp_path / "new" / "a.hocr")
    writer.add(Sheet(page=PAGE))
    assert not (tmp_path / "new" / "a.hocr").exists()
    writer.discard()
    assert not list((tmp_path / "new").iterdir())
    empty = one.open(tmp_path / "b.hocr")
    empty.close()
    assert not (tmp_path / "b.hocr").exists()


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
