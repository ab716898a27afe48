"""Doubtful words go to a person; the answers go into the files, and teach the line recogniser crnn."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import conf
from airflow.sdk import Param, XComArg, dag, task

from ocr_plugins.airflow import (
    EvaluateOperator,
    PlanBatchesOperator,
    ReviewOperator,
    TrainCrnnOperator,
    VoteOperator,
    WriteFilesOperator,
    read_batches,
)
from ocr_plugins.airflow.hooks import reading_pool


@dag(
    schedule=None,
    catchup=False,
    tags=["ocr"],
    doc_md=__doc__,
    params={
        "inputs": Param(
            conf.get("ocr", "inputs", fallback=""),
            type="string",
            title="Inputs",
            description_md="Paths or URLs of files, folders, patterns or manifests, one a line.",
            format="multiline",
            minLength=1,
        ),
        "engines": Param(
            "tesseract,rapidocr,crnn=crnn:weights=promoted,vote", type="string", title="Engines", minLength=1
        ),
        "formats": Param("text,hocr,pdf", type="string", title="Files to write", minLength=1),
        "to": Param(
            None,
            type=["null", "string"],
            title="Where files go",
            description_md="Path or URL of a folder; default: the run's own at the place of results.",
        ),
        "truth": Param(
            conf.get("ocr", "truth", fallback="") or None,
            type=["null", "string"],
            title="Ground truth",
            description_md="A manifest's path or URL: what the answers have gained.",
        ),
        "words": Param(20, type="integer", minimum=1, maximum=200, title="Words to ask for"),
        "below": Param(
            0.8,
            type="number",
            exclusiveMinimum=0,
            maximum=1,
            title="Ask below",
            description_md="Only words that are less likely to be right.",
        ),
        "minutes": Param(20, type="number", minimum=0.1, maximum=600, title="Minutes to train"),
        "held_out": Param(
            None,
            type=["null", "string"],
            title="Held-out lines",
            description_md="A manifest that new weights must do better on; default: a share of the answers.",
        ),
    },
    default_args={
        "retries": 2,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=10),
    },
)
def review_and_learn() -> None:
    plan = PlanBatchesOperator(task_id="plan", inputs="{{ params.inputs }}", engines="{{ params.engines }}")
    read = read_batches(plan)
    # What failed to be read takes nothing else down.
    vote = VoteOperator(task_id="vote", readings=read, vote="{{ params.engines }}", trigger_rule="all_done")
    review = ReviewOperator(
        task_id="review",
        results=vote.output,
        words="{{ params.words }}",
        below="{{ params.below }}",
        response_timeout=timedelta(days=2),
        retries=0,
    )
    write = WriteFilesOperator(
        task_id="write",
        results=review.output,
        formats="{{ params.formats }}",
        to="{{ params.to or '' }}",
    )

    write >> EvaluateOperator(task_id="evaluate", truth="{{ params.truth or '' }}", retries=0)

    # Nothing new is learned from no answer.
    @task.short_circuit
    def anything_new(counts: Any) -> bool:
        return bool(counts["answered"])

    train = TrainCrnnOperator(
        task_id="train",
        data="answers",
        held_out="{{ params.held_out or '' }}",
        minutes="{{ params.minutes }}",
        pool=reading_pool(),
        retries=0,
    )
    anything_new(XComArg(review, key="counts")) >> train


review_and_learn()
