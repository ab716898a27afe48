"""The wheel, as Airflow finds it installed: its DAGs are among the examples."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Any

import pytest
from real import DAGS

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

ROOT = Path(__file__).parents[2]
FILES = ("pyproject.toml", "README.md", "LICENSE", "NOTICE")
FOLDERS = ("ocr_plugins", "adapters", "widgets", "airflow_dags", "scripts")
# What an earlier build left.
BUILT = ("__pycache__", "node_modules", "static")
EXAMPLES = """
import json
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import BundleDagBag

(bundle,) = [one for one in DagBundlesManager().get_all_dag_bundles() if one.name.startswith("ocr-plugins")]
bag = BundleDagBag(bundle.path, bundle_path=bundle.path, bundle_name=bundle.name)
files = {name: dag.fileloc for name, dag in bag.dags.items()}
print("FOUND", json.dumps({"folder": str(bundle.path), "files": files, "errors": bag.import_errors}))
"""


def run(*command: Any, **changes: str) -> str:
    done = subprocess.run(
        list(map(str, command)), env=os.environ | changes, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel, and with all else from the one of the tests."""
    folder = tmp_path_factory.mktemp("wheel")
    # In the repository itself a build would take what an earlier one left.
    source = folder / "source"
    source.mkdir()
    for name in FILES:
        shutil.copy(ROOT / name, source)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns(*BUILT))
    build = ("-m", "build", "--wheel", "--no-isolation", "--outdir", folder / "dist", source)
    run(sys.executable, *build)
    (wheel,) = (folder / "dist").iterdir()
    venv.create(folder / "venv", symlinks=True)
    python = folder / "venv" / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    run(*pip, "install", "--quiet", "--no-index", "--no-deps", wheel)
    # After its own packages. The .pth files of that folder are not read, so the editable install stays out.
    (own,) = folder.glob("venv/lib/python*/site-packages")
    (own / "tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


@pytest.fixture(scope="module")
def examples(installed: Path) -> Path:
    (folder,) = installed.parents[1].glob("lib/python*/site-packages/ocr_plugins/example_dags")
    return folder


def test_airflow_shows_the_dags_as_examples(installed: Path, examples: Path) -> None:
    # -P: the folder that tests run in has the package too.
    told = run(installed, "-P", "-c", EXAMPLES, AIRFLOW__CORE__LOAD_EXAMPLES="True")
    found = json.loads(told.rpartition("FOUND ")[2])
    assert found["folder"] == str(examples)
    assert not found["errors"]
    assert found["files"]["ocr_batch"] == str(examples / "ocr_batch.py")
    assert {Path(file).name for file in found["files"].values()} == {
        path.name for path in DAGS.glob("[!_]*.py")
    }


@pytest.mark.parametrize("airflow", [True, False], ids=["with Airflow", "without"])
def test_the_folder_of_the_dags_is_told(
    installed: Path, examples: Path, airflow: bool, tmp_path: Path
) -> None:
    (tmp_path / "airflow.py").write_text("raise ImportError('no Airflow here')\n")
    changes = {} if airflow else {"PYTHONPATH": str(tmp_path)}
    told = run(installed.with_name("ocr-plugins"), "airflow", "dags-path", **changes)
    assert told == f"{examples}\n"


def test_the_wheel_carries_the_widget_as_it_is_built_here(examples: Path) -> None:
    carried = examples.with_name("widgets") / "static"
    built = ROOT / "widgets" / "static"
    assert {path.name for path in carried.iterdir()} == {"index.js", "index.css", "LICENSES.txt"}
    for path in carried.iterdir():
        assert path.read_bytes() == (built / path.name).read_bytes(), "run `make widget`"
    assert (carried / "index.js").stat().st_size <= 150_000
