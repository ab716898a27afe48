"""Weights trained, tested and promoted by tasks, and read with by others."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from bags import dag_bag
from crnn_words import damaged, words_manifest
from PIL import Image
from services import s3
from tiny_crnn import build, picture

from ocr_plugins.airflow.answers import write_manifest
from ocr_plugins.airflow.lines_at import lines_at
from ocr_plugins.airflow.places import Place, run_folder
from ocr_plugins.airflow.readings import Reference, study_of
from ocr_plugins.airflow.training import Training, fine_tune
from ocr_plugins.airflow.weights_at import fetched, promoted_weights, specs_here
from ocr_plugins.airflow.work import Reader
from ocr_plugins.crnn.contest import compare_weights
from ocr_plugins.crnn.model_file import SHIPPED
from ocr_plugins.crnn.sources import true_lines
from ocr_plugins.document import Page
from ocr_plugins.errors import CallError, EngineUnavailableError, ManifestError, SourceError
from ocr_plugins.evaluation import get_convention
from ocr_plugins.manifest import load_manifest
from ocr_plugins.spec import parse_spec, parse_specs
from ocr_plugins.weights import sha256_of

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This machine's cache, which is empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "ocr-plugins"


@pytest.fixture
def there(place: Path) -> Place:
    return Place(str(place))


def promote(place: Place, weights: Path, name: str = "crnn") -> str:
    """Weights as a training that promoted them leaves them; their hash."""
    sha256 = sha256_of(weights)
    file = f"models/{name}/{sha256[:16]}.onnx"
    place.write(file, weights.read_bytes())
    place.write_json(f"models/{name}/promoted.json", {"schema_version": 1, "weights": file, "sha256": sha256})
    return sha256


def drawn(folder: Path, **texts: str) -> Path:
    """A manifest of lines that the tiny network reads."""
    folder.mkdir()
    rows = []
    for name, text in texts.items():
        Image.fromarray(picture(text)).save(folder / f"{name}.png")
        rows.append({"id": name, "image": f"{name}.png", "text": text, "level": "line"})
    path = folder / "manifest.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


# Weights by URL, or promoted.


def test_a_url_in_an_option_becomes_a_file_and_nothing_else_changes(
    there: Place, tmp_path: Path, cache: Path
) -> None:
    weights = build(tmp_path / "tiny" / "tiny.onnx")
    fsspec.filesystem("memory").pipe_file("/models/tiny.onnx", weights.read_bytes())
    sha256 = sha256_of(weights)
    for url in ("memory://models/tiny.onnx", f"file://{weights}"):
        (spec,) = specs_here(there, parse_specs(f"mine=crnn:weights={url}:beam=4"))
        options = dict(spec.options)
        assert Path(options["weights"]) == cache / "weights" / f"{sha256}.onnx"
        assert sha256_of(Path(options["weights"])) == sha256
        assert (options["beam"], spec.label, spec.text) == ("4", "mine", f"crnn:weights={url}:beam=4")
        # Defaults do not change what it is called either.
        assert spec.with_defaults(lang="de").text == spec.text
    (other,) = specs_here(there, parse_specs("rapidocr:rec_model=memory://models/tiny.onnx"))
    assert dict(other.options)["rec_model"] == options["weights"]
    unlabelled = parse_spec("crnn:weights=memory://models/tiny.onnx")
    assert specs_here(there, [unlabelled])[0].label == str(unlabelled) == unlabelled.text
    untouched = parse_specs("crnn:weights=a.onnx,tesseract:lang=de,vote")
    assert specs_here(there, untouched) == untouched
    assert not list(cache.rglob("*.part"))


def test_a_file_that_is_named_by_its_hash_is_fetched_once_and_checked(tmp_path: Path) -> None:
    memory = fsspec.filesystem("memory")
    weights = build(tmp_path / "tiny" / "tiny.onnx")
    sha256 = sha256_of(weights)
    url = f"memory://hashed/{sha256[:16]}.onnx"
    memory.pipe_file(f"/hashed/{sha256[:16]}.onnx", weights.read_bytes())
    path = fetched(url)
    memory.rm("/hashed", recursive=True)
    assert fetched(url) == path
    path.write_bytes(b"something else")
    with pytest.raises(SourceError, match="cannot be fetched"):
        fetched(url)
    memory.pipe_file(f"/hashed/{sha256[:16]}.onnx", b"an impostor")
    with pytest.raises(EngineUnavailableError, match="not the known one"):
        fetched(url)
    # A date is no hash.
    memory.pipe_file("/hashed/20261122195100000.onnx", b"anything")
    assert fetched("memory://hashed/20261122195100000.onnx").read_bytes() == b"anything"


def test_promoted_weights_are_the_packages_until_some_are(there: Place, tmp_path: Path) -> None:
    asked = parse_specs("crnn:weights=promoted")
    (spec,) = specs_here(there, asked)
    assert dict(spec.options)["weights"] == str(SHIPPED)
    plain = Reader(specs=parse_specs("crnn"), workers=0)
    assert plain.fingerprint(spec) == plain.fingerprint(plain.specs[0])
    sha256 = promote(there, build(tmp_path / "tiny" / "tiny.onnx"))
    (spec,) = specs_here(there, asked)
    assert sha256_of(Path(dict(spec.options)["weights"])) == sha256
    assert (spec.text, spec.label) == ("crnn:weights=promoted", "crnn:weights=promoted")
    assert plain.fingerprint(spec) != plain.fingerprint(plain.specs[0])


def test_promoted_weights_that_are_not_as_they_were_are_not_used(there: Place, tmp_path: Path) -> None:
    sha256 = promote(there, build(tmp_path / "tiny" / "tiny.onnx"))
    there.write(f"models/crnn/{sha256[:16]}.onnx", b"something else")
    with pytest.raises(EngineUnavailableError, match="not the known one"):
        promoted_weights(there, "crnn")
    there.write_json(
        "models/crnn/promoted.json", {"schema_version": 1, "weights": "gone.onnx", "sha256": sha256}
    )
    with pytest.raises(EngineUnavailableError, match="not there"):
        promoted_weights(there, "crnn")
    for record in (b"{half", b"[]", b'{"schema_version": 1, "weights": "a", "sha256": "*"}'):
        there.write("models/crnn/promoted.json", record)
        with pytest.raises(CallError, match="no record"):
            promoted_weights(there, "crnn")


READING = """
from airflow.sdk import dag
from ocr_plugins.airflow import OcrOperator

