"""`ocr-plugins engines`: what there is, and what each engine reads on a sample page."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from running import COMMAND, environment, heeding_interrupts, ocr, register

FINDER = """
from ocr_plugins.document import Polygon
from ocr_plugins.engine import BaseEngine, Capabilities, EngineInfo
from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.options import Options

class Finder(BaseEngine[Options]):
    name = "finder"
    options_type = Options

    def identify(self):
        able = Capabilities(takes=("page",), gives=("polygons",))
        return EngineInfo(name=self.name, version="7", capabilities=able)

    def why_no_text(self):
        return "no recogniser", "look for one"

    def detect(self, images):
        return [[Polygon.from_box(0, 0, 9, 9)] * 3 for _ in images]

class Needy(Finder):
    name = "needy"

    def identify(self):
        raise EngineUnavailableError("needy has no weights", "download them", kind="missing_weights")
"""


@pytest.fixture
def engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with engines of all kinds, and a home where none has an environment."""
    monkeypatch.setenv("OCR_PLUGINS_HOME", str(tmp_path / "home"))
    folder = register(
        tmp_path / "engines",
        faulty="faulty_engine:FaultyEngine",
        parrot="parrot_engine:ParrotEngine",
        finder="finder:Finder",
        needy="finder:Needy",
        gone="no_such_module:Engine",
    )
    (folder / "finder.py").write_text(FINDER)
    return folder


def checked(engines: Path, *specs: str) -> tuple[int, dict[str, dict[str, Any]]]:
    done = ocr("engines", "check", *specs, "--json", env=environment(engines))
    return done.status, {check["engine"]: check for check in done.json}


def test_check_shows_what_an_engine_reads(engines: Path) -> None:
    done = ocr("engines", "check", "tesseract", env=environment(engines))
    assert done.status == 0
    assert "Café Almendra" in done.out
    assert "this environment" in done.out
    status, found = checked(engines, "tesseract")
    assert status == 0
    tesseract = found["tesseract"]
    assert tesseract["state"] == "works"
    assert tesseract["cer"] < 0.05
    assert tesseract["lines"] > 20
    assert tesseract["first_line"] == "Café Almendra"
    assert tesseract["start_seconds"] > 0
    assert tesseract["page_seconds"] > 0
    assert tesseract["error"] is None


def test_crashes_and_hangs_stop_no_other_engine(engines: Path) -> None:
    status, found = checked(
        engines,
        "crash=faulty:load=crash",
        "raise=faulty:load=raise",
        "hang=parrot:delay=60:timeout=0.3",
        "fault=parrot:fault=identify",
        "gone",
        "tesseract",
    )
    assert status == 1
    assert [check["state"] for check in found.values()] == ["fails"] * 5 + ["works"]
    for label, words in {
        "crash": "SIGSEGV",
        "raise": "the model is upside down",
        "hang": "took longer than 0.3 s",
        "fault": "ZeroDivisionError",
        "gone": "no_such_module",
    }.items():
        assert words in found[label]["error"]
    assert found["tesseract"]["first_line"] == "Café Almendra"


def test_what_is_not_installed_is_no_failure_unless_it_is_named(engines: Path) -> None:
    entry_points = next(engines.glob("*.dist-info")) / "entry_points.txt"
    kept = [line for line in entry_points.read_text().splitlines() if "gone" not in line]
    entry_points.write_text("\n".join(kept))
    status, found = checked(engines)
    states = {name: check["state"] for name, check in found.items()}
    assert states.items() >= {
        "easyocr": "not ready", "needy": "not ready", "tesseract": "works", "faulty": "works", "null": "works"
    }.items()  # fmt: skip
    assert found["easyocr"]["error"].endswith("ocr-plugins engines install easyocr")
    assert (found["needy"]["place"], found["easyocr"]["place"]) == ("this environment", "not installed")
    assert status == (1 if "fails" in states.values() else 0)
    for name in ("easyocr", "needy"):
        assert checked(engines, name)[0] == 1


def test_an_engine_that_only_finds_lines_works(engines: Path) -> None:
    status, found = checked(engines, "finder")
    assert status == 0
    assert (found["finder"]["state"], found["finder"]["lines"], found["finder"]["cer"]) == ("works", 3, None)
    done = ocr("engines", "check", "finder", env=environment(engines))
    assert "3 lines found, none read: no recogniser: look for one" in done.out
    listed = {state["name"]: state for state in ocr("engines", "--json", env=environment(engines)).json}
    assert listed["finder"]["state"] == "ready, finds lines only: no recogniser: look for one"


@pytest.mark.parametrize("wrong", ["nosuch", "tesseract:psm=banana", "parrot:env=/nowhere", "a b"])
def test_a_wrong_call(wrong: str, engines: Path) -> None:
    done = ocr("engines", "check", wrong, "null", env=environment(engines))
    assert done.status == 2
    assert len(done.errors) == 1


def test_an_interrupted_check_shows_what_it_has(engines: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "engines", "check", "null", "parrot:delay=60"],
        env=environment(engines),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heeding_interrupts,
    )
    assert process.stderr is not None
    while "with parrot" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "null 1" in out
    assert err.splitlines()[-1].startswith("ocr-plugins: interrupted")
