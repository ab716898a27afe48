"""Writes the golden counts of dinglehopper that the tests compare with.

    pip install dinglehopper "multimethod<2"
    python scripts/golden_dinglehopper.py tests/data/dinglehopper_pairs.json

dinglehopper brings all of OCR-D with it, so the tests read its numbers from this file instead
of running it. The same seed gives the same file.
"""

from __future__ import annotations

import json
import random
import sys
from importlib.metadata import version
from pathlib import Path

SEED = 20200
PAIRS = 2400

# Characters that uniseg's version of Unicode and newer ones cut alike: a new release of the regex
# library must not fail the tests.
ALPHABETS = [
    "abcdefghijklmnopqrstuvwxyz",
    "ABC abc 0123456789 .,;:!?'-_/()",
    "àéîöüçñßøåŁžẞ",
    "a\u0301e\u0300o\u0308u\u030an\u0303q\u0307\u0323",
    "\u0301\u0308\u0327\u20dd\u0591\u0650",
    ["👨‍👩‍👧", "👍🏽", "🇩🇪", "🇫", "❤️", "👩‍💻", "🙂", "\u200d"],
    "漢字仮名カタカナひらがな、。々",
    ["각", "ᄀ", "ᅡ", "ᆨ", "가", "ᄒ", "ᅡ", "한글"],
    "שלוםעולםאבגمرحباالعالم\u200f\u05f3\u05f4",
    "ﬁﬂﬀﬃﬆœæĳ",
    "‘’“”„‚«»–—‐−\u00ad'\"",
    [" ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u3000", "\u2028", "\n\n"],
    ["\ue000", "\uf532", "§", "€", "½", "²", "٣", "क", "का", "ไทย"],
    ["don't", "3.14", "foo-bar", "e.g.", "1,000", "snake_case", "http://a.b/c", "it’s"],
]


def text(rng: random.Random) -> str:
    """Up to a dozen items of one to four alphabets, with spaces between some of them."""
    alphabets = rng.sample(ALPHABETS, rng.randint(1, 4))
    items = [rng.choice(rng.choice(alphabets)) for _ in range(rng.choice((0, 1, 2, 4, 8, 12)))]
    return "".join(item + (" " if rng.random() < 0.2 else "") for item in items)


def edited(source: str, rng: random.Random) -> str:
    """The text with a few code points dropped, doubled or replaced."""
    out = []
    for char in source:
        chance = rng.random()
        if chance < 0.08:
            continue
        out.append(rng.choice(rng.choice(ALPHABETS)) if chance < 0.16 else char)
        if chance > 0.95:
            out.append(char)
    return "".join(out)


def main() -> None:
    from dinglehopper.character_error_rate import character_error_rate_n
    from dinglehopper.edit_distance import distance
    from dinglehopper.word_error_rate import word_error_rate_n, words_normalized
    from rapidfuzz.distance import Levenshtein

    rng = random.Random(SEED)
    rows = []
    while len(rows) < PAIRS:
        reference = text(rng)
        hypothesis = edited(reference, rng) if rng.random() < 0.8 else text(rng)
        words = [list(words_normalized(side)) for side in (reference, hypothesis)]
        word_errors = Levenshtein.distance(*words)
        errors = distance(reference, hypothesis)
        cer, length = character_error_rate_n(reference, hypothesis)
        wer, word_length = word_error_rate_n(reference, hypothesis)
        # dinglehopper gives rates: the counts stored here must be the ones behind them.
        for rate, count, size in ((cer, errors, length), (wer, word_errors, word_length)):
            if rate != (count / size if size else (float("inf") if count else 0)):
                raise SystemExit(f"rate {rate} is not {count}/{size} for {reference!r}, {hypothesis!r}")
        rows.append([reference, hypothesis, errors, length, word_errors, word_length])
    record = {
        "dinglehopper": version("dinglehopper"),
        "uniseg": version("uniseg"),
        "seed": SEED,
        "columns": ["reference", "hypothesis", "errors", "length", "word_errors", "word_length"],
    }
    lines = ",\n".join(json.dumps(row, ensure_ascii=True) for row in rows)
    head = json.dumps(record, indent=1)[:-2]
    Path(sys.argv[1]).write_text(f'{head},\n "pairs": [\n{lines}\n ]\n}}\n', encoding="ascii")
    print(f"{len(rows)} pairs")


if __name__ == "__main__":
    main()
