"""What was drawn on an image in Label Studio, from its results in percent to pixels and back."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ocr_plugins.document import Point, Polygon
from ocr_plugins.errors import ManifestError

_GEOMETRIES = ("rectangle", "rectanglelabels", "polygon", "polygonlabels")
_IGNORED = frozenset({"ignore", "ignored", "don't care", "dont care", "###"})
_BY_ID = "export JSON, which tells what belongs together"
# Of pixels.
_DIGITS = 3
_LABELS = ("labels", "rectanglelabels", "polygonlabels")


@dataclass
class Region:
    """A rectangle or polygon in pixels; ``text`` is None where none was transcribed."""

    polygon: Polygon
    labels: list[str] = field(default_factory=list)
    text: str | None = None

    def is_labelled(self, names: Collection[str]) -> bool:
        """Whether a label of it is one of ``names``, which are in lower case."""
        return any(label.casefold() in names for label in self.labels)

    @property
    def is_ignored(self) -> bool:
        """Whether it is to be left out of scoring."""
        return self.is_labelled(_IGNORED)


@dataclass
class Drawn:
    """The regions of one image in the order they were drawn, and the text of the whole image."""

    regions: list[Region] = field(default_factory=list)
    text: str | None = None


def from_results(results: Sequence[Mapping[str, Any]]) -> Drawn:
    """Puts the results of one annotation together.

    Raises:
        ManifestError: the image was turned while it was labelled.
        KeyError, TypeError, ValueError, AttributeError: a malformed result.
    """
    found: dict[str, Region] = {}
    others: set[str] = set()
    for result in results:
        kind = result.get("type")
        if kind in _GEOMETRIES:
            found.setdefault(str(result["id"]), Region(_polygon(result["value"], result)))
        elif kind not in ("labels", "textarea"):
            others.add(str(result.get("id")))
    texts: list[str] = []
    for result in results:
        value, name = result.get("value") or {}, result.get("id")
        region = found.get(str(name))
        if region is not None:
            region.labels += _labels(value)
        if result.get("type") == "textarea":
            if region is not None:
                region.text = "\n".join(filter(None, [region.text, _text(value["text"])]))
            elif str(name) not in others:
                texts.append(_text(value["text"]))
    return Drawn(list(found.values()), "\n".join(texts) if texts else None)


def from_min(task: Mapping[str, Any]) -> Drawn:
    """Puts one task of JSON-MIN together, in which shapes and transcriptions stand apart.

    Raises:
        ManifestError: there are not as many transcriptions as shapes.
        KeyError, TypeError, ValueError, AttributeError: a malformed shape.
    """
    shapes: list[list[Mapping[str, Any]]] = []
    texts: list[str] | None = None
    whole: str | None = None
    for key, value in task.items():
        items = value if isinstance(value, list) else [value]
        if items and all(isinstance(item, dict) and ("points" in item or "height" in item) for item in items):
            shapes.append(items)
        elif key == "text" and isinstance(value, str):
            whole = value
        elif key == "transcription" or (items and texts is None and _are_texts(value)):
            texts = [_text(item["text"] if isinstance(item, dict) else item) for item in items]
    if not shapes and texts is not None and len(texts) == 1:
        return Drawn([], texts[0])
    if whole is None and texts is None:
        raise ManifestError("the task has no transcription", "complete it", "not_annotated")
    regions = [Region(_polygon(item, item), _labels(item)) for item in _one_list(shapes)]
    spoken = [region for region in regions if not region.is_ignored]
    if texts is not None and len(texts) != len(spoken):
        message = f"the task has {len(texts)} transcriptions for {len(spoken)} regions"
        raise ManifestError(message, _BY_ID, "bad_task")
    for region, text in zip(spoken, texts or (), strict=False):
        region.text = text
    return Drawn(regions, whole)


def _one_list(shapes: Sequence[Sequence[Mapping[str, Any]]]) -> Sequence[Mapping[str, Any]]:
    """All shapes in the order of their transcriptions, which only one list can tell: that of the labels."""
    labelled = [items for items in shapes if any(map(_labels, items))]
    bare = [items for items in shapes if items not in labelled]
    chosen = labelled or bare
    if len(chosen) > 1 or (labelled and bare and sum(map(len, bare)) != len(labelled[0])):
        raise ManifestError("the task's regions are of several kinds or without label", _BY_ID, "bad_task")
    return chosen[0] if chosen else ()


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, str) or (isinstance(item, dict) and "text" in item) for item in value
    )


def _labels(value: Mapping[str, Any]) -> list[str]:
    return [str(label) for key in _LABELS for label in value.get(key) or ()]


def _text(value: Any) -> str:
    parts = value if isinstance(value, list) else [value]
    if not all(isinstance(part, str) for part in parts):
        raise TypeError("text")
    return "\n".join(parts)


def _polygon(value: Mapping[str, Any], result: Mapping[str, Any]) -> Polygon:
    if result.get("image_rotation"):
        hint = "turn the image itself and label it again"
        raise ManifestError("the image was turned while it was labelled", hint, "turned_image")
    width, height = float(result["original_width"]), float(result["original_height"])
    if "points" in value:
        return _rounded((x * width / 100, y * height / 100) for x, y in value["points"])
    x, y, w, h = (float(value[key]) / 100 for key in ("x", "y", "width", "height"))
    corners = Polygon.from_box(x * width, y * height, (x + w) * width, (y + h) * height)
    angle = math.radians(value.get("rotation") or 0)
    return _rounded(_turned(corners.points, angle) if angle else corners.points)


def _rounded(points: Iterable[Point]) -> Polygon:
    # Going by percent leaves noise in the last digits.
    return Polygon(tuple((round(x, _DIGITS), round(y, _DIGITS)) for x, y in points))


def _turned(points: Sequence[Point], angle: float) -> Iterator[Point]:
    """Points turned about the first one, clockwise as seen, as y runs down."""
    left, top = points[0]
    for x, y in points:
        dx, dy = x - left, y - top
        yield (
            left + dx * math.cos(angle) - dy * math.sin(angle),
            top + dx * math.sin(angle) + dy * math.cos(angle),
        )


def to_results(drawn: Drawn, size: tuple[int, int]) -> list[dict[str, Any]]:
    """One annotation's results as Label Studio takes them; shapes are cut to the image."""
    width, height = size
    shared = {"original_width": width, "original_height": height, "image_rotation": 0, "to_name": "image"}
    results: list[dict[str, Any]] = []
    for number, region in enumerate(drawn.regions, start=1):
        kind, value = _shape(region.polygon, size)
        one = {**shared, "id": f"region-{number}"}
        results.append({**one, "from_name": kind, "type": kind, "value": value})
        labelled = {**value, "labels": region.labels}
        results.append({**one, "from_name": "label", "type": "labels", "value": labelled})
        if region.text is not None:
            spoken = {**value, "text": [region.text]}
            results.append({**one, "from_name": "transcription", "type": "textarea", "value": spoken})
    if drawn.text is not None:
        value = {"text": [drawn.text]}
        results.append({**shared, "id": "whole", "from_name": "text", "type": "textarea", "value": value})
    return results


def _shape(polygon: Polygon, size: tuple[int, int]) -> tuple[str, dict[str, Any]]:
    points = [(_percent(x, size[0]), _percent(y, size[1])) for x, y in polygon.points]
    if polygon.points != Polygon.from_box(*polygon.box).points:
        return "polygon", {"points": [list(point) for point in points], "closed": True}
    (x, y), _, (right, bottom), _ = points
    return "rectangle", {"x": x, "y": y, "width": right - x, "height": bottom - y, "rotation": 0}


def _percent(value: float, whole: int) -> float:
    return min(max(100 * value / whole, 0.0), 100.0)
