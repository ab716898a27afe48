"""Ground truth from and to Label Studio, and beside images as PAGE, ALTO and hOCR."""

from __future__ import annotations

import json
import math
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from PIL import Image

from ocr_plugins.document import Line, Page, Polygon
from ocr_plugins.errors import CallError, EngineUnavailableError, ManifestError, SourceError
from ocr_plugins.formats.base import Sheet
from ocr_plugins.groundtruth import KINDS, export_truth, import_truth
from ocr_plugins.groundtruth.labelstudio_tasks import CONFIG
from ocr_plugins.groundtruth.rows import find_image
from ocr_plugins.groundtruth.transcriptions import FORMATS
from ocr_plugins.manifest import Manifest, load_manifest

SIZE = (400, 200)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    for name in ("a.png", "sub/b.png", "c d.png"):
        picture(folder / name)
    return folder


def picture(path: Path, size: tuple[int, int] = SIZE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, 255).save(path)
    return path


def result(name: str, kind: str, **value: Any) -> dict[str, Any]:
    place = {"original_width": SIZE[0], "original_height": SIZE[1], "image_rotation": 0}
    return {**place, "id": name, "from_name": kind, "to_name": "image", "type": kind, "value": value}


def box(
    name: str, x: float, y: float, w: float, h: float, text: str = "", label: str = "", **more: Any
) -> list[Any]:
    """A region's results: its shape, its label and its transcription."""
    place = {"x": x, "y": y, "width": w, "height": h, "rotation": 0, **more}
    found = [result(name, "rectangle", **place)]
    if label:
        found.append(result(name, "labels", **place, labels=[label]))
    if text:
        found.append(result(name, "textarea", **place, text=[text]))
    return found


def task(number: int, image: str, *results: Any, **more: Any) -> dict[str, Any]:
    annotation = {"id": 1, "was_cancelled": False, "result": [one for some in results for one in some]}
    return {"id": number, "data": {"ocr": image}, "annotations": [annotation], **more}


def imported(images: Path, *tasks: Any, **options: Any) -> Manifest:
    path = images.parent / "export.json"
    path.write_text(json.dumps(tasks), encoding="utf-8")
    return import_truth(path, "labelstudio", images.parent / "out", images=images, **options)


def test_a_labelstudio_export(images: Path) -> None:
    polygon = [[10.0, 10.0], [50.0, 20.0], [50.0, 40.0], [10.0, 30.0]]
    results = [
        *box("1", 10, 20, 50, 10, "Grüße", "Text"),
        *box("2", 10, 50, 20, 10, "wort", "Word"),
        *box("3", 0, 90, 100, 10, label="Ignore"),
        *box("4", 0, 80, 100, 10),
        result("5", "polygonlabels", points=polygon, polygonlabels=["Text"]),
        result("5", "textarea", points=polygon, text=["schräg"]),
        result("6", "brushlabels", format="rle", rle=[1, 2], brushlabels=["Text"]),
        result("6", "textarea", format="rle", rle=[1, 2], text=["painted over"]),
    ]
    manifest = imported(images, task(7, "/data/local-files/?d=scans%2Fsub%2Fb.png", results))
    (row,) = manifest.rows
    assert (row.id, row.text, row.ignore) == ("sub/b", "Grüße\nschräg", ((0, 180, 400, 200),))
    assert row.path == str(images / "sub" / "b.png")
    assert row.lines[0] == {"text": "Grüße", "box": [40, 40, 240, 60]}
    assert row.lines[1]["polygon"] == [[40, 20], [200, 40], [200, 80], [40, 60]]
    assert row.lines[1]["box"] == [40, 20, 200, 80]
    assert row.words == ({"text": "wort", "box": [40, 100, 120, 120]},)
    assert manifest.errors == ()
    assert row.ref().load().size == SIZE


def test_a_turned_rectangle_turns_about_its_corner(images: Path) -> None:
    manifest = imported(images, task(1, "a.png", box("1", 50, 50, 25, 10, "x", rotation=90)))
    assert manifest.rows[0].lines[0]["box"] == pytest.approx([180, 100, 200, 200])
    corners = manifest.rows[0].lines[0]["polygon"]
    assert [math.dist(a, b) for a, b in pairwise(corners)] == pytest.approx([100, 20, 100])


