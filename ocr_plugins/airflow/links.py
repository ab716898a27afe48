"""Links from a task to what its run came to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator

#: Where the provider's pages lie under Airflow's address.
PREFIX = "/ocr"


class OcrRunLink(BaseOperatorLink):
    """To the pages, readings, votes and scores of the task's run."""

    name = "OCR results"

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:  # noqa: ARG002 - the interface
        return f"{PREFIX}/run?{urlencode({'dag_id': ti_key.dag_id, 'run_id': ti_key.run_id})}"
