"""DAGs as Airflow itself finds them."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def dag_bag(folder: Path) -> Any:
    """The DAGs of a folder."""
    try:
        from airflow.dag_processing.dagbag import DagBag
    except ImportError:
        # Before Airflow 3.2.
        from airflow.models.dagbag import DagBag
    return DagBag(str(folder))
