"""Manifests and engines' readings as Label Studio tasks, to be looked at and corrected there."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ocr_plugins.document import Box, Page, PageError, Polygon
from ocr_plugins.errors import OcrError, SourceError
from ocr_plugins.groundtruth.labelstudio_regions import Drawn, Region, to_results
from ocr_plugins.groundtruth.rows import Exported, about, polygon_of
from ocr_plugins.manifest import ManifestRow
from ocr_plugins.paths import is_url, local_path, short_name

#: The labeling configuration of the tasks: set it in the project's settings.
CONFIG = """\
<View>
  <Image name="image" value="$ocr" zoom="true" zoomControl="true"/>
  <Labels name="label" toName="image">
    <Label value="Line" background="#1f77b4"/>
    <Label value="Word" background="#2ca02c"/>
    <Label value="Ignore" background="#7f7f7f"/>
  </Labels>
  <Rectangle name="rectangle" toName="image" strokeWidth="2"/>
  <Polygon name="polygon" toName="image" strokeWidth="2"/>
  <TextArea name="transcription" toName="image" perRegion="true" editable="true" required="false"
            maxSubmissions="1" rows="2" placeholder="Text of the region" displayMode="region-list"/>
  <TextArea name="text" toName="image" editable="true" required="false" maxSubmissions="1" rows="5"
            placeholder="Text of the whole image, only where its regions do not give it"/>
</View>
"""


def export_labelstudio(
    items: Iterable[ManifestRow | Page],
    out: Path,
    *,
    root: Path | None = None,
    url: str = "/data/local-files/?d=",
    annotations: bool = False,
) -> Exported:
    """Writes ``tasks.json`` and the ``config.xml`` of their project into a folder.

    A row gives its lines, or its words where it has no lines, and its boxes to ignore; its text goes to
    the whole image where these do not give it. What else a row tells is kept in the task's data.

    Args:
        items: rows of manifests, or engines' readings.
        out: the folder.
        root: the folder that images' URLs start from, Label Studio's local files document root. None
            takes images as the manifest writes them, which must be relative.
        url: what stands before an image's path in its URL.
        annotations: write finished annotations; else predictions, which Label Studio shows to be
            corrected.

    Raises:
        OSError: the folder cannot be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    errors: list[PageError] = []
    path, part = out / "tasks.json", out / ".tasks.json.part"
    count = 0
    with part.open("w", encoding="utf-8", newline="\n") as file:
        for item in items:
            try:
                task = _task(item, root, url, annotations)
            except OcrError as error:
                source = item.image if isinstance(item, ManifestRow) else item.source
                errors.append(PageError.of(error, source, id=item.id))
                continue
            file.write(("[\n" if count == 0 else ",\n") + json.dumps(task, ensure_ascii=False))
            count += 1
        file.write("\n]\n" if count else "[]\n")
    part.replace(path)
    (out / "config.xml").write_text(CONFIG, encoding="utf-8")
    return Exported(path=path, rows=count, errors=tuple(errors))


def _task(item: ManifestRow | Page, root: Path | None, url: str, annotations: bool) -> dict[str, Any]:
    if isinstance(item, ManifestRow):
        size = item.ref().load().size
        drawn = _drawn(item)
        data = {"ocr": _url(item.image, item.path, root, url), "row": {"id": item.id, **about(item)}}
        model = "ground truth"
    else:
        if item.size is None:
            hint = "only readings of images can be shown"
            raise SourceError(f"the size of {short_name(item.source)} is not known", hint, "no_size")
        size = item.size
        drawn = _read(item)
        data = {"ocr": _url(item.source, item.source, root, url)}
        if item.id:
            data["row"] = {"id": item.id}
        model = item.provenance.spec if item.provenance else "reading"
    results = to_results(drawn, size)
    if annotations:
        return {"data": data, "annotations": [{"result": results}]}
    return {"data": data, "predictions": [{"model_version": model, "result": results}]}


def _drawn(row: ManifestRow) -> Drawn:
    label, items = ("Line", row.lines) if row.lines else ("Word", row.words)
    placed = [(item["text"], polygon) for item in items if (polygon := polygon_of(item))]
    regions = [Region(polygon, [label], text) for text, polygon in placed]
    regions += [Region(_polygon(box), ["Ignore"]) for box in row.ignore]
    joined = ("\n" if row.lines else " ").join(text for text, _ in placed)
    return Drawn(regions, None if joined == row.text else row.text)


def _polygon(box: Box) -> Polygon:
    return Polygon.from_box(*box)


def _read(page: Page) -> Drawn:
    placed = [line for line in page.iter_lines() if line.polygon]
    regions = [Region(line.polygon, ["Line"], line.text) for line in placed if line.polygon]
    missing = any(line.text for line in page.iter_lines() if line.polygon is None)
    return Drawn(regions, page.text if missing else None)


def _url(image: str, path: str, root: Path | None, url: str) -> str:
    if is_url(image) and not image.startswith("file://"):
        return image
    if root is None and not Path(image).is_absolute():
        inside = Path(image).as_posix()
    else:
        whole = local_path(path).resolve()
        if root is None or not whole.is_relative_to(root.resolve()):
            hint = "name a folder that holds all images as root"
            raise SourceError(f"image {short_name(image)} lies outside of the root folder", hint, "outside")
        inside = whole.relative_to(root.resolve()).as_posix()
    return url + quote(inside)
