"""``ocr-plugins convert`` and ``ocr-plugins steps``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ocr_plugins.document import PageError
from ocr_plugins.errors import CallError
from ocr_plugins.manifest import Manifest

Inputs = Annotated[
    list[Path],
    typer.Argument(
        help="files or folders: hOCR, ALTO, PAGE, TSV, JSON, text; or ground truth", show_default=False
    ),
]
To = Annotated[
    list[str],
    typer.Option(
        "--to",
        "-t",
        help="text, markdown, hocr, alto, page, tsv, json, jsonl, pdf; manifest, labelstudio, huggingface",
    ),
]
From = Annotated[
    str | None,
    typer.Option(
        "--from", help="what the inputs are, where their content does not tell; labelstudio, huggingface"
    ),
]
Out = Annotated[Path, typer.Option(help="folder for the new files")]
Images = Annotated[Path | None, typer.Option(help="folder of the pages' images, named as the inputs")]
Join = Annotated[
    str | None, typer.Option(help="one file of this name for all pages, in formats that hold several")
]
ExistingText = Annotated[
    str, typer.Option(help="pages of a PDF that have text already: refuse, keep or replace")
]


def convert(
    inputs: Inputs,
    to: To,
    out: Out,
    source_format: From = None,
    images: Images = None,
    join: Join = None,
    existing_text: ExistingText = "refuse",
) -> None:
    """Convert files of pages, or ground truth, into other formats."""
    from ocr_plugins.groundtruth import KINDS

    if {*to, source_format} & {"manifest", "labelstudio", "huggingface"} or _is_truth(inputs):
        if len(inputs) != 1 or len(to) != 1:
            raise CallError("ground truth is converted one at a time", "name one input and one --to")
        _convert_truth(inputs[0], to[0], out, source_format, images, KINDS)
        return
    from ocr_plugins.convert import convert as convert_files
    from ocr_plugins.formats import chosen_formats

    done = convert_files(
        inputs, chosen_formats(to, existing_text), out, source_format=source_format, images=images, join=join
    )
    for error in done.errors:
        typer.echo(f"ocr-plugins: {error}", err=True)
    typer.echo(f"{_count(done.pages, 'page')} of {_count(done.files, 'file')} converted into {out}")
    if not done.files:
        raise CallError("there is nothing to convert", "name files, or folders with such files")
    raise typer.Exit(1 if done.errors else 0)


def _is_truth(inputs: list[Path]) -> bool:
    from ocr_plugins.manifest import find_manifest

    found = [path for path in map(find_manifest, inputs) if path is not None]
    return any(path.name == "manifest.jsonl" for path in found)


def _convert_truth(
    path: Path, to: str, out: Path, source_format: str | None, images: Path | None, kinds: tuple[str, ...]
) -> None:
    from ocr_plugins.groundtruth import export_truth, import_truth

    truth: Path | Manifest = path
    errors: list[PageError] = []
    if source_format is not None:
        options = {"images": images} if images and source_format == "labelstudio" else {}
        target = out if to == "manifest" else out / "manifest"
        truth = import_truth(path, source_format, target, **options)
        errors += truth.errors
        count = len(truth.rows)
    if to != "manifest":
        if to not in kinds:
            raise CallError(f"ground truth cannot become {to!r}", f"choose manifest, {', '.join(kinds)}")
        done = export_truth(truth, to, out)
        errors, count = list(done.errors), done.rows
    elif source_format is None:
        raise CallError("it is not known what to make a manifest of", f"say --from {', '.join(kinds)}")
    for error in errors:
        typer.echo(f"ocr-plugins: {error}", err=True)
    typer.echo(f"{_count(count, 'row')} of ground truth converted into {out}")
    raise typer.Exit(1 if errors else 0)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def steps(
    json: Annotated[bool, typer.Option("--json", help="machine-readable output on stdout")] = False,
) -> None:
    """List the preprocessing steps, for pre= of any engine."""
    from ocr_plugins.console import print_json, print_table
    from ocr_plugins.options import describe_options
    from ocr_plugins.preprocess import STEPS

    if json:
        print_json({name: {"help": s.help, "options": describe_options(s)} for name, s in STEPS.items()})
        return
    rows = []
    for name, step in STEPS.items():
        options = "; ".join(f"{key}={about['default']}" for key, about in describe_options(step).items())
        rows.append((name, step.help, options))
    columns = {"step": "<", "what it does": "<", "options": "<"}
    print_table("preprocessing steps, in the order in which they are of most use", columns, rows)
