"""`PlanBatchesOperator`: inputs -> batches of pages, and the tasks that read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import conf

from ocr_plugins.airflow.hooks import OcrHook, own_pools
from ocr_plugins.airflow.operators.base import OcrBaseOperator, is_true, lines_of, note, told_errors

if TYPE_CHECKING:
    from airflow.sdk import Context


class PlanBatchesOperator(OcrBaseOperator):
    """Cuts documents into batches of pages, one task's work each.

    Returns a list with a mapping for each task that reads: its ``batch`` and its ``engine``, the arguments of
    `OcrOperator`. Engines of a cascade stand together in one task: whom it asks depends on what was read. An
    input that cannot be used is a record of the run, and the others go on. Where ``memory_pool`` or
    ``accelerator_pool`` is set in Airflow's section ``[ocr]``, tasks that need these are XComs of their own,
    ``memory`` and ``accelerator``; `read_batches` knows of them.

    Example::

        plan = PlanBatchesOperator(
            task_id="plan", inputs="s3://my_aws@scans/2026", engines="tesseract,rapidocr"
        )
        read = OcrOperator.partial(task_id="read").expand_kwargs(plan.output)

    Args:
        inputs: paths or URLs of files, folders, patterns and manifests, as a list or one a line.
        engines: specs, comma-separated, or a recipe that a study wrote (``recipe.toml``, a path or URL);
            votes among them are `VoteOperator`'s. Default: the connection's.
        recursive: look into subfolders.
        pages: page ranges of PDF and TIFF files, as in ``1-3,7``.
        dpi: resolution to render PDF pages at.
        batch_pages: at most so many pages a batch.
        batch_seconds: what the dearest engine may take for a batch, as far as that is known before.
        limit: at most so many pages, spread evenly over all inputs.
        apart: each engine reads all pages by itself, even one of a cascade, as a study needs it.
    """

    template_fields: Sequence[str] = (
        *OcrBaseOperator.template_fields,
        "inputs",
        "engines",
        "recursive",
        "pages",
        "dpi",
        "batch_pages",
        "batch_seconds",
        "limit",
    )

    def __init__(
        self,
        *,
        inputs: str | list[str],
        engines: str | None = None,
        recursive: bool | str = False,
        pages: str | None = None,
        dpi: int | str = 300,
        batch_pages: int | str = 50,
        batch_seconds: float | str = 900,
        limit: int | str | None = None,
        apart: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.inputs = inputs
        self.engines = engines
        self.recursive = recursive
        self.pages = pages
        self.dpi = dpi
        self.batch_pages = batch_pages
        self.batch_seconds = batch_seconds
        self.limit = limit
        self.apart = apart

    def execute(self, context: Context) -> list[dict[str, Any]]:
        from ocr_plugins.airflow.batches import Limits
        from ocr_plugins.airflow.lineage import folders_of, inputs_of
        from ocr_plugins.airflow.planning import plan
        from ocr_plugins.airflow.specs import need_of, specs_at
        from ocr_plugins.spec import parse_specs

        with told_errors():
            place, device = self.open_place(), OcrHook(self.conn_id).get_conn().device
            planned = plan(
                place,
                lines_of(self.inputs),
                specs_at(self.engines or OcrHook(self.conn_id).get_conn().engines or ""),
                Limits(
                    pages=int(self.batch_pages),
                    seconds=float(self.batch_seconds),
                    batches=conf.getint("core", "max_map_length", fallback=1024),
                ),
                recursive=is_true(self.recursive),
                pages=self.pages or None,
                dpi=int(self.dpi),
                limit=int(self.limit) if self.limit else None,
                apart=self.apart,
            )
            note(place, context, "plan", planned.to_dict())
        self.tell_lineage(
            read=inputs_of(lines_of(self.inputs)),
            wrote=folders_of((batch.file for batch in planned.batches), place.url),
        )
        for error in planned.errors:
            self.log.warning("%s: %s", error.kind, error)
        counts = planned.pages, len(planned.batches), len(planned.tasks), len(planned.errors)
        self.log.info("%d pages in %d batches for %d tasks, %d inputs of no use", *counts)
        tasks: dict[str, list[dict[str, Any]]] = {need: [] for need in ("", *own_pools())}
        for task in planned.tasks:
            need = need_of(parse_specs(task["engine"]), device)
            tasks[need if need in tasks else ""].append(task)
        for need in own_pools():
            context["ti"].xcom_push(key=need, value=tasks[need])
        return tasks[""]