def test_the_annotation_that_was_updated_last_counts(images: Path) -> None:
    def one(text: str, when: str, **more: Any) -> dict[str, Any]:
        return {"result": box("1", 0, 0, 9, 9, text), "updated_at": f"2025-01-0{when}T00:00:00Z", **more}

    several = [one("old", "1"), one("last", "3"), one("between", "2"), one("no", "4", was_cancelled=True)]
    manifest = imported(images, {"data": {"image": "a.png"}, "annotations": several})
    assert manifest.rows[0].text == "last"


@pytest.mark.parametrize(
    "url",
    [
        "/data/local-files/?d=letters/c%20d.png",
        "/data/local-files/?d=C:%5Cscans%5Cc%20d.png",
        "/data/upload/3/0a1b2c3d-c d.png",
        "https://scans.example/x/c%20d.png?size=full",
        "s3://bucket/letters/c d.png",
        "/home/somebody/letters/c d.png",
        "c d.png",
    ],
)
def test_images_are_found_by_what_tasks_call_them(images: Path, url: str) -> None:
    manifest = imported(images, task(1, url, box("1", 0, 0, 9, 9, "x")))
    assert manifest.rows[0].path == str(images / "c d.png")


def test_a_bad_task_costs_itself_alone(images: Path) -> None:
    picture(images.parent / "secret.png")
    good = box("1", 0, 0, 9, 9, "document text")
    turned = [{**one, "image_rotation": 90} for one in good]
    cancelled = {"data": {"ocr": "a.png"}, "annotations": [{"was_cancelled": True, "result": good}]}
    bad: dict[str, Any] = {
        "outside": task(1, "/data/local-files/?d=../secret.png", good),
        "outside ": task(2, "/data/upload/1/..%2F..%2Fsecret.png", good),
        "missing_image ": task(2, f"{'a' * 300}.png", good),
        "missing_image": task(3, "gone.png", good),
        "bad_task": "text",
        "bad_task ": task(5, "a.png", [{"type": "rectangle", "id": "1", "value": {}}]),
        "bad_task  ": task(6, "a.png", [None]),
        "bad_task   ": task(7, "", good, data={"title": "no image"}),
        "bad_task    ": task(8, "data:image/png;base64,AAAA", good),
        "bad_row": task(9, "a.png", box("1", 0, 0, 9, 9, "\ud800")),
        "turned_image": task(9, "a.png", turned),
        "not_annotated": cancelled,
        "not_annotated ": {"data": {"ocr": "a.png"}, "annotations": []},
    }
    manifest = imported(images, *bad.values(), task(20, "a.png", good), task(21, "a.png", good))
    assert [row.id for row in manifest.rows] == ["a", "a-2"]
    assert [error.kind for error in manifest.errors] == [kind.strip() for kind in bad]
    assert str(manifest.errors[0]).startswith("export.json:task 1: image secret.png would lie outside")
    assert not any("document text" in str(error) for error in manifest.errors)


def test_what_is_no_export(images: Path) -> None:
    path = images / "bad.json"
    for content in (b"{", b"[]", b"3", b"\xff", b"[" * 100_000):
        path.write_bytes(content)
        with pytest.raises(ManifestError, match=r"bad\.json (is not JSON|holds no tasks)"):
            import_truth(path, "labelstudio", images / "out")
    with pytest.raises(ManifestError, match="cannot be read"):
        import_truth(images / "gone.json", "labelstudio", images / "out")
    with pytest.raises(ManifestError, match=r"no ground truth that can be used: .*task 1: image gone.png"):
        imported(images, task(1, "gone.png"))
    assert not (images.parent / "out").exists()


