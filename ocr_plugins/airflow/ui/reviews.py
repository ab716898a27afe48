"""Words in doubt: what a person is asked, what was answered, and how to take it back.

Answers go to Airflow's own API, which knows who may give them.
"""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse, Response

from ocr_plugins.airflow.answers import Answer, Answers, key_of, undo
from ocr_plugins.airflow.places import Place, run_folder, safe_name
from ocr_plugins.airflow.reviewing import Question, Review, review_file
from ocr_plugins.airflow.ui.drawing import word_svg
from ocr_plugins.airflow.ui.serving import (
    MAY_ANSWER,
    MAY_SEE_REVIEW,
    checked_task,
    page,
    picture,
    the_place,
)

router = APIRouter()


@router.get("/review", dependencies=[MAY_SEE_REVIEW])
def review(dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> HTMLResponse:
    """All words that a task asks for."""
    place, folder = the_place(), run_folder(dag_id, run_id)
    file = review_file(folder, checked_task(task_id), map_index)
    ids = {"dag_id": dag_id, "run_id": run_id, "task_id": task_id, "map_index": map_index}
    asked = Review.find(place, file)
    if asked is None:
        return page("error.html", 404, message="Nothing is asked here yet.")
    answers = Answers(place)
    return page(
        "review.html",
        ids=ids,
        query=urlencode(ids),
        settled=_settled(place, file),
        questions=[_shown(one, answers, dag_id) for one in asked.questions],
        known=[_shown(one, answers, dag_id) | {"answer": text} for one, text in asked.known],
    )


@router.get("/review/picture", dependencies=[MAY_SEE_REVIEW])
def word_picture(dag_id: str, run_id: str, task_id: str, word: int, map_index: int = -1) -> Response:
    """A word among its neighbours."""
    place = the_place()
    question = _question(place, dag_id, run_id, task_id, map_index, word)
    return picture(place.read(question.picture) if question.picture else None, "image/png")


@router.get("/review/word.svg", dependencies=[MAY_SEE_REVIEW])
def word_and_readings(dag_id: str, run_id: str, task_id: str, word: int, map_index: int = -1) -> Response:
    """A word with what engines have read there, as one picture for Airflow's form."""
    place = the_place()
    question = _question(place, dag_id, run_id, task_id, map_index, word)
    png = place.read(question.picture) if question.picture else None
    data = base64.b64encode(png).decode() if png else ""
    return picture(word_svg(data, _choices(question)).encode(), "image/svg+xml")


@router.post("/answers/undo", dependencies=[MAY_ANSWER])
def take_back(dag_id: str, key: str, asked: str, user: GetUserDep) -> dict[str, bool]:
    """Takes an answer back that a run of this DAG was given."""
    place = the_place()
    answer = next((one for one in Answers(place).of(key) if one.asked == asked), None)
    if answer is None or not _is_of(answer, dag_id):
        raise HTTPException(404, "there is no such answer of this DAG")
    return {"undone": undo(place, key, asked, user.get_name())}


def asked_in(place: Place, folder: str) -> list[dict[str, Any]]:
    """The tasks of a run that ask a person, and how many words."""
    found = []
    for name in place.names(f"{folder}/review"):
        if name.endswith(".json"):
            review = Review.load(place, name)
            found.append(
                {
                    "task_id": review.task_id,
                    "map_index": review.map_index,
                    "words": len(review.questions),
                    "settled": _settled(place, name),
                }
            )
    return found


def _settled(place: Place, file: str) -> dict[str, int] | None:
    """What came of it; None while it waits."""
    counts: dict[str, int] | None = place.read_json(file.replace("/review/", "/reviewed/"))
    return counts


def _question(place: Place, dag_id: str, run_id: str, task_id: str, map_index: int, word: int) -> Question:
    file = review_file(run_folder(dag_id, run_id), checked_task(task_id), map_index)
    review = Review.find(place, file)
    if review is not None and 1 <= word <= len(review.questions):
        return review.questions[word - 1]
    raise HTTPException(404, "there is no such word")


def _shown(question: Question, answers: Answers, dag_id: str) -> dict[str, Any]:
    given = [one for one in answers.of(key_of(question.word.readings)) if not one.undone]
    return {
        "page": question.page,
        "has_picture": bool(question.picture),
        "text": question.word.text,
        "probability": question.word.probability,
        "choices": _choices(question),
        "given": [
            {
                "key": one.key,
                "asked": one.asked,
                "text": one.text,
                "by": one.by,
                "at": one.at,
                "here": one.asked == question.asked,
                "may_undo": _is_of(one, dag_id),
            }
            for one in given
        ],
    }


def _choices(question: Question) -> list[dict[str, str]]:
    """The different readings, and who has each."""
    word = question.word
    return [
        {
            "text": text,
            "by": ", ".join(label for label, read in word.readings.items() if read == text) or "vote",
        }
        for text in word.choices
    ]


def _is_of(answer: Answer, dag_id: str) -> bool:
    return answer.run.startswith(f"runs/{safe_name(dag_id)}/")
