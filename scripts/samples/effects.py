"""What paper, printers, scanners and cameras do to a page, and to the boxes of its words."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from samples.drawing import FloatArray, Word

FloatImage = NDArray[np.float32]


def to_float(image: Image.Image) -> FloatImage:
    """Pixels as float32 in [0, 255], (height, width) or (height, width, 3)."""
    return np.asarray(image, dtype=np.float32)


def to_image(pixels: FloatImage) -> Image.Image:
    """Float pixels, rounded and cut to [0, 255], as an image."""
    return Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))


def cloud(rng: np.random.Generator, size: tuple[int, int], cells: tuple[int, int]) -> FloatImage:
    """Smooth noise of about [-1, 1], (height, width): random values on a coarse grid, interpolated."""
    coarse = rng.normal(0, 0.5, (cells[1], cells[0])).astype(np.float32)
    return np.asarray(Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC), dtype=np.float32)


def grain(rng: np.random.Generator, size: tuple[int, int], softness: float) -> FloatImage:
    """Fine noise of unit deviation, (height, width); `softness` in [0, 1] is the share of its neighbours."""
    noise = rng.normal(0, 1, (size[1], size[0])).astype(np.float32)
    for axis in (0, 1):
        noise += softness * 0.5 * (np.roll(noise, 1, axis) + np.roll(noise, -1, axis))
    return np.asarray(noise / noise.std(), dtype=np.float32)


def blur(image: Image.Image, radius: float) -> Image.Image:
    """Gaussian blur by a radius in pixels."""
    return image.filter(ImageFilter.GaussianBlur(radius))


def grey_levels(image: Image.Image, levels: int) -> Image.Image:
    """A greyscale image with a few evenly spaced greys: a scan that compresses well as PNG."""
    step = 255 / (levels - 1)
    return to_image(np.rint(to_float(image) / step) * step)


def bilevel(image: Image.Image, threshold: int) -> Image.Image:
    """A 1-bit image, black below the threshold."""
    return image.point(lambda value: 255 if value >= threshold else 0).convert("1")


def homography(source: Sequence[Sequence[float]], target: Sequence[Sequence[float]]) -> FloatArray:
    """The 3 x 3 projective matrix that takes four source points to four target points."""
    rows, values = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return np.append(np.linalg.solve(np.array(rows), np.array(values)), 1.0).reshape(3, 3)


def rotation(degrees: float, size: tuple[int, int]) -> FloatArray:
    """The matrix that turns an image of that size clockwise about its centre."""
    angle = np.deg2rad(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    x, y = size[0] / 2, size[1] / 2
    return np.array([[cos, -sin, x - cos * x + sin * y], [sin, cos, y - sin * x - cos * y], [0, 0, 1]])


def warp(
    image: Image.Image,
    matrix: FloatArray,
    size: tuple[int, int],
    fill: int | tuple[int, int, int],
) -> Image.Image:
    """The image under a projective matrix, on a canvas of that size."""
    inverse = np.linalg.inv(matrix)
    coefficients = (inverse / inverse[2, 2]).ravel()[:8].tolist()
    return image.transform(
        size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC, fillcolor=fill
    )


def warp_lines(lines: list[list[Word]], matrix: FloatArray) -> list[list[Word]]:
    """The words under a projective matrix."""

    def moved(quad: FloatArray) -> FloatArray:
        points = np.column_stack([quad, np.ones(4)]) @ matrix.T
        return points[:, :2] / points[:, 2:]

    return [[Word(word.text, moved(word.quad)) for word in line] for line in lines]


def draw_dust(page: FloatImage, rng: np.random.Generator, count: int, value: float) -> None:
    """Put specks of one to three pixels on a page, in place."""
    height, width = page.shape[:2]
    left, top = rng.integers(0, width - 3, count), rng.integers(0, height - 3, count)
    for x, y, size in zip(left, top, rng.integers(1, 4, count), strict=True):
        page[y : y + size, x : x + size] = value
