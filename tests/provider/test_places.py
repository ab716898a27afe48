"""Places of results, and the names of things in them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ocr_plugins.airflow.places import Place, PlaceError, filesystem_of, label_folder, run_folder
from ocr_plugins.errors import CallError


@pytest.fixture(params=["folder", "memory"])
def some_place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(str(tmp_path / "place") if request.param == "folder" else f"memory://{tmp_path.name}/place")


def test_what_is_written_is_read(some_place: Place) -> None:
    assert some_place.read("a/b.json") is None
    assert some_place.names("a") == []
    some_place.write_json("a/b.json", {"x": "ß"})
    some_place.write("a/c/d", b"data")
    some_place.write("other", b"")
    assert some_place.read_json("a/b.json") == {"x": "ß"}
    assert some_place.names("a") == ["a/b.json", "a/c/d"]
    some_place.write("a/b.json", b"{half")
    assert some_place.read_json("a/b.json") is None


def test_a_folder_is_copied_whole(some_place: Place, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "deep" / "b.txt").write_text("b")
    assert some_place.upload(folder, "out") == ["out/a.txt", "out/deep/b.txt"]
    assert some_place.read("out/deep/b.txt") == b"b"


RUN_IDS = [
    "manual__2026-11-22T19:48:43+00:00",
    "manual__2026-11-22T19_48_43_00_00",
    "..",
    "../x",
    "",
    "a" * 300,
]


def test_run_ids_become_names() -> None:
    names = {run_folder("dag", run) for run in RUN_IDS}
    assert len(names) == len(RUN_IDS)
    for name in names:
        runs, dag, run = name.split("/")
        assert (runs, dag) == ("runs", "dag")
        assert run.strip(".")
        assert len(run) < 120
        assert not set(run) & set(':+\\ "')
    assert run_folder("dag", "scheduled-1.a_b") == "runs/dag/scheduled-1.a_b"


def test_labels_become_folders() -> None:
    labels = ["tesseract", "tesseract:psm=6", "a b", "ü", "x" * 200, "../up", "vote:of=a+b"]
    assert len({label_folder(label) for label in labels}) == len(labels)
    assert not any("/" in label_folder(label) for label in labels)


def test_a_place_that_is_not_writable_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PlaceError, match=r"the place .*file.* cannot be written"):
        Place(str(tmp_path / "file")).write("a", b"")


@pytest.mark.parametrize("wrong", ["", "  ", "nosuch://bucket/a"])
def test_a_wrong_place_is_told(wrong: str) -> None:
    with pytest.raises(CallError):
        Place(wrong).write("a", b"")


def test_paths_are_taken_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _, path = filesystem_of("a#b%20c?d")
    assert path == os.fspath(tmp_path / "a#b%20c?d")
