"""What an engine's workers took of memory at most is told, and kept beside what they read."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import faulty_engine as faulty
import numpy as np
import pytest
from PIL import Image
from running import environment, ocr, register
from test_host import hosted
from test_host import image as faulty_image

import ocr_plugins
from ocr_plugins.combined import LineFinder
from ocr_plugins.host import prepare_engine
from ocr_plugins.image import PageImage
from ocr_plugins.measured import MeasuredPair, peak_memory
from ocr_plugins.runs import Study
from ocr_plugins.store import open_store

MB = 1_000_000
# A Python with NumPy takes less than this.
BARE = 150 * MB


@pytest.fixture(autouse=True)
def engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    names = {
        "greedy": "greedy_engine:GreedyEngine",
        "stripes": "stripes_engine:StripeFinder",
        "parrot": "parrot_engine:ParrotEngine",
    }
    folder = register(tmp_path / "plugins", **names)
    monkeypatch.syspath_prepend(folder)
    return folder


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def image(amount: int) -> PageImage:
    """An image for which the greedy engine takes that many MB."""
    return PageImage(pixels=np.full((8, 8), amount, np.uint8), source=f"{amount}", id=f"{amount}")


def picture(path: Path, amount: int) -> Path:
    Image.fromarray(image(amount).pixels).save(path)
    return path


def peak(spec: str, *amounts: int) -> int:
    """What the engine tells in workers after it has read such images."""
    with closing(prepare_engine(spec, workers=1)) as engine:
        results = list(engine.open().read(map(image, amounts)))
    assert [getattr(result, "text", result) for result in results] == [f"{n * MB}" for n in amounts]
    found = peak_memory(engine)
    assert found is not None
    return found


# One engine


@pytest.mark.parametrize("spec", ["greedy", "greedy:child=true", "greedy:order=rows"])
def test_what_was_given_back_within_a_page_counts(spec: str) -> None:
    """Of the worker, of a program it starts, and of an engine with an order after it."""
    assert 200 * MB <= peak(spec, 200) < 200 * MB + 2 * BARE
    assert peak(spec, 0) < 2 * BARE


def test_it_is_that_of_one_worker_whichever_took_most() -> None:
    assert 200 * MB <= peak("greedy:recycle=1", 200, 0, 180) < 200 * MB + BARE
    assert peak("greedy", 0) < BARE


def test_a_worker_that_was_killed_for_it_counts() -> None:
    with closing(hosted(memory=200)) as engine:
        list(engine.read([faulty_image(faulty.SWALLOW)]))
        assert (engine.peak_memory or 0) > 300 * MB


def test_saying_who_reads_takes_none_of_it() -> None:
    with closing(prepare_engine("greedy", workers=1)) as engine:
        assert engine.info.name == "greedy"
        assert peak_memory(engine) is None


@pytest.mark.parametrize("spec", ["greedy", "greedy:order=rows", "greedy:detector=stripes"])
def test_an_engine_in_this_process_tells_none(spec: str) -> None:
    with closing(prepare_engine(spec, workers=0)) as engine:
        assert len(list(engine.open().read([image(1)]))) == 1
        assert peak_memory(engine) is None


def test_a_pair_takes_what_both_take() -> None:
    finder: Any = prepare_engine("stripes", workers=1)
    reader = prepare_engine("greedy", workers=1)
    pair = MeasuredPair(finder, reader, "pair")
    page = np.full((40, 100), 255, np.uint8)
    page[10:20, 10:90] = 200
    with closing(pair.open()):
        (result,) = pair.read([PageImage(pixels=page)])
    assert result.provenance is not None
    assert getattr(result, "text", result) == f"{200 * MB}"
    both = peak_memory(finder), peak_memory(reader)
    assert all(both)
    assert pair.peak_memory == sum(filter(None, both)) > 200 * MB
    here: LineFinder = prepare_engine("stripes", workers=0)  # type: ignore[assignment]
    assert MeasuredPair(here, reader, "pair").peak_memory is None


def test_the_command_line_makes_pairs_that_tell() -> None:
    with closing(prepare_engine("greedy:detector=stripes", workers=1)) as engine:
        list(engine.open().read([image(0)]))
        assert isinstance(engine, MeasuredPair)
        assert (engine.peak_memory or 0) > 0


# Runs and the store


def peaks(study: Study) -> dict[str, int | None]:
    return {run.label: run.peak_memory for run in study.runs}


def test_a_run_from_the_store_tells_what_the_first_measured(work: Path, store: Path) -> None:
    picture(work / "a.png", 200)
    (first,) = ocr_plugins.compare("a.png", "greedy").runs
    assert first.peak_memory is not None
    assert 200 * MB <= first.peak_memory < 200 * MB + BARE
    assert first.info is not None
    kept = store / "v1" / first.info.fingerprint / "memory.json"
    assert json.loads(kept.read_text()) == {"bytes": first.peak_memory}

    (again,) = ocr_plugins.compare("a.png", "greedy").runs
    assert (len(again.kept), again.peak_memory) == (1, first.peak_memory)
    kept.unlink()
    (unknown,) = ocr_plugins.compare("a.png", "greedy").runs
    assert (len(unknown.kept), unknown.peak_memory) == (1, None)
    (unkept,) = ocr_plugins.compare("a.png", "greedy", store=False).runs
    assert unkept.peak_memory is not None
    assert not kept.exists()


def test_the_larger_of_what_is_kept_and_what_is_measured_stays(work: Path, store: Path) -> None:
    (first,) = ocr_plugins.compare(picture(work / "a.png", 200), "greedy").runs
    (small,) = ocr_plugins.compare([picture(work / "b.png", 0), "a.png"], "greedy").runs
    assert (len(small.kept), small.peak_memory) == (1, first.peak_memory)
    (kept,) = store.glob("v1/*/memory.json")
    for damage in ('{"bytes": 1}', "{", ""):
        kept.write_text(damage)
        (large,) = ocr_plugins.compare(picture(work / "c.png", 210 + len(damage)), "greedy").runs
        assert (large.kept, large.errors) == (set(), 0)
        assert (large.peak_memory or 0) > 210 * MB
        assert json.loads(kept.read_text()) == {"bytes": large.peak_memory}


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[]", b"7", b"\xff", b"{}", b"[" * 100_000]
    + [
        b'{"bytes": %s}' % value
        for value in (b"null", b"true", b'"7"', b"-7", b"0", b"1.5", b"1" + b"0" * 400)
    ],
    ids=lambda damage: damage[:20].decode("latin-1") or "empty",
)
def test_a_damaged_file_tells_nothing(damage: bytes, tmp_path: Path) -> None:
    kept = open_store(tmp_path)
    assert kept is not None
    assert kept.peak_memory("f" * 16) is None
    kept.put_peak_memory("f" * 16, 7)
    assert kept.peak_memory("f" * 16) == 7
    (tmp_path / "v1" / ("f" * 16) / "memory.json").write_bytes(damage)
    assert kept.peak_memory("f" * 16) is None


# What is shown


def test_summary_tables_and_report_tell_it(work: Path, engines: Path) -> None:
    picture(work / "a.png", 200)
    picture(work / "b.png", 3)
    rows = [
        {"id": name, "image": f"{name}.png", "text": text, "domain": name}
        for name, text in (("a", "200000000"), ("b", "3000000"))
    ]
    (work / "m.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    specs = "greedy,mine=parrot:workers=0,vote"
    studied = ocr_plugins.study("m.jsonl", specs, out="out")
    taken = peaks(studied.study)
    assert taken["greedy"] is not None
    assert (taken["mine"], taken["vote"]) == (None, None)

    summary = json.loads((work / "out" / "summary.json").read_text())
    assert {label: row["peak_memory"] for label, row in summary["engines"].items()} == taken
    table = studied.study.table()["peak_memory_mb"]
    assert table["greedy"] == taken["greedy"] / MB
    assert table[["mine", "vote"]].isna().all()
    board = studied.leaderboard
    assert str(board["peak_memory_mb"].dtype) == "float64"
    greedy = board[board["engine"] == "greedy"]
    assert list(greedy["domain"]) == ["all", "a", "b"]
    assert list(greedy["peak_memory_mb"]) == [taken["greedy"] / MB] * 3
    assert board[board["engine"] != "greedy"]["peak_memory_mb"].isna().all()

    shown = f"{taken['greedy'] / MB:.0f}"
    report = (work / "out" / "report.html").read_text()
    assert '<button type="button" data-key="memory" data-first="ascending">Memory, MB</button>' in report
    assert f'<td data-key="memory" data-value="{taken["greedy"] / MB!r}"' in report
    for command in ("compare", "study"):
        done = ocr(command, "m.jsonl", "-e", specs, "--out", command, env=environment(engines))
        lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in done.out.splitlines()]
        cells = {line[0]: line[-1] for line in lines if line}
        (head,) = (line for line in done.out.splitlines() if line.startswith("┃"))
        assert [cell.strip() for cell in head.split("┃")[-3:-1]] == ["s/page", "memory, MB"]
        assert cells == {"greedy": shown, "mine": "-", "vote": "-"}


def test_nothing_is_shown_where_nobody_knows(work: Path, engines: Path) -> None:
    picture(work / "a.png", 1)
    done = ocr("compare", "a.png", "-e", "greedy:workers=0", "--out", "out", env=environment(engines))
    assert "s/page" in done.out
    assert "memory" not in done.out
    assert "Memory, MB" not in (work / "out" / "report.html").read_text()
