"""What networks run on: graphs in int8, what each runtime needs, CRAFT's boxes against keras-ocr's own."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import pytest
from ocr_plugins.adapters import easyocr, graphs, int8, keras_ocr, runtimes, trocr, tuning
from onnx import TensorProto, helper, numpy_helper

import ocr_plugins
from ocr_plugins import adapters, load_manifest
from ocr_plugins.environments import environment_python
from ocr_plugins.errors import EngineUnavailableError
from ocr_plugins.samples import samples_manifest


def convolutions() -> bytes:
    """Two convolutions with a maximum pooling between, the first of 3 channels."""
    chance = np.random.default_rng(1)

    def weights(name: str, *shape: int) -> Any:
        return numpy_helper.from_array(chance.normal(0, 0.2, shape).astype(np.float32), name)

    nodes = [
        helper.make_node("Conv", ["image", "w1"], ["a"], name="first", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("MaxPool", ["b"], ["c"], name="pool", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["c", "w2"], ["d"], name="second", pads=[1, 1, 1, 1]),
        helper.make_node("Concat", ["c", "d"], ["scores"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, "h", "w"])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 16, "y", "x"])],
        [weights("w1", 8, 3, 3, 3), weights("w2", 8, 8, 3, 3)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def image(seed: int) -> dict[str, Any]:
    return {"image": np.random.default_rng(seed).normal(size=(1, 3, 32, 48)).astype(np.float32)}


def open_session(graph: graphs.Graph) -> graphs.Session:
    return runtimes.open_onnxruntime(graph, 1)


def test_int8_is_near_and_only_where_it_was_asked_for() -> None:
    graph = convolutions()
    found = int8.quantize(
        graph, lambda weights: weights.shape[1] == 8, [image(1), image(2), image(3)], open_session
    )
    nodes = onnx.load_model_from_string(found).graph.node
    kinds = [node.op_type for node in nodes]
    assert kinds.count("QuantizeLinear") == 1, "the input of the second convolution alone"
    assert kinds.count("MaxPool") == 2, "one in int8 beside the one that the concatenation takes"
    (quantized,) = [node for node in nodes if node.op_type == "QuantizeLinear"]
    assert quantized.input[0] == "b", "before the pooling, which then runs in int8"
    (exact,), (near,) = open_session(graph)(image(4)), open_session(found)(image(4))
    assert np.array_equal(exact[:, :8], near[:, :8]), "what others take of the same values is rounded"
    error = np.abs(exact - near)
    assert 0 < error.max() < 0.03 * np.abs(exact).max()


def test_openvino_computes_what_onnxruntime_does() -> None:
    graph = convolutions()
    (one,), (other,) = (
        open_session(graph)(image(1)),
        runtimes.open_openvino(graph, 1, exact=True)(image(1)),
    )
    assert np.allclose(one, other, atol=1e-5)


def test_memory_is_given_back_where_it_is_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the machine's, or of what the host lets a worker keep."""
    released: list[int] = []

    class Released:
        def __init__(self, model: Any) -> None:
            self._model = model
            self.outputs = model.outputs

        def __call__(self, inputs: Any) -> Any:
            return self._model(inputs)

        def release_memory(self) -> None:
            released.append(1)
            self._model.release_memory()

    core = runtimes._openvino().Core
    monkeypatch.setattr(
        runtimes._openvino(),
        "Core",
        lambda: SimpleNamespace(
            read_model=core().read_model,
            compile_model=lambda *arguments: Released(core().compile_model(*arguments)),
            get_property=core().get_property,
        ),
    )
    graph = convolutions()
    for given, times in (("1", 1), (str(10**12), 1), ("2", 2)):
        monkeypatch.setenv(runtimes.WORKER_MEMORY, given)
        (found,) = runtimes.open_openvino(graph, 1, exact=True)(image(1))
        assert np.allclose(found, open_session(graph)(image(1))[0], atol=1e-5)
        assert len(released) == times


def test_a_graph_is_kept_under_what_it_was_made_of(tmp_path: Path) -> None:
    made: list[str] = []

    def kept(text: str, folder: Path = tmp_path) -> graphs.Graph:
        return graphs.kept("part", [text], lambda: made.append(text) or convolutions(), folder)

    one, again, other = (kept(text) for text in ("one", "one", "other"))
    assert made == ["one", "other"]
    assert one == again != other
    (expected,) = open_session(convolutions())(image(1))
    for found in (open_session(one), runtimes.open_openvino(one, 1, exact=True)):
        assert np.allclose(found(image(1))[0], expected, atol=1e-5)
    blocked = tmp_path / "file"
    blocked.touch()
    assert kept("one", blocked) == convolutions(), "in memory, where nothing can be written"


