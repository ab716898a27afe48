"""What all operators share: where results go, how errors end a task, and what a run is told of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException
from airflow.sdk import BaseOperator, BaseOperatorLink

from ocr_plugins.airflow.hooks import DEFAULT_CONNECTION, OcrHook
from ocr_plugins.airflow.links import OcrRunLink

if TYPE_CHECKING:
    from airflow.sdk import Context

    from ocr_plugins.airflow.lineage import Data
    from ocr_plugins.airflow.places import Place


class OcrBaseOperator(BaseOperator):
    """Base of the operators.

    Args:
        place: URL or path where results go and are found, the same for all tasks of a run and on all workers;
            default: that of the connection, or of Airflow's section ``[ocr]``.
        conn_id: the connection with defaults, of the type ``ocr``.
    """

    template_fields: Sequence[str] = ("place", "conn_id")
    operator_extra_links: tuple[BaseOperatorLink, ...] = (OcrRunLink(),)
    ui_color = "#e3eefb"
    _lineage: tuple[Sequence[Data], Sequence[Data]] = ((), ())

    def __init__(self, *, place: str | None = None, conn_id: str = DEFAULT_CONNECTION, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.place = place
        self.conn_id = conn_id

    def open_place(self) -> Place:
        """Where results go. Raises CallError where none is named."""
        return OcrHook(self.conn_id).get_place(self.place)

    def tell_lineage(self, *, read: Sequence[Data] = (), wrote: Sequence[Data] = ()) -> None:
        """Keeps what the task has read and written, for when OpenLineage asks."""
        self._lineage = read, wrote

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:  # noqa: ARG002 - the interface
        """What Airflow's OpenLineage provider asks for, where it is installed."""
        from ocr_plugins.airflow.lineage import lineage_of

        return lineage_of(*self._lineage)


@contextmanager
def told_errors() -> Iterator[None]:
    """What is wrong in one line: a wrong call fails the task for good, all else may be tried again.

    What was fetched meanwhile is gone in the end: Airflow ends the processes of tasks on the spot.
    """
    from ocr_plugins.errors import CallError, ManifestError, OcrError
    from ocr_plugins.remote import discard_downloads

    try:
        yield
    except (CallError, ManifestError) as error:
        raise AirflowFailException(str(error)) from None
    except OcrError as error:
        raise AirflowException(str(error)) from None
    finally:
        discard_downloads()


def folder_of(context: Context) -> str:
    """The folder of the task's run in a place."""
    from ocr_plugins.airflow.places import run_folder

    return run_folder(context["ti"].dag_id, context["ti"].run_id)


def date_of(context: Context) -> str:
    """When the run is of, ISO 8601 in UTC: its logical date, or when it was asked for."""
    run = context["dag_run"]
    return (run.logical_date or run.run_after).astimezone(UTC).isoformat()


def lines_of(several: str | Sequence[str] | None) -> list[str]:
    """What an argument names that is given as a list, or as text with one a line."""
    given = several.splitlines() if isinstance(several, str) else several or ()
    return [one.strip() for one in given if one.strip()]


def is_true(value: bool | str) -> bool:
    """What an argument says that may have been rendered as text."""
    return str(value).lower() in ("true", "1")


def index_of(context: Context) -> int:
    """The task's number among those that are mapped; 0 where it is not."""
    index = context["ti"].map_index
    return max(index if index is not None else 0, 0)


def note(place: Place, context: Context, kind: str, value: Any) -> None:
    """Writes into the run's folder what one of its tasks came to."""
    name = f"{context['ti'].task_id}-{index_of(context):05d}"
    place.write_json(f"{folder_of(context)}/{kind}/{name}.json", value)
