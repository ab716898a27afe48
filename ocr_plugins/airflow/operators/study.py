"""`EngineStudyOperator`: what a run's engines are worth, and what to take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ocr_plugins.airflow.links import OcrEnginesLink, OcrRunLink
from ocr_plugins.airflow.operators.base import OcrBaseOperator, date_of, folder_of, lines_of, told_errors

if TYPE_CHECKING:
    from airflow.sdk import Context


class EngineStudyOperator(OcrBaseOperator):
    """Studies what engines have read in this run: which to take, how sure that is, and why.

    Votes among the planned engines are held here, on all pages at once. Without ground truth engines are
    ranked by how far they agree. The report, the tables, ``recipe.toml`` and ``cascade.toml`` go to the
    folder ``study`` of the run, and a row to ``studies/NAME`` of the place, where the leaderboard of the
    UI finds it.

    Returns the row: ``take`` is the label of what the study would take, ``by`` is ``truth`` or ``agreement``,
    and ``engines`` has CER and seconds a page by label.

    Example::

        plan = PlanBatchesOperator(
            task_id="plan", inputs=SAMPLE, engines="tesseract,rapidocr,vote", limit=200, apart=True
        )
        read = OcrOperator.partial(task_id="read").expand_kwargs(plan.output)
        study = EngineStudyOperator(task_id="study", truth=SAMPLE, trigger_rule="all_done")
        read >> study

    Args:
        study: name of the study; runs of one name are compared over time. Default: the DAG's.
        truth: manifests with ground truth, as a list or one a line.
        convention: how to score.
        budget: what the cascade that is fitted may cost: seconds a page, or a share as in ``30%``.
    """

    operator_extra_links = (OcrEnginesLink(), OcrRunLink())
    template_fields: Sequence[str] = (
        *OcrBaseOperator.template_fields,
        "study",
        "truth",
        "convention",
        "budget",
    )

    def __init__(
        self,
        *,
        study: str | None = None,
        truth: str | list[str] | None = None,
        convention: str = "default",
        budget: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.study = study
        self.truth = truth
        self.convention = convention
        self.budget = budget

    def execute(self, context: Context) -> dict[str, Any]:
        from ocr_plugins.airflow.lineage import Data
        from ocr_plugins.airflow.of_run import truths_of
        from ocr_plugins.airflow.studying import study_run
        from ocr_plugins.evaluation import get_convention
        from ocr_plugins.policy import Budget

        with told_errors():
            place = self.open_place()
            row = study_run(
                place,
                folder_of(context),
                self.study or context["ti"].dag_id,
                date_of(context),
                get_convention(self.convention),
                truths_of(lines_of(self.truth)),
                Budget.parse(self.budget) if self.budget else None,
            )
        self.tell_lineage(
            read=[Data.at(url) for url in (f"{place.url}/results", *lines_of(self.truth))],
            wrote=[Data.at(f"{place.url}/{folder_of(context)}/study"), Data.at(f"{place.url}/studies")],
        )
        self.log.info("%s", row["text"])
        return row
