"""`EvaluateOperator`: what a run came to, in numbers and as a report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowException

from ocr_plugins.airflow.operators.base import OcrBaseOperator, folder_of, lines_of, told_errors

if TYPE_CHECKING:
    from airflow.sdk import Context


class EvaluateOperator(OcrBaseOperator):
    """Counts and scores all that this run has read, and writes its report.

    Returns numbers by engine: pages, errors, seconds a page, and CER and WER on pages with ground truth.
    Fails, after it has written all that, where an engine has not read each batch: give it
    ``trigger_rule="all_done"``.

    Example::

        EvaluateOperator(
            task_id="evaluate", truth="s3://my_aws@scans/manifest.jsonl", trigger_rule="all_done"
        )

    Args:
        truth: manifests with ground truth, as a list or one a line; a page's is found by its id, or by where
            its image lies.
        convention: how to score.
        sample: pages that the report shows, and that engines are ranked on without ground truth.
    """

    template_fields: Sequence[str] = (*OcrBaseOperator.template_fields, "truth", "convention", "sample")

    def __init__(
        self,
        *,
        truth: str | list[str] | None = None,
        convention: str = "default",
        sample: int | str = 50,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.truth = truth
        self.convention = convention
        self.sample = sample

    def execute(self, context: Context) -> dict[str, Any]:
        from ocr_plugins.airflow.lineage import Data
        from ocr_plugins.airflow.of_run import truths_of
        from ocr_plugins.airflow.places import label_folder
        from ocr_plugins.airflow.scoring import summarise
        from ocr_plugins.evaluation import get_convention

        folder, truth = folder_of(context), lines_of(self.truth)
        with told_errors():
            place = self.open_place()
            summary = summarise(
                place,
                folder,
                get_convention(self.convention),
                truths_of(truth),
                sample=int(self.sample),
            )
        engines: dict[str, Any] = summary["engines"]
        results = [f"{place.url}/results/{label_folder(label)}" for label in engines]
        files = [f"{place.url}/{folder}/{name}" for name in ("report.html", "summary.json")]
        self.tell_lineage(read=[Data.at(url) for url in (*results, *truth)], wrote=list(map(Data.at, files)))
        for label, row in engines.items():
            self.log.info("%s: %d pages, %d not read, %s", label, row["pages"], row["errors"], _told(row))
        if summary["missing"]:
            left = ", ".join(f"{spec} {count}" for spec, count in summary["missing"].items())
            raise AirflowException(f"batches are missing ({left}): see the tasks that failed, and clear them")
        return engines


def _told(row: dict[str, Any]) -> str:
    pace = "-" if row["seconds_per_page"] is None else f"{row['seconds_per_page']:.2f} s a page"
    return pace if row.get("cer") is None else f"{pace}, CER {row['cer']:.2%}, WER {row['wer']:.2%}"
