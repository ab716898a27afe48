"""What other programs have read is compared like an engine's readings, with images or without."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from running import manifest, ocr, printed, results

from ocr_plugins.document import Line, Page, PageError
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.formats import FORMATS, Sheet
from ocr_plugins.formats.jsonl import result_to_record
from ocr_plugins.host import open_engine
from ocr_plugins.image import PageImage
from ocr_plugins.testing import check_engine, drawn_page


def write(path: Path, kind: str, *texts: str) -> Path:
    """A file of pages of one line each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    opener = FORMATS[kind].open
    assert opener is not None
    writer = opener(path)
    for number, text in enumerate(texts, start=1):
        writer.add(Sheet(page=Page(source="x", page=number, size=(90, 30), lines=(Line(text=text),))))
    writer.close()
    return path


def asked(page_id: str, source: str = "", page: int = 1) -> PageImage:
    blank = drawn_page(".").pixels
    return PageImage(pixels=blank, id=page_id, source=source or page_id, page=page)


def answers(spec: str, *images: PageImage) -> list[str]:
    """Each page's text, or the kind of its error."""
    found = open_engine(spec).read(images)
    return [page.text if isinstance(page, Page) else page.kind for page in found]


@pytest.mark.parametrize("kind", ["text", "hocr", "alto", "page", "tsv", "json"])
def test_readings_are_found_by_the_pages_names(kind: str, tmp_path: Path) -> None:
    ending = FORMATS[kind].ending
    write(tmp_path / "sub" / f"a{ending}", kind, "eins")
    write(tmp_path / f"b.2{ending}", kind, "zwei")
    images = [asked("in/a.png"), asked("b.pdf#page=2", "b.pdf", 2), asked("c.png"), asked("8500.a", "a.png")]
    assert answers(f"files:path={tmp_path}", *images) == ["eins", "zwei", "no_reading", "eins"]
    assert answers(f"files:path={tmp_path}:format={kind}", *images[:1]) == ["eins"]


def test_a_files_pages_are_those_of_its_document(tmp_path: Path) -> None:
    write(tmp_path / "deed.hocr", "hocr", "eins", "zwei")
    images = [asked(f"deed.tif#page={n}", "deed.tif", n) for n in (1, 2, 3)]
    assert answers(f"files:path={tmp_path}", *images) == ["eins", "zwei", "no_reading"]


def test_damaged_files_cost_their_page_alone(tmp_path: Path) -> None:
    (tmp_path / "a.hocr").write_text("<html><div class='ocr_page'>")
    write(tmp_path / "b.txt", "text", "zwei")
    assert answers(f"files:path={tmp_path}", asked("a"), asked("b")) == ["bad_xml", "zwei"]


def test_records_and_fields(tmp_path: Path) -> None:
    error = PageError(source="b.png", id="b.png", page=1, kind="timeout", message="it took too long")
    page = Page(source="a.png", page=1, id="a.png", size=(90, 30), lines=(Line(text="eins"),))
    other = Page(source="a.png", page=1, id="a.png", size=(90, 30), lines=(Line(text="one"),))
    records = [result_to_record(one, label) for one, label in ((page, "x"), (error, "x"), (other, "y"))]
    (tmp_path / "results.jsonl").write_text("\n".join(map(json.dumps, records)))
    both = [asked("a.png"), asked("b.png")]
    assert answers(f"files:path={tmp_path}/results.jsonl:label=x", *both) == ["eins", "timeout"]
    assert answers(f"files:path={tmp_path}/results.jsonl:label=y", *both) == ["one", "no_reading"]
    (unsaid,) = open_engine(f"files:path={tmp_path}/results.jsonl").read(both[:1])
    assert isinstance(unsaid, PageError)
    assert "holds readings of x, y: name one with label=" in str(unsaid)
    rows = [{"id": "a.png", "text": "eins", "outputs": {"abbyy": "e1ns\n\nzwei\fdrei"}}]
    (tmp_path / "truth.jsonl").write_text("\n".join(map(json.dumps, rows)))
    spec = f"files:path={tmp_path}/truth.jsonl:field=outputs.abbyy"
    assert answers(spec, *both) == ["e1ns\n\nzwei\ndrei", "no_reading"]


