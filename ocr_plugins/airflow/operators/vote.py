"""`VoteOperator`: what engines read of batches in, references to the votes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ocr_plugins.airflow.operators.base import OcrBaseOperator, note, told_errors

if TYPE_CHECKING:
    from airflow.sdk import Context


class VoteOperator(OcrBaseOperator):
    """Votes on what several engines read of the same batches, page by page.

    Returns a list of references, one for each vote and batch. What one engine alone has read, and what was
    voted on already, as by a cascade, needs no vote and is handed on.

    Example::

        vote = VoteOperator(task_id="vote", readings=read.output, vote="vote:method=confidence")

    Args:
        readings: references that `OcrOperator` returned, nested in any way.
        vote: specs of votes, comma-separated, or specs or a recipe that has votes among others.
    """

    template_fields: Sequence[str] = (*OcrBaseOperator.template_fields, "readings", "vote")
    template_fields_renderers: ClassVar[dict[str, str]] = {"readings": "json"}

    def __init__(self, *, readings: Any, vote: str = "vote", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.readings = readings
        self.vote = vote

    def execute(self, context: Context) -> list[dict[str, Any]]:
        from ocr_plugins.airflow import metrics
        from ocr_plugins.airflow.lineage import folders_of
        from ocr_plugins.airflow.readings import by_batch, references_in
        from ocr_plugins.airflow.specs import specs_at
        from ocr_plugins.airflow.work import hold_votes

        with told_errors():
            place = self.open_place()
            votes = [spec for spec in specs_at(self.vote) if spec.is_vote]
            readings = references_in(self.readings)
            results = [
                reference
                for references in by_batch(readings).values()
                for reference in hold_votes(place, references, votes)
            ]
            told = [reference.to_dict() for reference in results]
            note(place, context, "results", told)
        self.tell_lineage(
            read=folders_of((one.file for one in readings), place.url),
            wrote=folders_of((one.file for one in results if one not in readings), place.url),
        )
        for one in results:
            if one.parsed.is_vote:
                metrics.count(one)
            self.log.info("%s: %d pages, %d words", one.engine, one.pages, one.words)
        return told
