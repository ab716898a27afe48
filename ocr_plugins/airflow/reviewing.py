"""Words in doubt put before a person, and results with what the person says.

What is asked lies in the run's folder as ``review/NAME.json`` with a picture of each word, and nowhere else:
Airflow's own form shows the pictures, and keeps what is typed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import heapq
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.airflow.answers import Answer, Answers, keep, write_manifest
from ocr_plugins.airflow.batches import BatchPage
from ocr_plugins.airflow.places import Place
from ocr_plugins.airflow.readings import Reference, write_corrected
from ocr_plugins.corrections import DoubtedWord
from ocr_plugins.document import Box
from ocr_plugins.errors import CallError, OcrError
from ocr_plugins.pictures import cut_out

_SCHEMA_VERSION = 1
#: The label of results that people have looked at.
REVIEWED = "reviewed"
# Around a word, in its heights: what a picture shows of its neighbours.
_BESIDE, _ABOVE = 6.0, 0.7
_CHOICE = re.compile(r"#(\d+)")
_MARK = (214, 40, 40)


@dataclass(frozen=True, kw_only=True)
class Question:
    """A word that a person is asked for.

    ``picture`` and ``alone`` are files of the place, PNG: the word among its neighbours, and by itself.
    They are "" where the page gives no picture of it.
    """

    word: DoubtedWord
    batch: str
    page: str
    picture: str = ""
    alone: str = ""

    @property
    def asked(self) -> str:
        """A hash of the word's page and place."""
        parts = json.dumps([self.batch, self.page, self.word.to_dict()])
        return hashlib.sha256(parts.encode()).hexdigest()[:16]

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        return cls(**{**data, "word": DoubtedWord.from_dict(data["word"])})

    def text_of(self, answer: str) -> str | None:
        """What an answer says: the text, ``#2`` for the second choice, ``#0`` for nothing; None if empty.

        A text that looks like a choice has a backslash before it.
        """
        answer = " ".join(answer.split())
        if not answer:
            return None
        choice = _CHOICE.fullmatch(answer)
        if choice is None:
            return answer.removeprefix("\\")
        number = int(choice[1])
        if number == 0:
            return ""
        return self.word.choices[number - 1] if number <= len(self.word.choices) else None


@dataclass(frozen=True, kw_only=True)
class Review:
    """What a run asks a person: ``questions``, and ``known``, what was answered where the same readings met.

    ``references`` are of the votes that are asked about, and ``task_id`` and ``map_index`` who asks.
    """

    task_id: str
    map_index: int
    questions: tuple[Question, ...]
    known: tuple[tuple[Question, str], ...]
    references: tuple[Reference, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "schema_version": _SCHEMA_VERSION,
            "task_id": self.task_id,
            "map_index": self.map_index,
            "questions": [one.to_dict() for one in self.questions],
            "known": [{**one.to_dict(), "answer": text} for one, text in self.known],
            "references": [one.to_dict() for one in self.references],
        }

    @classmethod
    def load(cls, place: Place, file: str) -> Self:
        """Raises CallError where there is none."""
        found = cls.find(place, file)
        if found is None:
            raise CallError("nothing was asked here", "clear the task that asks, to run it again")
        return found

    @classmethod
    def find(cls, place: Place, file: str) -> Self | None:
        """None where there is none."""
        data = place.read_json(file)
        if not isinstance(data, dict) or data.get("schema_version") != _SCHEMA_VERSION:
            return None
        known = [dict(one) for one in data["known"]]
        return cls(
            task_id=data["task_id"],
            map_index=data["map_index"],
            questions=tuple(map(Question.from_dict, data["questions"])),
            known=tuple((Question.from_dict(one), text) for one in known for text in [one.pop("answer")]),
            references=tuple(map(Reference.from_dict, data["references"])),
        )


def review_file(run: str, task_id: str, map_index: int) -> str:
    """Where a task of a run leaves what it asks."""
    return f"{run}/review/{task_id}-{max(map_index, 0):05d}.json"


