"""Engines over time: what studies of a DAG measured, what was taken, and what is expected of new pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from ocr_plugins.airflow.places import Place, safe_name
from ocr_plugins.airflow.ui.drawing import rates_svg
from ocr_plugins.airflow.ui.serving import MAY_SEE_RUN, page, the_place
from ocr_plugins.airflow.watching import rows_of

router = APIRouter()
_SHOWN = 60


@router.get("/engines", dependencies=[MAY_SEE_RUN])
def engines(dag_id: str) -> HTMLResponse:
    """The leaderboard of a DAG's studies, and the rates that its watch expects."""
    place = the_place()
    run_of = f"runs/{safe_name(dag_id)}/"
    studies = _of_dag(place, "studies", run_of)
    watched = _of_dag(place, "quality", run_of)
    names = dict.fromkeys(row["name"] for row in studies)
    choices = [place.read_json(f"choices/{safe_name(name)}/choice.json") for name in names]
    return page(
        "engines.html",
        dag_id=dag_id,
        last=studies[-1] if studies else None,
        choices=[choice for choice in choices if choice],
        studies=studies[::-1],
        study_chart=_chart(studies, "engines"),
        watched=watched[::-1],
        watch_chart=_chart(watched, "expected"),
    )


def _of_dag(place: Place, folder: str, run_of: str) -> list[dict[str, Any]]:
    """The rows that the DAG's runs have left, of all names, oldest first."""
    return [row for row in rows_of(place, folder) if str(row.get("run", "")).startswith(run_of)][-_SHOWN:]


def _chart(rows: Sequence[Mapping[str, Any]], key: str) -> dict[str, Any] | None:
    labels = list(dict.fromkeys(label for row in rows for label in row[key]))
    if not rows:
        return None
    series = {label: [row[key].get(label, {}).get("cer") for row in rows] for label in labels}
    return {"svg": rates_svg([row["when"] for row in rows], series), "labels": labels}
