"""Lines of text as a line finder cuts them out of scanned pages, with what they say; endless and seeded.

Sample number i depends on the seed, the options, the fonts found and i alone, whatever the number of
processes.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr_plugins.errors import CallError
from ocr_plugins.synth import camera, drawing, scenes
from ocr_plugins.synth.degrading import degrade
from ocr_plugins.synth.drawing import Ink, Style
from ocr_plugins.synth.fonts import Face, FontSet, find_fonts
from ocr_plugins.synth.profiles import DOCUMENTS, PROFILES, Profile
from ocr_plugins.synth.texts import CHARACTERS, Texts, typed
from ocr_plugins.synth.words import Rng, Weighted

LOWEST, HIGHEST = 16, 120
_LONG_LINE = 2200  # pixels
_REACH = 0.5  # ems around the text: what a crop's margins and a line's skew may need


@dataclass(frozen=True, slots=True)
class LineSample:
    """A line's picture, uint8 (h, w) with h from 16 to 120, dark on light, and its text in NFC."""

    pixels: NDArray[np.uint8]
    text: str


@dataclass(frozen=True, slots=True)
class LineOptions:
    """What lines are made of.

    Args:
        characters: the texts' characters; each of them occurs, those of no font here excepted.
        fonts: folders with fonts; the system's where there is none.
        profiles: kinds of documents, see `profiles.PROFILES`; all of paper where there is none.
        clean: the share of lines that nothing happened to, 0 to 1.
        strength: how much happens to the others; 1 is usual, 0 nothing, at most 2.
        blackletter: whether broken scripts are among the fonts.

    Raises:
        CallError: a value out of its range, or an unknown profile.
    """

    characters: str = CHARACTERS
    fonts: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    clean: float = 0.17
    strength: float = 1.0
    blackletter: bool = False

    def __post_init__(self) -> None:
        if not self.characters.strip():
            raise CallError("there are no characters to make lines of", "name some")
        for name, value, most in (("clean", self.clean, 1), ("strength", self.strength, 2)):
            if not 0 <= value <= most:
                raise CallError(f"{name} is {value}", f"pass a number from 0 to {most}")
        for profile in self.profiles:
            if profile not in PROFILES:
                raise CallError(f"{profile!r} is no kind of document", f"choose among {', '.join(PROFILES)}")


def lines(
    seed: int, options: LineOptions | None = None, workers: int = 0, start: int = 0
) -> Iterator[LineSample]:
    """Lines without end.

    Args:
        seed: from 0 up.
        workers: processes to draw in; 0 draws in this one.
        start: the number of the first sample; those before are not drawn.

    Raises:
        CallError: a negative number, or a folder of fonts that does not exist.
        EngineUnavailableError: no usable font; names the packages to install.
        OcrError: a process ended before its time.
    """
    for name, value in (("seed", seed), ("workers", workers), ("start", start)):
        if value < 0:
            raise CallError(f"{name} is {value}", "pass a whole number from 0 up")
    maker = line_maker(options or LineOptions())
    if workers:
        from ocr_plugins.synth.processes import in_processes

        return in_processes(maker, seed, start, workers)
    return maker.stream(seed, start)


def line_maker(options: LineOptions) -> LineMaker:
    """What draws lines by these options, with the fonts of this machine."""
    return LineMaker(options, known_fonts(options.fonts, options.characters, options.blackletter))


@functools.lru_cache(maxsize=4)
def known_fonts(folders: tuple[str, ...], characters: str, blackletter: bool) -> FontSet:
    """`find_fonts`, looked for once."""
    return find_fonts(folders, characters, blackletter=blackletter)


class LineMaker:
    """Draws sample after sample. Can be pickled, and then needs not look for fonts again."""

    def __init__(self, options: LineOptions, fonts: FontSet) -> None:
        self._options = options
        self._fonts = fonts
        chosen = options.profiles or DOCUMENTS
        self._profiles = Weighted({name: PROFILES[name].share for name in chosen})
        self._texts = {name: Texts(options.characters, PROFILES[name].texts) for name in chosen}

    def stream(self, seed: int, start: int = 0, step: int = 1) -> Iterator[LineSample]:
        """Samples number start, start + step and so on."""
        number = start
        while True:
            yield self.sample(seed, number)
            number += step

    def sample(self, seed: int, number: int) -> LineSample:
        rng = np.random.default_rng([seed, number])
        while True:
            name = self._profiles.draw(rng)
            text = self._texts[name].draw(rng)
            if rng.random() < PROFILES[name].plain:
                text = self._texts[name].fit(typed(text))
            face = self._fonts.choose(rng, PROFILES[name].kinds, set(text) - {" "})
            if face is None:
                # Few fonts, and none with all of it: what one of them has is drawn.
                face = self._fonts.faces[int(rng.random() * len(self._fonts.faces))]
                text = " ".join("".join(c for c in text if c == " " or c in face.characters).split())
            if text and (found := self._drawn(rng, PROFILES[name], face, text)) is not None:
                return LineSample(found, text)

    def _drawn(self, rng: Rng, profile: Profile, face: Face, text: str) -> NDArray[np.uint8] | None:
        clean = rng.random() < self._options.clean
        mode = "clean" if clean else _drawn_mode(rng, profile)
        strength = min(1.0, self._options.strength * float(rng.beta(1.3, 2.4)))
        crisp = clean and rng.random() < 0.4
        em = _em(rng, profile, len(text), crisp)
        size = drawing.render_em(face, em, crisp)
        if profile.scene:
            face = scenes.choose_weight(rng, self._fonts, face, text)
            style = scenes.draw_style(rng)
        else:
            style = _style(rng, profile, face, text)
        ink = drawing.draw_line(rng, self._fonts, face, size, text, style)
        ink = _surrounded(rng, profile, ink)
        if profile.scene:
            ink = scenes.shaped(rng, drawing.trimmed(ink, _REACH), em, clean)
        elif not crisp:
            ink = drawing.trimmed(ink, _REACH)
            stretch = 1.0 if rng.random() < 0.6 else float(np.clip(rng.normal(1, 0.06), 0.85, 1.18))
            ink = drawing.reduced(ink, em, stretch)
            ink = _bent(rng, ink)
        cover = scenes.cropped(rng, ink) if profile.scene else _cropped(rng, ink)
        if cover is None:
            return None
        pixels = degrade(rng, cover, ink.em, mode, strength)
        if not clean and rng.random() < 0.25:
            # Pages are scaled before lines are cut out of them.
            pixels = camera.resampled(rng, pixels, max(10, round(pixels.shape[0] * rng.uniform(0.7, 1.4))))
        height = min(HIGHEST, max(LOWEST, pixels.shape[0]))
        return pixels if height == pixels.shape[0] else camera.resampled(rng, pixels, height)


