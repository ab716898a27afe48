"""The command line's part about engines: which there are, installing and removing them, trying them out.

Exit status: 0 done, 1 an engine failed, 2 a wrong call, 130 interrupted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Self

import typer

from ocr_plugins.errors import CallError, OcrError

if TYPE_CHECKING:
    from rich.progress import Progress

    from ocr_plugins.catalogue import Check

engines_app = typer.Typer(
    help="The engines, what they can do, and how to get one.", invoke_without_command=True
)
Json = Annotated[bool, typer.Option("--json", help="machine-readable output on stdout")]
Names = Annotated[list[str], typer.Argument(help="engines with an environment of their own")]

# A log wants to know that it goes on, not each package.
_QUIET_SECONDS = 20.0


@engines_app.callback()
def engines_list(context: typer.Context, json: Json = False) -> None:
    """List the engines and their state."""
    context.obj = json
    if context.invoked_subcommand is not None:
        return
    from ocr_plugins.catalogue import engine_states
    from ocr_plugins.console import print_json, print_rows

    states = engine_states()
    if json:
        print_json(states)
    else:
        print_rows("engines", {f"{s['name']} {s['version'] or ''}".strip(): s["state"] for s in states})


@engines_app.command()
def install(
    names: Names,
    force: Annotated[
        bool, typer.Option("--force", help="build it from fresh downloads, also where it is there")
    ] = False,
    weights: Annotated[
        bool, typer.Option("--weights", help="also download the weights that its adapter names")
    ] = False,
) -> None:
    """Build the environment of an engine that cannot share this one.

    With uv where it is there (OCR_PLUGINS_UV=0: never), else with venv and pip; every file is
    checked against the hashes in the lock that comes with the engine's adapter. A build that
    fails leaves the environment that was there, and one that was interrupted is gone on with.
    """
    from ocr_plugins.environments import install_engine, install_weights

    def install_one(name: str) -> None:
        with _Live() as live:
            install_engine(
                name,
                live.say,
                lambda step: live.show(f"{name}: {step.what}", step.done, step.total, f"{name}: {step}"),
                force=force,
            )
            if weights:
                install_weights(name, live.say)

    _each(names, install_one)


@engines_app.command()
def remove(names: Names) -> None:
    """Delete the environment of an engine, with what interrupted installations left of it."""
    from ocr_plugins.environments import remove_engine

    _each(names, lambda name: remove_engine(name, _say))


@engines_app.command()
def check(
    context: typer.Context,
    engines: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SPEC]...", help="engines, as in tesseract or rapidocr:timeout=60; default all"
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Read a small sample page with each engine, and show what it gave.

    Each runs in a worker process, so one that crashes or hangs (timeout=SECONDS) does not keep the
    others from being tried. Exit status 1 where one failed that is installed or was named.
    """
    from ocr_plugins.catalogue import check_engines
    from ocr_plugins.runs import check_specs
    from ocr_plugins.spec import parse_specs

    specs = parse_specs(engines) if engines else ()
    check_specs(specs)
    checks: list[Check] = []
    interrupted = False
    try:
        with _Live() as live:
            for done in check_engines(specs, lambda label: live.show(f"reading a sample with {label}")):
                checks.append(done)  # noqa: PERF402 - those before an interruption are kept
    except KeyboardInterrupt:
        interrupted = True
    _print_checks(checks, json or context.obj)
    if interrupted:
        _say("ocr-plugins: interrupted: the engines that are left were not tried")
        raise typer.Exit(130)
    bad = ("fails", "not ready") if specs else ("fails",)
    raise typer.Exit(1 if any(done.state in bad for done in checks) else 0)


def _each(names: Sequence[str], do: Callable[[str], None]) -> None:
    """One failure does not keep the others from being tried."""
    status = 0
    for name in names:
        try:
            do(name)
        except OcrError as error:
            _say(f"ocr-plugins: {error}")
            status = max(status, 2 if isinstance(error, CallError) else 1)
        except KeyboardInterrupt:
            _say("ocr-plugins: interrupted: the same command goes on from here")
            raise typer.Exit(130) from None
    raise typer.Exit(status)


def _print_checks(checks: Sequence[Check], json: bool) -> None:
    from ocr_plugins.console import print_json, print_table

    if json:
        print_json([vars(check) for check in checks])
        return
    columns = {"engine": "", "where": "", "start s": ">", "page s": ">", "CER %": ">", "what it read": ""}
    rows = [
        (
            f"{check.engine} {check.version or ''}".strip(),
            check.place,
            _number(check.start_seconds),
            _number(check.page_seconds),
            _number(check.cer and 100 * check.cer),
            _what(check),
        )
        for check in checks
    ]
    print_table("a sample page, read by each engine", columns, rows)


def _what(check: Check) -> str:
    if check.state == "works" and check.error is None:
        return f"{check.first_line} ({check.lines} lines)" if check.lines else "nothing"
    found = "" if check.lines is None else f"{check.lines} lines found, none read: "
    return f"fails: {check.error}" if check.state == "fails" else f"{found}{check.error}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _say(line: str) -> None:
    typer.echo(line, err=True)


class _Live:
    """What goes on: a line that changes on a terminal; elsewhere plain lines, the same not too often."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._progress: Progress | None = None
        self._said: dict[str, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def say(self, line: str) -> None:
        """A line that stays."""
        self._console.print(line, markup=False)

    def show(self, what: str, done: int = 0, total: int = 0, text: str = "") -> None:
        """``what`` goes on, with so much of it done; ``text`` says both where there is no bar."""
        if self._console.is_terminal:
            self._update(what, done, total)
        elif time.monotonic() - self._said.get(what, -_QUIET_SECONDS) >= _QUIET_SECONDS:
            self._said[what] = time.monotonic()
            self.say(text or what)

    def _update(self, what: str, done: int, total: int) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        if self._progress is None:
            texts = [
                TextColumn(f"{{task.{name}}}", markup=False) for name in ("description", "fields[count]")
            ]
            columns = (texts[0], BarColumn(20), texts[1], TimeElapsedColumn())
            self._progress = Progress(*columns, console=self._console, transient=True)
            self._progress.add_task(what, count="")
            self._progress.start()
        task = self._progress.task_ids[0]
        # Without a total the bar only says that something goes on.
        count = f"{done}/{total}" if total else ""
        self._progress.update(task, description=what, completed=done, total=total or None, count=count)
