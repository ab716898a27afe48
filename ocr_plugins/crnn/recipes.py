"""From what a user asks for to a weights file: training from nothing, and fine-tuning."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocr_plugins.crnn.alphabet import LATIN, named
from ocr_plugins.crnn.backend import load_keras
from ocr_plugins.crnn.batches import Batches
from ocr_plugins.crnn.card import hardware, write_card
from ocr_plugins.crnn.export import export
from ocr_plugins.crnn.finetune import freeze, missing_characters, split, trained_model
from ocr_plugins.crnn.model import build
from ocr_plugins.crnn.sources import DrawnLines, LineSource, Mixture, TrueLine, TrueLines, true_lines
from ocr_plugins.crnn.training import Outcome, Plan, Progress, Trainee, train
from ocr_plugins.crnn.validation import ValidationSet, model_cer, validation_set, validation_sets
from ocr_plugins.errors import CallError
from ocr_plugins.synth.lines import LineOptions

# The validation data are read often: so many lines of each corpus then; all of them for the card.
_LOOKED_AT = 300


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What to train.

    Args:
        out: the weights file. checkpoints: folder of the checkpoints; ``OUT.training`` by default.
        start: weights to go on from. data: manifests to train on. validate: manifests to look at.
        synthetic: share of drawn lines beside ``data``: None is 1 from nothing, 0 from weights.
        fonts: folders for the drawn lines. frozen: see `finetune.freeze`.
        columns: pixels across all lines of a batch; None chooses.
    """

    out: Path
    plan: Plan
    checkpoints: Path | None = None
    start: Path | None = None
    data: tuple[Path, ...] = ()
    validate: tuple[Path, ...] = ()
    synthetic: float | None = None
    fonts: tuple[str, ...] = ()
    size: str = "standard"
    head: str = "ctc"
    precision: str = "float32"
    frozen: str = "auto"
    seed: int = 0
    workers: int = 1
    columns: int | None = None
    window: int | None = None
    name: str = ""


def train_recipe(recipe: Recipe, progress: Progress | None = None) -> tuple[Outcome, dict[str, Any]]:
    """Trains, exports the best weights, and writes the card beside them.

    Returns:
        What the training came to, and the card's facts.

    Raises:
        CallError, ManifestError, SourceError, EngineUnavailableError: see `train`, `true_lines`, `export`.
    """
    progress = progress or Progress()
    if recipe.out.suffix != ".onnx":
        raise CallError(f"{recipe.out} is no name of a weights file", "end it in .onnx")
    if recipe.start is not None and not recipe.data:
        raise CallError("fine-tuning needs lines to learn", "name a manifest with --data")
    lines = true_lines(recipe.data)
    held: list[TrueLine] = []
    if lines and not recipe.validate:
        lines, held = split(lines, seed=recipe.seed)
    load_keras().utils.set_random_seed(recipe.seed)
    trainee, before = _trainee(recipe, lines + held, progress)
    sets = validation_sets(recipe.validate, _LOOKED_AT)
    if held:
        sets.append(validation_set("held out", held))
    first = _cer(trainee, sets) if recipe.start else {}
    for name, rate in first.items():
        progress.note(f"CER before on {name}: {rate:.2%}")
    columns, window = _batching(recipe, len(lines))
    source = _source(recipe, lines, trainee)
    batches = Batches(source, trainee.alphabet, recipe.seed, columns=columns, window=window)
    folder = recipe.checkpoints or recipe.out.with_suffix(".training")
    outcome = train(trainee, batches, recipe.plan, folder, validation=sets, progress=progress)
    full = validation_sets(recipe.validate) + sets[len(recipe.validate) :]
    facts = _facts(recipe, trainee, outcome, len(lines), batches, before)
    facts["cer"] = _rates(first, _cer(trainee, full))
    export(
        trainee.model,
        trainee.alphabet,
        recipe.out,
        size=trainee.size,
        head=trainee.head,
        name=recipe.name or recipe.out.stem,
        card=facts,
    )
    write_card(facts, recipe.out)
    return outcome, facts


