"""Options that several commands take, each with its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_SPEC = "[LABEL=]NAME[:key=value...]; several by commas, or a recipe.toml"
Inputs = Annotated[
    list[str],
    typer.Argument(help="files, folders, globs, URLs, or manifests (JSON Lines)", show_default=False),
]
# Both spellings do for every command: nobody remembers which takes which.
Engines = Annotated[list[str], typer.Option("--engine", "--engines", "-e", help=_SPEC)]
Lang = Annotated[str | None, typer.Option(help="language, ISO 639-1; the same for all engines")]
Device = Annotated[str | None, typer.Option(help="cpu, cuda or cuda:N; default cpu")]
Workers = Annotated[int, typer.Option(min=0, help="processes for each engine; 0 runs it in this one")]
Recursive = Annotated[bool, typer.Option("--recursive", "-r", help="look into subfolders")]
Pages = Annotated[str | None, typer.Option(help="pages of PDF and TIFF files, as in 1-3,7")]
Dpi = Annotated[int, typer.Option(help="resolution to render PDF pages at")]
Limit = Annotated[
    int | None, typer.Option(min=1, help="at most this many pages of each input, evenly spread")
]
FormatNames = Annotated[
    list[str],
    typer.Option(
        "--format",
        "-f",
        help="files to write into --out: text, markdown, hocr, alto, page, tsv, json, jsonl, pdf",
    ),
]
Join = Annotated[
    str | None, typer.Option(help="one file of this name for all pages, in formats that hold several")
]
ExistingTextOption = Annotated[
    str, typer.Option(help="pages of a PDF that have text already, as --format pdf: refuse, keep or replace")
]
Json = Annotated[bool, typer.Option("--json", help="machine-readable output on stdout")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="no progress, only errors")]
ConventionName = Annotated[
    str,
    typer.Option(help="default, dinglehopper, jiwer or ocrd, with modifiers after + (default+dehyphenate)"),
]
Fields = Annotated[
    str | None,
    typer.Option(help="what to take out of the pages, as in receipt,iban: see `ocr-plugins fields`"),
]
Redact = Annotated[
    str | None,
    typer.Option(
        help="what to blank in pictures and texts: personal, or extractors, as in personal,phone:country=MY"
    ),
]
Recipe = Annotated[Path | None, typer.Option(help="recipe.toml that `study` wrote, in place of --engine")]
Truth = Annotated[Path | None, typer.Option(help="folder with a text file a page")]
ReportPages = Annotated[int, typer.Option(min=0, help="at most this many pages in report.html")]
