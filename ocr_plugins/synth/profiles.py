"""Kinds of documents that lines come from: what they say, what they are set in, and how they were scanned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ocr_plugins.synth import texts


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of document.

    Args:
        share: how often it comes.
        texts: weights of the kinds of lines, see `texts`.
        kinds: weights of the kinds of fonts, see `font_table.CLASSES`.
        ems: smallest and largest em in pixels, at the resolution of the scan.
        modes: weights of the ways in which it was scanned, see `degrading.MODES`.
        justified, typed, rules, neighbours: the share of lines with uneven word spaces, with a typewriter's
            unevenness, with rules, and with parts of other lines at their edges.
        old: whether thin spaces stand before colons and the like.
        plain: the share of lines without typographic quotes and dashes.
        scene: whether it is words in photographs of scenes, see `scenes`. These come only where they are
            asked for by name: a reader of documents has no use for them.
    """

    share: float
    texts: Mapping[str, float]
    kinds: Mapping[str, float]
    ems: tuple[float, float]
    modes: Mapping[str, float]
    justified: float = 0.0
    typed: float = 0.0
    rules: float = 0.03
    neighbours: float = 0.25
    old: bool = False
    plain: float = 0.0
    scene: bool = False


#: By name. Shares follow what people scan: print of all ages first.
PROFILES: Mapping[str, Profile] = {
    "book": Profile(
        share=0.27,
        texts=texts.BOOK,
        kinds={"modern": 5, "book": 4, "times": 2, "hand": 0.05, "blackletter": 1.5},
        ems=(26, 62),
        modes={"bilevel": 6, "grey": 2, "copied": 1, "thresholded": 1.5, "coarse": 0.7},
        justified=0.75,
        old=True,
    ),
    "journal": Profile(
        share=0.18,
        texts=texts.REPORT,
        kinds={"times": 6, "modern": 4, "book": 1, "sans": 1.5, "condensed": 0.3, "mono": 0.3},
        ems=(24, 56),
        modes={"bilevel": 5, "grey": 1.5, "copied": 2, "thresholded": 1, "coarse": 0.8},
        justified=0.7,
    ),
    "office": Profile(
        share=0.19,
        texts=texts.LETTER,
        kinds={
            "times": 4,
            "sans": 4,
            "typewriter": 3,
            "mono": 1.5,
            "book": 1.5,
            "condensed": 0.6,
            "modern": 1,
        },
        ems=(24, 60),
        modes={"bilevel": 6, "faxed": 1.5, "grey": 1.5, "copied": 1.5, "coarse": 0.8, "thresholded": 0.5},
        justified=0.3,
        rules=0.07,
    ),
    "typescript": Profile(
        share=0.15,
        texts=texts.LETTER | {"caps": 6, "list": 6},
        kinds={"typewriter": 8, "mono": 1},
        ems=(20, 58),
        modes={"bilevel": 4, "grey": 4, "thresholded": 2, "copied": 1.5, "coarse": 1},
        typed=0.85,
        plain=0.9,
        rules=0.06,
        neighbours=0.3,
    ),
    "form": Profile(
        share=0.1,
        texts=texts.FORM,
        kinds={"sans": 5, "times": 3, "typewriter": 2.5, "mono": 1.5, "condensed": 1.5, "hand": 0.3},
        ems=(13, 44),
        modes={"coarse": 3, "grey": 3, "bilevel": 3, "copied": 1, "faxed": 0.7},
        rules=0.4,
        typed=0.15,
    ),
    "receipt": Profile(
        share=0.06,
        texts=texts.RECEIPT,
        kinds={"sans": 3, "mono": 4, "condensed": 2, "typewriter": 1},
        ems=(16, 50),
        plain=0.6,
        modes={"thermal": 6, "grey": 2, "coarse": 1, "bilevel": 0.7},
        rules=0.04,
        neighbours=0.15,
    ),
    "screen": Profile(
        share=0.04,
        texts=texts.REPORT,
        kinds={"sans": 5, "times": 2, "mono": 2, "book": 1, "condensed": 1},
        ems=(13, 44),
        modes={"clean": 4, "coarse": 1, "grey": 1},
        rules=0.05,
        neighbours=0.15,
    ),
    "note": Profile(
        share=0.01,
        texts=texts.LETTER,
        kinds={"hand": 1},
        ems=(26, 70),
        modes={"grey": 3, "bilevel": 2},
        rules=0.2,
    ),
    "scene": Profile(
        share=0.1,
        texts=texts.SCENE,
        kinds={"sans": 9, "condensed": 4, "times": 3, "book": 4, "modern": 3, "hand": 2.2, "mono": 0.8}
        | {"typewriter": 0.4},
        ems=(17, 84),
        modes={"scene": 1},
        rules=0.06,
        neighbours=0.16,
        scene=True,
    ),
}
#: Those that lines come from where none is named.
DOCUMENTS = tuple(name for name, profile in PROFILES.items() if not profile.scene)
