"""Manifests, folders of ground truth, and samples."""

from __future__ import annotations

import hashlib
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ocr_plugins.corpus import gather
from ocr_plugins.errors import CallError, ManifestError
from ocr_plugins.manifest import find_manifest, load_manifest, spread, truth_from_folder
from ocr_plugins.source import PageRef

GOOD = {"id": "1", "image": "images/a.png", "text": "hello"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "letters"
    (folder / "images").mkdir(parents=True)
    for name in ("a.png", "b.png"):
        Image.new("L", (30, 20)).save(folder / "images" / name)
    return folder


def write(folder: Path, *rows: Any, name: str = "manifest.jsonl") -> Path:
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    (folder / name).write_bytes(b"\n".join(lines))
    return folder / name


def test_a_manifest(folder: Path) -> None:
    row = {
        "id": "x",
        "image": "images/b.png",
        "text": "Grüße\u2028\nzwei",
        "level": "line",
        "case": "upper",
        "lang": "de",
        "group": "g",
        "domain": "letter",
        "ignore": [[1, 2, 3, 4.5]],
        "scoring": "contains",
        "words": [{"text": "Grüße", "box": [0, 0, 9, 9], "quad": [1]}],
        "lines": [{"text": "zwei"}],
        "dpi": 200,
        "license": "CC0",
        "note": "kept",
    }
    raw = json.dumps(row, ensure_ascii=False).encode()
    path = write(folder, b"\xef\xbb\xbf" + json.dumps(GOOD).encode() + b"\r", b"", b"  ", raw, b"")
    manifest = load_manifest(path)
    assert (manifest.name, manifest.path, manifest.errors) == ("letters", path, ())
    assert manifest.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    first, second = manifest.rows
    assert (first.id, first.level, first.ignore, first.scoring, first.line) == ("1", "page", (), "text", 1)
    assert (second.text, second.line, second.level) == ("Grüße\u2028\nzwei", 4, "line")
    assert second.ignore == ((1.0, 2.0, 3.0, 4.5),)
    assert second.words[0]["quad"] == [1]
    assert second.extra == {"note": "kept"}
    assert (second.case, second.lang, second.group, second.domain) == ("upper", "de", "g", "letter")
    assert (second.scoring, second.license, second.dpi) == ("contains", "CC0", 200.0)
    ref = second.ref()
    assert (ref.id, ref.level, ref.dpi, ref.source) == ("x", "line", 200.0, str(folder / "images/b.png"))
    assert ref.load().dpi == 200.0
    assert load_manifest(folder) == manifest


def test_name_of_a_file_that_is_called_otherwise(folder: Path) -> None:
    assert load_manifest(write(folder, GOOD, name="dev.jsonl")).name == "dev"


def test_name_in_the_working_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, GOOD)
    monkeypatch.chdir(folder)
    assert load_manifest("manifest.jsonl").name == "letters"


def test_absolute_paths_and_urls(folder: Path) -> None:
    absolute = {**GOOD, "image": str(folder / "images/a.png")}
    remote = {**GOOD, "id": "2", "image": "https://example.org/a.png"}
    rows = load_manifest(write(folder, absolute, remote)).rows
    assert [row.path for row in rows] == [absolute["image"], remote["image"]]
    assert rows[1].ref().source == remote["image"]


def test_a_char_is_taken_as_a_word_and_null_as_absent(folder: Path) -> None:
    (row,) = load_manifest(write(folder, {**GOOD, "level": "char", "lang": None, "ignore": None})).rows
    assert (row.level, row.lang, row.ignore) == ("word", None, ())


