"""EasyOCR's runtimes, languages and custom networks, in its own environment and with its own code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ocr_plugins
from ocr_plugins import adapters, load_manifest, open_engine
from ocr_plugins.document import Page
from ocr_plugins.engine import Engine
from ocr_plugins.environments import environment_python
from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.host import prepare_engine
from ocr_plugins.image import PageImage
from ocr_plugins.samples import samples_manifest
from ocr_plugins.testing import check_engine, drawn_page

NETWORK = Path(__file__).with_name("easyocr_network.py")
# Confidences of fp32 networks, each computed by another library.
SLACK = 1e-3


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Runs Python code, or a file, in EasyOCR's environment, where it can import our modules."""
    python = environment_python("easyocr")
    assert python, "run: ocr-plugins engines install easyocr"
    package = tmp_path_factory.mktemp("packages") / "ocr_plugins"
    package.mkdir()
    for entry in Path(ocr_plugins.__file__).parent.iterdir():
        (package / entry.name).symlink_to(entry)
    (package / "adapters").symlink_to(Path(str(adapters.__file__)).parent)

    def run(code: str | Path, *arguments: Any, **variables: str) -> str:
        start = [python, code] if isinstance(code, Path) else [python, "-P", "-c", code]
        done = subprocess.run(
            [*start, *map(str, arguments)],
            env=os.environ | {"PYTHONPATH": str(package.parent)} | variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="module")
def exact() -> Iterator[Engine]:
    engine = open_engine("easyocr:runtime=exact")
    yield engine
    engine.close()


def sample(name: str) -> PageImage:
    return next(row for row in load_manifest(samples_manifest()).rows if row.id == name).ref().load()


def read(engine: Engine, image: PageImage) -> Page:
    (page,) = engine.read([image])
    assert isinstance(page, Page), page
    return page


# Runtimes


def test_contract_of_exact(exact: Engine) -> None:
    check_engine(exact)
    assert exact.info.runtime.startswith("openvino ")
    assert exact.info.runtime.endswith(" fp32")


@pytest.mark.slow
def test_exact_reads_what_upstream_reads(exact: Engine) -> None:
    """Text, boxes and confidence, on print, on a slanted photo and on a line."""
    upstream = open_engine("easyocr:runtime=upstream:quantize=false")
    assert upstream.info.runtime.startswith("torch ")
    images = [drawn_page("The quick brown fox\njumps over 13 lazy dogs."), sample("scene"), sample("line")]
    for image in images:
        ours, theirs = read(exact, image), read(upstream, image)
        assert theirs.text
        assert ours.text == theirs.text
        for one, other in zip(ours.iter_lines(), theirs.iter_lines(), strict=True):
            assert one.polygon == other.polygon
            assert one.confidence == pytest.approx(other.confidence, abs=SLACK)
    upstream.close()


LINES = """
import sys, time
import numpy as np
from PIL import Image, ImageOps
import easyocr.easyocr
from ocr_plugins.adapters import easyocr as adapter
from ocr_plugins.adapters.easyocr_lines import FoundBoxes
engine = adapter.EasyOcrEngine(adapter.EasyOcrOptions(runtime="exact"))
engine.open()
reader = engine._reader
easyocr.easyocr.imgH = engine._recognizer.height
pages, alone, times = [], [], [0.0, 0.0]
for path in sys.argv[1:]:
    grey = np.asarray(ImageOps.exif_transpose(Image.open(path)).convert("L"))
    upright, slanted = reader.detect(np.repeat(grey[..., None], 3, axis=2), reformat=False)
    # One that goes beyond the page, as its detector may give it.
    boxes = FoundBoxes(grey, [*upright[0], [-5, 40, -3, 30]], slanted[0])
    given = {"horizontal_list": boxes.upright, "free_list": boxes.slanted, "reformat": False}
    start = time.perf_counter()
    alone.append(reader.recognize(grey, **given))
    times[0] += time.perf_counter() - start
    pages.append(boxes)
start = time.perf_counter()
together = engine._lines.read(pages)
times[1] += time.perf_counter() - start
print("seconds alone, together:", *times)
read = lambda found: [(np.asarray(points).tolist(), text) for points, text, _ in found]
for mine, theirs in zip(together, alone, strict=True):
    assert read(mine) == read(theirs)
    assert np.allclose([sure for *_, sure in mine], [sure for *_, sure in theirs], atol=1e-3)
print(sum(len(found) for found in together))
"""


