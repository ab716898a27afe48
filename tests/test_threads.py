"""The thread budget: a user's own variable wins, and a container's limits count."""

from __future__ import annotations

import os

import pytest

from ocr_plugins.errors import CallError
from ocr_plugins.threads import (
    LIBRARY_VARIABLES,
    cores,
    thread_environment,
    threads_for,
    threads_here,
)


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in (
        *LIBRARY_VARIABLES,
        "OCR_PLUGINS_CORES",
        "OCR_PLUGINS_THREADS",
        "OCR_PLUGINS_THREADS_SET",
    ):
        monkeypatch.delenv(variable, raising=False)


def enter(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


def test_cores_are_those_given(monkeypatch: pytest.MonkeyPatch) -> None:
    here = cores()
    assert here >= 1
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert cores() >= here
    monkeypatch.setenv("OCR_PLUGINS_CORES", "3")
    assert (cores(), threads_here()) == (3, 3)


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", "²"])
def test_a_number_of_cores_that_is_none(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("OCR_PLUGINS_CORES", text)
    with pytest.raises(CallError, match="OCR_PLUGINS_CORES is"):
        cores()


def test_a_worker_is_told_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    enter(monkeypatch, thread_environment(3, {}))
    assert threads_here() == 3
    assert threads_for("OMP_NUM_THREADS") == 3
    # A worker's own child is told anew, and what the host had set is not taken for the user's.
    enter(monkeypatch, thread_environment(1, dict(os.environ)))
    assert threads_for("OMP_NUM_THREADS", "MKL_NUM_THREADS") == 1


def test_the_users_variable_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    told = thread_environment(3, {"OMP_NUM_THREADS": "9", "OTHER": "kept"})
    assert (told["OMP_NUM_THREADS"], told["MKL_NUM_THREADS"], told["OTHER"]) == ("9", "3", "kept")
    enter(monkeypatch, told)
    assert threads_for("OMP_NUM_THREADS") is None
    assert threads_for("MKL_NUM_THREADS") == 3
    assert threads_for("MKL_NUM_THREADS", "OMP_NUM_THREADS") is None
