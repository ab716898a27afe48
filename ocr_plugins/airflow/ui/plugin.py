"""What Airflow's UI gets of this package. All processes of Airflow load it: pages load when asked for."""

from __future__ import annotations

import functools
from typing import Any

from airflow.plugins_manager import AirflowPlugin

from ocr_plugins.airflow.links import PREFIX


class _LazyApp:
    """An ASGI application that is made for its first request."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await _app()(scope, receive, send)


@functools.cache
def _app() -> Any:
    from ocr_plugins.airflow.ui.app import make_app

    return make_app()


class OcrPlugin(AirflowPlugin):
    """A tab beside each run with what was read in it, and one beside each DAG with its engines over time."""

    name = "ocr"
    fastapi_apps = [{"app": _LazyApp(), "url_prefix": PREFIX, "name": "OCR"}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        {
            "name": "OCR",
            "href": f"{PREFIX}/run?dag_id={{DAG_ID}}&run_id={{RUN_ID}}",
            "url_route": "ocr-run",
            "destination": "dag_run",
        },
        {
            "name": "OCR engines",
            "href": f"{PREFIX}/engines?dag_id={{DAG_ID}}",
            "url_route": "ocr-engines",
            "destination": "dag",
        },
    ]
