"""The pages of this provider: what a run came to, words in doubt, and engines over time.

A user sees what Airflow's own authorisation lets them see of the DAG. What is asked for are names of a DAG,
a run and a task, which become one folder of the configured place; no path can be asked for.
"""

from __future__ import annotations

from importlib import resources
from typing import Any

from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse, Response

from ocr_plugins.airflow.places import run_folder
from ocr_plugins.airflow.ui import engines, reviews
from ocr_plugins.airflow.ui.serving import HOME, MAY_SEE_RUN, NOSNIFF, PRIVATE, page, the_place, told_run
from ocr_plugins.errors import OcrError

_TYPES = {"style.css": "text/css", "theme.js": "text/javascript", "review.js": "text/javascript"}


def make_app() -> FastAPI:
    """The application under the prefix of this provider."""
    app = FastAPI(title="OCR", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(reviews.router)
    app.include_router(engines.router)

    @app.exception_handler(OcrError)
    def _told(request: Any, error: OcrError) -> HTMLResponse:  # noqa: ARG001 - the interface
        return page("error.html", 503, message=str(error))

    @app.get("/run", dependencies=[MAY_SEE_RUN])
    def run(dag_id: str, run_id: str) -> HTMLResponse:
        run_id = told_run(run_id)
        place, folder = the_place(), run_folder(dag_id, run_id)
        summary = place.read_json(f"{folder}/summary.json")
        started = summary is not None or bool(place.names(f"{folder}/plan"))
        about: dict[str, Any] = {"dag_id": dag_id, "run_id": run_id, "place": place.shown}
        # A study needs no evaluation beside it.
        studied = summary is None and f"{folder}/study/report.html" in place.names(f"{folder}/study")
        asked = reviews.asked_in(place, folder)
        return page("run.html", summary=summary, started=started, asked=asked, studied=studied, **about)

    @app.get("/report", dependencies=[MAY_SEE_RUN])
    def report(dag_id: str, run_id: str, study: bool = False) -> Response:
        folder = run_folder(dag_id, run_id)
        data = the_place().read(f"{folder}/study/report.html" if study else f"{folder}/report.html")
        if data is None:
            raise HTTPException(404, "this run has no report")
        # The report has a policy of its own, with the hashes of its script and style.
        return Response(data, media_type="text/html; charset=utf-8", headers=PRIVATE)

    @app.get("/static/{name}")
    def static(name: str) -> Response:
        if name not in _TYPES:
            raise HTTPException(404, "no such file")
        data = resources.files(HOME).joinpath("pages", name).read_bytes()
        return Response(data, media_type=_TYPES[name], headers=NOSNIFF)

    return app
