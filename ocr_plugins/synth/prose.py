"""Running prose: lines as they stand in the middle of a text, with its punctuation."""

from __future__ import annotations

from bisect import bisect

from ocr_plugins.synth.words import Rng, Vocabulary, draw_language, names, number, pick, vocabulary

_ABBREVIATED = (
    "Mr. Mrs. Dr. St. No. Vol. Fig. pp. p. cf. viz. i.e. e.g. etc. ed. vs. ca. a.m. p.m. U.S. U.S.A. "
    "Inc. Co. Ltd. Jr. Prof. Gen. Capt. Hon. Rev. Messrs. ibid. Sept. Dec. Jan. Feb. Aug. Esq. approx. "
    "dept. Z. z.B. usw. M. Mme."
)
_ABBREVIATIONS = tuple(_ABBREVIATED.split())
# What follows a word, by how often it does.
_MARKS = {
    "": 0.80,
    ",": 0.085,
    ".": 0.066,
    ";": 0.012,
    ":": 0.006,
    "?": 0.005,
    "!": 0.004,
    " -": 0.003,
    " –": 0.002,
    "—": 0.006,
    "--": 0.003,
    "...": 0.001,
    "…": 0.001,
    "-": 0.006,
}
_MARK_LIST = tuple(_MARKS)
_SUMS = [sum(list(_MARKS.values())[: place + 1]) for place in range(len(_MARKS))]
_ENDS = frozenset({".", "?", "!", "...", "…"})
_QUOTES = (("“", "”"), ("‘", "’"), ("«", "»"), ("„", "“"), ("»", "«"), ("‹", "›"))
_VOWELS = frozenset("aeiouyáàâäãåąéèêëęěíìîïóòôöõøőúùûüůűý")
_HYPHENATED = 0.13


def prose(rng: Rng, length: int, language: str = "") -> str:
    """A line of about so many characters, from anywhere in a text of the language (ISO 639-1)."""
    language = language or draw_language(rng)
    known = vocabulary(language)
    capital = rng.random() < 0.3
    curly = rng.random() < 0.5
    parts: list[str] = []
    size, glue, closing, last = 0, "", "", ""
    words = known.draw(rng, length // 4 + 3)
    chances = rng.random((len(words), 4))
    for word, (mark_chance, kind_chance, wrap_chance, case_chance) in zip(
        words, chances.tolist(), strict=True
    ):
        if parts and word == last:
            continue
        text, last = _token(rng, word, kind_chance, language), word
        if capital or (language == "en" and text == "i") or case_chance < 0.03:
            text = text[:1].upper() + text[1:]
        elif case_chance > 0.992 or (language == "de" and case_chance > 0.75 and len(text) > 3):
            text = text.upper() if case_chance > 0.992 else text[:1].upper() + text[1:]
        mark = _MARK_LIST[min(bisect(_SUMS, mark_chance * _SUMS[-1]), len(_MARK_LIST) - 1)]
        if wrap_chance < 0.03 and not closing:
            opening, closing = _wrapping(rng, curly, language)
            text = opening + text
        if closing and (wrap_chance > 0.75 or mark in _ENDS):
            # American quotes stand after the full stop, British ones before it.
            text, mark, closing = (
                (text + mark + closing, "", "") if rng.random() < 0.6 else (text + closing, mark, "")
            )
        capital = mark in _ENDS
        parts.append(glue + text + mark)
        glue = "" if mark in ("—", "--", "-") else " "
        size += len(parts[-1])
        if size >= length:
            break
    line = _broken(rng, "".join(parts), length)
    return line.replace("'", "’") if curly else line


def _token(rng: Rng, word: str, chance: float, language: str) -> str:
    if chance > 0.07:
        return word
    if chance > 0.04:
        known = names(language)
        return pick(rng, (known.first, known.last, known.cities)[number(rng, 0, 2)])
    if chance > 0.025:
        return str(number(rng, 0, 99) if rng.random() < 0.5 else number(rng, 1600, 2029))
    if chance > 0.012:
        return pick(rng, _ABBREVIATIONS)
    if chance > 0.006:
        return f"{number(rng, 1, 999)},{number(rng, 0, 999):03d}"
    return f"{word}-{pick(rng, vocabulary(language).words)}"


def _wrapping(rng: Rng, curly: bool, language: str) -> tuple[str, str]:
    chance = rng.random()
    if chance < 0.3:
        return "(", ")"
    if chance < 0.33:
        return "[", "]"
    if not curly:
        return ('"', '"') if chance < 0.9 else ("'", "'")
    if language in ("de", "cs", "pl"):
        return _QUOTES[number(rng, 2, 5)]
    if language in ("fr", "it", "es", "pt"):
        return _QUOTES[2 if chance < 0.75 else 0]
    return _QUOTES[0 if chance < 0.85 else 1]


def _broken(rng: Rng, line: str, length: int) -> str:
    """The line cut where it is full, in the middle of a word with a hyphen at times."""
    if len(line) <= length:
        return line.strip()
    start = line.rfind(" ", 0, length) + 1
    word = line[start:].split(" ", 1)[0]
    if rng.random() < _HYPHENATED and len(word) > 5 and word.isalpha():
        places = [at for at in range(2, len(word) - 2) if word[at] not in _VOWELS and word[at - 1] in _VOWELS]
        if places:
            return line[:start] + word[: places[number(rng, 0, len(places) - 1)]] + "-"
    return (line[:start].strip() or line[:length]).strip()


def title(rng: Rng, known: Vocabulary, count: int) -> str:
    """A heading's words, capitalised as headings are."""
    words = known.draw(rng, count)
    small = {"the", "and", "of", "a", "to", "in", "for", "on", "de", "la", "und", "der", "et", "di"}
    return " ".join(w if w in small and i else w[:1].upper() + w[1:] for i, w in enumerate(words))