FAULTS: list[tuple[Any, str, str]] = [
    (b"{", "bad_manifest_row", "not JSON"),
    (b"[" * 5000, "bad_manifest_row", "not JSON"),
    (b"[1]", "bad_manifest_row", "a list, not an object"),
    (b'{"id": "\xff"}', "bad_manifest_row", "not UTF-8"),
    ({"image": "images/a.png", "text": ""}, "bad_manifest_row", "'id' is missing"),
    ({**GOOD, "id": " "}, "bad_manifest_row", "'id' is empty"),
    ({**GOOD, "id": 7}, "bad_manifest_row", "'id' is a number, not a string"),
    (GOOD, "duplicate_id", "already used in line 1"),
    ({"id": "2", "image": None, "text": ""}, "bad_manifest_row", "'image' is missing"),
    ({**GOOD, "id": "2", "image": "images/gone.png"}, "missing_image", "images/gone.png does not exist"),
    ({**GOOD, "id": "2", "image": "images"}, "missing_image", "images does not exist"),
    ({**GOOD, "id": "2", "image": "nul\0"}, "missing_image", "does not exist"),
    ({"id": "2", "image": "images/a.png"}, "bad_manifest_row", "'text' is missing"),
    ({**GOOD, "id": "2", "text": ["a"]}, "bad_manifest_row", "'text' is a list"),
    ({**GOOD, "id": "2", "level": "book"}, "bad_manifest_row", "level is 'book'"),
    ({**GOOD, "id": "2", "level": 1}, "bad_manifest_row", "level is 1"),
    ({**GOOD, "id": "2", "lang": ["de"]}, "bad_manifest_row", "'lang' is a list"),
    ({**GOOD, "id": "2", "ignore": {}}, "bad_manifest_row", "'ignore' is an object"),
    ({**GOOD, "id": "2", "ignore": [[1, 2, 3]]}, "bad_manifest_row", "malformed box"),
    ({**GOOD, "id": "2", "ignore": [[5, 2, 3, 4]]}, "bad_manifest_row", "malformed box"),
    ({**GOOD, "id": "2", "ignore": [[1, 2, 3, float("nan")]]}, "bad_manifest_row", "malformed box"),
    ({**GOOD, "id": "2", "ignore": [[1, 2, 3, True]]}, "bad_manifest_row", "malformed box"),
    ({**GOOD, "id": "2", "words": [{"box": [1, 2, 3, 4]}]}, "bad_manifest_row", "'words' holds"),
    ({**GOOD, "id": "2", "lines": [{"text": "", "box": "x"}]}, "bad_manifest_row", "malformed box"),
    ({**GOOD, "id": "2", "dpi": -1}, "bad_manifest_row", "dpi is -1"),
]


@pytest.mark.parametrize(("row", "kind", "words"), FAULTS)
def test_bad_rows(folder: Path, row: Any, kind: str, words: str) -> None:
    path = write(folder, GOOD, row)
    manifest = load_manifest(path, strict=False)
    assert [good.id for good in manifest.rows] == ["1"]
    (error,) = manifest.errors
    assert (error.source, error.page, error.kind) == ("manifest.jsonl:2", None, kind)
    assert words in error.message
    assert error.id == (row.get("id") if isinstance(row, dict) and row.get("id") != 7 else None)
    with pytest.raises(ManifestError, match=r"manifest\.jsonl:2") as caught:
        load_manifest(path)
    assert words in str(caught.value)


def test_many_faults_are_counted(folder: Path) -> None:
    path = write(folder, *[b"{"] * 17)
    with pytest.raises(ManifestError, match=r"17 bad rows.*manifest\.jsonl:5.*and 12 more") as caught:
        load_manifest(path)
    assert "manifest.jsonl:6" not in str(caught.value)
    assert caught.value.kind == "bad_manifest"
    manifest = load_manifest(path, strict=False)
    assert (manifest.rows, len(manifest.errors)) == ((), 17)


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is empty"), (b"\xef\xbb\xbf\n \n", "is empty"), ("{}".encode("utf-16"), "is UTF-16")],
)
def test_files_that_are_no_manifest(folder: Path, content: bytes, words: str, strict: bool) -> None:
    with pytest.raises(ManifestError, match=words):
        load_manifest(write(folder, content), strict=strict)


def test_no_manifest(folder: Path) -> None:
    with pytest.raises(ManifestError, match="does not exist") as caught:
        load_manifest(folder)
    assert caught.value.kind == "manifest_not_found"


