"""What Python says of votes, scores and differences, for the browser's own to be held against.

Run as a script it writes the file anew.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

from ocr_plugins.document import Line, Page, Polygon, Word
from ocr_plugins.ensemble.alignment import AlignedLine, Cell
from ocr_plugins.ensemble.voters import Voters, choose_voters
from ocr_plugins.ensemble.voting import Confidence, Majority, Method
from ocr_plugins.evaluation import score_texts
from ocr_plugins.evaluation.alignment import diff_segments
from ocr_plugins.vote_options import Trust

FILE = Path(__file__).parents[2] / "widgets" / "frontend" / "test" / "golden.json"
_WORDS = (
    "Tamarack",
    "1 875,00",
    "na\u00efve",
    "nai\u0308ve",
    "\u201cquoted\u201d",
    "it\u2019s",
    "\u05e9\u05dc\u05d5\u05dd",
    "\u0928\u092e\u0938\u094d\u0924\u0947",
    "\U0001f469\u200d\U0001f4bb",
    "rn",
    "O0",
    "__proto__",
    "<b>x</b>",
    "end-",
)
_LETTERS = "eoilrn1O0.,- \u00e9\u0301"


def _damaged(random: random.Random, text: str, rate: float) -> str:
    out = ""
    for letter in text:
        if "\u0900" <= letter <= "\u097f":
            # Broken conjuncts are cut differently by each version of Unicode.
            out += letter
            continue
        kind = random.random()
        if kind < rate / 3:
            continue
        out += random.choice(_LETTERS) if kind < 2 * rate / 3 else letter
        if kind > 1 - rate / 3:
            out += random.choice(_LETTERS)
    return out


def _page(random: random.Random, lines: Sequence[Sequence[str]], rate: float) -> Page:
    """A reading with errors, and how sure it is of each word; of some it does not say."""
    rows = []
    for number, texts in enumerate(lines):
        words, x = [], 10.0
        for text in texts:
            read = " ".join(_damaged(random, text, rate).split())
            wide = 12.0 * len(text)
            if read:
                sure = None if random.random() < 0.1 else round(random.random(), 4)
                kind = None if sure is None else "made up"
                place = Polygon.from_box(x, 40.0 * number, x + wide, 40.0 * number + 24)
                words.append(Word(text=read, polygon=place, confidence=sure, confidence_kind=kind))
            x += wide + 12
        if words:
            rows.append(Line.of_words(words))
    return Page(source="made up", page=1, size=(900, 400), lines=tuple(rows))


def _of_some(line: AlignedLine, kept: Sequence[int]) -> AlignedLine:
    def some(values: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(values[place] for place in kept)

    cells = tuple(
        Cell(
            some(cell.strings),
            tuple(some(span) for span in cell.spans),
            some(cell.words),
            frozenset(kept.index(place) for place in cell.abstains if place in kept),
        )
        for cell in line.cells
    )
    return replace(line, cells=cells, readings=some(line.readings))


def _told(cell: Cell) -> dict[str, Any]:
    sure = Trust({})
    return {
        "said": list(cell.strings),
        "spans": [list(span) for span in cell.spans],
        "sure": [round(sure("", words), 4) if words else None for words in cell.words],
        "quiet": sorted(cell.abstains),
    }


def votes() -> list[dict[str, Any]]:
    """Cells, and what methods take in them, by the places of those who vote."""
    out = []
    rng = random.Random(1)
    for engines in (2, 3, 5):
        lines = [[rng.choice(_WORDS) for _ in range(5)] for _ in range(4)]
        readings = {f"engine{number}": _page(rng, lines, 0.1 * number) for number in range(engines)}
        voters = choose_voters(readings)
        labels = list(voters.pages)
        aligned = [
            # Nobody's alphabet is bounded here, so somebody is made to be silent now and then.
            replace(
                line,
                cells=tuple(
                    replace(
                        cell, abstains=frozenset({0}) if rng.random() < 0.1 and engines > 2 else frozenset()
                    )
                    for cell in line.cells
                ),
            )
            for line in voters.align()
        ]
        heard = [some for count in range(1, engines + 1) for some in combinations(range(len(labels)), count)]
        methods: list[Method] = [Majority(), Confidence(Trust({}))]
        for line in aligned:
            for some in heard:
                left = _of_some(line, some)
                if any(len(cell.abstains) == len(some) for cell in left.cells):
                    continue
                mine = Voters({labels[place]: voters.pages[labels[place]] for place in some}, {}, {})
                for method in methods:
                    for cell, decision in zip(line.cells, method.decide(left, mine), strict=True):
                        out.append(
                            {
                                "cell": _told(cell),
                                "heard": list(some),
                                "method": method.name,
                                "text": decision.text,
                                "probability": round(decision.probability, 9),
                                "shares": [
                                    [text, round(share, 9)] for text, share in decision.scores.items()
                                ],
                            }
                        )
    # As many as tell all kinds of cells apart.
    return rng.sample(out, 400)


def _pairs() -> list[tuple[str, str]]:
    rng = random.Random(2)
    pairs = [("", ""), ("", "x"), ("x y", ""), ("a\u00a0b\u3000c\x1cd", "a b c d"), ("e\u0301", "\u00e9")]
    for _ in range(60):
        text = "".join(rng.choice(_WORDS) + rng.choice((" ", "\n", "  ")) for _ in range(rng.randint(1, 12)))
        pairs.append((text, _damaged(rng, text, rng.random() / 2)))
    return pairs


def scores() -> list[dict[str, Any]]:
    """Pairs of texts with their counts."""
    out = []
    for reference, read in _pairs():
        score = score_texts(reference, read)
        out.append(
            {
                "reference": reference,
                "read": read,
                "errors": score.char_errors,
                "length": score.char_length,
                "wordErrors": score.word_errors,
                "words": score.word_length,
                "matches": score.bag_matches,
                "found": score.hypothesis_words,
                "cer": score.cer,
                "wer": score.wer,
                "f1": score.word_f1,
            }
        )
    return out


def differences() -> list[dict[str, Any]]:
    """Pairs of texts with the pieces on which they agree and differ."""
    return [
        {
            "wanted": wanted,
            "read": read,
            "pieces": [
                {"same": piece.op == "equal", "wanted": piece.reference, "read": piece.hypothesis}
                for piece in diff_segments(wanted, read)
            ],
        }
        for wanted, read in _pairs()
    ]


def golden() -> str:
    """The file."""
    found = {"votes": votes(), "scores": scores(), "differences": differences()}
    return json.dumps(found, indent=None, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    FILE.write_text(golden(), encoding="utf-8")
