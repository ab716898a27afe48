"""Builds a language model for `crnn:decoder=beam:lm=FILE` from wordfreq's lists (pip install wordfreq).

The words of all languages together count by their frequency, each language as much as the others. The lists
are under CC BY-SA 4.0, and so is what is made from them.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import wordfreq

from ocr_plugins.language_model import LanguageModel


def words_of(languages: list[str], most: int) -> Counter[str]:
    """How often each word occurs in a million, over the languages; those with digits or signs left out."""
    counts: Counter[str] = Counter()
    for language in languages:
        for word in wordfreq.top_n_list(language, most, wordlist="best"):
            if word.isalpha():
                counts[word] += wordfreq.word_frequency(word, language) * 1e6  # type: ignore[assignment]
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="the .npz file to write")
    parser.add_argument("--languages", default="en", help="ISO 639-1, joined by +")
    parser.add_argument("--words", type=int, default=60_000, help="of each language, the commonest")
    parser.add_argument("--order", type=int, default=6, help="length of the longest n-grams")
    parser.add_argument("--most", type=int, default=250_000, help="n-grams in all")
    arguments = parser.parse_args()
    words = words_of(arguments.languages.split("+"), arguments.words)
    LanguageModel.from_words(words, arguments.order, arguments.most).save(arguments.file)
    print(f"{arguments.file}: {len(words)} words, {arguments.file.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
