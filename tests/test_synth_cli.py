"""``ocr-plugins synth``, as users run it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from running import environment, ocr

from ocr_plugins import load_manifest
from ocr_plugins.synth.font_table import font_packages


def opened(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(image.convert("L"))


def test_lines_become_a_manifest(tmp_path: Path) -> None:
    done = ocr("synth", tmp_path / "out", "--lines", 6, "--seed", 3, "--sheet", tmp_path / "sheet.png")
    assert done.status == 0, done.err
    manifest = load_manifest(tmp_path / "out")
    assert [row.level for row in manifest.rows] == ["line"] * 6
    for row in manifest.rows:
        assert opened(Path(row.path)).shape == tuple(row.extra["size"][::-1])
    assert opened(tmp_path / "sheet.png").shape[1] == 1500
    assert not (tmp_path / "out" / "manifest.jsonl.part").exists()


def test_pages_become_a_manifest_that_can_be_compared(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = ocr("synth", out, "--pages", 2, "--kind", "receipt", "--clean", 1, "--workers", 2, "-q")
    assert done.status == 0, done.err
    assert done.err == ""
    row = load_manifest(out).rows[0]
    assert row.text.split("\n") == [line["text"] for line in row.lines]
    assert row.dpi
    compared = ocr("compare", out, "-e", "tesseract", "--json", "-q")
    assert compared.status == 0, compared.err


def test_marks_are_in_the_images_alone(tmp_path: Path) -> None:
    how = ("--pages", 2, "--kind", "screen", "--kind", "receipt", "--clean", 1, "--seed", 2, "-q")
    for name, marks in (("plain", 0), ("marked", 1)):
        done = ocr("synth", tmp_path / name, *how, "--marks", marks)
        assert done.status == 0, done.err
    plain, marked = (load_manifest(tmp_path / name).rows for name in ("plain", "marked"))
    for one, other in zip(plain, marked, strict=True):
        assert (one.id, one.text, one.lines) == (other.id, other.text, other.lines)
    pairs = [(opened(Path(a.path)), opened(Path(b.path))) for a, b in zip(plain, marked, strict=True)]
    assert not all(np.array_equal(one, other) for one, other in pairs)


def test_a_second_part_continues_the_first(tmp_path: Path) -> None:
    ocr("synth", tmp_path / "all", "--lines", 4, "-q")
    ocr("synth", tmp_path / "rest", "--lines", 2, "--start", 2, "-q")
    some, rest = load_manifest(tmp_path / "all").rows[2:], load_manifest(tmp_path / "rest").rows
    for one, other in zip(some, rest, strict=True):
        assert (one.id, one.text) == (other.id, other.text)
        assert np.array_equal(opened(Path(one.path)), opened(Path(other.path)))


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = ocr("synth", tmp_path, "--lines", 1)
    assert (done.status, len(done.errors)) == (2, 1)
    assert "not empty" in done.err
    assert "--overwrite" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    assert ocr("synth", tmp_path, "--lines", 1, "--overwrite").status == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "where to write"),
        (["out", "--lines", "1", "--pages", "1"], "--lines or --pages"),
        (["out", "--lines", "0"], "lines"),
        (["out", "--seed", "-1"], "seed"),
        (["out", "--kind", "poster"], "poster"),
        (["out", "--strength", "9"], "strength"),
        (["out", "--fonts", "nowhere"], "nowhere"),
        (["--sheet", "sheet.gif"], "PNG"),
        (["out", "--lines", "1", "--marks", "0.5"], "marks stand on pages"),
        (["out", "--marks", "0.5"], "marks stand on pages"),
        (["out", "--pages", "1", "--marks", "2"], "marks is 2.0"),
    ],
)
def test_wrong_calls_are_one_line(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = ocr("synth", *arguments, cwd=tmp_path)
    assert done.status == 2
    assert len(done.errors) == 1
    assert said in done.err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_fonts_names_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "fonts").mkdir()
    done = ocr("synth", tmp_path / "out", "--fonts", tmp_path / "fonts")
    assert done.status == 2
    assert "install" in done.err
    assert "fonts-" in done.err


@pytest.mark.parametrize("module", ["fontTools", "wordfreq"])
def test_what_is_not_installed_is_named_with_the_way_out(tmp_path: Path, module: str) -> None:
    (tmp_path / f"{module}.py").write_text("raise ModuleNotFoundError")
    done = ocr("synth", tmp_path / "out", "--lines", 1, env=environment(tmp_path))
    assert (done.status, len(done.errors)) == (2, 1)
    assert f"{module}, which is not installed" in done.err
    assert "ocr-plugins[synth]" in done.err


def test_packages_are_listed_with_licences() -> None:
    done = ocr("synth", "--packages")
    assert done.status == 0
    assert all(package in done.out and licence in done.out for package, licence in font_packages().items())
    assert "apt-get install" in done.out
