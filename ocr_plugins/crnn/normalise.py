"""A line's picture as the network sees it: even paper, and letters of one size on one level.

Training and reading call the same function. Contrast is stretched between the paper's level, taken
along the line, and the ink's. Size and level follow the ink's spread over the rows and its centre of
mass, in the spirit of OCRopus's centre normaliser (Breuel et al., "High-Performance OCR for Printed
English and Fraktur using LSTM Networks", ICDAR 2013), so that white above a line, or the lack of
letters with ascenders, moves the letters little. Long slanted lines are sheared level.

Imports nothing but the standard library and NumPy, and OpenCV inside functions: workers load it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

#: The widest line that a network is given, in pixels of the normalised picture.
MOST_WIDTH = 5000
#: The narrowest normalised picture, in pixels.
LEAST_WIDTH = 16

# The paper's level is taken in stretches of so many line heights, on every second row and column, at
# this quantile: letters cover at most a third of a stretch.
_STRETCH, _PAPER = 2.0, 0.8
# No stretch's paper is darker than this share of the lightest: it is a rule or a stamp.
_DARKEST_PAPER = 0.5
# Where the levels differ by less than this share, the paper is even.
_EVEN = 0.06
# The levels of ink and paper are these quantiles of what is darker, and of what is lighter.
_CORE = 0.3
# Ink and paper differ by this share of the paper's level at least, and by so many levels, or there is nothing
# to stretch.
_LEAST_CONTRAST, _BLACK = 0.15, 16.0
# Half of the picture's height is so many standard deviations of the ink's rows: for mixed print some
# 1.2 x-heights, which ascenders and descenders just fit in.
_SPREAD = 3.2
# It grows by at most so much for ink that lies further out: that may be of other lines.
# Rows with less than this share of the fullest row's ink show dirt.
_STRETCHED, _TRACE = 1.3, 0.02
# It is this part of the given picture's height at least, and at most: a lone dash stays a dash. The second
# bound from below is for lines of so many heights, which tell their letters' size themselves.
_LEAST_HALF, _TELLING, _MOST_HALF = (0.33, 0.18), 4.0, 1.0
# A picture is enlarged so many times at most.
_MOST_SCALE = 6.0
# Lines this many times as long as high tell their slant, which is at most this (dy / dx).
_LONG, _STEEPEST = 10.0, 0.08
# A slant that moves the line's end by less than this part of the height is left.
_LEAST_SLANT = 0.06
# Below this scale each pixel is the mean of those that it covers; above, that costs more than it gains.
_AVERAGED = 0.75
# White on either side, as a part of the height.
_MARGIN = 0.2


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a normalised picture lies on the given one: x there = ``left`` + x here / ``scale``."""

    left: float
    scale: float

    def back(self, x: float) -> float:
        """A horizontal place of the normalised picture, in pixels of the given one."""
        return self.left + x / self.scale


def normalise(pixels: Bytes, height: int) -> Bytes:
    """A line as dark ink (0) on white (255) paper, ``height`` pixels high.

    Args:
        pixels: uint8 (h, w), grey, one line with little of others, of any size.
        height: pixels.

    Returns:
        uint8 (``height``, w'), with w' at least 16; it may be wider than a network takes.
    """
    return normalised(pixels, height)[0]


def normalised(pixels: Bytes, height: int) -> tuple[Bytes, Placement]:
    """`normalise` and where its result lies on ``pixels``."""
    import cv2

    ink = ink_of(pixels)
    depth, width = ink.shape
    if width >= _LONG * depth:
        ink = _levelled(ink)
    rows = cv2.reduce(ink, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32F).ravel().astype(np.float64)
    total = float(rows.sum())
    if not total:
        return np.full((height, LEAST_WIDTH), 255, np.uint8), Placement(0.0, height / depth)
    left, right = _sides(ink)
    centre, half = _band(rows, total, depth, (right - left) / depth)
    scale = min(height / (2 * half), _MOST_SCALE)
    small = _scaled(ink[:, left:right], scale)
    out = np.zeros((height, max(small.shape[1] + 2 * _margin(height), LEAST_WIDTH)), np.uint8)
    top = round(height / 2 - centre * scale)
    low, high = max(top, 0), min(top + small.shape[0], height)
    if low < high:
        start = _margin(height)
        out[low:high, start : start + small.shape[1]] = small[low - top : high - top]
    # Rounding to whole pixels changes the scale across by less than a pixel a line.
    across = small.shape[1] / (right - left)
    return np.asarray(255 - out, np.uint8), Placement(left - _margin(height) / across, across)


