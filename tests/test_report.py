"""The report, as a file and in a browser."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import Seen
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from ocr_plugins.document import Line, Page, Polygon, Word
from ocr_plugins.image import PageImage
from ocr_plugins.pictures import data_uri
from ocr_plugins.report import EngineRow, Reading, Report, ReportPage, write_report
from ocr_plugins.report.markup import letter, style_classes
from ocr_plugins.report.payload import disagreement, inert_json

SIZE = (1200, 1600)
WORDS = (("invoice", (100, 100, 340, 150)), ("total", (100, 400, 280, 450)), ("12.50", (700, 400, 900, 450)))
TRUTH = "invoice\ntotal 12.50"

HOSTILE = (
    "<script>window.pwned=1</script>",
    "</script><script>window.pwned=2</script>",
    "<img src=x onerror=window.pwned=3>",
    '"><svg onload=window.pwned=4>',
    "<!--<script>",
    "']]>\u2028window.pwned=5\u2029",
    "\u202etxt.exe\u2066",
    "$script ${title} \\u003c &lt;b&gt; \x00\x1b \udc80",
)


def drawn(size: tuple[int, int] = SIZE) -> PageImage:
    """White paper with a black block where each word is."""
    image = Image.new("L", size, 255)
    for _, box in WORDS:
        ImageDraw.Draw(image).rectangle(box, fill=0)
    return PageImage(pixels=np.asarray(image))


def read(*texts: str, shift: float = 0.0, confidence: float | None = 0.9) -> Page:
    """What an engine would give for the drawn page."""
    kind = None if confidence is None else "posterior"
    words = [
        Word(
            text=text,
            polygon=Polygon.from_box(*(v + shift for v in box)),
            confidence=confidence,
            confidence_kind=kind,
        )
        for text, (_, box) in zip(texts, WORDS, strict=True)
    ]
    lines = (Line.of_words(words[:1]), Line.of_words(words[1:]))
    return Page(source="scan.png", page=1, size=SIZE, lines=lines)


ENGINES = (
    EngineRow(
        label="alpha",
        spec="alpha:psm=3",
        version="5.5",
        pages=3,
        cer=0.031,
        cer_order_free=0.03,
        wer=0.09,
        word_f1=0.95,
        seconds_per_page=2.5,
    ),
    EngineRow(
        label="beta",
        version="1.0",
        pages=2,
        errors=1,
        cer=0.012,
        cer_order_free=0.012,
        wer=0.1,
        word_f1=0.97,
        seconds_per_page=0.25,
    ),
    EngineRow(label="gamma", message="its weights are missing: run ocr-plugins engines install gamma"),
)


def page(page_id: str = "page-1", **changes: Any) -> ReportPage:
    beta_diff = (
        ("equal", "invoice", "invoice"),
        ("insert", "", "\n"),
        ("equal", "\n", "\n"),
        ("replace", "total", "tota1"),
        ("delete", " 12", ""),
        ("equal", ".50", ".50"),
    )
    values: dict[str, Any] = {
        "source": "scans/a.png",
        "page": 1,
        "size": SIZE,
        "image": drawn(),
        "truth": TRUTH,
        "readings": (
            Reading(label="alpha", page=read("invoice", "total", "12.50"), cer=0.0, wer=0.0, seconds=2.5),
            Reading(
                label="beta",
                page=read("invoice", "tota1", ".50", shift=4),
                cer=0.2,
                wer=0.5,
                diff=beta_diff,
                diff_against="truth",
            ),
        ),
    }
    return ReportPage(id=page_id, **(values | changes))


def pages() -> tuple[ReportPage, ...]:
    failing = (
        Reading(label="alpha", page=read("a", "b", "c"), cer=0.1),
        Reading(label="beta", error="timed out after 60 s"),
    )
    return (
        page(),
        page("page-2", readings=failing, source="scans/b.png"),
        ReportPage(id="page-3", source="scans/broken.pdf", error="the file is damaged"),
    )


def report(**changes: Any) -> Report:
    values: dict[str, Any] = {
        "title": "Letters",
        "created": "2026-11-03T14:05:22+01:00",
        "version": "0.1.0",
        "convention": "strict",
        "convention_description": "Every character counts.",
        "engines": ENGINES,
        "pages": pages(),
        "total_pages": 3,
        "command": "ocr-plugins compare scans --report report.html",
        "manifests": ("scans/manifest.jsonl",),
    }
    return Report(**(values | changes))


def hostile_report() -> Report:
    text = " ".join(HOSTILE)
    # A document takes no lone surrogate; labels, ids and file names come from elsewhere.
    word = text.replace("\udc80", "")
    reading = Reading(
        label=f"alpha {text}",
        page=read(HOSTILE[2], HOSTILE[0], word),
        diff=(
            ("equal", text, text),
            ("replace", text, HOSTILE[0]),
            ("delete", text, ""),
            ("insert", "", text),
        ),
        diff_against=text,
    )
    error = Reading(label=f"beta {text}", error=text)
    return report(
        title=f"Title {text}",
        created=f"2026-11-03T{text}",
        version=text,
        convention=text,
        convention_description=text,
        engines=(
            EngineRow(label=f"alpha {text}", spec=text, version=text, pages=1),
            EngineRow(label=f"beta {text}"),
            EngineRow(label=f"gamma {text}", message=text),
        ),
        pages=(
            page(f"id {text}", source=text, truth=text, readings=(reading, error)),
            page(f"id {text}", error=text, readings=()),
        ),
        command=text,
        manifests=(text,),
    )


# ---- the file


class Elements(HTMLParser):
    """Start tags with their attributes, and the text inside of each script and style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.contents: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in {"script", "style"}:
            self.contents.append("")

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] in {"script", "style"} and self.contents:
            self.contents[-1] += data


