"""New files: found, given to one run each, remembered, and read by the tasks that follow."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from running import printed
from services import Bucket, s3
from test_dags import run_of

from ocr_plugins.airflow.arrivals import Arrivals, Memory, Watch
from ocr_plugins.airflow.batches import BatchPage
from ocr_plugins.airflow.listing import list_pages, read_list
from ocr_plugins.airflow.places import Place, PlaceError
from ocr_plugins.document import PageError
from ocr_plugins.errors import CallError

pytestmark = pytest.mark.filterwarnings("ignore")

Put = Callable[[str, bytes], None]


def watch(folder: Path, *inputs: str, run: str = "first", **changes: Any) -> Watch:
    """What a task looks for, with its place in a folder."""
    fields = {"recursive": False, "settle": 0.0, "dag_id": "letters", "task_id": "new", "map_index": 0}
    return Watch(**{**fields, "place": str(folder / "place"), "inputs": inputs, "run_id": run, **changes})


def arrivals(*about: Any, **changes: Any) -> Arrivals:
    return Arrivals(watch(*about, **changes))


def names(urls: Any) -> list[str]:
    return sorted(url.rpartition("/")[2] for url in urls)


def given(one: Arrivals) -> list[str]:
    """The names of the files that a look gives to its run."""
    told = one.give(one.look())
    return names(file.url for file in read_list(told.url)) if told else []


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    # One for all tests: Airflow keeps a connection's file system for as long as the process lives.
    with s3("scans") as one, pytest.MonkeyPatch.context() as patch:
        about = {"endpoint_url": one.endpoint, "region_name": "us-east-1"}
        connection = {"conn_type": "aws", "login": "key", "password": "word", "extra": about}
        patch.setenv("AIRFLOW_CONN_SCANS_AWS", json.dumps(connection))
        yield one


@pytest.fixture(params=["folder", "memory", "s3"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str, Put]:
    """Inputs, a place, and a function that puts files among the inputs."""
    if request.param == "s3":
        put_object, url = request.getfixturevalue("bucket").put, f"s3://scans_aws@scans/{tmp_path.name}"
        return f"{url}/in", f"{url}/place", lambda name, data: put_object(f"{tmp_path.name}/in/{name}", data)
    url = str(tmp_path) if request.param == "folder" else f"memory://{tmp_path.name}"

    def put(name: str, data: bytes) -> None:
        with fsspec.open(f"{url}/in/{name}", "wb", auto_mkdir=True) as file:
            file.write(data)

    return f"{url}/in", f"{url}/place", put


def test_each_file_is_given_to_one_run(where: tuple[str, str, Put], tmp_path: Path) -> None:
    inputs, place, put = where
    put("p2.png", b"two")
    put("p10.png", b"ten")
    put("notes.txt", b"no picture")
    put("sub/deep.png", b"deep")
    first = arrivals(tmp_path, inputs, place=place)
    assert given(first) == ["p10.png", "p2.png"]
    assert given(arrivals(tmp_path, inputs, f"{inputs}/*.png", place=place, run="second")) == []

    put("p3.png", b"three")
    put("p2.png", b"two, but another")
    assert given(arrivals(tmp_path, inputs, place=place, run="third")) == ["p2.png", "p3.png"]
    assert given(arrivals(tmp_path, inputs, place=place, run="fourth")) == []
    assert given(arrivals(tmp_path, inputs, place=place, run="x", recursive=True)) == ["deep.png"]
    # Another task, and another DAG, remember for themselves.
    assert len(given(arrivals(tmp_path, inputs, place=place, task_id="other"))) == 3
    assert len(given(arrivals(tmp_path, inputs, place=place, dag_id="other"))) == 3


def test_a_run_that_is_cleared_is_given_the_same_again(where: tuple[str, str, Put], tmp_path: Path) -> None:
    inputs, place, put = where
    put("a.png", b"a")
    first = arrivals(tmp_path, inputs, place=place)
    assert first.given() is None
    told = first.give(first.look())
    put("b.png", b"b")
    assert arrivals(tmp_path, inputs, place=place).given() == told
    assert names(arrivals(tmp_path, inputs, place=place, run="second").look()) == ["b.png"]


def test_a_list_is_an_input(where: tuple[str, str, Put], tmp_path: Path) -> None:
    inputs, place, put = where
    for name in ("p10.png", "p2.png"):
        put(name, printed(tmp_path / "page.png", name).read_bytes())
    first = arrivals(tmp_path, inputs, place=place)
    told = first.give(first.look())
    assert told is not None
    pages = list(list_pages([told.url]))
    assert pages == list(list_pages([inputs]))
    assert [page.source.rpartition("/")[2] for page in pages] == ["p2.png", "p10.png"]
    assert all(isinstance(page, BatchPage) and page.ref for page in pages)


@pytest.mark.parametrize("broken", [b"no json", b'{"url": "x"}\n', b"[1]\n", b"\xff"])
def test_what_is_no_list_is_told(tmp_path: Path, broken: bytes) -> None:
    (tmp_path / "some.files").write_bytes(broken)
    (error,) = list_pages([str(tmp_path / "some.files")])
    assert isinstance(error, PageError)
    assert "some.files cannot be read" in error.message


@pytest.mark.parametrize(
    "name", ["with space.png", "quo'te\".png", "ß-字.png", "new\nline.png", "\udcff.png"]
)
def test_names_of_any_kind_are_kept(tmp_path: Path, name: str) -> None:
    printed(tmp_path / "in" / name, "x")
    first = arrivals(tmp_path, str(tmp_path / "in"))
    told = first.give(first.look())
    assert told is not None
    assert [file.url for file in read_list(told.url)] == [str(tmp_path / "in" / name)]
    assert not arrivals(tmp_path, str(tmp_path / "in"), run="second").look()


def test_a_file_that_is_being_written_is_not_given(tmp_path: Path) -> None:
    one = arrivals(tmp_path, str(tmp_path / "in"))
    whole, growing = printed(tmp_path / "in" / "a.png", "a"), tmp_path / "in" / "b.png"
    growing.write_bytes(b"half")
    before = one.look()
    growing.write_bytes(b"half and half")
    printed(tmp_path / "in" / "c.png", "c")
    now = one.look()
    assert set(now) == {str(whole), str(growing), str(tmp_path / "in" / "c.png")}
    assert set(one.unchanged(before, now)) == {str(whole)}
    assert one.unchanged(now, one.look()) == now


def test_a_folder_that_is_missing_or_empty_has_nothing_new_yet(
    where: tuple[str, str, Put], tmp_path: Path
) -> None:
    inputs, place, put = where
    said: list[str] = []
    one = Arrivals(watch(tmp_path, inputs, f"{inputs}/*.tif", place=place), said.append)
    assert not one.look()
    put("notes.txt", b"no picture")
    assert not one.look()
    assert not one.look()
    assert len(said) == 3, "each reason once"
    assert sum("does not exist" in line for line in said) == 2
    put("a.png", b"a")
    assert names(one.look()) == ["a.png"]


def test_wrong_watches_are_told(tmp_path: Path) -> None:
    for wrong, what in (
        (watch(tmp_path), "no input"),
        (watch(tmp_path, "in", place=""), "no place"),
        (watch(tmp_path, "in", settle=-1.0), "settle"),
        (watch(tmp_path, "in", settle=float("nan")), "settle"),
    ):
        with pytest.raises(CallError, match=what):
            Arrivals(wrong)
    with pytest.raises(CallError, match="nosuch://scans/in cannot be opened"):
        arrivals(tmp_path, "nosuch://scans/in").look()


class Unwell(MemoryFileSystem):
    """Files that cannot be got at."""

    protocol = "unwell"

    def info(self, path: str, **kwargs: Any) -> Any:
        raise TimeoutError(110, "Connection timed out")

    def isdir(self, path: str) -> bool:
        return bool(self.info(path))

    cat_file = info


@pytest.fixture
def unwell() -> None:
    fsspec.register_implementation("unwell", Unwell, clobber=True)


def test_what_fails_now_may_not_another_time(unwell: None, tmp_path: Path) -> None:
    with pytest.raises(PlaceError, match=r"unwell://scans/in cannot be listed \(Connection timed out\)"):
        arrivals(tmp_path, "unwell://scans/in").look()
    with pytest.raises(PlaceError, match="the place unwell://place cannot be read"):
        arrivals(tmp_path, str(tmp_path), place="unwell://place").given()


def test_runs_at_once_lose_no_file(tmp_path: Path) -> None:
    for n in range(4):
        printed(tmp_path / "in" / f"{n}.png", str(n))
    one, other = (arrivals(tmp_path, str(tmp_path / "in"), run=run) for run in ("first", "second"))
    found = one.look(), other.look()
    assert found[0] == found[1]
    told = one.give(found[0])
    assert told is not None
    # All of it has gone to the first one since.
    assert other.give(found[1]) is None
    assert other.given() is None
    printed(tmp_path / "in" / "4.png", "4")
    assert names(other.look()) == ["4.png"]


def test_a_task_that_ends_before_it_has_remembered_gives_the_same_again(tmp_path: Path) -> None:
    printed(tmp_path / "in" / "a.png", "a")
    one = arrivals(tmp_path, str(tmp_path / "in"))
    told = one.give(one.look())
    for file in tmp_path.glob("place/seen/letters/new/*"):
        file.unlink()
    assert arrivals(tmp_path, str(tmp_path / "in"), run="second").look()
    assert arrivals(tmp_path, str(tmp_path / "in")).given() == told
    assert not arrivals(tmp_path, str(tmp_path / "in"), run="second").look()


def test_a_memory_stays_a_few_files(tmp_path: Path) -> None:
    place, folder = Place(str(tmp_path)), "seen/letters/new"
    slow = Memory(place, folder, "slow")
    for n in range(200):
        Memory(place, folder, f"run-{n}").add([f"{n:024x}", "shared"])
        if n == 50:
            assert len(slow.of_others()) == 52
    assert len(place.names(folder)) <= 65
    assert slow.of_others() == Memory(place, folder, "new").of_others()
    assert len(slow.of_others()) == 201
    # A run is not kept from what it was given itself.
    assert f"{7:024x}" not in Memory(place, folder, "run-7").of_others()
    assert "shared" in Memory(place, folder, "run-7").of_others()


def test_memories_that_are_put_together_at_once_keep_all(tmp_path: Path) -> None:
    place, folder = Place(str(tmp_path)), "seen/letters/new"
    for n in range(64):
        Memory(place, folder, f"run-{n}").add([str(n)])
    before = place.names(folder)
    for late in ("late", "later"):
        # Each has seen the folder before the other one changed it.
        Memory(place, folder, late).add([late])
        Memory(place, folder, late)._put_together(before)
    assert Memory(place, folder, "new").of_others() == {*map(str, range(64)), "late", "later"}


def event_of(about: Watch, cancel: bool = False) -> Any:
    """What a trigger tells, made again of what it serialises to."""
    from airflow.sdk import BaseSensorOperator  # noqa: F401 - Airflow is set up first

    from ocr_plugins.airflow.triggers import NewFilesTrigger

    path, kwargs = NewFilesTrigger(poke_interval=0.05, at_least=0.1, until=1e10, **asdict(about)).serialize()
    assert path == "ocr_plugins.airflow.triggers.NewFilesTrigger"
    again = NewFilesTrigger(**json.loads(json.dumps(kwargs)))
    assert again.serialize() == (path, kwargs | {"inputs": list(kwargs["inputs"])})

    async def run() -> Any:
        task = asyncio.ensure_future(anext(again.run()))
        if cancel:
            await asyncio.sleep(0.2)
            task.cancel()
        return (await task).payload

    return asyncio.run(run())


def test_a_trigger_holds_files_for_its_task(where: tuple[str, str, Put], tmp_path: Path) -> None:
    inputs, place, put = where
    put("a.png", b"a")
    about = watch(tmp_path, inputs, place=place, settle=0.05)
    assert event_of(about) == {"files": 1, "until": 1e10}
    # Only the task gives them: it may have ended, or another run may have been quicker.
    assert Arrivals(replace(about, run_id="second")).look()
    assert Arrivals(about).given() is None
    told = Arrivals(about).give_held()
    assert told is not None
    assert names(file.url for file in read_list(told.url)) == ["a.png"]
    assert Arrivals(about).given() == told
    assert Arrivals(about).give_held() is None


def test_a_trigger_tells_what_is_wrong(unwell: None, tmp_path: Path) -> None:
    from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException

    from ocr_plugins.airflow import NewFilesSensor

    sensor = NewFilesSensor(task_id="new", inputs="x")
    for url, kind, final in (
        ("nosuch://scans/in", AirflowFailException, True),
        ("unwell://scans/in", AirflowException, False),
    ):
        event = event_of(watch(tmp_path, url))
        assert event["final"] is final
        assert "\n" not in event["error"]
        with pytest.raises(kind) as caught:
            sensor.execute_complete({}, event)  # type: ignore[typeddict-item]
        assert type(caught.value) is kind


def test_a_trigger_ends_when_it_is_cancelled(tmp_path: Path) -> None:
    with pytest.raises(asyncio.CancelledError):
        event_of(watch(tmp_path, str(tmp_path / "in")), cancel=True)
    assert not (tmp_path / "place").exists()


DAG = """
from airflow.sdk import dag
from ocr_plugins.airflow import NewFilesSensor, OcrOperator, PlanBatchesOperator

