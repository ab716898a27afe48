"""Lines of text as they stand in real documents, in a given set of characters.

Every character of the set has a floor: a share of the lines gets one of the rarer ones put where it
might stand, so that a model meets all it is to tell apart.
"""

from __future__ import annotations

import functools
import math
import re
import unicodedata
from collections.abc import Mapping

from ocr_plugins.synth import fields
from ocr_plugins.synth.prose import prose, title
from ocr_plugins.synth.signs import sign
from ocr_plugins.synth.words import Rng, Weighted, draw_language, number, pick, vocabulary

_ASCII = "".join(map(chr, range(32, 127)))
_ACCENTED = (
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿĄąĆćČčĎďĘęĚěŁłŃńŇňŐőŒœŘřŚśŠšŤťŮůŰűŸŹźŻżŽžſ"
)
_SIGNS = "‘’‚“”„‹›«»–—…•·§¶†‡°¡¿¢£¥€©®™ªº¹²³¼½¾±×÷µ"
#: What lines are made of unless the caller names other characters.
CHARACTERS = _ASCII + _ACCENTED + _SIGNS

#: Weights of the kinds of lines in a document of prose.
BOOK = {"prose": 80, "heading": 4, "caps": 3, "word": 5, "page_number": 2, "reference": 4, "contents": 2}
#: In journals and reports.
REPORT = BOOK | {"prose": 60, "reference": 10, "formula": 6, "row": 7, "list": 6, "code": 2, "contents": 3}
#: In letters and memoranda.
LETTER = {"prose": 58, "person": 4, "address": 6, "date": 4, "contact": 3, "company": 3, "label_value": 6} | {
    "list": 4,
    "caps": 3,
    "heading": 2,
    "word": 5,
    "page_number": 2,
    "row": 3,
    "time": 0.5,
    "job": 1,
    "code": 2,
}
#: In forms and tables.
FORM = {
    "label": 14,
    "label_value": 14,
    "row": 12,
    "amount": 7,
    "quantity": 8,
    "date": 6,
    "code": 8,
    "person": 5,
} | {
    "address": 4,
    "contact": 4,
    "prose": 12,
    "word": 8,
    "caps": 6,
    "heading": 3,
    "company": 3,
    "list": 2,
    "noise": 2,
}
#: On receipts.
RECEIPT = {"row": 14, "item": 25, "total": 14, "amount": 8, "code": 8, "date": 6, "time": 3, "contact": 5} | {
    "company": 4,
    "address": 6,
    "caps": 10,
    "label_value": 6,
    "word": 4,
    "quantity": 4,
}
#: On signs, packages and covers: single words.
SCENE = {"sign": 1}
_RARE_SHARE = 0.13
_LONG = {"prose", "row", "reference"}
# A rare character may bring a word of its own with it, and these are to stay one word.
_WHOLE = {"sign"}
_SPACES = re.compile(r"\s+")
#: What stands for a character that is not wanted.
_LIKE = {
    "“": '"',
    "”": '"',
    "„": '"',
    "«": '"',
    "»": '"',
    "’": "'",
    "‘": "'",
    "–": "-",
    "—": "-",
    "…": "...",
    "×": "x",
}
_DIGIT_SIGNS = frozenset("$£€¥¢§#%°¹²³¼½¾±×÷+<>=№µ")
_WRAPS = {
    "«": "«{}»",
    "»": "»{}«",
    "‹": "‹{}›",
    "›": "›{}‹",
    "„": "„{}“",
    "‚": "‚{}‘",
    "¡": "¡{}!",
    "¿": "¿{}?",
} | {
    "“": "“{}”",
    "”": "“{}”",
    "‘": "‘{}’",
    "[": "[{}]",
    "]": "[{}]",
    "{": "{{{}}}",
    "}": "{{{}}}",
    "`": "`{}`",
    "(": "({})",
    ")": "({})",
    '"': '"{}"',
    "~": "~{}",
    "<": "<{}>",
    ">": "<{}>",
    "|": "|{}|",
    "_": "_{}_",
}
_BETWEEN = frozenset("/-–—+=<>|·×÷~\\&@*^")