def ink_of(pixels: Bytes) -> Bytes:
    """How much ink is in each pixel, 0 to 255: uint8 (h, w), of dark print on light paper or the reverse.

    All 0 where paper and ink do not differ.
    """
    import cv2

    # Levels are told from every second row and column: a quarter of the time.
    sample = np.ascontiguousarray(pixels[::2, ::2])
    _, light = cv2.threshold(sample, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    if _is_reversed(light):
        pixels, sample = 255 - pixels, 255 - sample
    paper = _paper(sample)
    if float(np.ptp(paper)) >= _EVEN * float(paper.mean()):
        pixels, sample = _flattened(pixels, paper), _flattened(sample, paper)
    threshold, _ = cv2.threshold(sample, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    counts = cv2.calcHist([sample], [0], None, [256], [0, 256]).ravel()
    dark, bright = np.split(np.cumsum(counts), [int(threshold) + 1])
    if not len(dark) or not len(bright) or not dark[-1] or bright[-1] == dark[-1]:
        return np.zeros(pixels.shape, np.uint8)
    # Among the ink are its lighter edges, among the paper its darker stains.
    ink = int(np.searchsorted(dark, _CORE * dark[-1]))
    white = len(dark) + int(np.searchsorted(bright, dark[-1] + _CORE * (bright[-1] - dark[-1])))
    if white - ink < max(_LEAST_CONTRAST * white, _BLACK):
        return np.zeros(pixels.shape, np.uint8)
    table = np.clip((white - np.arange(256)) * (255.0 / (white - ink)), 0, 255)
    return np.asarray(cv2.LUT(pixels, np.rint(table).astype(np.uint8)), np.uint8)


def _is_reversed(light: Bytes) -> bool:
    """Whether the text is light on dark: most is dark, the edge of the picture too."""
    if np.count_nonzero(light) * 2 >= light.size:
        return False
    edge = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
    return bool(np.count_nonzero(edge) * 2 < edge.size)


def _paper(sample: Bytes) -> NDArray[np.float32]:
    """The paper's level in stretches of equal width along the line, above 0."""
    height, width = sample.shape
    count = min(max(1, round(width / (_STRETCH * height))), width)
    ends = np.linspace(0, width, count + 1).astype(int)
    paper = np.empty(count, np.float32)
    for place in range(count):
        stretch = sample[:, ends[place] : ends[place + 1]].ravel()
        rank = int(_PAPER * (len(stretch) - 1))
        paper[place] = np.partition(stretch, rank)[rank]
    return np.maximum(paper, max(_BLACK, _DARKEST_PAPER * float(paper.max())))


def _flattened(pixels: Bytes, paper: NDArray[np.float32]) -> Bytes:
    """The picture with its paper at one level, 255, all along the line."""
    import cv2

    width = pixels.shape[1]
    middles = np.arange(-0.5, len(paper) + 1) * (width / len(paper))
    # Beyond the middles of the outer stretches it goes on as it did.
    ends = (1.5 * paper[0] - 0.5 * paper[1], 1.5 * paper[-1] - 0.5 * paper[-2])
    middles[0], middles[-1] = 0.0, width
    levels = np.maximum(np.concatenate([ends[:1], paper, ends[1:]]), _BLACK)
    along = 255.0 / np.interp(np.arange(width) + 0.5, middles, levels)
    # In 1/128, as whole numbers: four times as fast as with floats.
    factors = np.rint(along * 128).astype(np.uint16)
    product = cv2.multiply(pixels.astype(np.uint16), np.tile(factors, (len(pixels), 1)), scale=1 / 128)
    return np.asarray(np.minimum(product, 255), np.uint8)


def _levelled(ink: Bytes) -> Bytes:
    """The line sheared so that its ink's regression line is level."""
    import cv2

    # Half as high and half as long, the line has the same slope.
    moments = cv2.moments(np.ascontiguousarray(ink[::2, ::2]))
    if moments["mu20"] <= 0:
        return ink
    slope = float(np.clip(moments["mu11"] / moments["mu20"], -_STEEPEST, _STEEPEST))
    height, width = ink.shape
    if abs(slope) * width < _LEAST_SLANT * height:
        return ink
    # Half of the slant may move ink out at each side, which gets room.
    room = int(np.ceil(abs(slope) * width / 2))
    middle = 2 * moments["m10"] / moments["m00"]
    move = np.array([[1.0, 0.0, 0.0], [-slope, 1.0, slope * middle + room]])
    return np.asarray(cv2.warpAffine(ink, move, (width, height + 2 * room), flags=cv2.INTER_LINEAR), np.uint8)


def _band(rows: NDArray[np.float64], total: float, depth: int, length: float) -> tuple[float, float]:
    """The middle of the rows that are shown, and half of their number; ``length`` is in ``depth``s."""
    places = np.arange(len(rows)) + 0.5
    centre = float(rows @ places) / total
    spread = math.sqrt(max(float(rows @ (places - centre) ** 2) / total, 0.0))
    short, long = _LEAST_HALF
    least = short + (long - short) * min(max((length - 1) / (_TELLING - 1), 0.0), 1.0)
    half = max(_SPREAD * spread, least * depth)
    inked = np.flatnonzero(rows > _TRACE * rows.max())
    reach = max(centre - float(inked[0]), float(inked[-1]) + 1 - centre) + 1
    half = max(half, min(reach, _STRETCHED * half))
    return centre, max(min(half, _MOST_HALF * depth), 1.0)


def _sides(ink: Bytes) -> tuple[int, int]:
    """The columns from the first to the last with ink: white beside the line says nothing."""
    import cv2

    columns = cv2.reduce(ink[::2], 0, cv2.REDUCE_MAX).ravel()
    inked = np.flatnonzero(columns > 64)
    if not len(inked):
        return 0, ink.shape[1]
    # A faint foot or a hairline may go on beyond the ink that is dark enough to count.
    faint = 1 + len(ink) // 20
    return max(int(inked[0]) - faint, 0), min(int(inked[-1]) + 1 + faint, ink.shape[1])


def _scaled(ink: Bytes, scale: float) -> Bytes:
    import cv2

    size = [max(1, round(side * scale)) for side in ink.shape[::-1]]
    how = cv2.INTER_AREA if scale < _AVERAGED else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(ink, size, interpolation=how), np.uint8)


def _margin(height: int) -> int:
    return round(_MARGIN * height)
