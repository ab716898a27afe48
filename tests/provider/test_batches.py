"""Pages listed and cut into batches, and what a run plans."""

from __future__ import annotations

from pathlib import Path

import pytest
from pictures import pdf
from running import printed

from ocr_plugins.airflow.batches import Batch, BatchPage, Limits, cut
from ocr_plugins.airflow.listing import list_pages
from ocr_plugins.airflow.places import Place
from ocr_plugins.airflow.planning import plan
from ocr_plugins.airflow.readings import BatchReference
from ocr_plugins.document import PageError
from ocr_plugins.errors import CallError
from ocr_plugins.spec import parse_specs

TESSERACT = parse_specs("tesseract")


def pages(*documents: tuple[str, int], size: int = 1000) -> list[BatchPage]:
    """Pages of documents: (name, how many)."""
    return [
        BatchPage(
            id=f"{name}-{n}", source=name, page=n, pages=count, bytes=size, stem=f"{name}.{n}", document=name
        )
        for name, count in documents
        for n in range(1, count + 1)
    ]


def sizes(batches: list[Batch]) -> list[int]:
    return [len(batch.pages) for batch in batches]


def test_batches_hold_all_pages_in_order() -> None:
    given = pages(("a", 3), ("b", 4))
    batches = cut(given, TESSERACT, Limits(pages=2))
    assert sizes(batches) == [2, 2, 2, 1]
    assert [page for batch in batches for page in batch.pages] == given


def test_dear_engines_get_small_batches() -> None:
    given = pages(("a", 100))
    cheap = cut(given, parse_specs("tesseract"), Limits(pages=1000, seconds=150))
    dear = cut(given, parse_specs("tesseract,trocr"), Limits(pages=1000, seconds=150))
    assert max(sizes(cheap)) > 10 * max(sizes(dear))
    assert sizes(cut(given, parse_specs("trocr"), Limits(seconds=1e-3))) == [1] * 100


def test_large_files_get_small_batches() -> None:
    assert sizes(cut(pages(("a", 4), size=600), TESSERACT, Limits(bytes=1200))) == [2, 2]
    # One page is read however large it is.
    assert sizes(cut(pages(("a", 2), size=600), TESSERACT, Limits(bytes=1))) == [1, 1]


@pytest.mark.parametrize("most", [1, 2, 7])
def test_there_are_never_more_batches_than_airflow_maps(most: int) -> None:
    batches = cut(pages(("a", 100)), TESSERACT, Limits(pages=1, bytes=1, batches=most))
    assert len(batches) <= most
    assert sum(sizes(batches)) == 100


@pytest.mark.parametrize("wrong", [{"pages": 0}, {"seconds": -1.0}, {"bytes": 0}, {"batches": 0}])
def test_limits_that_hold_nothing_are_told(wrong: dict[str, int]) -> None:
    with pytest.raises(CallError, match="above 0"):
        Limits(**wrong)


def test_a_batch_is_known_by_its_pages_and_what_their_files_are_like() -> None:
    one, other = Batch(tuple(pages(("a", 2)))), Batch(tuple(pages(("a", 2), size=1001)))
    assert one.name == Batch(tuple(pages(("a", 2)))).name != other.name
    assert Batch.from_dict(one.to_dict()) == one


@pytest.mark.parametrize(
    "broken", [{}, {"schema_version": 2, "pages": []}, {"schema_version": 1, "pages": [{"x": 1}]}]
)
def test_what_is_no_batch_is_told(broken: dict[str, object]) -> None:
    with pytest.raises(CallError):
        Batch.from_dict(broken)


