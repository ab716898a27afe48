"""Files that pages are written into by ``read``, and ``convert`` from any of them into any other."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from running import ocr, printed, told

from ocr_plugins.formats import FORMATS
from ocr_plugins.samples import samples_manifest
from ocr_plugins.testing import drawn_page

KINDS = "text,markdown,hocr,alto,page,tsv,json,jsonl,pdf"


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def found_in(pdf: Path) -> str:
    done = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, check=True)
    return done.stdout.decode()


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """A page as a picture, and a document of two pages."""
    folder = tmp_path / "scans"
    printed(folder / "letter.png", "Dear Ms. Whitmore,\nthe roof is mended.")
    sheets = [Image.fromarray(drawn_page(text).pixels) for text in ("First of two", "Second of two")]
    sheets[0].save(folder / "deed.tif", save_all=True, append_images=sheets[1:])
    return folder


def test_read_writes_every_format(scans: Path, tmp_path: Path) -> None:
    done = ocr("read", scans, "--format", KINDS, "--out", tmp_path / "out")
    assert (done.status, done.err.count("error")) == (0, 0)
    each = [".alto.xml", ".json", ".page.xml", ".txt"]
    document = [".hocr", ".jsonl", ".md", ".pdf", ".tsv"]
    expected = [f"tesseract/deed.{n}{ending}" for n in (1, 2) for ending in each]
    expected += [f"tesseract/{stem}{ending}" for stem in ("deed", "letter") for ending in document]
    expected += [f"tesseract/letter{ending}" for ending in each]
    assert names(tmp_path / "out") == sorted([*expected, "results.jsonl"])
    text = found_in(tmp_path / "out" / "tesseract" / "deed.pdf")
    assert text.index("First of two") < text.index("\f") < text.index("Second of two")
    for kind, one in FORMATS.items():
        if one.read:
            files = sorted((tmp_path / "out" / "tesseract").glob(f"deed*{one.ending}"))
            pages = [page for file in files for page in one.read(file.read_bytes(), file.name)]
            assert [page.text for page in pages] == ["First of two", "Second of two"], kind


def test_read_joins_all_into_one_document(scans: Path, tmp_path: Path) -> None:
    done = ocr("read", scans, "--format", "pdf", "-f", "hocr", "--join", "archive", "--out", tmp_path / "out")
    assert done.status == 0
    assert names(tmp_path / "out") == ["results.jsonl", "tesseract/archive.hocr", "tesseract/archive.pdf"]
    text = found_in(tmp_path / "out" / "tesseract" / "archive.pdf")
    assert text.index("First of two") < text.index("Second of two") < text.index("the roof is mended")


def test_a_pdf_with_text_is_not_doubled(scans: Path, tmp_path: Path) -> None:
    def read(source: Path, out: str, *more: str) -> tuple[int, str]:
        done = ocr("read", source, "--format", "pdf", "--out", tmp_path / out, "-q", *more)
        return done.status, done.err

    assert read(scans / "deed.tif", "first")[0] == 0
    made = tmp_path / "first" / "tesseract" / "deed.pdf"
    status, said = read(made, "second")
    assert status == 1
    assert said.count("deed.pdf has text already: to go on, take --existing-text keep") == 2
    assert names(tmp_path / "second") == ["results.jsonl"]
    for how in ("keep", "replace"):
        assert read(made, how, "--existing-text", how) == (0, "")
        assert found_in(tmp_path / how / "tesseract" / "deed.pdf").count("First of two") == 1


def test_files_are_converted(scans: Path, tmp_path: Path) -> None:
    ocr("read", scans, "--format", "hocr", "--out", tmp_path / "out")
    hocr = tmp_path / "out" / "tesseract"
    done = ocr("convert", hocr, "--to", KINDS, "--images", scans, "--out", tmp_path / "new")
    assert (done.status, done.err) == (0, "")
    assert "3 pages of 2 files converted" in done.out
    assert "deed.2.alto.xml" in names(tmp_path / "new")
    assert (tmp_path / "new" / "letter.txt").read_text().splitlines()[0] == "Dear Ms. Whitmore,"
    assert "Second of two" in found_in(tmp_path / "new" / "deed.pdf")
    again = ocr("convert", tmp_path / "new", "--from", "alto", "--to", "jsonl", "--out", tmp_path / "last")
    assert "3 pages of 3 files converted" in again.out


def test_what_cannot_be_converted_costs_itself_alone(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("eins\n")
    (tmp_path / "bad.hocr").write_text("<html><body>no end")
    (tmp_path / "strange.xml").write_text("<a/>")
    (tmp_path / "plain.jsonl").write_text('{"text": 1}\n')
    done = ocr("convert", tmp_path, "--to", "hocr", "-t", "alto", "--out", tmp_path / "out")
    assert done.status == 1
    assert names(tmp_path / "out") == ["good.hocr"]
    said = "\n".join(done.errors)
    assert len(done.errors) == 4
    assert "bad.hocr is of no known format" in said
    assert "strange.xml is of no known format" in said
    assert "line 1 of" in said
    assert "alto needs coordinates" in said


def test_wrong_calls(tmp_path: Path) -> None:
    for arguments, words in (
        (["nowhere", "--to", "text"], "nowhere does not exist"),
        ([tmp_path, "--to", "docx"], "there is no format 'docx'"),
        ([tmp_path, "--to", "text", "--from", "pdf"], "pages cannot be read from 'pdf'"),
        ([tmp_path, "--to", "text"], "nothing to convert"),
        ([tmp_path, "--to", "manifest"], "say --from"),
    ):
        done = ocr("convert", *arguments, "--out", tmp_path / "out")
        assert done.status == 2
        assert words in done.err


def test_ground_truth_is_converted(tmp_path: Path) -> None:
    done = ocr("convert", samples_manifest(), "--to", "page", "--out", tmp_path / "page")
    assert done.status == 0
    assert "invoice.xml" in names(tmp_path / "page")
    export = tmp_path / "export.json"
    result = {"original_width": 16, "original_height": 12, "from_name": "transcription", "to_name": "image"}
    box = {"x": 0, "y": 0, "width": 50, "height": 50, "rotation": 0}
    regions = [
        {**result, "id": "1", "type": "rectangle", "value": box},
        {**result, "id": "1", "type": "textarea", "value": {**box, "text": ["eins"]}},
    ]
    task = {"id": 1, "data": {"ocr": "/data/upload/1/a.png"}, "annotations": [{"id": 2, "result": regions}]}
    export.write_text(json.dumps([task]), encoding="utf-8")
    told(tmp_path / "images" / "a.png")
    arguments = ["--from", "labelstudio", "--images", tmp_path / "images", "--to", "manifest"]
    done = ocr("convert", export, *arguments, "--out", tmp_path / "truth")
    assert (done.status, done.err) == (0, "")
    (row,) = [json.loads(line) for line in (tmp_path / "truth" / "manifest.jsonl").read_text().splitlines()]
    assert row["text"] == "eins"
    assert np.allclose(row["lines"][0]["box"], [0, 0, 8, 6])


def test_steps_are_listed() -> None:
    listed = ocr("steps", "--json").json
    assert listed["sauvola"]["options"]["k"]["default"] == 0.2
    assert "deskew" in ocr("steps").out