def _trainee(recipe: Recipe, lines: Sequence[TrueLine], progress: Progress) -> tuple[Trainee, str]:
    if recipe.start is None:
        alphabet = LATIN
        missing = missing_characters(alphabet.characters, lines)
        alphabet = alphabet.extended(_told(missing, progress))
        model = build(alphabet, recipe.size, recipe.head, recipe.precision)
        return Trainee(model, alphabet, recipe.size, recipe.head), ""
    from ocr_plugins.crnn.model_file import read_facts

    missing = missing_characters(read_facts(recipe.start).alphabet, lines)
    trainee, facts = trained_model(recipe.start, _told(missing, progress), recipe.precision)
    frozen = freeze(trainee.model, recipe.frozen, len(lines))
    return trainee, f"{facts.name or recipe.start.name} (frozen: {frozen})"


def _told(missing: Counter[str], progress: Progress) -> list[str]:
    if missing:
        count = f"{len(missing)} character{'s' if len(missing) > 1 else ''}"
        progress.note(f"the alphabet gets {count} more ({missing.total()} times): {named(missing)}")
    return list(missing)


def _source(recipe: Recipe, lines: Sequence[TrueLine], trainee: Trainee) -> LineSource:
    share = recipe.synthetic
    if share is None:
        share = 0.0 if recipe.start else (0.5 if lines else 1.0)
    if not 0 <= share <= 1 or (share < 1 and not lines):
        raise CallError(f"the share of synthetic lines is {share}", "pass 0 to 1, and --data below 1")
    parts: list[tuple[LineSource, float]] = []
    if share > 0:
        options = LineOptions(characters="".join(trainee.alphabet.characters), fonts=recipe.fonts)
        parts.append((DrawnLines(recipe.seed, options, recipe.workers), share))
    if share < 1:
        parts.append((TrueLines(lines, recipe.seed, name=_names(recipe.data)), 1 - share))
    return parts[0][0] if len(parts) == 1 else Mixture(parts)


def _names(manifests: Sequence[Path]) -> str:
    from ocr_plugins.manifest import load_manifest

    return ", ".join(load_manifest(path).name for path in manifests)


def _batching(recipe: Recipe, lines: int) -> tuple[int, int]:
    """Pixels across a batch, and samples in a window: small for little data, so that it has steps enough."""
    few = bool(recipe.start) and lines < 2000
    return recipe.columns or (9_600 if few else 38_400), recipe.window or (256 if few else 1024)


def _cer(trainee: Trainee, sets: Sequence[ValidationSet]) -> dict[str, float]:
    if not sets:
        return {}
    rates = model_cer(trainee.model, trainee.alphabet, sets, size=trainee.size, head=trainee.head)
    return {name: rate for name, rate in rates.items() if name}


def _rates(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, Any]:
    return {
        name: f"{rate:.4f} (before: {before[name]:.4f})" if name in before else rate
        for name, rate in after.items()
    }


def _facts(
    recipe: Recipe, trainee: Trainee, outcome: Outcome, lines: int, batches: Batches, before: str
) -> dict[str, Any]:
    state = outcome.state
    plan = {k: v for k, v in dataclasses.asdict(recipe.plan).items() if v is not None}
    return {
        "model": {
            "size": trainee.size,
            "head": trainee.head,
            "parameters": trainee.model.count_params(),
            "characters": len(trainee.alphabet.characters),
            **({"from": before} if before else {}),
        },
        "training": {
            "seed": recipe.seed,
            "steps": state.step,
            "lines seen": state.lines,
            "hours": round(state.seconds / 3600, 3),
            "hardware": hardware(),
            "precision": recipe.precision,
            "best step": state.best_step,
            "plan": plan,
        },
        "data": {
            "source": batches.source.name,
            **({"lines with ground truth": lines} if lines else {}),
            "left out": state.dropped,
        },
    }
