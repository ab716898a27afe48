"""Sample documents with exact ground truth, drawn by scripts/make_samples.py."""

from pathlib import Path


def samples_manifest() -> Path:
    """The path of the samples' manifest: UTF-8, one JSON object a line, images relative to its folder.

    Boxes of words are [x0, y0, x1, y1] in pixels of the image, with x1 and y1 exclusive.
    """
    return Path(__file__).parent / "manifest.jsonl"
