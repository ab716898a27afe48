"""``ocr-plugins train``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ocr_plugins.cli_ensemble import voter
from ocr_plugins.errors import CallError

if TYPE_CHECKING:
    from ocr_plugins.crnn.checkpoints import State
    from ocr_plugins.crnn.training import Plan

train_app = typer.Typer(no_args_is_help=True, help="Train an engine of this package, or a voter.")


@train_app.callback()
def _commands() -> None:
    """Train an engine of this package, or a voter."""


train_app.command("voter")(voter)


@train_app.command("crnn")
def crnn(
    out: Annotated[Path, typer.Option(help="weights file to write, NAME.onnx; its card is NAME.md")],
    start: Annotated[
        Path | None,
        typer.Option(
            "--from", help="weights to go on from, fine-tuning: standard (the package's), or a file"
        ),
    ] = None,
    data: Annotated[
        list[Path] | None, typer.Option(help="manifest of lines, or of pages with lines; may be repeated")
    ] = None,
    validate: Annotated[
        list[Path] | None,
        typer.Option(help="manifest to measure CER on; by default a tenth of the groups in --data"),
    ] = None,
    minutes: Annotated[float | None, typer.Option(help="length of the training")] = None,
    steps: Annotated[int | None, typer.Option(help="length of the training, in place of minutes")] = None,
    size: Annotated[str, typer.Option(help="small, standard or large")] = "standard",
    head: Annotated[str, typer.Option(help="ctc or attention")] = "ctc",
    checkpoint: Annotated[
        Path | None, typer.Option(help="folder of checkpoints, to go on from; default NAME.training")
    ] = None,
    synthetic: Annotated[
        float | None, typer.Option(help="share of drawn lines beside --data, 0 to 1")
    ] = None,
    fonts: Annotated[list[Path] | None, typer.Option(help="folder with fonts for drawn lines")] = None,
    freeze: Annotated[str, typer.Option(help="auto, none or stem (the convolutions)")] = "auto",
    rate: Annotated[
        float | None, typer.Option(help="highest learning rate; .002, or .001 with --from")
    ] = None,
    patience: Annotated[
        int | None, typer.Option(help="looks without a lower CER before it ends; 8 with --from, else never")
    ] = None,
    save_minutes: Annotated[float, typer.Option(help="minutes between checkpoints")] = 5.0,
    validate_minutes: Annotated[float | None, typer.Option(help="minutes between looks")] = None,
    mixed_precision: Annotated[
        bool, typer.Option("--mixed-precision", help="bfloat16 where it is safe; for accelerators")
    ] = False,
    workers: Annotated[int, typer.Option(min=0, help="processes that draw lines")] = 1,
    threads: Annotated[int | None, typer.Option(min=1, help="threads of the training itself")] = None,
    seed: Annotated[int, typer.Option(min=0, help="of weights, data and order")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress")] = False,
) -> None:
    """Train a line recogniser, or go on where a stopped training was."""
    if threads is not None:
        # Read when the backend is imported, and by none of them later.
        for variable in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"):
            os.environ[variable] = str(threads)
    from ocr_plugins.crnn.backend import load_keras

    load_keras()
    from ocr_plugins.crnn.model_file import SHIPPED, verified
    from ocr_plugins.crnn.recipes import Recipe, train_recipe
    from ocr_plugins.crnn.training import Plan

    if start == Path("standard"):
        start = SHIPPED
        verified(start)
    tuned = start is not None
    if minutes is None and steps is None:
        if not tuned:
            raise CallError("a training from nothing has a length", "give --minutes or --steps")
        minutes = 20.0
    looks = validate_minutes if validate_minutes is not None else (1.0 if tuned else 15.0)
    plan = Plan(
        steps=steps,
        minutes=minutes,
        rate=rate if rate is not None else (1e-3 if tuned else 2e-3),
        save_minutes=save_minutes,
        validate_minutes=looks,
        patience=patience if patience is not None else (8 if tuned else 0),
    )
    recipe = Recipe(
        out=out,
        plan=plan,
        checkpoints=checkpoint,
        start=start,
        data=tuple(data or ()),
        validate=tuple(validate or ()),
        synthetic=synthetic,
        fonts=tuple(map(str, fonts or ())),
        size=size,
        head=head,
        precision="mixed_bfloat16" if mixed_precision else "float32",
        frozen=freeze,
        seed=seed,
        workers=workers,
    )
    with _shower(quiet) as shower:
        outcome, facts = train_recipe(recipe, shower)
    typer.echo(f"weights: {out}\ncard: {out.with_suffix('.md')}")
    for name, rate_found in facts["cer"].items():
        typer.echo(f"CER on {name}: {rate_found if isinstance(rate_found, str) else f'{rate_found:.4f}'}")
    if outcome.stopped_early:
        typer.echo(f"ended early: no lower CER since step {outcome.state.best_step}")


def _shower(quiet: bool) -> Any:
    """Step, loss, CER, rate and time left: a bar on a terminal, a line now and then elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    from ocr_plugins.crnn.training import Progress

    console = Console(stderr=True, highlight=False, soft_wrap=True)

    class Shower(Progress):
        def __init__(self) -> None:
            columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
            self._bar = Bar(*columns, TimeRemainingColumn(), TextColumn("{task.fields[at]}"), console=console)
            self._task = self._bar.add_task("training", total=1.0, at="")
            self._speed, self._cer, self._said = 0.0, "", 0.0

        def __enter__(self) -> Shower:
            if console.is_terminal and not quiet:
                self._bar.start()
            return self

        def __exit__(self, *_: Any) -> None:
            self._bar.stop()

        def note(self, line: str) -> None:
            console.print(line, markup=False)

        def step(self, state: State, plan: Plan, loss: float, lines_per_second: float) -> None:
            # The first step is the graph's compilation.
            weight = 0.0 if self._speed == 0 else 0.95
            self._speed = weight * self._speed + (1 - weight) * lines_per_second
            at = f"step {state.step}, {self._speed:.0f} lines/s, loss {loss:.3f}{self._cer}"
            self._bar.update(self._task, completed=min(plan.progress(state), 1.0), at=at)
            if not console.is_terminal and not quiet and state.seconds - self._said >= 30:
                self._said = state.seconds
                share = max(plan.progress(state), 1e-9)
                left = max(state.seconds / share - state.seconds, 0) / 60
                self.note(f"{share:.1%}, {at}, {left:.0f} min left")

        def validated(self, state: State, rates: Mapping[str, float]) -> None:
            self._cer = f", CER {rates['']:.2%}"
            if not quiet:
                each = ", ".join(f"{name} {rate:.2%}" for name, rate in rates.items() if name)
                self.note(f"step {state.step}: CER {each}")

    return Shower()
