"""Words as they stand on signs, plates, packages and covers: one at a time, often in capitals."""

from __future__ import annotations

from ocr_plugins.synth import fields
from ocr_plugins.synth.words import Rng, Weighted, names, number, pick, vocabulary

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_LONGEST = 22  # characters
_ENDINGS = (".", ",", "!", "?", ":", ")", "'s", "&", "-", "®", "™", "...", '"', ";")
_BEGINNINGS = ("(", '"', "'", "#", "@", "-", "•")
_PLACES = ("com", "org", "net", "co.uk", "de", "in", "eu", "fm")
_KINDS = Weighted(
    {"word": 46.0, "name": 15, "number": 11, "splice": 10, "short": 6, "letters": 4, "code": 4}
    | {"price": 2.0, "address": 2}
)


def sign(rng: Rng, language: str) -> str:
    """One word without spaces, 1 to 22 characters, now and then with a sign before or after it."""
    kind = _KINDS.draw(rng)
    if kind in ("number", "price", "code"):
        return _figures(rng, kind)[:_LONGEST]
    text = _cased(rng, _letters(rng, kind, language)[:_LONGEST])
    if rng.random() < 0.07:
        text += pick(rng, _ENDINGS)
    elif rng.random() < 0.015:
        text = pick(rng, _BEGINNINGS) + text
    return text


def _letters(rng: Rng, kind: str, language: str) -> str:
    if kind == "name":
        known = names(language)
        pool = (known.first, known.last, known.cities)[number(rng, 0, 2)]
        return pick(rng, pick(rng, pool).replace("-", " ").split())
    if kind == "splice":
        # Names of firms and places are in no list of words: halves of two words look like them.
        first, second = vocabulary(language).draw(rng, 2)
        return first[: number(rng, 1, len(first))] + second[number(rng, 0, len(second) - 1) :]
    if kind == "letters":
        return "".join(pick(rng, _LETTERS) for _ in range(number(rng, 1, 8)))
    if kind == "short":
        words = [word for word in vocabulary(language).draw(rng, 6) if len(word) < 4]
        return words[0] if words else pick(rng, _LETTERS)
    word = vocabulary(language).draw(rng, 1)[0]
    if kind == "address":
        return f"{pick(rng, ('www.', '', '@'))}{word}.{pick(rng, _PLACES)}"
    return word


def _cased(rng: Rng, text: str) -> str:
    chance = rng.random()
    if chance < 0.46:
        return text.upper()
    if chance < 0.73:
        return text[:1].upper() + text[1:]
    if chance < 0.75:
        # Brands do as they please.
        place = number(rng, 0, len(text) - 1)
        return text[:place] + text[place:].capitalize()
    return text


def _figures(rng: Rng, kind: str) -> str:
    if kind == "price":
        value = f"{number(rng, 0, 999)}.{number(rng, 0, 99):02d}"
        return pick(rng, ("${}", "£{}", "€{}", "{}", "{}%", "{}€")).format(value)
    if kind == "code":
        if rng.random() < 0.5:
            return fields.code(rng).split()[0]
        head = "".join(pick(rng, _LETTERS) for _ in range(number(rng, 1, 3))).upper()
        tail = fields.digits(rng, number(rng, 1, 4))
        return head + tail if rng.random() < 0.7 else tail + head
    if rng.random() < 0.12:
        return str(number(rng, 1850, 2029))
    figures = fields.digits(rng, number(rng, 1, 5) if rng.random() < 0.9 else number(rng, 6, 13))
    chance = rng.random()
    if chance < 0.06:
        return figures + pick(rng, ("%", "+", "th", "kg", "ml", "km", "m", "am", "pm", "g", "x"))
    if chance < 0.1:
        return fields.grouped(int(figures), ",")
    return figures