def test_find_manifest(folder: Path) -> None:
    assert find_manifest(folder) is None
    path = write(folder, GOOD)
    assert find_manifest(folder) == path
    assert find_manifest(str(path)) == path
    other = write(folder, GOOD, name="dev.JSONL")
    assert find_manifest(other) == other
    assert find_manifest(folder / "images/a.png") is None
    assert find_manifest(folder / "gone.jsonl") is None
    assert find_manifest("s3://bucket/manifest.jsonl") is None
    assert find_manifest("n" * 5000) is None


def ref(source: str, page: int = 1, pages: int = 1) -> PageRef:
    page_id = source if pages == 1 else f"{source}#page={page}"
    return PageRef(id=page_id, source=source, page=page, pages=pages, origin=b"")


def test_truth_from_folder(tmp_path: Path) -> None:
    texts = {"a.txt": "A\r\nB\n\n", "b.txt": "no", "b.gt.txt": "yes", "c.2.txt": "two", "c.txt": "whole"}
    for name, text in texts.items():
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + text.encode())
    (tmp_path / "d e.txt").write_text("url")
    refs = [ref("x/a.png"), ref("b.tar.png"), ref("x/b.jpg"), ref("c.pdf", 1, 2), ref("c.pdf", 2, 2)]
    refs.append(ref("https://example.org/x/d%20e.png?size=1"))
    assert truth_from_folder(refs, tmp_path) == {
        "x/a.png": "A\nB",
        "x/b.jpg": "yes",
        "c.pdf#page=2": "two",
        "https://example.org/x/d%20e.png?size=1": "url",
    }


def test_truth_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="does not exist"):
        truth_from_folder([], tmp_path / "gone")
    (tmp_path / "a.txt").write_bytes("Grüße".encode("latin-1"))
    with pytest.raises(CallError, match="not UTF-8"):
        truth_from_folder([ref("a.png")], tmp_path)
    (tmp_path / "a.txt").write_text("A")
    assert len(truth_from_folder([ref("x/a.png"), ref("x/a.jpg")], tmp_path)) == 2
    with pytest.raises(CallError, match=r"two inputs called a\.png"):
        truth_from_folder([ref("x/a.png"), ref("y/a.png")], tmp_path)


@given(st.integers(0, 300), st.integers(1, 60))
def test_spread(count: int, limit: int) -> None:
    taken = spread(range(count), limit)
    assert len(taken) == min(count, limit)
    assert taken == sorted(set(taken))
    assert taken == spread(range(count), limit)
    if 1 < limit <= count:
        assert (taken[0], taken[-1]) == (0, count - 1)
        gaps = {b - a for a, b in itertools.pairwise(taken)}
        assert max(gaps) - min(gaps) <= 1


def test_spread_without_a_limit() -> None:
    assert spread("abc", None) == ["a", "b", "c"]
    assert spread("abc", 1) == ["a"]
    for bad in (0, -1, True):
        with pytest.raises(CallError, match="limit"):
            spread("abc", bad)


def test_a_table_is_a_manifest(tmp_path: Path) -> None:
    import numpy as np
    import pandas as pd
    from PIL import Image

    for name in ("a.png", "b.png"):
        Image.new("L", (40, 20), 255).save(tmp_path / name)
    images = [tmp_path / "a.png", str(tmp_path / "b.png"), str(tmp_path / "missing.png")]
    columns = {
        "image": images,
        "text": ["one", "two", "three"],
        "dpi": [300, np.nan, 200],
        "domain": ["x", None, pd.NA],
    }
    corpus = gather(pd.DataFrame(columns))
    assert [(item.truth, item.domain) for item in corpus.items] == [("one", "x"), ("two", None)]
    assert [item.ref.load().size for item in corpus.items] == [(40, 20), (40, 20)]
    (error,) = corpus.errors
    assert "missing.png does not exist" in error.reason
    assert len(gather([pd.DataFrame(columns), tmp_path / "a.png"]).items) == 3


def test_a_table_without_a_column_is_told() -> None:
    import pandas as pd

    with pytest.raises(CallError, match=r"no column 'text'.*list"):
        gather(pd.DataFrame({"image": ["a.png"]}))