def test_a_plan_lies_at_its_place(tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        printed(tmp_path / "in" / f"{name}.png", name)
    place, inputs = Place(str(tmp_path / "place")), [str(tmp_path / "in")]
    planned = plan(place, inputs, parse_specs("tesseract,rapidocr,vote"), Limits(pages=2))
    assert planned.pages == 3
    assert [(task["engine"], task["batch"]["pages"]) for task in planned.tasks] == [
        ("tesseract", 2), ("rapidocr", 2), ("tesseract", 1), ("rapidocr", 1)
    ]  # fmt: skip
    loaded = [BatchReference.from_dict(task["batch"]).load(place) for task in planned.tasks[::2]]
    assert [page.source for batch in loaded for page in batch.pages] == [
        str(tmp_path / "in" / f"{name}.png") for name in ("one", "three", "two")
    ]
    assert plan(place, inputs, TESSERACT, Limits(pages=2)).batches == planned.batches
    printed(tmp_path / "in" / "two.png", "other words")
    assert plan(place, inputs, TESSERACT, Limits(pages=2)).batches != planned.batches


def test_a_batch_of_another_place_is_told(tmp_path: Path) -> None:
    reference = BatchReference(batch="0" * 24, documents=0, pages=1)
    with pytest.raises(CallError, match="is not at"):
        reference.load(Place(str(tmp_path)))


def test_a_cascade_is_read_by_one_task(tmp_path: Path) -> None:
    printed(tmp_path / "in" / "one.png", "one")
    specs = parse_specs("tesseract,rapidocr,cascade:doubt=0.1")
    planned = plan(Place(str(tmp_path / "place")), [str(tmp_path / "in")], specs, Limits())
    assert [task["engine"] for task in planned.tasks] == ["tesseract,rapidocr,cascade:doubt=0.1"]


def test_tasks_of_all_engines_together_stay_within_what_airflow_maps(tmp_path: Path) -> None:
    for n in range(6):
        printed(tmp_path / "in" / f"{n}.png", str(n))
    place, specs = Place(str(tmp_path / "place")), parse_specs("tesseract,rapidocr")
    assert len(plan(place, [str(tmp_path / "in")], specs, Limits(pages=1, batches=7)).tasks) <= 7


def test_parts_of_one_document_are_known_as_such(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.pdf").write_bytes(pdf((72, 72), (72, 72), (72, 72)))
    printed(tmp_path / "in" / "b.png", "b")
    place, inputs = Place(str(tmp_path / "place")), [str(tmp_path / "in")]
    parts = plan(place, inputs, TESSERACT, Limits(pages=2)).batches
    assert [batch.documents for batch in parts] == [0, 0]
    whole = plan(place, inputs, TESSERACT, Limits(pages=3)).batches
    assert [batch.documents for batch in whole] == [0, 1]


@pytest.mark.parametrize("inputs", [[], ["/nowhere/at/all"]])
def test_a_plan_of_nothing_is_told(tmp_path: Path, inputs: list[str]) -> None:
    with pytest.raises(CallError):
        plan(Place(str(tmp_path)), inputs, TESSERACT, Limits())


NAMES = [
    "with space.png",
    "quo'te\".png",
    "ß-字.png",
    "per%20cent.png",
    "hash#1.png",
    "what?.png",
    "a+b&c=d.png",
]


@pytest.mark.parametrize("name", NAMES)
def test_files_of_any_name_are_listed(tmp_path: Path, name: str) -> None:
    printed(tmp_path / name, "x")
    for given in (tmp_path / name, tmp_path):
        (page,) = list_pages([str(given)])
        assert isinstance(page, BatchPage)
        assert page.source == str(tmp_path / name)
        assert page.ref().load().size


def test_folders_are_listed_as_the_command_line_does(tmp_path: Path) -> None:
    for name in ("p10.png", "p2.png", ".hidden.png", "sub/deep.png", ".cache/x.png"):
        printed(tmp_path / name, "x")
    (tmp_path / "notes.txt").write_text("no picture")

    def found(recursive: bool) -> list[str]:
        return [Path(page.id or "").name for page in list_pages([str(tmp_path)], recursive=recursive)]

    assert found(False) == ["p2.png", "p10.png"]
    assert sorted(found(True)) == ["deep.png", "p10.png", "p2.png"]


def test_inputs_that_cannot_be_used_are_records(tmp_path: Path) -> None:
    printed(tmp_path / "good.png", "x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    (tmp_path / "bad.jsonl").write_text('{"id": "a"}\nno json\n')
    names = ("gone.png", "empty", "broken.pdf", "bad.jsonl", "good.png", "*.gif")
    found = list(list_pages([str(tmp_path / name) for name in names]))
    assert [type(one) for one in found] == [PageError] * 5 + [BatchPage] + [PageError]
    assert all(one.message for one in found if isinstance(one, PageError))


def test_pages_of_one_name_keep_their_own_files(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        printed(tmp_path / folder / "scan.png", folder)
    found = list(list_pages([str(tmp_path / name) for name in ("a", "b", "a")]))
    pages = [one for one in found if isinstance(one, BatchPage)]
    for names in (
        {page.id for page in pages},
        {page.stem for page in pages},
        {page.document for page in pages},
    ):
        assert len(names) == 3
