"""Workers that crash, hang and answer nonsense cost their page alone."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import faulty_engine as faulty
import numpy as np
import pytest
from PIL import Image
from running import environment

from ocr_plugins.document import Page, PageError
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.host import HostedEngine, HostSettings, open_engine
from ocr_plugins.image import PageImage
from ocr_plugins.registry import RegisteredEngine
from ocr_plugins.source import PageRef, enumerate_pages, load_or_error
from ocr_plugins.spec import EngineSpec
from ocr_plugins.threads import LIBRARY_VARIABLES

REGISTERED = RegisteredEngine("faulty", "faulty_engine:FaultyEngine")


def image(fault: int, source: str = "") -> PageImage:
    return PageImage(pixels=np.full((8, 8), fault, np.uint8), source=source or f"fault {fault}")


def hosted(
    *,
    timeout: float = 60.0,
    recycle: int = 500,
    memory: float | None = None,
    workers: int = 1,
    **options: str,
) -> HostedEngine:
    spec = EngineSpec("faulty", tuple(options.items()))
    settings = HostSettings(timeout=timeout, recycle=recycle, memory=memory, workers=workers)
    return HostedEngine(spec, REGISTERED, sys.executable, settings)


@pytest.fixture
def engine() -> Iterator[HostedEngine]:
    with contextlib.closing(hosted()) as opened:
        yield opened


def pid(result: Page | PageError) -> int:
    assert isinstance(result, Page), result
    return int(result.text.split()[-1])


def test_reads_in_another_process_that_keeps_the_model(engine: HostedEngine) -> None:
    first, second = engine.read([image(faulty.FINE, "a"), image(faulty.FINE, "b")])
    assert [first.source, second.source] == ["a", "b"]
    assert pid(first) == pid(second) != os.getpid()
    assert pid(next(iter(engine.read([image(faulty.FINE)])))) == pid(first)


def test_pixels_cross_unchanged() -> None:
    rng = np.random.default_rng(1)
    images = [
        PageImage(pixels=rng.integers(0, 256, shape, np.uint8), dpi=300.0, id=str(shape))
        for shape in [(3, 5), (700, 900, 3), (1, 1), (64, 65)]
    ]
    spec = EngineSpec("checksum")
    registered = RegisteredEngine("checksum", "checksum_engine:ChecksumEngine")
    with contextlib.closing(HostedEngine(spec, registered, sys.executable)) as engine:
        results = list(engine.read(images))
    for sent, result in zip(images, results, strict=True):
        assert isinstance(result, Page)
        assert result.text == f"{sent.pixels.shape} {sent.pixels.tobytes().hex()[:4000]} {sent.pixels.sum()}"
        assert (result.size, result.dpi, result.id) == (sent.size, 300.0, sent.id)


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (faulty.RAISE, "engine_failed", "no idea what this is"),
        (faulty.SEGFAULT, "crashed", "SIGSEGV"),
        (faulty.KILLED, "crashed", "SIGKILL"),
        (faulty.EXIT, "crashed", "exit status 3"),
        (faulty.GARBLE, "bad_output", "not JSON"),
        (faulty.TOO_FEW, "engine_failed", "ValueError"),
        (faulty.NO_TEXT, "engine_failed", "text must be a string"),
        (faulty.SURROGATE, "engine_failed", "UnicodeEncodeError"),
    ],
)
def test_a_fault_costs_its_page_alone(engine: HostedEngine, fault: int, kind: str, words: str) -> None:
    before, failed, after, last = engine.read(
        [image(faulty.FINE, "before"), image(fault), image(faulty.FINE, "after"), image(faulty.FINE, "last")]
    )
    assert isinstance(failed, PageError)
    assert (failed.kind, failed.source) == (kind, f"fault {fault}")
    assert words in failed.message + failed.detail
    assert failed.hint
    assert [pid(before), pid(after), pid(last)]
    assert [r.source for r in (before, after, last)] == ["before", "after", "last"]


def test_a_crash_keeps_the_tail_of_stderr(engine: HostedEngine) -> None:
    (failed,) = engine.read([image(faulty.SEGFAULT)])
    assert isinstance(failed, PageError)
    assert "engine says goodbye" in failed.detail


def test_a_page_that_kills_one_worker_is_read_by_the_next(tmp_path: Path) -> None:
    with contextlib.closing(hosted(folder=str(tmp_path))) as engine:
        (result,) = engine.read([image(faulty.ONCE)])
    assert isinstance(result, Page)
    assert (tmp_path / "crashed").exists()


def test_a_hang_is_killed() -> None:
    with contextlib.closing(hosted(timeout=2.5)) as engine:
        hung, fine = engine.read([image(faulty.HANG), image(faulty.FINE)])
    assert isinstance(hung, PageError)
    assert hung.kind == "timeout"
    assert "2.5 s" in hung.message
    assert isinstance(fine, Page)


def test_what_an_engine_prints_does_not_disturb(engine: HostedEngine) -> None:
    (result,) = engine.read([image(faulty.NOISE)])
    assert isinstance(result, Page)


def test_recycles_between_pages() -> None:
    with contextlib.closing(hosted(recycle=3)) as engine:
        pids = [pid(result) for result in engine.read([image(faulty.FINE)] * 9)]
    assert [pids.count(p) for p in dict.fromkeys(pids)] == [3, 3, 3]


def test_children_of_a_crashed_worker_end_with_it(tmp_path: Path) -> None:
    with contextlib.closing(hosted(folder=str(tmp_path))) as engine:
        list(engine.read([image(faulty.FORK)]))
    group = int((tmp_path / "group").read_text())
    assert gone(group, group=True)


@pytest.mark.parametrize(("load", "words"), [("raise", "upside down"), ("crash", "SIGSEGV")])
def test_an_engine_that_does_not_start_is_named(load: str, words: str) -> None:
    with contextlib.closing(hosted(load=load)) as engine, pytest.raises(EngineUnavailableError, match=words):
        engine.open()


def test_no_python_there(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.touch()
    engine = HostedEngine(EngineSpec("faulty"), REGISTERED, str(python))
    with pytest.raises(EngineUnavailableError, match="cannot be started"):
        engine.open()


def test_the_worker_sees_only_its_own_environment(tmp_path: Path) -> None:
    """The parent's packages must not leak in: that is what the environment is for."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    with pytest.raises(EngineUnavailableError, match="No module named 'numpy'"):
        open_engine(f"null:env={tmp_path / 'bare'}")