@functools.lru_cache(maxsize=64)
def _modes(profile: int) -> Weighted:
    return next(Weighted(dict(one.modes)) for one in PROFILES.values() if id(one) == profile)


def _drawn_mode(rng: Rng, profile: Profile) -> str:
    return _modes(id(profile)).draw(rng)


def _em(rng: Rng, profile: Profile, length: int, crisp: bool) -> float:
    low, high = profile.ems
    if crisp:
        return round(rng.uniform(13, 30))
    # Headings are short.
    high = high * 1.25 if length < 25 else min(high, _LONG_LINE / (0.5 * length))
    return math.exp(rng.uniform(math.log(low), math.log(max(high, low + 1))))


def _style(rng: Rng, profile: Profile, face: Face, text: str) -> Style:
    fixed = drawing.is_fixed(face)
    uneven = rng.random() < profile.typed and fixed
    justified = rng.random() < profile.justified and not fixed
    numbers = sum(c.isdigit() for c in text) > 0.3 * len(text)
    capitals = text.isupper() and rng.random() < 0.35
    chance = rng.random()
    return Style(
        spacing=rng.uniform(0.02, 0.22) if capitals else (rng.normal(0, 0.012) if chance < 0.12 else 0.0),
        space=rng.uniform(0.2, 0.62)
        if justified
        else (rng.uniform(0.22, 0.34) if chance > 0.9 and not fixed else 0.0),
        uneven=rng.uniform(0, 0.08) if justified else 0.0,
        jitter=abs(rng.normal(0, 0.014)) if uneven else 0.0,
        strikes=rng.uniform(0, 0.5) if uneven and rng.random() < 0.5 else 0.0,
        wide=rng.uniform(0.15, 0.8) if numbers and rng.random() < 0.4 else 0.0,
        mixed=0.2 < chance < 0.27,
        thin_spaces=profile.old and 0.3 < chance < 0.7,
        small_capitals=chance > 0.994,
    )


def _surrounded(rng: Rng, profile: Profile, ink: Ink) -> Ink:
    if rng.random() < profile.neighbours:
        other = Ink(
            np.roll(ink.text, int(rng.uniform(0.1, 0.9) * ink.text.shape[1]), axis=1),
            None,
            ink.baseline,
            ink.em,
        )
        above = other if rng.random() < 0.7 else None
        below = other if rng.random() < 0.7 else None
        ink = drawing.add_neighbours(ink, above, below, rng.uniform(0.98, 1.35))
    if rng.random() < profile.rules:
        kinds = ("underline", "underline", "leader", "leader", "box", "left", "right")
        ink = drawing.add_rules(rng, ink, kinds[int(rng.random() * len(kinds))])
    chance = rng.random()
    if chance < 0.012:
        ink = drawing.add_stroke(rng, ink)
    elif chance < 0.014:
        ink = drawing.add_rules(rng, ink, "strike")
    return ink


def _bent(rng: Rng, ink: Ink) -> Ink:
    if rng.random() < 0.4:
        return ink
    width = ink.text.shape[1]
    # What is left of a page's skew after it was set right; lines that drift far are cut in pieces by finders.
    most = min(0.035, 0.3 * ink.em / width)
    slope = float(np.clip(rng.normal(0, 0.006), -most, most))
    bow = rng.normal(0, 0.04) * ink.em if rng.random() < 0.2 else 0.0
    return drawing.bent(rng, ink, slope, float(bow))


def _cropped(rng: Rng, ink: Ink) -> drawing.Coverage | None:
    """Cut out around the line's own ink, or around the font's line at times, with a margin."""

    x0, y0, width, height = drawing.ink_box(ink)
    if not width:
        return None
    x1, y1 = x0 + width, y0 + height
    if rng.random() < 0.35:
        y0, y1 = min(y0, round(ink.baseline - 0.74 * ink.em)), max(y1, round(ink.baseline + 0.22 * ink.em))
    share = max(y1 - y0, 0.5 * ink.em)
    margins = np.floor(share * rng.uniform(0, 0.25, 2) * (rng.random(2) < 0.85)).astype(int).tolist()
    sides = np.floor(share * rng.uniform(0, 0.45, 2) * (rng.random(2) < 0.85)).astype(int).tolist()
    if rng.random() < 0.05:
        margins[int(rng.random() * 2)] = -int(share * rng.uniform(0, 0.07))
    whole = drawing.together(ink)
    top, bottom = max(0, y0 - margins[0]), min(whole.shape[0], y1 + margins[1])
    left, right = max(0, x0 - sides[0]), min(whole.shape[1], x1 + sides[1])
    if bottom - top < 2:
        return None
    return np.ascontiguousarray(whole[top:bottom, left:right])