def test_contract_and_fingerprint(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "text", "eins")
    spec = f"files:path={tmp_path}"
    first = open_engine(spec).info.fingerprint
    write(tmp_path / "a.txt", "text", "zwei")
    assert open_engine(spec).info.fingerprint != first
    with pytest.raises(AssertionError, match="finds text"):
        check_engine(spec)


def test_compared_without_any_image(tmp_path: Path) -> None:
    rows = [{"id": "a", "text": "eins"}, {"id": "b", "text": "zwei"}]
    truth = tmp_path / "truth.jsonl"
    truth.write_text("\n".join(map(json.dumps, rows)))
    for name, texts in {"good": ("eins", "zwei"), "bad": ("e1ns", "zw3l")}.items():
        for row, text in zip(rows, texts, strict=True):
            write(tmp_path / name / f"{row['id']}.txt", "text", text)
    engines = f"good=files:path={tmp_path}/good,bad=files:path={tmp_path}/bad,tesseract"
    done = ocr("compare", truth, "--engines", engines, "--out", tmp_path / "out", "--json")
    assert done.status == 1
    scores = {label: engine["cer"] for label, engine in done.json["engines"].items()}
    assert scores == {"good": 0, "bad": 3 / 8, "tesseract": 1}
    kinds = {r["error"]["kind"] for r in results(tmp_path / "out") if r["error"]}
    assert kinds == {"no_image"}, "an engine that looks at images says that there are none"


def test_compared_beside_engines_that_read(tmp_path: Path) -> None:
    printed(tmp_path / "scans" / "a.png", "Dear Ms. Whitmore,")
    write(tmp_path / "abbyy" / "a.txt", "text", "Dear Ms. Whitrnore,")
    truth = manifest(tmp_path / "scans" / "manifest.jsonl", a="Dear Ms. Whitmore,")
    engines = f"abbyy=files:path={tmp_path}/abbyy,tesseract"
    done = ocr("compare", truth, "--engines", engines, "--json")
    assert done.status == 0
    assert done.json["engines"]["tesseract"]["cer"] == 0
    assert done.json["engines"]["abbyy"]["cer"] == pytest.approx(2 / 18)


@pytest.mark.parametrize(
    ("spec", "words", "kind"),
    [
        ("files", "needs path=", CallError),
        ("files:path=/nowhere/at/all", "does not exist", EngineUnavailableError),
    ],
)
def test_wrong_calls(spec: str, words: str, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=words):
        open_engine(spec)


def test_evaluate_takes_files_of_any_format(tmp_path: Path) -> None:
    write(tmp_path / "truth" / "a.gt.txt", "text", "eins")
    write(tmp_path / "truth" / "b.txt", "text", "zwei")
    write(tmp_path / "read" / "a.hocr", "hocr", "eins")
    write(tmp_path / "read" / "b.page.xml", "page", "zw3i")
    done = ocr("evaluate", tmp_path / "truth", tmp_path / "read", "--json")
    assert (done.status, done.json["cer"]) == (0, 1 / 8)
    write(tmp_path / "alto" / "a.alto.xml", "alto", "eins")
    alto = ocr("evaluate", tmp_path / "truth", tmp_path / "alto", "--json")
    assert (alto.status, alto.json["missing_files"]) == (1, ["b.txt"])
    one = ocr("evaluate", tmp_path / "truth" / "b.txt", tmp_path / "read" / "b.page.xml", "--json")
    assert one.json["cer"] == 1 / 4
    (tmp_path / "read" / "a.hocr").write_text("<html>")
    broken = ocr("evaluate", tmp_path / "truth", tmp_path / "read")
    assert broken.status == 2
    assert "a.hocr" in broken.err
