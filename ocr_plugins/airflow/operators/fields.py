"""`ExtractFieldsOperator`: results in, a table of fields out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import AirflowSkipException

from ocr_plugins.airflow.operators.base import OcrBaseOperator, folder_of, index_of, note, told_errors

if TYPE_CHECKING:
    from airflow.sdk import Context


class ExtractFieldsOperator(OcrBaseOperator):
    """Takes typed fields out of what was read: totals of receipts, plates, IBANs and whatever else is known.

    Writes ``fields.csv``, a row a page, and ``fields.jsonl``, which has the places of the words too. Returns
    where they are, and how many of each field were found; never a value. Skipped where no fields are named.

    Example::

        fields = ExtractFieldsOperator(
            task_id="fields", results=vote.output, fields="receipt,iban", to="s3://my_aws@tables"
        )

    Args:
        results: references of `VoteOperator` or `OcrOperator`, nested in any way.
        fields: extractors with their options, ``NAME[:key=value...]`` by commas; `ocr-plugins fields` lists
            them.
        to: URL or path of the folder that the files go into; default: one called as the task, with the number
            of a mapped one, in the run's folder. Mapped tasks to which one is given need one each.
    """

    template_fields: Sequence[str] = (*OcrBaseOperator.template_fields, "results", "fields", "to")
    template_fields_renderers: ClassVar[dict[str, str]] = {"results": "json"}

    def __init__(
        self, *, results: Any, fields: str = "receipt", to: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.results = results
        self.fields = fields
        self.to = to

    def execute(self, context: Context) -> dict[str, Any]:
        if not self.fields.strip():
            raise AirflowSkipException("no fields are named")
        from ocr_plugins.airflow.lineage import Data, folders_of
        from ocr_plugins.airflow.places import Place
        from ocr_plugins.airflow.readings import references_in
        from ocr_plugins.airflow.work import write_fields
        from ocr_plugins.fields import find_extractors

        with told_errors():
            place = self.open_place()
            extractors = find_extractors(self.fields)
            out = Place(self.to) if self.to else place
            folder = "" if self.to else f"{folder_of(context)}/{_called(context)}"
            results = references_in(self.results)
            written = write_fields(place, out, folder, results, extractors)
            where = f"{out.shown}/{folder}".rstrip("/")
            note(place, context, "fields", {"to": where, **written})
        self.tell_lineage(
            read=folders_of((one.file for one in results), place.url),
            wrote=[Data.at(f"{out.url}/{folder}")],
        )
        told = ", ".join(f"{name} {count}" for name, count in written["found"].items())
        self.log.info("%d pages, found: %s", written["pages"], told or "nothing")
        if written["failed"]:
            self.log.warning("an extractor failed on %d pages: see the column error", written["failed"])
        return {"to": where, **written}


def _called(context: Context) -> str:
    """What tells a task of a run from the others, also from those that it is mapped to."""
    ti = context["ti"]
    mapped = ti.map_index is not None and ti.map_index >= 0
    return f"{ti.task_id}-{index_of(context):05d}" if mapped else ti.task_id
