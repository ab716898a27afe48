"""Counts for Airflow's metrics (StatsD or OpenTelemetry), tagged by engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocr_plugins.airflow.readings import Reference


def count(reference: Reference) -> None:
    """Adds what a batch came to: ``ocr.pages``, ``.read``, ``.errors``, ``.words`` and ``.seconds``."""
    from airflow.providers.common.compat.sdk import Stats

    tags = {"engine": reference.engine}
    Stats.incr("ocr.pages", reference.pages, tags=tags)
    Stats.incr("ocr.read", max(0, reference.pages - reference.kept - reference.errors), tags=tags)
    Stats.incr("ocr.errors", reference.errors, tags=tags)
    Stats.incr("ocr.words", reference.words, tags=tags)
    # Airflow's timers are in milliseconds.
    Stats.timing("ocr.seconds", 1000 * reference.seconds, tags=tags)


def expect(engine: str, cer: float) -> None:
    """Sets the gauge ``ocr.expected_cer``, a share of 0 to 1 and more."""
    from airflow.providers.common.compat.sdk import Stats

    Stats.gauge("ocr.expected_cer", cer, tags={"engine": engine})
