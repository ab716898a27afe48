"""Pixels in files that workers map: places, reuse, forks."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import numpy as np
import pytest

from ocr_plugins.pixels import allocated_by, from_array, new_pixels
from ocr_plugins.shared_pixels import PixelPool, anonymous_file


def bytes_at(place: tuple[int, int] | None, length: int) -> bytes:
    assert place is not None
    fd, offset = place
    return os.pread(fd, length, offset)


def test_what_is_written_lies_in_the_file() -> None:
    pool = PixelPool()
    pixels = pool.empty((300, 400))
    pixels[...] = np.arange(120_000).reshape(300, 400) % 251
    assert bytes_at(pool.place(pixels), 120_000) == pixels.tobytes()
    assert bytes_at(pool.place(pixels[100:]), 200 * 400) == pixels[100:].tobytes()


def test_only_whole_rows_of_its_own_have_a_place() -> None:
    pool = PixelPool()
    pixels = pool.empty((300, 400))
    assert pool.place(pixels[:, 10:]) is None
    assert pool.place(pixels.copy()) is None
    assert PixelPool().place(pixels) is None
    assert pool.place(pool.empty((5, 5))) is None


def test_a_file_is_used_again_only_when_nobody_looks_at_it() -> None:
    pool = PixelPool()
    first = pool.empty((400, 400))
    first[...] = 1
    view = first[200:]
    place = pool.place(first)
    del first
    gc.collect()
    second = pool.empty((400, 400))
    second[...] = 2
    assert pool.place(second) != place
    assert (view == 1).all()
    del view
    gc.collect()
    third = pool.empty((390, 400))
    assert pool.place(third) == place


def test_few_files_stay_open() -> None:
    pool = PixelPool()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for size in range(300, 600, 10):
        pool.empty((size, size * 3))
    pool.clear()
    gc.collect()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_fork_does_not_write_into_the_parents_files() -> None:
    pool = PixelPool()
    kept = pool.place(first := pool.empty((400, 400)))
    first[...] = 1
    del first
    child = os.fork()
    if child == 0:
        theirs = pool.empty((400, 400))
        theirs[...] = 2
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert bytes_at(kept, 160_000) == b"\x01" * 160_000


def test_several_arrays_copied_into_one_file() -> None:
    pool = PixelPool()
    arrays = [np.full(shape, value, np.uint8) for value, shape in enumerate([(2, 3), (400, 5, 3), (1, 1)])]
    kept, places = pool.copy(arrays)
    assert len({fd for fd, _ in places}) == 1
    for array, place in zip(arrays, places, strict=True):
        assert bytes_at(place, array.nbytes) == array.tobytes()
    del kept


def test_without_files_pixels_are_ordinary(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(name: str) -> int:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("ocr_plugins.shared_pixels.anonymous_file", full)
    pool = PixelPool()
    assert pool.place(pool.empty((400, 400))) is None


def test_without_memfd_a_file_on_disk_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create")
    fd = anonymous_file("any")
    os.write(fd, b"abc")
    assert os.pread(fd, 3, 0) == b"abc"
    assert os.fstat(fd).st_nlink == 0
    os.close(fd)


def test_loaders_put_pixels_where_they_are_told() -> None:
    pool = PixelPool()
    with allocated_by(pool.empty):
        pixels = from_array(np.full((300, 300), 7, np.uint8), "array")
    assert bytes_at(pool.place(pixels), 90_000) == b"\x07" * 90_000
    assert pool.place(new_pixels((300, 300))) is None