def ask(
    place: Place,
    run: str,
    task_id: str,
    map_index: int,
    references: Sequence[Reference],
    *,
    words: int,
    below: float,
) -> Review:
    """Finds the most doubtful words of votes, and leaves them with their pictures in the run's folder.

    Args:
        run: the run's folder.
        task_id: who asks.
        map_index: its number among mapped ones; -1 where it is not.
        references: votes, each of a batch; where there are several of one batch, the first counts.
        words: at most so many.
        below: only those whose probability is lower.

    Raises:
        CallError: no vote, a number that is not above 0, or a file of results is gone.
    """
    if words < 1 or not 0 < below <= 1:
        raise CallError(f"{words} words below {below} ask nothing", "give words=20, below=0.8, for instance")
    of_batch: dict[str, Reference] = {}
    for reference in references:
        if reference.parsed.is_vote:
            of_batch.setdefault(reference.batch, reference)
    if not of_batch:
        raise CallError("there is no vote to ask about", "give what VoteOperator returned")
    answers = Answers(place)
    known: list[tuple[Question, str]] = []
    # The least sure first; the number parts those that are equally sure.
    doubted: list[tuple[float, int, Question]] = []
    for number, one in enumerate(_doubted(place, of_batch.values(), below)):
        text = answers.text_for(one.word.readings)
        if text is None:
            heapq.heappush(doubted, (-one.word.probability, -number, one))
            if len(doubted) > words:
                heapq.heappop(doubted)
        else:
            known.append((one, text))
    questions = [one for _, _, one in sorted(doubted, key=lambda entry: (-entry[0], -entry[1]))]
    file = review_file(run, task_id, map_index)
    review = Review(
        task_id=task_id,
        map_index=map_index,
        questions=tuple(_pictured(place, file.removesuffix(".json"), of_batch, questions)),
        known=tuple(known),
        references=tuple(of_batch.values()),
    )
    place.write_json(file, review.to_dict())
    return review


def _doubted(place: Place, references: Iterable[Reference], below: float) -> Iterator[Question]:
    for reference in references:
        _, rows = reference.rows(place)
        for row in rows:
            for word in row.get("doubts", ()):
                if word["probability"] < below:
                    yield Question(word=DoubtedWord.from_dict(word), batch=reference.batch, page=row["id"])


def _pictured(
    place: Place, folder: str, references: Mapping[str, Reference], questions: Sequence[Question]
) -> Iterator[Question]:
    """The questions with pictures; each page is opened once."""
    pages = {
        (name, page.id): page
        for name in {one.batch for one in questions}
        for page in references[name].of_batch.load(place).pages
    }
    pixels: dict[tuple[str, str], NDArray[np.uint8] | None] = {}
    left = [(one.batch, one.page) for one in questions]
    for number, one in enumerate(questions, start=1):
        at = one.batch, one.page
        if at not in pixels:
            pixels[at] = _pixels(pages[at])
        image = pixels[at]
        left.remove(at)
        if at not in left:
            del pixels[at]
        if image is None or one.word.box is None:
            yield one
            continue
        picture, alone = f"{folder}/{number:03d}.png", f"{folder}/{number:03d}-alone.png"
        place.write(picture, _png(_among_neighbours(image, one.word.box)))
        place.write(alone, _png(cut_out(image, one.word.box, 0.15, 0.15)[0]))
        yield dataclasses.replace(one, picture=picture, alone=alone)


def _pixels(page: BatchPage) -> NDArray[np.uint8] | None:
    try:
        return page.ref().load().rgb()
    except OcrError:
        # It was there when it was read; without a picture there are still the readings.
        return None


def _among_neighbours(image: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """The word with what stands beside it, and a frame around the word."""
    import cv2

    cut, (left, top) = cut_out(image, box, _BESIDE, _ABOVE)
    framed = np.ascontiguousarray(cut)
    thick = max(1, round((box[3] - box[1]) / 20))
    corners = [(int(box[at]) - left, int(box[at + 1]) - top) for at in (0, 2)]
    cv2.rectangle(framed, corners[0], corners[1], _MARK, thick)
    return framed


def _png(pixels: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    data = BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(data, "PNG")
    return data.getvalue()


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What came of a review: results that hold the answers, and how many words were answered."""

    references: tuple[Reference, ...]
    asked: int
    answered: int
    known: int

    def counts(self) -> dict[str, int]:
        return {"asked": self.asked, "answered": self.answered, "known": self.known}


def settle(
    place: Place, run: str, review: Review, answers: Mapping[int, str], *, by: str = "", at: str = ""
) -> Settled:
    """Keeps what a person has answered, and writes the votes with it as results of their own.

    Args:
        run: the run's folder.
        answers: by the question's number, from 1; see `Question.text_of`.
        by: who has answered.
        at: when, ISO 8601.

    Raises:
        CallError: a file of results is gone or altered.
    """
    said: list[tuple[Question, str]] = []
    for number, question in enumerate(review.questions, start=1):
        text = question.text_of(answers.get(number, ""))
        if text is not None:
            said.append((question, text))
            keep(
                place,
                Answer(
                    readings=question.word.readings,
                    text=text,
                    was=question.word.text,
                    page=question.page,
                    asked=question.asked,
                    by=by,
                    at=at,
                    run=run,
                ),
                place.read(question.alone) if question.alone else None,
            )
    if said:
        write_manifest(place)
    changes: dict[tuple[str, str], list[tuple[DoubtedWord, str]]] = {}
    for question, text in (*review.known, *said):
        changes.setdefault((question.batch, question.page), []).append((question.word, text))
    references = tuple(
        write_corrected(
            place,
            one,
            REVIEWED,
            {page: found for (batch, page), found in changes.items() if batch == one.batch},
        )
        for one in review.references
    )
    return Settled(
        references=references,
        asked=len(review.questions),
        answered=len(said),
        known=len(review.known),
    )
