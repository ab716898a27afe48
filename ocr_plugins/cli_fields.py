"""``ocr-plugins fields``."""

from __future__ import annotations

from typing import Annotated, Any

import typer


def fields(
    json: Annotated[bool, typer.Option("--json", help="machine-readable output on stdout")] = False,
) -> None:
    """List what takes fields out of pages, for `read --fields`."""
    from ocr_plugins.console import print_json, print_table
    from ocr_plugins.errors import CallError
    from ocr_plugins.fields import registered_extractors
    from ocr_plugins.options import describe_options

    told: dict[str, dict[str, Any]] = {}
    for name, load in registered_extractors().items():
        try:
            kind = load()
        except CallError as error:
            told[name] = {"help": str(error), "fields": [], "options": {}}
            continue
        options = describe_options(kind.options_type)
        told[name] = {"help": kind.help, "fields": list(kind.columns or (kind.name,)), "options": options}
    if json:
        print_json(told)
        return
    rows = [
        (name, about["help"], "; ".join(f"{key}: {one['help']}" for key, one in about["options"].items()))
        for name, about in told.items()
    ]
    columns = {"extractor": "<", "what it takes out": "<", "options": "<"}
    print_table("extractors, for read --fields", columns, rows)
