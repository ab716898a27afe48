"""How fast the notebook widget is where people use it: real JupyterLab in real, headless Chromium.

    python scripts/bench_widget.py

A page of A4 with 2,000 words, and one with 10,000, under five engines; the readings are made up from a seed.
Milliseconds, as median and worst of several. *Picture*, *words*: from the moment the kernel has sent them
to when they are on the screen. *Layer*, *vote*: from a key or a choice to the next frame that shows it.
*Hover*: from the pointer's move to the word's readings in the page.
"""

from __future__ import annotations

import argparse
import gzip
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "widgets")]

import lab  # noqa: E402 - from the tests, which drive the same servers
from browser import launched  # noqa: E402

_ROUNDS = 15
_STUDY = """
import random, string, time
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from ocr_plugins.corpus import gather
from ocr_plugins.document import Line, Page, Polygon, Word
from ocr_plugins.evaluation import get_convention
from ocr_plugins.runs import EngineRun, Study
from ocr_plugins.spec import parse_spec
from ocr_plugins.widgets import leaderboard

WIDE, HIGH = 2480, 3508


def page_of(words, rows, seed):
    columns, chance = words // rows, random.Random(seed)
    wide, high = (WIDE - 200) / columns, (HIGH - 200) / rows
    font = ImageFont.load_default(high * 0.6)
    paper = np.random.default_rng(seed).normal(235, 6, (HIGH, WIDE)).clip(0, 255)
    image = Image.fromarray(paper.astype(np.uint8))
    brush = ImageDraw.Draw(image)
    placed = []
    for row in range(rows):
        line = []
        for column in range(columns):
            letters = chance.randint(3, max(3, int(wide / high / 0.45)))
            text = "".join(chance.choices(string.ascii_lowercase, k=letters))
            left, top = 100 + column * wide, 100 + row * high
            brush.text((left, top), text, 30, font)
            box = left, top, min(left + brush.textlength(text, font), left + wide - 4), top + high * 0.8
            line.append((text, box))
        placed.append(line)
    return np.asarray(image), placed


def read(placed, engine):
    chance, rate = random.Random(engine), 0.04 * (1 + engine)
    def word(text, box):
        if chance.random() < rate:
            place = chance.randrange(len(text))
            text = text[:place] + chance.choice(string.ascii_lowercase) + text[place + 1 :]
        sure = {"confidence": round(chance.uniform(0.3, 1), 3), "confidence_kind": "native"}
        return Word(text=text, polygon=Polygon.from_box(*box), **sure)
    lines = tuple(Line.of_words([word(*one) for one in line]) for line in placed)
    return Page(source="", page=1, size=(WIDE, HIGH), lines=lines)


sheets = [page_of(WORDS, ROWS, seed) for seed in (1, 2)]
corpus = gather([pixels for pixels, _ in sheets])
study = Study(corpus=corpus, convention=get_convention("default"))
for number, name in enumerate(["tesseract", "rapidocr", "crnn", "easyocr", "keras-ocr"]):
    run = EngineRun(spec=parse_spec(name))
    for item, (_, placed) in zip(corpus.items, sheets):
        run.results[item.id] = read(placed, number)
    study.runs.append(run)
w = leaderboard(study, corrections=False)


def turned(page):
    # When the kernel has sent what.
    sent = {}
    def note(change):
        sent[change["name"]] = time.time()
    w.observe(note, ["picture", "view"])
    w.page = page
    w.unobserve(note, ["picture", "view"])
    return sent


w
"""
# To the frame that shows what was done: two callbacks later it has been drawn.
_HELPERS = """
window.drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
window.until = async (found) => { while (!found()) await new Promise((next) => setTimeout(next, 0)); };
window.one = (selector) => document.querySelector('.ocr-plugins ' + selector);
"""
_SHOWN = """(before) => {
  const paths = () => [...document.querySelectorAll('.ocr-plugins path.heat')];
  const heat = () => paths().map((path) => path.getAttribute('d')).join('');
  const words = heat();
  const picture = until(() => one('.picture') && one('.picture').src !== before && one('.picture').complete)
    .then(drawn).then(() => Date.now());
  const boxes = until(() => heat() !== words && heat()).then(drawn).then(() => Date.now());
  window.shown = Promise.all([picture, boxes]);
}"""
_LAYER = """async (place) => {
  const layers = () => document.querySelectorAll('.ocr-plugins path.layer').length;
  const before = layers();
  const start = performance.now();
  one('.stage').dispatchEvent(new KeyboardEvent('keydown', { key: place, bubbles: true }));
  await until(() => layers() !== before);
  await drawn();
  return performance.now() - start;
}"""
_HOVER = """async ([x, y]) => {
  const before = one('.word')?.textContent;
  const area = one('.paper').getBoundingClientRect();
  const start = performance.now();
  one('.stage').dispatchEvent(new PointerEvent('pointermove',
    { bubbles: true, clientX: area.left + area.width * x, clientY: area.top + area.height * y }));
  await until(() => one('.word') && one('.word').textContent !== before);
  return performance.now() - start;
}"""
_VOTE = """async (method) => {
  const row = () => [...document.querySelectorAll('.ocr-plugins .scores tbody tr')].at(-1).textContent
    + document.querySelector('.ocr-plugins path.heat')?.getAttribute('d').length + one('.method select').value
    + one('.voted')?.textContent;
  const before = row();
  const choice = one('.method select');
  const start = performance.now();
  choice.value = method;
  choice.dispatchEvent(new Event('change', { bubbles: true }));
  await until(() => row() !== before);
  await drawn();
  return performance.now() - start;
}"""
_SWITCH = """async (label) => {
  const box = one(`input[aria-label="${label} votes"]`);
  const heat = () => [...document.querySelectorAll('.ocr-plugins path.heat')];
  const shades = () => heat().map((path) => path.getAttribute('d').length).join();
  const before = shades();
  const start = performance.now();
  box.click();
  await until(() => shades() !== before);
  await drawn();
  return performance.now() - start;
}"""


