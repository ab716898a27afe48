"""The store: what is kept under which key, how it is written, and what its faults cost."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import os
import pty
import resource
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import faulty_engine as faulty
import fsspec
import numpy as np
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from running import COMMAND, Done, environment, ocr, register, results
from strategies import pages, polygons, provenances

import ocr_plugins
from ocr_plugins.code_digest import code_digest
from ocr_plugins.document import Page, PageError
from ocr_plugins.engine import Capabilities, EngineInfo
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.hashing import Hasher
from ocr_plugins.registry import find_engine
from ocr_plugins.runs import EngineRun, Study, Watcher
from ocr_plugins.source import page_ref
from ocr_plugins.store import (
    DamagedEntryError,
    Key,
    Store,
    StoreError,
    default_place,
    open_store,
)

INFO = EngineInfo(name="marking", version="1", capabilities=Capabilities())
KEY = Key(
    sha256="a" * 64,
    of="bytes",
    page=1,
    dpi=None,
    level="page",
    fingerprint=INFO.fingerprint,
    preprocessing=(),
    code="c0de",
)
PAGE = Page(source="a.png", page=1, size=(10, 20))
detections = st.builds(
    PageError,
    page=st.integers(1, 5),
    source=st.text(max_size=5),
    kind=st.just("no_text"),
    message=st.text(max_size=5),
    provenance=st.none() | provenances,
    detected=st.lists(polygons, max_size=3).map(tuple),
)


def picture(path: Path, grey: int = 255) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((12, 16), grey, np.uint8)).save(path)
    return path


@pytest.fixture
def engines(tmp_path: Path) -> Path:
    """A folder that registers the engines that leave marks, and others."""
    return register(
        tmp_path / "plugins",
        marking="marking_engine:MarkingEngine",
        finding="marking_engine:FindingEngine",
        faulty="faulty_engine:FaultyEngine",
    )


@pytest.fixture
def work(tmp_path: Path, engines: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a folder for marks."""
    monkeypatch.syspath_prepend(engines)
    folder = tmp_path / "work"
    (folder / "marks").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def marking(work: Path, *options: str) -> str:
    """The spec of the engine that marks, in this process, which is quicker to start."""
    return ":".join(["marking", f"marks={work / 'marks'}", "workers=0", *options])


def marks(work: Path, what: str = "read") -> int:
    """How often an engine has read a page, or loaded, since this was last asked."""
    found = list((work / "marks").glob(f"{what}-*"))
    for mark in found:
        mark.unlink()
    return len(found)


def entries(store: Path) -> list[Path]:
    return sorted(store.glob("v1/*/*-p*.json"))


def opened(place: Any) -> Store:
    store = open_store(place)
    assert store is not None
    return store


def texts(readings: Any) -> list[str]:
    return [page.text for page in readings.pages]


# What a place does


