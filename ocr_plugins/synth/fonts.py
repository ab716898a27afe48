"""Fonts of this machine: which characters each face draws, and a weighted choice among them."""

from __future__ import annotations

import functools
import logging
import re
from bisect import bisect
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ocr_plugins.errors import CallError, EngineUnavailableError
from ocr_plugins.synth.font_table import CLASSES, font_packages, group_of
from ocr_plugins.synth.words import Rng, library

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

_SYSTEM = (
    *("/usr/share/fonts", "/usr/share/texmf/fonts/opentype", "/usr/local/share/fonts"),
    *("/Library/Fonts", "/System/Library/Fonts", "C:/Windows/Fonts"),
)
# What it says about odd tables of fonts is nobody's business here.
logging.getLogger("fontTools").addHandler(logging.NullHandler())
_OWN = (".fonts", ".local/share/fonts", "Library/Fonts")
_ENDINGS = ("ttf", "otf")
CHECK_SIZE = 40
# A face that lacks more of the printable ASCII than this draws no running text.
_LEAST_ASCII = 0.93
_ASCII = frozenset(map(chr, range(33, 127)))
_SIGNS = frozenset(character for character in _ASCII if not character.isalnum())
# What fonts draw alike although it is not: dashes, quotes, brackets, and letters that they have not.
_MIXED_UP = frozenset(",‚„-–—'‘’\"“”`´()/[]{}aªoºøi¡LŁOØ0QdďfſtťlĺI1|¼½¾†‡€¤•·…<‹>›")
# Variants that the table's prefixes let through and that nothing is printed in, or whose small letters are
# small capitals.
_UNUSED = re.compile(
    r"thin|hairline|extralight|ultra|black|heavy|caps|titling|outline|inverse|dunh|script|math", re.I
)
_BOLD = re.compile(r"bold|demi|semibold|-b$|_rb|bx|cmuntb|-bdit|75f|77f|76f", re.I)
_ITALIC = re.compile(r"ital|obli|slant|_ri|-i$|bi$|cmunti|cmunsl|cmunci|cmunsi|56f|76f|bdita|bdit", re.I)
_STYLE_SHARES = {(False, False): 1.0, (False, True): 0.22, (True, False): 0.2, (True, True): 0.05}
_TYPED_SHARES = {(False, False): 1.0, (False, True): 0.03, (True, False): 0.3, (True, True): 0.01}
_TRIES = 12


@dataclass(frozen=True, slots=True)
class Face:
    """One font file: the kind of print it is like, its style, and the characters it draws.

    ``group`` names the design it belongs to, ``share`` weighs that design within its kind.
    """

    path: str
    kind: str
    group: str
    share: float
    bold: bool
    italic: bool
    characters: frozenset[str]


class FontSet:
    """Faces to choose from.

    Args:
        faces: at least one.

    Raises:
        EngineUnavailableError: there is no face.
    """

    def __init__(self, faces: Sequence[Face]) -> None:
        if not faces:
            raise EngineUnavailableError(
                "no font was found that draws Latin text",
                "install some: " + install_command(),
                "fonts_missing",
            )
        self.faces = tuple(faces)
        self._kinds: dict[str, tuple[list[float], list[list[Face]]]] = {}
        for kind in CLASSES:
            groups: dict[str, list[Face]] = {}
            for face in faces:
                if face.kind == kind:
                    groups.setdefault(face.group, []).append(face)
            if groups:
                sums = np.cumsum([group[0].share for group in groups.values()]).tolist()
                self._kinds[kind] = (sums, list(groups.values()))

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(self._kinds)

    def choose(self, rng: Rng, kinds: Mapping[str, float], needed: Collection[str]) -> Face | None:
        """A face of these kinds, by their weights, that draws all needed characters; None if none is found.

        Kinds without a font here leave their weight to the others.
        """
        weights = {kind: weight for kind, weight in kinds.items() if kind in self._kinds}
        if not weights:
            weights = dict.fromkeys(self._kinds, 1.0)
        names, sums = tuple(weights), np.cumsum(list(weights.values())).tolist()
        for attempt in range(_TRIES):
            kind = names[bisect(sums, rng.random() * sums[-1])]
            shares, groups = self._kinds[kind]
            faces = groups[bisect(shares, rng.random() * shares[-1])]
            face = _styled(rng, faces)
            if face.characters.issuperset(needed):
                return face
            if attempt == _TRIES // 2:
                names = tuple(self._kinds)
                sums = list(range(1, len(names) + 1))
        able = [face for face in self.faces if face.kind in weights and face.characters.issuperset(needed)]
        return able[int(rng.random() * len(able))] if able else None

    def sibling(self, face: Face, bold: bool, italic: bool, needed: Collection[str]) -> Face | None:
        """The same design in another style."""
        for other in self._kinds[face.kind][1]:
            if other[0].group == face.group:
                for one in other:
                    if (one.bold, one.italic) == (bold, italic) and one.characters.issuperset(needed):
                        return one
        return None


