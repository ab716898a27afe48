"""The list of words: what is in it, how texts stand to it, its file, and the one of the package."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_plugins.ensemble.lexicon import Lexicon
from ocr_plugins.ensemble.shipped import shipped_lexicon
from ocr_plugins.errors import EngineUnavailableError

KNOWN = Lexicon.of(["the", "quick", "fox", "Straße", "Škoda", "of"])
STRANGERS = {"quickly", "foxes", "brown", "th", "", "he", "dog"}

words = st.text(st.characters(categories=["L"]), min_size=1, max_size=12)


@given(st.lists(words, max_size=50))
def test_every_word_is_found_however_it_is_written(some: list[str]) -> None:
    found = Lexicon.of(some)
    for word in some:
        assert word in found
        assert unicodedata.normalize("NFD", word) in found
        assert unicodedata.normalize("NFC", word.casefold()) in found
    assert len(found) == len(Lexicon.of([*some, *some]))
    assert len(found) <= len({unicodedata.normalize("NFC", word.casefold()) for word in some})


@given(st.lists(words, max_size=50))
def test_a_file_keeps_every_word(tmp_path_factory: pytest.TempPathFactory, some: list[str]) -> None:
    path = tmp_path_factory.mktemp("lexicon") / "lexicon.npz"
    one = Lexicon.of(some)
    one.save(path)
    again = Lexicon.load(path)
    assert len(again) == len(one)
    assert all(word in again for word in some)
    assert [word in again for word in STRANGERS] == [word in one for word in STRANGERS]
    for text in (*some, *STRANGERS, " ".join(some)):
        assert again.standing(text) == one.standing(text)


def test_other_words_are_not_found() -> None:
    assert not [word for word in STRANGERS if word in KNOWN]
    assert not [word for word in ("the", "", "of") if word in Lexicon.of([])]
    assert len(Lexicon.of([])) == 0


@pytest.mark.parametrize(
    ("text", "standing"),
    [
        ("the", 1),
        ("THE", 1),
        ("STRASSE", 1),
        ("Fox,", 1),
        ("(the)", 1),
        ("the-fox", 1),
        ("fox's", 1),
        ("the quick fox", 1),
        ("the 12 foxes", -1),
        ("the fox 12", 1),
        ("thc", -1),
        ("the-f0x", -1),
        ("thequick", -1),
        ("", 0),
        ("12", 0),
        ("1,984.50", 0),
        ("---", 0),
        ("of", 0),
        ("to be", 0),
        ("I", 0),
        ("12 %", 0),
    ],
)
def test_how_a_text_stands_to_the_list(text: str, standing: int) -> None:
    assert KNOWN.standing(text) == standing


@pytest.mark.parametrize("text", ["f0x", "fox2", "2fox", "A4", "4th", "the f0x", "fox 4th", "the1", "l984"])
def test_digits_among_letters_are_no_word(text: str) -> None:
    assert Lexicon.of(["f", "x", "fox", "the", "th", "l"]).standing(text) == -1


@given(st.lists(st.sampled_from(["the", "quick", "fox", "thc", "of", "12", "a4", "-", "dog"]), max_size=5))
def test_texts_stand_as_their_words_do(some: list[str]) -> None:
    standings = [KNOWN.standing(word) for word in some]
    least = -1 if -1 in standings else max(standings, default=0)
    assert KNOWN.standing(" ".join(some)) == least
    assert KNOWN.standing(" - ".join(some)) == least
    assert KNOWN.standing(" ".join(reversed(some)).upper()) == least


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_text_has_a_standing(text: str) -> None:
    found = KNOWN.standing(text)
    assert found in (-1, 0, 1)
    if not any(map(str.isalpha, text)):
        assert found == 0
    if found:
        assert any(map(str.isalpha, text))
    assert Lexicon.of([]).standing(text) <= 0


# --- files ---


def arrays(path: Path, **some: object) -> Path:
    np.savez_compressed(path, **{name: np.asarray(value) for name, value in some.items()})
    return path


@pytest.mark.parametrize(
    "hashes",
    [
        np.zeros(3, np.uint64),
        np.zeros(3, np.float64),
        np.zeros((2, 2), np.uint32),
        np.array(7, np.uint32),
        np.array(["the"]),
        np.array([{}], object),
    ],
    ids=["uint64", "float64", "two axes", "no axis", "text", "pickled"],
)
def test_other_arrays_are_refused(tmp_path: Path, hashes: object) -> None:
    path = arrays(tmp_path / "lexicon.npz", hashes=hashes)
    with pytest.raises(EngineUnavailableError, match=r"lexicon.npz is no list of words of this release"):
        Lexicon.load(path)


def test_a_file_without_hashes_is_refused(tmp_path: Path) -> None:
    path = arrays(tmp_path / "lexicon.npz", words=np.zeros(3, np.uint32))
    with pytest.raises(EngineUnavailableError, match="is no list of words") as caught:
        Lexicon.load(path)
    assert caught.value.kind == "bad_model"


@pytest.mark.parametrize("content", [b"", b"the\nfox\n", b"{}", b"\x80\x04N.", b"PK\x03\x04"])
def test_what_is_no_list_at_all_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "lexicon.npz").write_bytes(content)
    with pytest.raises(EngineUnavailableError, match="is no list of words"):
        Lexicon.load(tmp_path / "lexicon.npz")


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.99])
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, kept: float) -> None:
    path = tmp_path / "lexicon.npz"
    Lexicon.of(["fox", "dog"]).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(EngineUnavailableError, match="is no list of words"):
        Lexicon.load(path)


def test_letters_and_their_marks_may_come_apart() -> None:
    assert Lexicon.of(["Škoda"]).standing(unicodedata.normalize("NFD", "Škoda")) == 1


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.npz", tmp_path):
        with pytest.raises(EngineUnavailableError, match=path.name):
            Lexicon.load(path)


# --- the list of the package ---


@pytest.mark.parametrize(
    "text",
    ["the", "Geschichte", "aujourd'hui", "mañana", "perché", "vrouwen", "coração", "Straße", "The quick fox"],
)
def test_the_package_knows_words_of_its_languages(text: str) -> None:
    assert shipped_lexicon().standing(text) == 1


@pytest.mark.parametrize("text", ["brovvn", "br0wn", "Geschlchte", "the qulck fox", "modcrn", "rnodern"])
def test_the_package_knows_no_misread_words(text: str) -> None:
    assert shipped_lexicon().standing(text) == -1


def test_few_other_words_are_taken_for_known_ones() -> None:
    rng = np.random.default_rng(1)
    letters = np.array(list("bcdfghjkmpqvwxz"))
    strange = {"".join(row) for row in letters[rng.integers(0, len(letters), (40_000, 10))]}
    assert sum(word in shipped_lexicon() for word in strange) < len(strange) / 5_000
