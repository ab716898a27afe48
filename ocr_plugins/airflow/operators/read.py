"""`OcrOperator`: a batch of pages in, references to what was read out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ocr_plugins.airflow.hooks import OcrHook
from ocr_plugins.airflow.operators.base import OcrBaseOperator, note, told_errors

if TYPE_CHECKING:
    from airflow.sdk import Context

    from ocr_plugins.airflow.places import Place
    from ocr_plugins.airflow.readings import BatchReference
    from ocr_plugins.airflow.work import Reader


class OcrOperator(OcrBaseOperator):
    """Reads a batch of pages with one engine, or with all of a cascade.

    Returns a list of references, one for each engine and vote: names, hashes and counts, no text. A page that
    cannot be read is an error record among the results; the task fails where the engine cannot run on its
    worker, or the place fails. Each page is kept at the place the moment it is read: a task that is tried
    again reads only what is missing, and one whose batch was read before, in any run, reads nothing.

    An engine that cannot live in the worker's environment runs in its own (`ocr-plugins engines install`).

    Example::

        read = OcrOperator.partial(
            task_id="read", pool="ocr_cores", retries=2, retry_exponential_backoff=True
        ).expand_kwargs(plan.output)

        one = OcrOperator(task_id="one", batch=["s3://my_aws@scans/letter.pdf"], engine="tesseract:lang=de")

    Args:
        batch: a batch of `PlanBatchesOperator`, or a list of paths or URLs.
        engine: a spec, or several by commas. Default: the connection's.
        lang: language, ISO 639-1, where a spec names none.
        device: ``cpu``, ``cuda`` or ``cuda:N``, where a spec names none.
        workers: processes for each engine.
    """

    template_fields: Sequence[str] = (
        *OcrBaseOperator.template_fields,
        "batch",
        "engine",
        "lang",
        "device",
        "workers",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"batch": "json"}

    def __init__(
        self,
        *,
        batch: Mapping[str, Any] | Sequence[str] | str,
        engine: str | None = None,
        lang: str | None = None,
        device: str | None = None,
        workers: int | str = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.batch = batch
        self.engine = engine
        self.lang = lang
        self.device = device
        self.workers = workers

    def execute(self, context: Context) -> list[dict[str, Any]]:
        from ocr_plugins.airflow import metrics
        from ocr_plugins.airflow.lineage import folders_of
        from ocr_plugins.airflow.specs import specs_at
        from ocr_plugins.airflow.work import Reader, read_batch

        with told_errors():
            defaults = OcrHook(self.conn_id).get_conn()
            place = self.open_place()
            reader = Reader(
                specs=specs_at(self.engine or defaults.engines or ""),
                lang=self.lang or defaults.lang,
                device=self.device or defaults.device,
                workers=int(self.workers),
            )
            batch = self._reference(context, place, reader)
            pages = batch.load(place)
            references = read_batch(place, batch, pages, reader, self.log.info)
            told = [reference.to_dict() for reference in references]
            note(place, context, "results", told)
        self.tell_lineage(
            read=folders_of([batch.file], place.url) + folders_of(page.source for page in pages.pages),
            wrote=folders_of((one.file for one in references), place.url),
        )
        for one in references:
            metrics.count(one)
            counts = one.engine, one.pages, one.kept, one.errors, one.words, one.seconds
            self.log.info("%s: %d pages, %d read earlier, %d not read, %d words, %.1f s", *counts)
        return told

    def _reference(self, context: Context, place: Place, reader: Reader) -> BatchReference:
        """The batch as it lies at the place; one that was given as paths is planned first."""
        from ocr_plugins.airflow.batches import Limits
        from ocr_plugins.airflow.planning import plan
        from ocr_plugins.airflow.readings import BatchReference

        if isinstance(self.batch, Mapping):
            return BatchReference.from_dict(self.batch)
        inputs = [self.batch] if isinstance(self.batch, str) else list(self.batch)
        planned = plan(place, inputs, reader.specs, Limits(batches=1))
        note(place, context, "plan", planned.to_dict())
        for error in planned.errors:
            self.log.warning("%s: %s", error.kind, error)
        return planned.batches[0]