def written(path: Path, made: Report) -> str:
    write_report(path, made)
    return path.read_bytes().decode("utf-8")


def test_policy_allows_only_this_style_and_this_script(tmp_path: Path) -> None:
    text = written(tmp_path / "report.html", report())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    style = re.search(r"<style>(.*?)</style>", text, re.S)
    script = re.search(r"<script>(.*?)</script>", text, re.S)
    assert style is not None
    assert script is not None
    for kind, found in (("style", style), ("script", script)):
        digest = base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy[1]
    assert policy[1].startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in policy[1]
    assert not re.search(r"\.innerHTML|insertAdjacentHTML|document\.write|\beval\(", script[1])


def test_nothing_refers_to_the_outside(tmp_path: Path) -> None:
    parsed = Elements(written(tmp_path / "report.html", report()))
    for tag, attributes in parsed.tags:
        assert tag not in {"link", "iframe", "object", "embed", "base"}
        assert "src" not in attributes
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")


def test_hostile_text_makes_no_element(tmp_path: Path) -> None:
    plain = Elements(written(tmp_path / "plain.html", replace(hostile_report(), title="x")))
    hostile = Elements(written(tmp_path / "hostile.html", hostile_report()))
    assert [tag for tag, _ in plain.tags] == [tag for tag, _ in hostile.tags]
    assert "img" not in {tag for tag, _ in hostile.tags}
    assert sum(tag == "script" for tag, _ in hostile.tags) == 4


@pytest.mark.parametrize("text", HOSTILE)
def test_json_is_inert_and_comes_back(text: str) -> None:
    made = inert_json({"text": text})
    assert not set(made) & set("<>&\u2028\u2029")
    assert json.loads(made)["text"] == text.replace("\udc80", "\ufffd")


def test_leaderboard_stands_in_the_html(tmp_path: Path) -> None:
    text = written(tmp_path / "report.html", report())
    static = text.partition("<noscript>")[0]
    assert static.index("beta") < static.index("alpha") < static.index("gamma")
    for value in ("3.10%", "1.20%", "95.00%", "2.50 s", "its weights are missing"):
        assert value in static
    assert "need JavaScript" in text