def draw_length(rng: Rng) -> int:
    """How many characters a line of prose has: full lines mostly, and what is left of paragraphs."""
    chance = rng.random()
    if chance < 0.06:
        return number(rng, 2, 12)
    if chance < 0.22:
        return number(rng, 10, 34)
    if chance < 0.88:
        return round(min(85.0, max(30.0, rng.normal(55, 13))))
    return number(rng, 80, 108)


def typed(text: str) -> str:
    """The text with the quotes and dashes that typewriters and tills have."""
    return "".join(_LIKE[c].replace("-", "--") if c == "—" else _LIKE.get(c, c) for c in text)


class Texts:
    """Lines of text, drawn from a generator of random numbers.

    Args:
        characters: what the lines are made of; others are replaced by ones that look alike, or left out.
        weights: how often each kind of line comes; see `BOOK` for the names.
    """

    def __init__(self, characters: str = CHARACTERS, weights: Mapping[str, float] = REPORT) -> None:
        self._characters = frozenset(characters)
        self._kinds = Weighted(dict(weights))
        self._rare = rare(characters)

    def draw(self, rng: Rng) -> str:
        """A line: 1 to some 110 characters, NFC, single spaces inside and none at its ends."""
        for _ in range(4):
            text = self._one(rng)
            if text:
                return text
        return pick(rng, sorted(self._characters - {" "}))

    def _one(self, rng: Rng) -> str:
        kind = self._kinds.draw(rng)
        language = draw_language(rng)
        text = _line(rng, kind, language)
        if len(text) > 110:
            text = text[: text.rfind(" ", 0, 110)] if " " in text[:110] else text[:110]
        if kind in _LONG and rng.random() < 0.02:
            text = text.upper()
        text = self.fit(text)
        if self._rare and kind not in _WHOLE and rng.random() < _RARE_SHARE:
            for _ in range(number(rng, 1, 3)):
                text = self.fit(with_character(rng, text, pick(rng, self._rare)))
        return text

    def fit(self, text: str) -> str:
        """The text in the wanted characters, as a line's ground truth is written."""
        text = unicodedata.normalize("NFC", text)
        if not self._characters.issuperset(text):
            text = "".join(c if c in self._characters or c == " " else self._like(c) for c in text)
        return _SPACES.sub(" ", text).strip()

    def _like(self, character: str) -> str:
        plain = _LIKE.get(character) or unicodedata.normalize("NFD", character)[0]
        return plain if self._characters.issuperset(plain) else ""


@functools.lru_cache(maxsize=8)
def rare(characters: str) -> tuple[str, ...]:
    """Those that ordinary text has seldom: all but letters of English, digits and its common points."""
    common = set("abcdefghijklmnopqrstuvwxyzABCDEFGHILMNOPRSTW0123456789 .,-:")
    return tuple(sorted(set(characters) - common))


def with_character(rng: Rng, text: str, character: str) -> str:
    """The text with this character at a place where it might stand."""
    tokens = text.split()
    if not tokens:
        return character
    at = number(rng, 0, len(tokens) - 1)
    if character.isalpha():
        base = unicodedata.normalize("NFD", character)[0]
        places = [i for i, c in enumerate(text) if c == base] if base != character else []
        if places and rng.random() < 0.7:
            place = places[number(rng, 0, len(places) - 1)]
            return text[:place] + character + text[place + 1 :]
        return _inserted(rng, tokens, at, character)
    if character in _WRAPS:
        tokens[at] = _WRAPS[character].format(tokens[at])
    elif character in _DIGIT_SIGNS:
        value = fields.quantity_plain(rng)
        tokens.insert(
            at,
            f"{character}{'' if rng.random() < 0.7 else ' '}{value}"
            if rng.random() < 0.5
            else f"{value}{character}",
        )
    elif character in _BETWEEN and rng.random() < 0.6:
        tokens[at] = f"{tokens[at]}{character}{pick(rng, vocabulary('en').words)}"
    elif rng.random() < 0.5:
        tokens.insert(at, character)
    else:
        tokens[at] = tokens[at] + character if rng.random() < 0.6 else character + tokens[at]
    return " ".join(tokens)


def _inserted(rng: Rng, tokens: list[str], at: int, character: str) -> str:
    word = tokens[at]
    if character.isupper() and not word.isupper():
        tokens[at] = character + word[1:] if rng.random() < 0.7 else word.upper() + character
    else:
        place = number(rng, 0, len(word))
        tokens[at] = word[:place] + character + word[place:]
    return " ".join(tokens)


