"""The widget in real notebooks: run, looked at, typed into, reloaded, and left by its kernel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lab
import nbformat
import numpy as np
import pytest
from browser import Seen, picture, watched
from PIL import Image
from sheets import TEXT

pytestmark = [pytest.mark.browser, pytest.mark.slow]
# What hosts themselves say of their own, and of a kernel that was shut down.
_NOT_OURS = ("reading 'schema'", "widget sync message", "Cannot send", "404", "Canceled", "Kernel")


@dataclass(frozen=True)
class Host:
    """A server, and the folder of its notebooks."""

    app: lab.App
    address: str
    root: Path


@pytest.fixture(scope="module", params=["lab", "notebook"])
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    root = tmp_path_factory.mktemp("notebooks")
    with lab.server(root, request.param) as address:
        yield Host(request.param, address, root)


@pytest.fixture
def book(sheet: Path, host: Host, request: pytest.FixtureRequest) -> str:
    """A notebook of this test alone."""
    name = f"{request.node.originalname}.ipynb"
    arguments = f"{str(sheet)!r}, ['tesseract', 'crnn'], truth={TEXT!r}, store=False"
    call = f"compare({arguments}, corrections='kept {name}')"
    cells = ["from ocr_plugins.widgets import compare", f"w = {call}\nw"]
    lab.write_notebook(host.root / name, cells)
    return name


@pytest.fixture
def seen(chromium: Any, host: Host) -> Iterator[Seen]:
    allowed = ("file:", "data:", "blob:", host.address, host.address.replace("http", "ws"))
    with watched(chromium, allowed, said=("error",)) as seen:
        seen.page.set_default_timeout(180_000)
        yield seen
        seen.console[:] = [line for line in seen.console if not any(one in line for one in _NOT_OURS)]


@pytest.fixture
def page(seen: Seen, host: Host, book: str) -> Any:
    lab.open_notebook(seen.page, host.address, book, host.app)
    lab.command(seen.page, "notebook:run-all-cells")
    seen.page.wait_for_selector(".ocr-plugins .picture")
    done(seen.page)
    return seen.page


def done(page: Any) -> None:
    """Waits until the engines have read, and the host has given up the focus that it takes after a run."""
    page.wait_for_selector(".ocr-plugins .runs", state="detached")
    page.wait_for_selector(".ocr-plugins .count", state="attached")
    page.wait_for_timeout(1000)


def click(page: Any) -> None:
    """Into a corner of the page, where no word is; again where the host takes the focus back after a run."""
    for _ in range(10):
        page.locator(".stage").click(position={"x": 3, "y": 3})
        page.wait_for_timeout(300)
        if page.evaluate("document.activeElement.className") == "stage":
            return
    raise TimeoutError("the page does not get the focus")


def correct(page: Any, text: str) -> None:
    """The next word is something else."""
    click(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def checked(page: Any, told: str) -> None:
    page.wait_for_function("told => document.querySelector('.count')?.textContent === told", arg=told)


def test_words_are_corrected_and_python_has_them(page: Any, host: Host) -> None:
    correct(page, "Tamarind")
    correct(page, "Joiner")
    checked(page, "2 words checked")
    picture(page, f"corrected-{host.app}")
    assert sorted(lab.kernel(page, "w.corrections_of(w.page)").values()) == ["Joiner", "Tamarind"]
    assert lab.kernel(page, "w.selected") == lab.kernel(page, "w.view['lines'][0][1]['id']")
    cells = page.locator(".jp-Cell").count()
    # Keys that mean something to the notebook, and nothing here.
    click(page)
    for key in ("n", "p", "y", "u", "h", "1"):
        page.keyboard.press(key)
    assert page.locator(".jp-Cell").count() == cells
    # What Python does is seen at once.
    lab.kernel(page, "w.correct(w.view['lines'][1][0]['id'], 'Sum')")
    checked(page, "3 words checked")


def test_a_saved_notebook_opens_with_what_was_typed(page: Any, host: Host, book: str) -> None:
    correct(page, "Tamarind")
    checked(page, "1 word checked")
    lab.save(page, host.root / book)
    lab.open_notebook(page, host.address, book, host.app)
    page.wait_for_selector(".ocr-plugins .picture")
    checked(page, "1 word checked")
    assert (host.root / book).stat().st_size < 3_500_000


def test_a_saved_notebook_opens_without_a_kernel(page: Any, host: Host, book: str) -> None:
    lab.save(page, host.root / book)
    book_now = nbformat.read(host.root / book, as_version=4)
    (shown,) = [output.data for output in book_now.cells[1].outputs if "data" in output]
    assert shown["image/png"].startswith("iVBOR")
    lab.shut_down_kernel(page)
    lab.open_page(page, host.address, book, host.app)
    page.wait_for_selector(".ocr-plugins .picture")
    click(page)
    page.keyboard.press("ArrowRight")
    assert "Tamarack" in page.locator(".voted").inner_text()
    # Votes and scores need no kernel.
    before = page.locator(".scores tbody").inner_text()
    page.get_by_label("tesseract votes").uncheck()
    page.locator(".method select").select_option("majority")
    assert page.locator(".scores tbody").inner_text() != before or "100.00" not in before


def test_a_page_is_dropped_and_another_engine_is_tried(
    page: Any, host: Host, sheet: Path, tmp_path: Path
) -> None:
    # Larger than a piece, and larger than what a notebook lets through at once.
    noisy = np.random.default_rng(1).integers(0, 255, (1900, 1900, 3), dtype=np.uint8)
    Image.fromarray(noisy).save(tmp_path / "noise.png")
    assert (tmp_path / "noise.png").stat().st_size > 10_000_000
    page.locator(".ocr-plugins input[type=file]").set_input_files([sheet, tmp_path / "noise.png"])
    titles = page.locator(".ocr-plugins select[aria-label=page] option")
    titles.nth(2).wait_for(state="attached")
    page.wait_for_selector(".ocr-plugins .runs", state="detached")
    assert [title.inner_text() for title in titles.all()] == ["sheet.png", "sheet.png", "noise.png"]
    assert lab.kernel(page, "len(w.results)") == 3 * 3
    # Its picture as the engine gets it, and what that reads.
    page.get_by_role("button", name="try…").click()
    page.locator(".trying .steps > label select").select_option("pad")
    page.get_by_label("width").fill("300")
    page.wait_for_function("() => document.querySelector('.boxes').hasAttribute('hidden')")
    page.wait_for_function(
        "wide => document.querySelector('.picture').naturalWidth === wide", arg=wider(sheet, 600)
    )
    assert page.locator(".spec").inner_text() == "tesseract:pre=pad(width=300)"
    picture(page, f"tried-{host.app}")
    page.get_by_role("button", name="Read this page").click()
    page.get_by_label("tried votes").wait_for()
    page.get_by_role("button", name="Close").click()
    assert page.locator(".boxes").get_attribute("hidden") is None
    page.get_by_label("take tried out").click()
    page.get_by_label("tried votes").wait_for(state="detached")
    # All pages, and from there to the page and the word.
    page.get_by_role("button", name="all pages").click()
    page.locator(".board").get_by_role("button", name="noise.png", exact=True).click()
    page.wait_for_function(
        "() => document.querySelector('.ocr-plugins select[aria-label=page]').value === 'noise.png'"
    )
    assert lab.kernel(page, "w.page") == "noise.png"


def wider(sheet: Path, by: int) -> int:
    with Image.open(sheet) as image:
        return image.width + by


def test_fields_are_typed_and_python_has_them(seen: Seen, host: Host, receipt: Path) -> None:
    call = f"compare({str(receipt)!r}, 'tesseract,crnn', fields='receipt', store=False, corrections='bought')"
    cells = ["from ocr_plugins.widgets import compare", f"w = {call}\nw"]
    lab.write_notebook(host.root / "fields.ipynb", cells)
    page = seen.page
    lab.open_notebook(page, host.address, "fields.ipynb", host.app)
    lab.command(page, "notebook:run-all-cells")
    total = page.get_by_label("total", exact=True)
    total.wait_for()
    done(page)
    assert total.input_value() == "9.00"
    total.click()
    assert page.locator("path.field.chosen").get_attribute("data-field") == "total"
    total.press("Control+a")
    cells_before = page.locator(".jp-Cell").count()
    # What means something to the notebook, and a key of the widget among them.
    total.press_sequentially("19.00 dd b x")
    assert total.input_value() == "19.00 dd b x"
    total.fill("19.00")
    total.press("Enter")
    page.get_by_label("take back total").wait_for()
    picture(page, f"fields-{host.app}")
    assert page.locator(".jp-Cell").count() == cells_before
    said = "w.fields.set_index('field')['correction'].dropna().to_dict()"
    assert lab.kernel(page, said) == {"total": "19.00"}
    click(page)
    page.keyboard.press("u")
    page.get_by_label("take back total").wait_for(state="detached")
    assert lab.kernel(page, said) == {}


def test_dark_is_dark_and_can_be_read(page: Any, host: Host) -> None:
    lab.command(page, "apputils:change-theme", theme="JupyterLab Dark")
    page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")
    correct(page, "Tamarind")
    page.get_by_role("button", name="try…").click()
    page.locator(".trying .steps > label select").select_option("sauvola")
    page.wait_for_timeout(1000)
    ground = page.evaluate("getComputedStyle(document.querySelector('.ocr-plugins')).backgroundColor")
    assert max(int(part) for part in re.findall(r"\d+", ground)[:3]) < 60
    axe = Path(__file__).parents[2] / "widgets/frontend/node_modules/axe-core/axe.min.js"
    page.evaluate(axe.read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run('.ocr-plugins')).violations")
    serious = [
        (one["id"], [node["html"] for node in one["nodes"]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert not serious
    picture(page, f"dark-{host.app}")


def test_what_is_typed_while_the_kernel_dies_is_there_afterwards(page: Any) -> None:
    click(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.type("Tama")
    lab.kill_kernel(page)
    field = page.get_by_label("What stands there")
    assert field.input_value() == "Tama"
    field.focus()
    page.keyboard.press("End")
    page.keyboard.type("rind")
    page.keyboard.press("Enter")
    assert page.locator(".truth").inner_text().split() == ["you", "Tamarind"]
    page.keyboard.press("ArrowRight")
    assert "Joinery" in page.locator(".voted").inner_text()
    # The next kernel's widget has it, though the dead one never heard of it.
    lab.command(page, "notebook:run-all-cells")
    page.wait_for_function("() => !document.querySelector('.ocr-plugins .voted')")
    done(page)
    checked(page, "1 word checked")
    assert list(lab.kernel(page, "w.corrections_of(w.page)").values()) == ["Tamarind"]
