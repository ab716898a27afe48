"""The tasks of a DAG that read what was planned, each in the pool that its engines need."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import conf
from airflow.sdk import XComArg, task

from ocr_plugins.airflow.hooks import SECTION, own_pools, reading_pool
from ocr_plugins.airflow.operators.read import OcrOperator

if TYPE_CHECKING:
    from ocr_plugins.airflow.operators.plan import PlanBatchesOperator


def read_batches(plan: PlanBatchesOperator, **kwargs: Any) -> list[Any]:
    """Maps `OcrOperator` over what was planned, in the pools and queue of Airflow's section ``[ocr]``.

    All reads in ``pool``, as the task ``read``. Where ``memory_pool`` or ``accelerator_pool`` is set, what
    needs much memory, or an accelerator, reads there, as ``read_memory`` and ``read_accelerator``.

    Example::

        plan = PlanBatchesOperator(task_id="plan", inputs="s3://my_aws@scans", engines="tesseract,easyocr")
        VoteOperator(task_id="vote", readings=read_batches(plan, retries=3))

    Args:
        plan: the task that plans.
        kwargs: arguments of `OcrOperator` that are the same for all batches.

    Returns:
        What the tasks return, one for each pool.
    """
    how: dict[str, Any] = {
        "queue": conf.get(SECTION, "queue", fallback="") or conf.get("operators", "default_queue"),
        "execution_timeout": timedelta(hours=2),
        "map_index_template": "{{ task.engine }} ({{ task.batch['pages'] }} pages)",
        **kwargs,
    }
    reads = [OcrOperator.partial(task_id="read", pool=reading_pool(), **how).expand_kwargs(plan.output)]
    for need, own in own_pools().items():
        tasks = task(task_id=f"plan_{need}")(_returned)(XComArg(plan, key=need))
        reads.append(OcrOperator.partial(task_id=f"read_{need}", pool=own, **how).expand_kwargs(tasks))
    return [read.output for read in reads]


def _returned(tasks: Any) -> Any:
    """Airflow maps over what a task returns, and nothing else that it tells."""
    return tasks
