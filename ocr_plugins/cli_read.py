"""``ocr-plugins read``."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ocr_plugins.cli_options import (
    Device,
    Dpi,
    Engines,
    ExistingTextOption,
    Fields,
    FormatNames,
    Inputs,
    Join,
    Json,
    Lang,
    Limit,
    Pages,
    Quiet,
    Recipe,
    Recursive,
    Redact,
    Workers,
)
from ocr_plugins.cli_outcomes import WrongCall, exit_status, say_interrupted
from ocr_plugins.cli_store import NoStore, StoreOption, wanted_store
from ocr_plugins.errors import CallError


def read(
    inputs: Inputs,
    engine: Engines = ["tesseract"],
    recipe: Recipe = None,
    out: Annotated[Path | None, typer.Option(help="folder for results.jsonl and the formats' files")] = None,
    format: FormatNames = [],
    join: Join = None,
    existing_text: ExistingTextOption = "refuse",
    fields: Fields = None,
    redact: Redact = None,
    lang: Lang = None,
    device: Device = None,
    workers: Workers = 1,
    recursive: Recursive = False,
    pages: Pages = None,
    dpi: Dpi = 300,
    limit: Limit = None,
    store: StoreOption = None,
    no_store: NoStore = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Read pages: text, or with --fields a table, on stdout, JSON Lines with --json, files with --out.

    With --redact, what is personal is blank in all of it, and in pictures of the pages.
    """
    from ocr_plugins.api import redact as redact_pages
    from ocr_plugins.api import run_engines
    from ocr_plugins.console import ProgressShower, TextPrinter
    from ocr_plugins.fields import find_extractors
    from ocr_plugins.fields_recording import FieldsRecorder
    from ocr_plugins.formats import chosen_formats
    from ocr_plugins.recording import Watchers
    from ocr_plugins.runs import Watcher
    from ocr_plugins.spec import parse_specs

    prints_text = not json and out is None
    # Where the text itself comes onto the terminal, it shows well enough how far things are.
    progress = ProgressShower(quiet or (prints_text and sys.stdout.isatty()))
    with WrongCall(json, None if redact else out), contextlib.ExitStack() as stack:
        if recipe is not None:
            engine = [str(recipe)]
        formats = chosen_formats(format, existing_text)
        if formats and out is None:
            raise CallError("--format writes files", "say where with --out DIR")
        if fields is not None and json and out is None:
            raise CallError("--fields and --json both write to stdout", "say where with --out DIR")
        votes_only = any(spec.is_vote for spec in parse_specs(engine))
        if redact is not None and out is None:
            raise CallError("--redact writes pictures", "say where with --out DIR")
        results: list[Watcher] = []
        if fields is not None:
            recorder = FieldsRecorder(find_extractors(fields), out, sys.stdout, votes_only=votes_only)
            stack.callback(recorder.close)
            results.append(recorder)
        elif prints_text:
            results.append(TextPrinter(votes_only=votes_only))
        how: dict[str, Any] = {
            "out": out,
            "stdout": sys.stdout if json else None,
            "formats": formats,
            "join": join,
            "lang": lang,
            "device": device,
            "workers": workers,
            "store": wanted_store(store, no_store),
            "recursive": recursive,
            "pages": pages,
            "dpi": dpi,
            "limit": limit,
        }
        if redact is not None:
            heard = Watchers(*results)
            study = redact_pages(inputs, engine, redact, results=heard, watcher=progress, **how)
        else:
            study = run_engines(inputs, engine, watcher=Watchers(progress, *results), **how)
    for error in study.unwritten:
        typer.echo(f"ocr-plugins: not written: {error}", err=True)
    if out is not None and not json and not (redact and study.interrupted):
        typer.echo(f"results: {out / 'results.jsonl'}")
        if fields:
            typer.echo(f"fields: {out / 'fields.csv'}")
        if redact:
            typer.echo(f"pictures: {out / 'redacted'}")
    say_interrupted(study)
    raise typer.Exit(exit_status(study))
