"""Label Studio: its exports become manifests, and readings become tasks to be corrected.

Label Studio keeps each drawn region as several results with one id: its shape (``rectangle`` or
``polygon``, in percent of the image's width and height, a rectangle turned clockwise by ``rotation``
degrees about its top left corner), its labels, and its transcription (``textarea``). A textarea that
belongs to no region is the text of the whole image. Exports are JSON or JSON-MIN; the latter keeps no
ids, so there the transcriptions must be as many as the regions.

Source: Label Studio's documentation, "Image annotation task results" and its OCR template.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import parse_qs, unquote, urlsplit

from ocr_plugins.document import Line, Page
from ocr_plugins.errors import CallError, ManifestError, SourceError
from ocr_plugins.groundtruth.labelstudio_regions import Drawn, Region, from_min, from_results
from ocr_plugins.groundtruth.rows import Rows, find_image, shape
from ocr_plugins.layout import Order, reorder
from ocr_plugins.manifest import Manifest
from ocr_plugins.paths import is_url

_Order = Literal["given", "rows", "auto"]
_IMAGE_KEYS = ("ocr", "image", "img", "picture", "photo", "url")
_PICTURE = re.compile(r"\.(png|jpe?g|tiff?|webp|bmp|gif|jp2|p[bgpn]m)$", re.IGNORECASE)
# Label Studio puts eight digits before the names of files that were uploaded.
_UPLOADED = re.compile(r"[0-9a-f]{8}-")
# What a row is built of.
_OWN = frozenset(
    {"id", "image", "text", "lines", "words", "ignore", "level", "case", "lang", "group", "domain"}
    | {"scoring", "dpi", "license", "row"}
)
_WORDS = frozenset({"word", "words"})


def import_labelstudio(
    path: Path,
    out: Path,
    *,
    images: Path | None = None,
    order: _Order = "given",
    predictions: bool = False,
    image_key: str | None = None,
) -> Manifest:
    """Makes a manifest of a JSON or JSON-MIN export.

    Of each task the annotation that was updated last counts; cancelled ones do not. Regions labelled
    ``Word`` become words, ``Ignore`` boxes to ignore, all others lines. Regions without transcription,
    and brushes, ellipses and points, are left out. A task that cannot be used is an error of the manifest.

    Args:
        path: the export.
        out: folder for ``manifest.jsonl``.
        images: folder with the tasks' images, which stay there; the export's own if None.
        order: ``given`` keeps the order of the regions; ``rows`` and ``auto`` tell it by where they
            lie, see `ocr_plugins.layout.reorder`.
        predictions: take a task's prediction where it has no annotation.
        image_key: the name of the image in the tasks' data; guessed if None.

    Raises:
        CallError: no such image folder or order.
        ManifestError: the file cannot be read, is no such export, or no task of it can be used.
    """
    if order not in get_args(_Order):
        raise CallError(f"order is {order!r}", f"pass one of {', '.join(get_args(_Order))}")
    rows = Rows(out, str(path))
    folder = images or path.parent
    if not folder.is_dir():
        raise CallError(f"image folder {folder} does not exist", "check the path given as images")
    for number, task in enumerate(_tasks(path), start=1):
        name = task.get("id", number) if isinstance(task, dict) else number
        make = partial(_row, task, folder, rows, order=order, predictions=predictions, image_key=image_key)
        rows.add(f"task {name}", make)
    return rows.write()


def _tasks(path: Path) -> list[Any]:
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise ManifestError(f"{path} cannot be read ({error.strerror})", "check the path") from None
    except (ValueError, RecursionError):
        raise ManifestError(f"{path.name} is not JSON", "export JSON or JSON-MIN from Label Studio") from None
    tasks = [found] if isinstance(found, dict) else found
    if not isinstance(tasks, list) or not tasks:
        raise ManifestError(f"{path.name} holds no tasks", "export JSON or JSON-MIN from Label Studio")
    return tasks


def _bad(message: str, hint: str = "") -> ManifestError:
    return ManifestError(message, hint, "bad_task")


def _row(
    task: Any, folder: Path, rows: Rows, *, order: _Order, predictions: bool, image_key: str | None
) -> dict[str, Any]:
    if not isinstance(task, dict):
        raise _bad("the task is not an object")
    data = task["data"] if isinstance(task.get("data"), dict) else task
    image = _image(task, data, folder, image_key)
    try:
        drawn = from_min(task) if data is task else from_results(_results(task, predictions))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        # json gives whatever was written; which key was wrong is all there is to tell.
        raise _bad("the task has a malformed result", type(error).__name__) from None
    kept = data["row"] if isinstance(data.get("row"), dict) else {}
    name = kept.get("id") if isinstance(kept.get("id"), str) and kept["id"].strip() else None
    inside = image.relative_to(folder).with_suffix("").as_posix()
    # JSON-MIN puts results and what it adds itself beside a task's own data.
    own = {} if data is task else {k: v for k, v in data.items() if k not in (*_OWN, _key(data, image_key))}
    return {**own, **kept, "id": name or inside, "image": rows.image(image), **_content(drawn, order)}


def _results(task: Mapping[str, Any], predictions: bool) -> list[Any]:
    """What the last annotation says."""
    given = task.get("annotations") or task.get("completions") or []
    done = [a for a in given if not (a.get("was_cancelled") or a.get("skipped"))]
    if not done and predictions:
        done = task.get("predictions") or []
    if not done:
        hint = "take its prediction, or complete it" if task.get("predictions") else "complete it"
        raise ManifestError("the task has no completed annotation", hint, "not_annotated")
    return max(enumerate(done), key=lambda pair: (_time(pair[1]), pair[0]))[1].get("result") or []


def _time(annotation: Mapping[str, Any]) -> str:
    return str(annotation.get("updated_at") or annotation.get("created_at") or "")


def _content(drawn: Drawn, order: _Order) -> dict[str, Any]:
    regions = drawn.regions if order == "given" else _reordered(drawn, order)
    lines: list[dict[str, Any]] = []
    words: list[dict[str, Any]] = []
    ignore: list[list[float]] = []
    for region in regions:
        if region.is_ignored:
            ignore.append(list(region.polygon.box))
        elif region.text is not None:
            (words if region.is_labelled(_WORDS) else lines).append(shape(region.text, region.polygon))
    text = drawn.text
    if text is None:
        text = (
            "\n".join(item["text"] for item in lines) if lines else " ".join(item["text"] for item in words)
        )
    return {"text": text, "lines": lines, "words": words, "ignore": ignore}


def _reordered(drawn: Drawn, order: Order) -> list[Region]:
    """The regions in the order that the layout of their boxes tells."""
    keys = {str(place): region for place, region in enumerate(drawn.regions)}
    lines = tuple(Line(text=key, polygon=region.polygon) for key, region in keys.items())
    page = reorder(Page(source="", page=1, size=None, lines=lines), order)
    return [keys[key] for line in page.iter_lines() for key in line.text.split()]


def _key(data: Mapping[str, Any], wanted: str | None) -> str:
    if wanted is not None:
        if isinstance(data.get(wanted), str):
            return wanted
        raise _bad(f"the task's data has no image {wanted!r}", "name the key of the image")
    texts = {key: value for key, value in data.items() if isinstance(value, str)}
    for key in _IMAGE_KEYS:
        if key in texts:
            return key
    for key, value in texts.items():
        if _PICTURE.search(urlsplit(value).path) or "local-files/?d=" in value:
            return key
    raise _bad("the task's data names no image", "name its key as image_key")


def _image(task: Mapping[str, Any], data: Mapping[str, Any], folder: Path, key: str | None) -> Path:
    names = list(_names(data[_key(data, key)]))
    if isinstance(task.get("file_upload"), str):
        names += _names(task["file_upload"])
    for name in names:
        try:
            return find_image(folder, name)
        except SourceError as error:
            if error.kind == "outside" or name == names[-1]:
                raise
    raise _bad("the task's image is written into it", "export images as files")


def _names(url: str) -> Iterator[str]:
    """Paths that a task's image may have on this computer, the likeliest first."""
    if url.startswith("data:"):
        return
    split = urlsplit(url) if is_url(url) or url.startswith("/data/") else None
    given = parse_qs(split.query).get("d") if split and "local-files" in split.path else None
    path = given[0] if given else unquote(split.path) if split else url
    yield path
    head, _, last = path.replace("\\", "/").rpartition("/")
    if _UPLOADED.match(last):
        yield f"{head}/{_UPLOADED.sub('', last, count=1)}"