@pytest.mark.parametrize("ending", ["onnx", "weights"])
@pytest.mark.parametrize("harm", [lambda path: path.unlink(), lambda path: path.write_bytes(b"harm")])
def test_a_damaged_graph_is_made_again(tmp_path: Path, ending: str, harm: Callable[[Path], object]) -> None:
    made: list[str] = []

    def kept() -> graphs.Graph:
        return graphs.kept("part", [], lambda: made.append("again") or convolutions(), tmp_path)

    kept()
    (path,) = tmp_path.glob(f"*.{ending}")
    assert path.stat().st_size > 1000, "the weights of the second convolution lie apart"
    harm(path)
    assert np.array_equal(open_session(kept())(image(1))[0], open_session(convolutions())(image(1))[0])
    kept()
    assert made == ["again", "again"]


def quickest(folder: Path, seconds: dict[int, float], ran: list[int], made_of: str = "graph") -> int:
    """By a clock that runs only while a choice does."""

    def run(choice: int) -> None:
        ran.append(choice)
        clock[0] += seconds[choice]

    clock = [0.0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tuning.time, "perf_counter", lambda: clock[0])
        return tuning.quickest("lines", (4, 8), run, [made_of], folder)


@pytest.mark.parametrize(("second", "best"), [(0.46, 8), (0.48, 4), (2.0, 4)])
def test_the_first_choice_gives_way_to_what_is_clearly_quicker(
    tmp_path: Path, second: float, best: int
) -> None:
    seconds, ran = {4: 0.5, 8: second}, list[int]()
    assert quickest(tmp_path, seconds, ran) == best
    assert ran == [4, 4, 8] + [4, 8] * 3, "by turns"
    assert quickest(tmp_path, seconds, ran) == best
    assert len(ran) == 9, "kept"
    (path,) = tmp_path.iterdir()
    assert json.loads(path.read_text())["quickest"] == best
    for text in ("", "[]", '{"quickest": 5}'):
        path.write_text(text)
        assert quickest(tmp_path, seconds, ran) == best
    assert len(ran) == 36
    quickest(tmp_path, seconds, ran, "another")
    assert len(ran) == 45


def test_what_takes_long_is_not_measured_and_what_cannot_be_kept_neither(tmp_path: Path) -> None:
    ran: list[int] = []
    slow = {4: 1.1, 8: 0.1}
    assert quickest(tmp_path, slow, ran) == quickest(tmp_path, slow, ran) == 4
    assert ran == [4, 4]
    assert quickest(tmp_path / "nowhere", {4: 0.5, 8: 0.1}, ran) == 4
    assert ran == [4, 4]


def test_threads_are_chosen_within_the_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)

    def chosen(most: int) -> int:
        return tuning.quickest_threads(convolutions(), image(1), most, exact=True, folder=tmp_path)

    found = chosen(2)
    (path,) = tmp_path.glob("threads-*.json")
    kept = json.loads(path.read_text())
    assert set(kept["seconds"]) == {"1", "2"}
    assert kept["quickest"] == found
    other = 3 - found
    path.write_text(json.dumps({"quickest": other}))
    assert chosen(2) == other
    assert chosen(1) == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    assert chosen(4) == 4, "the user's own choice"


def test_other_processes_and_libraries_see_nothing_of_onednns_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = dict(os.environ)
    session = runtimes.open_openvino(convolutions(), 1, exact=True)
    session(image(1))
    assert dict(os.environ) == before
    monkeypatch.setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "7")
    session(image(2))
    assert os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"] == "7"


def test_trocr_without_its_own_decoder_runs_as_upstream(tmp_path: Path) -> None:
    parts = {"encoder": {"model_type": "donut-swin"}, "decoder": {"model_type": "mbart"}}
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "vision-encoder-decoder", **parts}))

    def runtime(name: str) -> str:
        return str(trocr.TrOcrEngine(trocr.TrOcrOptions(model=str(tmp_path), runtime=name))._runtime)  # type: ignore[arg-type]

    assert runtime("auto") == runtime("upstream") == "upstream"
    with pytest.raises(EngineUnavailableError, match="TrOCR's decoder alone: use runtime=upstream"):
        runtime("exact")


