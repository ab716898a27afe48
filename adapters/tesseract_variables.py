"""Tesseract's own variables: written NAME=VALUE, several joined by ``;``, checked and applied.

Imports nothing but the standard library.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ocr_plugins.errors import CallError

# Variables that take effect only while a model is loaded, and those that lead to files, which
# would change what is read unseen.
_AT_START = re.compile(r"load_\w+")
_FILE = re.compile(r"user_(words|patterns)_\w+|\w+_file")
# Words read under these have a confidence of 0.
_CHARACTERS = re.compile(r"tessedit_char_\w+list")


def parse_variables(text: str) -> dict[str, str]:
    """Name -> value; a ``;`` inside a value stays.

    Raises:
        CallError: text that is not of that form, or a variable that leads to a file.
    """
    values = {}
    for part in re.split(r";(?=\w+=)", text) if text else []:
        name, equals, value = part.partition("=")
        if not equals or not name.isidentifier():
            raise CallError(f"variables={part} is not NAME=VALUE", "join several by ;")
        if _FILE.fullmatch(name):
            raise CallError(f"variables={name}=... leads to a file", "leave it out")
        values[name] = value
    return values


def hides_confidence(values: Mapping[str, str]) -> bool:
    """Whether words read under these variables have no confidence that means anything."""
    return any(_CHARACTERS.fullmatch(name) for name in values)


def at_start(values: Mapping[str, str]) -> dict[str, str]:
    """Those that take effect only while a model is loaded."""
    return {name: value for name, value in values.items() if _AT_START.fullmatch(name)}


@contextmanager
def applied(api: Any, values: Mapping[str, str]) -> Iterator[None]:
    """Sets variables for a while: some hold for all of a process, whichever object they are set on."""
    before = {name: api.GetVariableAsString(name) for name in values}
    try:
        for name, value in values.items():
            api.SetVariable(name, value)
        yield
    finally:
        for name, value in before.items():
            if value is not None:
                api.SetVariable(name, value)


def check_values(found: Mapping[str, str | None], given: Mapping[str, str]) -> None:
    """Raises CallError where Tesseract does not know a variable, or did not take its value."""
    for name, value in given.items():
        taken = found.get(name)
        if taken is None:
            raise CallError(
                f"Tesseract has no variable {name!r}", "tesseract --print-parameters lists them", "bad_option"
            )
        if taken != value and not (_is_number(taken) and _is_number(value) and float(taken) == float(value)):
            raise CallError(
                f"Tesseract's variable {name} does not take {value!r}", "give a number", "bad_option"
            )


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", text) is not None


def binary_variables(given: Mapping[str, str]) -> dict[str, str | None]:
    """What the program would take for each variable it knows."""
    if not given:
        return {}
    listing = subprocess.run(
        ["tesseract", "--print-parameters"], capture_output=True, text=True, check=True
    ).stdout
    known = dict(line.split("\t")[:2] for line in listing.splitlines() if line.count("\t") > 1)
    # A number is not to be replaced by anything else.
    return {
        name: known[name] if _is_number(known[name]) and not _is_number(value) else value
        for name, value in given.items()
        if name in known
    }
