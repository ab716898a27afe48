"""Environments of engines are built from hashed locks, and replaced only by ones that work."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from running import COMMAND, Done, environment, heeding_interrupts, ocr, register

from ocr_plugins.environments import (
    engines_home,
    environment_python,
    install_engine,
    lock_file,
    remove_engine,
)
from ocr_plugins.errors import CallError, OcrError
from ocr_plugins.host import prepare_engine
from ocr_plugins.weights import weights_folder

ADAPTER = """
from ocr_plugins.engine import BaseEngine, Capabilities, EngineInfo
from ocr_plugins.options import Options
from ocr_plugins.weights import WeightFile

class TinyEngine(BaseEngine[Options]):
    name = "tiny"
    options_type = Options
    modules = ("tinything",)
    install_hint = "ocr-plugins engines install tiny"
    downloads = ({downloads})

    def identify(self):
        return EngineInfo(name="tiny", version="1", capabilities=Capabilities())

    def read_pages(self, images):
        return [() for _ in images]
"""
TOOLS = ["uv", "pip"]


@pytest.fixture
def adapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a third party's adapter, whose engine wants an environment of its own."""
    folder = register(tmp_path / "adapter", tiny="tiny_adapter:TinyEngine")
    (folder / "tiny_adapter.py").write_text(ADAPTER.format(downloads=""))
    (folder / "locks").mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "tiny_adapter", raising=False)
    monkeypatch.setenv("OCR_PLUGINS_HOME", str(tmp_path / "home"))
    # Nothing is fetched from elsewhere: the locks name wheels by their place.
    for variable in ("PIP_NO_INDEX", "UV_NO_INDEX"):
        monkeypatch.setenv(variable, "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "pip"))
    return folder


@pytest.fixture(params=TOOLS)
def tool(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the environments are built with."""
    monkeypatch.setenv("OCR_PLUGINS_UV", "0" if request.param == "pip" else "")
    return str(request.param)


class Shop(ThreadingHTTPServer):
    """Serves the files of a folder; those named slow* only when ``open`` is set."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Counter)
        self.folder = folder
        self.asked = threading.Event()
        self.open = threading.Event()
        self.sold: list[str] = []

    def address(self, path: Path) -> str:
        return f"http://127.0.0.1:{self.server_port}/{path.name}"


class _Counter(BaseHTTPRequestHandler):
    server: Shop

    def do_HEAD(self) -> None:
        self._answer(b"")

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        if name.startswith("slow"):
            self.server.asked.set()
            self.server.open.wait(60)
        self.server.sold.append(name)
        self._answer((self.server.folder / name).read_bytes())

    def _answer(self, content: bytes) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def shop(adapter: Path) -> Iterator[Shop]:
    with Shop(adapter) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.open.set()
        server.shutdown()
        thread.join()


def wheel(folder: Path, name: str, version: str, code: str = "") -> Path:
    """The smallest wheel: one module that knows its version, and a command that tells it."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"VERSION = {version!r}\n{code}\ndef main():\n    print(VERSION)\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    # uv takes no wheel whose RECORD leaves files out.
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inside, content in files.items():
            # The same bytes each time.
            archive.writestr(zipfile.ZipInfo(inside), content)
    return path


def lock(adapter: Path, *wheels: Path, digest: str = "", place: Callable[[Path], str] = Path.as_uri) -> None:
    """A lock of these wheels."""
    lines = [
        f"{path.name.split('-')[0]} @ {place(path)} --hash=sha256:"
        f"{digest or hashlib.sha256(path.read_bytes()).hexdigest()}\n"
        for path in wheels
    ]
    (adapter / "locks" / "tiny.txt").write_text("".join(lines))


def lock_version(adapter: Path, version: str, code: str = "", digest: str = "") -> None:
    lock(adapter, wheel(adapter, "tinything", version, code), digest=digest)


def install(adapter: Path, *options: str) -> Done:
    return ocr("engines", "install", "tiny", *options, env=environment(adapter))


def begin_install(adapter: Path) -> subprocess.Popen[str]:
    command = [*COMMAND, "engines", "install", "tiny"]
    return subprocess.Popen(
        command,
        env=environment(adapter),
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heeding_interrupts,
    )


def run(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def installed() -> str:
    """The version that the engine's environment holds."""
    python = environment_python("tiny")
    assert python is not None
    return run(python, "-c", "import tinything; print(tinything.VERSION)")


def built() -> list[str]:
    """The environments of the engine, whole and half."""
    return sorted(p.name for p in (engines_home() / ".built" / "tiny").iterdir() if p.name != "busy")


@pytest.mark.slow
def test_install_again_replace_and_fail(adapter: Path, tool: str) -> None:
    assert lock_file("tiny") is None, "an adapter without a lock has no environment of its own"
    lock_version(adapter, "1.0")
    with pytest.raises(OcrError, match="engines install tiny") as caught:
        prepare_engine("tiny")
    assert caught.value.kind == "not_installed"

    done = install(adapter)
    assert (done.status, done.out) == (0, "")
    assert "installing tiny" in done.errors[0]
    assert "creating an environment of Python" in done.err
    assert "importing tinything" in done.err
    assert installed() == "1.0"
    home = engines_home() / "tiny"
    assert run(home / "bin" / "tinything") == "1.0", "its commands work"
    has_pip = subprocess.run([home / "bin" / "python", "-m", "pip", "-V"], capture_output=True, check=False)
    assert (has_pip.returncode == 0) == (tool == "pip"), "it was built with what was asked for"
    assert type(prepare_engine("tiny")).__name__ == "HostedEngine"

    first = built()
    done = install(adapter)
    assert (done.status, len(done.errors)) == (0, 1)
    assert "is installed in" in done.err
    assert built() == first

    lock_version(adapter, "2.0")
    assert install(adapter).status == 0
    assert installed() == "2.0"
    (second,) = built()

    lock_version(adapter, "3.0", digest="0" * 64)
    done = install(adapter)
    assert done.status == 1
    assert done.errors[-1].startswith("ocr-plugins: engine 'tiny' could not be installed (tinything")
    assert "does not match its hash" in done.errors[-1]
    assert installed() == "2.0", "a failed installation leaves the old environment"

    lock_version(adapter, "2.0")
    assert install(adapter).status == 0
    assert built() == [second], "what failed is not left for ever"


@pytest.mark.slow
def test_an_environment_that_cannot_import_its_engine_takes_no_place(adapter: Path) -> None:
    lock_version(adapter, "1.0")
    assert install(adapter).status == 0
    lock_version(adapter, "2.0", code="raise ImportError('libtiny.so.1: cannot open shared object file')")
    done = install(adapter)
    assert done.status == 1
    assert "tinything cannot be imported: ImportError: libtiny.so.1" in done.errors[-1]
    assert installed() == "1.0"
    lock_version(adapter, "3.0", code="import os; os.kill(os.getpid(), 11)")
    assert "tinything cannot be imported: SIGSEGV" in install(adapter).errors[-1]
    assert installed() == "1.0"
    assert len(built()) == 2, "a half-built one of another lock is thrown away"


@pytest.mark.slow
def test_force_mends_what_was_altered(adapter: Path) -> None:
    lock_version(adapter, "1.0")
    assert install(adapter).status == 0
    python = Path(environment_python("tiny") or "")
    (next(python.parents[1].glob("lib/python*/site-packages")) / "tinything.py").write_text("nonsense")
    assert install(adapter).status == 0, "its lock is the same"
    for _ in range(2):
        assert install(adapter, "--force").status == 0
        assert installed() == "1.0"
        assert len(built()) == 1


@pytest.mark.slow
@pytest.mark.usefixtures("tool")
def test_killed_in_mid_install_and_gone_on_with(adapter: Path, shop: Shop) -> None:
    lock(adapter, *(wheel(adapter, name, "1.0") for name in ("tinything", "slowthing")), place=shop.address)
    process = begin_install(adapter)
    assert shop.asked.wait(60)
    process.kill()
    process.communicate()
    assert environment_python("tiny") is None
    (half,) = [name for name in built() if (engines_home() / ".built/tiny" / name / "pyvenv.cfg").exists()]
    shop.open.set()
    done = install(adapter)
    assert done.status == 0, done.err
    assert installed() == "1.0"
    assert built() == [half]
    assert "creating" not in done.err, "it goes on in what was begun"


@pytest.mark.slow
@pytest.mark.usefixtures("tool")
def test_a_package_that_was_installed_in_part_is_installed_again(adapter: Path) -> None:
    lock(adapter, *(wheel(adapter, name, "1.0") for name in ("tinything", "other")))
    assert install(adapter).status == 0
    python = Path(environment_python("tiny") or "")
    packages = next(python.parents[1].glob("lib/python*/site-packages"))
    # As a kill leaves it: metadata are there, files are not, and it has not taken its place.
    (packages / "tinything.py").unlink()
    (packages / "other-1.0.dist-info" / "RECORD").unlink()
    (engines_home() / "tiny").unlink()
    assert install(adapter).status == 0
    assert installed() == "1.0"
    assert environment_python("tiny") == str(python)
    assert (packages / "other-1.0.dist-info" / "RECORD").exists()


@pytest.mark.slow
def test_two_at_once(adapter: Path, shop: Shop) -> None:
    lock(adapter, *(wheel(adapter, name, "1.0") for name in ("tinything", "slowthing")), place=shop.address)
    first = begin_install(adapter)
    assert shop.asked.wait(60)
    second = begin_install(adapter)
    assert second.stderr is not None
    assert "another process installs or removes tiny" in second.stderr.readline()
    shop.open.set()
    told = [process.communicate(timeout=60)[1] for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], told
    assert told[1].splitlines() == [f"tiny is installed in {engines_home() / 'tiny'}"]
    assert installed() == "1.0"


@pytest.mark.slow
def test_interrupted_by_the_user(adapter: Path, shop: Shop) -> None:
    lock(adapter, wheel(adapter, "slowthing", "1.0"), place=shop.address)
    process = begin_install(adapter)
    assert shop.asked.wait(60)
    process.send_signal(signal.SIGINT)
    told = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert told.splitlines()[-1] == "ocr-plugins: interrupted: the same command goes on from here"


@pytest.mark.slow
def test_a_crash_while_one_takes_the_others_place(adapter: Path) -> None:
    lock_version(adapter, "1.0")
    assert install(adapter).status == 0
    (old,) = built()
    folder = engines_home() / ".built" / "tiny"
    # Everything that such a crash can leave: a link that has not replaced the other, and both environments.
    (folder / "link").symlink_to(".built/tiny/next")
    (folder / "next").mkdir()
    assert installed() == "1.0"
    lock_version(adapter, "2.0")
    assert install(adapter).status == 0
    assert installed() == "2.0"
    assert len(built()) == 1
    assert built() != [old]


@pytest.mark.slow
def test_an_environment_that_is_in_use_is_deleted_later(adapter: Path) -> None:
    lock_version(adapter, "1.0")
    assert install(adapter).status == 0
    python = environment_python("tiny")
    assert python is not None
    with subprocess.Popen([python, "-c", "input(); import tinything"], stdin=subprocess.PIPE) as worker:
        lock_version(adapter, "2.0")
        assert install(adapter).status == 0
        assert installed() == "2.0"
        assert Path(python).exists()
        done = ocr("engines", "remove", "tiny", env=environment(adapter))
        assert "a worker still runs in it" in done.errors[1]
        worker.communicate(b"\n")
    assert worker.returncode == 0, "it could go on"
    assert environment_python("tiny") is None
    assert install(adapter).status == 0
    assert not Path(python).exists()


@pytest.mark.slow
def test_environments_of_the_first_version_are_taken_over(adapter: Path) -> None:
    """They were folders in the place of the link."""
    lock_version(adapter, "1.0")
    home = engines_home() / "tiny"
    run(sys.executable, "-m", "venv", "--without-pip", home)
    (home / "lock.txt").write_bytes((adapter / "locks" / "tiny.txt").read_bytes())
    assert "is installed" in install(adapter).errors[0]
    lock_version(adapter, "2.0")
    assert install(adapter).status == 0
    assert installed() == "2.0"
    assert len(built()) == 1


@pytest.mark.slow
def test_remove(adapter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock_version(adapter, "1.0")
    done = ocr("engines", "remove", "tiny", env=environment(adapter))
    assert (done.status, done.errors) == (0, ["tiny is not installed"])
    assert install(adapter).status == 0
    lock_version(adapter, "2.0", digest="0" * 64)
    assert install(adapter).status == 1
    assert len(built()) == 2
    done = ocr("engines", "remove", "tiny", env=environment(adapter))
    assert done.status == 0
    assert done.errors[0].startswith("tiny is removed, ")
    assert "MB freed" in done.errors[0]
    assert built() == []
    assert environment_python("tiny") is None

    lock_version(adapter, "1.0")
    assert install(adapter).status == 0
    (adapter / "strange_engines-1.0.dist-info" / "entry_points.txt").unlink()
    said: list[str] = []
    remove_engine("tiny", said.append)
    assert "tiny is removed" in said[0], "also where its adapter is gone"
    for wrong in ("nosuch", "null", "..", ".built", "a/b", ""):
        with pytest.raises(CallError):
            remove_engine(wrong)


@pytest.mark.slow
def test_weights_are_downloaded_on_request_and_outlive_their_environment(adapter: Path, shop: Shop) -> None:
    lock_version(adapter, "1.0")
    done = install(adapter, "--weights")
    assert done.status == 2
    assert "has no weights to download" in done.errors[-1]
    (adapter / "tiny.h5").write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    downloads = f"WeightFile('tiny.h5', {shop.address(adapter / 'tiny.h5')!r}, {digest!r}),"
    (adapter / "tiny_adapter.py").write_text(ADAPTER.format(downloads=downloads))
    assert install(adapter, "--weights").status == 0

    def weights() -> bytes:
        prefix = run(environment_python("tiny") or "", "-c", "import sys; print(sys.prefix)")
        return (weights_folder("tiny", prefix) / "tiny.h5").read_bytes()

    assert weights() == b"weights"
    lock_version(adapter, "2.0")
    assert install(adapter).status == 0
    assert installed() == "2.0"
    assert weights() == b"weights"
    assert shop.sold == ["tiny.h5"]


def test_no_python_that_does(adapter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock_version(adapter, "1.0")
    code = (adapter / "tiny_adapter.py").read_text()
    (adapter / "tiny_adapter.py").write_text(
        code.replace("    modules", "    pythons = '>=3.4,<3.6'\n    modules")
    )
    done = install(adapter)
    assert done.status == 1
    assert "engine 'tiny' needs Python >=3.4,<3.6, and none was found" in done.errors[-1]
    assert "OCR_PLUGINS_PYTHON" in done.errors[-1]


@pytest.mark.slow
def test_an_index_that_cannot_be_reached(adapter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("PIP_NO_INDEX", "UV_NO_INDEX", "PIP_FIND_LINKS", "UV_FIND_LINKS"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in {
        "PIP_CONFIG_FILE": os.devnull,
        "UV_NO_CONFIG": "1",
        "UV_HTTP_RETRIES": "0",
        "PIP_RETRIES": "1",
        "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple",
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    }.items():
        monkeypatch.setenv(variable, value)
    (adapter / "locks" / "tiny.txt").write_text(f"tinything==1.0 --hash=sha256:{'0' * 64}\n")
    done = install(adapter)
    assert done.status == 1
    assert "could not be installed (the package index cannot be reached" in done.errors[-1]
    assert done.errors[-1].endswith("it goes on where it stopped")


@pytest.mark.slow
def test_where_uv_reaches_no_index_pip_is_tried(adapter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pip alone is told where packages lie, as on machines behind a mirror."""
    made = wheel(adapter, "tinything", "1.0")
    for variable in ("UV_NO_INDEX", "UV_FIND_LINKS"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in {
        "OCR_PLUGINS_UV": "",
        "UV_NO_CONFIG": "1",
        "UV_HTTP_RETRIES": "0",
        "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple",
        "PIP_FIND_LINKS": str(adapter),
    }.items():
        monkeypatch.setenv(variable, value)
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    (adapter / "locks" / "tiny.txt").write_text(f"tinything==1.0 --hash=sha256:{digest}\n")
    done = install(adapter)
    assert "trying pip" in done.err
    assert done.status == 0
    assert installed() == "1.0"
    assert len(built()) == 1


def test_a_home_that_cannot_be_written(adapter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock_version(adapter, "1.0")
    (adapter / "file").touch()
    monkeypatch.setenv("OCR_PLUGINS_HOME", str(adapter / "file"))
    with pytest.raises(
        OcrError, match=r"could not be installed .*Not a directory: .*OCR_PLUGINS_HOME"
    ) as caught:
        install_engine("tiny")
    assert caught.value.kind == "install_failed"


def test_engines_without_an_environment_of_their_own() -> None:
    with pytest.raises(CallError, match=r"engine 'rapidocr' has no environment .*pip install"):
        install_engine("rapidocr")
    with pytest.raises(CallError, match="no engine 'nosuch'"):
        install_engine("nosuch")


def test_one_failure_does_not_keep_others_from_being_tried(adapter: Path) -> None:
    for command in ("install", "remove"):
        done = ocr("engines", command, "nosuch", "null", env=environment(adapter))
        assert done.status == 2
        assert len(done.errors) == 2


def test_home_follows_the_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OCR_PLUGINS_HOME", str(tmp_path))
    assert engines_home() == tmp_path / "engines"
    assert environment_python("easyocr") is None
    monkeypatch.delenv("OCR_PLUGINS_HOME")
    assert engines_home().parts[-2:] == ("ocr-plugins", "engines")