@dag(schedule=None, params={{"inputs": "", "settle": 0.1}})
def {name}():
    new = NewFilesSensor(
        task_id="new",
        inputs="{{{{ params.inputs }}}}",
        settle="{{{{ params.settle }}}}",
        poke_interval=0.1,
        {more}
    )
    plan = PlanBatchesOperator(task_id="plan", inputs=new.output, engines="tesseract")
    OcrOperator.partial(task_id="read").expand_kwargs(plan.output)

{name}()
"""
_number = itertools.count()


def dag_of(dags: Path, more: str) -> str:
    name = f"letters_{next(_number)}"
    (dags / f"{name}.py").write_text(DAG.format(name=name, more=more))
    return name


@pytest.mark.parametrize("deferrable", [False, True])
def test_new_files_are_read(
    airflow: None,
    place: Path,
    tmp_path: Path,
    dags: Path,
    monkeypatch: pytest.MonkeyPatch,
    deferrable: bool,
) -> None:
    # There is no scheduler here that has to see the task fall asleep.
    monkeypatch.setattr("ocr_plugins.airflow.sensors._ASLEEP", 0.0)
    name = dag_of(dags, f"deferrable={deferrable}, timeout=60")
    for n, (text, settle) in enumerate((("hello there", 0.1), ("once more", 0))):
        printed(tmp_path / "in" / f"page {n}.png", text)
        inputs = f"{tmp_path / 'in'}\n{tmp_path / 'not there yet'}"
        run, _ = run_of(name, dags, inputs=inputs, settle=settle)
        assert run.state == "success"
    results = [json.loads(path.read_text())[0] for path in place.glob(f"runs/{name}/*/results/*")]
    assert [(one["pages"], one["words"]) for one in results] == [(1, 2), (1, 2)]
    lists = [read_list(str(path)) for path in place.glob(f"runs/{name}/*/new/*")]
    assert sorted(names(file.url for file in files) for files in lists) == [["page 0.png"], ["page 1.png"]]


@pytest.mark.parametrize(
    ("more", "conf", "state"),
    [
        ("timeout=0, soft_fail=True", {}, "skipped"),
        ("timeout=0", {}, "failed"),
        ("timeout=9", {"inputs": "nosuch://scans"}, "failed"),
        ("timeout=9, deferrable=True", {"inputs": "nosuch://scans"}, "failed"),
        ("timeout=9, deferrable=True", {"settle": "a while"}, "failed"),
    ],
)
def test_a_sensor_ends_without_files(
    airflow: None, place: Path, tmp_path: Path, dags: Path, more: str, conf: dict[str, Any], state: str
) -> None:
    _, tasks = run_of(dag_of(dags, more), dags, **{"inputs": str(tmp_path / "in"), **conf})
    assert tasks["new", -1].state == state
    assert not list(place.glob("seen/**/*.json"))
