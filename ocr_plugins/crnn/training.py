"""Training: a loop that can be killed at any time and goes on where it was."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.crnn.alphabet import Alphabet
from ocr_plugins.crnn.backend import load_keras
from ocr_plugins.crnn.batches import Batch, Batches, Position, ahead
from ocr_plugins.crnn.checkpoints import BEST, Checkpoint, State, latest, load, save
from ocr_plugins.crnn.curves import Curves
from ocr_plugins.crnn.model import loss_of, named_weights, set_weights
from ocr_plugins.crnn.validation import ValidationSet, model_cer
from ocr_plugins.errors import CallError

_MOST_FAILURES = 4


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How to train.

    Args:
        steps, minutes: how long, by one of them; minutes are those of training, pauses left out.
        rate: the highest learning rate, reached after ``warmup`` (share of the whole); from there
            it falls to 0 along a half cosine.
        save_minutes, validate_minutes: between checkpoints, and between looks at the validation data.
        validate_steps: instead of minutes, where it is given.
        patience: looks without a lower CER after which training ends; 0 never ends it early.

    Raises:
        CallError: no length, both, or a number out of its range.
    """

    steps: int | None = None
    minutes: float | None = None
    rate: float = 2e-3
    warmup: float = 0.03
    save_minutes: float = 5.0
    validate_minutes: float = 15.0
    validate_steps: int | None = None
    patience: int = 0

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.minutes is None):
            raise CallError("a training has a length", "give either steps or minutes")
        for name, value in asdict(self).items():
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise CallError(f"{name} is {value}", "pass a number from 0 up")
        if not (self.steps or self.minutes):
            raise CallError("a training of no length teaches nothing", "give more steps or minutes")

    def progress(self, state: State) -> float:
        """The share of the training that is done, 0 to 1 and beyond."""
        if self.steps is not None:
            return state.step / self.steps
        return state.seconds / (60 * (self.minutes or 1))

    def rate_at(self, progress: float) -> float:
        """The learning rate: linear warm-up, then a half cosine (Loshchilov and Hutter 2017)."""
        if progress < self.warmup:
            return self.rate * max(progress / self.warmup, 0.01)
        share = min((progress - self.warmup) / (1 - self.warmup), 1.0)
        return self.rate * max((1 + math.cos(math.pi * share)) / 2, 1e-4)


class Progress:
    """What a training tells while it runs; the methods do nothing."""

    def note(self, line: str) -> None:
        """Something that the user should know."""

    def step(self, state: State, plan: Plan, loss: float, lines_per_second: float) -> None:
        """A step is done."""

    def validated(self, state: State, rates: Mapping[str, float]) -> None:
        """The validation data were read; ``""`` is the CER of all."""


@dataclass
class Trainee:
    """A network with what identifies it."""

    model: Any
    alphabet: Alphabet
    size: str
    head: str

    @property
    def identity(self) -> dict[str, Any]:
        return {"alphabet": "".join(self.alphabet.characters), "size": self.size, "head": self.head}


@dataclass(frozen=True)
class Outcome:
    """What a training came to; the model holds the best weights. ``seconds`` of training in all."""

    state: State
    stopped_early: bool
    dropped: Counter[str] = field(default_factory=Counter)


def train(
    trainee: Trainee,
    batches: Batches,
    plan: Plan,
    folder: Path,
    *,
    validation: Sequence[ValidationSet] = (),
    progress: Progress | None = None,
) -> Outcome:
    """Trains, or goes on where the newest checkpoint in ``folder`` left off.

    The curves go to ``folder/curves.csv``: step, seconds, loss, rate, val_cer. With validation data the
    weights of the lowest CER are those that the model has at the end.

    Raises:
        CallError: the folder's checkpoints are of another model; the loss stays no number; no line can
            be learnt. The last good checkpoint is kept.
    """
    return _Run(trainee, batches, plan, folder, validation, progress or Progress()).run()


class _NotANumberError(Exception):
    pass


