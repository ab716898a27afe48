"""Workers that crash, hang and answer nonsense cost their page alone."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import faulty_engine as faulty
import numpy as np
import pytest

from ocr_plugins.document import Page, PageError
from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.host import HostedEngine, HostSettings, open_engine
from ocr_plugins.image import PageImage
from ocr_plugins.registry import RegisteredEngine
from ocr_plugins.spec import EngineSpec

REGISTERED = RegisteredEngine("faulty", "faulty_engine:FaultyEngine")


def image(fault: int, source: str = "") -> PageImage:
    return PageImage(pixels=np.full((8, 8), fault, np.uint8), source=source or f"fault {fault}")


def hosted(timeout: float = 60.0, recycle: int = 500, **options: str) -> HostedEngine:
    spec = EngineSpec("faulty", tuple(options.items()))
    return HostedEngine(spec, REGISTERED, sys.executable, HostSettings(timeout=timeout, recycle=recycle))


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