def test_auto_is_upstream_where_it_must_be(monkeypatch: pytest.MonkeyPatch) -> None:
    assert runtimes.chosen("easyocr", "auto", "cpu", "install it") == "exact"
    assert runtimes.chosen("easyocr", "auto", "cuda", "install it") == "upstream"
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "tf2onnx" else find(name))
    assert keras_ocr.KerasOcrEngine(keras_ocr.KerasOcrOptions())._runtime == "upstream"
    with pytest.raises(EngineUnavailableError, match="needs tf2onnx, which is not installed: ocr-"):
        _ = keras_ocr.KerasOcrEngine(keras_ocr.KerasOcrOptions(runtime="exact"))._runtime
    own = easyocr.EasyOcrOptions(user_network_directory=Path("own"))
    assert easyocr.EasyOcrEngine(own)._runtime == "upstream"


def test_fast_needs_units_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtimes, "has_bfloat16", lambda: False)
    monkeypatch.setattr(runtimes, "has_int8", lambda: False)
    with pytest.raises(EngineUnavailableError, match="bfloat16 or int8: use runtime=exact"):
        runtimes.chosen("easyocr", "fast", "cpu", "install it", int8=True)
    monkeypatch.setattr(runtimes, "has_int8", lambda: True)
    assert runtimes.chosen("easyocr", "fast", "cpu", "install it", int8=True) == "fast"
    with pytest.raises(EngineUnavailableError, match="computes in bfloat16: use runtime=exact"):
        runtimes.chosen("crnn", "fast", "cpu", "install it")
    version = importlib.metadata.version("openvino")
    assert runtimes.runtime_name("fast", "", int8=True) == f"openvino {version} int8+fp32"


KERAS_BOXES = """
import os, sys
os.environ["TF_USE_LEGACY_KERAS"] = "1"
import cv2, numpy as np
from keras_ocr import detection
from ocr_plugins.adapters import craft, keras_ocr
engine = keras_ocr.KerasOcrEngine(keras_ocr.KerasOcrOptions(runtime="exact"))
engine.open()
detector = engine._reader.detector
network, maps, count = detector._session, {}, 0
detector._session = lambda inputs: maps.setdefault("found", network(inputs))
settings = {"detection_threshold": 0.7, "text_threshold": 0.4, "link_threshold": 0.4, "size_threshold": 10}
for path in sys.argv[1:]:
    image = cv2.imread(path)[:900, :900, ::-1]
    maps.clear()
    (ours,) = detector.detect([image], **settings)
    (theirs,) = detection.getBoxes(maps["found"][0], **settings)
    assert np.array_equal(ours, theirs), path
    assert np.array_equal(detector._normalize(image), detection.compute_input(image)), path
    count += len(ours)
print(count)
"""


@pytest.mark.slow
def test_keras_ocrs_boxes_are_those_of_upstream(tmp_path: Path) -> None:
    paths = [row.path for row in load_manifest(samples_manifest()).rows if row.ref().level == "page"]
    assert int(run_in("keras-ocr", KERAS_BOXES, tmp_path, *paths).split()[-1]) > 500


BATCHES = """
import sys
from ocr_plugins import testing
from ocr_plugins.adapters import easyocr, keras_ocr
name = sys.argv[1]
engine_class, options = {
    "easyocr": (easyocr.EasyOcrEngine, easyocr.EasyOcrOptions),
    "keras-ocr": (keras_ocr.KerasOcrEngine, keras_ocr.KerasOcrOptions),
}[name]
page = testing.drawn_page("\\n".join(["red dog cat"] * 4))
told = {}
for batch in (0, 2):
    engine = engine_class(options(runtime="exact", batch=batch))
    engine.open()
    model = engine._reader.recognizer
    model = model.prediction_model._model if name == "keras-ocr" else model
    network, taken = model._session, []
    model._session = lambda inputs: taken.append(len(inputs["image"])) or network(inputs)
    (read,) = engine.read([page])
    told[batch] = (read.text, max(taken), sum(taken))
assert told[0][0] == told[2][0] != ""
assert told[2][1] == 2 < told[0][1], told
assert told[2][2] == told[0][2] >= 3, told
"""


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["easyocr", "keras-ocr"])
def test_a_batch_is_what_was_asked_for(engine: str, tmp_path: Path) -> None:
    run_in(engine, BATCHES, tmp_path, engine)


def run_in(engine: str, script: str, tmp_path: Path, *arguments: object) -> str:
    """What a script prints in an engine's own environment."""
    python = environment_python(engine)
    assert python, f"run: ocr-plugins engines install {engine}"
    package = tmp_path / "ocr_plugins"
    package.mkdir()
    for entry in Path(ocr_plugins.__file__).parent.iterdir():
        (package / entry.name).symlink_to(entry)
    (package / "adapters").symlink_to(Path(str(adapters.__file__)).parent)
    done = subprocess.run(
        [python, "-P", "-c", script, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
