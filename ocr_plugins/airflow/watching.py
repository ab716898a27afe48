"""Whether pages are read as well as before: error rates that are expected without ground truth, over time.

Of each run a row stays at the place, ``quality/NAME/RUN.json``.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from ocr_plugins.airflow.places import Place, safe_name
from ocr_plugins.errors import CallError

_SCHEMA_VERSION = 1


def rows_of(place: Place, folder: str) -> list[dict[str, Any]]:
    """The rows that runs left in a folder, oldest first; what is not whole is left out."""
    found = (place.read_json(name) for name in place.names(folder) if name.endswith(".json"))
    return sorted(
        (row for row in found if isinstance(row, dict) and "when" in row), key=lambda row: row["when"]
    )


def watch_run(
    place: Place, run: str, name: str, when: str, *, factor: float, window: int, least: int = 3
) -> dict[str, Any]:
    """Holds the error rates that are expected of a run's engines against those of the runs before.

    An engine has drifted where all of its 95 % interval lies above ``factor`` times the median of the runs
    before it; those that had drifted themselves are not counted.

    Args:
        run: the run's folder, which `scoring.summarise` has left its summary in.
        name: runs of one name are compared.
        when: the run's date, ISO 8601.
        factor: above 1.
        window: how many runs to look back.
        least: as many runs there must be, before anything is said.

    Returns:
        The row: ``expected`` by engine with ``cer``, ``low``, ``high`` and ``before``, the median, which is
        None where there are too few runs; ``drifted`` are the engines that have.

    Raises:
        CallError: no summary, or one without expected rates; a factor that is not above 1.
    """
    if not factor > 1 or window < 1:
        raise CallError(
            f"a factor of {factor} over {window} runs is no drift", "give 1.5 and 10, for instance"
        )
    summary = place.read_json(f"{run}/summary.json")
    if not summary or not summary["expected"]:
        hint = "evaluate the run before, with two engines or more"
        raise CallError("nothing is known of how well this run was read", hint)
    folder = f"quality/{safe_name(name)}"
    earlier = [row for row in rows_of(place, folder) if row["run"] != run and row["when"] < when][-window:]
    expected = {}
    for label, one in summary["expected"].items():
        before = _rates(earlier, label)
        expected[label] = {
            **{key: one[key] for key in ("cer", "low", "high")},
            "before": statistics.median(before) if len(before) >= least else None,
        }
    row = {
        "schema_version": _SCHEMA_VERSION,
        "name": name,
        "run": run,
        "when": when,
        "pages": summary["pages"],
        "expected": expected,
        "drifted": [
            label
            for label, one in expected.items()
            if one["before"] is not None and one["low"] > factor * one["before"]
        ],
    }
    place.write_json(f"{folder}/{safe_name(run)}.json", row)
    return row


def _rates(rows: Sequence[Mapping[str, Any]], label: str) -> list[float]:
    return [
        row["expected"][label]["cer"]
        for row in rows
        if label in row["expected"] and label not in row["drifted"]
    ]
