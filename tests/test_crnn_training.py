"""Training: it learns, survives a kill, and goes back when the loss is no number."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from crnn_toys import ONE_WIDTH, TOY, ToyLines, train_toys

from ocr_plugins.crnn import checkpoints
from ocr_plugins.crnn.backend import load_keras
from ocr_plugins.crnn.batches import Batches
from ocr_plugins.crnn.checkpoints import Checkpoint, State, latest, load, save
from ocr_plugins.crnn.model import build, named_weights
from ocr_plugins.crnn.training import Plan, Progress, Trainee, train
from ocr_plugins.errors import CallError
from ocr_plugins.synth.lines import LineSample

STEPS = 20


@pytest.fixture(autouse=True)
def one_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocr_plugins.crnn.batches.WIDTHS", ONE_WIDTH)


def test_a_training_that_was_killed_ends_as_one_that_was_not(tmp_path: Path) -> None:
    whole, model = train_toys(tmp_path / "whole", STEPS)
    command = [
        sys.executable,
        str(Path(__file__).with_name("crnn_toys.py")),
        str(tmp_path / "cut"),
        str(STEPS),
    ]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while child.poll() is None and not list((tmp_path / "cut").glob("step-00000000[3-9].npz")):
        time.sleep(0.05)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    before = sorted((tmp_path / "cut").glob("step-*.npz"))
    assert before
    assert int(before[-1].stem.removeprefix("step-")) < STEPS
    rest, resumed = train_toys(tmp_path / "cut", STEPS)
    assert (rest.state.step, rest.state.lines) == (whole.state.step, whole.state.lines)
    for name, wanted in named_weights(model.model).items():
        found = named_weights(resumed.model)[name]
        assert np.abs(found - wanted).max() <= 0.01 * max(np.abs(wanted).max(), 0.1), name


class Notes(Progress):
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.losses: list[float] = []

    def note(self, line: str) -> None:
        self.lines.append(line)

    def step(self, state: State, plan: Plan, loss: float, lines_per_second: float) -> None:
        self.losses.append(loss)


def trainee(head: str = "ctc") -> Trainee:
    return Trainee(build(TOY, "small", head), TOY, "small", head)


def test_a_loss_that_is_no_number_goes_back_and_ends_with_a_clear_error(tmp_path: Path) -> None:
    one, notes = trainee(), Notes()
    batches = Batches(ToyLines(1), TOY, columns=1024, window=32)
    # A rate beyond all measure makes the weights infinite within a step or two.
    with pytest.raises(CallError, match=r"no number.*last good checkpoint is kept") as error:
        train(one, batches, Plan(steps=8, rate=1e38, warmup=0), tmp_path, progress=notes)
    assert error.value.kind == "not_a_number"
    assert sum("half the rate" in line for line in notes.lines) == 3
    (good,) = tmp_path.glob("step-*.npz")
    kept = load(good, one.identity)
    assert all(np.isfinite(array).all() for array in kept.weights.values())


class FewLines(ToyLines):
    """The same four, over and over."""

    def stream(self, start: int = 0) -> Iterator[LineSample]:
        few = list(itertools.islice(super().stream(), 4))
        return (few[number % 4] for number in itertools.count(start))


def test_the_attention_decoder_learns(tmp_path: Path) -> None:
    load_keras().utils.set_random_seed(1)
    notes = Notes()
    batches = Batches(FewLines(1), TOY, columns=1024, window=64)
    train(trainee("attention"), batches, Plan(steps=32, rate=5e-3), tmp_path, progress=notes)
    assert np.mean(notes.losses[-4:]) < 0.5 * np.mean(notes.losses[:2])


def checkpoint(step: int, identity: dict[str, str] | None = None) -> Checkpoint:
    weights = {"classes/kernel": np.full((2, 3), step, np.float32)}
    return Checkpoint(identity or {"size": "small"}, State(step=step, lines=step), weights, (np.ones(2),))


def test_checkpoints_are_kept_whole_and_the_last_two_only(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        save(checkpoint(step), tmp_path)
    save(checkpoint(2), tmp_path, best=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "best.npz",
        "step-000000002.npz",
        "step-000000003.npz",
    ]
    found, problems = latest(tmp_path, {"size": "small"})
    assert found is not None
    assert (found.state, problems) == (State(step=3, lines=3), [])
    np.testing.assert_array_equal(found.weights["classes/kernel"], np.full((2, 3), 3))


def test_a_damaged_checkpoint_is_told_and_the_one_before_is_taken(tmp_path: Path) -> None:
    save(checkpoint(1), tmp_path)
    newest = save(checkpoint(2), tmp_path)
    newest.write_bytes(newest.read_bytes()[:300])
    found, problems = latest(tmp_path, {"size": "small"})
    assert found is not None
    assert found.state.step == 1
    assert "step-000000002.npz cannot be used" in problems[0]
    (tmp_path / "step-000000001.npz").write_bytes(b"")
    with pytest.raises(CallError, match="no checkpoint in"):
        latest(tmp_path, {"size": "small"})


def test_a_checkpoint_of_another_model_is_refused(tmp_path: Path) -> None:
    save(checkpoint(1), tmp_path)
    with pytest.raises(CallError, match="of another model: size differs"):
        latest(tmp_path, {"size": "large"})


def test_a_full_disk_keeps_the_last_good_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(checkpoint(1), tmp_path)

    def full(path: Path, data: bytes) -> None:
        raise CallError(f"{path} cannot be written (No space left on device)", "make room")

    monkeypatch.setattr(checkpoints, "write_whole", full)
    with pytest.raises(CallError, match="No space left"):
        save(checkpoint(2), tmp_path)
    found, _ = latest(tmp_path, {"size": "small"})
    assert found is not None
    assert found.state.step == 1


@pytest.mark.parametrize(
    "wrong",
    [{}, {"steps": 5, "minutes": 1.0}, {"steps": 0}, {"minutes": float("nan")}, {"steps": 1, "rate": -1}],
)
def test_a_plan_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(CallError):
        Plan(**wrong)


def test_the_rate_rises_and_falls() -> None:
    plan = Plan(steps=100, rate=1.0, warmup=0.1)
    rates = [plan.rate_at(step / 100) for step in range(101)]
    assert max(rates) == pytest.approx(1.0)
    assert rates.index(max(rates)) == 10
    assert rates == sorted(rates[:11]) + sorted(rates[11:], reverse=True)
    assert 0 < rates[0] < 0.02
    assert 0 < rates[-1] < 1e-3
