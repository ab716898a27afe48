"""How a training went, as CSV: one row now and then, for any plotting program."""

from __future__ import annotations

import csv
from contextlib import suppress
from pathlib import Path

_COLUMNS = ("step", "seconds", "loss", "rate", "val_cer")


class Curves:
    """Appends rows; what cannot be written is left out, since a training matters more."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def open(self, step: int) -> None:
        """Begins the file, or cuts off what came after ``step``."""
        rows: list[list[str]] = []
        with suppress(OSError), self._path.open(newline="", encoding="utf-8") as file:
            rows = [row for row in csv.reader(file) if row and row[0].isdigit() and int(row[0]) <= step]
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([_COLUMNS, *rows])

    def add(self, step: int, seconds: float, loss: float, rate: float, cer: float | None) -> None:
        row = (step, f"{seconds:.1f}", f"{loss:.4f}", f"{rate:.3g}", "" if cer is None else f"{cer:.5f}")
        with suppress(OSError), self._path.open("a", newline="", encoding="utf-8") as file:
            csv.writer(file).writerow(row)
