"""Each day: whether new scans are read as well as before, without ground truth. A drift fails the run."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.common.compat.sdk import conf
from airflow.sdk import Param, dag

from ocr_plugins.airflow import (
    EvaluateOperator,
    PlanBatchesOperator,
    QualityWatchOperator,
    read_batches,
)


@dag(
    schedule="@daily",
    catchup=False,
    max_active_runs=1,
    tags=["ocr"],
    doc_md=__doc__,
    params={
        "inputs": Param(
            conf.get("ocr", "inputs", fallback="") or None,
            type=["null", "string"],
            title="New scans",
            description_md="Paths or URLs of files, folders, patterns or manifests, one a line. "
            "Default: `inputs` in Airflow's section `[ocr]`.",
            format="multiline",
        ),
        "engines": Param(
            "tesseract,rapidocr,crnn",
            type="string",
            title="Engines",
            description_md="Two or more: what is expected of one rests on where others differ from it.",
            minLength=1,
        ),
        "limit": Param(50, type="integer", minimum=1, maximum=10_000, title="Pages to read, spread over all"),
        "factor": Param(
            1.5,
            type="number",
            exclusiveMinimum=1,
            title="Alarm",
            description_md="At so many times the errors that were expected before.",
        ),
        "window": Param(10, type="integer", minimum=3, maximum=1000, title="Runs to look back"),
    },
    default_args={
        "retries": 2,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=10),
    },
)
def ocr_quality_watch() -> None:
    plan = PlanBatchesOperator(
        task_id="plan",
        inputs="{{ params.inputs or '' }}",
        engines="{{ params.engines }}",
        limit="{{ params.limit }}",
    )
    read = read_batches(plan)
    evaluate = EvaluateOperator(
        task_id="evaluate", sample="{{ params.limit }}", trigger_rule="none_failed", retries=0
    )
    watch = QualityWatchOperator(
        task_id="watch", factor="{{ params.factor }}", window="{{ params.window }}", retries=0
    )
    read >> evaluate >> watch


ocr_quality_watch()