def test_no_worker_outlives_a_killed_parent(tmp_path: Path) -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import test_host as t, faulty_engine as f\n"
        "engine = t.hosted(); (page,) = engine.read([t.image(f.FINE)])\n"
        "print(t.pid(page), flush=True)\n"
        "list(engine.read([t.image(f.HANG)]))\n"
    )
    paths = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parent / "plugins")])
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(Path(__file__).parent)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": paths},
    )
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    time.sleep(0.3)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert gone(worker)


def gone(number: int, *, group: bool = False) -> bool:
    """Whether a process, or its whole group, ends within ten seconds."""
    for _ in range(100):
        try:
            os.killpg(number, 0) if group else os.kill(number, 0)
        except ProcessLookupError:
            return True
        state = Path(f"/proc/{number}/stat")
        if not group and state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.1)
    return False


def test_a_kill_in_mid_page_is_named_in_the_record(tmp_path: Path) -> None:
    def kill() -> None:
        mark = tmp_path / "slow"
        while not (mark.exists() and mark.read_text()):
            time.sleep(0.02)
        os.kill(int(mark.read_text()), signal.SIGKILL)

    with contextlib.closing(hosted(folder=str(tmp_path))) as engine:
        killer = threading.Thread(target=kill)
        killer.start()
        (killed,) = engine.read([image(faulty.SLOW)])
        killer.join()
        (fine,) = engine.read([image(faulty.FINE)])
    assert isinstance(killed, Page)
    assert killed.provenance is not None
    assert killed.provenance.faults == ("crashed (SIGKILL)",)
    assert isinstance(fine, Page)
    assert fine.provenance is not None
    assert fine.provenance.faults == ()


