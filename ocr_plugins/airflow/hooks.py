"""The connection type ``ocr``: where results go, and what tasks read with where they do not say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import conf
from airflow.sdk import BaseHook

if TYPE_CHECKING:
    from ocr_plugins.airflow.places import Place

DEFAULT_CONNECTION = "ocr_default"
SECTION = "ocr"
# What some engines need, for which there may be a pool.
_NEEDS = ("memory", "accelerator")


def reading_pool() -> str:
    """The pool of the tasks that read, and of those that train."""
    return conf.get(SECTION, "pool", fallback="") or "default_pool"


def own_pools() -> dict[str, str]:
    """The pools of those needs of engines that have one of their own, by the need."""
    pools = {need: conf.get(SECTION, f"{need}_pool", fallback="") for need in _NEEDS}
    return {need: pool for need, pool in pools.items() if pool}


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What a connection says; what is None it leaves open.

    Args:
        place: URL or path where results go.
        engines: specs, comma-separated.
        lang: language, ISO 639-1.
        device: ``cpu``, ``cuda`` or ``cuda:N``.
    """

    place: str | None = None
    engines: str | None = None
    lang: str | None = None
    device: str | None = None


class OcrHook(BaseHook):
    """Defaults from a connection of the type ``ocr``, else from Airflow's section ``[ocr]``.

    Args:
        conn_id: the connection; one that does not exist says nothing.
    """

    conn_name_attr = "conn_id"
    default_conn_name = DEFAULT_CONNECTION
    conn_type = "ocr"
    hook_name = "OCR"

    def __init__(self, conn_id: str = DEFAULT_CONNECTION) -> None:
        super().__init__()
        self.conn_id = conn_id

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """How Airflow's form of connections shows this type."""
        return {
            "hidden_fields": ["login", "password", "port", "schema"],
            "relabeling": {"host": "Place of the results (path or URL)"},
            "placeholders": {
                "host": "s3://my_aws@bucket/ocr",
                "extra": '{"engines": "tesseract,rapidocr,vote", "lang": "en", "device": "cpu"}',
            },
        }

    def get_conn(self) -> Defaults:
        """The defaults."""
        from airflow.providers.common.compat.sdk import AirflowNotFoundException

        place, engines = (conf.get(SECTION, name, fallback="") or None for name in ("place", "engines"))
        try:
            connection = self.get_connection(self.conn_id)
        except AirflowNotFoundException:
            return Defaults(place=place, engines=engines)
        extra = connection.extra_dejson
        return Defaults(
            place=connection.host or extra.get("place") or place,
            engines=extra.get("engines") or engines,
            lang=extra.get("lang"),
            device=extra.get("device"),
        )

    def get_place(self, url: str | None = None) -> Place:
        """The place at ``url``, or the default one. Raises CallError where none is named."""
        from ocr_plugins.airflow.places import Place

        return Place(url or self.get_conn().place or "")

    def test_connection(self) -> tuple[bool, str]:
        """Whether the place can be written and read."""
        from ocr_plugins.errors import OcrError

        try:
            place = self.get_place()
            place.write("test", b"ocr")
            return place.read("test") == b"ocr", f"{place.shown} can be written and read"
        except OcrError as error:
            return False, str(error)
