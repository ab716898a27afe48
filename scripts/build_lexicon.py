"""Builds the list of words that the learned vote knows, from wordfreq's lists (pip install wordfreq).

    python scripts/build_lexicon.py build/lexicon.npz

The lists are under CC BY-SA 4.0, and so is what is made from them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import wordfreq

from ocr_plugins.ensemble.lexicon import Lexicon

LANGUAGES = "en+de+fr+es+it+nl+pt"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path, help="the .npz file to write")
    parser.add_argument("--languages", default=LANGUAGES, help="ISO 639-1, joined by +")
    parser.add_argument("--words", type=int, default=60_000, help="of each language, the commonest")
    arguments = parser.parse_args()
    words = {
        word
        for language in arguments.languages.split("+")
        for word in wordfreq.top_n_list(language, arguments.words, wordlist="small")
        if word.isalpha()
    }
    found = Lexicon.of(words)
    found.save(arguments.file)
    print(f"{arguments.file}: {len(found)} words, {arguments.file.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
