"""The alphabet: classes, what it lacks, and how that is named."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_plugins.crnn.alphabet import LATIN, Alphabet, named
from ocr_plugins.errors import CallError


@given(st.text(st.sampled_from(LATIN.characters)))
def test_what_is_encoded_is_decoded_again(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    classes = LATIN.encode(text)
    assert LATIN.decode(classes) == composed
    assert all(0 < number < LATIN.size for number in classes)
    assert not LATIN.missing(text)


def test_the_alphabet_is_in_nfc_and_has_what_printed_latin_needs() -> None:
    assert all(unicodedata.is_normalized("NFC", character) for character in LATIN.characters)
    assert not LATIN.missing("Œuvres, “naïve” — £5½ § ſ ª º « » Łódź, Győr, Dvořák, Þór… €")


def test_a_decomposed_letter_is_its_composed_class() -> None:
    assert LATIN.encode("e\u0301") == LATIN.encode("é")


def test_missing_characters_are_counted_and_named_without_the_text() -> None:
    assert LATIN.missing("жук жало") == {"ж": 2, "у": 1, "к": 1, "а": 1, "л": 1, "о": 1}
    with pytest.raises(CallError) as error:
        LATIN.encode("secret жж")
    assert "U+0436 CYRILLIC SMALL LETTER ZHE" in str(error.value)
    assert "secret" not in str(error.value)
    assert named("".join(map(chr, range(0x400, 0x410)))).endswith("8 more")


def test_extending_keeps_the_classes_that_were_there() -> None:
    more = LATIN.extended("жaж")
    assert more.characters[:-1] == LATIN.characters
    assert more.characters[-1] == "ж"
    assert LATIN.extended("abc") == LATIN


@pytest.mark.parametrize("characters", [("ab",), ("a", "a"), ("",)])
def test_a_malformed_alphabet_is_refused(characters: tuple[str, ...]) -> None:
    with pytest.raises(CallError):
        Alphabet(characters)