BOXES = """
import sys, time
import numpy as np
from PIL import Image, ImageOps
import torch
from easyocr import detection
from ocr_plugins.adapters import easyocr as adapter, easyocr_runtime
engine = adapter.EasyOcrEngine(adapter.EasyOcrOptions(runtime="exact"))
engine.open()
ours = engine._reader.get_textbox.__self__
network = ours._session
settings = {"text_threshold": 0.7, "link_threshold": 0.4, "low_text": 0.4, "poly": False, "device": "cpu"}
count, times = 0, [0.0, 0.0]
for path in sys.argv[1:]:
    image = np.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
    given = []

    def seen(inputs):
        # Upstream's and ours must give the network the very same image.
        given.append(inputs["image"])
        if len(given) == 1:
            seen.maps = network(inputs)
        assert np.array_equal(given[0], inputs["image"])
        return seen.maps

    ours._session = seen

    def upstreams(image):
        return torch.from_numpy(seen({"image": image.numpy()})[0]), None

    seen_by = {"canvas_size": 1280, "mag_ratio": 1.0, **settings}
    detection.get_textbox(upstreams, image, **seen_by)
    found = []
    for place, get_textbox in enumerate((detection.get_textbox, ours.get_textbox)):
        start = time.perf_counter()
        found.append([[box.tolist() for box in boxes] for boxes in get_textbox(upstreams, image, **seen_by)])
        times[place] += time.perf_counter() - start
    assert found[0] == found[1]
    count += len(found[0][0])
ours._session = network
blank = np.full((300, 200, 3), 255, np.uint8)
assert ours.get_textbox(None, blank, **seen_by) == [[]]
print("seconds upstream, ours:", *times)
print(count)
"""


def test_boxes_are_those_of_upstream(run: Any) -> None:
    rows = [row for row in load_manifest(samples_manifest()).rows if row.ref().level == "page"]
    assert len(rows) >= 8
    assert int(run(BOXES, *(row.path for row in rows)).split()[-1]) > 500


@pytest.mark.slow
def test_lines_read_together_are_read_as_alone(run: Any) -> None:
    rows = [
        row for row in load_manifest(samples_manifest()).rows if row.id in ("receipt", "scene", "typescript")
    ]
    assert int(run(LINES, *(row.path for row in rows)).split()[-1]) > 60


def test_the_fingerprint_tells_runtimes_apart() -> None:
    upstream = ":runtime=upstream"
    specs = (upstream, upstream + ":quantize=false", ":runtime=exact", ":runtime=exact:quantize=false", "")
    found = [prepare_engine(f"easyocr{spec}").info.fingerprint for spec in specs]
    assert len({*found}) == 3
    assert found[2] == found[3], "what is never quantised has two fingerprints"
    assert found[2] == found[4], "exact is not what is taken by itself"


def test_fast_reads_or_says_what_is_missing() -> None:
    cpu = Path("/proc/cpuinfo")
    flags = cpu.read_text(encoding="utf-8") if cpu.exists() else ""
    bfloat16, int8 = "avx512_bf16" in flags or "amx_bf16" in flags, "vnni" in flags
    if bfloat16 or int8:
        engine = open_engine("easyocr:runtime=fast")
        assert engine.info.runtime.endswith(" bf16") == (bfloat16 and not int8)
        assert engine.info.runtime.endswith(" int8+bf16") == (bfloat16 and int8)
        assert read(engine, drawn_page("plain print 123")).text == "plain print 123"
        engine.close()
    else:
        with pytest.raises(EngineUnavailableError, match="bfloat16 or int8: use runtime=exact") as caught:
            open_engine("easyocr:runtime=fast")
        assert caught.value.kind == "unsupported_runtime"


def test_exact_is_for_a_cpu() -> None:
    with pytest.raises(EngineUnavailableError, match="use runtime=upstream, or device=cpu") as caught:
        open_engine("easyocr:runtime=exact:device=cuda")
    assert caught.value.kind == "unsupported_device"


def test_graphs_lie_in_the_environment_under_their_hashes(exact: Engine) -> None:
    python = environment_python("easyocr")
    assert python
    folder = Path(python).parents[1] / "share" / "ocr-plugins" / "easyocr" / "graphs"
    assert exact.info.runtime
    names = [path.name.split("-")[0] for path in folder.glob("*-*-*.onnx")]
    assert {*names} >= {"detector", "recognizer"}


