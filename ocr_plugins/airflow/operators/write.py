"""`WriteFilesOperator`: results in, files of documents out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ocr_plugins.airflow.operators.base import OcrBaseOperator, folder_of, note, told_errors

if TYPE_CHECKING:
    from airflow.sdk import Context


class WriteFilesOperator(OcrBaseOperator):
    """Writes whole documents as text, hOCR, searchable PDF and whatever else `ocr-plugins convert` writes.

    Returns the folder, and the numbers of files and of pages that could not be written.

    Example::

        write = WriteFilesOperator(
            task_id="write", results=vote.output, formats="text,pdf", to="s3://my_aws@texts"
        )

    Args:
        results: references of `VoteOperator` or `OcrOperator`, nested in any way; all batches of a document
            stand in one task.
        formats: names of formats, comma-separated.
        to: URL or path of the folder that the files go into; default: ``files`` in the run's folder.
        existing_text: what to do with pages of a PDF that have text already: refuse, keep or replace.
    """

    template_fields: Sequence[str] = (
        *OcrBaseOperator.template_fields,
        "results",
        "formats",
        "to",
        "existing_text",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"results": "json"}

    def __init__(
        self,
        *,
        results: Any,
        formats: str = "text",
        to: str | None = None,
        existing_text: str = "replace",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.results = results
        self.formats = formats
        self.to = to
        self.existing_text = existing_text

    def execute(self, context: Context) -> dict[str, Any]:
        from ocr_plugins.airflow.lineage import Data, folders_of
        from ocr_plugins.airflow.places import Place
        from ocr_plugins.airflow.readings import references_in
        from ocr_plugins.airflow.work import write_files
        from ocr_plugins.formats import chosen_formats

        with told_errors():
            place = self.open_place()
            formats = chosen_formats([self.formats], self.existing_text)
            out = Place(self.to) if self.to else place
            folder = "" if self.to else f"{folder_of(context)}/files"
            results = references_in(self.results)
            files, failed = write_files(place, out, folder, results, formats)
            note(
                place, context, "written", {"to": out.shown, "files": files, "errors": list(map(str, failed))}
            )
        self.tell_lineage(
            read=folders_of((one.file for one in results), place.url),
            wrote=[Data.at(f"{out.url}/{folder}")],
        )
        for error in failed:
            self.log.warning("not written: %s", error)
        self.log.info("%d files to %s", len(files), out.shown)
        return {"to": f"{out.shown}/{folder}".rstrip("/"), "files": len(files), "errors": len(failed)}
