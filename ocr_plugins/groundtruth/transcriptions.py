"""Folders of images with PAGE, ALTO or hOCR files beside them, as Transkribus and eScriptorium export them.

The transcription of ``NAME.jpg`` is ``NAME.xml``, or what else the format's files end with, in the same
folder or in one below it named ``page``, ``alto`` or ``hocr``.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from ocr_plugins.document import Page, PageError
from ocr_plugins.errors import CallError, ManifestError, OcrError, SourceError
from ocr_plugins.formats.alto import ALTO
from ocr_plugins.formats.base import Format, Sheet
from ocr_plugins.formats.hocr import HOCR
from ocr_plugins.formats.pagexml import PAGE
from ocr_plugins.groundtruth.rows import Exported, Rows, page_of_row, row_of_page, unique
from ocr_plugins.manifest import Manifest, ManifestRow
from ocr_plugins.paths import find_local, is_wanted, natural_key
from ocr_plugins.preprocess import Transform
from ocr_plugins.source import page_ref

FORMATS: dict[str, Format] = {"page": PAGE, "alto": ALTO, "hocr": HOCR}
# As the programs name them that take such files for an image's of the same name.
_ENDINGS = {"page": ".xml", "alto": ".xml", "hocr": ".hocr"}

# Images and transcriptions may differ in size, but not in proportion by more than this.
_SKEW = 0.02


def import_transcriptions(path: Path, out: Path, *, kind: str) -> Manifest:
    """Makes a manifest of a folder; its images stay where they are.

    Boxes are scaled where a transcription was made for the image at another size. An image without
    transcription, and one that does not fit it, is an error of the manifest.

    Args:
        path: the folder, looked through with its subfolders.
        out: folder for ``manifest.jsonl``.
        kind: ``page``, ``alto`` or ``hocr``.

    Raises:
        CallError: no such folder.
        ManifestError: no image has a transcription that can be used.
    """
    if not path.is_dir():
        raise CallError(f"folder {path} does not exist", "name a folder of images and their transcriptions")
    rows, form = Rows(out, str(path)), FORMATS[kind]
    found = [Path(name) for name, _ in find_local(str(path), recursive=True) if is_wanted(Path(name).name)]
    for image in sorted(found, key=lambda file: natural_key(str(file))):
        inside = image.relative_to(path)
        rows.add(inside.as_posix(), partial(_row, image, inside, kind, form, rows))
    return rows.write()


def _row(image: Path, inside: Path, kind: str, form: Format, rows: Rows) -> dict[str, Any]:
    file = _beside(image, kind, form)
    if file is None:
        hint = f"it is looked for beside the image and in {kind}/"
        raise ManifestError(f"{image.name} has no {kind} file", hint, "no_truth")
    assert form.read is not None  # noqa: S101 - all three are read
    try:
        data = file.read_bytes()
    except OSError as error:
        hint = "check its permissions"
        raise SourceError(f"{file.name} cannot be read ({error.strerror})", hint) from None
    pages = list(form.read(data, file.name))
    if len(pages) != 1:
        hint = "split it into one file for each image"
        raise ManifestError(f"{file.name} holds {len(pages)} pages for one image", hint, "many_pages")
    page = _fitted(pages[0], page_ref(image).load().size, file.name)
    return row_of_page(page, rows.image(image), inside.with_suffix("").as_posix())


def _beside(image: Path, kind: str, form: Format) -> Path | None:
    endings = dict.fromkeys((form.ending, *form.endings, ".xml"))
    folders = (image.parent, image.parent / kind, image.parent / kind.upper())
    for folder in folders:
        for stem in (image.stem, image.name):
            for ending in endings:
                file = folder / (stem + ending)
                if file.is_file():
                    return file
    return None


def _fitted(page: Page, size: tuple[int, int], name: str) -> Page:
    """The page at the size of its image."""
    if page.size is None or page.size == size:
        return page
    across, down = size[0] / page.size[0], size[1] / page.size[1]
    if abs(across / down - 1) > _SKEW:
        made, real = ("x".join(map(str, pair)) for pair in (page.size, size))
        hint = "it belongs to another image, or to one that was turned"
        raise SourceError(f"{name} was made for {made} pixels, its image has {real}", hint, "other_size")

    return Transform.scale(across, down).page(page, size, page.dpi)


def export_transcriptions(items: Iterable[ManifestRow | Page], out: Path, *, kind: str) -> Exported:
    """Writes a file of the format for each row or page into a folder, named after its image."""
    form, names = FORMATS[kind], set[str]()
    assert form.open is not None  # noqa: S101 - all three are written
    errors: list[PageError] = []
    count = 0
    out.mkdir(parents=True, exist_ok=True)
    for item in items:
        source = item.image if isinstance(item, ManifestRow) else item.source
        try:
            page = page_of_row(item) if isinstance(item, ManifestRow) else item
            stem = unique(Path(page.source).stem or "page", names)
            writer = form.open(out / (stem + _ENDINGS[kind]))
            try:
                writer.add(Sheet(page=page))
            except BaseException:
                writer.discard()
                raise
            writer.close()
            count += 1
        except OcrError as error:
            errors.append(PageError.of(error, source, id=item.id))
    return Exported(path=out, rows=count, errors=tuple(errors))
