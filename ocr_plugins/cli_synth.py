"""``ocr-plugins synth``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ocr_plugins.errors import CallError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Out = Annotated[
    Path | None,
    typer.Argument(help="new folder for manifest.jsonl and images; --sheet needs none", show_default=False),
]
Lines = Annotated[int | None, typer.Option("--lines", min=1, help="draw so many lines", show_default=False)]
Pages = Annotated[int | None, typer.Option("--pages", min=1, help="draw so many pages", show_default=False)]
Seed = Annotated[int, typer.Option(min=0, help="the same seed and fonts give the same samples")]
Start = Annotated[int, typer.Option(min=0, help="number of the first sample")]
Fonts = Annotated[
    list[Path], typer.Option("--fonts", help="folder with TrueType or OpenType files; default the system's")
]
Kinds = Annotated[
    list[str],
    typer.Option(
        "--kind",
        help="lines: book, journal, office, typescript, form, receipt, screen, note, and scene (words on "
        "signs, only where it is named); "
        "pages: letter, report, book, typescript, form, table, receipt, and screen (only where it is named)",
    ),
]
Strength = Annotated[float, typer.Option(help="how much paper and cameras spoil, 0 to 2")]
Clean = Annotated[float, typer.Option(help="share of samples that nothing spoils, 0 to 1")]
Marks = Annotated[
    float, typer.Option(help="share of pages with stamps, scrawl and the like that no truth tells of, 0 to 1")
]
SheetFile = Annotated[
    Path | None, typer.Option("--sheet", help="PNG file to look at: samples with their texts")
]
Workers = Annotated[int, typer.Option(min=0, help="processes that draw; 0 draws in this one")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="write into a folder that is not empty")]
Packages = Annotated[bool, typer.Option("--packages", help="list the Debian packages of fonts, and stop")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="no progress, only errors")]

# What a contact sheet shows, and what is drawn where nothing but a sheet is asked for.
_ON_SHEET = {"line": 60, "page": 8}
_SHORT = 200  # samples that need no progress


def synth(
    out: Out = None,
    lines: Lines = None,
    pages: Pages = None,
    seed: Seed = 0,
    start: Start = 0,
    fonts: Fonts = [],  # noqa: B006 - typer copies defaults
    kind: Kinds = [],  # noqa: B006
    strength: Strength = 1.0,
    marks: Marks = 0.0,
    clean: Clean = 0.17,
    sheet: SheetFile = None,
    workers: Workers = 0,
    overwrite: Overwrite = False,
    packages: Packages = False,
    quiet: Quiet = False,
) -> None:
    """Draw synthetic lines or pages with ground truth, for training and for fitting."""
    if packages:
        _print_packages()
        return
    if lines is not None and pages is not None:
        raise CallError("lines and pages go into folders of their own", "give --lines or --pages")
    if out is None and sheet is None:
        raise CallError("it is not known where to write", "name a folder, or --sheet FILE.png")
    if sheet is not None and sheet.suffix.lower() != ".png":
        raise CallError(f"{sheet} is no PNG file", "name the contact sheet something.png")
    from ocr_plugins.synth import output

    if out is not None:
        output.check_folder(out, overwrite)
    what = "line" if pages is None else "page"
    count = pages or lines or (_ON_SHEET[what] if out is None else 1000)
    given = {"fonts": tuple(map(str, fonts)), "clean": clean, "strength": strength}
    if what == "page":
        given["marks"] = marks
    elif marks:
        raise CallError("marks stand on pages, not on lines", "give --pages, or leave --marks out")
    draw = _lines if what == "line" else _pages
    draw(given, tuple(kind), seed=seed, start=start, workers=workers).write(out, sheet, count, quiet)
    if out is not None:
        typer.echo(f"{count} {what}{'' if count == 1 else 's'} with ground truth: {out / 'manifest.jsonl'}")
    if sheet is not None:
        typer.echo(f"contact sheet: {sheet}")


@dataclass(frozen=True)
class _Drawing:
    """Samples to come, and how they are written and shown."""

    samples: Iterator[Any]
    start: int
    write_all: Callable[..., int]
    show: Callable[[list[Any]], NDArray[np.uint8]]
    what: str

    def write(self, out: Path | None, sheet: Path | None, count: int, quiet: bool) -> None:
        shown: list[Any] = []

        def passing() -> Iterator[Any]:
            for sample in islice(self.samples, count):
                if sheet is not None and len(shown) < _ON_SHEET[self.what]:
                    shown.append(sample)
                yield sample

        with _progress(count, self.what, quiet) as told:
            if out is not None:
                self.write_all(passing(), out, start=self.start, told=told)
            else:
                for done, _ in enumerate(passing(), 1):
                    told(done)
        if sheet is not None:
            from PIL import Image

            sheet.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(self.show(shown)).save(sheet)


def _lines(given: dict[str, Any], kinds: tuple[str, ...], *, seed: int, start: int, workers: int) -> _Drawing:
    from ocr_plugins.synth import output
    from ocr_plugins.synth.lines import LineOptions, known_fonts, lines

    options = LineOptions(profiles=kinds, **given)
    samples = lines(seed, options, workers, start)
    fonts = known_fonts(options.fonts, options.characters, options.blackletter)
    return _Drawing(samples, start, output.write_lines, lambda some: output.line_sheet(some, fonts), "line")


def _pages(given: dict[str, Any], kinds: tuple[str, ...], *, seed: int, start: int, workers: int) -> _Drawing:
    from ocr_plugins.synth import output
    from ocr_plugins.synth.pages import PageOptions, pages

    samples = pages(seed, PageOptions(kinds=kinds, **given), workers, start)
    return _Drawing(samples, start, output.write_pages, output.page_sheet, "page")


@contextmanager
def _progress(count: int, what: str, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal; elsewhere a line each tenth of the way."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True, highlight=False)
    if quiet or not console.is_terminal:
        tenth = max(1, count // 10)

        def say(done: int) -> None:
            if not quiet and (count > _SHORT or what == "page") and done % tenth == 0:
                typer.echo(f"{done}/{count} {what}s", err=True)

        yield say
        return
    columns = (TextColumn(f"{what}s"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=count)
        yield lambda done: bar.update(task, completed=done)


def _print_packages() -> None:
    from ocr_plugins.console import print_rows
    from ocr_plugins.synth.font_table import font_packages
    from ocr_plugins.synth.fonts import install_command

    print_rows("Debian packages of fonts, and their licences", font_packages())
    typer.echo(install_command())
