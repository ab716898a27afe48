"""`ocr-plugins airflow`: what Airflow has to be told. Needs no Airflow."""

from __future__ import annotations

from pathlib import Path

import typer

airflow_app = typer.Typer(no_args_is_help=True, help="What Airflow has to be told of this package.")


@airflow_app.callback()
def _airflow() -> None:
    pass


@airflow_app.command("dags-path")
def dags_path() -> None:
    """Print the folder of the DAGs that come along, for a DAG bundle or as the dags folder."""
    from ocr_plugins import example_dags

    typer.echo(Path(example_dags.__file__).parent)
