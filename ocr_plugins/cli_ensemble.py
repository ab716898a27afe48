"""``ocr-plugins calibrate`` and ``ocr-plugins train voter``."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Annotated

import typer

from ocr_plugins.cli_store import NoStore, StoreOption, wanted_store
from ocr_plugins.errors import CallError
from ocr_plugins.spec import VOTE, parse_specs


def calibrate(
    inputs: Annotated[
        list[str], typer.Argument(help="manifests (JSON Lines), or inputs with --truth", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="file to write, NAME.json")],
    engines: Annotated[
        list[str], typer.Option("--engine", "--engines", "-e", help="as compare takes them")
    ] = ["tesseract,rapidocr,crnn"],
    truth: Annotated[Path | None, typer.Option(help="folder with a text file a page")] = None,
    by_vote: Annotated[
        bool,
        typer.Option("--by-vote", help="without ground truth: as right as a vote of the engines has them"),
    ] = False,
    convention: Annotated[
        str, typer.Option(help="which words are the same, as compare takes it")
    ] = "default",
    limit: Annotated[int | None, typer.Option(min=1, help="at most this many pages of each input")] = None,
    workers: Annotated[int, typer.Option(min=0, help="processes for each engine")] = 1,
    store: StoreOption = None,
    no_store: NoStore = False,
    json: Annotated[bool, typer.Option("--json", help="machine-readable output on stdout")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress, only errors")] = False,
) -> None:
    """Learn how often each engine is right at each confidence, from pages with ground truth or by a vote."""
    from ocr_plugins.api import run_engines
    from ocr_plugins.calibrating import calibrate_by_vote, calibrate_study, calibrations
    from ocr_plugins.console import ProgressShower, print_json, print_table

    named = any(spec.is_vote for spec in parse_specs(engines))
    study = run_engines(
        inputs,
        [*engines, VOTE] if by_vote and not named else engines,
        truth=truth,
        convention=convention,
        limit=limit,
        workers=workers,
        store=wanted_store(store, no_store),
        watcher=ProgressShower(quiet),
    )
    if study.interrupted:
        raise typer.Exit(130)
    votes = [run for run in study.runs if run.spec.is_vote]
    found = calibrate_by_vote(study, votes[-1]) if by_vote else calibrate_study(study)
    fits = found.fits
    for error in found.refused.values():
        typer.echo(f"ocr-plugins: {error}", err=True)
    about = {"convention": study.convention.name, "pages": len(study.corpus.items), "by_vote": by_vote}
    calibrations(fits).save(out, about)
    if json:
        rows = {
            one.label: {"words": one.words, "right": one.right, "raw": one.raw, "held_out": one.held_out}
            for one in fits
        }
        print_json({"calibration": str(out), "engines": rows})
    else:
        print_table(
            "expected calibration error" + ("" if by_vote else ", calibrated on other documents"),
            {"engine": "<", "words": ">", "right %": ">", "as it says": ">", "calibrated": ">"},
            [
                (one.label, str(one.words), f"{100 * one.right:.1f}", _shown(one.raw), _shown(one.held_out))
                for one in fits
            ],
        )
        typer.echo(f"calibration: {out}")
    raise typer.Exit(1 if study.failed or found.refused else 0)


def voter(
    inputs: Annotated[
        list[str],
        typer.Argument(
            help="manifests (JSON Lines) with ground truth, each of one kind of pages", show_default=False
        ),
    ],
    out: Annotated[Path, typer.Option(help="file to write, NAME.json")],
    engines: Annotated[
        list[str], typer.Option("--engine", "--engines", "-e", help="as compare takes them")
    ] = ["tesseract,rapidocr,crnn"],
    calibration: Annotated[
        Path | None, typer.Option(help="what `calibrate` wrote; default: the package's own")
    ] = None,
    convention: Annotated[str, typer.Option(help="what counts as an error, as compare takes it")] = "default",
    limit: Annotated[int | None, typer.Option(min=1, help="at most this many pages of each input")] = None,
    workers: Annotated[int, typer.Option(min=0, help="processes for each engine")] = 1,
    store: StoreOption = None,
    no_store: NoStore = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress, only errors")] = False,
) -> None:
    """Fit a voter to your own pages, for vote:model=FILE. Needs scikit-learn."""
    if importlib.util.find_spec("sklearn") is None:
        raise CallError("train voter needs scikit-learn", "pip install 'ocr-plugins[voter]'")
    from ocr_plugins.api import run_engines
    from ocr_plugins.console import ProgressShower
    from ocr_plugins.ensemble.calibration import Calibrations
    from ocr_plugins.ensemble.shipped import shipped_calibrations
    from ocr_plugins.voter_fitting import fit_on_study

    maps = Calibrations.load(calibration) if calibration else shipped_calibrations()
    studies = []
    for source in inputs:
        study = run_engines(
            source,
            engines,
            convention=convention,
            limit=limit,
            workers=workers,
            store=wanted_store(store, no_store),
            watcher=ProgressShower(quiet),
        )
        if study.interrupted:
            raise typer.Exit(130)
        studies.append(study)
    fitted = fit_on_study(studies, maps)
    fitted.model.save(out)
    best = min(fitted.errors, key=fitted.errors.__getitem__)
    typer.echo(
        f"{fitted.cells} places where readings differ. Character errors where all engines are, by "
        f"models that had not seen the document: {best} {fitted.errors[best]:.0f}, vote {fitted.chosen:.0f}"
    )
    typer.echo(f"voter: {out}")
    raise typer.Exit(1 if any(study.failed for study in studies) else 0)


def _shown(error: float | None) -> str:
    return "-" if error is None else f"{error:.3f}"
