"""Fine-tuning as a task: lines fetched, some kept apart, weights trained, tested on those, and promoted.

Three sets of lines never meet: what is learnt, what the best checkpoint is chosen by (a tenth of what is
given to learn, as `ocr-plugins train crnn` takes it), and what is held out for the test at the end.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocr_plugins.airflow.answers import MANIFEST
from ocr_plugins.airflow.lines_at import Lines, Say, can_test, lines_at
from ocr_plugins.airflow.places import Place
from ocr_plugins.airflow.weights_at import (
    PROMOTED,
    SCHEMA_VERSION,
    cache_folder,
    models_folder,
    promoted_weights,
    promotion,
    weights_of,
)
from ocr_plugins.crnn.backend import load_keras
from ocr_plugins.crnn.card import markdown
from ocr_plugins.crnn.checkpoints import State
from ocr_plugins.crnn.contest import FEWEST_GROUPS, WeightsContest, compare_weights
from ocr_plugins.crnn.recipes import Recipe, train_recipe
from ocr_plugins.crnn.sources import TrueLine
from ocr_plugins.crnn.training import Plan, Progress
from ocr_plugins.errors import CallError
from ocr_plugins.weights import sha256_of

#: In place of a manifest: what people said of words in doubt, at the place.
ANSWERS = "answers"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_THREADS = ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS")
# What a task left that was killed and not tried again.
_OLD_SECONDS = 7 * 24 * 3600.0
_SAY_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """What to learn, from where, and what it is tested on.

    Args:
        data: manifests with lines, paths or URLs, or ``answers``.
        held_out: manifests to test on; where there is none, some groups of ``data``.
        start: weights to go on from, see `weights_of`.
        name: the folder of ``models`` that weights are promoted in.
        minutes, steps: how long; steps count where both are given.
        seed: of order, augmentation and what is held out.
        threads: of the training and of the test.
        least: of fewer lines held out, nothing is said.

    Raises:
        CallError: a wrong name, no manifest, or a number out of its range.
    """

    data: tuple[str, ...]
    held_out: tuple[str, ...] = ()
    start: str = PROMOTED
    name: str = "crnn"
    minutes: float = 20.0
    steps: int | None = None
    seed: int = 0
    threads: int | None = None
    least: int = 100

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise CallError(f"{self.name!r} is no name for weights", "use letters, digits, dots and dashes")
        if not self.data:
            raise CallError("there is nothing to learn", "name manifests with lines as data=")
        for name, value, low in (
            ("seed", self.seed, 0),
            ("threads", self.threads, 1),
            ("least", self.least, 1),
        ):
            if value is not None and value < low:
                raise CallError(f"{name} is {value}", f"pass a whole number from {low} up")
        _ = self.plan

    @property
    def plan(self) -> Plan:
        """As `ocr-plugins train crnn --from` has it, saved more often: a task is killed more easily."""
        return Plan(
            steps=self.steps,
            minutes=None if self.steps is not None else self.minutes,
            rate=1e-3,
            save_minutes=1.0,
            validate_minutes=1.0,
            patience=8,
        )


def fine_tune(place: Place, training: Training, run: Mapping[str, Any], say: Say) -> dict[str, Any]:
    """Trains, tests, and promotes what is better; where too little is held out to tell, nothing is trained.

    The new weights are tested against those that they would replace: what is promoted at the place, or what
    they began as where nothing is. They, their card and a record of the training are kept in any case.

    Args:
        run: what names the task and is the same when it is tried again, which then goes on from the last
            checkpoint where this machine still has it.
        say: is told numbers, and no text.

    Returns:
        The record: ``promoted`` and ``why``, ``weights`` by their name at the place, ``sha256``, ``from`` and
        ``against`` (hashes), ``cer_before``, ``cer_after``, ``ratio`` with its interval, and counts.

    Raises:
        CallError: nothing is left to learn, or a wrong argument.
        ManifestError: a manifest cannot be read, or tells no lines.
        SourceError: an image cannot be fetched.
        EngineUnavailableError: Keras is not installed here; weights cannot be read.
        PlaceError: the place fails.
    """
    # Nobody may have answered yet, or what was answered was taken back.
    data = [url for url in training.data if url != ANSWERS or place.read(MANIFEST)]
    if not data:
        return _record(training, run, Lines((), [], [], {}))
    with _threads(training.threads), _work_folder(run) as folder:
        start = weights_of(place, training.name, training.start)
        lines = lines_at(
            [_manifest(place, url) for url in data],
            [_manifest(place, url) for url in training.held_out],
            folder / "data",
            seed=training.seed,
            least=training.least,
            say=say,
        )
        record = _record(training, run, lines)
        if not can_test(lines.held, training.least):
            return record
        load_keras()
        began = sha256_of(start)
        recipe = Recipe(
            out=folder / "new.onnx",
            plan=training.plan,
            checkpoints=folder / f"checkpoints-{_digest(began, training.seed, lines)}",
            start=start,
            data=lines.manifests,
            seed=training.seed,
            name=training.name,
        )
        outcome, facts = train_recipe(recipe, _Teller(say))
        sha256 = sha256_of(recipe.out)
        known = promotion(place, training.name)
        if known is not None and (known["sha256"], known.get("run")) == (sha256, dict(run)):
            # An earlier try was killed behind its last step.
            return dict(known)
        against, contest = _tested(place, training, start, recipe.out, lines.held)
        record |= {
            "promoted": contest.better,
            "why": _why(contest),
            "weights": f"{models_folder(training.name)}/{sha256[:16]}.onnx",
            "sha256": sha256,
            "from": began,
            "against": sha256_of(against),
            "cer_before": contest.cer_before,
            "cer_after": contest.cer_after,
            "ratio": dataclasses.asdict(contest.contest.ratio),
            "lines": contest.lines,
            "groups": contest.groups,
            "learnt": facts["data"]["lines with ground truth"],
            "steps": outcome.state.step,
            "when": _now(),
        }
        facts["cer"]["test, on lines not seen before"] = (
            f"{contest.cer_after:.4f} (before: {contest.cer_before:.4f})"
        )
        _keep(place, recipe.out, facts, record)
        return record


def manifests_of(place: Place, training: Training) -> list[str]:
    """The paths or URLs of all manifests that a training looks at."""
    return [_manifest(place, url) for url in (*training.data, *training.held_out)]


def _manifest(place: Place, url: str) -> str:
    return f"{place.url}/{MANIFEST}" if url == ANSWERS else url


def _record(training: Training, run: Mapping[str, Any], lines: Lines) -> dict[str, Any]:
    """What is told where nothing is trained, for want of lines to test on; the rest is to come."""
    later = ("weights", "sha256", "from", "against", "cer_before", "cer_after", "ratio", "learnt", "steps")
    return {
        "schema_version": SCHEMA_VERSION,
        "name": training.name,
        "promoted": False,
        "why": f"nothing is trained: {len(lines.held)} lines of {lines.groups} groups are held out, and it "
        f"takes {training.least} of {FEWEST_GROUPS} to tell which weights are better",
        **dict.fromkeys(later),
        "lines": len(lines.held),
        "groups": lines.groups,
        "run": dict(run),
        "when": _now(),
    }


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def _tested(
    place: Place, training: Training, start: Path, new: Path, held: Sequence[TrueLine]
) -> tuple[Path, WeightsContest]:
    """The weights that the new ones would replace, and how these fare against them."""
    while True:
        old = promoted_weights(place, training.name) or start
        contest = compare_weights(old, new, held, threads=training.threads)
        # Another training may have promoted its own meanwhile.
        if (promoted_weights(place, training.name) or start) == old:
            return old, contest


def _why(contest: WeightsContest) -> str:
    ratio = contest.contest.ratio
    found = f"{ratio.value:.3f} times the errors ({ratio.low:.3f} to {ratio.high:.3f})"
    if contest.better:
        return f"better: {found}"
    return f"not surely better: {found}, and the whole interval has to be below 1"


def _keep(place: Place, weights: Path, facts: Mapping[str, Any], record: Mapping[str, Any]) -> None:
    name: str = record["weights"]
    folder, _, file = name.rpartition("/")
    place.write(name, weights.read_bytes())
    place.write(f"{name.removesuffix('.onnx')}.md", markdown(facts, file).encode())
    when = re.sub(r"[^0-9]", "", record["when"].partition("+")[0])
    place.write_json(f"{folder}/history/{when}-{record['sha256'][:16]}.json", record)
    # Last: from here on tasks read with them.
    if record["promoted"]:
        place.write_json(f"{folder}/promoted.json", record)


def _digest(start: str, seed: int, lines: Lines) -> str:
    """What a training that goes on must have begun with."""
    parts = [start, seed, [(lines.hashes[one.row.path], one.box, one.text) for one in lines.learnt]]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


@contextlib.contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """TensorFlow looks how many threads to take when it computes first."""
    before = {name: os.environ[name] for name in _THREADS if name in os.environ}
    if count is not None:
        os.environ.update(dict.fromkeys(_THREADS, str(count)))
    try:
        yield
    finally:
        for name in _THREADS:
            os.environ.pop(name, None)
        os.environ.update(before)


@contextlib.contextmanager
def _work_folder(run: Mapping[str, Any]) -> Iterator[Path]:
    """A folder of the task's own, the same when it is tried again, and gone when it is done.

    After a failure it holds checkpoints, if there were any, for a week.
    """
    parent = cache_folder() / "training"
    folder = parent / hashlib.sha256(json.dumps(run, sort_keys=True).encode()).hexdigest()[:16]
    for one in parent.glob("*"):
        with contextlib.suppress(FileNotFoundError):
            if one != folder and time.time() - one.stat().st_mtime > _OLD_SECONDS:
                shutil.rmtree(one, ignore_errors=True)
    # What a killed task had fetched.
    shutil.rmtree(folder / "data", ignore_errors=True)
    (folder / "data").mkdir(parents=True)
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder / "data", ignore_errors=True)
        with contextlib.suppress(OSError):
            folder.rmdir()
        raise
    shutil.rmtree(folder)


class _Teller(Progress):
    """Tells numbers alone: a training's notes name characters of the documents."""

    def __init__(self, say: Say) -> None:
        self._say, self._said = say, 0.0

    def step(self, state: State, plan: Plan, loss: float, lines_per_second: float) -> None:
        if time.monotonic() - self._said >= _SAY_SECONDS:
            self._said = time.monotonic()
            share = min(plan.progress(state), 1.0)
            self._say(f"{share:.0%}, step {state.step}, loss {loss:.3f}, {lines_per_second:.0f} lines/s")

    def validated(self, state: State, rates: Mapping[str, float]) -> None:
        self._say(f"step {state.step}: CER {rates['']:.2%} on the lines that the best step is chosen by")
