"""Weight files: fetched whole and checked or not at all, and read without running what is in them."""

from __future__ import annotations

import hashlib
import pickle
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from ocr_plugins.environments import environment_python
from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.torch_weights import read_torch_weights
from ocr_plugins.weights import WeightFile, fetch_weights

CONTENT = np.random.default_rng(0).bytes(300_000)


@dataclass
class Publisher:
    """A web server that offers one file, and how it behaves."""

    url: str = ""
    content: bytes = CONTENT
    status: int = 200
    #: Bytes after which it hangs up.
    most: int = len(CONTENT)
    resumes: bool = True
    #: The ranges it was asked for, one a request.
    asked: list[str | None] = field(default_factory=list)

    @property
    def file(self) -> WeightFile:
        return WeightFile("model.h5", f"{self.url}/model.h5", hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    about = Publisher()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers["Range"]
            about.asked.append(asked)
            start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and about.resumes else 0
            status = about.status if not start else 206 if start < len(about.content) else 416
            rest = about.content[start:] if status in (200, 206) else b""
            self.send_response(status)
            self.send_header("Content-Length", str(len(rest)))
            self.end_headers()
            self.wfile.write(rest[: about.most])

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        about.url = f"http://127.0.0.1:{server.server_port}"
        yield about
        server.shutdown()


def test_a_file_is_fetched_once(publisher: Publisher, tmp_path: Path) -> None:
    said: list[str] = []
    (path,) = fetch_weights([publisher.file], tmp_path / "new", said.append)
    assert path.read_bytes() == CONTENT
    assert [p.name for p in path.parent.iterdir()] == ["model.h5"]
    assert said[0] == f"fetching {publisher.url}/model.h5"
    fetch_weights([publisher.file], tmp_path / "new")
    assert publisher.asked == [None]


def test_an_altered_file_is_replaced(publisher: Publisher, tmp_path: Path) -> None:
    tmp_path.joinpath("model.h5").write_bytes(b"altered")
    (path,) = fetch_weights([publisher.file], tmp_path)
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("resumes", [True, False])
def test_an_interrupted_download_goes_on_where_it_stopped(
    publisher: Publisher, tmp_path: Path, resumes: bool
) -> None:
    publisher.most, publisher.resumes = 100_000, resumes
    with pytest.raises(EngineUnavailableError, match="ended 200000 bytes too early") as caught:
        fetch_weights([publisher.file], tmp_path)
    assert caught.value.kind == "download_failed"
    assert not tmp_path.joinpath("model.h5").exists()
    publisher.most = len(CONTENT)
    (path,) = fetch_weights([publisher.file], tmp_path)
    assert publisher.asked == [None, "bytes=100000-"]
    assert path.read_bytes() == CONTENT


def test_a_whole_part_is_taken_as_it_is(publisher: Publisher, tmp_path: Path) -> None:
    """What is left of a process that was killed before it could rename."""
    tmp_path.joinpath("model.h5.part").write_bytes(CONTENT)
    (path,) = fetch_weights([publisher.file], tmp_path)
    assert path.read_bytes() == CONTENT


def test_another_file_than_the_known_one_is_refused(publisher: Publisher, tmp_path: Path) -> None:
    publisher.content = b"something else"
    with pytest.raises(EngineUnavailableError, match="another file than the known one") as caught:
        fetch_weights([publisher.file], tmp_path)
    assert caught.value.kind == "wrong_hash"
    assert list(tmp_path.iterdir()) == []


def test_a_failure_is_one_line_that_names_file_and_way_out(publisher: Publisher, tmp_path: Path) -> None:
    publisher.status = 404
    nobody = WeightFile("model.h5", "http://127.0.0.1:9/model.h5", "")
    for file, why in ((publisher.file, "404 Not Found"), (nobody, "Connection refused")):
        with pytest.raises(
            EngineUnavailableError, match=rf"model.h5 could not be fetched from .*{why}"
        ) as caught:
            fetch_weights([file], tmp_path)
        assert str(tmp_path / "model.h5") in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_made_is_named(publisher: Publisher, tmp_path: Path) -> None:
    tmp_path.joinpath("file").touch()
    with pytest.raises(EngineUnavailableError, match=r"Not a directory|File exists"):
        fetch_weights([publisher.file], tmp_path / "file")


@pytest.fixture(scope="module")
def craft() -> Path:
    """CRAFT as PyTorch saved it, from the environment of keras-ocr."""
    python = environment_python("keras-ocr")
    assert python, "run: ocr-plugins engines install keras-ocr"
    (path,) = (
        Path(python).parents[1].glob("lib/python*/site-packages/easyocr_en_models/models/craft_mlt_25k.pth")
    )
    return path


def test_torch_weights_are_what_pytorch_reads(craft: Path) -> None:
    """The digest is that of the tensors which torch.load gave."""
    tensors = read_torch_weights(craft)
    digest = hashlib.sha256()
    for name, tensor in tensors.items():
        digest.update(f"{name} {tensor.dtype} {tensor.shape}".encode() + tensor.tobytes())
    assert len(tensors) == 154
    assert tensors["module.basenet.slice5.1.weight"].shape == (1024, 512, 3, 3)
    assert digest.hexdigest() == "b3835244973ab8dacc98af3bbf471a1a3a6e9f67af3b918be6270cc902f76777"


@pytest.mark.parametrize("length", [0, 10, 100, 20_000, 26_000, 27_860, 1_000_000])
def test_damaged_torch_weights_are_refused(craft: Path, tmp_path: Path, length: int) -> None:
    damaged = tmp_path / "damaged.pth"
    with craft.open("rb") as file:
        damaged.write_bytes(file.read(length))
    with pytest.raises(ValueError, match=re.escape(str(damaged))):
        read_torch_weights(damaged)


class Evil:
    """Pickles as a call."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> object:
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("place", range(5))
def test_a_pickle_cannot_run_code(tmp_path: Path, place: int) -> None:
    trace = tmp_path / "ran"
    pickles: list[object] = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}, {}, []]
    pickles[place] = Evil(trace)
    hostile = tmp_path / "hostile.pth"
    hostile.write_bytes(b"".join(pickle.dumps(one, 2) for one in pickles))
    with pytest.raises(ValueError, match="it asks for"):
        read_torch_weights(hostile)
    assert not trace.exists()


def test_nothing_but_tensors_is_read(tmp_path: Path) -> None:
    """Names that stand close to the known ones, and storages that are none."""
    for text in (b"ctorch\nload\n.", b"ctorch._utils\n_rebuild_parameter\n.", b"ccollections\nUserDict\n."):
        header = b"".join(
            pickle.dumps(one, 2) for one in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})
        )
        file = tmp_path / "other.pth"
        file.write_bytes(header + text)
        with pytest.raises(ValueError, match="it asks for"):
            read_torch_weights(file)