def _styled(rng: Rng, faces: Sequence[Face]) -> Face:
    if len(faces) == 1:
        return faces[0]
    shares = _TYPED_SHARES if faces[0].kind == "typewriter" else _STYLE_SHARES
    sums = np.cumsum([shares[face.bold, face.italic] for face in faces]).tolist()
    return faces[bisect(sums, rng.random() * sums[-1])]


def install_command() -> str:
    """What installs every font of the table on Debian and Ubuntu."""
    return "apt-get install " + " ".join(font_packages())


def find_fonts(
    folders: Sequence[str | Path] = (), characters: Iterable[str] = _ASCII, *, blackletter: bool = False
) -> FontSet:
    """The usable fonts in folders, or in the system's where none is given.

    Fonts of the user's own folders are all used, with a kind guessed from their names and widths; of the
    system's only those in `font_table.GROUPS`, as the rest may be anything, or bear another licence.

    Args:
        folders: looked through with all that is below them.
        characters: what faces are asked for.
        blackletter: whether broken scripts are used too.

    Raises:
        CallError: a folder that does not exist.
        EngineUnavailableError: no usable font; names the packages to install.
    """
    own = bool(folders)
    places = [Path(folder) for folder in folders] if own else system_folders()
    for place in places:
        if not place.is_dir():
            raise CallError(f"font folder {place} does not exist", "check the path given as --fonts")
    wanted = frozenset(characters) - {" "}
    found = sorted({path for place in places for end in _ENDINGS for path in place.rglob(f"*.{end}")})
    # One face comes as TrueType and OpenType, or for several programs.
    files = {path.stem: path for path in found}.values()
    faces = [face for path in files if (face := _face(path, wanted, own)) is not None]
    usable = [face for face in faces if blackletter or face.kind != "blackletter"]
    if own and not usable:
        raise EngineUnavailableError(
            f"no font in {', '.join(map(str, places))} draws Latin text",
            "name a folder with TrueType or OpenType files, or leave --fonts out and install "
            + " ".join(list(font_packages())[:6]),
            "fonts_missing",
        )
    return FontSet(usable)


def system_folders() -> list[Path]:
    """Where this machine keeps fonts."""
    own = [Path.home() / name for name in _OWN]
    return [path for path in (*map(Path, _SYSTEM), *own) if path.is_dir()]


def _face(path: Path, wanted: frozenset[str], own: bool) -> Face | None:
    group = group_of(path.stem)
    if group is None and not own:
        return None
    if group is not None and _UNUSED.search(path.stem) and group.kind != "hand" and not own:
        return None
    drawn = drawn_characters(str(path), wanted, own)
    if len(drawn & _ASCII) < _LEAST_ASCII * len(wanted & _ASCII) or not drawn:
        return None
    name = f"{path.stem}|{load_font(str(path), CHECK_SIZE).getname()[1]}"
    bold, italic = bool(_BOLD.search(name)), bool(_ITALIC.search(name))
    if group is None:
        return Face(str(path), _guess(path), path.stem, 1.0, bold, italic, drawn)
    return Face(
        str(path), group.kind, f"{group.package} {group.prefixes[0]}", group.share, bold, italic, drawn
    )