@dag(schedule=None, params={"inputs": "", "engine": ""})
def reading():
    OcrOperator(task_id="read", batch=["{{ params.inputs }}"], engine="{{ params.engine }}", lang="en")

reading()
"""


def run_of(dag: str, folder: Path, /, **conf: Any) -> Any:
    """A run of a DAG in this process."""
    return dag_bag(folder).dags[dag].test(run_conf=conf)


def results_of(place: Place, run: Any) -> Reference:
    """What the one task that reads has returned."""
    (name,) = place.names(f"{run_folder('reading', run.run_id)}/results")
    (reference,) = place.read_json(name)
    return Reference.from_dict(reference)


def texts_of(place: Place, reference: Reference) -> dict[str, str]:
    study = study_of(place, reference.of_batch.load(place), [reference], get_convention("default"))
    return {
        name: page.text if isinstance(page, Page) else page.kind
        for name, page in study.runs[0].results.items()
    }


def test_tasks_read_with_what_is_promoted_and_do_not_mix(
    airflow: None, there: Place, tmp_path: Path, dags: Path
) -> None:
    (dags / "reading.py").write_text(READING)
    lines = drawn(tmp_path / "lines", a="abcd", b="dab cab")
    conf = {"inputs": str(lines), "engine": "crnn:weights=promoted"}
    promote(there, build(tmp_path / "tiny" / "first.onnx"))
    first = results_of(there, run_of("reading", dags, **conf))
    assert texts_of(there, first) == {"a": "abcd", "b": "dab cab"}
    # Others that call what they see by other letters.
    other = {"alphabet": json.dumps([" ", "e", "f", "g", "h"])}
    promote(there, build(tmp_path / "tiny" / "second.onnx", other))
    second = results_of(there, run_of("reading", dags, **conf))
    assert texts_of(there, second) == {"a": "efgh", "b": "hef gef"}
    assert second.engine == first.engine == second.spec == "crnn:weights=promoted"
    assert second.batch == first.batch
    assert (second.fingerprint, second.file) != (first.fingerprint, first.file)
    assert texts_of(there, first) == {"a": "abcd", "b": "dab cab"}
    # No path of this machine is in what is kept.
    told = [there.read(name) or b"" for folder in ("store", "results") for name in there.names(folder)]
    assert told
    assert not any(b".onnx" in data and str(tmp_path / "cache").encode() in data for data in told)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A bucket called ocr, and a connection to it."""
    with s3("ocr") as one:
        connection = {
            "conn_type": "aws",
            "login": "key",
            "password": "word",
            "extra": {"endpoint_url": one.endpoint, "region_name": "us-east-1"},
        }
        monkeypatch.setenv("AIRFLOW_CONN_MY_AWS", json.dumps(connection))
        yield one