def test_pages_are_taken_one_at_a_time(tmp_path: Path) -> None:
    alive: list[str] = []

    def stream() -> Iterator[ReportPage]:
        for made in pages():
            alive.append(made.id)
            yield made

    text = written(tmp_path / "report.html", report(pages=stream(), total_pages=500))
    assert alive == ["page-1", "page-2", "page-3"]
    assert "showing 3 of 500 pages" in text
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_a_report_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    with pytest.raises(ValueError, match="delta"):
        write_report(path, report(pages=(page(readings=(Reading(label="delta"),)),)))
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_an_engine_is_listed_once() -> None:
    with pytest.raises(ValueError, match="alpha"):
        report(engines=(ENGINES[0], ENGINES[0]))


def test_letters_and_styles_tell_engines_apart() -> None:
    assert [letter(i) for i in (0, 25, 26)] == ["A", "Z", "A2"]
    assert len({style_classes(i) for i in range(24)}) == 24


def test_disagreement_needs_two_readings() -> None:
    assert disagreement(page()) == pytest.approx(3 / 19, abs=1e-4)
    assert disagreement(page(readings=page().readings[:1])) is None


def decoded(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


def test_images_are_small_and_of_the_smaller_kind() -> None:
    clean = data_uri(drawn((2500, 3300)))
    noise = np.random.default_rng(3).integers(0, 256, (900, 700, 3), dtype=np.uint8)
    assert clean.startswith("data:image/png;")
    assert decoded(clean).size == (1212, 1600)
    assert data_uri(PageImage(pixels=noise)).startswith("data:image/jpeg;")
    assert decoded(data_uri(PageImage(pixels=noise))).mode == "RGB"
    grey_in_rgb = PageImage(pixels=np.repeat(noise[:, :, :1], 3, axis=2))
    assert decoded(data_uri(grey_in_rgb)).mode == "L"


def test_a_bitonal_page_keeps_black_and_white() -> None:
    small = decoded(data_uri(drawn((2400, 3200)))).convert("L")
    assert small.getpixel((10, 10)) == 255
    assert small.getpixel((100, 62)) == 0


# ---- in a browser


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "report.html"
    write_report(made, report())
    return made


def names(shown: Any) -> list[str]:
    return list(shown.locator("#leaderboard tbody .label").all_inner_texts())


@pytest.mark.browser
def test_leaderboard_sorts(seen: Seen, path: Path) -> None:
    shown = seen.open(path)
    assert names(shown) == ["beta", "alpha", "gamma"]
    assert shown.locator("th[aria-sort=ascending]").inner_text().startswith("CER")
    best = shown.locator("#leaderboard td.best")
    assert [cell.get_attribute("data-key") for cell in best.all()] == [
        "cer", "cer_order_free", "word_f1", "seconds", "wer", "errors",
    ]  # fmt: skip
    shown.get_by_role("button", name="WER", exact=True).click()
    assert names(shown) == ["alpha", "beta", "gamma"]
    shown.get_by_role("button", name="WER", exact=True).click()
    assert names(shown) == ["beta", "alpha", "gamma"]
    assert shown.locator("th[aria-sort]").count() == 1
    shown.get_by_role("button", name="Engine").click()
    assert names(shown) == ["alpha", "beta", "gamma"]
    assert "its weights are missing" in shown.locator("tr", has_text="gamma").inner_text()


@pytest.mark.browser
def test_boxes_lie_over_the_words(seen: Seen, path: Path) -> None:
    shown = seen.open(path)
    for zoom in ("Whole page", "Fit width", "Zoom in", "100%"):
        shown.get_by_role("button", name=zoom, exact=True).click()
        image = shown.locator(".sheet img").bounding_box()
        # The outline of alpha's boxes runs from the first word's corner to the last one's.
        outline = shown.locator("path[data-engine='0']").evaluate(
            "e => { const r = e.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; }"
        )
        scale = image["width"] / SIZE[0]
        assert image["height"] == pytest.approx(SIZE[1] * scale, abs=1)
        corners = ((image["x"], 100), (image["y"], 100), (image["x"], 900), (image["y"], 450))
        expected = [start + offset * scale for start, offset in corners]
        assert outline == pytest.approx(expected, abs=2)
    assert image["width"] == pytest.approx(SIZE[0], abs=1)


@pytest.mark.browser
def test_layers_switch_on_and_off(seen: Seen, path: Path) -> None:
    shown = seen.open(path)
    beta = shown.locator("path[data-engine='1']")
    assert beta.is_visible()
    shown.get_by_role("checkbox", name="beta").uncheck()
    assert not beta.is_visible()
    assert shown.locator("path[data-engine='0']").is_visible()
    shown.keyboard.press("2")
    assert beta.is_visible()
    assert shown.get_by_role("checkbox", name="beta").is_checked()
    whole = beta.get_attribute("d")
    shown.keyboard.press("d")
    assert 0 < len(beta.get_attribute("d")) < len(whole)
    assert shown.locator("#places").inner_text() == "2"


@pytest.mark.browser
def test_pointing_at_a_word_shows_each_reading(seen: Seen, path: Path) -> None:
    shown = seen.open(path)
    image = shown.locator(".sheet img").bounding_box()
    scale = image["width"] / SIZE[0]
    shown.mouse.move(image["x"] + 190 * scale, image["y"] + 425 * scale)
    rows = shown.locator("#word li")
    assert shown.locator("#word .read").all_inner_texts() == ["total", "tota1"]
    assert "confidence 0.90 (posterior)" in rows.first.inner_text()
    assert "≠" in rows.last.inner_text()
    assert shown.locator("#word canvas").is_visible()
    shown.keyboard.press(".")
    assert shown.locator("#word .read").all_inner_texts() == ["12.50", ".50"]
    shown.get_by_role("button", name="Previous word").click()
    assert shown.locator("#word .read").first.inner_text() == "total"


@pytest.mark.browser
def test_differences_are_marked(seen: Seen, path: Path) -> None:
    shown = seen.open(path)
    text = shown.locator("#text-1")
    assert text.locator("del.instead").text_content() == "total"
    assert text.locator("ins.wrong").text_content() == "tota1"
    assert text.locator("del.gone").text_content() == "·12"
    assert text.locator("ins.extra").text_content() == "↵"
    assert text.locator(".line").count() == 3
    style = "e => getComputedStyle(e).textDecorationLine + ' ' + getComputedStyle(e).textDecorationStyle"
    marks = {text.locator(mark).first.evaluate(style) for mark in ("ins.wrong", "del.gone", "ins.extra")}
    assert marks == {"underline wavy", "line-through solid", "underline double"}
    assert shown.locator("#legend").is_visible()
    assert "from ground truth" in shown.locator("#mark-label").inner_text()
    shown.get_by_role("checkbox", name="Mark differences").uncheck()
    assert text.text_content() == "invoice\ntota1 .50"
    assert shown.locator("#text-truth").text_content() == TRUTH
    shown.get_by_role("button", name="Fold alpha").click()
    assert not shown.locator("#text-0").is_visible()


@pytest.mark.browser
def test_pages_are_found_and_ordered(seen: Seen, path: Path) -> None:
    shown = seen.open(path)
    ids = shown.locator("#list .row-id")
    expect(ids).to_have_text(["page-1", "page-2", "page-3"])
    shown.get_by_label("Sort by").select_option("worst")
    expect(ids).to_have_text(["page-3", "page-2", "page-1"])
    shown.get_by_label("Sort by").select_option("differ")
    expect(ids.first).to_have_text("page-1")
    shown.get_by_label("Filter pages").fill("B.PNG")
    expect(ids).to_have_text(["page-2"])
    shown.get_by_label("Filter pages").fill("zzz")
    expect(shown.get_by_text("No page matches")).to_be_visible()
    shown.get_by_label("Filter pages").fill("")
    shown.get_by_role("link", name="page-3").click()
    expect(shown.locator("#page-error")).to_contain_text("the file is damaged")
    assert shown.url.endswith("#p=page-3")
    expect(shown.locator("#look")).to_be_hidden()


@pytest.mark.browser
def test_keys_and_address_choose_the_page(seen: Seen, path: Path) -> None:
    shown = seen.open(path, "#p=page-2")
    title = shown.locator("#page-title")
    assert title.inner_text() == "page-2"
    assert "timed out after 60 s" in shown.locator("#text-1").inner_text()
    assert shown.locator("#list a[aria-current=page] .row-id").inner_text() == "page-2"
    assert "⚠ error" in shown.locator("#list li", has_text="page-2").inner_text()
    steps = (("j", 3), ("k", 2), ("ArrowLeft", 1), ("ArrowLeft", 1), ("ArrowRight", 2))
    for key, number in steps:
        shown.keyboard.press(key)
        shown.locator("#page-title", has_text=f"page-{number}").wait_for()
    shown.get_by_role("button", name="Next page").click()
    shown.locator("#page-title", has_text="page-3").wait_for()
    assert shown.get_by_role("button", name="Next page").is_disabled()
    shown.get_by_role("checkbox", name="Keyboard").uncheck()
    shown.keyboard.press("k")
    assert title.inner_text() == "page-3"


@pytest.mark.browser
def test_hostile_text_is_shown_and_never_runs(seen: Seen, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(path, hostile_report())
    shown = seen.open(path)
    shown.get_by_role("button", name="Next word").click()
    literal = " ".join(HOSTILE)
    for character in "\u2028\u2029\u202e\u2066\x00\x1b":
        literal = literal.replace(character, f"[U+{ord(character):04X}]")
    literal = literal.replace("\udc80", "\ufffd")
    assert shown.evaluate("window.pwned === undefined")
    assert shown.title() == f"Title {literal}"
    expected = {
        "h1": f"Title {literal}",
        "#page-title": f"id {literal}",
        "#page-source": f"{literal}, page 1",
        "#text-truth": literal,
        "#text-0 .gone": literal,
        "#text-0 .extra": literal,
        "#text-0 .wrong": HOSTILE[0],
        "#text-1": f"Not read. {literal}",
        "#command": literal,
        ".manifests li": literal,
        "#leaderboard tbody tr:nth-child(1) .label": f"alpha {literal}",
        "#leaderboard .message": f"Could not run. {literal}",
        ".column:nth-child(2) h4": f"alpha {literal}",
        "#layers label:first-child .label": f"alpha {literal}",
        "#word .read": HOSTILE[2],
        ".row-id >> nth=0": f"id {literal}",
    }
    for selector, text in expected.items():
        assert shown.locator(selector).text_content() == text, selector
    assert shown.locator("img").count() == 1
    assert shown.locator("script").count() == 4
    # A second page of the same id has an address of its own.
    shown.keyboard.press("j")
    shown.locator("#page-error", has_text="The page could not be opened").wait_for()
    assert shown.evaluate("window.pwned === undefined")


@pytest.mark.browser
def test_without_ground_truth(seen: Seen, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    engines = (EngineRow(label="alpha", pages=1, seconds_per_page=1.0), EngineRow(label="beta", pages=1))
    readings = (
        Reading(label="alpha", page=read("invoice", "total", "12.50")),
        Reading(label="beta", page=read("invoice", "tota1", "12.50", confidence=None)),
    )
    write_report(path, report(engines=engines, pages=(page(truth=None, readings=readings),), total_pages=1))
    shown = seen.open(path)
    table = shown.locator("#leaderboard")
    assert table.get_by_text("no ground truth").count() == 2
    assert "%" not in table.inner_text()
    assert shown.locator("#columns article").count() == 2
    assert not shown.locator("#legend").is_visible()
    assert "≠" in shown.locator("#list li").inner_text()


@pytest.mark.browser
def test_lines_that_were_found_and_not_read(seen: Seen, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    engines = (
        EngineRow(label="alpha", pages=1, cer=0.5, seconds_per_page=1.0),
        EngineRow(label="beta", detections=1, seconds_per_page=2.0),
    )
    found = tuple(Polygon.from_box(*box) for _, box in WORDS)
    readings = (
        Reading(label="alpha", page=read("invoice", "total", "12.50"), cer=0.5),
        Reading(label="beta", found=found, error="it has no recogniser weights"),
    )
    write_report(path, report(engines=engines, pages=(page(readings=readings),), total_pages=1))
    shown = seen.open(path)
    row = shown.locator("#leaderboard tbody tr", has_text="beta")
    assert row.locator("[data-key=detections]").inner_text() == "1"
    assert row.locator("[data-key=cer]").inner_text().startswith("–")
    assert "3 lines" in shown.locator("#list li").inner_text()
    assert "error" not in shown.locator("#list li").inner_text()
    text = shown.locator("#text-1").inner_text()
    assert text == "Found 3 lines, read none: it has no recogniser weights"
    assert shown.locator("path[data-engine='1']").get_attribute("d").count("Z") == 3
    assert shown.get_by_role("checkbox", name="differ").is_disabled()
    shown.keyboard.press(".")
    rows = shown.locator("#word li")
    assert "invoice" in rows.first.inner_text()
    assert "a line here, not read" in rows.last.inner_text()
    assert "≠" not in rows.last.inner_text()


@pytest.mark.browser
def test_a_page_without_image_or_boxes(seen: Seen, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    plain = Page(source="a", page=1, size=(10, 10), lines=(Line(text="only text"),))
    readings = (Reading(label="alpha", page=plain), Reading(label="beta"))
    write_report(path, report(pages=(page(image=None, size=None, readings=readings),)))
    shown = seen.open(path)
    assert "only text" in shown.locator("#text-0").inner_text()
    assert "not run on this page" in shown.locator("#text-1").inner_text()
    assert "No engine gave boxes" in shown.locator("#word").inner_text()


@pytest.mark.browser
def test_an_empty_report_still_has_its_leaderboard(seen: Seen, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(path, report(pages=(), total_pages=0))
    shown = seen.open(path)
    assert shown.locator("#leaderboard").is_visible()
    assert not shown.locator("#work").is_visible()


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 768, 1440])
def test_the_page_never_scrolls_sideways(seen: Seen, path: Path, width: int) -> None:
    seen.page.set_viewport_size({"width": width, "height": 844})
    shown = seen.open(path)
    shown.locator("#columns article").first.wait_for()
    assert shown.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(seen: Seen, path: Path, scheme: str) -> None:
    """Every text has the contrast of WCAG AA, 4.5 to 1, in both schemes."""
    seen.page.emulate_media(color_scheme=scheme)
    shown = seen.open(path)
    poor = shown.evaluate(
        """() => {
          const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
          const rgba = (colour) => {
            canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
            return canvas.getImageData(0, 0, 1, 1).data;
          };
          const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
            .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
          const ground = (element) => {
            for (let e = element; e; e = e.parentElement) {
              const colour = rgba(getComputedStyle(e).backgroundColor);
              if (colour[3] === 255) return colour;
            }
          };
          const poor = [];
          for (const element of document.querySelectorAll('body *')) {
            const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
            if (!own || !element.checkVisibility() || element.closest('script, style, :disabled')) continue;
            const ink = light(rgba(getComputedStyle(element).color));
            const [a, b] = [ink, light(ground(element))].sort((x, y) => y - x);
            const ratio = (a + 0.05) / (b + 0.05);
            if (ratio < 4.5) poor.push(`${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
          }
          return poor;
        }"""
    )
    assert poor == []


@pytest.mark.browser
def test_dark_mode_is_dark_and_the_paper_stays_white(seen: Seen, path: Path, tmp_path: Path) -> None:
    seen.page.emulate_media(color_scheme="dark")
    shown = seen.open(path)
    shown.locator(".sheet img").wait_for()
    shot = Image.open(io.BytesIO(shown.screenshot())).convert("L")
    paper = shown.locator(".sheet img").bounding_box()
    assert shot.getpixel((4, 4)) < 40
    assert shot.getpixel((int(paper["x"]) + 8, int(paper["y"]) + 8)) > 250


@pytest.mark.browser
def test_without_javascript_the_leaderboard_is_there(chromium: Any, path: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    shown = context.new_page()
    shown.goto(path.as_uri())
    assert shown.locator("#leaderboard tbody tr").count() == 3
    assert not shown.locator("#work").is_visible()
    context.close()