def test_json_min(images: Path) -> None:
    place = {"original_width": SIZE[0], "original_height": SIZE[1], "rotation": 0}
    one = {"x": 0, "y": 0, "width": 10, "height": 10, **place}
    two = {**one, "y": 50}
    both = {"rectangle": [one, two], "label": [{**one, "labels": ["Text"]}, {**two, "labels": ["Word"]}]}
    manifest = imported(
        images,
        {"id": 1, "ocr": "a.png", **both, "transcription": ["eins", "zwei"], "annotator": 1},
        {"id": 2, "ocr": "sub/b.png", "rectangle": [one], "transcription": "allein"},
        {"id": 3, "ocr": "c d.png", **both, "transcription": "one of two"},
        {
            "id": 4,
            "ocr": "c d.png",
            "rectangle": [one, two],
            "label": both["label"][:1],
            "transcription": "x",
        },
        {
            "id": 5,
            "ocr": "c d.png",
            "polygon": [{"points": [], **place}],
            "rectangle": [one],
            "transcription": "x",
        },
        {"id": 6, "ocr": "c d.png", **both},
        {"id": 7, "ocr": "c d.png", "text": "whole"},
    )
    first, second, third = manifest.rows
    assert (first.lines, first.words) == (
        ({"text": "eins", "box": [0, 0, 40, 20]},),
        ({"text": "zwei", "box": [0, 100, 40, 120]},),
    )
    assert (second.text, second.lines) == ("allein", ({"text": "allein", "box": [0, 0, 40, 20]},))
    assert (third.text, third.lines) == ("whole", ())
    assert [error.message for error in manifest.errors] == [
        "the task has 1 transcriptions for 2 regions",
        "the task's regions are of several kinds or without label",
        "the task's regions are of several kinds or without label",
        "the task has no transcription",
    ]


def test_order_told_by_boxes(images: Path) -> None:
    results = [box("1", 0, 60, 90, 10, "two"), box("2", 0, 10, 90, 10, "one")]
    assert imported(images, task(1, "a.png", *results)).rows[0].text == "two\none"
    assert imported(images, task(1, "a.png", *results), order="rows").rows[0].text == "one\ntwo"
    with pytest.raises(CallError, match="order is 'up'"):
        imported(images, task(1, "a.png"), order="up")


@pytest.mark.parametrize("annotations", [True, False])
def test_what_was_exported_comes_back(images: Path, annotations: bool) -> None:
    rows: list[dict[str, Any]] = [
        {
            "id": "letter 1",
            "image": "images/a.png",
            "text": "eins\nzwei",
            "lines": [
                {"text": "eins", "box": [1, 2, 33.5, 40]},
                {
                    "text": "zwei",
                    "box": [10, 50, 80, 90],
                    "polygon": [[10, 50], [80, 60], [80, 90], [10, 80]],
                },
            ],
            "ignore": [[0, 0, 400, 2]],
            "lang": "de",
            "group": "book",
            "split": "train",
        },
        {"id": "2", "image": "images/sub/b.png", "text": "not as\n\nits words", "level": "line"},
        {"id": "3", "image": "images/c d.png", "text": "a  b", "words": [{"text": "a", "box": [0, 0, 9, 9]}]},
    ]
    path = images.parent / "manifest.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    before = load_manifest(path)
    done = export_truth(path, "labelstudio", images.parent / "ls", annotations=annotations)
    assert (done.rows, done.errors) == (3, ())
    after = import_truth(
        done.path, "labelstudio", images.parent / "again", images=images, predictions=not annotations
    )
    assert after.errors == ()
    for row, back in zip(before.rows, after.rows, strict=True):
        same = ("id", "text", "level", "lang", "group", "extra")
        assert [getattr(back, key) for key in same] == [getattr(row, key) for key in same]
        assert Path(back.path) == Path(row.path)
        assert_places(row.lines, back.lines)
        assert_places(row.words, back.words)
        assert back.ignore == row.ignore


def assert_places(one: Any, other: Any) -> None:
    assert [item["text"] for item in one] == [item["text"] for item in other]
    for item, same in zip(one, other, strict=True):
        assert same["box"] == pytest.approx(item["box"])
        assert ("polygon" in same) == ("polygon" in item)


spans = st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted)


@given(
    st.lists(
        st.tuples(st.text(st.characters(exclude_categories=["Cs"]), max_size=9), spans, spans), max_size=4
    )
)
def test_any_lines_come_back(tmp_path_factory: pytest.TempPathFactory, drawn: list[Any]) -> None:
    folder = tmp_path_factory.mktemp("ls")
    picture(folder / "a.png")
    width, height = SIZE
    lines = [
        {"text": text, "box": [x0 * width, y0 * height, x1 * width, y1 * height]}
        for text, (x0, x1), (y0, y1) in drawn
    ]
    row = {"id": "a", "image": "a.png", "text": "\n".join(text for text, *_ in drawn), "lines": lines}
    (folder / "manifest.jsonl").write_text(json.dumps(row), encoding="utf-8")
    done = export_truth(folder, "labelstudio", folder / "tasks", annotations=True)
    (back,) = import_truth(done.path, "labelstudio", folder / "back", images=folder).rows
    assert back.text == row["text"]
    assert [item["text"] for item in back.lines] == [line["text"] for line in lines]
    for item, line in zip(back.lines, lines, strict=True):
        assert item["box"] == pytest.approx(line["box"], abs=1e-3)


