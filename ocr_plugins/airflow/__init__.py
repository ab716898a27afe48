"""The Airflow provider: operators that read, vote, write and score pages in batches.

    >>> from ocr_plugins.airflow import OcrOperator, PlanBatchesOperator, VoteOperator

Importing this, and parsing a DAG that does, loads no engine and no image library: tasks do, when they run.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ocr_plugins.airflow.hooks import OcrHook
    from ocr_plugins.airflow.operators.evaluate import EvaluateOperator
    from ocr_plugins.airflow.operators.fields import ExtractFieldsOperator
    from ocr_plugins.airflow.operators.plan import PlanBatchesOperator
    from ocr_plugins.airflow.operators.read import OcrOperator
    from ocr_plugins.airflow.operators.review import ReviewOperator
    from ocr_plugins.airflow.operators.select import SelectEngineOperator
    from ocr_plugins.airflow.operators.study import EngineStudyOperator
    from ocr_plugins.airflow.operators.train import TrainCrnnOperator
    from ocr_plugins.airflow.operators.vote import VoteOperator
    from ocr_plugins.airflow.operators.watch import QualityWatchOperator
    from ocr_plugins.airflow.operators.write import WriteFilesOperator
    from ocr_plugins.airflow.reading_tasks import read_batches
    from ocr_plugins.airflow.sensors import NewFilesSensor

__all__ = [
    "EngineStudyOperator",
    "EvaluateOperator",
    "ExtractFieldsOperator",
    "NewFilesSensor",
    "OcrHook",
    "OcrOperator",
    "PlanBatchesOperator",
    "QualityWatchOperator",
    "ReviewOperator",
    "SelectEngineOperator",
    "TrainCrnnOperator",
    "VoteOperator",
    "WriteFilesOperator",
    "read_batches",
]

_HOMES = {
    "EngineStudyOperator": "operators.study",
    "EvaluateOperator": "operators.evaluate",
    "ExtractFieldsOperator": "operators.fields",
    "NewFilesSensor": "sensors",
    "OcrHook": "hooks",
    "OcrOperator": "operators.read",
    "PlanBatchesOperator": "operators.plan",
    "QualityWatchOperator": "operators.watch",
    "ReviewOperator": "operators.review",
    "SelectEngineOperator": "operators.select",
    "TrainCrnnOperator": "operators.train",
    "VoteOperator": "operators.vote",
    "WriteFilesOperator": "operators.write",
    "read_batches": "reading_tasks",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"ocr_plugins.airflow.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
