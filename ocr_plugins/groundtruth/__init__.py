"""Ground truth from and to other tools: what they call a data set is a manifest here."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ocr_plugins.document import Page
from ocr_plugins.errors import CallError
from ocr_plugins.groundtruth.huggingface import import_huggingface
from ocr_plugins.groundtruth.huggingface_export import export_huggingface
from ocr_plugins.groundtruth.labelstudio import import_labelstudio
from ocr_plugins.groundtruth.labelstudio_tasks import export_labelstudio
from ocr_plugins.groundtruth.rows import Exported
from ocr_plugins.groundtruth.transcriptions import FORMATS, export_transcriptions, import_transcriptions
from ocr_plugins.manifest import Manifest, ManifestRow, load_manifest

T = TypeVar("T")

__all__ = ["KINDS", "Exported", "export_truth", "import_truth"]

_IMPORTS: dict[str, Callable[..., Manifest]] = {
    "labelstudio": import_labelstudio,
    "huggingface": import_huggingface,
    **{kind: partial(import_transcriptions, kind=kind) for kind in FORMATS},
}
_EXPORTS: dict[str, Callable[..., Exported]] = {
    "labelstudio": export_labelstudio,
    "huggingface": export_huggingface,
    **{kind: partial(export_transcriptions, kind=kind) for kind in FORMATS},
}
#: What ground truth can be taken from and given to.
KINDS: tuple[str, ...] = tuple(_IMPORTS)


def import_truth(
    path: str | os.PathLike[str], kind: str, out: str | os.PathLike[str], **options: Any
) -> Manifest:
    """Makes a manifest in the folder ``out`` of another tool's ground truth.

    Args:
        path: what the tool wrote: a file or a folder.
        kind: one of `KINDS`.
        out: folder for ``manifest.jsonl``, and for images that are not files yet.
        options: those of the kind's function, such as `import_labelstudio`.

    Returns:
        The manifest, with an error for each item that could not be taken.

    Raises:
        CallError: another kind, or an option that it does not have.
        ManifestError: nothing can be taken.
    """
    return _call(_IMPORTS, kind, Path(path), Path(out), options)


def export_truth(
    truth: str | os.PathLike[str] | Manifest | Iterable[ManifestRow | Page],
    kind: str,
    out: str | os.PathLike[str],
    **options: Any,
) -> Exported:
    """Writes a manifest for another tool.

    Args:
        truth: a manifest, its path or rows; engines' readings too, for all kinds but ``huggingface``.
        kind, out, options: as of `import_truth`.

    Returns:
        What was written, with an error for each row that could not be.

    Raises:
        CallError: another kind, or an option that it does not have.
        ManifestError: the manifest cannot be read.
    """
    if isinstance(truth, str | os.PathLike):
        truth = load_manifest(truth, strict=False)
    items = truth.rows if isinstance(truth, Manifest) else truth
    done = _call(_EXPORTS, kind, items, Path(out), options)
    bad = truth.errors if isinstance(truth, Manifest) else ()
    return Exported(path=done.path, rows=done.rows, errors=(*bad, *done.errors))


def _call(known: dict[str, Callable[..., T]], kind: str, what: Any, out: Path, options: dict[str, Any]) -> T:
    if kind not in known:
        raise CallError(f"there is no kind {kind!r} of ground truth", f"known kinds: {', '.join(known)}")
    taken = [p.name for p in inspect.signature(known[kind]).parameters.values() if p.kind is p.KEYWORD_ONLY]
    taken = [name for name in taken if name != "kind"]
    for name in options:
        if name not in taken:
            raise CallError(f"{kind} has no option {name!r}", f"it has {', '.join(taken) or 'none'}")
    return known[kind](what, out, **options)
