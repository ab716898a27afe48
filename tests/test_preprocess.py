"""Steps do what they say, and boxes found on what they give lie where the text is on the original."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import pages

from ocr_plugins.document import Line, Page, Polygon
from ocr_plugins.errors import CallError
from ocr_plugins.image import PageImage
from ocr_plugins.ink import Ink
from ocr_plugins.preprocess import STEPS, Transform, parse_steps
from ocr_plugins.preprocess.geometry import turned
from ocr_plugins.preprocess.orientation import quarter_turned
from ocr_plugins.preprocess.photo import sheet_of
from ocr_plugins.preprocess.step import Prepared
from ocr_plugins.testing import drawn_page

PRINT = """The parish council met on Tuesday evening to discuss
the plans for a new bridge over the river, which many
people had hoped would be finished before the spring.
Nobody could say why the builders had stopped digging,
but the chairman thought that the ground was too soft.
Others pointed at the price of steel and of good stone.
It was decided to write to the county and ask for help,
and to put up a fence so that no child would fall down."""
PAGE = drawn_page(PRINT, size=24)


def applied(steps: str, pixels: np.ndarray, level: str = "page") -> Prepared:
    image = PageImage(pixels=pixels, level=level)  # type: ignore[arg-type] # a level, by its text
    prepared, done = parse_steps(steps).apply(image)
    assert prepared.pixels is done.pixels
    return done


def marked(pixels: np.ndarray) -> tuple[float, float]:
    """The middle of the one dark dot of a picture, in pixels from its outer edge."""
    ink = 255.0 - pixels
    y, x = np.indices(pixels.shape)
    return float((x * ink).sum() / ink.sum()) + 0.5, float((y * ink).sum() / ink.sum()) + 0.5


@pytest.mark.parametrize("size", [(300, 200), (201, 303)])
@pytest.mark.parametrize(
    "make",
    [
        *(lambda p, a=a: turned(p, np.deg2rad(a)) for a in (-40.0, -3.0, 0.7, 12.0)),
        *(lambda p, q=q: quarter_turned(p, q) for q in range(4)),
        *(lambda p, s=s: STEPS["pad"](width=s).apply(p) for s in (1, 33)),  # type: ignore[call-arg]
    ],
)
def test_what_is_moved_maps_back(make: object, size: tuple[int, int]) -> None:
    pixels = np.full(size, 255, np.uint8)
    pixels[60:67, 90:97] = 0
    assert callable(make)
    given_back = make(pixels)
    ((x, y),) = given_back.transform.points([marked(given_back.pixels)])
    assert (x, y) == pytest.approx((93.5, 63.5), abs=0.05)
    across, down = given_back.pixels.shape[1], given_back.pixels.shape[0]
    corners = np.array(given_back.transform.inverse().points([(0, 0), (size[1], size[0])]))
    assert corners.min() > -0.01, "nothing of the image is lost"
    assert (corners <= np.array([across, down]) + 1).all()


def test_a_rescaled_page_has_glyphs_of_the_wanted_height_and_maps_back() -> None:
    for wanted in (18, 60):
        done = applied(f"rescale(height={wanted})", PAGE.pixels)
        found = Ink.of(done.pixels).height
        assert found == pytest.approx(wanted, rel=0.1)
        height, width = done.pixels.shape
        assert done.transform.points([(width, height)])[0] == pytest.approx(PAGE.size)
        prepared, _ = parse_steps(f"rescale(height={wanted})").apply(PageImage(pixels=PAGE.pixels, dpi=100.0))
        assert prepared.dpi == pytest.approx(100 * width / PAGE.size[0], rel=0.01)


@given(pages, st.integers(0, 3))
def test_pages_come_back_in_the_pixels_of_the_original(page: Page, quarters: int) -> None:
    there = quarter_turned(np.zeros((50, 80), np.uint8), quarters).transform
    scaled = there.before(Transform.scale(2, 2))
    moved = scaled.inverse().page(page, (80, 50), None)
    back = scaled.page(moved, page.size or (1, 1), page.dpi)
    for one, other in zip(page.iter_lines(), back.iter_lines(), strict=True):
        assert one.text == other.text
        if one.polygon is not None:
            assert other.polygon is not None
            flat = np.array(one.polygon.points)
            assert np.allclose(flat, other.polygon.points, atol=1e-6 * (1 + np.abs(flat).max()))


@pytest.mark.parametrize("degrees", [-11.0, -2.0, 0.6, 7.5])
def test_deskew(degrees: float) -> None:
    slanted = turned(PAGE.pixels, np.deg2rad(degrees)).pixels
    done = applied("deskew", slanted)
    assert done.steps == ("deskew",)
    assert np.rad2deg(Ink.of(done.pixels).skew(15)) == pytest.approx(0, abs=0.1)


def test_text_at_45_degrees_is_levelled_where_that_is_asked_for() -> None:
    slanted = turned(PAGE.pixels, np.deg2rad(-44)).pixels
    assert np.rad2deg(Ink.of(applied("deskew(most=45)", slanted).pixels).skew(15)) == pytest.approx(
        0, abs=0.3
    )
    level = applied("deskew", slanted)
    assert abs(np.rad2deg(Ink.of(level.pixels).skew(45))) > 20, "what is beyond the limit is not guessed at"


@pytest.mark.parametrize("quarters", range(4))
def test_orient(quarters: int) -> None:
    lying = quarter_turned(PAGE.pixels, quarters).pixels
    done = applied("orient", lying)
    assert np.array_equal(done.pixels, PAGE.pixels)
    assert done.steps == (("orient",) if quarters else ())


def test_nothing_is_turned_on_a_guess() -> None:
    capitals = drawn_page(PRINT.upper(), size=24).pixels
    assert applied("orient", quarter_turned(capitals, 2).pixels).steps == ()
    few = drawn_page("two words").pixels
    assert applied("orient", quarter_turned(few, 1).pixels).steps == ()


def photograph(corners: list[tuple[float, float]]) -> np.ndarray:
    """The page on a dark table, with its corners at these places."""
    import cv2

    width, height = PAGE.size
    flat = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    matrix = cv2.getPerspectiveTransform(flat, np.array(corners, np.float32))
    size = (1200, 900)
    return np.asarray(cv2.warpPerspective(PAGE.pixels, matrix, size, borderValue=60), np.uint8)


def test_a_photographed_sheet_is_seen_from_above() -> None:
    corners = [(160.0, 90.0), (1050.0, 140.0), (1110.0, 800.0), (90.0, 740.0)]
    photo = photograph(corners)
    found = sheet_of(photo, 0.25, 25)
    assert found is not None
    assert np.allclose(found, corners, atol=6)
    done = applied("dewarp", photo)
    width, height = done.pixels.shape[1], done.pixels.shape[0]
    assert np.allclose(done.transform.points([(0, 0), (width, height)]), [found[0], found[2]], atol=1e-3)
    assert np.mean(done.pixels > 200) > 0.8


def test_a_sheet_in_uneven_light_is_seen_whole() -> None:
    corners = [(160.0, 90.0), (1050.0, 140.0), (1110.0, 800.0), (90.0, 740.0)]
    light = np.linspace(1.0, 0.3, 1200) * np.where(np.arange(1200) > 500, 0.7, 1.0)
    photo = (photograph(corners) * light).astype(np.uint8)
    found = sheet_of(photo, 0.25, 25)
    assert found is not None
    assert np.allclose(found, corners, atol=12)


def test_a_sheet_that_goes_on_is_left_whole() -> None:
    corners = [(-30.0, -20.0), (1050.0, -10.0), (1110.0, 930.0), (-20.0, 940.0)]
    assert sheet_of(photograph(corners), 0.25, 25) is None


@pytest.mark.parametrize("pixels", [PAGE.pixels, np.full((300, 400), 255, np.uint8)])
def test_scans_are_no_photographs(pixels: np.ndarray) -> None:
    assert applied("dewarp", pixels).pixels is pixels


def test_black_edges_go_and_letters_stay() -> None:
    scan = PAGE.pixels.copy()
    scan[:, :14] = 20
    scan[:11] = 20
    done = applied("border", scan).pixels
    assert (done[:11] == 255).all()
    assert (done[:, :14] == 255).all()
    assert np.array_equal(done[30:-30, 30:-30], PAGE.pixels[30:-30, 30:-30])
    assert applied("border", PAGE.pixels).pixels is PAGE.pixels
    assert np.array_equal(applied("border", 255 - PAGE.pixels).pixels, 255 - PAGE.pixels)


def test_tones() -> None:
    dark = 255 - PAGE.pixels
    assert np.array_equal(applied("invert", dark).pixels, PAGE.pixels)
    assert applied("invert", PAGE.pixels).pixels is PAGE.pixels
    assert np.array_equal(applied("invert(when=always)", PAGE.pixels).pixels, dark)
    colour = np.stack([PAGE.pixels] * 3, axis=2)
    assert np.array_equal(applied("grey", colour).pixels, PAGE.pixels)
    shade = np.linspace(0.4, 1, PAGE.size[0])[np.newaxis, :]
    shaded = (PAGE.pixels * shade).astype(np.uint8)
    paper = applied("flatten", shaded).pixels[PAGE.pixels == 255]
    assert np.percentile(paper, 2) > 240
    faint = (200 + PAGE.pixels * 0.1).astype(np.uint8)
    assert np.ptp(applied("contrast(clip=20)", faint).pixels) > 2 * np.ptp(faint)


@pytest.mark.parametrize("step", ["otsu", "sauvola", "wolf", "learned"])
def test_binarised_pages_are_black_and_white_and_keep_their_ink(step: str) -> None:
    shade = np.linspace(0.55, 1, PAGE.size[0])[np.newaxis, :]
    for pixels in (PAGE.pixels, *([(PAGE.pixels * shade).astype(np.uint8)] if step != "otsu" else [])):
        done = applied(step, pixels).pixels
        assert set(np.unique(done)) == {0, 255}
        ink, wanted = done == 0, PAGE.pixels < 128
        assert 2 * np.sum(ink & wanted) / (ink.sum() + wanted.sum()) > 0.85


def test_noise_goes() -> None:
    rng = np.random.default_rng(1)
    peppered = PAGE.pixels.copy()
    peppered[rng.random(peppered.shape) < 0.004] = 0
    before = len(Ink.of(peppered).marks)
    for step in ("median", "despeckle(speck=0.2)"):
        assert len(Ink.of(applied(step, peppered).pixels).marks) < before / 2
    grain = np.clip(PAGE.pixels[:120, :200] + rng.normal(0, 12, (120, 200)), 0, 255).astype(np.uint8)
    clean = applied("nlmeans(strength=25)", grain).pixels
    white = PAGE.pixels[:120, :200] == 255
    assert clean[white].std() < grain[white].std() / 2


def test_stairs_are_rounded_off_in_black_and_white_alone() -> None:
    bilevel = np.where(PAGE.pixels < 128, 0, 255).astype(np.uint8)
    bilevel[0, :3] = 128
    smooth = applied("smooth", bilevel).pixels
    assert len(np.unique(smooth)) > 20
    assert np.array_equal(smooth < 128, bilevel < 128)
    grey = (PAGE.pixels * 0.8 + 20).astype(np.uint8)
    assert applied("smooth", grey).pixels is grey
    assert applied("smooth(when=always)", grey).pixels is not grey
    assert applied("auto", np.pad(bilevel, 400, constant_values=255)).steps[0].startswith("smooth")


def banner() -> np.ndarray:
    """A picture with dark print on its left half and light print on its right one."""
    rng = np.random.default_rng(4)
    y, x = np.mgrid[0:120, 0:520]
    picture = np.stack([40 + 180 * x / 520, 90 + 60 * np.sin(y / 9), 200 - 150 * x / 520], axis=2)
    picture[:, 250:270] = rng.integers(0, 255, (120, 20, 3))
    for text, left, colour in (("Daylight", 20, (5, 5, 10)), ("Midnight", 290, (250, 250, 240))):
        ink = drawn_page(text, "line", 36).pixels < 128
        height, width = ink.shape
        picture[40 : 40 + height, left : left + width][ink] = colour
    return picture.clip(0, 255).astype(np.uint8)


def test_text_on_pictures_is_isolated_in_both_polarities() -> None:
    done = applied("letters(factor=2)", banner())
    assert set(np.unique(done.pixels)) == {0, 255}
    for left, right in ((20, 250), (290, 520)):
        assert 0.02 < np.mean(done.pixels[:, 2 * left : 2 * right] == 0) < 0.3
    assert done.transform.points([(1040, 240)])[0] == pytest.approx((520, 120))


def test_auto_does_what_a_page_wants() -> None:
    clean = drawn_page(PRINT, size=34).pixels
    assert applied("auto", clean).pixels is clean
    small = drawn_page(PRINT.splitlines()[0], size=11).pixels
    assert [step.split("(")[0] for step in applied("auto", small).steps] == ["rescale", "pad"]
    print_of_100_dpi = drawn_page("\n".join([PRINT] * 5), size=15).pixels
    assert [step.split("(")[0] for step in applied("auto", print_of_100_dpi).steps] == ["rescale"]
    corners = [(160.0, 90.0), (1050.0, 140.0), (1110.0, 800.0), (90.0, 740.0)]
    dim = (photograph(corners) * np.linspace(1.0, 0.3, 1200)).astype(np.uint8)
    assert [step.split("(")[0] for step in applied("auto", dim).steps][:2] == ["dewarp", "enhance"]
    lying = turned(quarter_turned(drawn_page("\n".join([PRINT] * 4), size=26).pixels, 1).pixels, 0.04).pixels
    assert [step.split("(")[0] for step in applied("auto", lying).steps] == ["orient", "deskew"]
    assert [step.split("(")[0] for step in applied("auto", banner()).steps] == ["letters", "pad"]


ODD = [
    *(np.full((40, 60), value, np.uint8) for value in (0, 128, 255)),
    np.full((1, 1), 7, np.uint8),
    np.full((2, 500), 255, np.uint8),
    np.full((500, 3), 0, np.uint8),
    np.zeros((9, 7, 3), np.uint8),
    np.random.default_rng(2).integers(0, 256, (60, 50, 3), np.uint8),
    np.random.default_rng(3).integers(0, 256, (80, 90), np.uint8),
]


@pytest.mark.parametrize("name", [*STEPS, "pad+rescale+sauvola+deskew"])
def test_odd_images_are_no_trouble(name: str) -> None:
    """Pages of one colour, of one pixel, slim ones and noise."""
    for pixels in ODD:
        done = applied(name, pixels)
        assert done.pixels.dtype == np.uint8
        assert done.pixels.ndim in (2, 3)
        assert min(done.pixels.shape) > 0
        assert np.isfinite(done.transform.matrix).all()


def test_steps_for_pages_leave_crops_alone() -> None:
    line = quarter_turned(drawn_page(PRINT, size=24).pixels, 2).pixels
    assert applied("orient+deskew+dewarp+border", line, "line").pixels is line


def test_steps_are_written_with_all_their_options() -> None:
    pipeline = parse_steps(" deskew + sauvola( k = .3 ; window=31 )")
    assert pipeline.names == ("deskew(most=15.0;least=0.1)", "sauvola(window=31;k=0.3)")
    assert parse_steps("+".join(pipeline.names)).names == pipeline.names
    assert parse_steps("none").names == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("deskw", "no preprocessing step 'deskw': did you mean deskew"),
        ("", "is not a preprocessing step"),
        ("otsu+", "is not a preprocessing step"),
        ("sauvola(31)", "is not option=value"),
        ("sauvola(window=x)", "give a whole number"),
        ("sauvola(size=3)", "has no option 'size'"),
        ("deskew(most=90)", "out of range"),
        ("sauvola(window=3", "is not a preprocessing step"),
    ],
)
def test_wrong_steps_are_named(text: str, words: str) -> None:
    with pytest.raises(CallError, match=words.replace("(", r"\(")):
        parse_steps(text)


def test_a_polygon_begins_where_its_text_does() -> None:
    """On a page that stood on its head, the first corner is the text's top left: the page's bottom right."""
    transform = quarter_turned(np.zeros((100, 200), np.uint8), 2).transform
    page = Page(
        source="x", page=1, size=(200, 100), lines=(Line(text="a", polygon=Polygon.from_box(0, 0, 9, 5)),)
    )
    (line,) = transform.page(page, (200, 100), None).lines
    assert line.polygon == Polygon(((200, 100), (191, 100), (191, 95), (200, 95)))
