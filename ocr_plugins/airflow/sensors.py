"""`NewFilesSensor`: waits for files that no run was given yet."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException, conf
from airflow.sdk import BaseSensorOperator, PokeReturnValue

from ocr_plugins.airflow.operators.base import OcrBaseOperator, index_of, is_true, lines_of, told_errors
from ocr_plugins.airflow.triggers import NewFilesTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context

    from ocr_plugins.airflow.arrivals import Arrivals, Given, Watch

# Seconds that a deferred task is away at least.
_ASLEEP = 10.0


class NewFilesSensor(OcrBaseOperator, BaseSensorOperator):
    """Waits until there are files that no earlier run of this task was given, and gives them to its run.

    Returns the path or URL of a list of these files at the place, an input of `PlanBatchesOperator`. It is as
    short for one file as for many thousands.

    A file that has changed since it was given is new again. One that is still being written waits: it is
    given once two looks, ``settle`` seconds apart, have found it alike in size and in time or ETag. A folder
    that is missing or empty is one without new files yet.

    What was given is remembered at the place, by DAG and task, and only once the task has succeeded. A task
    that is tried or cleared again gives its run the same files again, so a run that failed later loses none.
    Runs that wait at the same moment may be given the same files.

    Example::

        new = NewFilesSensor(task_id="new", inputs="s3://my_aws@scans/in", timeout=3600, soft_fail=True)
        plan = PlanBatchesOperator(task_id="plan", inputs=new.output, engines="tesseract,rapidocr")

    Args:
        inputs: paths or URLs of files, folders and patterns, as a list or one a line.
        recursive: look into subfolders.
        settle: seconds that a file has to stay as it is; 0 takes files as they are.
        deferrable: wait in the triggerer, which then has to see the inputs and the place as workers do;
            default: `default_deferrable` of Airflow's section `[operators]`.
        poke_interval: seconds between looks.
        timeout: seconds to wait at most.
        soft_fail: skip the task rather than let it fail when the time is over.

    Raises:
        AirflowFailException: no input, a scheme that is not known or whose provider is not installed; trying
            again would not help.
        AirflowException: inputs cannot be listed, or the place fails; another time they may not.
        AirflowSensorTimeout: nothing new came in time.
    """

    template_fields: Sequence[str] = (*OcrBaseOperator.template_fields, "inputs", "recursive", "settle")

    def __init__(
        self,
        *,
        inputs: str | list[str],
        recursive: bool | str = False,
        settle: float | str = 30,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.inputs = inputs
        self.recursive = recursive
        self.settle = settle
        self.deferrable = deferrable
        # Kept from one look to the next, for what it has read of the memory.
        self._arrivals: Arrivals | None = None

    def execute(self, context: Context) -> Any:
        with told_errors():
            given = self._arrivals_of(context).given()
        if given is not None:
            self.log.info("the same %d files as this run was given before", given.files)
            return given.url
        if not self.deferrable:
            return super().execute(context)
        # Here first: what is wrong, and what need not settle, is told without a trigger.
        with told_errors():
            arrivals = self._arrivals_of(context)
            found = arrivals.look()
            given = None if arrivals.settle else arrivals.give(found)
        if given is None:
            self._defer(context, time.time() + self.timeout)
        return self._told(given)

    def poke(self, context: Context) -> bool | PokeReturnValue:
        """Looks, and once more after a while where there is something; gives what has not changed."""
        with told_errors():
            arrivals = self._arrivals_of(context)
            found = arrivals.look()
            if found and arrivals.settle:
                self.log.info("%d new files, looked at again in %g s", len(found), arrivals.settle)
                time.sleep(arrivals.settle)
                found = arrivals.unchanged(found, arrivals.look())
            given = arrivals.give(found)
        return PokeReturnValue(True, self._told(given)) if given else False

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> str:
        """Goes on where the trigger has found something; waits again where another run was given all of it.

        Args:
            event: the payload of `NewFilesTrigger`.
        """
        if "error" in event:
            raise (AirflowFailException if event["final"] else AirflowException)(event["error"])
        with told_errors():
            given = self._arrivals_of(context).give_held()
        if given is None:
            self._defer(context, event["until"])
        return self._told(given)

    def _defer(self, context: Context, until: float) -> NoReturn:
        with told_errors():
            watch = self._watch_of(context)
        self.defer(
            trigger=NewFilesTrigger(
                poke_interval=self.poke_interval, at_least=_ASLEEP, until=until, **asdict(watch)
            ),
            method_name="execute_complete",
            timeout=timedelta(seconds=max(0.0, until - time.time())),
        )

    def _told(self, given: Given) -> str:
        self.log.info("%d new files", given.files)
        return given.url

    def _arrivals_of(self, context: Context) -> Arrivals:
        from ocr_plugins.airflow.arrivals import Arrivals

        if self._arrivals is None:
            self._arrivals = Arrivals(self._watch_of(context), self.log.info)
        return self._arrivals

    def _watch_of(self, context: Context) -> Watch:
        from ocr_plugins.airflow.arrivals import Watch
        from ocr_plugins.errors import CallError

        instance = context["ti"]
        try:
            settle = float(self.settle)
        except ValueError:
            raise CallError(f"settle is {self.settle!r}", "pass seconds from 0 up") from None
        return Watch(
            place=self.open_place().url,
            inputs=lines_of(self.inputs),
            recursive=is_true(self.recursive),
            settle=settle,
            dag_id=instance.dag_id,
            run_id=instance.run_id,
            task_id=instance.task_id,
            map_index=index_of(context),
        )
