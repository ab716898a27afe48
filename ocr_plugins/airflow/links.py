"""Links from a task to the provider's pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from airflow.providers.common.compat.sdk import conf
from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator

#: Where the provider's pages lie under Airflow's address.
PREFIX = "/ocr"


def page_url(page: str, **query: Any) -> str:
    """The path of a page, below that which Airflow itself is reached by."""
    base = urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/")
    return f"{base}{PREFIX}/{page}?{urlencode(query)}"


class OcrRunLink(BaseOperatorLink):
    """To the pages, readings, votes and scores of the task's run."""

    name = "OCR results"

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:  # noqa: ARG002 - the interface
        return page_url("run", dag_id=ti_key.dag_id, run_id=ti_key.run_id)


class OcrReviewLink(BaseOperatorLink):
    """To the words that a person is asked for."""

    name = "Words in doubt"

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:  # noqa: ARG002 - the interface
        return page_url(
            "review",
            dag_id=ti_key.dag_id,
            run_id=ti_key.run_id,
            task_id=ti_key.task_id,
            map_index=ti_key.map_index,
        )


class OcrEnginesLink(BaseOperatorLink):
    """To the engines of the task's DAG over time."""

    name = "Engines over time"

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:  # noqa: ARG002 - the interface
        return page_url("engines", dag_id=ti_key.dag_id)
