"""Which files are new to a task, and the memory of those that its runs were given.

At the place of results::

    runs/DAG/RUN/new/TASK-00000.files    what a run was given
    seen/DAG/TASK/HASH.json              what runs were given, a hash for each file as it was then

A run's list is written before its files count as seen: whatever ends a task in between, no file is lost.
Files of the memory are never changed: two runs that write at once cannot take each other's away. At worst
both are given the same files, and reading these twice writes nothing twice.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ocr_plugins.airflow.listing import LIST, Listed, list_files, parse_list, write_list
from ocr_plugins.airflow.places import Place, PlaceError, run_folder, safe_name
from ocr_plugins.errors import CallError, SourceError

_SCHEMA_VERSION = 1
# So many files of the memory are put together to one: each task reads them all.
_MANY = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What is looked for, and for which task of which run: plain values, which a trigger can be sent.

    Args:
        place: URL or path of the results.
        inputs: URLs or paths of files, folders and patterns.
        recursive: look into subfolders.
        settle: seconds that a file has to stay as it is.
    """

    place: str
    inputs: Sequence[str]
    recursive: bool
    settle: float
    dag_id: str
    run_id: str
    task_id: str
    map_index: int


@dataclass(frozen=True, slots=True)
class Given:
    """What a run was given: the list's path or URL, and how many files it has."""

    url: str
    files: int


class Arrivals:
    """Files that are new to the task of a watch.

    Args:
        say: is told once why an input has no files.

    Raises:
        CallError: no input, no place, or a time that is none. Each method raises PlaceError where inputs
            cannot be listed or the place fails, and CallError for a scheme that is not known.
    """

    def __init__(self, watch: Watch, say: Callable[[str], None] = lambda _: None) -> None:
        if not watch.inputs:
            raise CallError("no input is named", "name files, folders or patterns")
        if not 0 <= watch.settle < math.inf:
            raise CallError(f"settle is {watch.settle}", "pass seconds from 0 up")
        self.settle = watch.settle
        self._watch = watch
        self._place = Place(watch.place)
        self._memory = Memory(
            self._place, f"seen/{safe_name(watch.dag_id)}/{safe_name(watch.task_id)}", watch.run_id
        )
        name = (
            f"{run_folder(watch.dag_id, watch.run_id)}/new/{safe_name(watch.task_id)}-{watch.map_index:05d}"
        )
        self._list, self._held = f"{name}{LIST}", f"{name}.held"
        self._say = say
        self._said: set[str] = set()

    def look(self) -> dict[str, Listed]:
        """The files at the inputs that no other run was given as they are, by their URLs.

        An input that is missing or empty has none yet.
        """
        listed: dict[str, Listed] = {}
        for url in self._watch.inputs:
            try:
                listed |= {file.url: file for file in list_files(url, self._watch.recursive)}
            except SourceError as error:
                if str(error) not in self._said:
                    self._said.add(str(error))
                    self._say(str(error))
        return self._unseen(listed)

    @staticmethod
    def unchanged(before: Mapping[str, Listed], now: Mapping[str, Listed]) -> dict[str, Listed]:
        """The files that two looks have found alike, in size and in time or ETag."""
        return {url: file for url, file in now.items() if before.get(url) == file}

    def given(self) -> Given | None:
        """What the run was given before, when its task is tried or cleared again."""
        data = self._place.read(self._list)
        if data is None:
            return None
        files = _parsed(data)
        # Once more: the task may have ended before.
        self._memory.add(map(_key, files))
        return Given(self._url, len(files))

    def give(self, files: Mapping[str, Listed]) -> Given | None:
        """Gives files to the run, but for those that another was given since; None where none is left."""
        left = list(self._unseen(files).values())
        if not left:
            return None
        self._place.write(self._list, write_list(left))
        self._memory.add(map(_key, left))
        return Given(self._url, len(left))

    def hold(self, files: Mapping[str, Listed]) -> None:
        """Keeps files for `give_held`: a trigger finds them, its task gives them when it has woken up."""
        self._place.write(self._held, write_list(files.values()))

    def give_held(self) -> Given | None:
        """As `give`, of the files that are held."""
        held = _parsed(self._place.read(self._held) or b"")
        given = self.give({file.url: file for file in held})
        self._place.remove(self._held)
        return given

    @property
    def _url(self) -> str:
        return f"{self._place.url.rstrip('/')}/{self._list}"

    def _unseen(self, files: Mapping[str, Listed]) -> dict[str, Listed]:
        seen = self._memory.of_others() if files else set()
        return {url: file for url, file in files.items() if _key(file) not in seen}


class Memory:
    """What the runs of a task were given, but for one run.

    Args:
        folder: where its files lie at the place.
        run: the id of the run that asks.
    """

    def __init__(self, place: Place, folder: str, run: str) -> None:
        self._place = place
        self._folder = folder
        self._run = run
        self._read: set[str] = set()
        self._others: set[str] = set()

    def of_others(self) -> set[str]:
        """What other runs were given; only what is not known yet is read."""
        # Where a file has gone, another task has just put it together with others.
        for _ in range(3):
            names = self._place.names(self._folder)
            new = {name: self._runs(name) for name in names if name not in self._read}
            for name, runs in new.items():
                if runs is not None:
                    self._read.add(name)
                    self._others.update(*(keys for run, keys in runs.items() if run != self._run))
            if None not in new.values():
                break
        return self._others

    def add(self, keys: Iterable[str]) -> None:
        """Writes down what the run is given."""
        self._write({self._run: keys})
        names = self._place.names(self._folder)
        if len(names) > _MANY:
            self._put_together(names)

    def _put_together(self, names: Iterable[str]) -> None:
        found: dict[str, set[str]] = {}
        done = []
        for name in names:
            runs = self._runs(name)
            if runs is not None:
                done.append(name)
                for run, keys in runs.items():
                    found.setdefault(run, set()).update(keys)
        whole = self._write(found)
        for name in done:
            if name != whole:
                self._place.remove(name)

    def _runs(self, name: str) -> dict[str, list[str]] | None:
        value = self._place.read_json(name)
        with suppress(AttributeError, KeyError, TypeError):
            return {str(run): [str(key) for key in keys] for run, keys in value["runs"].items()}
        return None

    def _write(self, runs: Mapping[str, Iterable[str]]) -> str:
        value: dict[str, Any] = {"runs": {run: sorted(keys) for run, keys in sorted(runs.items())}}
        digest = hashlib.sha256(json.dumps(value).encode()).hexdigest()
        name = f"{self._folder}/{digest[:24]}.json"
        self._place.write_json(name, {"schema_version": _SCHEMA_VERSION, **value})
        return name


def _key(file: Listed) -> str:
    """A file as it is now: another one once it has changed."""
    text = f"{file.url}\n{file.bytes}\n{file.mark}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _parsed(data: bytes) -> list[Listed]:
    try:
        return parse_list(data)
    except ValueError as error:
        raise PlaceError(
            "a list of new files is not whole", "clear the task, or take the list away"
        ) from error
