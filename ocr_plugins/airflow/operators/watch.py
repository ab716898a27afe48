"""`QualityWatchOperator`: fails where pages are read worse than before, without ground truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowFailException

from ocr_plugins.airflow.links import OcrEnginesLink, OcrRunLink
from ocr_plugins.airflow.operators.base import OcrBaseOperator, date_of, folder_of, told_errors

if TYPE_CHECKING:
    from airflow.sdk import Context


class QualityWatchOperator(OcrBaseOperator):
    """Holds the error rates that are expected of this run's engines against those of the runs before.

    They come from how far the engines agree, as `EvaluateOperator` has found it before; no ground truth is
    needed. Fails where an engine has drifted: where all of its 95 % interval lies above ``factor`` times the
    median of the runs before. So Airflow's own alarms tell of it, such as ``on_failure_callback``. The gauge
    ``ocr.expected_cer`` goes to Airflow's metrics, tagged by engine.

    Example::

        evaluate >> QualityWatchOperator(task_id="watch", factor=1.5, on_failure_callback=tell_us)

    Args:
        watch: a name; runs of one name are compared. Default: the DAG's.
        factor: how many times as many errors are a drift, above 1.
        window: how many runs to look back; with fewer than three nothing is told yet.
    """

    operator_extra_links = (OcrEnginesLink(), OcrRunLink())
    template_fields: Sequence[str] = (*OcrBaseOperator.template_fields, "watch", "factor", "window")

    def __init__(
        self,
        *,
        watch: str | None = None,
        factor: float | str = 1.5,
        window: int | str = 10,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.watch = watch
        self.factor = factor
        self.window = window

    def execute(self, context: Context) -> dict[str, Any]:
        from ocr_plugins.airflow import metrics
        from ocr_plugins.airflow.lineage import Data
        from ocr_plugins.airflow.watching import watch_run

        with told_errors():
            place = self.open_place()
            row = watch_run(
                place,
                folder_of(context),
                self.watch or context["ti"].dag_id,
                date_of(context),
                factor=float(self.factor),
                window=int(self.window),
            )
        self.tell_lineage(
            read=[Data.at(f"{place.url}/{folder_of(context)}/summary.json")],
            wrote=[Data.at(f"{place.url}/quality")],
        )
        expected: dict[str, dict[str, float]] = row["expected"]
        for label, one in expected.items():
            metrics.expect(label, one["cer"])
            self.log.info("%s: expected CER %s", label, _told(one))
        if row["drifted"]:
            told = "; ".join(
                f"{label}: {_told(expected[label])}, before {100 * expected[label]['before']:.2f} %"
                for label in row["drifted"]
            )
            raise AirflowFailException(f"pages are read worse than before ({told}): look at the run's report")
        return row


def _told(one: dict[str, float]) -> str:
    return f"{100 * one['cer']:.2f} % ({100 * one['low']:.2f} to {100 * one['high']:.2f})"
