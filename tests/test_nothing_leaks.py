"""No engine opens a socket to read, and the text of a page is nowhere but where it was asked for."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from observing import Observed, observed, outspoken
from running import Done, environment, ocr, printed, register, results

from ocr_plugins import api
from ocr_plugins.environments import engines_home, environment_python
from ocr_plugins.registry import registered_engines
from ocr_plugins.testing import drawn_page

# Words that stand in no file, message or name but those of these pages.
TEXT = "Quixotberry Zanzilport"
TRAIN_TROCR = Path(__file__).with_name("trocr_checkpoint.py")
_KEPT = ("PATH", "PYTHONPATH", "HOME", "TMPDIR", "COLUMNS", "LANG", "LD_LIBRARY_PATH")
# What is shorter may stand anywhere.
_TELLTALE = 6

# By the name of the engine that reads or finds; {} is a model made here.
ENGINES = {
    "tesseract": [
        "tesseract:backend=tesserocr",
        "tesseract:backend=pytesseract",
        "tesseract:detector=components",
        "tesseract:pre=enhance+auto",
    ],
    "rapidocr": ["rapidocr"],
    "easyocr": ["easyocr", "easyocr:runtime=exact"],
    "keras-ocr": ["keras-ocr:scale=1"],
    "trocr": ["trocr:detector=components:model={}"],
    "crnn": ["crnn"],
    "components": ["components"],
    "boxnet": ["boxnet:model={}"],
    "dram": ["dram:detector=components"],
    "hog": ["hog"],
    "null": ["null"],
}
FIND_ONLY = ("components", "boxnet", "null")


def telltale(*texts: str) -> set[str]:
    return {word.casefold() for text in texts for word in text.split() if len(word) >= _TELLTALE}


def leaks(said: str, words: Iterable[str] = ()) -> list[str]:
    """The lines that hold a word of the page, or one that an engine took it for."""
    secret = telltale(TEXT) | set(words)
    return [line[:300] for line in said.splitlines() if any(word in line.casefold() for word in secret)]


def names_in(*folders: Path) -> str:
    return "\n".join(str(path.relative_to(folder)) for folder in folders for path in folder.rglob("*"))


def contents_of(*folders: Path) -> str:
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return "\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files)


def reasons(records: Iterable[dict[str, Any]]) -> str:
    """What error records say to people; ``detail`` is kept and not shown."""
    errors = (record for record in records if record["error"])
    return "\n".join(json.dumps({**record, "error": {**record["error"], "detail": ""}}) for record in errors)


def damaged(path: Path) -> Path:
    """A PNG that ends in the middle of a comment, which quotes the page."""
    whole = printed(path, TEXT).read_bytes()
    comment = b"Title\0" + TEXT.encode()
    path.write_bytes(whole[:33] + len(comment).to_bytes(4, "big") + b"tEXt" + comment[:-3])
    return path


@dataclass(frozen=True)
class Place:
    """Where a command runs: all the folders it may leave something in, and a page of print."""

    root: Path

    @property
    def work(self) -> Path:
        return self.root / "work"

    @property
    def page(self) -> Path:
        return self.work / "page.png"

    @property
    def hidden(self) -> tuple[Path, ...]:
        """A home and a folder for temporary files, which nobody looks into."""
        return self.root / "home", self.root / "temporary"

    @property
    def env(self) -> dict[str, str]:
        home, temporary = map(str, self.hidden)
        kept = {"OCR_PLUGINS_HOME": str(engines_home().parent)}
        env = environment(self.root / "plugins", HOME=home, TMPDIR=temporary, **kept)
        # Some libraries report to their makers everywhere but in CI: the user's machine is no such place.
        return {
            name: value for name, value in env.items() if name in _KEPT or name.startswith("OCR_PLUGINS_")
        }

    def run(self, *arguments: Any) -> Done:
        return ocr(*arguments, env=self.env, cwd=self.work)

    def observed(self, *arguments: Any) -> Observed:
        return observed(self.root / "calls.txt", *arguments, env=self.env, cwd=self.work)

    def left(self, store: Path) -> str:
        """The names of all files, and what is in those that no user asked for."""
        return "\n".join([names_in(self.work, *self.hidden, store), contents_of(*self.hidden)])


def made(root: Path) -> Place:
    place = Place(root)
    for folder in (place.work, *place.hidden):
        folder.mkdir()
    register(root / "plugins", telling="telling_engine:TellingEngine")
    printed(place.page, TEXT)
    # What the telling engine knows it from.
    place.page.with_suffix(".said").write_text(TEXT, encoding="utf-8")
    damaged(place.work / "bad.png")
    return place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return made(tmp_path)


# --- sockets, and what every engine says ---


@pytest.fixture(scope="module")
def trocr_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    python = environment_python("trocr")
    assert python, "run: ocr-plugins engines install trocr"
    folder = tmp_path_factory.mktemp("checkpoint")
    lines = folder / "lines.npz"
    np.savez(lines, texts=np.array([TEXT]), image0=drawn_page(TEXT, "line").pixels)
    # On a model this small, threads only wait for each other.
    one_thread = os.environ | {"OMP_NUM_THREADS": "1"}
    subprocess.run([python, TRAIN_TROCR, lines, folder / "model"], check=True, env=one_thread)
    return folder / "model"


@pytest.fixture
def model(request: pytest.FixtureRequest, name: str, tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    if name == "trocr":
        checkpoint: Path = request.getfixturevalue("trocr_checkpoint")
        return checkpoint
    if name == "boxnet":
        import rapidocr

        return Path(rapidocr.__file__).parent / "models" / "PP-OCRv6_det_small.onnx"
    return None


def test_every_engine_is_tried() -> None:
    ours = {name for name, e in registered_engines().items() if e.reference.startswith("ocr_plugins.")}
    # What other programs have read is read in no worker, and below. A model behind an endpoint is asked there
    # and nowhere else, see test_vlm.
    assert ours - {"files", "vlm"} == set(ENGINES)


def test_other_programs_readings_tell_nobody(place: Place, store: Path) -> None:
    readings = place.root / "readings"
    readings.mkdir()
    (readings / "page.txt").write_text(TEXT, encoding="utf-8")
    (readings / "bad.hocr").write_text(f"<html><p>{TEXT}", encoding="utf-8")
    run = place.observed("read", "page.png", "bad.png", "-e", f"files:path={readings}", "--out", "out")
    records = results(place.work / "out")
    assert {record["source"]: bool(record["error"]) for record in records} == {
        "page.png": False, "bad.png": True,
    }  # fmt: skip
    assert run.network == []
    assert (
        leaks("\n".join([run.calls, run.done.out, run.done.err, reasons(records), place.left(store)])) == []
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "spec"), [(name, spec) for name, specs in ENGINES.items() for spec in specs]
)
def test_reading_opens_no_socket_and_tells_nobody(
    name: str, spec: str, model: Path | None, place: Place, store: Path
) -> None:
    python = environment_python(name) or sys.executable
    wrapper, inside = outspoken(place.root / "outspoken", python)
    whole = f"{spec.format(model)}:env={wrapper}"
    run = place.observed("read", "page.png", "bad.png", "-e", whole, "--out", "out")
    records = results(place.work / "out")
    (read,) = (record for record in records if record["source"] == "page.png")
    words = telltale(read["text"] or "")
    said = inside.read_text(encoding="utf-8", errors="replace")
    # Else there would be nothing that could leak, or nobody who saw it.
    assert "bad.png" in run.done.err
    assert bool(words) == (name not in FIND_ONLY), read
    assert str(wrapper) in run.started
    assert "DEBUG:outspoken:listening" in said

    assert run.network == []
    # Who reports to his maker notes first who is reporting, and may not do it before the next run.
    assert not re.search("deviceid|telemetry", names_in(*place.hidden), re.IGNORECASE)
    assert leaks(run.calls, words) == []
    assert leaks(run.done.out + run.done.err, words) == []
    assert leaks(said, words) == []
    assert leaks(reasons(records), words) == []
    assert leaks(place.left(store), words) == []


@pytest.fixture(scope="module")
def caught(tmp_path_factory: pytest.TempPathFactory) -> Observed:
    """A run of engines that do what none may."""
    acts = ("connects", "resolves", "opens_natively", "opens_in_a_child", "names_a_file", "starts_a_command")
    specs = ",".join(f"telling:act={act}" for act in acts)
    run = made(tmp_path_factory.mktemp("caught")).observed("read", "page.png", "-e", specs, "--no-store")
    assert run.done.err.count("telling failed") == 2, "connecting and resolving, as there is no network"
    return run


@pytest.mark.parametrize(
    ("act", "seen"),
    [
        ("connects", r"connect\(\d+, \{sa_family=AF_INET, .*192\.0\.2\.1"),
        ("resolves", r"AF_NETLINK|sin_port=htons\(53\)"),
        ("opens_natively", r"socket\(AF_INET, SOCK_DGRAM, "),
        ("opens_in_a_child", r"socket\(AF_INET6, SOCK_STREAM"),
    ],
)
def test_an_engine_that_asks_the_network_is_caught(act: str, seen: str, caught: Observed) -> None:
    assert any(re.search(seen, call) for call in caught.network), caught.network


def test_what_is_named_after_the_text_is_caught(caught: Observed) -> None:
    calls = leaks(caught.calls)
    assert any("openat" in call for call in calls)
    assert any("execve" in call for call in calls)


def test_an_engine_that_does_nothing_of_the_kind_is_not(place: Place) -> None:
    run = place.observed("read", "page.png", "-e", "telling", "--no-store")
    assert (run.done.status, run.done.out) == (0, f"{TEXT}\n")
    assert len(run.started) > 1, "the worker is seen too"
    assert run.network == []
    assert leaks(run.calls) == []


# --- text: engines that tell it in every way they can ---

TELLING = [
    "telling:act=raises",
    "telling:act=raises_system",
    "telling:act=raises_ours",
    "telling:act=raises:where=read",
    "telling:act=raises_ours:where=read",
    "telling:act=raises:where=close",
    "telling:act=prints",
    "telling:act=logs",
    "telling:act=warns",
    "telling:act=fails_in_a_thread",
    "telling:act=crashes",
    "telling:act=exits",
]
# In the caller's own process, what an engine prints and logs goes where the caller's goes.
SILENT = [spec for spec in TELLING if "raises" in spec]


def test_what_engines_say_of_the_text_is_not_shown(place: Place, store: Path) -> None:
    done = place.run("read", "page.png", "bad.png", "-e", ",".join(TELLING), "--out", "out")
    assert leaks(done.out + done.err) == []
    assert "telling failed (RuntimeError)" in done.err
    assert "crashed (SIGSEGV), twice" in done.err
    records = results(place.work / "out")
    failed = [record for record in records if record["error"] and record["source"] == "page.png"]
    assert len(failed) >= 5
    assert leaks(reasons(records)) == []
    assert leaks(place.left(store)) == []


def test_nor_where_they_run_in_the_same_process(place: Place) -> None:
    specs = ",".join(SILENT)
    done = place.run("read", "page.png", "-e", specs, "--workers", 0, "--json", "--no-store")
    assert leaks(done.err) == []
    assert leaks(reasons(done.records)) == []
    assert len(done.records) == len(SILENT)


def test_a_damaged_store_is_told_without_its_text(place: Place, store: Path) -> None:
    read = ("read", "page.png", "-e", "telling")
    assert place.run(*read).out == f"{TEXT}\n"
    kept = [file for file in store.rglob("*") if file.is_file() and leaks(contents_of(file.parent))]
    assert kept
    for file in kept:
        file.write_bytes(file.read_bytes()[:-9])
    again = place.run(*read)
    assert "1 damaged result was read again" in again.err
    assert leaks(again.err + place.left(store)) == []


@pytest.mark.parametrize("how", [(), ("--json", "--quiet")], ids=["", "json"])
def test_comparing_shows_scores_and_no_text(how: tuple[str, ...], place: Place) -> None:
    good = {"image": "page.png", "text": f"{TEXT} and more"}
    rows = [
        json.dumps({"id": "good", **good}),
        json.dumps({"id": "missing", **good, "image": "none.png"}),
        json.dumps({"id": "bad", **good, "image": "bad.png"}),
        json.dumps({"id": "boxed", **good, "words": [{"text": TEXT, "box": [1]}]}),
        json.dumps({"id": "half", **good})[:-2],
    ]
    (place.work / "pages.jsonl").write_text("\n".join(rows), encoding="utf-8")
    specs = "telling,telling:act=raises,telling:act=crashes"
    done = place.run("compare", "pages.jsonl", "-e", specs, "--out", "out", *how)
    assert done.status == 1
    assert leaks(done.out + done.err) == []
    assert leaks((place.work / "out" / "summary.json").read_text(encoding="utf-8")) == []
    assert leaks(reasons(results(place.work / "out"))) == []


def test_ground_truth_that_cannot_be_read_is_not_quoted(place: Place) -> None:
    truth = place.work / "page.txt"
    truth.write_bytes(f"{TEXT} Zürich".encode("latin-1"))
    compared = place.run("compare", "page.png", "-e", "telling", "--truth", ".")
    evaluated = place.run("evaluate", truth, "page.said")
    for done in (compared, evaluated):
        assert done.status == 2
        assert "not UTF-8" in done.err
        assert leaks(done.out + done.err) == []


@pytest.mark.parametrize("workers", [0, 1])
def test_the_callers_log_holds_no_text(
    workers: int,
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.syspath_prepend(place.root / "plugins")
    caplog.set_level(logging.DEBUG)
    pages = [place.page, place.work / "bad.png"]
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        found = [api.read(pages, spec, workers=workers) for spec in ("telling", *SILENT)]
    assert TEXT in found[0].text
    assert all(leaks(str(error)) == [] for readings in found for error in readings.errors)
    shown = capfd.readouterr()
    assert leaks("\n".join([caplog.text, shown.out, shown.err])) == []
    assert leaks("\n".join(str(warning.message) for warning in warned)) == []
