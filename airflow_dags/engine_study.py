"""Each week: which engine reads a sample best and at what cost, and whether to switch."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.common.compat.sdk import conf
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Asset, Param, dag

from ocr_plugins.airflow import (
    EngineStudyOperator,
    PlanBatchesOperator,
    SelectEngineOperator,
    read_batches,
)


@dag(
    schedule="@weekly",
    catchup=False,
    max_active_runs=1,
    tags=["ocr"],
    doc_md=__doc__,
    params={
        "inputs": Param(
            conf.get("ocr", "study_inputs", fallback="") or conf.get("ocr", "inputs", fallback="") or None,
            type=["null", "string"],
            title="Sample",
            description_md="Paths or URLs of files, folders, patterns or manifests, one a line. "
            "Default: `study_inputs`, else `inputs`, in Airflow's section `[ocr]`.",
            format="multiline",
        ),
        "truth": Param(
            conf.get("ocr", "truth", fallback="") or None,
            type=["null", "string"],
            title="Ground truth",
            description_md="A manifest's path or URL. Without one, engines are ranked by how they agree.",
        ),
        "engines": Param("tesseract,rapidocr,crnn,vote", type="string", title="Engines", minLength=1),
        "limit": Param(200, type="integer", minimum=1, maximum=10_000, title="Pages, at most"),
        "threshold": Param(
            0.05,
            type="number",
            minimum=0,
            exclusiveMaximum=1,
            title="Threshold",
            description_md="Share of the errors that a switch must save.",
        ),
        "budget": Param(
            None,
            type=["null", "string"],
            title="Budget of a cascade",
            description_md="Seconds a page, or a share of all engines' cost as in `30%`.",
        ),
    },
    default_args={
        "retries": 2,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=10),
    },
)
def engine_study() -> None:
    plan = PlanBatchesOperator(
        task_id="plan",
        inputs="{{ params.inputs or '' }}",
        engines="{{ params.engines }}",
        limit="{{ params.limit }}",
        apart=True,
    )
    read = read_batches(plan)

    # An engine that cannot run is left out; the study is of the others.
    study = EngineStudyOperator(
        task_id="study",
        truth="{{ params.truth or '' }}",
        budget="{{ params.budget or '' }}",
        trigger_rule="all_done",
        retries=0,
    )
    select = SelectEngineOperator(
        task_id="select",
        study=study.output,
        threshold="{{ params.threshold }}",
        if_switched="announce",
        if_kept="keep",
    )
    # DAGs that are to run when the recommendation changes have this asset as their schedule.
    announce = EmptyOperator(task_id="announce", outlets=[Asset("ocr_recommendation")])
    read >> study
    select >> [announce, EmptyOperator(task_id="keep")]


engine_study()