def _line(rng: Rng, kind: str, language: str) -> str:
    if kind == "prose":
        return prose(rng, draw_length(rng), language)
    if kind == "row":
        return fields.row(rng, language)
    if kind in fields.KINDS:
        return fields.make(kind, rng, language)
    return _OTHERS[kind](rng, language)


def _heading(rng: Rng, language: str) -> str:
    text = title(rng, vocabulary(language), number(rng, 1, 8))
    chance = rng.random()
    if chance < 0.25:
        return f"{number(rng, 1, 12)}{'.' if chance < 0.15 else ''} {text}"
    if chance < 0.4:
        return f"{number(rng, 1, 12)}.{number(rng, 1, 12)} {text}"
    if chance < 0.5:
        name = pick(rng, ("Chapter", "Section", "Part", "Appendix", "Kapitel", "Chapitre"))
        return f"{name} {pick(rng, ('I', 'II', 'III', 'IV', 'V', 'VI', 'IX', 'X', 'A', 'B', '1', '7'))}"
    return text


def _caps(rng: Rng, language: str) -> str:
    return _heading(rng, language).upper()


def _word(rng: Rng, language: str) -> str:
    """A word, as in a cell or a field; now and then two letters of one, or a character alone."""
    chance = rng.random()
    if chance < 0.15:
        return pick(rng, _ASCII[1:]) if chance < 0.08 else fields.digits(rng, number(rng, 1, 3))
    known = vocabulary(language)
    words = known.draw(rng, 1 if chance < 0.7 else 2)
    text = " ".join(words)
    if chance < 0.5:
        text = text.capitalize()
    elif chance < 0.65:
        text = text.upper()
    return text + pick(rng, ("", "", "", ".", ",", ":", ";", "-", ")", "?"))


def _list(rng: Rng, language: str) -> str:
    bullet = pick(
        rng, ("•", "-", "–", "*", "·", "(a)", "(ii)", "(3)", "1)", "a.", "B.", "4.", "2.1", "iv.", "o", "§ 3")
    )
    return f"{bullet} {prose(rng, max(8, draw_length(rng) - 8), language)}"


def _item(rng: Rng, language: str) -> str:
    what = " ".join(vocabulary(language).draw(rng, number(rng, 1, 3)))
    what = what.upper() if rng.random() < 0.6 else what.title()
    price, count = f"{number(rng, 0, 300)}.{number(rng, 0, 99):02d}", number(rng, 1, 12)
    forms = (
        f"{what} {price}",
        f"{count} {what} {price}",
        f"{count} x {price} {price}",
        f"{fields.digits(rng, 13)} {count} X {price} {price} {pick(rng, ('SR', 'S', 'ZRL', 'T', 'A'))}",
        f"{what} {number(rng, 10, 900)}{pick(rng, ('G', 'ML', 'KG', 'PCS', 'CM'))}",
        f"{count} @ {price} {price}{pick(rng, ('', 'T', ' *', '-'))}",
    )
    return pick(rng, forms)


def _total(rng: Rng, language: str) -> str:  # noqa: ARG001 - the interface of the makers
    what = pick(
        rng,
        (
            "TOTAL",
            "SUBTOTAL",
            "Sub Total",
            "CASH",
            "CHANGE",
            "GST @6%",
            "VAT 20%",
            "Rounding",
            "VISA",
            "Discount",
            "MwSt 19%",
        ),
    )
    price = f"{number(rng, 0, 900)}.{number(rng, 0, 99):02d}"
    return f"{what}{pick(rng, ('', ':', ' :', ' RM', ' $', ' EUR'))} {price}"


def _noise(rng: Rng, language: str) -> str:
    """Characters that no word helps to guess."""
    signs = _ASCII[1:] if rng.random() < 0.5 else "".join(vocabulary(language).draw(rng, 12)) + _ASCII[1:]
    length = max(1, round(math.exp(rng.uniform(0, 3))))
    return "".join(pick(rng, signs) if rng.random() > 0.12 else " " for _ in range(length))


_OTHERS = {
    "heading": _heading,
    "caps": _caps,
    "word": _word,
    "list": _list,
    "item": _item,
    "total": _total,
    "noise": _noise,
    "sign": sign,
}