@pytest.fixture(params=["folder", "memory", "dir"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store in a folder, in a place that takes files whole, and in one that does not."""
    urls = {
        "folder": str(tmp_path / "kept"),
        "memory": f"memory://{tmp_path.name}/kept",
        "dir": f"dir::file://{tmp_path}/kept",
    }
    store = opened(urls[request.param])
    yield store
    store.remove(store.files())


def test_a_place_keeps_lists_and_clears(place: Store) -> None:
    assert (place.get(KEY), place.groups(), place.files()) == (None, [], [])
    other = dataclasses.replace(KEY, fingerprint="f" * 16)
    for page in (1, 2, 2):
        place.put(dataclasses.replace(KEY, page=page), INFO, PAGE)
    place.put(other, dataclasses.replace(INFO, name="other"), PAGE)
    assert place.get(KEY) == dataclasses.replace(PAGE, source="")
    assert {(group.engine, group.version, group.pages) for group in place.groups()} == {
        ("marking", "1", 2),
        ("other", "1", 1),
    }
    assert all(group.newest and group.bytes > 300 for group in place.groups())
    assert [whole for _, whole in place.check()] == [True] * 3
    place.remove(place.files({"f" * 16}))
    assert place.get(other) is None
    assert len(place.files()) == 2
    place.remove(place.files())
    assert place.groups() == []
    place.put(KEY, INFO, PAGE)
    assert place.get(KEY) is not None, "a store that was cleared can be used again"


def test_what_an_engine_takes_of_memory_goes_with_its_results(place: Store) -> None:
    other = dataclasses.replace(KEY, fingerprint="f" * 16)
    for page in (1, 2):
        place.put(dataclasses.replace(KEY, page=page), INFO, PAGE)
    place.put(other, INFO, PAGE)
    size = sum(file.size for file in place.files())
    for fingerprint in (KEY.fingerprint, other.fingerprint):
        place.put_peak_memory(fingerprint, 5)
        place.put_peak_memory(fingerprint, 7)
    assert (len(place.files()), sum(group.bytes for group in place.groups())) == (3, size)
    assert [whole for _, whole in place.check()] == [True] * 3
    first, second = sorted(place.files({KEY.fingerprint}), key=lambda file: file.name)
    place.remove([first])
    assert place.peak_memory(KEY.fingerprint) == 7
    place.remove([second])
    assert (place.peak_memory(KEY.fingerprint), place.peak_memory(other.fingerprint)) == (None, 7)
    place.remove(place.files())
    assert place.peak_memory(other.fingerprint) is None


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return opened(tmp_path_factory.mktemp("lasting"))


@given(pages | detections, st.booleans())
def test_results_come_back(lasting: Store, result: Page | PageError, in_memory: bool) -> None:
    store = opened("memory://round-trip") if in_memory else lasting
    store.put(KEY, INFO, result)
    assert store.get(KEY) == dataclasses.replace(result, source="", id=None)


def test_an_error_is_not_kept(lasting: Store) -> None:
    with pytest.raises(ValueError, match="tried again"):
        lasting.put(KEY, INFO, PageError(source="x", kind="corrupt", message="m"))


def test_an_entry_is_readable_json_with_its_key(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.put(dataclasses.replace(KEY, dpi=299.5, page=3, level="line"), INFO, PAGE)
    (path,) = entries(tmp_path)
    assert path.relative_to(tmp_path / "v1" / INFO.fingerprint).as_posix() == (
        f"{'a' * 64}-p3-299.5dpi-line.json"
    )
    record = json.loads(path.read_text())
    assert record["key"] == {
        "sha256": "a" * 64, "of": "bytes", "page": 3, "dpi": 299.5, "level": "line",
        "fingerprint": INFO.fingerprint, "preprocessing": [], "code": "c0de",
    }  # fmt: skip
    assert record["engine"]["name"] == "marking"
    assert record["result"]["size"] == [10, 20]


def test_keys_have_names_of_their_own() -> None:
    changes: list[dict[str, Any]] = [
        {}, {"sha256": "b" * 64}, {"page": 2}, {"dpi": 300.0}, {"dpi": 300.5}, {"level": "line"},
        {"fingerprint": "f" * 16},
    ]  # fmt: skip
    names = {dataclasses.replace(KEY, **change).name for change in changes}
    assert len(names) == len(changes)


@given(st.data())
@settings(max_examples=200)
def test_no_damage_goes_unseen(lasting: Store, data: st.DataObject) -> None:
    """Any flipped bit, any truncation."""
    lasting.put(KEY, INFO, PAGE)
    path = Path(lasting.shown) / "v1" / KEY.name
    whole = path.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        path.write_bytes(whole[:place])
    else:
        bit = 1 << data.draw(st.integers(0, 7))
        path.write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
    with pytest.raises(DamagedEntryError):
        lasting.get(KEY)


def test_what_belongs_elsewhere_is_damage(tmp_path: Path) -> None:
    store = opened(tmp_path)
    other = dataclasses.replace(KEY, page=2)
    store.put(KEY, INFO, PAGE)
    (tmp_path / "v1" / KEY.name).rename(tmp_path / "v1" / other.name)
    with pytest.raises(DamagedEntryError):
        store.get(other)


def test_other_code_reads_again_and_takes_the_place(tmp_path: Path) -> None:
    store = opened(tmp_path)
    newer = dataclasses.replace(KEY, code="newer")
    store.put(KEY, INFO, PAGE)
    assert store.get(newer) is None
    store.put(newer, INFO, PAGE)
    assert (store.get(newer), store.get(KEY)) == (dataclasses.replace(PAGE, source=""), None)
    assert len(entries(tmp_path)) == 1


def test_code_is_that_of_the_adapter_and_what_it_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "my_package"
    package.mkdir()
    files = {
        "__init__": "",
        "adapter": "from my_package import first, other\nfrom my_package.second import (\n    THING,\n)\n"
        "from ocr_plugins.adapters.null import NullEngine\n\n\nclass Mine(NullEngine):\n    name = 'mine'\n",
        "first": "",
        "second": "THING = 1\n\n\ndef late():\n    import my_package.third\n",
        "third": "",
        "other": "",
        "alone": "",
    }
    for name, source in files.items():
        (package / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(register(tmp_path / "plugins", mine="my_package.adapter:Mine"))
    monkeypatch.syspath_prepend(tmp_path)
    mine, null, rapidocr = (find_engine(name).engine_class for name in ("mine", "null", "rapidocr"))
    digests = [code_digest(mine)]
    assert len({code_digest(null), code_digest(rapidocr), code_digest(null, rapidocr), *digests}) == 4
    for name in ("adapter", "first", "second", "third", "other"):
        with (package / f"{name}.py").open("a") as file:
            file.write("# and another line\n")
        digests.append(code_digest(mine))
    assert len(set(digests)) == 6
    (package / "alone.py").write_text("# nobody imports it\n")
    assert code_digest(mine) == digests[-1]


# Where the store is


def test_the_default_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, store: Path) -> None:
    def shown(place: Any = None) -> str | None:
        opened = open_store(place)
        return opened and opened.shown

    assert shown() == shown(True) == str(store)
    for off in ("off", "OFF", "", " "):
        monkeypatch.setenv("OCR_PLUGINS_STORE", off)
        assert shown() is None
    assert shown(False) is None
    assert shown("off") is None
    assert shown(tmp_path) == shown(f"file://{tmp_path}") == shown(f"local://{tmp_path}") == str(tmp_path)
    assert shown("memory://x/y") == "memory://x/y"
    monkeypatch.delenv("OCR_PLUGINS_STORE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert shown() == str(default_place())
    if sys.platform == "linux":
        assert shown() == str(tmp_path / "ocr-plugins" / "store")
    with pytest.raises(CallError, match=r"nosuch://x cannot be opened \(Protocol not known: nosuch\)"):
        shown("nosuch://x")


def test_the_folder_is_the_users_alone(work: Path, store: Path) -> None:
    ocr_plugins.read(picture(work / "a.png"), marking(work))
    assert stat.S_IMODE(store.stat().st_mode) == 0o700
    given = work / "given"
    given.mkdir(mode=0o755)
    ocr_plugins.read(work / "a.png", marking(work), store=given)
    assert stat.S_IMODE(given.stat().st_mode) == 0o755, "a folder that was there keeps its rights"


def test_secrets_of_a_url_are_not_shown() -> None:
    assert opened("memory://me:secret@x/kept").shown == "memory://me:***@x/kept"


# What is the same page


def test_a_second_run_reads_nothing(work: Path, store: Path) -> None:
    for number in range(3):
        picture(work / "in" / f"p{number}.png", number)
    first = ocr_plugins.read("in", marking(work))
    assert (marks(work), marks(work, "loaded"), first.kept) == (3, 1, 0)
    second = ocr_plugins.read("in", marking(work))
    assert (marks(work), marks(work, "loaded"), second.kept) == (0, 0, 3)
    assert list(second) == list(first), "to the second that each page took"
    picture(work / "in" / "p3.png", 3)
    third = ocr_plugins.read("in", marking(work))
    assert (marks(work), marks(work, "loaded"), third.kept) == (1, 1, 3)
    assert texts(third)[:3] == texts(first)
    assert len(entries(store)) == 4


def test_no_store_keeps_nothing(work: Path, store: Path) -> None:
    picture(work / "a.png")
    for _ in range(2):
        ocr_plugins.read("a.png", marking(work), store=False)
    assert marks(work) == 2
    assert not store.exists()


def test_compare_shares_the_store_with_read(work: Path) -> None:
    picture(work / "a.png")
    ocr_plugins.read("a.png", marking(work))
    study = ocr_plugins.compare("a.png", [f"one={marking(work)}", f"two={marking(work, 'tail=!')}"])
    assert marks(work) == 2, "once by each of two engines"
    assert [len(run.kept) for run in study.runs] == [1, 0]
    assert [study.summary(run)["kept"] for run in study.runs] == [1, 0]


def test_the_same_bytes_elsewhere_are_the_same_page(work: Path) -> None:
    picture(work / "a.png", 7)
    picture(work / "b.png", 8)
    (first,) = ocr_plugins.read("a.png", marking(work))
    shutil.copy("a.png", "moved.png")
    fsspec.filesystem("memory").pipe("/store-test/far.png", (work / "a.png").read_bytes())
    inputs: list[Any] = ["moved.png", (work / "a.png").read_bytes(), "memory://store-test/far.png"]
    again = ocr_plugins.read(inputs, marking(work))
    assert (marks(work), again.kept) == (1, 3)
    assert [(page.source, page.id) for page in again] == [
        ("moved.png", "moved.png"), ("bytes-2", "bytes-2"),
        ("memory://store-test/far.png", "memory://store-test/far.png"),
    ]  # fmt: skip
    assert {page.text for page in again} == {first.text}
    assert ocr_plugins.read("b.png", marking(work)).kept == 0


def test_pixels_in_memory_are_known_by_themselves(work: Path) -> None:
    grey = np.arange(48, dtype=np.uint8).reshape(6, 8)
    turned = grey.reshape(8, 6)
    picture_of = Image.fromarray(grey)
    first = ocr_plugins.read([grey, turned, np.stack([grey] * 3, axis=2)], marking(work))
    assert (marks(work), first.kept) == (3, 0), "the same bytes in another shape are another page"
    inverse = np.asarray(grey, order="F")
    again = ocr_plugins.read([grey.copy(), inverse, picture_of, grey.astype(np.uint16) * 257], marking(work))
    assert (marks(work), again.kept) == (0, 4), "the same pixels, however they lie"
    assert {page.text for page in again} == {first[0].text}
    assert [page.id for page in again] == ["array-1", "array-2", "image-3", "array-4"]
    picture_of.info["dpi"] = (300, 300)
    with_dpi = ocr_plugins.read(picture_of, marking(work))
    assert (with_dpi.kept, with_dpi[0].dpi) == (0, 300)


def test_pages_and_resolutions_are_told_apart(work: Path) -> None:
    document = pypdfium2.PdfDocument.new()
    for side in (100, 50, 100):
        document.new_page(side, 50)
    document.save("doc.pdf")
    document.close()
    at_72 = ocr_plugins.read("doc.pdf", marking(work), dpi=72)
    assert (marks(work), at_72.kept) == (3, 0)
    at_144 = ocr_plugins.read("doc.pdf", marking(work), dpi=144, pages="2-")
    assert (marks(work), at_144.kept) == (2, 0)
    again = ocr_plugins.read("doc.pdf", marking(work), dpi=72, pages="3")
    assert (marks(work), again.kept, again[0]) == (0, 1, at_72[2])
    (work / "m.jsonl").write_text(
        "\n".join(
            json.dumps({"id": f"{dpi} {level}", "image": "a.png", "text": "", "dpi": dpi, "level": level})
            for dpi, level in ((100, "page"), (200, "page"), (100, "line"))
        )
    )
    picture(work / "a.png")
    for kept in (0, 3):
        (run,) = ocr_plugins.compare("m.jsonl", marking(work)).runs
        assert (len(run.kept), marks(work)) == (kept, 3 - kept)
        assert [r.dpi for r in run.results.values() if isinstance(r, Page)] == [100, 200, 100]


def test_a_file_is_hashed_once(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [Image.new("L", (9 + n, 9)) for n in range(5)]
    frames[0].save("scan.tiff", save_all=True, append_images=frames[1:])
    hashed: list[str] = []
    digest = Hasher.hash.__globals__["hashlib"].file_digest

    def counted(file: Any, name: str) -> Any:
        hashed.append(file.name)
        return digest(file, name)

    monkeypatch.setattr("hashlib.file_digest", counted)
    study = ocr_plugins.compare("scan.tiff", ["null", f"two={marking(work)}"])
    assert [len(run.results) for run in study.runs] == [5, 5]
    assert hashed == ["scan.tiff"]


def test_a_page_that_is_kept_is_not_decoded(work: Path) -> None:
    frames = [Image.new("L", (9, 9)) for _ in range(2)]
    frames[0].save("scan.tiff", save_all=True, append_images=frames[1:])
    assert len(ocr_plugins.read("scan.tiff", "null").pages) == 2
    # Nothing that is too large is decoded.
    os.environ["OCR_PLUGINS_MAX_SIDE"] = "5"
    try:
        readings = ocr_plugins.read("scan.tiff", "null")
        assert (len(readings.pages), readings.kept) == (2, 2)
    finally:
        del os.environ["OCR_PLUGINS_MAX_SIDE"]


def test_an_engine_that_changes_reads_again(work: Path) -> None:
    picture(work / "a.png")
    ocr_plugins.read("a.png", marking(work))
    same = ocr_plugins.read("a.png", marking(work, "delay=0.001", "timeout=17"))
    assert (marks(work), same.kept) == (1, 1)
    assert same[0].provenance.spec == marking(work, "delay=0.001", "timeout=17"), "as it was asked for now"
    other = ocr_plugins.read("a.png", marking(work, "tail=?"))
    assert (marks(work), other.kept) == (1, 0)


def test_errors_are_tried_again(work: Path, store: Path) -> None:
    picture(work / "raise.png", faulty.RAISE)
    (work / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    for _ in range(2):
        readings = ocr_plugins.read(
            [picture(work / "fine.png", 200), "raise.png", "cut.png"], "faulty:workers=0"
        )
        assert len(readings.errors) == 2
    assert readings.kept == 1
    assert len(entries(store)) == 1


def test_lines_that_were_found_are_kept_and_never_scored(work: Path, store: Path) -> None:
    picture(work / "a.png")
    (work / "m.jsonl").write_text('{"id": "a", "image": "a.png", "text": "words"}\n')
    spec = f"finding:marks={work / 'marks'}:workers=0"
    for kept in (0, 1):
        study = ocr_plugins.compare("m.jsonl", [spec, "null"], out="o")
        run = study.runs[0]
        assert (marks(work), len(run.kept)) == (1 - kept, kept)
        assert (run.scores, run.errors, run.detections, study.failed) == ({}, 0, 1, False)
        assert study.score(run) is None
        row = study.table().loc[spec]
        assert (row["detections"], row["errors"]) == (1, 0)
        record = results(work / "o")[0]
        assert (record["text"], record["lines"], record["error"]["kind"]) == (None, None, "no_text")
        assert record["detected"][1] == [[1, 5], [3, 5], [3, 6.5], [1, 6.5]]
        assert record["from_store"] == bool(kept)
        assert record["seconds"] >= 0


# Files that change while they are read


def test_a_file_that_changes_in_between_is_not_kept(work: Path, store: Path) -> None:
    """One process writes two pictures into one file in turn; no text is kept under the other's hash."""
    pictures = [picture(work / f"{grey}.png", grey).read_bytes() for grey in (10, 20)]
    assert len(pictures[0]) == len(pictures[1])
    wanted = {ocr_plugins.read(data, marking(work)).text for data in pictures}
    right = {path.name: json.loads(path.read_text())["result"]["lines"][0]["text"] for path in entries(store)}
    shutil.rmtree(store)
    target = work / "page.png"
    target.write_bytes(pictures[0])
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            for data in pictures:
                with target.open("r+b") as file:
                    file.write(data)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(30):
            shutil.rmtree(store, ignore_errors=True)
            readings = ocr_plugins.read(["page.png"] * 3, marking(work))
            for path in entries(store):
                assert json.loads(path.read_text())["result"]["lines"][0]["text"] == right[path.name]
            assert set(texts(readings)) <= wanted
    finally:
        stop.set()
        writer.join()


def test_a_hash_is_of_the_file_as_it_is(work: Path) -> None:
    ref = page_ref(picture(work / "a.png", 1))
    hasher = Hasher()
    first = hasher.hash(ref)
    assert first is not None
    assert hasher.unchanged(ref, first)
    times = (work / "a.png").stat()
    picture(work / "a.png", 2)
    os.utime("a.png", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert not hasher.unchanged(ref, first), "not even where its times are put back"
    second = hasher.hash(ref)
    assert second is not None
    assert second.sha256 != first.sha256
    picture(work / "b.png", 1).replace("a.png")
    third = hasher.hash(ref)
    assert third is not None
    assert third.sha256 == first.sha256


# Faults


def test_a_killed_run_goes_on_where_it_stopped(work: Path, engines: Path, store: Path) -> None:
    for number in range(12):
        picture(work / "in" / f"p{number}.png", number)
    spec = f"marking:marks={work / 'marks'}"
    with subprocess.Popen(
        [*COMMAND, "read", "in", "-e", f"{spec}:delay=0.2", "--json", "-q"],
        env=environment(engines),
        stdout=subprocess.DEVNULL,
    ) as process:
        while process.poll() is None and len(entries(store)) < 3:
            time.sleep(0.02)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    kept = len(entries(store))
    assert 3 <= kept < 12
    time.sleep(1.5)
    marks(work)
    done = ocr("read", "in", "-e", spec, "--json", env=environment(engines))
    assert done.status == 0
    assert marks(work) == 12 - kept
    assert [record["from_store"] for record in done.records] == [True] * kept + [False] * (12 - kept)
    assert f"{kept} of 12 pages came from {store}" in done.err
    fresh = ocr("read", "in", "-e", spec, "--json", "--no-store", "-q", env=environment(engines))
    assert [r["text"] for r in done.records] == [r["text"] for r in fresh.records]


def test_two_runs_at_once_corrupt_nothing(work: Path, engines: Path, store: Path) -> None:
    for number in range(20):
        picture(work / "in" / f"p{number}.png", number)
    command = [*COMMAND, "read", "in", "-e", f"marking:marks={work / 'marks'}:delay=0.02", "--json", "-q"]
    runs = [
        subprocess.Popen(command, env=environment(engines), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    ends = [(process.communicate(timeout=120), process.returncode) for process in runs]
    assert [(err, status) for (_, err), status in ends] == [(b"", 0)] * 2
    records = [[json.loads(line) for line in out.splitlines()] for (out, _), _ in ends]
    assert [r["text"] for r in records[0]] == [r["text"] for r in records[1]]
    assert len(entries(store)) == 20
    assert len(list(store.rglob("*"))) == len(list(store.rglob("*.json"))) + len(
        [p for p in store.rglob("*") if p.is_dir()]
    ), "no temporary file is left"
    assert [whole for _, whole in opened(store).check()] == [True] * 20


def hammer(place: str, which: int) -> None:
    """Puts, gets and clears, as other processes do at the same time."""
    store = opened(place)
    page = dataclasses.replace(PAGE, size=(10 ** (which + 1), 7))
    for number in range(80):
        key = dataclasses.replace(KEY, page=1 + number % 3)
        store.put(key, INFO, page)
        found = store.get(key)
        assert found is None or isinstance(found, Page)
        if number % 20 == which:
            store.remove(store.files())


def test_many_processes_write_the_same_files(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=hammer, args=(str(tmp_path / "kept"), which)) for which in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert all(whole for _, whole in opened(tmp_path / "kept").check())


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "cut": lambda data: data[: len(data) // 2],
    "bit": lambda data: data[:-60] + bytes([data[-60] ^ 1]) + data[-59:],
    "no json": lambda data: b"\0" * 400,
    "another page": lambda data: data.replace(b'"page": 1', b'"page": 9'),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_entry_is_told_and_read_again(damage: str, work: Path, engines: Path, store: Path) -> None:
    for number in range(3):
        picture(work / "in" / f"p{number}.png", number)
    spec = marking(work)
    first = ocr_plugins.read("in", spec)
    marks(work)
    target = entries(store)[1]
    target.write_bytes(DAMAGES[damage](target.read_bytes()))
    done = ocr("read", "in", "-e", spec, "--json", "-q", env=environment(engines))
    assert done.err == f"{spec}: 1 damaged result was read again: {store}\n"
    assert (done.status, marks(work)) == (0, 1)
    assert [record["text"] for record in done.records] == texts(first)
    again = ocr_plugins.read("in", spec)
    assert (again.kept, marks(work)) == (3, 0)


class Notes(Watcher):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, line: str) -> None:
        self.lines.append(line)


def told(work: Path, store: Any, pages: int = 4) -> tuple[Study, list[str]]:
    """A run over a store that fails: the study, and what was told of it."""
    for number in range(pages):
        picture(work / "in" / f"p{number}.png", number)
    notes = Notes()
    study = ocr_plugins.compare("in", marking(work), store=store, watcher=notes)
    assert not study.failed
    assert len(study.runs[0].results) == pages
    return study, notes.lines


@pytest.mark.parametrize("place", ["file", "proc", "read-only"])
def test_a_store_that_cannot_be_written_costs_no_page(place: str, work: Path) -> None:
    (work / "file").write_text("not a folder")
    fsspec.register_implementation("readonly", ReadOnly, clobber=True)
    store = {"file": "file", "proc": "/proc/nowhere", "read-only": "readonly://x"}[place]
    _, lines = told(work, store)
    assert marks(work) == 4
    assert [line.split(" (")[0] for line in lines if "written" in line] == [
        f"the store {store} cannot be written"
    ]
    assert len(lines) <= 2, "each trouble is told once"


class ReadOnly(fsspec.get_filesystem_class("memory")):  # type: ignore[misc]
    """A place that may be read only, as a mounted release may be."""

    protocol = "readonly"

    def pipe_file(self, path: str, value: bytes, **options: Any) -> None:
        raise PermissionError(13, "Permission denied")


def test_a_store_that_cannot_be_read_costs_no_page(work: Path, store: Path) -> None:
    told(work, None)
    marks(work)
    for path in entries(store):
        path.unlink()
        path.mkdir()
    _, lines = told(work, None)
    assert marks(work) == 4
    assert [line.split(" (")[0] for line in lines] == [
        f"the store {store} cannot be read", f"the store {store} cannot be written",
    ]  # fmt: skip


def test_without_a_watcher_trouble_is_a_warning(work: Path) -> None:
    picture(work / "a.png")
    with pytest.warns(RuntimeWarning, match="the store /proc/nowhere cannot be written"):
        assert len(ocr_plugins.read("a.png", marking(work), store="/proc/nowhere").pages) == 1


def test_a_limit_on_files_costs_the_store_alone(work: Path, engines: Path, store: Path) -> None:
    """A limit that the system enforces in the middle of a file."""
    for number in range(4):
        picture(work / "in" / f"p{number}.png", number)
    done = limited(
        ["read", "in", "-e", marking(work), "--json", "-q"],
        engines,
        lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500)),
    )
    assert (done.status, marks(work), len(done.records)) == (0, 4, 4)
    assert (
        done.err
        == f"the store {store} cannot be written (File too large): the run goes on, and keeps no more pages\n"
    )
    assert not [path for path in store.rglob("*") if path.is_file()], "nothing half-written is left"


def limited(arguments: list[str], engines: Path, limit: Callable[[], None]) -> Done:
    done = subprocess.run(
        [*COMMAND, *arguments], env=environment(engines), capture_output=True, check=False, preexec_fn=limit
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_costs_the_store_alone(work: Path, small_disk: Path) -> None:
    store = small_disk / "store"
    _, lines = told(work, store, pages=40)
    assert marks(work) == 40
    (line,) = lines
    assert line.startswith(f"the store {store} cannot be written (No space left on device): ")
    kept = len(entries(store))
    assert 0 < kept < 40
    study, _ = told(work, store, pages=40)
    assert (len(study.runs[0].kept), marks(work)) == (kept, 40 - kept)


def test_a_broken_engine_still_gives_what_was_kept_without_a_rate(work: Path) -> None:
    """Of two pages one is kept: over that one alone no rate would compare."""
    for number in range(2):
        picture(work / f"p{number}.png", number)
    (work / "m.jsonl").write_text(
        "\n".join(json.dumps({"id": f"p{n}", "image": f"p{n}.png", "text": "x"}) for n in range(2))
    )
    module = work / "wobbly.py"
    module.write_text(
        "import os\nfrom marking_engine import MarkingEngine\n"
        "class Wobbly(MarkingEngine):\n name = 'wobbly'\n"
        " def load(self):\n  if os.path.exists('broken'): raise RuntimeError('it is broken')\n"
    )
    sys.path.insert(0, str(work))
    register(work / "more", wobbly="wobbly:Wobbly")
    sys.path.insert(0, str(work / "more"))
    try:
        spec = f"wobbly:marks={work / 'marks'}:workers=0"
        ocr_plugins.read("p0.png", spec)
        (work / "broken").touch()
        study = ocr_plugins.compare("m.jsonl", spec)
    finally:
        del sys.path[:2]
    (run,) = study.runs
    assert run.error is not None
    assert run.error.kind == "load_failed"
    assert (len(run.results), run.scores, study.score(run)) == (1, {}, None)
    with pytest.raises(EngineUnavailableError):
        raise run.error


# The command line


def test_the_progress_tells_what_was_kept(work: Path, engines: Path, store: Path) -> None:
    for name in "ab":
        picture(work / f"{name}.png", ord(name))
    spec = f"m={marking(work)}"
    env = environment(engines)
    ocr("compare", "a.png", "-e", spec, "-q", env=env)
    done = ocr("compare", "a.png", "b.png", "-e", spec, "--out", "o", env=env)
    assert done.errors[0] == "m 1/2 a.png (kept)"
    assert done.errors[1].startswith("m 2/2 b.png 0.")
    assert done.errors[2] == f"m: 1 of 2 pages came from {store} (--no-store reads again)"
    assert [record["from_store"] for record in results(work / "o")] == [True, False]
    summary = json.loads((work / "o" / "summary.json").read_text())
    assert (summary["store"], summary["engines"]["m"]["kept"]) == (str(store), 1)
    without = ocr("compare", "a.png", "-e", spec, "--no-store", "--json", "-q", env=env)
    assert (without.json["store"], without.json["engines"]["m"]["kept"]) == (None, 0)
    elsewhere = ocr("read", "a.png", "-e", spec, "--store", "kept", "-q", env=env)
    assert elsewhere.status == 0
    assert len(entries(work / "kept")) == 1
    shown = ocr("demo", "-e", "null", "--store", "memory://demo", env=env)
    assert shown.status == 0


@pytest.mark.parametrize("command", [["read", "a.png"], ["compare", "a.png"], ["demo"]])
def test_a_store_that_cannot_be_is_a_wrong_call(command: list[str], work: Path, engines: Path) -> None:
    picture(work / "a.png")
    env = environment(engines)
    both = ocr(*command, "-e", "null", "--store", "x", "--no-store", env=env)
    unknown = ocr(*command, "-e", "null", env=env | {"OCR_PLUGINS_STORE": "nosuch://x"})
    for done, words in ((both, "contradict"), (unknown, "nosuch")):
        assert (done.status, len(done.errors)) == (2, 1)
        assert words in done.err


def test_a_crash_and_its_second_try_are_told(work: Path, engines: Path) -> None:
    picture(work / "once.png", faulty.ONCE)
    spec = f"f=faulty:folder={work}"
    done = ocr("compare", "once.png", "-e", spec, "--out", "o", env=environment(engines))
    assert done.status == 0
    line = done.errors[0]
    assert line.startswith("f: once.png: the worker ")
    assert "SIGSEGV" in line
    assert line.endswith("; the page was read again by a fresh one")
    (record,) = results(work / "o")
    assert ["SIGSEGV" in fault for fault in record["provenance"]["faults"]] == [True]
    assert json.loads((work / "o/summary.json").read_text())["engines"]["f"]["retried"] == 1
    again = ocr("compare", "once.png", "-e", spec, "--json", env=environment(engines))
    assert (again.json["engines"]["f"]["retried"], again.json["engines"]["f"]["kept"]) == (0, 1)
    assert "worker" not in again.err


def test_an_engine_that_only_finds_lines_fails_nothing(work: Path, engines: Path) -> None:
    picture(work / "a.png")
    spec = f"find=finding:marks={work / 'marks'}"
    done = ocr("compare", "a.png", "-e", f"{spec},null", "--out", "o", env=environment(engines))
    assert done.status == 0
    assert "find: found lines on 1 page, and read none: " in done.err
    assert "detections" in done.out
    assert "lines" in (work / "o" / "report.html").read_text()
    text = ocr("read", "a.png", "-e", spec, "-q", env=environment(engines))
    assert (text.status, text.out, text.err) == (0, "", "")


def test_the_store_is_shown_checked_and_cleared(work: Path, engines: Path, store: Path) -> None:
    env = environment(engines)
    empty = ocr("store", env=env)
    assert (empty.status, empty.out) == (0, f"{store}: 0 pages, 0.0 MB\n")
    for name in "abc":
        picture(work / f"{name}.png", ord(name))
    ocr_plugins.compare(["a.png", "b.png", "c.png"], [marking(work), "null"])
    shown = ocr("store", env=env)
    assert f"{store}: 6 pages, 0.0 MB" in shown.out
    assert "null" in shown.out
    listed = ocr("store", "--json", env=env).json
    assert (listed["place"], listed["pages"]) == (str(store), 6)
    by_name = {group["engine"]: group for group in listed["engines"]}
    assert by_name["marking"]["spec"] == marking(work)
    assert by_name["null"]["pages"] == 3
    assert by_name["null"]["newest"] >= by_name["null"]["oldest"]
    checked = ocr("store", "check", env=env)
    assert (checked.status, checked.out) == (0, f"{store}: 6 pages, 0 damaged\n")
    entries(store)[0].write_text("{}")
    damaged = ocr("store", "check", "--json", env=env)
    assert (damaged.status, damaged.json["pages"], len(damaged.json["damaged"])) == (1, 6, 1)

    unasked = ocr("store", "clear", env=env)
    assert unasked.status == 2
    assert "--yes" in unasked.err
    assert len(entries(store)) == 6
    cleared = ocr("store", "clear", "--engine", "null", "--yes", env=env)
    assert cleared.out.startswith("cleared 3 pages, 0.0 MB from ")
    old = entries(store)[1]
    os.utime(old, (time.time() - 86400 * 31,) * 2)
    by_age = ocr("store", "--store", store, "clear", "--older-than", "30d", "-y", "--json", env=env)
    assert by_age.json["cleared_pages"] == 1
    assert not old.exists()
    by_print = ocr("store", "clear", "--fingerprint", by_name["marking"]["fingerprint"], "--yes", env=env)
    assert "cleared 2 pages" in by_print.out
    assert entries(store) == []


@pytest.mark.parametrize(("answer", "left"), [("n\n", 1), ("\x04", 1), ("y\n", 0)])
def test_clearing_asks_first(answer: str, left: int, work: Path, engines: Path, store: Path) -> None:
    ocr_plugins.read(picture(work / "a.png"), marking(work))
    keys, terminal = pty.openpty()
    os.write(keys, answer.encode())
    done = subprocess.run(
        [*COMMAND, "store", "clear"],
        env=environment(engines),
        stdin=terminal,
        capture_output=True,
        check=False,
    )
    os.close(terminal)
    os.close(keys)
    assert b"Clear 1 page, 0.0 MB from" in done.stderr
    assert b"Traceback" not in done.stderr
    assert (len(entries(store)), done.returncode) == (left, {"n\n": 1, "\x04": 130, "y\n": 0}[answer])


def test_clearing_takes_nothing_else(work: Path, engines: Path) -> None:
    """A folder that is no store, or holds other things, keeps them."""
    other = [work / "mine.json", work / "v1" / "mine.json", work / "v1" / "x" / "mine.json"]
    for path in other:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    half = work / "v1" / "x" / f"{'a' * 64}-p1.json.00000000.tmp"
    half.write_text("{")
    picture(work / "a.png")
    (work / "nothing").mkdir()
    ocr_plugins.read("a.png", marking(work), store=work)
    done = ocr("store", "clear", "--yes", "--store", ".", env=environment(engines))
    assert "cleared 1 page," in done.out
    assert all(path.exists() for path in [*other, half, work / "nothing"])
    os.utime(half, (time.time() - 7200,) * 2)
    ocr("store", "clear", "--yes", "--store", ".", env=environment(engines))
    assert not half.exists(), "what a killed run has left goes when it is old"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["clear", "--yes", "--engine", "nosuch"], "nosuch"),
        (["clear", "--yes", "--fingerprint", "nosuch"], "nosuch"),
        (["clear", "--yes", "--older-than", "soon"], "30d"),
        (["--store", "off"], "the store is off"),
        (["--store", "nosuch://x"], "nosuch"),
        (["--store", "a.png"], "a.png"),
    ],
)
def test_wrong_calls_of_store(arguments: list[str], words: str, work: Path, engines: Path) -> None:
    picture(work / "a.png")
    done = ocr("store", *arguments, env=environment(engines))
    assert (done.status, len(done.errors)) == (2, 1), done.err
    assert words in done.err


def test_clearing_in_the_middle_of_a_run_costs_no_page(work: Path, store: Path) -> None:
    for number in range(6):
        picture(work / "in" / f"p{number}.png", number)

    class Clearer(Notes):
        def page_done(self, run: EngineRun | None, result: Page | PageError) -> None:
            opened(store).remove(opened(store).files())
            assert entries(store) == []

    clearer = Clearer()
    study = ocr_plugins.compare("in", marking(work), watcher=clearer)
    assert (study.failed, len(study.runs[0].results), clearer.lines) == (False, 6, [])


def test_store_errors_name_the_way_out() -> None:
    error = StoreError("the store x cannot be read", "name another")
    assert (error.kind, str(error)) == ("store_failed", "the store x cannot be read: name another")
