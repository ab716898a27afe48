"""The provider and its DAGs, in Airflow itself."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bags import dag_bag
from real import DAGS
from running import COMMAND, manifest, printed

pytestmark = pytest.mark.filterwarnings("ignore")

TEXTS = {"first": "the quick brown fox", "second": "jumps over it", "third": "and is gone"}
ENGINES = {"torch", "tensorflow", "cv2", "onnxruntime", "easyocr", "keras", "pandas", "numpy"}


def names_in(value: Any) -> list[str]:
    """All dotted names that a provider's information holds."""
    if isinstance(value, dict):
        return names_in(list(value.values()))
    if isinstance(value, list):
        return [name for one in value for name in names_in(one)]
    return [value] if isinstance(value, str) and value.startswith("ocr_plugins.") else []


def test_the_provider_tells_airflow_what_there_is() -> None:
    import airflow
    import jsonschema

    from ocr_plugins.airflow.provider import get_provider_info

    schema = json.loads(Path(airflow.__file__).with_name("provider_info.schema.json").read_text())
    info = get_provider_info()
    jsonschema.validate(info, schema)
    names = names_in(info)
    assert names
    for name in names:
        module, _, member = name.rpartition(".")
        assert hasattr(importlib.import_module(module), member) or importlib.import_module(name)


def test_airflow_finds_the_provider(airflow: None) -> None:
    from airflow.providers_manager import ProvidersManager

    manager = ProvidersManager()
    assert "ocr-plugins" in manager.providers
    assert "ocr" in dict(manager.taskflow_decorators)
    assert "ocr" in dict(manager.hooks)


@pytest.mark.parametrize("dag", sorted(path.stem for path in DAGS.glob("[!_]*.py")))
def test_parsing_a_dag_loads_no_engine(dag: str) -> None:
    script = (
        "import json, runpy, sys; runpy.run_path(sys.argv[1]);"
        "print('LOADED', json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(DAGS / f"{dag}.py")], capture_output=True, check=True, text=True
    )
    loaded = set(json.loads(done.stdout.rpartition("LOADED ")[2]))
    assert "airflow" in loaded
    assert not loaded & ENGINES


def test_the_dags_lie_where_the_command_says() -> None:
    done = subprocess.run([*COMMAND, "airflow", "dags-path"], capture_output=True, check=True, text=True)
    assert Path(done.stdout.strip(), "ocr_batch.py").is_file()


def test_all_dags_are_whole(airflow: None) -> None:
    bag = dag_bag(DAGS)
    assert not bag.import_errors
    assert "ocr_batch" in bag.dags


def run_of(dag: str, folder: Path = DAGS, /, **conf: Any) -> Any:
    """A run of a DAG in this process, tried once, and its tasks by their names and map indices."""
    known = dag_bag(folder).dags[dag]
    for task in known.tasks:
        if task.is_mapped:
            task.partial_kwargs["retries"] = 0
        else:
            task.retries = 0
    run = known.test(run_conf=conf)
    return run, {(one.task_id, one.map_index): one for one in run.get_task_instances()}


def test_scans_become_text(airflow: None, place: Path, tmp_path: Path) -> None:
    for name, text in TEXTS.items():
        printed(tmp_path / "in" / f"{name} page.png", text)
    (tmp_path / "in" / "broken.png").write_bytes(b"no picture")
    truth = manifest(
        tmp_path / "in" / "truth.jsonl", **{f"{name} page": text for name, text in TEXTS.items()}
    )
    conf = {
        "inputs": f"{tmp_path / 'in'}\n{tmp_path / 'gone.pdf'}",
        "engines": "tesseract,crnn,vote",
        "formats": "text,pdf",
        "truth": str(truth),
        "batch_pages": 2,
    }
    run, tasks = run_of("ocr_batch", **conf)
    assert run.state == "success"
    assert sum(task == "read" for task, _ in tasks) == 4
    assert sum(task == "vote" for task, _ in tasks) == 2

    folder = next(place.glob("runs/ocr_batch/*"))
    for name, text in TEXTS.items():
        assert (folder / "files" / f"{name}_page.txt").read_text().split() == text.split()
        assert (folder / "files" / f"{name}_page.pdf").read_bytes().startswith(b"%PDF")
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["pages"] == 4
    assert summary["input_errors"] == 1
    for engine in ("tesseract", "crnn", "vote"):
        assert (summary["engines"][engine]["pages"], summary["engines"][engine]["errors"]) == (4, 1)
        assert summary["engines"][engine]["cer"] < 0.1
    assert b"quick" in (folder / "report.html").read_bytes()

    kept = {path: path.stat().st_mtime_ns for path in place.glob("store/*/*-p1.json")}
    assert len(kept) == 2 * len(TEXTS)
    again, _ = run_of("ocr_batch", **conf)
    assert again.state == "success"
    assert {path: path.stat().st_mtime_ns for path in place.glob("store/*/*-p1.json")} == kept


POOLED = """
from airflow.sdk import dag
from ocr_plugins.airflow import PlanBatchesOperator, VoteOperator, read_batches

@dag(schedule=None, params={"inputs": ""})
def pooled():
    plan = PlanBatchesOperator(task_id="plan", inputs="{{ params.inputs }}", engines="tesseract")
    VoteOperator(task_id="vote", readings=read_batches(plan), trigger_rule="all_done")

pooled()
"""


