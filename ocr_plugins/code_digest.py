"""A hash of the code between a file and its result: what other code has read is read again."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path

# What makes an engine's images, besides what its adapter imports.
_DECODERS = ("ocr_plugins.decode", "ocr_plugins.pdf")
# It names all that users call, none of which makes a result.
_FRONT = "ocr_plugins"
_RELEASES = ("ocr-plugins", "pillow", "pypdfium2")
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+\(?([\w, \t]*)|import[ \t]+([\w.]+))", re.M
)


def code_digest(*engine_classes: type) -> str:
    """The hash, 16 hexadecimal digits, for engines of these classes.

    In it are the modules of the classes and of their bases with all that they import of their own
    packages, the modules that decode files, and the releases of this package, Pillow and PDFium.
    """
    digest = hashlib.sha256(" ".join(map(importlib.metadata.version, _RELEASES)).encode())
    bases = {base.__module__ for one in engine_classes for base in one.__mro__}
    for name, source in sorted(_imported({*bases, *_DECODERS})):
        digest.update(f"\n{name} ".encode() + hashlib.sha256(source).digest())
    return digest.hexdigest()[:16]


def _imported(modules: set[str]) -> Iterator[tuple[str, bytes]]:
    """These modules and those that they import of the same packages: (name, source)."""
    packages = {name.partition(".")[0] for name in modules} - sys.stdlib_module_names
    seen = {_FRONT}
    pending = list(modules)
    while pending:
        name = pending.pop()
        if name in seen or name.partition(".")[0] not in packages:
            continue
        seen.add(name)
        source = _source(name)
        if source is None:
            continue
        yield name, source
        for package, members, module in _IMPORT.findall(source.decode("utf-8", "replace")):
            if package.startswith("."):
                # Adapters name their neighbours so: their folder has one name here, and one installed.
                parent = name.rsplit(".", len(package) - len(package.lstrip(".")))[0]
                package = f"{parent}.{package.lstrip('.')}".rstrip(".")
            # A member may be a module or not; then it has no source.
            pending += [
                package or module,
                *(f"{package}.{m.split()[0]}" for m in members.split(",") if m.strip()),
            ]


def _source(module: str) -> bytes | None:
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError, AttributeError):
        return None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    return Path(spec.origin).read_bytes()