GRAPHS = """
import hashlib, sys
from pathlib import Path
import numpy as np, torch
from ocr_plugins.adapters import easyocr_graphs, graphs, runtimes
from ocr_plugins.errors import EngineUnavailableError

folder = Path(sys.argv[1])

class Small(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.layer, self.pool = torch.nn.Conv2d(1, 40, 3, 1, 1), torch.nn.AdaptiveAvgPool2d((None, 1))
    def forward(self, image):
        return self.pool(self.layer(image))

class Fixed(Small):
    def forward(self, image):
        # What a trace takes for a number.
        return super().forward(image) * float(image.shape[3])

class Hopeless(Small):
    def forward(self, image):
        return torch.linalg.eigvals(image[0, 0, :4, :4]).real

def image(width):
    return np.linspace(-1, 1, 8 * width, dtype=np.float32).reshape(1, 1, 8, width) - np.float32(0.5)

def graph(module, into=folder):
    network = easyocr_graphs._network(
        name="small", module=module, call=lambda module, image: module(image), trace=image(16),
        sample=image(24), input_axes={3: "width"}, output_axes={}, made_of={"small.pth": "0"},
    )
    return graphs.find_graph(network, lambda graph: runtimes.open_onnxruntime(graph, 1), into)
"""


@pytest.mark.slow
def test_a_graph_is_made_once_and_never_opened_when_altered(run: Any, tmp_path: Path) -> None:
    script = """
path = graph(Small())
(weights,) = folder.glob("*.weights")
assert {*folder.iterdir()} == {path, weights}
first = {file: file.read_bytes() for file in (path, weights)}
for file, data in first.items():
    assert file.stem.endswith(hashlib.sha256(data).hexdigest())
    assert not file.stat().st_mode & 0o111 and file.stat().st_mode & 0o400

def forbidden(*args):
    raise AssertionError("it was exported again")
export, graphs._export = graphs._export, forbidden
assert graph(Small()) == path
graphs._export = export

for file, data in first.items():
    file.write_bytes(data[:-1])
    assert graph(Small()) == path
    assert file.read_bytes() == data, "the altered file was not replaced"

blocked = folder / "file"
blocked.write_text("no folder")
unkept = runtimes.open_onnxruntime(graph(Small(), blocked / "graphs"), 1)({"image": image(24)})
kept = runtimes.open_onnxruntime(path, 1)({"image": image(24)})
assert np.array_equal(unkept, kept), "a folder that cannot be written stops nothing"

for module in (Fixed(), Hopeless()):
    try:
        graph(module, folder / "other")
    except EngineUnavailableError as error:
        print(error.kind, error)
assert not (folder / "other").exists()
"""
    # PyTorch's exporter prints the network that it cannot export.
    found = run(GRAPHS + script, tmp_path).splitlines()
    lines = [line for line in found if line.startswith("export_failed engine 'easyocr': its small")]
    assert len(lines) == 2
    assert all(line.endswith("use runtime=upstream") for line in lines)
    assert "does not give what it gives in its library" in lines[0]
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.slow
def test_processes_that_export_at_once_leave_a_whole_graph(run: Any, tmp_path: Path) -> None:
    script = """
import multiprocessing
def work(place):
    path = graph(Small())
    runtimes.open_onnxruntime(path, 1)({"image": image(24)})
    return path
with multiprocessing.get_context("fork").Pool(3) as pool:
    found = pool.map(work, range(6), chunksize=1)
paths = list(folder.iterdir())
assert {path for path in paths if path.suffix == ".onnx"} == {*found}
assert {path.suffix for path in paths} == {".onnx", ".weights"}
for path in paths:
    assert path.stem.endswith(hashlib.sha256(path.read_bytes()).hexdigest())
"""
    run(GRAPHS + script, tmp_path)


def test_the_thread_budget_reaches_the_libraries(run: Any) -> None:
    script = """
import cv2, torch
from ocr_plugins.adapters.easyocr_runtime import set_threads
print(set_threads(), torch.get_num_threads(), cv2.getNumThreads())
"""
    for threads in ("1", "2"):
        assert run(script, OCR_PLUGINS_THREADS=threads, OMP_NUM_THREADS="").split() == [threads] * 3
    users = {"OMP_NUM_THREADS": "1", "OPENCV_FOR_THREADS_NUM": "1"}
    assert run(script, OCR_PLUGINS_THREADS="2", **users).split() == ["1", "1", "1"]


