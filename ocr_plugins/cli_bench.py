"""The command line's part about speed: engines and their runtimes against plain calls of their libraries.

Exit status: 0 done, 1 an engine took no part or failed on a page, 2 a wrong call, 130 interrupted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ocr_plugins.errors import CallError

Json = Annotated[bool, typer.Option("--json", help="machine-readable output on stdout")]


_DEFAULT = "easyocr:runtime=exact,easyocr:runtime=fast"


def bench(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(help="files, folders or manifests; default: the samples", show_default=False),
    ] = None,
    engine: Annotated[
        list[str] | None,
        typer.Option(
            "--engine", "--engines", "-e", help=f"by commas; default: {_DEFAULT}", show_default=False
        ),
    ] = None,
    truth: Annotated[Path | None, typer.Option(help="folder with a text file a page")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="at most this many pages of each input")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="how often each page is read; its median counts")] = 1,
    json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no progress, only errors")] = False,
) -> None:
    """Measure engines on your pages by turns with plain calls of the libraries they come from."""
    from ocr_plugins.benchmark.contestants import contests
    from ocr_plugins.benchmark.measuring import measure
    from ocr_plugins.benchmark.results import COLUMNS, cells, figures
    from ocr_plugins.console import print_json, print_table
    from ocr_plugins.corpus import gather
    from ocr_plugins.document import PageError
    from ocr_plugins.samples import samples_manifest
    from ocr_plugins.source import load_or_error
    from ocr_plugins.spec import parse_specs

    specs = parse_specs(engine or [_DEFAULT])
    if wrong := [spec.text for spec in specs if spec.is_vote]:
        raise CallError(f"{wrong[0]} reads nothing by itself", "name the engines that it asks")
    corpus = gather(inputs or [samples_manifest()], truth=truth, limit=limit)
    errors = list(corpus.errors)
    items = []
    for item in corpus.items:
        loaded = load_or_error(item.ref)
        if isinstance(loaded, PageError):
            errors.append(loaded)
        elif item.ref.level == "page":
            items.append(item)
    for error in errors:
        typer.echo(f"ocr-plugins: {error}", err=True)
    if not items:
        raise CallError("there is no page to read", "name files, folders or manifests with pages")
    rows, absent = [], []
    for contestants in contests([spec.text for spec in specs]):

        def tell(line: str, name: str = contestants[0].engine) -> None:
            if not quiet:
                typer.echo(f"{name}: {line}", err=True)

        found = measure(contestants, [item.ref for item in items], rounds=rounds, progress=tell)
        rows += figures(found, [item.truth for item in items])
        absent += [one.why_not for one in found if one.why_not]
        absent += [f"{one.contestant.label}: {failure}" for one in found for failure in one.failures[:1]]
    for why in absent:
        typer.echo(f"ocr-plugins: {why}", err=True)
    if json:
        print_json({"pages": len(items), "engines": rows})
    else:
        columns = {name: "<" if place < 2 else ">" for place, name in enumerate(COLUMNS)}
        print_table(f"{len(items)} pages, by turns", columns, [cells(row) for row in rows])
    raise typer.Exit(1 if absent or errors else 0)
