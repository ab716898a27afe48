"""New weights against old ones on the same lines: which read better, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ocr_plugins.crnn.decoding import Decoder
from ocr_plugins.crnn.runtime import Bytes, LineReader, Network, ReadWord
from ocr_plugins.crnn.sources import Crops, TrueLine
from ocr_plugins.errors import CallError, SourceError
from ocr_plugins.evaluation import PageScore, score_page
from ocr_plugins.evaluation.uncertainty import Contest, Sampled

#: Of fewer groups than this, nothing is said about others.
FEWEST_GROUPS = 5
# Lines whose pictures are in memory at once.
_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsContest:
    """How two weights files read the same lines.

    ``cer_before`` and ``cer_after`` are character error rates over all lines, of the old weights and of
    the new ones; ``contest`` is the new against the old. ``lines`` were read, of ``groups``: what may not be
    split, such as a book, or an image where nothing is said of groups.
    """

    cer_before: float
    cer_after: float
    contest: Contest
    lines: int
    groups: int

    @property
    def better(self) -> bool:
        """Whether the new weights make fewer errors, on documents like these and not on these alone.

        The whole interval of the ratio has to lie below 1. It is told from groups drawn with replacement. One
        group, however many its lines, is always sure of itself and says nothing of others; a few are too
        sure. In simulations, weights that are no better passed for it in 23 to 28 % of cases with two groups,
        8 to 13 % with five, 5 to 8 % with ten and 4 to 6 % with twenty, where 2.5 % are meant. So nothing is
        better on fewer than `FEWEST_GROUPS`, and more groups are worth more than more lines of the same.
        """
        return self.groups >= FEWEST_GROUPS and self.contest.ratio.high < 1


def group_of(line: TrueLine) -> str:
    """What of a line's document may not be split: its row's group, else its image."""
    return line.row.group or line.row.path


def compare_weights(
    old: Path, new: Path, lines: Sequence[TrueLine], *, threads: int | None = None
) -> WeightsContest:
    """Reads lines with two weights files, as the engine does, and counts the errors of both; CER `default`.

    No line should have been seen by either in training, nor have helped to choose one of its checkpoints.
    Lines whose image cannot be opened count for neither.

    Args:
        threads: of ONNX Runtime; by default as many as there are cores.

    Raises:
        CallError: there is no line, or none that can be opened.
        EngineUnavailableError: no weights file of this engine, or one that cannot be run.
    """
    readers = [_reader(path, threads) for path in (old, new)]
    scores: list[list[PageScore]] = [[], []]
    groups: list[str] = []
    for start in range(0, len(lines), _AT_ONCE):
        seen, pictures = _opened(lines[start : start + _AT_ONCE])
        for mine, reader in zip(scores, readers, strict=True):
            mine += map(_score, seen, reader.read(pictures))
        groups += map(group_of, seen)
    if not groups:
        raise CallError("there is no line to compare weights on", "name a manifest with lines")
    before, after = ([float(score.char_errors or 0) for score in mine] for mine in scores)
    length = max(sum(score.char_length for score in scores[0]), 1)
    return WeightsContest(
        cer_before=sum(before) / length,
        cer_after=sum(after) / length,
        contest=Sampled.of(groups).contest(after, before),
        lines=len(groups),
        groups=len(set(groups)),
    )


def _score(line: TrueLine, words: Sequence[ReadWord]) -> PageScore:
    return score_page(line.text, " ".join(word.text for word in words), order_free=False)


def _reader(path: Path, threads: int | None) -> LineReader:
    network = Network(path, threads)
    facts = network.facts
    return LineReader(network, Decoder(facts.alphabet, attention=facts.head == "attention"))


def _opened(lines: Sequence[TrueLine]) -> tuple[list[TrueLine], list[Bytes]]:
    """Those lines that can be opened, and their pictures."""
    crops = Crops(lines)
    seen: list[TrueLine] = []
    pictures: list[Bytes] = []
    for index, line in enumerate(lines):
        try:
            pictures.append(crops.load(index))
        except SourceError:
            continue
        seen.append(line)
    return seen, pictures