def test_an_end_without_an_answer_is_a_crash(engine: HostedEngine) -> None:
    ended, fine = engine.read([image(faulty.END), image(faulty.FINE)])
    assert isinstance(ended, PageError)
    assert (ended.kind, "exit status 0" in ended.message) == ("crashed", True)
    assert isinstance(fine, Page)


def test_memory_without_end_costs_its_page_alone() -> None:
    with contextlib.closing(hosted(memory=200)) as engine:
        greedy, fine = engine.read([image(faulty.SWALLOW), image(faulty.FINE)])
    assert isinstance(greedy, PageError)
    assert greedy.kind == "out_of_memory"
    assert "300 MB" in greedy.message
    assert isinstance(fine, Page)


def test_a_leak_is_stopped_between_pages() -> None:
    with contextlib.closing(hosted(memory=100)) as engine:
        results = list(engine.read(image(faulty.LEAK, str(number)) for number in range(60)))
    said = [[int(n) for n in result.text.split()] for result in results if isinstance(result, Page)]
    assert len(said) == 60
    # A batch is three pages.
    assert max(held for held, _ in said) < 100e6 + 3 * 5e6
    assert 3 < len({pid for _, pid in said}) < 20


def test_output_without_end_is_stopped(engine: HostedEngine) -> None:
    loud, fine = engine.read([image(faulty.SHOUT), image(faulty.FINE)])
    assert isinstance(loud, PageError)
    assert (loud.kind, "printed more than" in loud.message) == ("bad_output", True)
    assert isinstance(fine, Page)


def test_several_workers_keep_the_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OCR_PLUGINS_CORES", "3")
    faults = [faulty.SLOW] * 3 + [faulty.FINE] * 30
    with contextlib.closing(hosted(workers=3, folder=str(tmp_path))) as engine:
        results = list(engine.read(image(fault, str(number)) for number, fault in enumerate(faults)))
    assert [result.source for result in results] == [str(number) for number in range(33)]
    assert len({pid(result) for result in results}) > 1


def test_images_are_asked_for_when_there_is_use_for_them(engine: HostedEngine) -> None:
    asked: list[int] = []

    def images() -> Iterator[PageImage]:
        for number in range(10_000):
            asked.append(number)
            yield image(faulty.FINE)

    results = engine.read(images())
    next(results)
    assert len(asked) < 100
    results.close()  # type: ignore[attr-defined]
    assert isinstance(next(engine.read([image(faulty.FINE)])), Page)


def test_one_read_at_a_time(engine: HostedEngine) -> None:
    first = engine.read([image(faulty.FINE)] * 10)
    next(first)
    with pytest.raises(RuntimeError, match="still reading"):
        next(engine.read([image(faulty.FINE)]))
    assert len(list(first)) == 9


