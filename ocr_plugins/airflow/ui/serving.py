"""What all pages share: where results lie, who may see them, and how a page is sent."""

from __future__ import annotations

import re
from typing import Any

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import requires_access_dag
from airflow.providers.common.compat.sdk import conf
from fastapi import Depends, HTTPException
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader

from ocr_plugins.airflow.hooks import SECTION
from ocr_plugins.airflow.places import Place

HOME = "ocr_plugins.airflow.ui"
NOSNIFF = {"X-Content-Type-Options": "nosniff"}
PRIVATE = {**NOSNIFF, "Referrer-Policy": "same-origin", "Cache-Control": "no-store"}
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; frame-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'"
)

MAY_SEE_RUN = Depends(requires_access_dag(method="GET", access_entity=DagAccessEntity.RUN))
MAY_SEE_REVIEW = Depends(requires_access_dag(method="GET", access_entity=DagAccessEntity.HITL_DETAIL))
MAY_ANSWER = Depends(requires_access_dag(method="PUT", access_entity=DagAccessEntity.HITL_DETAIL))

_templates = Environment(loader=PackageLoader(HOME, "pages"), autoescape=True)
# What tasks are called in Airflow; nothing else may become part of a file's name.
_TASK_ID = re.compile(r"[\w.-]+")


def the_place() -> Place:
    """Where results lie, by Airflow's configuration."""
    return Place(conf.get(SECTION, "place", fallback=""))


def page(name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page from its template."""
    headers = {**PRIVATE, "Content-Security-Policy": _POLICY}
    return HTMLResponse(_templates.get_template(name).render(values), status, headers)


def picture(data: bytes | None, media_type: str) -> Response:
    """A picture, or 404 where there is none."""
    if data is None:
        raise HTTPException(404, "there is no such picture")
    policy = "default-src 'none'; img-src data:"
    return Response(data, media_type=media_type, headers={**PRIVATE, "Content-Security-Policy": policy})


def told_run(run_id: str) -> str:
    """A run's id as Airflow has it: the UI of 3.1 puts it into a query as it is, and a plus means a space."""
    return run_id.replace(" ", "+")


def checked_task(task_id: str) -> str:
    """A task's id, as far as it can be one. Raises HTTPException."""
    if not _TASK_ID.fullmatch(task_id) or set(task_id) == {"."}:
        raise HTTPException(404, "there is no such task")
    return task_id
