"""Airflow's simple auth manager, with a user who may see no DAG: it knows of roles alone."""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager


class StrictAuthManager(SimpleAuthManager):
    """``guest`` has no right to any DAG."""

    def is_authorized_dag(self, *, user: Any, **about: Any) -> bool:
        return bool(user.get_name() != "guest" and super().is_authorized_dag(user=user, **about))