@pytest.mark.slow
def test_nothing_is_fetched_and_nothing_reported(run: Any, tmp_path: Path) -> None:
    """Left to itself, openvino reports each import to its maker, and keeps count under the home."""
    script = """
import sys
def forbid(event, args):
    if event in ("socket.connect", "socket.getaddrinfo"):
        print("the network was asked:", args)
sys.addaudithook(forbid)
import cv2, numpy as np
from ocr_plugins.adapters import easyocr, runtimes
from ocr_plugins.image import PageImage
pixels = np.full((120, 320), 255, np.uint8)
cv2.putText(pixels, "offline", (60, 70), cv2.FONT_HERSHEY_SIMPLEX, 1.5, 0, 2)
engine = easyocr.EasyOcrEngine(easyocr.EasyOcrOptions(runtime="exact"))
print([page.text for page in engine.read([PageImage(pixels=pixels)])])
assert runtimes.has_bfloat16() in (False, True)
assert "openvino" in sys.modules
"""
    assert run(script, HOME=str(tmp_path), CI="").splitlines() == ["['offline']"]
    assert not (tmp_path / "intel").exists()


# Languages


@pytest.mark.slow
def test_languages_get_the_models_that_easyocr_takes_for_them(run: Any, tmp_path: Path) -> None:
    script = """
import json
from pathlib import Path
import easyocr
from easyocr import config
from ocr_plugins.adapters import easyocr_models as models
from ocr_plugins.errors import EngineUnavailableError

def theirs(codes):
    try:
        reader = easyocr.Reader(codes, gpu=False, detector=False, recognizer=False, verbose=False)
    except (ValueError, FileNotFoundError):
        return None
    table = models._models(config)
    standard = [table[name] for name in ("english_g2", *models._MODELS.values())]
    (file,) = [model["filename"] for model in standard if model["characters"] == reader.character]
    return file

def ours(codes):
    try:
        asked = [models.user_code(code) for code in codes]
        return models.find_recognizer(asked, "standard", Path("nowhere")).weights.name
    except EngineUnavailableError as error:
        assert error.kind == "unsupported_language"
        return None

every = [[code] for code in config.all_lang_list]
pairs = [[code, other] for code in config.all_lang_list[::3] for other in ("en", "ru", "fr", "th")]
wrong = [codes for codes in every + pairs if len({*codes}) == len(codes) and ours(codes) != theirs(codes)]
print(json.dumps([len(every), wrong, [codes[0] for codes in every if ours(codes) is None]]))
"""
    count, wrong, unread = json.loads(run(script, EASYOCR_MODULE_PATH=str(tmp_path)))
    assert count > 80
    assert wrong == []
    assert set(unread) == {"sa", "bgc", "mni"}, "languages whose letters EasyOCR's package lacks"


def test_a_language_without_weights_names_the_file_and_its_publisher(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match=r"latin_g2\.pth cannot be read") as caught:
        open_engine(f"easyocr:lang=fr:model_dir={tmp_path}")
    assert caught.value.kind == "missing_weights"
    assert caught.value.hint.startswith("unpack https://")
    assert "latin_g2.zip" in caught.value.hint


def test_weights_that_easyocr_does_not_publish_are_refused(tmp_path: Path) -> None:
    (tmp_path / "cyrillic_g2.pth").write_bytes(b"not a model")
    with pytest.raises(EngineUnavailableError, match=r"cyrillic_g2\.pth is not the one") as caught:
        open_engine(f"easyocr:lang=sr+ru:model_dir={tmp_path}")
    assert caught.value.kind == "wrong_hash"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("lang=xx", "does not know language 'xx'"),
        ("lang=th+fr", "the network for th+fr does not read 'fr': it reads th, en"),
        ("lang=zh:recog_network=english_g2", "does not read 'zh'"),
    ],
)
def test_languages_that_no_model_reads(options: str, message: str) -> None:
    with pytest.raises(EngineUnavailableError, match="engine 'easyocr'") as caught:
        open_engine(f"easyocr:{options}")
    assert message in str(caught.value)
    assert caught.value.kind == "unsupported_language"