class _Run:
    def __init__(
        self,
        trainee: Trainee,
        batches: Batches,
        plan: Plan,
        folder: Path,
        validation: Sequence[ValidationSet],
        progress: Progress,
    ) -> None:
        self._trainee, self._batches, self._plan = trainee, batches, plan
        self._folder, self._validation, self._progress = folder, validation, progress
        self._model = trainee.model
        self._state = State()
        self._curves = Curves(folder / "curves.csv")
        self._losses: list[float] = []
        self._saved = self._looked = 0.0

    def run(self) -> Outcome:
        self._compile()
        self._resume()
        while not self._state.finished:
            try:
                self._go_on()
            except _NotANumberError:
                self._step_back()
            except KeyboardInterrupt:
                self._save()
                self._progress.note(
                    f"stopped at step {self._state.step}: the same command goes on from there"
                )
                raise
        early = self._plan.progress(self._state) < 1
        if self._validation and (self._folder / BEST).exists():
            set_weights(self._model, load(self._folder / BEST, self._trainee.identity).weights)
        return Outcome(self._state, early, Counter(self._state.dropped))

    def _compile(self) -> None:
        keras = load_keras()
        # A line's loss is that of all its characters: the gradients' usual norm is far above 1.
        optimizer = keras.optimizers.AdamW(self._plan.rate, weight_decay=1e-3, global_clipnorm=20.0)
        # XLA makes convolutions on a CPU half as fast; and no step would pay for its compilation.
        compiled = keras.backend.backend() == "jax"
        self._model.compile(optimizer, loss=loss_of(self._trainee.head), jit_compile=compiled)
        self._optimizer = self._model.optimizer
        self._optimizer.build(self._model.trainable_variables)

    def _resume(self) -> None:
        found, problems = latest(self._folder, self._trainee.identity)
        for problem in problems:
            self._progress.note(f"{problem}; an earlier one is taken")
        if found is None:
            # The first step needs something to go back to as well.
            self._save()
        else:
            self._restore(found)
            self._progress.note(f"goes on at step {self._state.step} of {self._folder}")
            if self._state.finished and self._plan.progress(self._state) < 1 and not self._plan.patience:
                self._state.finished = False
        self._curves.open(self._state.step)

    def _restore(self, found: Checkpoint) -> None:
        own = self._optimizer.variables
        if len(own) != len(found.optimizer):
            hint = "train with the same options, or name another folder"
            raise CallError("the checkpoint was trained with other layers frozen", hint, "other_model")
        set_weights(self._model, found.weights)
        for variable, value in zip(own, found.optimizer, strict=True):
            variable.assign(value)
        self._state = found.state
        self._batches.dropped = Counter(found.state.dropped)
        self._saved = self._looked = found.state.seconds

    def _go_on(self) -> None:
        state, plan = self._state, self._plan
        stream = self._batches.stream(Position(state.window, state.batch))
        with closing(ahead(stream)) as batches:
            begun = time.monotonic()
            for batch in batches:
                self._optimizer.learning_rate.assign(plan.rate_at(plan.progress(state)) * state.slower)
                self._step(batch)
                now = time.monotonic()
                state.seconds += now - begun
                speed = batch.count / max(now - begun, 1e-9)
                self._progress.step(state, plan, self._losses[-1], speed)
                done = plan.progress(state) >= 1
                if self._validation and (done or self._is_time_to_look()):
                    done = self._look() or done
                elif state.step % 20 == 0 or done:
                    self._curve(None)
                if done or state.seconds - self._saved >= 60 * plan.save_minutes:
                    state.finished = done
                    self._save()
                if done:
                    return
                # What validation and saving take is no training.
                begun = time.monotonic()

    def _step(self, batch: Batch) -> None:
        given = [batch.lines, batch.widths]
        if self._trainee.head == "attention":
            given.append(batch.tokens)
        loss = self._model.train_on_batch(given, batch.targets, sample_weight=batch.weights)
        if not math.isfinite(float(loss)):
            raise _NotANumberError
        self._losses.append(float(loss))
        state = self._state
        state.step += 1
        state.lines += batch.count
        state.window, state.batch = batch.after.window, batch.after.batch
        state.dropped = dict(self._batches.dropped)

    def _is_time_to_look(self) -> bool:
        if self._plan.validate_steps:
            return self._state.step % self._plan.validate_steps == 0
        return self._state.seconds - self._looked >= 60 * self._plan.validate_minutes

    def _look(self) -> bool:
        """Reads the validation data; whether that ends the training."""
        state, who = self._state, self._trainee
        self._looked = state.seconds
        rates = model_cer(self._model, who.alphabet, self._validation, size=who.size, head=who.head)
        self._curve(rates[""])
        if state.best is None or rates[""] < state.best:
            state.best, state.best_step, state.stale = rates[""], state.step, 0
            self._save(best=True)
        else:
            state.stale += 1
        self._progress.validated(state, rates)
        return 0 < self._plan.patience <= state.stale

    def _curve(self, cer: float | None) -> None:
        recent = self._losses[-20:]
        loss = sum(recent) / len(recent)
        rate = float(load_keras().ops.convert_to_numpy(self._optimizer.learning_rate))
        self._losses = recent
        self._curves.add(self._state.step, self._state.seconds, loss, rate, cer)

    def _save(self, *, best: bool = False) -> None:
        weights = named_weights(self._model)
        if not all(np.isfinite(array).all() for array in weights.values()):
            raise _NotANumberError
        made = Checkpoint(
            self._trainee.identity, self._state, weights, () if best else tuple(self._moments())
        )
        try:
            save(made, self._folder, best=best)
        except CallError as error:
            # Hours of training are worth more than the newest checkpoint, but not than none.
            if self._state.step == 0 or self._state.finished:
                raise
            self._progress.note(f"{error}; training goes on")
        if not best:
            self._saved = self._state.seconds

    def _moments(self) -> Iterable[NDArray[Any]]:
        ops = load_keras().ops
        return (np.asarray(ops.convert_to_numpy(variable)) for variable in self._optimizer.variables)

    def _step_back(self) -> None:
        failures, slower = self._state.failures + 1, self._state.slower / 2
        failed = self._state.step
        found, _ = latest(self._folder, self._trainee.identity)
        if found is None or failures >= _MOST_FAILURES:
            raise CallError(
                f"the loss is no number at step {failed}, the {failures}th time",
                f"train with a lower --rate; the last good checkpoint is kept in {self._folder}",
                "not_a_number",
            )
        self._restore(found)
        self._state.failures, self._state.slower, self._state.finished = failures, slower, False
        self._curves.open(self._state.step)
        self._progress.note(
            f"the loss is no number at step {failed}: back to step {self._state.step}, at half the rate"
        )
