"""Hugging Face datasets: written by the real library and taken, and given away and opened by it."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ocr_plugins.errors import CallError, ManifestError
from ocr_plugins.groundtruth import export_truth, import_truth
from ocr_plugins.manifest import Manifest, load_manifest


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The real library, which may not ask the network for anything."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("HF_HOME", str(tmp_path_factory.mktemp("hf")))
        import datasets

        datasets.disable_progress_bars()
        yield datasets


def png(seed: int, image_format: str = "PNG") -> bytes:
    """A picture of its own."""
    file = io.BytesIO()
    noise = random.Random(seed).randbytes(40 * 20)
    Image.frombytes("L", (40, 20), noise).save(file, image_format)
    return file.getvalue()


def saved(datasets: Any, count: int = 2, **columns: list[Any]) -> Any:
    """A dataset with pictures inside."""
    pictures = [{"bytes": png(n), "path": f"scan {n}.png"} for n in range(count)]
    data = {"image": pictures, "text": [f"Zeile {n}\nzwei" for n in range(count)], **columns}
    return datasets.Dataset.from_dict(data).cast_column("image", datasets.Image())


def test_saved_to_disk(datasets: Any, tmp_path: Path) -> None:
    three = saved(datasets, 3, lang=["de", "en", None], level=[1, 2, 3], page_no=[7, 8, 9])
    both = datasets.DatasetDict({"train": three, "test": saved(datasets, 1)})
    both.save_to_disk(tmp_path / "saved", num_shards={"train": 2, "test": 1})
    manifest = import_truth(tmp_path / "saved", "huggingface", tmp_path / "out")
    assert manifest.errors == ()
    by_id = {row.id: row for row in manifest.rows}
    assert list(by_id) == ["test/scan_0", "train/scan_0-2", "train/scan_1", "train/scan_2"]
    row = by_id["train/scan_1"]
    assert (row.text, row.lang, row.level) == ("Zeile 1\nzwei", "en", "page")
    assert row.extra == {"split": "train", "level_": 2, "page_no": 8}, "a level of another kind is kept aside"
    assert Path(row.path).read_bytes() == png(1)
    assert Path(row.path).is_relative_to(tmp_path / "out" / "images")
    one = import_truth(tmp_path / "saved", "huggingface", tmp_path / "out2", split="test")
    assert [row.id for row in one.rows] == ["test/scan_0"]
    with pytest.raises(CallError, match="no split 'dev': its splits: test, train"):
        import_truth(tmp_path / "saved", "huggingface", tmp_path / "out3", split="dev")


def test_one_saved_dataset(datasets: Any, tmp_path: Path) -> None:
    # A selection is an index over all rows, which the library applies when it saves.
    saved(datasets, 5).select([4, 1]).save_to_disk(tmp_path / "saved")
    rows = import_truth(tmp_path / "saved", "huggingface", tmp_path / "out").rows
    assert [(row.id, row.text, row.extra) for row in rows] == [
        ("scan_4", "Zeile 4\nzwei", {}),
        ("scan_1", "Zeile 1\nzwei", {}),
    ]


def test_parquet(datasets: Any, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for name in ("train-00000-of-00002", "train-00001-of-00002", "dev"):
        saved(datasets).rename_column("text", "transcription").to_parquet(
            tmp_path / "data" / f"{name}.parquet"
        )
    manifest = import_truth(tmp_path, "huggingface", tmp_path / "out")
    assert [row.extra["split"] for row in manifest.rows] == ["validation"] * 2 + ["train"] * 4
    assert len({row.path for row in manifest.rows}) == 6
    one = import_truth(tmp_path / "data" / "dev.parquet", "huggingface", tmp_path / "out2")
    assert [Path(row.path).read_bytes() for row in one.rows] == [png(0), png(1)]


def test_columns_by_name(datasets: Any, tmp_path: Path) -> None:
    answers = [
        json.dumps({"gt_parse": {"text_sequence": "eins"}}),
        json.dumps({"gt_parse": {"total": "secret"}}),
    ]
    found = saved(datasets, ground_truth=answers).rename_column("image", "scan").rename_column("text", "t")
    found.to_parquet(tmp_path / "a.parquet")
    manifest = import_truth(tmp_path, "huggingface", tmp_path / "out")
    assert [row.text for row in manifest.rows] == ["eins"], "as Donut's datasets keep it"
    assert [error.kind for error in manifest.errors] == ["bad_row"]
    assert "secret" not in str(manifest.errors[0])
    assert import_truth(tmp_path, "huggingface", tmp_path / "o2", text="t").rows[1].text == "Zeile 1\nzwei"
    with pytest.raises(CallError, match="no column 'words': name one as text: scan, t, ground_truth"):
        import_truth(tmp_path, "huggingface", tmp_path / "o3", text="words")


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_imagefolder(tmp_path: Path, form: str) -> None:
    for split in ("train", "test"):
        folder = tmp_path / "data" / split
        (folder / "deep").mkdir(parents=True)
        (folder / "deep" / "a.png").write_bytes(png(1))
        if form == "csv":
            (folder / "metadata.csv").write_text(
                'file_name,text\ndeep/a.png,"eins\nzwei"\n', encoding="utf-8"
            )
        else:
            row = {"file_name": "deep/a.png", "text": "eins\nzwei"}
            (folder / "metadata.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    manifest = import_truth(tmp_path / "data", "huggingface", tmp_path / "out")
    assert [(row.id, row.text) for row in manifest.rows] == [
        ("test/deep/a", "eins\nzwei"),
        ("train/deep/a", "eins\nzwei"),
    ]
    assert manifest.rows[0].path == str(tmp_path / "data" / "test" / "deep" / "a.png"), "it stays where it is"


def test_a_bad_row_costs_itself_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.png").write_bytes(png(1))
    (tmp_path / "secret.png").write_bytes(png(2))
    good = json.dumps({"file_name": "a.png", "text": "eins", "score": float("inf")})
    lines = [
        good,
        "not JSON",
        "[1]",
        json.dumps({"file_name": "../secret.png", "text": "x"}),
        json.dumps({"file_name": "gone.png", "text": "x"}),
        json.dumps({"file_name": "a.png"}),
        json.dumps({"file_name": "a.png", "text": 3}),
        json.dumps({"file_name": 3, "text": "x"}),
    ]
    (folder / "metadata.jsonl").write_text("\n".join(lines), encoding="utf-8")
    manifest = import_truth(folder, "huggingface", tmp_path / "out")
    assert [(row.id, row.extra) for row in manifest.rows] == [("a", {"score": "inf"})]
    assert [error.kind for error in manifest.errors] == [
        *("bad_row", "bad_row", "outside", "missing_image", "bad_row", "bad_row", "bad_row")
    ]
    assert str(manifest.errors[0]) == "data:metadata.jsonl:2: the row is not an object"


def test_bad_pictures(datasets: Any, tmp_path: Path) -> None:
    pictures = [{"bytes": b"no picture", "path": "a.png"}, None, {"bytes": png(3, "JPEG"), "path": "b.png"}]
    data = datasets.Dataset.from_dict({"image": pictures, "text": ["x", "y", "z"]})
    data.to_parquet(tmp_path / "a.parquet")
    manifest = import_truth(tmp_path, "huggingface", tmp_path / "out")
    assert [Path(row.path).name for row in manifest.rows] == ["b.jpg"], "named after what it is"
    assert [error.kind for error in manifest.errors] == ["not_an_image", "bad_row"]


def test_what_is_no_dataset(tmp_path: Path) -> None:
    for place, message in (
        (tmp_path, "holds no dataset"),
        (tmp_path / "gone", "is no folder and no Parquet file"),
    ):
        with pytest.raises(ManifestError, match=message):
            import_truth(place, "huggingface", tmp_path / "out")
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(ManifestError, match=r"a\.parquet cannot be read"):
        import_truth(tmp_path, "huggingface", tmp_path / "out")
    (tmp_path / "state.json").write_text("{}")
    with pytest.raises(ManifestError, match=r"state\.json cannot be read"):
        import_truth(tmp_path, "huggingface", tmp_path / "out")


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    """Five rows that between them use all that a manifest can hold."""
    place = {"text": "eins", "box": [1, 2, 30, 15.5]}
    slanted = {**place, "polygon": [[1, 2], [30, 4], [30, 15.5], [1, 14]]}
    rows: list[dict[str, Any]] = [
        {"id": "1", "text": "eins\nzwei", "lines": [place, slanted], "lang": "de", "split": "train", "n": 1},
        {"id": "2", "text": "", "words": [place], "ignore": [[0, 0, 5, 5]], "split": "train", "n": 2.5},
        {"id": "3", "text": "x", "lines": [{"text": "x"}], "level": "line", "dpi": 200, "split": "test"},
        {"id": "4", "text": "x", "note": {"any": [1]}, "good": True, "split": "validation"},
        {"id": "5", "text": "x", "case": "upper", "group": "g", "domain": "d", "scoring": "contains"},
    ]
    for number, row in enumerate(rows):
        row["image"] = f"{number // 2}/scan.png"
        (tmp_path / str(number // 2)).mkdir(exist_ok=True)
        (tmp_path / row["image"]).write_bytes(png(number // 2))
    path = tmp_path / "manifest.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return load_manifest(path)


@pytest.mark.parametrize("layout", ["imagefolder", "parquet"])
def test_the_library_opens_what_was_exported(
    datasets: Any, manifest: Manifest, tmp_path: Path, layout: str
) -> None:
    out = tmp_path / "exported"
    done = export_truth(manifest, "huggingface", out, layout=layout)
    assert (done.rows, done.errors) == (5, ())
    if layout == "parquet":
        files = {split: [str(file) for file in out.glob(f"data/{split}-*.parquet")] for split in SPLITS}
        found = datasets.load_dataset("parquet", data_files=files, cache_dir=str(tmp_path / "cache"))
    else:
        found = datasets.load_dataset("imagefolder", data_dir=str(out), cache_dir=str(tmp_path / "cache"))
    assert {split: len(found[split]) for split in found} == {"train": 3, "validation": 1, "test": 1}
    assert isinstance(found["train"].features["image"], datasets.Image)
    assert found["train"]["text"] == ["eins\nzwei", "", "x"]
    assert found["train"][0]["image"].size == (40, 20)
    lines = found["train"][0]["lines"]
    assert (lines if layout == "parquet" else json.loads(lines))[0]["box"] == [1, 2, 30, 15.5]
    raw = found["test"].cast_column("image", datasets.Image(decode=False))[0]["image"]
    assert (raw["bytes"] or Path(raw["path"]).read_bytes()) == png(1)


SPLITS = ("train", "validation", "test")


@pytest.mark.parametrize("layout", ["imagefolder", "parquet"])
def test_what_was_exported_comes_back(manifest: Manifest, tmp_path: Path, layout: str) -> None:
    out = tmp_path / "exported"
    export_truth(manifest, "huggingface", out, layout=layout, shard_bytes=1)
    back = import_truth(out, "huggingface", tmp_path / "back")
    assert back.errors == ()
    found = {row.id: row for row in back.rows}
    assert set(found) == {"1", "2", "3", "4", "5"}
    keys = ("text", "level", "lang", "case", "group", "domain", "scoring", "dpi", "ignore", "lines", "words")
    for row in manifest.rows:
        same = found[row.id]
        assert {key: getattr(same, key) for key in keys} == {key: getattr(row, key) for key in keys}
        assert Path(same.path).read_bytes() == Path(row.path).read_bytes()
        # Rows without a split stand beside others in train; what has no sure type becomes text.
        told = {"split": "train", **row.extra}
        unsure: tuple[type, ...] = (dict,) if layout == "parquet" else (dict, int, float)
        assert same.extra == {k: json.dumps(v) if isinstance(v, unsure) else v for k, v in told.items()}


def test_exports_are_checked(manifest: Manifest, tmp_path: Path) -> None:
    with pytest.raises(CallError, match="is not an empty folder"):
        export_truth(manifest, "huggingface", tmp_path)
    with pytest.raises(CallError, match="layout is 'csv'"):
        export_truth(manifest, "huggingface", tmp_path / "new", layout="csv")
    Path(manifest.rows[0].path).unlink()
    done = export_truth(manifest, "huggingface", tmp_path / "new")
    assert [error.kind for error in done.errors] == ["missing_image", "missing_image"]
    assert done.rows == 3
