"""A folder or bucket of scans, to text: several engines read each page, and a vote makes the best of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import conf
from airflow.sdk import Param, dag, task

from ocr_plugins.airflow import (
    EvaluateOperator,
    ExtractFieldsOperator,
    PlanBatchesOperator,
    VoteOperator,
    WriteFilesOperator,
    read_batches,
)


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
            "tesseract,rapidocr,crnn,vote",
            type="string",
            title="Engines",
            description_md="Specs by commas, or the path or URL of a `recipe.toml` or `cascade.toml`.",
            minLength=1,
        ),
        "formats": Param("text,hocr,pdf", type="string", title="Files to write", minLength=1),
        "fields": Param(
            None,
            type=["null", "string"],
            title="Fields to take out",
            description_md="Extractors by commas, as `receipt,iban`: a table of them is written as well.",
        ),
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
            description_md="A manifest's path or URL.",
        ),
        "recursive": Param(False, type="boolean", title="Look into subfolders"),
        "batch_pages": Param(50, type="integer", minimum=1, maximum=10_000, title="Pages a batch"),
        "lang": Param(None, type=["null", "string"], title="Language", description_md="ISO 639-1, as `de`."),
    },
    default_args={
        "retries": 2,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=10),
    },
)
def ocr_batch() -> None:
    plan = PlanBatchesOperator(
        task_id="plan",
        inputs="{{ params.inputs }}",
        engines="{{ params.engines }}",
        recursive="{{ params.recursive }}",
        batch_pages="{{ params.batch_pages }}",
    )
    read = read_batches(plan, lang="{{ params.lang or '' }}")

    # What failed to be read takes nothing else down; `evaluate` tells of it in the end.
    @task(trigger_rule="all_done")
    def by_batch(references: Any) -> list[list[dict[str, Any]]]:
        return _grouped(references, "batch")

    vote = VoteOperator.partial(task_id="vote", vote="{{ params.engines }}").expand(readings=by_batch(read))

    @task(trigger_rule="all_done")
    def by_documents(references: Any) -> list[list[dict[str, Any]]]:
        return _grouped(references, "documents")

    # What ends a run each tells of its own failure: a report does not hide that files are missing.
    WriteFilesOperator.partial(
        task_id="write", formats="{{ params.formats }}", to="{{ params.to or '' }}"
    ).expand(results=by_documents(vote.output))

    ExtractFieldsOperator(
        task_id="fields",
        results=vote.output,
        fields="{{ params.fields or '' }}",
        trigger_rule="all_done",
    )
    vote >> EvaluateOperator(
        task_id="evaluate", truth="{{ params.truth or '' }}", trigger_rule="all_done", retries=0
    )


def _grouped(values: Any, key: str) -> list[list[dict[str, Any]]]:
    """What mapped tasks returned, a list for each batch, or for each group of documents."""
    groups: dict[Any, list[dict[str, Any]]] = {}
    for reference in _each(values):
        groups.setdefault(reference[key], []).append(reference)
    return list(groups.values())


def _each(values: Any) -> Iterator[dict[str, Any]]:
    if isinstance(values, dict):
        yield values
    else:
        for value in values or ():
            yield from _each(value)


ocr_batch()