def measure(browser: Any, address: str, root: Path, words: int, rows: int) -> dict[str, list[float]]:
    """Milliseconds by what was done."""
    name = f"{words}.ipynb"
    lab.write_notebook(root / name, [f"WORDS, ROWS = {words}, {rows}\n{_STUDY}"])
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.set_default_timeout(300_000)
    lab.open_notebook(page, address, name)
    page.evaluate(_HELPERS)
    lab.command(page, "notebook:run-all-cells")
    page.wait_for_selector(".ocr-plugins path.heat", state="attached")
    page.wait_for_timeout(3000)
    found: dict[str, list[float]] = {}
    made: list[float] = []
    for number in range(6):
        page.evaluate(_SHOWN, page.evaluate("one('.picture').src"))
        at = lab.kernel(page, f"turned(w.pages[{(number + 1) % 2}]['id'])")
        picture, boxes = page.evaluate("window.shown")
        found.setdefault("picture", []).append(picture - 1000 * at["picture"])
        found.setdefault("words", []).append(boxes - 1000 * at["view"])
        made.append(1000 * (at["view"] - at["picture"]))
        page.wait_for_timeout(500)
    boxes = lab.kernel(page, "[cell['box'] for line in w.view['lines'] for cell in line if cell['box']]")
    wide, high = lab.kernel(page, "w.view['size']")
    some = boxes[:: len(boxes) // _ROUNDS]
    middles = [((x0 + x1) / 2 / wide, (y0 + y1) / 2 / high) for x0, y0, x1, y1 in some]
    for number in range(_ROUNDS):
        found.setdefault("layer", []).append(page.evaluate(_LAYER, str(1 + number % 5)))
        found.setdefault("hover", []).append(page.evaluate(_HOVER, middles[number]))
        method = ("majority", "confidence", "learned")[number % 3]
        found.setdefault("vote's method", []).append(page.evaluate(_VOTE, method))
        found.setdefault("a voter less", []).append(page.evaluate(_SWITCH, "crnn"))
    found["(the kernel makes a page's words)"] = made
    lab.save(page, root / name)
    size = (root / name).stat().st_size
    print(f"| {words:,} words: saved notebook | {size / 1e6:.2f} MB | |", flush=True)
    page.context.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--words", type=int, nargs="*", default=[2_000, 10_000])
    arguments = parser.parse_args()
    bundle = (ROOT / "widgets" / "static" / "index.js").read_bytes()
    print("| | median ms | worst ms |\n|---|---:|---:|")
    packed = len(gzip.compress(bundle))
    print(f"| bundle | {len(bundle) / 1000:.1f} KB | {packed / 1000:.1f} KB packed |")
    with tempfile.TemporaryDirectory(prefix="bench-widget-") as folder, launched() as browser:
        root = Path(folder)
        with lab.server(root) as address:
            for words in arguments.words:
                # A page of a book has 100 lines at the very most; of 10,000 words each is small.
                rows = 100 if words <= 2_000 else 250
                for what, times in measure(browser, address, root, words, rows).items():
                    row = f"{statistics.median(times):.1f} | {max(times):.1f}"
                    print(f"| {words:,} words: {what} | {row} |", flush=True)


if __name__ == "__main__":
    main()
