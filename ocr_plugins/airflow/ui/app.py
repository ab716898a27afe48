"""The pages of a run: what it came to, and its report.

A user sees what Airflow's own authorisation lets them see of the DAG. What is asked for are names of a DAG
and of a run, which become one folder of the configured place; no path can be asked for.
"""

from __future__ import annotations

from importlib import resources
from typing import Any

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import requires_access_dag
from airflow.providers.common.compat.sdk import conf
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader

from ocr_plugins.airflow.hooks import SECTION
from ocr_plugins.airflow.places import Place, run_folder
from ocr_plugins.errors import OcrError

_MAY_SEE_RUN = Depends(requires_access_dag(method="GET", access_entity=DagAccessEntity.RUN))
_NOSNIFF = {"X-Content-Type-Options": "nosniff"}
_PRIVATE = {**_NOSNIFF, "Referrer-Policy": "same-origin", "Cache-Control": "no-store"}
_POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; frame-src 'self'; base-uri 'none'"
_TYPES = {"style.css": "text/css", "theme.js": "text/javascript"}
_PAGES = "ocr_plugins.airflow.ui"


def make_app() -> FastAPI:
    """The application under the prefix of this provider."""
    app = FastAPI(title="OCR", docs_url=None, redoc_url=None, openapi_url=None)
    templates = Environment(loader=PackageLoader(_PAGES, "pages"), autoescape=True)

    def page(name: str, status: int = 200, **values: Any) -> HTMLResponse:
        headers = {**_PRIVATE, "Content-Security-Policy": _POLICY}
        return HTMLResponse(templates.get_template(name).render(values), status, headers)

    @app.exception_handler(OcrError)
    def _told(request: Any, error: OcrError) -> HTMLResponse:  # noqa: ARG001 - the interface
        return page("error.html", 503, message=str(error))

    @app.get("/run", dependencies=[_MAY_SEE_RUN])
    def run(dag_id: str, run_id: str) -> HTMLResponse:
        place, folder = _place(), run_folder(dag_id, run_id)
        summary = place.read_json(f"{folder}/summary.json")
        started = summary is not None or bool(place.names(f"{folder}/plan"))
        about: dict[str, Any] = {"dag_id": dag_id, "run_id": run_id, "place": place.shown}
        return page("run.html", summary=summary, started=started, **about)

    @app.get("/report", dependencies=[_MAY_SEE_RUN])
    def report(dag_id: str, run_id: str) -> Response:
        data = _place().read(f"{run_folder(dag_id, run_id)}/report.html")
        if data is None:
            raise HTTPException(404, "this run has no report")
        # The report has a policy of its own, with the hashes of its script and style.
        return Response(data, media_type="text/html; charset=utf-8", headers=_PRIVATE)

    @app.get("/static/{name}")
    def static(name: str) -> Response:
        if name not in _TYPES:
            raise HTTPException(404, "no such file")
        data = resources.files(_PAGES).joinpath("pages", name).read_bytes()
        return Response(data, media_type=_TYPES[name], headers=_NOSNIFF)

    return app


def _place() -> Place:
    return Place(conf.get(SECTION, "place", fallback=""))
