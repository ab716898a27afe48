"""Words to train keras-ocr's recogniser with: prepared as it prepares them, packed, and varied in batches.

Runs in keras-ocr's own environment, which has NumPy and OpenCV but nothing of ours.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
import unicodedata
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
_CHUNK = 512  # pictures that are read at once


@dataclass(frozen=True)
class Words:
    """Prepared words, one after another.

    ``pixels`` uint8 holds each word's (height, width) of ``shapes`` from ``starts`` on, without the black
    that the recogniser puts right of it or below. ``labels`` int8 (n, most) has -1 after a word's end.
    """

    pixels: Bytes
    starts: NDArray[np.int64]
    shapes: NDArray[np.int16]
    labels: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.starts)

    def picture(self, number: int) -> Bytes:
        height, width = self.shapes[number].tolist()
        start = int(self.starts[number])
        return self.pixels[start : start + height * width].reshape(height, width)


def normalised(text: str, alphabet: str) -> str:
    """A text in the alphabet: lower case, without accents, and without what it does not have."""
    plain = unicodedata.normalize("NFKD", text.lower())
    return "".join(character for character in plain if character in alphabet)


def lost(text: str, alphabet: str) -> bool:
    """Whether the alphabet has nothing for a letter or digit of the text, which its picture shows."""
    return any(character.isalnum() and not normalised(character, alphabet) for character in text)


def rows(manifest: Path) -> list[dict[str, Any]]:
    """The rows of a manifest, or of the one in a folder; ``image`` made a path. Raises SystemExit."""
    file = manifest / "manifest.jsonl" if manifest.is_dir() else manifest
    try:
        found = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        return [{"text": row["text"], "image": file.parent / row["image"]} for row in found]
    except OSError as error:
        raise SystemExit(
            f"{file} cannot be read ({error.strerror}): pass a folder of ocr-plugins synth"
        ) from None
    except (ValueError, KeyError, TypeError):
        raise SystemExit(f"{file} is no manifest: each line has to have image and text") from None


def fitted(image: Bytes, height: int, width: int) -> Bytes:
    """As `Recognizer.recognize` prepares RGB pixels: grey (height, width), black right of them or below."""
    import cv2
    import keras_ocr

    picture = keras_ocr.tools.fit(image, width=width, height=height, cval=0)
    return np.asarray(cv2.cvtColor(picture.astype(np.uint8), cv2.COLOR_RGB2GRAY), np.uint8)


def warped(image: Bytes, height: int, width: int) -> Bytes:
    """As `Recognizer.recognize_from_boxes` prepares them: made grey first, then cut out of the page."""
    import cv2
    import keras_ocr

    rows_, columns = image.shape[:2]
    box = np.array([[0, 0], [columns, 0], [columns, rows_], [0, rows_]], np.float32)
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    found = keras_ocr.tools.warpBox(grey, box, target_height=height, target_width=width, skip_rotate=True)
    return np.asarray(found, np.uint8)


def used(shape: tuple[int, int], height: int, width: int) -> tuple[int, int]:
    """Which part of a prepared picture is the word's: (height, width)."""
    scale = min(width / shape[1], height / shape[0])
    return min(height, int(scale * shape[0] + 1e-6)), min(width, int(scale * shape[1] + 1e-6))


def rgb(path: Path) -> Bytes | None:
    """An image in RGB, uint8 (h, w, 3); None where there is none that can be read."""
    import cv2

    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    return None if image is None else np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


def _prepared(job: tuple[int, Path], height: int, width: int) -> Bytes | None:
    number, path = job
    image = rgb(path)
    if image is None:
        return None
    part = used((image.shape[0], image.shape[1]), height, width)
    if min(part) < 2:
        return None
    # Words of pages come the one way, words that stand alone the other.
    prepare = warped if number % 2 else fitted
    return prepare(image, height, width)[: part[0], : part[1]]


def packed(folder: Path, alphabet: str, height: int, width: int, most: int) -> Words:
    """A folder's words, prepared on first use and kept in it: an epoch then reads one file.

    Args:
        most: characters that a word may have. Longer ones, ones without any, and ones with letters that the
            alphabet lacks are left out.
    """
    manifest = folder / "manifest.jsonl" if folder.is_dir() else folder
    known = rows(manifest)
    key = hashlib.sha256(repr((alphabet, height, width, most)).encode() + manifest.read_bytes()).hexdigest()
    cache = manifest.parent / "packed"
    pixels, index = cache / "pixels.u8", cache / "index.npz"
    if not _is_packed(index, key):
        cache.mkdir(exist_ok=True)
        index.unlink(missing_ok=True)
        _pack(known, pixels, index, key, (alphabet, height, width, most))
    with np.load(index) as found:
        words = Words(np.memmap(pixels, np.uint8, "r"), found["starts"], found["shapes"], found["labels"])
    print(f"{manifest}: {len(words)} words, {len(known) - len(words)} left out", flush=True)
    return words


def _is_packed(index: Path, key: str) -> bool:
    if not index.exists():
        return False
    with np.load(index) as found:
        return str(found["key"]) == key


def _learnt(text: str, alphabet: str) -> str:
    return "" if lost(text, alphabet) else normalised(text, alphabet)


