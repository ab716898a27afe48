"""Batches read, voted on and written, with an engine that is quick and as honest as any."""

from __future__ import annotations

import csv
import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from running import told

from ocr_plugins.airflow.batches import Limits
from ocr_plugins.airflow.places import Place, PlaceError
from ocr_plugins.airflow.planning import plan
from ocr_plugins.airflow.readings import BatchReference, Reference, references_in, study_of
from ocr_plugins.airflow.work import Reader, hold_votes, read_batch, write_fields, write_files
from ocr_plugins.document import Page, PageError
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.evaluation import get_convention
from ocr_plugins.fields import find_extractors
from ocr_plugins.formats import chosen_formats
from ocr_plugins.spec import parse_specs

SAID = "confidential"


@pytest.fixture
def results(here: Path) -> Place:
    return Place(str(here / "place"))


def batch_of(place: Place, here: Path, **texts: str) -> BatchReference:
    for name, text in texts.items():
        told(here / "in" / f"{name}.png", text)
    return plan(place, [str(here / "in")], parse_specs("parrot"), Limits()).batches[0]


def unheard(line: str) -> None:
    pass


def read(
    place: Place, batch: BatchReference, engines: str, say: Callable[[str], None] = unheard
) -> list[Reference]:
    reader = Reader(specs=parse_specs(engines), workers=0)
    return read_batch(place, batch, batch.load(place), reader, say)


def texts_of(place: Place, references: list[Reference]) -> list[dict[str, str]]:
    batch = references[0].of_batch.load(place)
    study = study_of(place, batch, references, get_convention("default"))
    return [
        {page: one.text if isinstance(one, Page) else one.kind for page, one in run.results.items()}
        for run in study.runs
    ]


