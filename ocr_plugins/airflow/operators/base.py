"""What all operators share: where results go, how errors end a task, and what a run is told of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException
from airflow.sdk import BaseOperator

from ocr_plugins.airflow.hooks import DEFAULT_CONNECTION, OcrHook
from ocr_plugins.airflow.links import OcrRunLink

if TYPE_CHECKING:
    from airflow.sdk import Context

    from ocr_plugins.airflow.places import Place


class OcrBaseOperator(BaseOperator):
    """Base of the operators.

    Args:
        place: URL or path where results go and are found, the same for all tasks of a run and on all workers;
            default: that of the connection, or of Airflow's section ``[ocr]``.
        conn_id: the connection with defaults, of the type ``ocr``.
    """

    template_fields: Sequence[str] = ("place", "conn_id")
    operator_extra_links = (OcrRunLink(),)
    ui_color = "#e3eefb"

    def __init__(self, *, place: str | None = None, conn_id: str = DEFAULT_CONNECTION, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.place = place
        self.conn_id = conn_id

    def open_place(self) -> Place:
        """Where results go. Raises CallError where none is named."""
        return OcrHook(self.conn_id).get_place(self.place)


@contextmanager
def told_errors() -> Iterator[None]:
    """What is wrong in one line: a wrong call fails the task for good, all else may be tried again."""
    from ocr_plugins.errors import CallError, ManifestError, OcrError

    try:
        yield
    except (CallError, ManifestError) as error:
        raise AirflowFailException(str(error)) from None
    except OcrError as error:
        raise AirflowException(str(error)) from None


def folder_of(context: Context) -> str:
    """The folder of the task's run in a place."""
    from ocr_plugins.airflow.places import run_folder

    return run_folder(context["ti"].dag_id, context["ti"].run_id)


def note(place: Place, context: Context, kind: str, value: Any) -> None:
    """Writes into the run's folder what one of its tasks came to."""
    instance = context["ti"]
    index = max(instance.map_index if instance.map_index is not None else 0, 0)
    place.write_json(f"{folder_of(context)}/{kind}/{instance.task_id}-{index:05d}.json", value)
