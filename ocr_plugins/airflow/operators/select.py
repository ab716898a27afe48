"""`SelectEngineOperator`: a study in; which engine is taken from now on, and what runs next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.branch import BaseBranchOperator

from ocr_plugins.airflow.links import OcrEnginesLink, OcrRunLink
from ocr_plugins.airflow.operators.base import OcrBaseOperator, told_errors

if TYPE_CHECKING:
    from airflow.sdk import Context


class SelectEngineOperator(OcrBaseOperator, BaseBranchOperator):
    """Takes what a study recommends, if it is surely and enough better than what is taken now.

    The choice lies at the place as ``choices/NAME/recipe.toml``, which stands wherever engines are named, as
    in the Param ``engines`` of `ocr_batch`. It is switched where the recommended engine makes fewer errors
    than the present one in 95 % of the samples, and saves ``threshold`` of them; the first study chooses
    at once. What is directly downstream and not named to follow is skipped.

    Pushes the XCom ``choice``: ``take``, ``recipe``, ``switched`` and ``reason``.

    Example::

        select = SelectEngineOperator(
            task_id="select", study=study.output, threshold=0.05, if_switched="announce"
        )
        select >> [announce, tell_nobody]

    Args:
        study: what `EngineStudyOperator` returned.
        threshold: share of the errors that a switch must save, 0 to below 1; below it nothing is switched.
        if_switched: ids of tasks that run where the choice is a new one.
        if_kept: ids of tasks that run where it is not.
        by_engine: ids of tasks that run besides, by the label of what is taken.
    """

    operator_extra_links = (OcrEnginesLink(), OcrRunLink())
    template_fields: Sequence[str] = (*OcrBaseOperator.template_fields, "study", "threshold")

    def __init__(
        self,
        *,
        study: Any,
        threshold: float | str = 0.05,
        if_switched: str | Sequence[str] = (),
        if_kept: str | Sequence[str] = (),
        by_engine: Mapping[str, str | Sequence[str]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.study = study
        self.threshold = threshold
        self.if_switched = if_switched
        self.if_kept = if_kept
        self.by_engine = dict(by_engine or {})

    def choose_branch(self, context: Context) -> list[str] | None:
        from ocr_plugins.airflow.lineage import Data
        from ocr_plugins.airflow.studying import choose

        with told_errors():
            place = self.open_place()
            choice = choose(place, self.study, float(self.threshold))
        self.log.info("%s: %s", "switched" if choice["switched"] else "kept", choice["reason"])
        choice["recipe"] = f"{place.url}/{choice['recipe']}"
        self.tell_lineage(read=[Data.at(f"{place.url}/studies")], wrote=[Data.at(choice["recipe"])])
        context["ti"].xcom_push(key="choice", value=choice)
        follow = _several(self.if_switched if choice["switched"] else self.if_kept)
        return [*follow, *_several(self.by_engine.get(choice["take"], ()))] or None


def _several(ids: str | Sequence[str]) -> list[str]:
    return [ids] if isinstance(ids, str) else list(ids)
