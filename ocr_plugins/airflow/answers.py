"""What people said of words in doubt, kept by what the engines had read there.

An answer lies at the place as ``answers/KEY/ASKED.json``, with a picture of the word beside it. KEY is a hash
of the readings, so an answer is found again wherever the same readings meet; ASKED is one of the word's page
and place. Where people have answered the same readings differently, nothing is known of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ocr_plugins.airflow.places import Place

_SCHEMA_VERSION = 1
FOLDER = "answers"
#: All answers as lines to learn from; the pictures lie beside it.
MANIFEST = f"{FOLDER}/words.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a person said.

    ``text`` is "" where nothing stands there, ``was`` what the vote had taken, ``page`` the page's id,
    ``by`` the person as Airflow knows them, ``at`` when, ISO 8601, and ``run`` the folder of the run that
    asked. ``undone`` says who took it back, and when; then it counts no more.
    """

    readings: Mapping[str, str]
    text: str
    was: str
    page: str
    asked: str
    by: str
    at: str
    run: str
    undone: str = ""

    @property
    def key(self) -> str:
        return key_of(self.readings)

    @property
    def file(self) -> str:
        return f"{FOLDER}/{self.key}/{self.asked}.json"

    @property
    def picture(self) -> str:
        return f"{FOLDER}/{self.key}/{self.asked}.png"


def key_of(readings: Mapping[str, str]) -> str:
    """A hash of what each engine has read, by its label."""
    return hashlib.sha256(json.dumps(dict(readings), sort_keys=True).encode()).hexdigest()[:24]


class Answers:
    """All answers of a place, as they are when this is made."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._names: dict[str, list[str]] = {}
        self._files = set(place.names(FOLDER))
        for name in sorted(self._files):
            _, *middle, last = name.split("/")
            if len(middle) == 1 and last.endswith(".json"):
                self._names.setdefault(middle[0], []).append(name)

    def text_for(self, readings: Mapping[str, str]) -> str | None:
        """What people say where these readings meet; None where nobody has, or not all the same."""
        texts = {answer.text for answer in self.of(key_of(readings)) if not answer.undone}
        return texts.pop() if len(texts) == 1 else None

    def has_picture(self, answer: Answer) -> bool:
        return answer.picture in self._files

    def __iter__(self) -> Iterator[Answer]:
        for key in sorted(self._names):
            yield from self.of(key)

    def of(self, key: str) -> Iterator[Answer]:
        """All that were given where the same readings met, those that were taken back among them."""
        for name in self._names.get(key, ()):
            found = self._place.read_json(name)
            if isinstance(found, dict) and found.get("schema_version") == _SCHEMA_VERSION:
                yield Answer(**{field: found[field] for field in Answer.__dataclass_fields__})


def keep(place: Place, answer: Answer, picture: bytes | None) -> None:
    """Writes an answer, with a picture of its word as PNG."""
    if picture is not None:
        place.write(answer.picture, picture)
    _write(place, answer)


def undo(place: Place, key: str, asked: str, who: str) -> bool:
    """Takes an answer back: it is used no more, and learned from no more. False where there is none."""
    for answer in Answers(place).of(key):
        if answer.asked == asked:
            _write(place, Answer(**{**asdict(answer), "undone": who}))
            write_manifest(place)
            return True
    return False


def write_manifest(place: Place) -> None:
    """Writes all answers as ground truth for a line recogniser: a row a word, in groups by page."""
    rows = []
    answers = Answers(place)
    for answer in answers:
        if answer.text and not answer.undone and answers.has_picture(answer):
            row: dict[str, Any] = {
                "id": f"{answer.key}/{answer.asked}",
                "image": answer.picture.removeprefix(f"{FOLDER}/"),
                "text": answer.text,
                "level": "word",
                "group": answer.page,
            }
            rows.append(json.dumps(row, ensure_ascii=False) + "\n")
    place.write(MANIFEST, "".join(rows).encode("utf-8", "backslashreplace"))


def _write(place: Place, answer: Answer) -> None:
    place.write_json(answer.file, {"schema_version": _SCHEMA_VERSION, **asdict(answer)})
