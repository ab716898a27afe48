"""What OpenLineage is told: names of folders by its conventions, and the events of a real run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from openlineage.client.naming.dataset import GCS, HDFS, S3, DatasetNaming, LocalFileSystem
from running import manifest, printed, told

from ocr_plugins.airflow.lineage import Data, folders_of, inputs_of, lineage_of

pytestmark = pytest.mark.filterwarnings("ignore")

SAID = "confidential"


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("s3://scans/a/b.png", S3("scans", "a/b.png")),
        ("s3://my_aws@scans/letters/", S3("scans", "letters")),
        ("s3a://my_aws@scans/letters", S3("scans", "letters")),
        ("s3://scans", S3("scans", "/")),
        ("s3://scans/what?/a#b", S3("scans", "what?/a#b")),
        ("gcs://conn@scans/letters", GCS("scans", "letters")),
        ("hdfs://conn@node:8020/scans", HDFS("node", "8020", "/scans")),
        ("/scans/a b.png", LocalFileSystem("/scans/a b.png")),
        ("file:///scans/letters/", LocalFileSystem("/scans/letters")),
    ],
)
def test_names_are_those_of_openlineage(url: str, named: DatasetNaming) -> None:
    assert Data.at(url) == Data(named.get_namespace(), named.get_name())


def test_paths_are_told_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Data.at("scans") == Data("file", str(tmp_path / "scans"))


@pytest.mark.parametrize(
    "url",
    [
        "https://user:secret@host:8443/a/b.png?X-Signature=secret#secret",
        "https://host:8443/a/b.png?sig=secret/secret",
        "ftp://secret@host:8443/a/b.png",
    ],
)
def test_no_login_or_signature_is_told(url: str) -> None:
    assert Data.at(url) == Data(f"{url.partition(':')[0]}://host:8443", "/a/b.png")
    assert "secret" not in str(folders_of([url]) + inputs_of([url]))


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("s3://c@b/letters", "letters"),
        ("s3://c@b/letters/", "letters"),
        ("s3://c@b/letters/*.png", "letters"),
        ("s3://c@b/letters/2026-*/*.png", "letters"),
        ("s3://c@b/letters/one.pdf", "letters"),
        ("s3://c@b/*", "/"),
        ("s3://c@b/one.pdf", "/"),
        ("s3://c@b/letters/truth.jsonl", "letters/truth.jsonl"),
        ("s3://c@b/letters/new.files", "letters/new.files"),
    ],
)
def test_inputs_are_folders_or_lists(given: str, named: str) -> None:
    assert inputs_of([given, given]) == [Data("s3://b", named)]


def test_many_folders_are_told_by_those_above_them() -> None:
    files = [f"s3://c@b/{n % 3}/{n % 50}/{n}/scan.png" for n in range(3000)]
    found = folders_of(files)
    assert 1 < len(found) <= 100
    assert all(any(file.startswith(f"s3://c@b/{one.name}/") for one in found) for file in files)
    assert len(folders_of(f"s3://c@bucket-{n}/scan.png" for n in range(300))) == 100


def test_what_is_told_is_what_the_provider_takes() -> None:
    from airflow.providers.openlineage.extractors import OperatorLineage

    lineage = lineage_of([Data("s3://b", "a")], [Data("file", "/x")])
    assert isinstance(lineage, OperatorLineage)
    assert [(one.namespace, one.name) for one in lineage.inputs] == [("s3://b", "a")]
    assert [(one.namespace, one.name) for one in lineage.outputs] == [("file", "/x")]


def test_operators_need_no_openlineage(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ocr_plugins.airflow import OcrOperator

    monkeypatch.setenv("AIRFLOW_CONN_OCR_DEFAULT", "ocr://")
    image, place = told(here / "in" / "one.png", "some words"), str(here / "place")
    task = OcrOperator(task_id="read", batch=[str(image)], engine="parrot", place=place, workers=0)
    ti = SimpleNamespace(dag_id="d", run_id="r", task_id="read", map_index=-1)
    with monkeypatch.context() as patch:
        of_provider = ("openlineage", "airflow.providers.openlineage")
        for name in {*of_provider, *(name for name in sys.modules if name.startswith(of_provider))}:
            patch.setitem(sys.modules, name, None)
        (reference,) = task.execute({"ti": ti})  # type: ignore[typeddict-item]
        assert reference["words"] == 2
        with pytest.raises(ImportError):
            task.get_openlineage_facets_on_complete(ti)
    lineage = task.get_openlineage_facets_on_complete(ti)
    assert [one.name for one in lineage.outputs] == [f"{place}/results/parrot"]


@pytest.mark.slow
def test_a_run_emits_what_it_reads_and_writes(airflow: None, place: Path, tmp_path: Path) -> None:
    printed(tmp_path / "in" / f"{SAID}.png", SAID)
    truth = manifest(tmp_path / "in" / "truth.jsonl", **{SAID: SAID})
    events = tmp_path / "events.jsonl"
    conf = {
        "inputs": f"{tmp_path}/in/*.png",
        "engines": "tesseract,crnn,vote",
        "formats": "text",
        "truth": str(truth),
        "fields": "dates",
    }
    transport = {"type": "file", "log_file_path": str(events), "append": True}
    subprocess.run(
        [sys.executable, "-m", "airflow", "dags", "test", "ocr_batch", "--conf", json.dumps(conf)],
        env=os.environ | {"AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport)},
        check=True,
        capture_output=True,
    )
    text = events.read_text()
    assert SAID not in text
    done = [event for event in map(json.loads, text.splitlines()) if event["eventType"] == "COMPLETE"]
    found: dict[str, tuple[set[str], set[str]]] = {}
    for event in done:
        read, wrote = found.setdefault(event["job"]["name"], (set(), set()))
        read |= names(event["inputs"])
        wrote |= names(event["outputs"])
    (folder,) = place.glob("runs/ocr_batch/*")
    results = {engine: f"{place}/results/{engine}" for engine in ("batches", "tesseract", "crnn", "vote")}
    inputs = f"{tmp_path}/in"
    assert found == {
        "ocr_batch": (set(), set()),
        "ocr_batch.plan": ({inputs}, {results["batches"]}),
        "ocr_batch.read": ({inputs, results["batches"]}, {results["tesseract"], results["crnn"]}),
        "ocr_batch.by_batch": (set(), set()),
        "ocr_batch.vote": ({results["tesseract"], results["crnn"]}, {results["vote"]}),
        "ocr_batch.by_documents": (set(), set()),
        "ocr_batch.write": ({results["vote"]}, {f"{folder}/files"}),
        "ocr_batch.fields": ({results["vote"]}, {f"{folder}/fields"}),
        "ocr_batch.evaluate": (
            {results["tesseract"], results["crnn"], results["vote"], str(truth)},
            {f"{folder}/report.html", f"{folder}/summary.json"},
        ),
    }


def names(datasets: list[dict[str, Any]]) -> set[str]:
    """Where data of an event lies, all of it on this machine."""
    assert {one["namespace"] for one in datasets} <= {"file"}
    return {one["name"] for one in datasets}
