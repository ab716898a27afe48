"""``@task.ocr``: a function that gives paths or URLs becomes a task that reads them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import (
    DecoratedOperator,
    TaskDecorator,
    determine_kwargs,
    task_decorator_factory,
)

from ocr_plugins.airflow.operators.read import OcrOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class _OcrDecoratedOperator(DecoratedOperator, OcrOperator):
    custom_operator_name = "@task.ocr"
    # What the function gives is the batch.
    template_fields: Sequence[str] = (
        *DecoratedOperator.template_fields,
        *(name for name in OcrOperator.template_fields if name != "batch"),
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {**DecoratedOperator.template_fields_renderers}

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            python_callable=python_callable, op_args=op_args, op_kwargs=op_kwargs, batch=[], **kwargs
        )

    def execute(self, context: Context) -> Any:
        given = {**context, **self.op_kwargs}
        known = determine_kwargs(self.python_callable, self.op_args, given)
        self.batch = self.python_callable(*self.op_args, **known)
        return super().execute(context)


def ocr_task(
    python_callable: Callable[..., Any] | None = None, multiple_outputs: bool | None = None, **kwargs: Any
) -> TaskDecorator:
    """Reads the files that a function names.

    Example::

        @task.ocr(engine="tesseract", place="s3://my_aws@bucket/ocr")
        def scans_of_today(ds: str) -> list[str]:
            return [f"s3://my_aws@scans/{ds}/*.png"]

    Args:
        python_callable: gives paths or URLs of files, folders, patterns or manifests.
        multiple_outputs: as for ``@task``.
        kwargs: those of `OcrOperator`, without ``batch``.
    """
    return task_decorator_factory(
        python_callable=python_callable,
        multiple_outputs=multiple_outputs,
        decorated_operator_class=_OcrDecoratedOperator,
        **kwargs,
    )