def test_weights_and_lines_come_from_a_bucket_by_its_connection(
    airflow: None, there: Place, tmp_path: Path, dags: Path, bucket: Any
) -> None:
    (dags / "reading.py").write_text(READING)
    bucket.put("models/tiny.onnx", build(tmp_path / "tiny" / "tiny.onnx").read_bytes())
    for path in drawn(tmp_path / "lines", a="abcd", b="dab", c="cab").parent.iterdir():
        bucket.put(f"lines/{path.name}", path.read_bytes())
    url = "s3://my_aws@ocr/models/tiny.onnx"
    manifest = "s3://my_aws@ocr/lines/manifest.jsonl"
    found = results_of(there, run_of("reading", dags, inputs=manifest, engine=f"crnn:weights={url}"))
    assert texts_of(there, found) == {"a": "abcd", "b": "dab", "c": "cab"}
    assert found.engine == f"crnn:weights={url}"

    rows = [
        {"id": name, "image": f"{name}.png", "text": name, "level": "line"} for name in ("a", "gone", "c")
    ]
    bucket.put("lines/some.jsonl", "\n".join(map(json.dumps, rows)).encode())
    told: list[str] = []
    some = "s3://my_aws@ocr/lines/some.jsonl"
    lines = lines_at([manifest, some], [], tmp_path / "here", seed=0, least=1, say=told.append)
    assert [line.text for line in lines.learnt] == ["abcd", "dab", "cab", "a", "c"]
    assert [path.name for path in lines.manifests] == ["lines.jsonl", "some.jsonl"]
    assert any("1 rows are wrong" in line for line in told)
    with pytest.raises(ManifestError, match="cannot be read"):
        lines_at(["s3://my_aws@ocr/none.jsonl"], [], tmp_path / "none", seed=0, least=1, say=told.append)


# What is learnt, and what is held out.


def unheard(line: str) -> None:
    pass


def images_of(manifests: Iterable[Path]) -> set[bytes]:
    return {Path(row.path).read_bytes() for manifest in manifests for row in load_manifest(manifest).rows}


def test_what_is_held_out_is_not_learnt_whatever_it_is_called(tmp_path: Path) -> None:
    mine = words_manifest(tmp_path / "mine", 12, 6)
    theirs = words_manifest(tmp_path / "theirs", 10, 5, seed=1)
    # A held-out image in a folder of its own, with another text and a box.
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(tmp_path / "theirs" / "4.png", copy / "page.png")
    line = {"text": "corrected", "box": [0, 0, 30, 20]}
    row = {"id": "p", "image": "page.png", "text": "corrected", "lines": [line]}
    (copy / "copied.jsonl").write_text(json.dumps(row))
    told: list[str] = []
    data = [str(mine), str(theirs), str(copy / "copied.jsonl")]
    lines = lines_at(data, [str(theirs)], tmp_path / "here", seed=0, least=10, say=told.append)
    assert (len(lines.learnt), len(lines.held), lines.groups) == (12, 10, 5)
    assert not images_of(lines.manifests) & images_of([theirs])
    assert [path.name for path in lines.manifests] == ["mine.jsonl"]
    assert any("11 left out" in line for line in told)
    with pytest.raises(CallError, match="no line is left"):
        lines_at([str(theirs)], [str(theirs)], tmp_path / "none", seed=0, least=1, say=unheard)


