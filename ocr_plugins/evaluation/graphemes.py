"""Grapheme clusters and words as Unicode Standard Annex #29 cuts them.

A grapheme cluster is what a reader calls a character: a letter with its accents, an emoji
with its modifiers, a Hangul syllable. Distances are computed over clusters by giving every
cluster of several code points one code point of its own: string distances then run at full
speed in C.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import count

import regex

_CLUSTER = regex.compile(r"\X")
# UAX #29 joins nothing unless one of these is there, so most text is cut by list() alone.
_JOINER = regex.compile(
    r"[\r\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=Regional_Indicator}\p{GCB=Prepend}\p{GCB=SpacingMark}"
    r"\p{GCB=L}\p{GCB=V}\p{GCB=T}]"
)
# Plane 15: private use, so a real text seldom holds these; those it does hold are skipped.
_FIRST_SPARE = 0xF0000

# The first code point that each version of Unicode assigned, newest first. The regex library
# does not tell which version it follows, but it knows no character that came later.
_ASSIGNED_IN = (
    ("18.0", 0x3D000),
    ("17.0", 0x323B0),
    ("16.0", 0x105C0),
    ("15.1", 0x2EBF0),
    ("15.0", 0x1E4D0),
    ("14.0", 0x10570),
)


def has_only_single_clusters(text: str) -> bool:
    """Whether every code point of ``text`` is a grapheme cluster of its own."""
    if text.isascii():
        return "\r" not in text
    return _JOINER.search(text) is None


def graphemes(text: str) -> list[str]:
    """The extended grapheme clusters of ``text`` (UAX #29); joined they are ``text`` again."""
    if has_only_single_clusters(text):
        return list(text)
    found: list[str] = _CLUSTER.findall(text)
    return found


def encode(*texts: str) -> tuple[str, ...]:
    """The texts with one code point for each grapheme cluster, the same in all of them.

    A cluster of one code point stays as it is, so white space and letters can still be told;
    a longer one becomes a private-use code point that none of the texts contains. Texts that
    are to be compared must be encoded in one call.
    """
    if all(has_only_single_clusters(text) for text in texts):
        return texts
    taken = {ord(char) for char in set().union(*texts) if ord(char) >= _FIRST_SPARE}
    spare = (code for code in count(_FIRST_SPARE) if code not in taken)
    codes: dict[str, str] = {}

    def code_of(cluster: str) -> str:
        if len(cluster) == 1:
            return cluster
        if cluster not in codes:
            codes[cluster] = chr(next(spare))
        return codes[cluster]

    return tuple("".join(map(code_of, graphemes(text))) for text in texts)


def number(*sequences: Iterable[str]) -> tuple[list[int], ...]:
    """The sequences with one integer for each distinct item, the same in all of them."""
    ids: dict[str, int] = {}
    return tuple([ids.setdefault(item, len(ids)) for item in sequence] for sequence in sequences)


@lru_cache(maxsize=1)
def unicode_version() -> str:
    """The Unicode version whose segmentation rules are in use, as "17.0"; "unknown" if older than 14."""
    for version, code_point in _ASSIGNED_IN:
        if not regex.match(r"\p{Cn}", chr(code_point)):
            return version
    return "unknown"


@lru_cache(maxsize=1)
def _word_pattern() -> regex.Pattern[str]:
    # regex's own \b with the WORD flag glues a lone regional indicator, or a mark at the start
    # of a text, to the next letter; these are the rules as the standard has them.
    skipped = r"[\p{WB=Extend}\p{WB=Format}\p{WB=ZWJ}]*+"
    letter = r"[\p{WB=ALetter}\p{WB=Hebrew_Letter}]"
    hebrew, digit, kana, joiner = (
        rf"\p{{WB={name}}}" for name in ("Hebrew_Letter", "Numeric", "Katakana", "ExtendNumLet")
    )
    quote, double_quote = r"\p{WB=Single_Quote}", r"\p{WB=Double_Quote}"
    between_letters = rf"[\p{{WB=MidLetter}}\p{{WB=MidNumLet}}{quote}]"
    between_digits = rf"[\p{{WB=MidNum}}\p{{WB=MidNumLet}}{quote}]"
    unit = (
        rf"(?:{letter}{skipped}{between_letters}{skipped}(?={letter})"
        rf"|{hebrew}{skipped}{double_quote}{skipped}(?={hebrew})"
        rf"|{digit}{skipped}{between_digits}{skipped}(?={digit})"
        rf"|(?:{letter}|{digit}){skipped})"
    )
    part = rf"(?:{unit}+|(?:{kana}{skipped})+)"
    quoted = rf"{unit}*{hebrew}{skipped}{quote}{skipped}(?!{letter})"
    join = rf"(?:{joiner}{skipped})"
    flag = rf"\p{{WB=Regional_Indicator}}{skipped}"
    return regex.compile(
        rf"\r\n|[\r\n\p{{WB=Newline}}]"
        rf"|(?:\p{{WB=WSegSpace}}+{skipped}|{flag}(?:{flag})?"
        rf"|{join}*(?:{part}{join}+)*{quoted}|{join}*{part}(?:{join}+{part})*{join}*|{join}+|.{skipped})"
        rf"(?:(?<=\p{{WB=ZWJ}})\p{{ExtPict}}{skipped})*",
        flags=regex.DOTALL,
    )


def word_segments(text: str) -> list[str]:
    """Everything between two word boundaries of UAX #29: words, but spaces and punctuation too."""
    segments: list[str] = _word_pattern().findall(text)
    return segments