def test_readings_become_predictions(images: Path) -> None:
    lines = (Line(text="eins", polygon=Polygon.from_box(-5, 0, 500, 20)), Line(text="zwei"))
    page = Page(source=str(images / "sub" / "b.png"), page=1, size=SIZE, lines=lines, id="b")
    unsized = Page(source="b.png", page=1, size=None, lines=(Line(text="secret"),))
    done = export_truth([page, unsized], "labelstudio", images / "ls", root=images)
    (found,) = json.loads(done.path.read_text("utf-8"))
    assert found["data"]["ocr"] == "/data/local-files/?d=sub/b.png"
    assert "annotations" not in found
    shape, label, text, whole = found["predictions"][0]["result"]
    assert shape["value"] == {"x": 0, "y": 0, "width": 100, "height": 10, "rotation": 0}
    assert (label["value"]["labels"], text["value"]["text"]) == (["Line"], ["eins"])
    assert whole["value"]["text"] == ["eins\nzwei"]
    assert [error.kind for error in done.errors] == ["no_size"]
    with_root = export_truth([page], "labelstudio", images / "ls2", root=images / "sub" / "deeper")
    assert [error.kind for error in with_root.errors] == ["outside"]


def test_tasks_fit_their_configuration(images: Path) -> None:
    names = {tag.get("name"): tag.tag.lower() for tag in etree.fromstring(CONFIG).iter() if tag.get("name")}
    row = {"id": "1", "image": "images/a.png", "text": "x", "ignore": [[0, 0, 1, 1]]}
    (images.parent / "manifest.jsonl").write_text(json.dumps(row), encoding="utf-8")
    done = export_truth(images.parent, "labelstudio", images / "ls")
    assert done.path.with_name("config.xml").read_text("utf-8") == CONFIG
    (found,) = json.loads(done.path.read_text("utf-8"))
    for one in found["predictions"][0]["result"]:
        assert names[one["from_name"]] == one["type"]
        assert names[one["to_name"]] == "image"


# --- PAGE, ALTO and hOCR beside images ---


def transcribed(path: Path, kind: str, size: tuple[int, int] = SIZE, *texts: str) -> None:
    form = FORMATS[kind]
    lines = tuple(
        Line(text=text, polygon=Polygon.from_box(10, 10 + 20 * n, 100, 25 + 20 * n))
        for n, text in enumerate(texts or ("eins", "zwei"))
    )
    assert form.open
    writer = form.open(path)
    writer.add(Sheet(page=Page(source=path.name, page=1, size=size, lines=lines)))
    writer.close()