def test_groups_are_held_out_until_they_are_enough(tmp_path: Path) -> None:
    def parted(count: int, groups: int, least: int, seed: int = 0) -> tuple[set[str], set[str]]:
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        manifest = words_manifest(folder / "mine", count, groups)
        lines = lines_at([str(manifest)], [], folder / "here", seed=seed, least=least, say=unheard)
        assert len(lines.learnt) + len(lines.held) == count
        assert not lines.held or (len(lines.held) >= least and lines.groups >= 5)
        learnt, held = ({str(line.row.group) for line in part} for part in (lines.learnt, lines.held))
        assert not learnt & held
        return learnt, held

    some, many = parted(60, 20, 5), parted(60, 20, 20)
    assert 5 <= len(some[1]) <= 10
    assert some[1] <= many[1]
    assert parted(60, 20, 5) == some
    assert parted(60, 20, 5, seed=1) != some
    # What was learnt is not held out when there is more of it.
    more = parted(180, 60, 20)
    assert more[1]
    assert not many[0] & more[1]
    assert parted(30, 3, 1)[1] == set()


def test_too_little_to_test_on_is_told_and_nothing_is_trained(there: Place, tmp_path: Path) -> None:
    few = words_manifest(tmp_path / "few", 12, 12)
    one = words_manifest(tmp_path / "one", 30, 1, seed=1)
    for training in (
        Training(data=(str(few),), least=50, steps=1),
        Training(data=(str(few),), held_out=(str(one),), least=20, steps=1),
        Training(data=(str(one),), least=1, steps=1),
    ):
        record = fine_tune(there, training, {"run": "r"}, unheard)
        assert not record["promoted"]
        assert record["weights"] is None
        assert f"takes {training.least} of 5" in record["why"]
    assert there.names("models") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"data": ()},
        {"name": "../crnn"},
        {"steps": 0},
        {"minutes": 0.0},
        {"seed": -1},
        {"threads": 0},
        {"least": 0},
    ],
)
def test_a_wrong_training_is_told(wrong: dict[str, Any]) -> None:
    with pytest.raises(CallError):
        Training(**{"data": ("a.jsonl",), **wrong})


def without_keras(place: Path, training: str) -> subprocess.CompletedProcess[str]:
    """Fine-tunes where Keras does not load: its backend is not installed."""
    script = (
        "from ocr_plugins.airflow.places import Place\n"
        "from ocr_plugins.airflow.training import Training, fine_tune\n"
        f"print(fine_tune(Place({str(place)!r}), {training}, {{}}, print)['why'])"
    )
    return subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        check=False,
        env=os.environ | {"KERAS_BACKEND": "jax"},
        text=True,
    )


def test_without_keras_a_task_says_what_to_install(tmp_path: Path) -> None:
    mine, theirs = words_manifest(tmp_path / "mine"), words_manifest(tmp_path / "theirs", 20, 5, seed=1)
    training = f"Training(data=({str(mine)!r},), held_out=({str(theirs)!r},), least=15)"
    done = without_keras(tmp_path, training)
    assert "pip install 'ocr-plugins[crnn-train]'" in done.stderr.splitlines()[-1]


def test_too_little_to_tell_is_said_without_keras(tmp_path: Path) -> None:
    done = without_keras(tmp_path, f"Training(data=({str(words_manifest(tmp_path / 'mine', 10, 5))!r},))")
    assert done.returncode == 0, done.stderr
    assert "are held out, and it takes" in done.stdout.splitlines()[-1]


# Training.

TRAINING = """
from airflow.sdk import dag
from ocr_plugins.airflow import TrainCrnnOperator

@dag(schedule=None, params={"data": "", "held_out": "", "start": "", "name": "crnn", "steps": 1})
def training():
    TrainCrnnOperator(
        task_id="train",
        data="{{ params.data }}",
        held_out="{{ params.held_out }}",
        start="{{ params.start }}",
        name="{{ params.name }}",
        steps="{{ params.steps }}",
        threads="",
        least=15,
    )

training()
"""