def _pack(
    known: list[dict[str, Any]], pixels: Path, index: Path, key: str, form: tuple[str, int, int, int]
) -> None:
    alphabet, height, width, most = form
    place = {character: number for number, character in enumerate(alphabet)}
    starts, shapes, labels, start = [], [], [], 0
    jobs = [(number, row["image"]) for number, row in enumerate(known)]
    prepare = functools.partial(_prepared, height=height, width=width)
    with pixels.open("wb") as out, ThreadPoolExecutor(2) as pool:
        for chunk in range(0, len(jobs), _CHUNK):
            texts = [_learnt(row["text"], alphabet) for row in known[chunk : chunk + _CHUNK]]
            for text, picture in zip(texts, pool.map(prepare, jobs[chunk : chunk + _CHUNK]), strict=True):
                # CTC needs a blank between like characters.
                steps = len(text) + sum(one == other for one, other in itertools.pairwise(text))
                if picture is None or not 0 < steps <= most:
                    continue
                out.write(picture.tobytes())
                starts.append(start)
                shapes.append(picture.shape)
                labels.append([place[character] for character in text] + [-1] * (most - len(text)))
                start += picture.size
    if not starts:
        raise SystemExit(f"{index.parent.parent} has no word to learn from")
    np.savez(
        index,
        key=np.array(key),
        starts=np.array(starts, np.int64),
        shapes=np.array(shapes, np.int16),
        labels=np.array(labels, np.int8),
    )


@dataclass(frozen=True)
class Batch:
    """``images`` float32 (n, height, width, 1), 0 to 1; ``labels`` int32 (n, most); ``lengths`` (n, 1)."""

    images: NDArray[np.float32]
    labels: NDArray[np.int32]
    lengths: NDArray[np.int32]


class Batches:
    """Batch number s of a seed is always the same, so training goes on after a kill as if there was none.

    Args:
        folders: words to draw from; each is met once in an epoch.
    """

    def __init__(self, folders: Sequence[Words], height: int, width: int, size: int, seed: int) -> None:
        self._folders = folders
        self._shape = (height, width)
        self._size, self._seed = size, seed
        self._ends = np.cumsum([len(words) for words in folders])
        self.epoch = max(1, int(self._ends[-1]) // size)

    def from_step(self, step: int, threads: int, ahead: int = 8) -> Iterator[Batch]:
        """Batches without end, made in the background."""
        with ThreadPoolExecutor(threads) as pool:
            waiting = [pool.submit(self.make, step + number) for number in range(ahead)]
            while True:
                yield waiting.pop(0).result()
                step += 1
                waiting.append(pool.submit(self.make, step + ahead - 1))

    def make(self, step: int) -> Batch:
        order = _order(self._seed, step // self.epoch, int(self._ends[-1]))
        first = step % self.epoch * self._size
        numbers = np.resize(order[first : first + self._size], self._size)
        rng = np.random.default_rng([self._seed, 1, step])
        images = np.zeros((self._size, *self._shape, 1), np.float32)
        labels = []
        for place, number in enumerate(numbers.tolist()):
            folder = int(np.searchsorted(self._ends, number, side="right"))
            words = self._folders[folder]
            inside = number - (int(self._ends[folder - 1]) if folder else 0)
            picture = varied(rng, words.picture(inside), self._shape[1])
            images[place, : picture.shape[0], : picture.shape[1], 0] = picture
            labels.append(words.labels[inside])
        stacked = np.array(labels, np.int32)
        return Batch(images, stacked, np.asarray((stacked >= 0).sum(axis=1, keepdims=True), np.int32))


@functools.lru_cache(maxsize=2)
def _order(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    return np.random.default_rng([seed, 0, epoch]).permutation(count)


def varied(rng: np.random.Generator, picture: Bytes, most: int) -> NDArray[np.float32]:
    """A word, float32 from 0 to 1, somewhat changed: other margins, widths and contrasts; half are inverted.

    Synthetic words are dark on light, those of scenes as often light on dark.

    Args:
        most: width that it may have.
    """
    import cv2

    height, width = picture.shape
    if rng.random() < 0.6:
        wide = int(np.clip(round(width * rng.uniform(0.82, 1.18)), 2, most))
        scale, slant = rng.uniform(0.88, 1.12, 2), rng.normal(0, 0.05)
        across, down = scale[0] * wide / width, float(scale[1])
        move = (wide - across * width) * rng.random(), (height - down * height) * rng.random()
        matrix = np.array([[across, slant, move[0] - slant * height / 2], [0, down, move[1]]])
        picture = np.asarray(
            cv2.warpAffine(picture, matrix, (wide, height), borderMode=cv2.BORDER_REPLICATE), np.uint8
        )
    found = picture.astype(np.float32) / 255
    if rng.random() < 0.5:
        found = (found - 0.5) * rng.uniform(0.55, 1.25) + 0.5 + rng.uniform(-0.15, 0.15)
    if rng.random() < 0.12:
        found = found + rng.normal(0, rng.uniform(0, 0.05), found.shape)
    found = np.clip(found, 0, 1)
    return np.asarray(1 - found if rng.random() < 0.5 else found, np.float32)
