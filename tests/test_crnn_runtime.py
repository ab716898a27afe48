"""Lines through a small network: places, batches that do not matter, long lines, and files that are none."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from tiny_crnn import ALPHABET, HEIGHT, STRIDE, build, picture

from ocr_plugins.crnn.decoding import Decoder
from ocr_plugins.crnn.model_file import read_facts
from ocr_plugins.crnn.normalise import MOST_WIDTH
from ocr_plugins.crnn.runtime import LineReader, Network, cuts
from ocr_plugins.errors import EngineUnavailableError


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("weights") / "tiny.onnx")


@pytest.fixture(scope="module")
def network(weights: Path) -> Network:
    return Network(weights, threads=1)


def read(network: Network, *lines: np.ndarray) -> list[str]:
    decoder = Decoder(ALPHABET)
    return [" ".join(word.text for word in decoder.words(found)) for found in network.log_probs([*lines])]


def test_the_network_reads_what_was_drawn(network: Network) -> None:
    assert read(network, picture("abc dd ab"), picture("ddd")) == ["abc dd ab", "ddd"]


def test_what_is_read_of_a_line_does_not_depend_on_its_batch(network: Network) -> None:
    random = np.random.default_rng(3)
    lines = [
        random.integers(0, 256, (HEIGHT, width), dtype=np.uint8) for width in (16, 33, 61, 64, 200, 900, 60)
    ]
    together = network.log_probs(lines)
    for line, found in zip(lines, together, strict=True):
        (alone,) = network.log_probs([line])
        assert found.shape == (-(-line.shape[1] // STRIDE), len(ALPHABET) + 1)
        np.testing.assert_allclose(found, alone, atol=1e-5)


def test_many_lines_come_back_in_order(network: Network) -> None:
    texts = ["ab" * (1 + number % 7) + "c" * (number % 3) for number in range(300)]
    assert read(network, *[picture(text) for text in texts]) == texts


def test_words_have_places_on_the_picture_that_was_given(network: Network) -> None:
    reader = LineReader(network, Decoder(ALPHABET))
    # Three times as large, with white around it.
    large = np.pad(picture("ddd d dd", scale=3), ((12, 12), (90, 30)), constant_values=255)
    (words,) = reader.read([large])
    assert [word.text for word in words] == ["ddd", "d", "dd"]
    # The space is a sign here, which the words around it share.
    for word, (first, last) in zip(words, ((0, 2), (4, 4), (6, 7)), strict=True):
        assert word.left == pytest.approx(90 + 3 * (first * 16 + 4), abs=3 * 16)
        assert word.right == pytest.approx(90 + 3 * (last * 16 + 8), abs=3 * 16)


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (400, 1), (3, 3), (30, 200)])
def test_of_nothing_nothing_is_read(network: Network, shape: tuple[int, int]) -> None:
    reader = LineReader(network, Decoder(ALPHABET))
    for level in (0, 127, 255):
        assert reader.read([np.full(shape, level, np.uint8)]) == [[]]
    assert reader.read([]) == []


def test_long_lines_are_cut_in_white_and_read_whole(network: Network) -> None:
    text = " ".join(["dd", "abd", "cdc"] * 150)
    line = picture(text)
    assert line.shape[1] > MOST_WIDTH
    parts = cuts(line)
    assert [start for start, _ in parts[1:]] == [stop for _, stop in parts[:-1]]
    assert (parts[0][0], parts[-1][1]) == (0, line.shape[1])
    assert all(0 < stop - start <= MOST_WIDTH for start, stop in parts)
    assert all((line[:, start] == 255).all() for start, _ in parts)
    (words,) = LineReader(network, Decoder(ALPHABET)).read([line])
    assert "".join(word.text for word in words) == text.replace(" ", "")
    assert all(one.right <= other.left for one, other in itertools.pairwise(words))


def test_a_line_without_any_white_is_cut_where_it_must(network: Network) -> None:
    assert cuts(np.zeros((HEIGHT, 12_001), np.uint8)) == [(0, 5000), (5000, 10_000), (10_000, 12_001)]
    with pytest.raises(ValueError, match="5001x24"):
        network.log_probs([np.zeros((HEIGHT, 5001), np.uint8)])


def test_facts_are_read_without_the_network(weights: Path) -> None:
    facts = read_facts(weights)
    assert (facts.alphabet, facts.height, facts.stride) == (ALPHABET, HEIGHT, STRIDE)
    assert (facts.name, facts.card) == ("tiny", {"steps": 0})


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"format": "other"}, "no weights file"),
        ({"version": "2"}, "version 2"),
        ({"alphabet": "[1, 2]"}, "metadata are damaged"),
        ({"alphabet": '["a", "a"]'}, "metadata are damaged"),
        ({"stride": "many"}, "metadata are damaged"),
        ({"head": "crystal ball"}, "head is 'crystal ball'"),
    ],
)
def test_a_file_that_says_something_else_is_refused(
    tmp_path: Path, metadata: dict[str, str], reason: str
) -> None:
    with pytest.raises(EngineUnavailableError, match=reason) as caught:
        Network(build(tmp_path / "other.onnx", metadata))
    assert "train crnn" in caught.value.hint


@pytest.mark.parametrize("data", [b"", b"not a model", bytes(range(256)) * 40, b"\x72\xff\xff\xff\x7f"])
def test_any_other_file_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "file.onnx").write_bytes(data)
    with pytest.raises(EngineUnavailableError, match="no weights file"):
        read_facts(tmp_path / "file.onnx")


def test_missing_truncated_and_lying_files(tmp_path: Path, weights: Path) -> None:
    with pytest.raises(EngineUnavailableError, match="cannot be read"):
        Network(tmp_path / "none.onnx")
    # The metadata stand last; the first bytes are the graph's.
    (tmp_path / "half.onnx").write_bytes(weights.read_bytes()[:-30])
    with pytest.raises(EngineUnavailableError, match="cannot be used"):
        Network(tmp_path / "half.onnx")
    with pytest.raises(EngineUnavailableError, match="cannot be run"):
        Network(build(tmp_path / "lying.onnx", classes=9))
