"""Two weights files on the same lines: what is better, what is not, and what cannot be told."""

from __future__ import annotations

from pathlib import Path

import pytest
from crnn_words import damaged, words_manifest

from ocr_plugins.crnn.contest import FEWEST_GROUPS, compare_weights
from ocr_plugins.crnn.model_file import SHIPPED
from ocr_plugins.crnn.sources import TrueLine, true_lines
from ocr_plugins.errors import CallError


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[TrueLine]:
    return true_lines([words_manifest(tmp_path_factory.mktemp("words"))])


@pytest.fixture(scope="module")
def worse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return damaged(tmp_path_factory.mktemp("weights") / "worse.onnx")


def test_weights_are_no_better_than_themselves(lines: list[TrueLine], worse: Path) -> None:
    for weights in (SHIPPED, worse):
        found = compare_weights(weights, weights, lines)
        assert (found.lines, found.groups) == (28, 7)
        assert found.cer_before == found.cer_after
        ratio = found.contest.ratio
        assert (ratio.value, ratio.low, ratio.high) == (1, 1, 1)
        assert not found.better


def test_what_reads_better_is_better_one_way_round(lines: list[TrueLine], worse: Path) -> None:
    found = compare_weights(worse, SHIPPED, lines)
    assert found.cer_before > 0.3
    assert found.cer_after < 0.05
    assert found.contest.significant
    assert found.better
    back = compare_weights(SHIPPED, worse, lines)
    assert (back.cer_before, back.cer_after) == (found.cer_after, found.cer_before)
    assert back.contest.significant
    assert not back.better


def test_few_groups_tell_nothing(lines: list[TrueLine], worse: Path) -> None:
    names = sorted({str(line.row.group) for line in lines})
    few = [line for line in lines if line.row.group in names[: FEWEST_GROUPS - 1]]
    found = compare_weights(worse, SHIPPED, few)
    assert found.groups == FEWEST_GROUPS - 1
    assert found.contest.ratio.high < 1
    assert not found.better


def test_what_is_read_does_not_depend_on_how_many_lines_are_in_memory(
    lines: list[TrueLine], worse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = compare_weights(SHIPPED, worse, lines)
    monkeypatch.setattr("ocr_plugins.crnn.contest._AT_ONCE", 5)
    assert compare_weights(SHIPPED, worse, lines) == found


def test_a_line_that_cannot_be_opened_counts_for_neither(tmp_path: Path, worse: Path) -> None:
    lines = true_lines([words_manifest(tmp_path, 12, 6)])
    (tmp_path / "3.png").write_bytes(b"no picture")
    found = compare_weights(worse, SHIPPED, lines)
    assert (found.lines, found.groups) == (11, 6)
    (line,) = lines[3:4]
    for none in ([], [line]):
        with pytest.raises(CallError, match="no line"):
            compare_weights(worse, SHIPPED, none)
