"""Makes docs/widget.png and docs/widget.webp: the widget in real JupyterLab, used by keys and pointer.

And docs/widget-fields.png: the fields of a receipt, in a page of its own.

python scripts/record_widget.py
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "widgets")]

import lab  # noqa: E402 - from the tests, which drive the same servers
from browser import launched  # noqa: E402
from ocr_plugins.widgets import compare  # noqa: E402

from ocr_plugins.samples import samples_manifest  # noqa: E402

_CELL = """from ocr_plugins.samples import samples_manifest
from ocr_plugins.widgets import compare

w = compare(samples_manifest(), engines=["tesseract", "rapidocr", "crnn"])
w"""
# Milliseconds that a frame is looked at.
_LOOK, _TYPE = 1600, 160
_QUALITY = 80
_WIDTH = 1000
# A word to be corrected: of so many doubtful ones the first that is long enough to be looked at.
_MOST, _LONG = 40, 4


class Film:
    """Frames of a page, with how long each is shown."""

    def __init__(self, page: Any) -> None:
        self._page = page
        self._frames: list[tuple[Image.Image, int]] = []

    def take(self, milliseconds: int = _LOOK, settle: int = 350) -> None:
        """What is seen now, once it has come to rest."""
        self._page.wait_for_timeout(settle)
        image = Image.open(io.BytesIO(self._page.screenshot())).convert("RGB")
        size = _WIDTH, round(_WIDTH * image.height / image.width)
        self._frames.append((image.resize(size, Image.Resampling.LANCZOS), milliseconds))

    def save(self, path: Path) -> None:
        first, *others = (image for image, _ in self._frames)
        times = [milliseconds for _, milliseconds in self._frames]
        first.save(
            path, save_all=True, append_images=others, duration=times, loop=0, quality=_QUALITY, method=6
        )


def act(page: Any, film: Film) -> None:
    """What a person would do who looks at a page for the first time."""
    widget = page.locator(".ocr-plugins")
    film.take()
    stage = widget.locator(".stage")
    stage.click(position={"x": 3, "y": 3})
    page.keyboard.press("n")
    film.take(1100)
    for _ in range(_MOST):
        page.keyboard.press("n")
        page.wait_for_timeout(100)
        wrong = page.locator(".ocr-plugins .voted .cross").count()
        if wrong and len(page.locator(".ocr-plugins .truth td").first.inner_text()) > _LONG:
            break
    film.take()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+A")
    wanted = page.locator(".ocr-plugins .truth td").first.inner_text()
    for letter in wanted:
        page.keyboard.type(letter)
        film.take(_TYPE, 40)
    page.keyboard.press("Enter")
    film.take()
    page.keyboard.press("2")
    film.take(1000)
    page.keyboard.press("2")
    widget.get_by_label("crnn votes").uncheck()
    film.take(1000)
    widget.get_by_label("crnn votes").check()
    widget.get_by_role("button", name="try…").click()
    page.wait_for_selector(".trying .spec")
    widget.locator(".trying .steps > label select").select_option("deskew")
    page.wait_for_function("() => document.querySelector('.boxes').hasAttribute('hidden')")
    film.take(settle=800)
    widget.get_by_role("button", name="Read this page").click()
    widget.get_by_label("tried votes").wait_for()
    widget.get_by_role("button", name="Close").click()
    film.take()
    widget.get_by_role("button", name="all pages").click()
    film.take(2600)


def shoot_fields(browser: Any, folder: Path) -> None:
    """A receipt with its fields."""
    path = folder / "receipt.html"
    receipt = samples_manifest().parent / "receipt.jpg"
    compare(receipt, fields="receipt", corrections=False, block=True).to_html(path)
    page = browser.new_context(viewport={"width": 1100, "height": 660}).new_page()
    page.goto(path.as_uri())
    page.wait_for_selector(".picture")
    page.locator(".fields .look").get_by_text("total").click()
    page.wait_for_timeout(500)
    page.screenshot(path=ROOT / "docs" / "widget-fields.png")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="film-") as folder, launched() as browser:
        root = Path(folder)
        lab.write_notebook(root / "first look.ipynb", [_CELL])
        with lab.server(root) as address:
            page = browser.new_context(viewport={"width": 1320, "height": 860}).new_page()
            page.set_default_timeout(180_000)
            lab.open_notebook(page, address, "first look.ipynb")
            lab.command(page, "application:toggle-left-area")
            lab.command(page, "notebook:run-all-cells")
            page.wait_for_selector(".ocr-plugins .count", state="attached")
            page.wait_for_selector(".ocr-plugins .runs", state="detached")
            pages = page.locator(".ocr-plugins select[aria-label=page]")
            pages.select_option(label="typescript.jpg")
            page.wait_for_function("() => document.querySelectorAll('path.heat[d^=M]').length > 0")
            page.wait_for_timeout(1500)
            film = Film(page)
            act(page, film)
            film.save(ROOT / "docs" / "widget.webp")
            page.get_by_role("button", name="all pages").click()
            page.locator(".ocr-plugins .stage").click(position={"x": 3, "y": 3})
            page.keyboard.press("n")
            page.wait_for_timeout(500)
            page.screenshot(path=ROOT / "docs" / "widget.png")
        shoot_fields(browser, root)


if __name__ == "__main__":
    main()