def test_a_random_fault_in_one_of_ten_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand pages: each is right, or named with what happened to it."""
    monkeypatch.setenv("OCR_PLUGINS_CORES", "2")
    named = {
        faulty.RAISE: {"engine_failed"},
        faulty.SEGFAULT: {"crashed"},
        faulty.KILLED: {"crashed"},
        faulty.EXIT: {"crashed"},
        faulty.END: {"crashed"},
        faulty.HANG: {"timeout"},
        faulty.NO_TEXT: {"engine_failed"},
        faulty.SURROGATE: {"engine_failed"},
        faulty.SWALLOW: {"out_of_memory", "timeout"},
    }
    rng = random.Random(3)
    # Those that take a while are rarer, so that this ends.
    kinds = [k for k in named if k not in (faulty.HANG, faulty.SWALLOW)] * 3 + [faulty.HANG, faulty.SWALLOW]
    faults = [faulty.FINE] * 900 + [rng.choice(kinds) for _ in range(100)]
    rng.shuffle(faults)
    with contextlib.closing(hosted(workers=2, timeout=2, memory=300, folder=str(tmp_path))) as engine:
        results = list(engine.read(image(fault, str(number)) for number, fault in enumerate(faults)))
    assert [result.source for result in results] == [str(number) for number in range(1000)]
    for result, fault in zip(results, faults, strict=True):
        if fault == faulty.FINE:
            assert isinstance(result, Page), (result.source, result)
            assert result.text.startswith(f"{result.source} read by ")
        else:
            assert isinstance(result, PageError)
            assert result.kind in named[fault], (fault, result)


def test_nothing_is_left_of_a_killed_parent_that_has_forked(tmp_path: Path) -> None:
    """A child of the parent holds the sockets open: the workers must end all the same."""
    script = (
        "import os, sys, time; sys.path.insert(0, sys.argv[1])\n"
        "import test_host as t, faulty_engine as f\n"
        "engine = t.hosted(workers=2)\n"
        "print(*{t.pid(p) for p in engine.read([t.image(f.FINE)] * 40)}, flush=True)\n"
        "if os.fork() == 0:\n"
        "    time.sleep(30)\n"
        "list(engine.read([t.image(f.HANG)] * 10))\n"
    )
    shared_memory = Path("/dev/shm")  # noqa: S108 - only looked at
    before = set(shared_memory.iterdir()), set(tmp_path.iterdir())
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(Path(__file__).parent)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=environment(TMPDIR=str(tmp_path), OCR_PLUGINS_CORES="2"),
    )
    assert parent.stdout is not None
    workers = [int(word) for word in parent.stdout.readline().split()]
    time.sleep(0.5)
    parent.kill()
    parent.wait()
    assert workers
    assert all(gone(worker) for worker in workers)
    assert (set(shared_memory.iterdir()), set(tmp_path.iterdir())) == before
    with contextlib.suppress(ProcessLookupError):
        os.killpg(parent.pid, signal.SIGKILL)
    parent.stdout.close()


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_works_inside_a_daemonic_process(method: str) -> None:
    """Celery's workers are such: multiprocessing lets them have no children."""
    context = multiprocessing.get_context(method)
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_read_one, args=(sending,), daemon=True)
    process.start()
    assert receiving.poll(60)
    assert receiving.recv().startswith("daemonic read by ")
    process.join(20)
    assert process.exitcode == 0


def _read_one(sending: Connection) -> None:
    with contextlib.closing(hosted()) as engine:
        (page,) = engine.read([image(faulty.FINE, "daemonic")])
        assert isinstance(page, Page)
        sending.send(page.text)


def told_environment(engine: HostedEngine) -> dict[str, str]:
    (page,) = engine.read([image(faulty.ENVIRONMENT)])
    assert isinstance(page, Page)
    told: dict[str, str] = json.loads(page.text)
    return told


def test_workers_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCR_PLUGINS_CORES", "4")
    for variable in LIBRARY_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    with contextlib.closing(hosted(workers=2)) as engine:
        told = told_environment(engine)
    assert told["OCR_PLUGINS_THREADS"] == "2"
    assert told["OPENBLAS_NUM_THREADS"] == "2"
    assert told["OMP_NUM_THREADS"] == "7"
    with pytest.raises(CallError, match=r"workers=5 with 1 thread each take more than the 4 cores"):
        hosted(workers=5)


def test_pages_from_files_cross_without_mixing(tmp_path: Path) -> None:
    """Decoded into files that are used again: no page may get another's pixels."""
    rng = np.random.default_rng(5)
    paths = []
    for number in range(30):
        pixels = rng.integers(0, 256, (300 + 7 * (number % 5), 400), np.uint8)
        paths.append(tmp_path / f"{number:02}.png")
        Image.fromarray(pixels).save(paths[-1])
    registered = RegisteredEngine("checksum", "checksum_engine:ChecksumEngine")
    kept: list[PageImage] = []

    def images() -> Iterator[PageImage]:
        for ref in enumerate_pages(paths):
            assert isinstance(ref, PageRef)
            loaded = load_or_error(ref)
            assert isinstance(loaded, PageImage)
            if len(kept) < 12:
                kept.append(loaded)
            yield loaded

    with contextlib.closing(HostedEngine(EngineSpec("checksum"), registered, sys.executable)) as engine:
        sums = [int(page.text.split()[-1]) for page in engine.read(images()) if isinstance(page, Page)]
    assert sums == [int(np.asarray(Image.open(path)).sum()) for path in paths]
    assert [int(image.pixels.sum()) for image in kept] == sums[:12]
