"""`ReviewOperator`: votes in; the most doubtful words go before a person; votes with the answers out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import AirflowFailException
from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param
from airflow.sdk.definitions.param import ParamsDict

from ocr_plugins.airflow.links import OcrReviewLink, OcrRunLink, page_url
from ocr_plugins.airflow.operators.base import OcrBaseOperator, folder_of, note, told_errors

if TYPE_CHECKING:
    from airflow.sdk import Context

    from ocr_plugins.airflow.places import Place
    from ocr_plugins.airflow.reviewing import Review


class ReviewOperator(OcrBaseOperator, HITLOperator):
    """Puts the words that votes are least sure of before a person, and waits.

    A person answers in Airflow's own form (Required Actions), or on the page that it links to: by typing what
    stands in the picture, or by choosing a reading. What is left empty stays as the vote has it, and so does
    everything where nobody answers in time: a time-out is never a yes. Where the same readings meet again,
    the answer is used again, and not asked for; it can be taken back on the page.

    Returns references to the votes with the answers in them, labelled ``reviewed``, and pushes the XCom
    ``counts`` of words ``asked``, ``answered`` and ``known``. All answers together are
    a manifest at the place, ``answers/words.jsonl``, with a picture of each word: ground truth to learn from.

    Example::

        review = ReviewOperator(
            task_id="review", results=vote.output, words=20, response_timeout=timedelta(hours=12)
        )
        write = WriteFilesOperator(task_id="write", results=review.output)

    Args:
        results: references of `VoteOperator`, nested in any way.
        words: at most so many are asked for.
        below: only those that are less likely to be right, 0 to 1.
        response_timeout: how long to wait; default: for ever.
        assigned_users: who may answer, as `HITLOperator` takes it; so are ``notifiers``.
    """

    SAVE = "Save the answers"
    LEAVE = "Leave all as it is"

    template_fields: Sequence[str] = (*OcrBaseOperator.template_fields, "results", "words", "below")
    template_fields_renderers: ClassVar[dict[str, str]] = {"results": "json"}
    operator_extra_links = (OcrReviewLink(), OcrRunLink())

    def __init__(
        self, *, results: Any, words: int | str = 20, below: float | str = 0.8, **kwargs: Any
    ) -> None:
        kwargs.setdefault("subject", "Words in doubt")
        # No defaults: Airflow would take them for an answer where time is over.
        super().__init__(options=[self.SAVE, self.LEAVE], defaults=None, multiple=False, **kwargs)
        self.results = results
        self.words = words
        self.below = below

    def execute(self, context: Context) -> list[dict[str, Any]]:
        from ocr_plugins.airflow.readings import references_in
        from ocr_plugins.airflow.reviewing import ask

        with told_errors():
            place = self.open_place()
            references = references_in(self.results)
            review = ask(
                place,
                folder_of(context),
                context["ti"].task_id,
                _map_index(context),
                references,
                words=int(self.words),
                below=float(self.below),
            )
        counts = len(review.questions), len(review.known)
        self.log.info("%d words to ask for, %d are known from earlier answers", *counts)
        if not review.questions:
            return self._settle(context, place, review, {})
        self._ask_for(context, review)
        super().execute(context)
        # The task waits now, and goes on in `execute_complete`.
        raise AssertionError

    def _ask_for(self, context: Context, review: Review) -> None:
        ids = _ids_of(context)
        # The pictures show the readings as well: nothing of the document goes into Airflow's database.
        pictures = (
            f"**Word {number}**\n\n![Word {number} and its readings]"
            f"({page_url('review/word.svg', **ids, word=number)})\n\n"
            for number, _ in _keys(review)
        )
        self.body = (
            f"[Answer in a larger view, with the keyboard]({page_url('review', **ids)}), or here: type what "
            "stands in the frame, or `#2` for the second reading, `#0` where nothing stands there. What you "
            f"leave empty stays as it is.\n\n{''.join(pictures)}"
        )
        self.params = ParamsDict(
            {key: Param("", type=["null", "string"], title=f"Word {number}") for number, key in _keys(review)}
        )

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        from ocr_plugins.airflow.reviewing import Review, review_file

        with told_errors():
            place = self.open_place()
            file = review_file(folder_of(context), context["ti"].task_id, _map_index(context))
            review = Review.load(place, file)
        if "error" in event:
            if event.get("error_type") != "timeout":
                raise AirflowFailException("the answer could not be had: clear the task to ask again")
            self.log.warning("nobody has answered in time: the votes stay as they are")
            return self._settle(context, place, review, {})
        if self.SAVE not in event["chosen_options"]:
            self.log.info("all is left as it is")
            return self._settle(context, place, review, {})
        given = event["params_input"] or {}
        answers = {number: str(given.get(key) or "") for number, key in _keys(review)}
        user = event.get("responded_by_user") or {}
        return self._settle(
            context,
            place,
            review,
            answers,
            by=str(user.get("name") or user.get("id") or ""),
            at=str(event.get("responded_at") or ""),
        )

    def _settle(
        self, context: Context, place: Place, review: Review, answers: Mapping[int, str], **who: str
    ) -> list[dict[str, Any]]:
        from ocr_plugins.airflow.lineage import Data, folders_of
        from ocr_plugins.airflow.reviewing import settle

        with told_errors():
            settled = settle(place, folder_of(context), review, answers, **who)
            told = [reference.to_dict() for reference in settled.references]
            note(place, context, "results", told)
            note(place, context, "reviewed", settled.counts())
        self.tell_lineage(
            read=folders_of((reference.file for reference in review.references), place.url),
            wrote=[
                *folders_of((reference.file for reference in settled.references), place.url),
                Data.at(f"{place.url}/answers"),
            ],
        )
        context["ti"].xcom_push(key="counts", value=settled.counts())
        counts = settled.asked, settled.answered, settled.known
        self.log.info("%d words asked for, %d answered, %d known from earlier answers", *counts)
        return told


def _map_index(context: Context) -> int:
    index = context["ti"].map_index
    return index if index is not None else -1


def _ids_of(context: Context) -> dict[str, Any]:
    instance = context["ti"]
    return {
        "dag_id": instance.dag_id,
        "run_id": instance.run_id,
        "task_id": instance.task_id,
        "map_index": _map_index(context),
    }


def _keys(review: Review) -> list[tuple[int, str]]:
    return [(number, f"word_{number:03d}") for number in range(1, len(review.questions) + 1)]
