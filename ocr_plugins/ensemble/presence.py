"""Whether what some readings lack is text at all, or a stain, a stamp, a rule that the others have read.

Engines miss text, and read letters into dirt. How often depends on the documents, so counting who has
it and who has not tells little; how sure those are that have it, how long it is and whether they agree tells
more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ocr_plugins.ensemble.alignment import AlignedLine
from ocr_plugins.ensemble.voters import Voters
from ocr_plugins.ensemble.voting import Trust, logit
from ocr_plugins.language_model import misshapen

#: The columns of what `described` gives, in order.
NAMES = ("surest", "length", "agreeing", "absent", "misshapen", "letters")
#: Where it is known how good the engines are: how far those are behind the best that lack the line.
RANKED = (*NAMES, "lacking_behind")

# Two readings agree that have so much in common.
_ALIKE = 0.6


def text_of(line: AlignedLine, place: int) -> str:
    """What a reading says of a line."""
    return " ".join(" ".join(cell.strings[place] for cell in line.cells).split())


def of_line(
    line: AlignedLine, voters: Voters, trust: Trust, behind: Mapping[str, float] | None = None
) -> list[float]:
    """What tells whether a line is there that some readings lack, in the order of NAMES.

    Args:
        line: the line.
        voters: whose readings it has.
        trust: the probability that a reading's words are right.
        behind: by how much each reading is behind the best of them, by label; then in the order of RANKED.
    """
    labels = list(voters.pages)
    texts = [text_of(line, place) for place in range(len(labels))]
    sure = [_sureness(line, place, label, trust) for place, label in enumerate(labels)]
    found = described(texts, sure, [voters.family(label) for label in labels])
    if behind is not None:
        found.append(min(behind[label] for label, text in zip(labels, texts, strict=True) if not text))
    return found


def described(texts: Sequence[str], sure: Sequence[float], families: Sequence[str]) -> list[float]:
    """The same of any text: what each reading says, "" for nothing, how sure it is, and of which engine."""
    has = [place for place, text in enumerate(texts) if text.strip()]
    best = max(has, key=lambda place: sure[place])
    agreeing = {families[place] for place in has if _alike(texts[place], texts[best])} - {families[best]}
    absent = set(families) - {families[place] for place in has}
    text = "".join(texts[best].split())
    row = {
        # How sure the surest of those is that have it, as the logarithm of odds; how long it has it.
        "surest": logit(sure[best]),
        "length": math.log(len(text)),
        # Engines that have much the same, and that have nothing; variants of one are one.
        "agreeing": float(len(agreeing)),
        "absent": float(len(absent)),
        "misshapen": misshapen(text) / len(text),
        "letters": sum(character.isalnum() for character in text) / len(text),
    }
    return [row[name] for name in NAMES]


def is_gap(span: Sequence[str]) -> bool:
    """Whether some readings have whole words in a part of a line where others have nothing."""
    said = [text for text in span if text]
    whole = all(text.strip() and (text[0].isspace() or text[-1].isspace()) for text in said)
    return whole and 0 < len(said) < len(span)


def _sureness(line: AlignedLine, place: int, label: str, trust: Trust) -> float:
    """The mean probability of a reading's characters on a line; 0 where it has none."""
    sure = length = 0.0
    for cell in line.cells:
        count = len(cell.strings[place])
        if count:
            sure += count * trust(label, cell.words[place])
            length += count
    return sure / max(length, 1.0)


def _alike(one: str, other: str) -> bool:
    from rapidfuzz.distance import Levenshtein

    texts: Sequence[str] = ["".join(text.split()).casefold() for text in (one, other)]
    return bool(Levenshtein.normalized_similarity(*texts) >= _ALIKE)