@functools.lru_cache(maxsize=4096)
def drawn_characters(path: str, wanted: frozenset[str], check: bool) -> frozenset[str]:
    """Which of the wanted characters a font's file draws; none where it cannot be read.

    Of characters that look exactly alike only one counts, the ASCII one first: from a picture nobody could
    tell which was meant.

    Args:
        check: look at all of them, which takes some milliseconds a face, and leave out those without ink and
            those that look as missing characters do; otherwise at those that are known to be mixed up.
    """
    fonts = library("fontTools.ttLib")
    try:
        with Path(path).open("rb") as file, fonts.TTFont(file, lazy=True) as font:
            mapped = frozenset(map(chr, _mapped(font.reader["cmap"]))) & wanted
        face = load_font(path, CHECK_SIZE)
    except (OSError, fonts.TTLibError, KeyError, ValueError, IndexError):
        return frozenset()
    alike: dict[bytes, list[str]] = {}
    for character in sorted(mapped if check else mapped & _MIXED_UP, key=lambda c: (c not in _ASCII, c)):
        alike.setdefault(_shape(face, character), []).append(character)
    left_out = set(alike.pop(b"", ())) | set(alike.pop(_shape(face, "\U000f1234"), ()) if check else ())
    for same in alike.values():
        # Where brackets are all strokes, none of them is one.
        left_out |= set(same if len(_SIGNS.intersection(same)) > 1 else same[1:])
    return mapped - left_out


def _mapped(table: bytes) -> Iterator[int]:
    """The code points of a cmap table (OpenType 1.9, "cmap"), of its formats 4 and 12.

    fontTools gives each of them its glyph's name, which takes a hundred times as long.
    """
    numbers = np.frombuffer(table[: len(table) // 2 * 2], ">u2").astype(np.int64)
    for record in range(numbers[1]):
        start = int(numbers[4 + 4 * record] << 16 | numbers[5 + 4 * record])
        at = start // 2
        if numbers[at] == 4:
            count = int(numbers[at + 3]) // 2
            ends = numbers[at + 7 : at + 7 + count]
            starts = numbers[at + 8 + count : at + 8 + 2 * count]
            deltas = numbers[at + 8 + 2 * count : at + 8 + 3 * count]
            base = at + 8 + 3 * count
            for place in range(count):
                offset = int(numbers[base + place])
                for code in range(int(starts[place]), min(int(ends[place]), 0xFFFE) + 1):
                    glyph = code
                    if offset:
                        glyph = int(numbers[base + place + offset // 2 + code - starts[place]])
                        if glyph == 0:
                            continue
                    if (glyph + int(deltas[place])) & 0xFFFF:
                        yield code
        elif numbers[at] == 12:
            count = int.from_bytes(table[start + 12 : start + 16], "big")
            groups = np.frombuffer(table, ">u4", 3 * count, start + 16).reshape(-1, 3)
            for first, last in groups[:, :2].tolist():
                yield from range(first, min(last, first + 0xFFFF) + 1)


def _shape(face: FreeTypeFont, character: str) -> bytes:
    """A glyph's pixels and place; empty where there is no ink."""
    try:
        mask, offset = face.getmask2(character, mode="L", anchor="ls")
    except OSError:
        return b""
    pixels = bytes(mask)
    return repr((mask.size, offset)).encode() + pixels if any(pixels) else b""


def _guess(path: Path) -> str:
    face = load_font(str(path), CHECK_SIZE)
    if abs(face.getlength("i") - face.getlength("M")) < 0.5:
        return "mono"
    family = (face.getname()[0] or path.stem).lower()
    for kind, words in {
        "sans": ("sans", "gothic", "grotesk"),
        "hand": ("hand", "script"),
        "condensed": ("cond", "narrow"),
    }.items():
        if any(word in family for word in words):
            return kind
    return "book"


@functools.lru_cache(maxsize=1024)
def load_font(path: str, size: int) -> FreeTypeFont:
    """A face at an em of so many pixels, laid out glyph by glyph with the font's kerning table."""
    from PIL import ImageFont

    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)