def test_what_engines_need_has_pools_of_its_own(
    airflow: None, place: Path, tmp_path: Path, dags: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__OCR__MEMORY_POOL", "ocr_memory")
    monkeypatch.setenv("AIRFLOW__OCR__QUEUE", "readers")
    (dags / "pooled.py").write_text(POOLED)
    printed(tmp_path / "in" / "one.png", "some words")
    known = dag_bag(dags).dags["pooled"]
    told = {task: (known.get_task(task).pool, known.get_task(task).queue) for task in ("read", "read_memory")}
    assert told == {"read": ("default_pool", "readers"), "read_memory": ("ocr_memory", "readers")}
    run, tasks = run_of("pooled", dags, inputs=str(tmp_path / "in"))
    assert run.state == "success"
    assert {str(one.state) for (task, _), one in tasks.items() if task == "read_memory"} == {"skipped"}
    (told_now,) = place.glob("runs/pooled/*/results/vote-*.json")
    assert json.loads(told_now.read_text())[0]["words"] == 2


@pytest.mark.parametrize(
    ("engines", "device", "need"),
    [
        ("tesseract,crnn,vote", None, "cores"),
        ("tesseract,easyocr", None, "memory"),
        ("keras-ocr", "cpu", "memory"),
        ("easyocr", "cuda:1", "accelerator"),
        ("trocr:device=cuda", "cpu", "accelerator"),
        ("vote", "cuda", "cores"),
    ],
)
def test_what_engines_need(engines: str, device: str | None, need: str) -> None:
    from ocr_plugins.airflow.specs import need_of
    from ocr_plugins.spec import parse_specs

    assert need_of(parse_specs(engines), device) == need


def test_an_engine_that_is_not_there_costs_its_own_readings(
    airflow: None, place: Path, tmp_path: Path
) -> None:
    printed(tmp_path / "in" / "one.png", "some words")
    engines = "crnn,tesseract:lang=xx,tesseract,vote"
    run, tasks = run_of("ocr_batch", inputs=str(tmp_path / "in"), engines=engines, formats="text")
    assert run.state == "failed"
    folder = next(place.glob("runs/ocr_batch/*"))
    assert (folder / "files" / "one.txt").read_text().split() == ["some", "words"]
    assert json.loads((folder / "summary.json").read_text())["missing"] == {"tesseract:lang=xx": 1}
    states = [str(one.state) for (task, _), one in tasks.items() if task == "read"]
    assert sorted(states) == ["failed", "success", "success"]


DECORATED = """
from airflow.sdk import dag, task

@dag(schedule=None, params={"folder": ""})
def decorated():
    @task.ocr(engine="tesseract")
    def pages(name, params):
        return [f"{params['folder']}/{name}"]

    pages("one page.png")

decorated()
"""


def test_a_decorated_function_reads_what_it_names(
    airflow: None, place: Path, tmp_path: Path, dags: Path
) -> None:
    printed(tmp_path / "one page.png", "hello there")
    (dags / "decorated.py").write_text(DECORATED)
    run, _ = run_of("decorated", dags, folder=str(tmp_path))
    assert run.state == "success"
    (told,) = place.glob("runs/decorated/*/results/*")
    (reference,) = json.loads(told.read_text())
    assert (reference["pages"], reference["words"]) == (1, 2)


def test_a_study_chooses_and_what_follows_is_steered_by_it(
    airflow: None, place: Path, tmp_path: Path
) -> None:
    for name, text in TEXTS.items():
        printed(tmp_path / "in" / f"{name}.png", text)
    truth = str(manifest(tmp_path / "in" / "truth.jsonl", **TEXTS))
    conf = {"inputs": truth, "truth": truth, "engines": "crnn,bad=tesseract:psm=13,vote"}
    for followed, skipped in (("announce", "keep"), ("keep", "announce")):
        run, tasks = run_of("engine_study", **conf)
        assert run.state == "success"
        assert str(tasks[followed, -1].state) == "success"
        assert str(tasks[skipped, -1].state) == "skipped"
    rows = [json.loads(path.read_text()) for path in place.glob("studies/engine_study/*.json")]
    assert len(rows) == 2
    assert {row["take"] for row in rows} == {"crnn"}
    recipe = place / "choices" / "engine_study" / "recipe.toml"
    assert recipe.is_file()
    chosen, _ = run_of("ocr_batch", inputs=str(tmp_path / "in"), engines=str(recipe), formats="text")
    assert chosen.state == "success"
    folder = next(place.glob("runs/ocr_batch/*"))
    assert set(json.loads((folder / "summary.json").read_text())["engines"]) == {"crnn"}


def test_a_drift_fails_the_watch(airflow: None, place: Path, tmp_path: Path) -> None:
    for name, text in TEXTS.items():
        printed(tmp_path / "good" / f"{name}.png", text)
        printed(tmp_path / "bad" / f"{name}.png", text)
    conf = {"inputs": str(tmp_path / "good"), "engines": "crnn,tesseract"}
    run, tasks = run_of("ocr_quality_watch", **conf)
    assert run.state == "success"
    (row,) = (json.loads(path.read_text()) for path in place.glob("quality/ocr_quality_watch/*.json"))
    for day in ("2026-01-01", "2026-01-02"):
        earlier = json.dumps({**row, "run": day, "when": day})
        (place / "quality" / "ocr_quality_watch" / f"{day}.json").write_text(earlier)
    from PIL import Image

    for path in (tmp_path / "bad").iterdir():
        with Image.open(path) as image:
            small = image.resize((image.width // 4, image.height // 4))
        small.resize((small.width * 4, small.height * 4)).save(path)
    run, tasks = run_of("ocr_quality_watch", **conf | {"inputs": str(tmp_path / "bad")})
    assert run.state == "failed"
    assert str(tasks["watch", -1].state) == "failed"
    drifted = [
        json.loads(path.read_text())["drifted"] for path in place.glob("quality/ocr_quality_watch/*.json")
    ]
    assert sum(map(bool, drifted)) == 1
