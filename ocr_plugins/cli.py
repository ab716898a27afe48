"""The command line: a thin shell over `ocr_plugins.api`.

Exit status: 0 everything was read, 1 some pages failed, 2 a wrong call, 130 interrupted.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from ocr_plugins.cli_airflow import airflow_app
from ocr_plugins.cli_bench import bench
from ocr_plugins.cli_convert import convert, steps
from ocr_plugins.cli_engines import engines_app
from ocr_plugins.cli_ensemble import calibrate
from ocr_plugins.cli_fields import fields as list_fields
from ocr_plugins.cli_options import (
    ConventionName,
    Device,
    Dpi,
    Engines,
    Inputs,
    Json,
    Lang,
    Limit,
    Pages,
    Quiet,
    Recursive,
    ReportPages,
    Truth,
    Workers,
)
from ocr_plugins.cli_outcomes import WrongCall, exit_status, say_interrupted
from ocr_plugins.cli_read import read
from ocr_plugins.cli_store import NoStore, StoreOption, store_app, wanted_store
from ocr_plugins.cli_synth import synth
from ocr_plugins.cli_train import train_app
from ocr_plugins.errors import OcrError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Tells which OCR engine reads your documents best and at what cost.",
)
app.add_typer(airflow_app, name="airflow")
app.add_typer(engines_app, name="engines")
app.add_typer(store_app, name="store")
app.add_typer(train_app, name="train")
app.command()(bench)
app.command()(calibrate)
app.command()(convert)
app.command("fields")(list_fields)
app.command()(read)
app.command()(steps)
app.command()(synth)


@app.command()
def compare(
    inputs: Inputs,
    engines: Engines = ["tesseract,rapidocr,crnn,vote"],
    truth: Truth = None,
    out: Annotated[
        Path | None, typer.Option(help="folder for summary.json, results.jsonl, report.html")
    ] = None,
    convention: ConventionName = "default",
    lang: Lang = None,
    device: Device = None,
    workers: Workers = 1,
    recursive: Recursive = False,
    pages: Pages = None,
    dpi: Dpi = 300,
    limit: Limit = None,
    report_pages: ReportPages = 50,
    store: StoreOption = None,
    no_store: NoStore = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare engines on the same pages: a table, and with --out a report to look at."""
    from ocr_plugins.api import run_engines
    from ocr_plugins.console import ProgressShower, print_json, print_study
    from ocr_plugins.outputs import study_summary, write_outputs

    with WrongCall(json, out):
        study = run_engines(
            inputs,
            engines,
            truth=truth,
            convention=convention,
            out=out,
            lang=lang,
            device=device,
            workers=workers,
            store=wanted_store(store, no_store),
            watcher=ProgressShower(quiet),
            recursive=recursive,
            pages=pages,
            dpi=dpi,
            limit=limit,
        )
    if json:
        print_json(study_summary(study))
    else:
        print_study(study)
    if out is not None:
        summary, report = write_outputs(study, out, command=_command(), report_pages=report_pages)
        typer.echo(f"report: {report}\nsummary: {summary}", err=json)
    say_interrupted(study)
    raise typer.Exit(exit_status(study))