@pytest.mark.parametrize("kind", list(FORMATS))
def test_transcriptions_beside_images(images: Path, kind: str) -> None:
    transcribed(images / "a.xml", kind)
    transcribed(images / "sub" / kind / "b.xml", kind, (SIZE[0] // 2, SIZE[1] // 2))
    picture(images / "e.png")
    transcribed(images / "e.xml", kind, (200, 400))
    picture(images / "f.png")
    (images / "f.xml").write_text("<broken")
    manifest = import_truth(images, kind, images / "out")
    first, second = manifest.rows
    assert (first.id, first.text, second.id) == ("a", "eins\nzwei", "sub/b")
    assert first.lines[0]["box"] == [10, 10, 100, 25]
    assert second.lines[1]["box"] == [20, 60, 200, 90]
    kinds = {error.source.rpartition(":")[2]: error.kind for error in manifest.errors}
    assert (kinds["c d.png"], kinds["e.png"]) == ("no_truth", "other_size")
    assert set(kinds) == {"c d.png", "e.png", "f.png"}


@pytest.mark.parametrize("kind", list(FORMATS))
def test_truth_is_given_away_and_taken_back(images: Path, kind: str) -> None:
    row = {"id": "1", "image": "a.png", "text": "eins", "lines": [{"text": "eins", "box": [1, 2, 30, 40]}]}
    (images / "manifest.jsonl").write_text(json.dumps(row), encoding="utf-8")
    done = export_truth(images, kind, images / kind)
    assert (done.rows, done.errors) == (1, ())
    back = import_truth(images, kind, images / "out").rows[0]
    assert (back.text, back.lines) == ("eins", ({"text": "eins", "box": [1, 2, 30, 40]},))


@pytest.mark.parametrize("kind", list(FORMATS))
def test_words_find_their_lines(images: Path, kind: str) -> None:
    words = [{"text": text, "box": [20 * n, 2, 20 * n + 15, 12]} for n, text in enumerate(("a", "b", "c"))]
    rows = {
        "a": {"text": "a b\nc", "words": words},
        "sub/b": {"text": "c", "words": words},
        "c d": {"text": "a b", "lines": [{"text": "a b", "box": [0, 0, 50, 20]}], "words": words},
    }
    written = [json.dumps({"id": name, "image": f"{name}.png", **row}) for name, row in rows.items()]
    (images / "manifest.jsonl").write_text("\n".join(written), encoding="utf-8")
    export_truth(images, kind, images / kind)
    (images / "sub" / kind).mkdir()
    ending = ".hocr" if kind == "hocr" else ".xml"
    (images / kind / f"b{ending}").rename(images / "sub" / kind / f"b{ending}")
    found = {row.id: row for row in import_truth(images, kind, images / "out").rows}
    assert [found[name].text for name in rows] == ["a b\nc", "a\nb\nc", "a b"]
    assert [line["box"] for line in found["a"].lines] == [[0, 2, 35, 12], [40, 2, 55, 12]]
    assert [word["text"] for word in found["a"].words] == ["a", "b", "c"]
    assert found["c d"].words == ()


# --- all kinds ---


def test_what_needs_pyarrow_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(EngineUnavailableError, match=r"pip install 'ocr-plugins\[huggingface\]'"):
        import_truth(tmp_path, "huggingface", tmp_path / "out")


def test_calls_are_checked(tmp_path: Path) -> None:
    with pytest.raises(CallError, match=f"no kind 'csv' of ground truth: known kinds: {', '.join(KINDS)}"):
        import_truth(tmp_path, "csv", tmp_path)
    with pytest.raises(CallError, match="labelstudio has no option 'imagez': it has images, order"):
        import_truth(tmp_path, "labelstudio", tmp_path, imagez=tmp_path)
    with pytest.raises(CallError, match="page has no option 'root': it has none"):
        export_truth([], "page", tmp_path, root=tmp_path)
    with pytest.raises(CallError, match="does not exist"):
        import_truth(tmp_path / "gone", "page", tmp_path)


@given(st.text(st.sampled_from("./\\a~\0:% "), max_size=12))
def test_no_name_leads_out_of_the_folder(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    folder = tmp_path_factory.mktemp("in") / "inner"
    folder.mkdir()
    (folder / "a").write_bytes(b"x")
    (folder.parent / "a").write_bytes(b"y")
    try:
        found = find_image(folder, name)
    except SourceError:
        return
    assert found.resolve().is_relative_to(folder.resolve())


keys = st.sampled_from(
    [
        *("id", "data", "ocr", "annotations", "predictions", "result", "value", "type", "points", "text"),
        *("x", "y", "width", "height", "rotation", "labels", "original_width", "original_height"),
        *("row", "transcription"),
    ]
)
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 200),
    st.floats(),
    st.just(10**400),
    st.sampled_from(
        ["a.png", "1", "rectangle", "polygon", "labels", "textarea", "Word", "Ignore", "\ud800", ""]
    ),
)
junk = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=12,
)
results = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["rectangle", "polygon", "textarea", "labels", "brush"]),
        "id": st.sampled_from("12"),
    },
    optional={"value": st.dictionaries(keys, junk, max_size=6) | junk, "original_width": leaves},
)
tasks = st.one_of(
    junk,
    st.dictionaries(keys, junk, max_size=6).map(lambda found: {**found, "ocr": "a.png"}),
    st.lists(results | junk, max_size=4).map(
        lambda found: {"data": {"ocr": "a.png"}, "annotations": [{"result": found}]}
    ),
)


@given(st.lists(tasks, max_size=3))
def test_any_json_is_taken_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[Any]
) -> None:
    folder = tmp_path_factory.mktemp("junk")
    picture(folder / "a.png")
    (folder / "export.json").write_text(json.dumps(drawn), encoding="utf-8")
    try:
        manifest = import_truth(folder / "export.json", "labelstudio", folder / "out")
    except ManifestError:
        return
    assert 1 <= len(manifest.rows) + len(manifest.errors) <= max(1, len(drawn))
