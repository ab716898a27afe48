"""`ocr-plugins bench`: engines by turns with plain calls of the libraries they come from."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from running import ocr

from ocr_plugins.benchmark.contestants import contests
from ocr_plugins.samples import samples_manifest


def bench(*arguments: object, env: dict[str, str] | None = None) -> tuple[int, str, str]:
    done = ocr("bench", *arguments, env=env)
    return done.status, done.out, done.err


def test_plain_calls_read_what_the_adapter_reads() -> None:
    page = samples_manifest().with_name("receipt.jpg")
    code, out, err = bench(page, "--engines", "rapidocr,crnn", "--json")
    assert code == 0, err
    found = json.loads(out)
    assert found["pages"] == 1
    plain, own, crnn = found["engines"]
    assert [row["engine"] for row in (plain, own, crnn)] == ["RapidOCR()", "rapidocr", "crnn"]
    assert own["different"] == 0
    assert plain["speed"] == 1
    assert own["speed"] == pytest.approx(plain["median"] / own["median"])
    assert (crnn["speed"], crnn["different"]) == (None, None), "it has no upstream"
    assert all(row["memory"] > 50 for row in found["engines"])
    assert "page 1 of 1" in err


def test_ground_truth_gives_error_rates_and_rounds_give_medians() -> None:
    code, out, err = bench(samples_manifest(), "-e", "crnn", "--limit", "2", "--rounds", "2", "--quiet")
    assert code == 0, err
    assert "crnn" in out
    assert "%" in out
    assert not err


def test_every_engine_meets_the_plain_calls_of_its_kind_once() -> None:
    easyocr, crnn = contests(["easyocr:runtime=exact", "easyocr:runtime=fast", "crnn"])
    assert [one.label for one in easyocr] == [
        "Reader.readtext", "Reader.readtext, quantize=false", "easyocr:runtime=exact", "easyocr:runtime=fast"
    ]  # fmt: skip
    assert [one.reference for one in easyocr] == [False, True, False, False]
    assert [one.label for one in crnn] == ["crnn"]
    two = contests(["keras-ocr:recognizer=a.h5", "keras-ocr:recognizer=b.h5:threads=1"])
    assert [group[0].spec.text for group in two] == [
        "keras-ocr:recognizer=a.h5", "keras-ocr:threads=1:recognizer=b.h5"
    ]  # fmt: skip
    for otherwise in (
        "easyocr:lang=ru:model_dir=/m",
        "tesseract:pre=auto",
        "trocr",
        "easyocr:detector=rapidocr",
    ):
        assert [len(group) for group in contests([otherwise])] == [1]


def test_what_cannot_be_measured_is_said() -> None:
    code, _, err = bench(samples_manifest(), "-e", "vote")
    assert (code, err.count("\n")) == (2, 1)
    assert "vote reads nothing by itself: name the engines that it asks" in err
    code, _, err = bench(samples_manifest(), "-e", "boxnet", "--limit", "1")
    assert code == 1
    assert "engine 'boxnet' has no network" in err


def test_a_damaged_page_is_told_and_the_others_are_measured(tmp_path: Path) -> None:
    page = samples_manifest().with_name("receipt.jpg")
    (tmp_path / "a.jpg").write_bytes(page.read_bytes())
    (tmp_path / "cut.png").write_bytes(samples_manifest().with_name("form.png").read_bytes()[:5000])
    code, out, err = bench(tmp_path, "-e", "crnn", "--json")
    assert code == 1
    assert "cut.png" in err
    assert json.loads(out)["pages"] == 1


def test_a_page_that_fails_is_no_measure(tmp_path: Path) -> None:
    """Nor what the library's plain calls took to fail."""
    page = samples_manifest().with_name("receipt.jpg")
    code, out, err = bench(page, "-e", "tesseract", "--json", env={**os.environ, "PATH": str(tmp_path)})
    assert code == 1
    assert "no tesseract program is on the PATH, which pytesseract calls" in err
    (own,) = json.loads(out)["engines"]
    assert (own["engine"], own["speed"], own["failed"]) == ("tesseract", None, 0)
