"""The command line's part about the store: its options, and the commands that look at it and clear it."""

from __future__ import annotations

import datetime as dt
import re
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ocr_plugins.errors import CallError

if TYPE_CHECKING:
    from ocr_plugins.store import Group, Store, StorePlace

store_app = typer.Typer(
    help="What was read is kept, text and all, so that no page is read twice. "
    "This shows the store; other commands check or clear it.",
    invoke_without_command=True,
)
StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="PLACE",
        help="folder or fsspec URL where results are kept, text and all, so that no page is read twice; "
        "off keeps none; default: OCR_PLUGINS_STORE, or the user's cache folder",
        show_default=False,
    ),
]
NoStore = Annotated[bool, typer.Option("--no-store", help="read every page, and keep nothing")]
Place = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="PLACE",
        help="folder or fsspec URL; default: OCR_PLUGINS_STORE, or the user's cache folder",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="machine-readable output on stdout")]

_MEGABYTE = 1_000_000
_AGES = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def wanted_store(place: str | None, none: bool) -> StorePlace:
    """What --store and --no-store ask for. Raises CallError where they contradict each other."""
    if none and place is not None:
        raise CallError("--store and --no-store contradict each other", "give one of them")
    return False if none else place


@store_app.callback()
def show(context: typer.Context, store: Place = None, json: Json = False) -> None:
    """Show where the store lies, and what is in it."""
    context.obj = store, json
    if context.invoked_subcommand is not None:
        return
    from ocr_plugins.console import print_json, print_table

    opened, json = _meant(context, store, json)
    groups = opened.groups()
    total = {"pages": sum(group.pages for group in groups), "bytes": sum(group.bytes for group in groups)}
    if json:
        print_json({"place": opened.shown, **total, "engines": [_described(group) for group in groups]})
        return
    title = f"{opened.shown}: {_amount(total['pages'], total['bytes'])}"
    if not groups:
        typer.echo(title)
        return
    columns = {"engine": "", "fingerprint": "", "pages": ">", "MB": ">", "oldest": "", "newest": ""}
    print_table(title, columns, [_cells(group) for group in groups])


@store_app.command()
def clear(
    context: typer.Context,
    engine: Annotated[str | None, typer.Option(help="only what this engine read: its name")] = None,
    fingerprint: Annotated[str | None, typer.Option(help="only what is kept under this fingerprint")] = None,
    older_than: Annotated[
        str | None, typer.Option(metavar="AGE", help="only what was kept longer ago, as in 30d, 12h or 2w")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="do not ask")] = False,
    store: Place = None,
    json: Json = False,
) -> None:
    """Remove results from the store. Runs that use it go on, and read again what they miss."""
    opened, json = _meant(context, store, json)
    before = None if older_than is None else dt.datetime.now(dt.UTC) - _age(older_than)
    files = opened.files(_fingerprints(opened, engine, fingerprint))
    if before is not None:
        files = [file for file in files if file.written is not None and file.written < before]
    size = sum(file.size for file in files)
    if files and not yes:
        _ask(f"Clear {_amount(len(files), size)} from {opened.shown}?")
    opened.remove(files)
    if json:
        from ocr_plugins.console import print_json

        print_json({"place": opened.shown, "cleared_pages": len(files), "cleared_bytes": size})
    else:
        typer.echo(f"cleared {_amount(len(files), size)} from {opened.shown}")


@store_app.command()
def check(context: typer.Context, store: Place = None, json: Json = False) -> None:
    """Check the checksum of every result that is kept."""
    opened, json = _meant(context, store, json)
    checked, damaged = 0, []
    for file, whole in opened.check():
        checked += 1
        if not whole:
            damaged.append(file.name)
    if json:
        from ocr_plugins.console import print_json

        print_json({"place": opened.shown, "pages": checked, "damaged": damaged})
    else:
        for name in damaged:
            typer.echo(f"{name} is damaged: its page is read again when it is next asked for")
        typer.echo(f"{opened.shown}: {_pages(checked)}, {len(damaged)} damaged")
    raise typer.Exit(1 if damaged else 0)


def _meant(context: typer.Context, place: str | None, json: bool) -> tuple[Store, bool]:
    """The store, and whether JSON is wanted: options may stand before the sub-command too."""
    from ocr_plugins.store import open_store

    first_place, first_json = context.obj
    opened = open_store(place if place is not None else first_place)
    if opened is None:
        raise CallError("the store is off", "name one with --store PLACE")
    return opened, json or first_json


def _fingerprints(store: Store, engine: str | None, fingerprint: str | None) -> set[str] | None:
    """Those of an engine's name or a fingerprint; None for all. Raises CallError for what is not there."""
    if engine is None and fingerprint is None:
        return None
    groups = store.groups()
    for name, field in ((engine, "engine"), (fingerprint, "fingerprint")):
        known = dict.fromkeys(getattr(group, field) for group in groups if getattr(group, field))
        if name is not None and name not in known:
            raise CallError(
                f"{store.shown} holds nothing of {field} {name!r}", f"it has {', '.join(known) or 'nothing'}"
            )
    return {
        group.fingerprint
        for group in groups
        if engine in (None, group.engine) and fingerprint in (None, group.fingerprint)
    }


def _ask(question: str) -> None:
    if not sys.stdin.isatty():
        raise CallError("nobody is there to confirm it", "add --yes")
    try:
        if not typer.confirm(question, err=True):
            raise typer.Exit(1)
    except typer.Abort:
        raise typer.Exit(130) from None


def _age(text: str) -> dt.timedelta:
    found = re.fullmatch(r"([0-9]{1,6})([mhdw])", text.strip().lower())
    if not found:
        raise CallError(f"{text!r} is no age", "give a number with m, h, d or w, as in 30d")
    return dt.timedelta(**{_AGES[found[2]]: int(found[1])})


def _described(group: Group) -> dict[str, Any]:
    times = {name: getattr(group, name) for name in ("oldest", "newest")}
    return {
        "fingerprint": group.fingerprint,
        "engine": group.engine or None,
        "version": group.version or None,
        "spec": group.spec or None,
        "pages": group.pages,
        "bytes": group.bytes,
        **{name: time and time.isoformat(timespec="seconds") for name, time in times.items()},
    }


def _cells(group: Group) -> list[str]:
    engine = " ".join(filter(None, [group.spec or group.engine or "?", group.version]))
    amounts = [str(group.pages), f"{group.bytes / _MEGABYTE:.1f}"]
    return [engine, group.fingerprint, *amounts, _local(group.oldest), _local(group.newest)]


def _local(time: dt.datetime | None) -> str:
    return time.astimezone().strftime("%Y-%m-%d %H:%M") if time else "?"


def _amount(pages: int, size: int) -> str:
    return f"{_pages(pages)}, {size / _MEGABYTE:.1f} MB"


def _pages(count: int) -> str:
    return f"{count} page{'' if count == 1 else 's'}"