def test_capabilities_tell_the_languages_whose_weights_are_there(tmp_path: Path) -> None:
    assert prepare_engine("easyocr").info.capabilities.languages == ("en",)
    python = environment_python("easyocr")
    assert python
    (weights,) = Path(python).parents[1].glob("lib/*/site-packages/easyocr_en_models/models/english_g2.pth")
    shutil.copy(weights, tmp_path)
    (tmp_path / "zh_sim_g2.pth").write_bytes(b"its hash is looked at when it is asked for")
    info = prepare_engine(f"easyocr:model_dir={tmp_path}").info
    assert info.capabilities.languages == ("en", "zh")
    assert {*info.weights} == {"craft_mlt_25k.pth", "english_g2.pth"}


# Custom networks


@pytest.fixture(scope="module")
def networks(run: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("networks")
    run(NETWORK, folder, "tinynet")
    return folder


@pytest.mark.slow
def test_a_network_of_the_users_reads_on_both_runtimes(networks: Path) -> None:
    spec = f"easyocr:recog_network=tinynet:user_network_directory={networks}"
    upstream, exact = (
        open_engine(f"{spec}:runtime=upstream:quantize=false"),
        open_engine(f"{spec}:runtime=exact"),
    )
    assert {*exact.info.weights} == {"craft_mlt_25k.pth", "tinynet.pth", "tinynet.py", "tinynet.yaml"}
    assert exact.info.capabilities.languages == ("en",)
    for image in (drawn_page("three letters here", "line"), drawn_page("a page of\nprint")):
        text = read(upstream, image).text
        assert text
        assert {*text} <= {*"abcdefgh \n"}
        assert read(exact, image).text == text
    upstream.close()
    exact.close()


@pytest.mark.parametrize(
    ("options", "change", "message"),
    [
        ("recog_network=other", None, "other.yaml cannot be read"),
        ("recog_network=../tinynet", None, "is no name of a Python module"),
        ("recog_network=tinynet:lang=de", None, "does not read 'de': it reads en"),
        ("recog_network=json", ("tinynet", "json"), "another Python module is called 'json'"),
        ("recog_network=tinynet", ("tinynet.py", None), "tinynet.py cannot be read"),
        ("recog_network=tinynet", ("tinynet.pth", None), "tinynet.pth cannot be read"),
        ("recog_network=tinynet", ("tinynet.yaml", "imgH: [oh"), "tinynet.yaml cannot be read"),
        ("recog_network=tinynet", ("tinynet.yaml", "imgH: 32"), "give it lang_list, a YAML list"),
    ],
)
def test_a_network_that_does_not_fit(
    networks: Path, tmp_path: Path, options: str, change: tuple[str, str | None] | None, message: str
) -> None:
    folder = tmp_path / "networks"
    shutil.copytree(networks, folder, ignore=shutil.ignore_patterns("__pycache__"))
    match change:
        case (name, None):
            (folder / name).unlink()
        case (name, text) if "." in name:
            (folder / name).write_text(str(text), encoding="utf-8")
        case (name, other):
            for path in folder.glob(f"{name}.*"):
                path.rename(path.with_stem(str(other)))
    with pytest.raises((CallError, EngineUnavailableError)) as caught:
        open_engine(f"easyocr:user_network_directory={folder}:{options}")
    assert message in str(caught.value)
    assert caught.value.hint


def test_a_network_that_does_not_exist_is_named() -> None:
    with pytest.raises((CallError, EngineUnavailableError), match=r"no recogniser 'latin_g9'.*latin_g2"):
        open_engine("easyocr:recog_network=latin_g9")


@pytest.mark.slow
def test_a_networks_weights_cannot_run_code(run: Any, networks: Path, tmp_path: Path) -> None:
    folder = tmp_path / "networks"
    shutil.copytree(networks, folder)
    script = """
import pathlib, sys, torch
class Evil:
    def __reduce__(self):
        return pathlib.Path.touch, (pathlib.Path(sys.argv[2]),)
torch.save({"module.x": Evil()}, sys.argv[1])
"""
    run(script, folder / "tinynet.pth", tmp_path / "ran")
    with pytest.raises(EngineUnavailableError) as caught:
        open_engine(f"easyocr:recog_network=tinynet:user_network_directory={folder}")
    assert caught.value.kind == "load_failed"
    assert not (tmp_path / "ran").exists()