def written(folder: Path) -> dict[Path, int]:
    """When each file of a place was written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_what_is_read_is_found_by_its_reference(results: Place, here: Path) -> None:
    (reference,) = read(results, batch_of(results, here, a="one two", b=SAID), "parrot")
    assert (reference.pages, reference.errors, reference.kept, reference.words) == (2, 0, 0, 3)
    folder = here / "in"
    assert texts_of(results, [reference]) == [{str(folder / "a.png"): "one two", str(folder / "b.png"): SAID}]


def test_references_and_what_is_told_hold_no_text(results: Place, here: Path) -> None:
    lines: list[str] = []
    references = read(results, batch_of(results, here, a=SAID), "parrot", lines.append)
    assert lines
    assert SAID not in json.dumps([one.to_dict() for one in references]) + "".join(lines)
    assert len(json.dumps(references[0].to_dict())) < 1000


def test_what_was_read_is_not_read_again(results: Place, here: Path) -> None:
    batch = batch_of(results, here, a="one", b="two")
    (first,) = read(results, batch, "parrot")
    before = written(here / "place")
    for said in here.joinpath("in").glob("*.said"):
        said.write_text("changed")
    (again,) = read(results, batch, "parrot")
    assert again == dataclasses.replace(first, kept=2)
    assert written(here / "place") == before


def test_a_task_that_was_killed_reads_what_is_missing(results: Place, here: Path) -> None:
    batch = batch_of(results, here, a="one", b="two")
    (first,) = read(results, batch, "parrot")
    # The worker died after one page: that one is kept, the batch's file was not written.
    (here / "place" / first.file).unlink()
    kept = sorted((here / "place" / "store").rglob("*-p1.json"))
    kept[0].unlink()
    (again,) = read(results, batch, "parrot")
    assert (again.pages, again.kept) == (2, 1)
    assert sorted((here / "place" / "store").rglob("*-p1.json")) == kept


def test_two_runs_that_read_the_same_at_once_do_not_disturb_each_other(results: Place, here: Path) -> None:
    batch = batch_of(results, here, a="the cat sat")
    engines = ("a=parrot", "b=parrot:tail=x", "c=parrot")
    readings: list[list[Reference]] = []
    for _ in range(2):
        # Neither finds what the other is about to write; what they take for it differs.
        shutil.rmtree(here / "place" / "store", ignore_errors=True)
        for name in here.glob("place/results/*/*.json"):
            if name.parent.name != "batches":
                name.unlink()
        readings.append([one for spec in engines for one in read(results, batch, spec)])
    first, second = readings
    assert [one.sha256 for one in first] != [one.sha256 for one in second]
    for some in readings:
        votes = hold_votes(results, some, parse_specs("vote:method=majority"))
        assert list(texts_of(results, votes)[0].values()) == ["the cat sat"]


def test_a_page_that_fails_is_a_record_and_tried_again(results: Place, here: Path) -> None:
    batch = batch_of(results, here, a="one", b="two")
    good = (here / "in" / "b.png").read_bytes()
    (here / "in" / "b.png").write_bytes(b"no picture")
    (reference,) = read(results, batch, "parrot")
    assert (reference.pages, reference.errors) == (2, 1)
    assert "one" in texts_of(results, [reference])[0].values()
    (here / "in" / "b.png").write_bytes(good)
    (again,) = read(results, batch, "parrot")
    assert (again.errors, again.kept) == (0, 1)


def test_an_engine_that_cannot_run_fails_the_task(results: Place, here: Path) -> None:
    batch = batch_of(results, here, a="one")
    with pytest.raises(EngineUnavailableError):
        read(results, batch, "parrot:fault=load")
    with pytest.raises(CallError, match="nosuch"):
        read(results, batch, "nosuch")


def test_a_place_that_fails_ends_the_task(results: Place, here: Path) -> None:
    batch = batch_of(results, here, a="one")
    (here / "place" / "store").write_text("a file where a folder should be")
    with pytest.raises((CallError, PlaceError)):
        read(results, batch, "parrot")


def test_votes_are_held_on_references(results: Place, here: Path) -> None:
    batch = batch_of(results, here, a="the cat sat")
    engines = ("a=parrot", "b=parrot:tail=x", "c=parrot")
    readings = [one for spec in engines for one in read(results, batch, spec)]
    (vote,) = hold_votes(results, readings, parse_specs("vote:method=majority"))
    assert vote.engine == "vote:method=majority"
    assert list(texts_of(results, [vote])[0].values()) == ["the cat sat"]
    before = written(here / "place")
    (again,) = hold_votes(results, readings, parse_specs("vote:method=majority"))
    assert again.sha256 == vote.sha256
    assert written(here / "place") == before


def test_one_reading_and_cascades_need_no_vote(results: Place, here: Path) -> None:
    batch = batch_of(results, here, a="the cat sat")
    one = read(results, batch, "parrot")
    assert hold_votes(results, one, ()) == one
    both = read(results, batch, "a=parrot,b=parrot:tail=x,cascade")
    assert [reference.engine for reference in both] == ["a", "b", "cascade"]
    assert hold_votes(results, both, ()) == both[2:]
    with pytest.raises(CallError, match="no vote"):
        hold_votes(results, both[:2], ())


def test_a_file_that_was_altered_is_told(results: Place, here: Path) -> None:
    (reference,) = read(results, batch_of(results, here, a="one"), "parrot")
    path = here / "place" / reference.file
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(CallError, match="was altered"):
        texts_of(results, [reference])
    path.unlink()
    with pytest.raises(CallError, match="is not there"):
        texts_of(results, [reference])


def test_a_page_that_is_no_longer_kept_is_told(results: Place, here: Path) -> None:
    (reference,) = read(results, batch_of(results, here, a="one"), "parrot")
    next((here / "place" / "store").rglob("*-p1.json")).unlink()
    assert list(texts_of(results, [reference])[0].values()) == [PageError.of(CallError("x"), "x").kind]


def test_documents_are_written_as_files(results: Place, here: Path) -> None:
    references = read(results, batch_of(results, here, a="one", b="two"), "parrot")
    files, failed = write_files(results, results, "out", references, chosen_formats(["text", "hocr"]))
    assert files == ["out/a.hocr", "out/a.txt", "out/b.hocr", "out/b.txt"]
    assert (here / "place" / "out" / "a.txt").read_text().strip() == "one"
    assert not failed


def test_references_are_found_however_they_are_nested(results: Place, here: Path) -> None:
    (one,) = read(results, batch_of(results, here, a="one"), "parrot")
    assert references_in([[one.to_dict()], None, [[one]]]) == [one, one]
    for wrong in ([{"file": "x"}], ["text"], [3]):
        with pytest.raises(CallError, match="no reference"):
            references_in(wrong)


def test_fields_become_a_table(results: Place, here: Path) -> None:
    batch = batch_of(results, here, a="paid 12.50 EUR on 03.04.2018", b=SAID)
    (here / "in" / "c.png").write_bytes(b"no picture")
    more = plan(results, [str(here / "in")], parse_specs("parrot"), Limits()).batches[0]
    references = [*read(results, batch, "parrot"), *read(results, more, "parrot")]
    written = write_fields(
        results, results, "runs/x/fields", references[1:], find_extractors("amounts,dates")
    )
    assert written == {"pages": 3, "unread": 1, "failed": 0, "found": {"amounts": 1, "dates": 1}}
    with (here / "place" / "runs" / "x" / "fields" / "fields.csv").open() as file:
        rows = {Path(row["source"]).name: row for row in csv.DictReader(file)}
    assert (rows["a.png"]["amounts"], rows["a.png"]["dates"]) == ("12.50", "2018-04-03")
    assert rows["c.png"]["error"]
    assert (here / "place" / "runs" / "x" / "fields" / "fields.jsonl").exists()


@pytest.mark.parametrize(("index", "folder"), [(-1, "tables"), (0, "tables-00000"), (3, "tables-00003")])
def test_tables_of_mapped_tasks_lie_apart(
    index: int, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ocr_plugins.airflow.operators.fields import ExtractFieldsOperator

    task = ExtractFieldsOperator(task_id="tables", results=[], fields="dates")
    monkeypatch.setattr(task, "open_place", lambda: Place(str(tmp_path)))
    ti = SimpleNamespace(dag_id="d", run_id="r", task_id="tables", map_index=index)
    told = task.execute({"ti": ti})  # type: ignore[arg-type, typeddict-item]
    assert told["to"].endswith(f"/{folder}")
    assert len(list(tmp_path.glob(f"runs/d/*/{folder}/fields.csv"))) == 1