@app.command()
def study(
    inputs: Inputs,
    engines: Engines = ["tesseract,rapidocr,crnn,vote"],
    truth: Truth = None,
    out: Annotated[Path, typer.Option(help="folder for report.html, recipe.toml, tables and records")] = Path(
        "study"
    ),
    convention: ConventionName = "default",
    lang: Lang = None,
    device: Device = None,
    workers: Workers = 1,
    recursive: Recursive = False,
    pages: Pages = None,
    dpi: Dpi = 300,
    limit: Limit = None,
    report_pages: ReportPages = 50,
    budget: Annotated[
        str | None,
        typer.Option(help="what cascade.toml may cost: seconds a page, as in 12, or a share, as in 30%"),
    ] = None,
    fields: Annotated[
        str | None,
        typer.Option(help="what to take out where the manifest tells fields; default: what fits their names"),
    ] = None,
    store: StoreOption = None,
    no_store: NoStore = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Which engine to take, how sure that is, and why: a report, tables, and a recipe for `read --recipe`."""
    from ocr_plugins.analysing import analyse
    from ocr_plugins.api import run_engines
    from ocr_plugins.console import ProgressShower, print_json, print_study
    from ocr_plugins.fields import find_extractors
    from ocr_plugins.outputs import study_summary
    from ocr_plugins.policy import Budget
    from ocr_plugins.study_outputs import write_study

    with WrongCall(json, out):
        most = Budget.parse(budget) if budget else None
        if fields:
            find_extractors(fields)
        found = run_engines(
            inputs,
            engines,
            truth=truth,
            convention=convention,
            out=out,
            lang=lang,
            device=device,
            workers=workers,
            store=wanted_store(store, no_store),
            watcher=ProgressShower(quiet),
            recursive=recursive,
            pages=pages,
            dpi=dpi,
            limit=limit,
        )
    files = write_study(analyse(found, most, fields), out, command=_command(), report_pages=report_pages)
    if json:
        print_json(study_summary(found))
    else:
        print_study(found)
    told = {
        "report": files.report,
        "recipe": files.recipe,
        "cascade": files.cascade,
        "tables": files.report.parent / "tables",
    }
    typer.echo("\n".join(f"{name}: {path}" for name, path in told.items() if path), err=json)
    say_interrupted(found)
    raise typer.Exit(exit_status(found))


@app.command()
def demo(
    engines: Engines = ["tesseract,rapidocr,crnn,vote"],
    out: Annotated[Path, typer.Option(help="folder for summary.json, results.jsonl, report.html")] = Path(
        "demo-report"
    ),
    store: StoreOption = None,
    no_store: NoStore = False,
) -> None:
    """Compare engines on the documents that come with this package."""
    from ocr_plugins.samples import samples_manifest

    compare([str(samples_manifest())], engines=engines, out=out, store=store, no_store=no_store)


@app.command()
def evaluate(
    reference: Annotated[Path, typer.Argument(help="ground truth: a text file, or a folder of them")],
    hypothesis: Annotated[
        Path, typer.Argument(help="what an engine read: a file, or a folder of the same names")
    ],
    convention: ConventionName = "default",
    json: Json = False,
) -> None:
    """Score text against ground truth: CER, WER and measures that ignore reading order."""
    from ocr_plugins.console import print_json, print_rows
    from ocr_plugins.document import SCHEMA_VERSION
    from ocr_plugins.evaluation import get_convention
    from ocr_plugins.textfiles import score_files

    with WrongCall(json, None):
        scoring = get_convention(convention)
        score, missing = score_files(reference, hypothesis, scoring)
    if json:
        print_json({"schema_version": SCHEMA_VERSION, **score.to_dict(), "missing_files": missing})
    else:
        shown = {name: "-" if rate is None else f"{rate:7.2%}" for name, rate in score.headline.items()}
        print_rows(f"{score.pages} text{'s' if score.pages > 1 else ''}, convention {scoring.name}", shown)
    for name in missing:
        typer.echo(f"{hypothesis / name}: no such file, counted as empty: check the names", err=True)
    raise typer.Exit(1 if missing else 0)


def _command() -> str:
    return " ".join(["ocr-plugins", *map(shlex.quote, sys.argv[1:])])


def main() -> None:
    """The console script: every error is one line that names the thing and the way out."""
    for stream in (sys.stdout, sys.stderr):
        # An old terminal must not cost a reading: what it cannot show is written as \\uXXXX.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    if "--json" in sys.argv:
        # JSON is UTF-8 whatever the terminal is.
        sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    try:
        raise SystemExit(app(standalone_mode=False) or 0)
    except OcrError as error:
        _fail(str(error), 2)
    except BrokenPipeError:
        # Whoever read our output has had enough; the interpreter must not complain on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except OSError as error:
        _fail(
            f"{error.filename or 'the system'}: {error.strerror or error}: check path, rights and space",
            2,
        )
    except Exception as error:
        # Typer may carry its own copy of click, so its errors are known by what they can do.
        if hasattr(error, "format_message"):
            _wrong_usage(error)
        if os.environ.get("OCR_PLUGINS_DEBUG"):
            raise
        _fail(
            f"a fault of ocr-plugins ({type(error).__name__}): report what OCR_PLUGINS_DEBUG=1 shows",
            70,
        )


def _wrong_usage(error: Any) -> None:
    message = error.format_message().strip()
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(message or None, nl=bool(message))
        raise SystemExit(error.exit_code)
    path = error.ctx.command_path if error.ctx else "ocr-plugins"
    _fail(f"{' '.join(message.split()).rstrip('.')}: see {path} --help", error.exit_code)


def _fail(line: str, status: int) -> NoReturn:
    typer.echo(f"ocr-plugins: {line}", err=True)
    raise SystemExit(status)