@pytest.fixture
def one_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    """TensorFlow compiles a step anew for each width of a batch, which takes longer than all steps here."""
    monkeypatch.setattr("ocr_plugins.crnn.batches.WIDTHS", (256,))


def test_better_weights_are_promoted(
    airflow: None,
    there: Place,
    tmp_path: Path,
    dags: Path,
    cache: Path,
    one_shape: None,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (dags / "training.py").write_text(TRAINING)
    mine = words_manifest(tmp_path / "mine")
    theirs = words_manifest(tmp_path / "theirs", 20, 5, seed=1)
    start = damaged(tmp_path / "weights" / "start.onnx")
    conf = {"data": f"{mine}\n{theirs}", "held_out": str(theirs)}
    run = run_of("training", dags, **conf, start=str(start), steps=5)
    assert run.state == "success"

    record = there.read_json("models/crnn/promoted.json")
    assert record["promoted"]
    assert record["cer_after"] < record["cer_before"] / 2
    assert record["ratio"]["low"] <= record["ratio"]["value"] <= record["ratio"]["high"] < 1
    assert (record["lines"], record["groups"], record["steps"]) == (20, 5, 5)
    assert 20 <= record["learnt"] < 28
    assert record["from"] == record["against"] == sha256_of(start)
    assert record["run"]["run"] == run.run_id
    new = promoted_weights(there, "crnn")
    assert new is not None
    assert record["weights"] == f"models/crnn/{sha256_of(new)[:16]}.onnx"
    assert record["cer_after"] == compare_weights(start, new, true_lines([theirs])).cer_after
    card = (there.read(record["weights"].replace(".onnx", ".md")) or b"").decode()
    assert f"{record['cer_after']:.4f} (before: {record['cer_before']:.4f})" in card
    (history,) = there.names("models/crnn/history")
    assert there.read_json(history) == record
    assert there.read_json(f"{run_folder('training', run.run_id)}/training/train-00000.json") == record
    assert not list(cache.glob("training/*"))

    # Words are told nowhere: not in what tasks log, nor in what they hand on.
    said = "".join(capfd.readouterr()) + json.dumps(record)
    assert "CER" in said
    assert not any(word in said for word in ("lamp", "river", "queen", "marble", "candle"))


def test_a_killed_task_goes_on_and_what_is_no_better_is_not_promoted(
    there: Place, tmp_path: Path, cache: Path, one_shape: None
) -> None:
    theirs = words_manifest(tmp_path / "theirs", 20, 5, seed=1)
    training = Training(
        data=(str(words_manifest(tmp_path / "mine")),), held_out=(str(theirs),), steps=2, least=15, threads=2
    )
    run = {"dag": "d", "run": "r", "task": "t", "index": -1}
    told: list[str] = []

    def killed(line: str) -> None:
        told.append(line)
        if "step 1," in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fine_tune(there, training, run, killed)
    (folder,) = cache.glob("training/*")
    assert list(folder.glob("checkpoints-*/step-*.npz"))
    assert not (folder / "data").exists()
    assert there.names("models") == []
    record = fine_tune(there, training, run, told.append)
    assert record["run"] == run
    steps = [line.partition("step ")[2].partition(",")[0] for line in told if ", step " in line]
    assert steps == ["1", "2"]
    assert record["steps"] == 2
    assert not list(cache.glob("training/*"))
    assert "TF_NUM_INTRAOP_THREADS" not in os.environ

    # The package's weights read these lines without an error, so none can be better.
    assert not record["promoted"]
    assert record["from"] == record["against"] == sha256_of(SHIPPED)
    (history,) = there.names("models/crnn/history")
    assert there.read_json(history) == record
    assert there.read(record["weights"]) is not None
    assert there.read("models/crnn/promoted.json") is None
    assert promoted_weights(there, "crnn") is None


def test_no_answers_teach_nothing(tmp_path: Path) -> None:
    place = Place(str(tmp_path / "place"))
    write_manifest(place)
    record = fine_tune(place, Training(data=("answers",)), {"run": "r"}, print)
    assert (record["promoted"], record["lines"]) == (False, 0)
