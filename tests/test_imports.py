"""What importing this package loads: nothing heavy, and in a worker next to nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ocr_plugins.registry import registered_engines

HEAVY = {
    "PIL", "airflow", "cv2", "easyocr", "faker", "fsspec", "jiwer", "keras", "numpy", "onnx",
    "onnxruntime", "pandas", "pypdfium2", "pytesseract", "rapidfuzz", "rapidocr", "rich", "tensorflow",
    "tesserocr", "torch", "transformers", "typer", "wordfreq",
}  # fmt: skip
WORKER_MODULES = [
    "ocr_plugins.document", "ocr_plugins.engine", "ocr_plugins.errors", "ocr_plugins.image",
    "ocr_plugins.hyphens", "ocr_plugins.languages", "ocr_plugins.layout", "ocr_plugins.line_order",
    "ocr_plugins.linefinder", "ocr_plugins.offline", "ocr_plugins.options", "ocr_plugins.reading_order",
    "ocr_plugins.regions", "ocr_plugins.rows", "ocr_plugins.textlines", "ocr_plugins.weights",
    "ocr_plugins.worker", "ocr_plugins.adapters",
]  # fmt: skip


def loaded_by(statement: str) -> set[str]:
    """The top-level modules from outside the standard library that a statement loads."""
    # What the environment loads at every start is not the statement's doing.
    script = (
        "import json, sys; before = set(sys.modules); exec(sys.argv[1]); after = set(sys.modules) - before\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in after})))"
    )
    done = subprocess.run([sys.executable, "-c", script, statement], capture_output=True, check=True)
    return set(json.loads(done.stdout)) - set(sys.stdlib_module_names)


def test_import_is_light() -> None:
    assert loaded_by("import ocr_plugins; dir(ocr_plugins); ocr_plugins.__all__") == {"ocr_plugins"}


@pytest.mark.parametrize("names", ["load_manifest", "OcrError, Page, PageError", "open_engine"])
def test_names_load_what_they_need(names: str) -> None:
    heavy = HEAVY - {"numpy"}
    assert not loaded_by(f"from ocr_plugins import {names}") & heavy


def test_the_api_loads_no_engine() -> None:
    loaded = loaded_by("from ocr_plugins import read, compare, evaluate")
    assert not loaded & (HEAVY - {"PIL", "numpy", "rapidfuzz"})


def test_the_registry_loads_no_engine() -> None:
    statement = (
        "from ocr_plugins.registry import registered_engines as r; [e.engine_class for e in r().values()]"
    )
    assert not loaded_by(statement) & (HEAVY - {"numpy"})


def adapter_modules() -> list[str]:
    own = (engine.reference.partition(":")[0] for engine in registered_engines().values())
    return [module for module in own if module.startswith("ocr_plugins.")]


@pytest.mark.parametrize("module", [*WORKER_MODULES, *adapter_modules()])
def test_a_worker_needs_numpy_alone(module: str) -> None:
    assert loaded_by(f"import {module}") <= {"ocr_plugins", "numpy"}


def test_every_name_is_there() -> None:
    import ocr_plugins

    for name in ocr_plugins.__all__:
        assert getattr(ocr_plugins, name)
    assert ocr_plugins.__version__
    with pytest.raises(AttributeError, match="nosuch"):
        _ = ocr_plugins.nosuch


def test_every_package_says_that_it_is_typed() -> None:
    import ocr_plugins

    assert Path(str(ocr_plugins.__file__)).with_name("py.typed").exists()


def test_every_package_is_in_the_wheel() -> None:
    root = Path(__file__).parent.parent
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    listed = set(project["tool"]["setuptools"]["packages"])
    folders = {path.parent for path in (root / "ocr_plugins").rglob("*.py")}
    missing = {".".join(folder.relative_to(root).parts) for folder in folders} - listed
    assert not missing, "pyproject.toml does not name them"
