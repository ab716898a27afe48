"""How commands end: exit status, what is said of an interrupt, and the record of a wrong call."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Any

import typer

from ocr_plugins.errors import OcrError


class WrongCall:
    """Where a call turns out wrong, leaves an error record in what the user asked for."""

    def __init__(self, json: bool, out: Path | None) -> None:
        self._json, self._out = json, out

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if not isinstance(error, OcrError):
            return
        from ocr_plugins.formats.jsonl import write_record
        from ocr_plugins.recording import error_record

        record = error_record(error)
        if self._json:
            write_record(sys.stdout, record)
        # Never over the results of an earlier run.
        if self._out is not None and not (self._out / "results.jsonl").exists():
            # What is wrong with the call matters more than where it cannot be noted.
            with contextlib.suppress(OSError):
                self._out.mkdir(parents=True, exist_ok=True)
                with (self._out / "results.jsonl").open("w", encoding="utf-8") as file:
                    write_record(file, record)


def say_interrupted(study: Any) -> None:
    if study.interrupted:
        typer.echo("ocr-plugins: interrupted: what was read is kept, the rest is not in it", err=True)


def exit_status(study: Any) -> int:
    if study.interrupted:
        return 130
    nothing_started = all(run.error for run in study.runs)
    missing_inputs = study.corpus.errors and all(e.kind == "not_found" for e in study.corpus.errors)
    if nothing_started or (not study.corpus.items and missing_inputs):
        return 2
    return 1 if study.failed else 0
