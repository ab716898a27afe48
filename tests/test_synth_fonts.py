"""Fonts of synthetic lines."""

from __future__ import annotations

import shutil
import string
from pathlib import Path

import numpy as np
import pytest
from fontTools.ttLib import TTFont

from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.synth.font_table import CLASSES, GROUPS, font_packages, group_of
from ocr_plugins.synth.fonts import FontSet, drawn_characters, find_fonts
from ocr_plugins.synth.lines import known_fonts
from ocr_plugins.synth.texts import CHARACTERS

DEJAVU = next(iter(Path("/usr/share/fonts").rglob("DejaVuSans.ttf")))


@pytest.fixture(scope="module")
def fonts() -> FontSet:
    return known_fonts((), CHARACTERS, False)


def test_a_face_knows_what_fonttools_knows() -> None:
    with TTFont(DEJAVU) as font:
        mapped = {chr(code) for code in font.getBestCmap()}
    wanted = frozenset(CHARACTERS + "ΩЖ漢中\U0001f600") - {" "}
    assert drawn_characters(str(DEJAVU), wanted, False) == wanted & mapped


def test_only_faces_with_all_characters_are_chosen(fonts: FontSet) -> None:
    rng = np.random.default_rng(1)
    for needed in ("Łódź", "½ €", "ſŒ"):
        for _ in range(50):
            face = fonts.choose(rng, {"sans": 1, "typewriter": 1}, set(needed) - {" "})
            assert face is not None
            assert face.characters >= set(needed) - {" "}


def test_no_face_has_a_character_that_none_draws(fonts: FontSet) -> None:
    assert fonts.choose(np.random.default_rng(1), {"sans": 1}, {"漢"}) is None


def test_a_glyph_without_ink_does_not_count(tmp_path: Path) -> None:
    with TTFont(DEJAVU) as font:
        table = font["cmap"].getBestCmap()
        for subtable in font["cmap"].tables:
            if ord("Q") in subtable.cmap:
                subtable.cmap[ord("Q")] = table[ord(" ")]
                subtable.cmap[ord("q")] = table[ord("P")]
                subtable.cmap[ord("p")] = table[ord("P")]
        font.save(tmp_path / "Holes.ttf")
    face = find_fonts([tmp_path], string.ascii_letters).faces[0]
    assert set(string.ascii_letters) - face.characters == {"Q", "p", "q"}


def test_of_characters_that_look_alike_one_counts(fonts: FontSet) -> None:
    typewriter = next(face for face in fonts.faces if face.path.endswith("DejaVuSansMono.ttf"))
    assert "-" in typewriter.characters
    assert len({"–", "—"} & typewriter.characters) == 1


def test_a_users_font_is_guessed(tmp_path: Path) -> None:
    mono = next(iter(Path("/usr/share/fonts").rglob("DejaVuSansMono.ttf")))
    shutil.copy(mono, tmp_path / "Unheard.ttf")
    assert [face.kind for face in find_fonts([tmp_path]).faces] == ["mono"]


def test_files_that_are_no_fonts_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "Broken.ttf").write_bytes(b"\x00\x01\x00\x00 not a font")
    (tmp_path / "Empty.otf").write_bytes(b"")
    shutil.copy(DEJAVU, tmp_path / "Good.ttf")
    assert [Path(face.path).name for face in find_fonts([tmp_path]).faces] == ["Good.ttf"]


def test_no_fonts_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match="fonts-") as caught:
        find_fonts([tmp_path])
    assert caught.value.kind == "fonts_missing"
    with pytest.raises(EngineUnavailableError, match="apt-get install fonts-"):
        FontSet([])


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="nowhere does not exist"):
        find_fonts([tmp_path / "nowhere"])


def test_broken_scripts_only_when_asked(fonts: FontSet) -> None:
    assert "blackletter" not in fonts.kinds


def test_a_design_has_styles(fonts: FontSet) -> None:
    face = next(face for face in fonts.faces if face.path.endswith("DejaVuSans.ttf"))
    bold = fonts.sibling(face, True, False, "abc")
    assert bold is not None
    assert "Bold" in bold.path


def test_the_table_is_whole() -> None:
    assert {group.kind for group in GROUPS} == set(CLASSES)
    assert all(group.licence and group.prefixes and group.share > 0 for group in GROUPS)
    assert all(licence for licence in font_packages().values())


@pytest.mark.parametrize(
    ("stem", "kind"),
    [
        ("DejaVuSans", "sans"),
        ("DejaVuSansMono-Bold", "mono"),
        ("DejaVuSansCondensed", "condensed"),
        ("Nonsense", ""),
    ],
)
def test_the_longest_prefix_wins(stem: str, kind: str) -> None:
    group = group_of(stem)
    assert (group.kind if group else "") == kind
