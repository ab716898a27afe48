"""Environments of engines are built from hashed locks, and replaced only by ones that work."""

from __future__ import annotations

import hashlib
import os
import subprocess
import zipfile
from pathlib import Path

import pytest
from running import Done, ocr, register

from ocr_plugins.environments import engines_home, environment_python, install_engine, lock_file
from ocr_plugins.errors import CallError, OcrError
from ocr_plugins.host import prepare_engine

ADAPTER = """
from ocr_plugins.engine import BaseEngine, Capabilities, EngineInfo
from ocr_plugins.options import Options

class TinyEngine(BaseEngine[Options]):
    name = "tiny"
    options_type = Options
    modules = ("tinything",)
    install_hint = "ocr-plugins engines install tiny"

    def identify(self):
        return EngineInfo(name="tiny", version="1", capabilities=Capabilities())

    def read_pages(self, images):
        return [() for _ in images]
"""


@pytest.fixture
def adapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a third party's adapter, whose engine wants an environment of its own."""
    folder = register(tmp_path / "adapter", tiny="tiny_adapter:TinyEngine")
    (folder / "tiny_adapter.py").write_text(ADAPTER)
    (folder / "locks").mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("OCR_PLUGINS_HOME", str(tmp_path / "home"))
    # Nothing is fetched: the locks name wheels by their path.
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return folder


def wheel(folder: Path, version: str) -> Path:
    """The smallest wheel that pip installs: one module that knows its version."""
    info = f"tinything-{version}.dist-info"
    files = {
        "tinything.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: tinything\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    path = folder / f"tinything-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def lock(adapter: Path, version: str, digest: str = "") -> None:
    path = wheel(adapter, version)
    digest = digest or hashlib.sha256(path.read_bytes()).hexdigest()
    line = f"tinything @ {path.as_uri()} --hash=sha256:{digest}\n"
    (adapter / "locks" / "tiny.txt").write_text(line)


def install(adapter: Path) -> Done:
    return ocr("engines", "install", "tiny", env=os.environ | {"PYTHONPATH": str(adapter)})


def installed() -> str:
    """The version that the engine's environment holds."""
    python = environment_python("tiny")
    assert python is not None
    script = "import tinything; print(tinything.VERSION)"
    return subprocess.run([python, "-c", script], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.slow
def test_install_again_replace_and_fail(adapter: Path) -> None:
    assert lock_file("tiny") is None, "an adapter without a lock has no environment of its own"
    lock(adapter, "1.0")
    with pytest.raises(OcrError, match="engines install tiny") as caught:
        prepare_engine("tiny")
    assert caught.value.kind == "not_installed"

    done = install(adapter)
    assert (done.status, done.out) == (0, "")
    assert "installing tiny" in done.errors[0]
    assert installed() == "1.0"
    assert type(prepare_engine("tiny")).__name__ == "HostedEngine"

    stamp = (engines_home() / "tiny").stat().st_ctime_ns
    done = install(adapter)
    assert (done.status, len(done.errors)) == (0, 1)
    assert "is installed in" in done.err
    assert (engines_home() / "tiny").stat().st_ctime_ns == stamp

    lock(adapter, "2.0")
    assert install(adapter).status == 0
    assert installed() == "2.0"

    lock(adapter, "3.0", digest="0" * 64)
    done = install(adapter)
    assert done.status == 1
    assert done.errors[1].startswith("ocr-plugins: engine 'tiny' could not be installed (tinything")
    assert "does not match its hash" in done.errors[1]
    assert len(done.errors) == 2
    assert installed() == "2.0", "a failed installation leaves the old environment"
    assert [path.name for path in engines_home().iterdir()] == ["tiny"], "nothing half-built is left"


def test_what_pip_says_is_told(adapter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last complaint of pip, in place of the environment's building."""
    (adapter / "locks" / "tiny.txt").write_text("no-such-thing==1 --hash=sha256:" + "0" * 64 + "\n")

    def fail(environment: Path, lock: Path) -> None:
        noise = (
            b"WARNING: careful\nERROR: Could not find it\nERROR: No matching distribution\nnotice: new pip\n"
        )
        raise subprocess.CalledProcessError(1, "pip", stderr=noise)

    monkeypatch.setattr("ocr_plugins.environments.venv.create", lambda *_, **__: None)
    monkeypatch.setattr("ocr_plugins.environments._run_pip", fail)
    with pytest.raises(OcrError, match=r"\(No matching distribution\): check disk space") as caught:
        install_engine("tiny")
    assert caught.value.kind == "install_failed"


def test_a_home_that_cannot_be_written(adapter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock(adapter, "1.0")
    (adapter / "file").touch()
    monkeypatch.setenv("OCR_PLUGINS_HOME", str(adapter / "file"))
    with pytest.raises(OcrError, match=r"could not be installed .*Not a directory"):
        install_engine("tiny")


def test_engines_without_an_environment_of_their_own() -> None:
    with pytest.raises(CallError, match=r"engine 'rapidocr' has no environment .*pip install"):
        install_engine("rapidocr")
    with pytest.raises(CallError, match="no engine 'nosuch'"):
        install_engine("nosuch")


def test_one_failure_does_not_keep_others_from_being_tried(adapter: Path) -> None:
    done = ocr("engines", "install", "nosuch", "null", env=os.environ | {"PYTHONPATH": str(adapter)})
    assert done.status == 2
    assert len(done.errors) == 2


def test_home_follows_the_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OCR_PLUGINS_HOME", str(tmp_path))
    assert engines_home() == tmp_path / "engines"
    assert environment_python("easyocr") is None
    monkeypatch.delenv("OCR_PLUGINS_HOME")
    assert engines_home().parts[-2:] == ("ocr-plugins", "engines")
