"""Airflow as tests use it: a home and database of their own, settings read before its first import."""

from __future__ import annotations

import functools
import os
import tempfile
from pathlib import Path

import pytest
from real import DAGS, bundles

HOME = tempfile.TemporaryDirectory(prefix="ocr-airflow-")
OWN_DAGS = Path(HOME.name, "own")
OWN_DAGS.mkdir()

for name in [name for name in os.environ if name.startswith("AIRFLOW")]:
    del os.environ[name]
os.environ.update(
    AIRFLOW_HOME=HOME.name,
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__UNIT_TEST_MODE="False",
    AIRFLOW__CORE__FERNET_KEY="MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=",
    AIRFLOW__API_AUTH__JWT_SECRET="j" * 64,
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED="False",
    AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST=bundles(ocr=DAGS, own=OWN_DAGS),
)


@pytest.fixture(scope="session")
def airflow() -> None:
    """A migrated database."""
    from airflow.sdk.execution_time import supervisor
    from airflow.utils import db

    db.initdb()
    if not hasattr(supervisor.in_process_api_server, "cache_info"):
        # Airflow 3.1 builds the API anew for each task of `dag.test()`, which takes seconds; 3.2 keeps it.
        supervisor.in_process_api_server = functools.cache(supervisor.in_process_api_server)


@pytest.fixture
def dags() -> Path:
    """A folder for DAGs of a test's own."""
    return OWN_DAGS


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place of results that Airflow is configured with."""
    folder = tmp_path / "place"
    monkeypatch.setenv("AIRFLOW__OCR__PLACE", str(folder))
    return folder
