"""`TrainCrnnOperator`: ground truth in, better weights out, or the proof that there are none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ocr_plugins.airflow.operators.base import OcrBaseOperator, lines_of, note, told_errors

if TYPE_CHECKING:
    from airflow.sdk import Context


class TrainCrnnOperator(OcrBaseOperator):
    """Fine-tunes the line recogniser `crnn`, and promotes the new weights if they read better than the old.

    Some lines are held out: neither learnt nor looked at before the end, when the old weights and the new
    read them. The new ones are promoted if they make fewer errors on documents like these: the whole 95 %
    interval of the ratio of errors, from groups of lines drawn with replacement, has to lie below 1. A group
    is what a manifest calls ``group``, as a book, else an image. With fewer than 5 groups or ``least`` lines
    to test on nothing can be told, so nothing is trained, and the task succeeds all the same. The old weights
    are those that would be replaced: the promoted ones, or ``start`` where there are none.

    Returns a record of numbers and names: ``promoted``, ``why``, ``weights`` (their name at the place),
    ``sha256``, ``from`` and ``against`` (hashes), ``cer_before``, ``cer_after``, ``ratio`` (``value``,
    ``low``, ``high``), ``lines`` and ``groups`` held out, lines ``learnt``, ``steps``, ``run`` and ``when``.

    At the place: ``models/NAME/HASH.onnx`` with its card ``HASH.md``, and the record in
    ``models/NAME/history``; ``models/NAME/promoted.json`` is the record of what was promoted last. Tasks read
    with it as ``crnn:weights=promoted``, or ``crnn:weights=URL`` for any other.

    Needs ``pip install 'ocr-plugins[crnn-train]'`` on the worker. A task that was killed goes on from its
    last checkpoint, a minute old at most, where it is tried again on the same machine.

    Example::

        TrainCrnnOperator(
            task_id="train",
            data="s3://my_aws@truth/lines/manifest.jsonl",
            minutes=60,
            retries=2,
            execution_timeout=timedelta(hours=3),
        )

    Args:
        data: manifests with lines to learn, of level line or word or with boxes of lines, paths or URLs, as a
            list or one a line. ``answers`` is what people told `ReviewOperator` at this place.
        held_out: manifests with lines to test on; what is of one of their images is not learnt. Default: a
            tenth of the groups of ``data``, or as many more, up to a half, as the test needs; as ``data``
            grows, what was learnt once is never held out.
        start: weights to go on from: ``promoted`` (those at the place, else the package's), ``standard`` (the
            package's), or a path or URL.
        name: the folder of ``models`` that weights are promoted in; ``weights=promoted`` looks into ``crnn``.
        minutes: how long to train, at most; it ends earlier where nothing gets better.
        steps: how long, in place of minutes.
        seed: of order, augmentation and what is held out.
        threads: of training and test; default: as many as there are cores.
        least: of fewer lines held out, nothing is said.
    """

    template_fields: Sequence[str] = (
        *OcrBaseOperator.template_fields,
        "data",
        "held_out",
        "start",
        "name",
        "minutes",
        "steps",
        "seed",
        "threads",
        "least",
    )

    def __init__(
        self,
        *,
        data: str | list[str],
        held_out: str | list[str] | None = None,
        start: str = "promoted",
        name: str = "crnn",
        minutes: float | str = 20,
        steps: int | str | None = None,
        seed: int | str = 0,
        threads: int | str | None = None,
        least: int | str = 100,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.data = data
        self.held_out = held_out
        self.start = start
        self.name = name
        self.minutes = minutes
        self.steps = steps
        self.seed = seed
        self.threads = threads
        self.least = least

    def execute(self, context: Context) -> dict[str, Any]:
        from ocr_plugins.airflow.lineage import Data
        from ocr_plugins.airflow.training import Training, fine_tune, manifests_of

        instance = context["ti"]
        run = {
            "dag": instance.dag_id,
            "run": instance.run_id,
            "task": instance.task_id,
            "index": instance.map_index,
        }
        with told_errors():
            place = self.open_place()
            training = Training(
                data=tuple(lines_of(self.data)),
                held_out=tuple(lines_of(self.held_out)),
                start=self.start,
                name=self.name,
                minutes=float(self.minutes),
                steps=int(self.steps) if self.steps else None,
                seed=int(self.seed),
                threads=int(self.threads) if self.threads else None,
                least=int(self.least),
            )
            record = fine_tune(place, training, run, self.log.info)
            note(place, context, "training", record)
        self.tell_lineage(
            read=[Data.at(url) for url in manifests_of(place, training)],
            wrote=[Data.at(f"{place.url}/models/{self.name}")],
        )
        self.log.info("%s: %s", "promoted" if record["promoted"] else "not promoted", record["why"])
        return record
