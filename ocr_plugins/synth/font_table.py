"""The fonts that lines are drawn in: Debian packages, their licences, and what kind of print they are like.

All are free fonts; drawing pictures with them puts no part of a font into a picture's file, and
nothing of them is shipped. Faces that the table names by a prefix of their file's name are used, with the
share of their group in its class; what else a package holds (hairlines, other scripts, symbols) is not.
"""

from __future__ import annotations

from dataclasses import dataclass

#: What print is like: Times and its kin; nineteenth-century faces and Computer Modern; old-style book faces;
#: sans; condensed; monospaced of printers and screens; typewriters; handwriting; blackletter.
CLASSES = ("times", "modern", "book", "sans", "condensed", "mono", "typewriter", "hand", "blackletter")


@dataclass(frozen=True, slots=True)
class FontGroup:
    """Faces of one design from one Debian package.

    ``prefixes`` are of file names without their ending; ``share`` weighs the group within its class.
    """

    package: str
    licence: str
    kind: str
    prefixes: tuple[str, ...]
    share: float = 1.0


_OFL, _GPL, _GUST = "OFL-1.1", "GPL-2+ with font exception", "GUST Font License (LPPL-1.3c)"
# Version 1 of these fonts, which Debian 12 has; version 2 is under the OFL.
_LIBERATION = "GPL-2 with font exception (version 1), OFL-1.1 (version 2)"
_APACHE, _AGPL = "Apache-2.0", "AGPL-3 with font exception"


def _group(package: str, licence: str, kind: str, prefixes: str, share: float = 1.0) -> FontGroup:
    return FontGroup(package, licence, kind, tuple(prefixes.split()), share)


GROUPS: tuple[FontGroup, ...] = (
    # Times and its kin
    _group("fonts-texgyre", _GUST, "times", "texgyretermes-", 2),
    _group("fonts-urw-base35", _AGPL, "times", "NimbusRoman-", 2),
    _group("fonts-liberation", _LIBERATION, "times", "LiberationSerif-", 2),
    _group("fonts-croscore", _OFL, "times", "Tinos-"),
    _group("fonts-freefont-ttf", "GPL-3+ with font exception", "times", "FreeSerif"),
    _group("fonts-stix", _OFL, "times", "STIX-"),
    _group("fonts-sil-doulos", _OFL, "times", "DoulosSIL-"),
    _group("fonts-paratype", "ParaType Free Font License", "times", "PTF", 0.5),
    _group("fonts-gfs-artemisia", _OFL, "times", "GFSArtemisia", 0.5),
    _group("fonts-noto-core", _OFL, "times", "NotoSerif-Regular NotoSerif-Bold NotoSerif-Italic", 0.7),
    _group("fonts-dejavu-core", "Bitstream Vera", "times", "DejaVuSerif", 0.5),
    _group("fonts-roboto-slab", _APACHE, "times", "RobotoSlab-Regular RobotoSlab-Bold", 0.4),
    # Computer Modern, and what the nineteenth century read
    _group("fonts-cmu", _OFL, "modern", "cmunrm cmunti cmunbx cmunbi cmunsl cmunci", 2.5),
    _group(
        "fonts-lmodern",
        _GUST,
        "modern",
        "lmroman8- lmroman9-regular lmroman10-regular lmroman10-italic lmroman10-bold lmroman12-",
        2.5,
    ),
    _group("fonts-oldstandard", "OFL-1.0", "modern", "OldStandard-", 3),
    _group("fonts-urw-base35", _AGPL, "modern", "C059-", 2),
    _group("fonts-texgyre", _GUST, "modern", "texgyreschola-", 1.5),
    _group("fonts-century-catalogue", "OFL-1.0", "modern", "Century-Catalogue", 1.5),
    _group("fonts-gfs-didot", _OFL, "modern", "GFSDidot"),
    _group("fonts-gfs-bodoni-classic", _OFL, "modern", "GFSBodoniClassic", 0.4),
    _group("fonts-adf-romande", _GPL, "modern", "RomandeADFStd- RomandeADFNo2Std-", 0.5),
    _group("fonts-adf-baskervald", _GPL, "modern", "BaskervaldADFStd"),
    _group("fonts-urw-base35", _AGPL, "modern", "URWBookman-", 0.7),
    _group("fonts-texgyre", _GUST, "modern", "texgyrebonum-", 0.5),
    # old style
    _group("fonts-ebgaramond", _OFL, "book", "EBGaramond12- EBGaramond08-Regular", 1.5),
    _group("fonts-linuxlibertine", _GPL, "book", "LinLibertine_R LinLibertine_RB LinLibertine_RI", 1.5),
    _group("fonts-sil-gentiumplus", _OFL, "book", "GentiumPlus- GentiumBookPlus-"),
    _group("fonts-sil-charis", _OFL, "book", "CharisSIL-", 0.8),
    _group(
        "fonts-georgewilliams", "OFL-1.1 or BSD-3-Clause", "book", "CaslonRoman CaslonBold CaslonItalic", 1.5
    ),
    _group("fonts-goudybookletter", "public domain", "book", "GoudyBookletter1911"),
    _group("fonts-fanwood", "MIT", "book", "Fanwood"),
    _group("fonts-lindenhill", "MIT", "book", "LindenHill"),
    _group("fonts-essays1743", "OFL-1.1 or LGPL-2.1", "book", "Essays1743"),
    _group("fonts-levien-museum", "OFL-1.0", "book", "MuseumFoundry", 0.5),
    _group(
        "fonts-junicode", _OFL, "book", "JunicodeTwoBeta-Regular JunicodeTwoBeta-Italic JunicodeTwoBeta-Bold"
    ),
    _group("fonts-cardo", _OFL, "book", "Cardo"),
    _group("fonts-elstob", _OFL, "book", "ElstobD-10pt"),
    _group("fonts-vollkorn", _OFL, "book", "Vollkorn-Regular Vollkorn-Italic Vollkorn-Bold"),
    _group("fonts-prociono", "public domain", "book", "Prociono", 0.5),
    _group("fonts-adf-accanthis", _GPL, "book", "AccanthisADFStd"),
    _group("fonts-adf-berenis", _GPL, "book", "BerenisADFPro-", 0.7),
    _group(
        "fonts-adf-tribun", _GPL, "book", "TribunADFStd-Regular TribunADFStd-Italic TribunADFStd-Bold", 0.7
    ),
    _group("fonts-urw-base35", _AGPL, "book", "P052-"),
    _group("fonts-texgyre", _GUST, "book", "texgyrepagella-"),
    _group("fonts-crosextra-caladea", _APACHE, "book", "Caladea-"),
    _group("fonts-averia-serif-gwf", _OFL, "book", "AveriaSerifGWF-", 0.7),
    # sans
    _group("fonts-liberation", _LIBERATION, "sans", "LiberationSans-", 3),
    _group("fonts-urw-base35", _AGPL, "sans", "NimbusSans-", 3),
    _group("fonts-texgyre", _GUST, "sans", "texgyreheros-", 2),
    _group("fonts-freefont-ttf", "GPL-3+ with font exception", "sans", "FreeSans"),
    _group("fonts-dejavu-core", "Bitstream Vera", "sans", "DejaVuSans DejaVuSans-Bold"),
    _group(
        "fonts-roboto-unhinted", _APACHE, "sans", "Roboto-Regular Roboto-Bold Roboto-Italic Roboto-Medium"
    ),
    _group("fonts-open-sans", _APACHE, "sans", "OpenSans-Regular OpenSans-Bold OpenSans-Italic"),
    _group("fonts-noto-core", _OFL, "sans", "NotoSans-Regular NotoSans-Bold NotoSans-Italic"),
    _group("fonts-lato", _OFL, "sans", "Lato-Regular Lato-Bold Lato-Italic", 0.7),
    _group("fonts-crosextra-carlito", _OFL, "sans", "Carlito-"),
    _group("fonts-inter", _OFL, "sans", "Inter-Regular Inter-Bold Inter-Italic", 0.7),
    _group("fonts-clear-sans", _APACHE, "sans", "ClearSans-Regular ClearSans-Bold ClearSans-Italic", 0.7),
    _group("fonts-cabin", _OFL, "sans", "Cabin-Regular Cabin-Bold Cabin-Italic", 0.6),
    _group("fonts-karla", _OFL, "sans", "Karla-Regular Karla-Bold Karla-Italic", 0.5),
    _group("fonts-tuffy", "public domain", "sans", "Tuffy", 0.5),
    _group("fonts-tiresias", "GPL-3+ with font exception", "sans", "tiresias_infofont tiresias_pcfont", 0.4),
    _group("fonts-go", "BSD-3-Clause", "sans", "Go-Regular Go-Bold Go-Italic", 0.5),
    _group("fonts-play", _OFL, "sans", "Play-", 0.3),
    _group("fonts-adf-gillius", _GPL, "sans", "GilliusADF-Regular GilliusADF-Bold GilliusADF-Italic", 0.7),
    _group(
        "fonts-adf-switzera", _GPL, "sans", "SwitzeraADF-Regular SwitzeraADF-Bold SwitzeraADF-Italic", 0.7
    ),
    _group("fonts-adf-universalis", _GPL, "sans", "UniversalisADFStd-Regular UniversalisADFStd-Bold", 0.7),
    _group("fonts-texgyre", _GUST, "sans", "texgyreadventor-", 0.5),
    _group("fonts-cmu", _OFL, "sans", "cmunss cmunsx cmunsi", 0.6),
    _group("fonts-paratype", "ParaType Free Font License", "sans", "PTS", 0.5),
    _group("fonts-sil-andika", _OFL, "sans", "Andika-", 0.4),
    _group("fonts-gfs-neohellenic", _OFL, "sans", "GFSNeohellenic", 0.4),
    _group("fonts-averia-sans-gwf", _OFL, "sans", "AveriaSansGWF-", 0.5),
    _group("fonts-cantarell", _OFL, "sans", "Cantarell-Regular Cantarell-Bold", 0.4),
    _group("fonts-b612", "OFL-1.1 or EPL-2.0", "sans", "B612-", 0.3),
    _group("fonts-linuxlibertine", _GPL, "sans", "LinBiolinum_R", 0.5),
    _group("fonts-junction", _OFL, "sans", "Junction", 0.3),
    _group("fonts-comic-neue", _OFL, "sans", "ComicNeue-", 0.3),
    # condensed
    _group("fonts-liberation", _LIBERATION, "condensed", "LiberationSansNarrow-", 2),
    _group("fonts-urw-base35", _AGPL, "condensed", "NimbusSansNarrow-", 2),
    _group("fonts-texgyre", _GUST, "condensed", "texgyreheroscn-"),
    _group("fonts-roboto-unhinted", _APACHE, "condensed", "RobotoCondensed-Regular RobotoCondensed-Bold"),
    _group("fonts-open-sans", _APACHE, "condensed", "OpenSans-CondBold OpenSans-CondLight"),
    _group("fonts-dejavu-extra", "Bitstream Vera", "condensed", "DejaVuSansCondensed DejaVuSerifCondensed"),
    _group("fonts-paratype", "ParaType Free Font License", "condensed", "PTN"),
    _group(
        "fonts-yanone-kaffeesatz", _OFL, "condensed", "YanoneKaffeesatz-Regular YanoneKaffeesatz-Bold", 0.5
    ),
    _group("fonts-adf-universalis", _GPL, "condensed", "UniversalisADFStd-Cond UniversalisADFStd-BoldCond"),
    _group("fonts-dosis", _OFL, "condensed", "Dosis-Medium Dosis-Bold", 0.4),
    # monospaced, of printers and screens
    _group("fonts-liberation", _LIBERATION, "mono", "LiberationMono-", 2),
    _group("fonts-dejavu-core", "Bitstream Vera", "mono", "DejaVuSansMono"),
    _group("fonts-inconsolata", "OFL-1.0", "mono", "Inconsolata"),
    _group("fonts-anonymous-pro", _OFL, "mono", "Anonymous"),
    _group("fonts-hack", "MIT and Bitstream Vera", "mono", "Hack-Regular Hack-Bold"),
    _group("fonts-firacode", _OFL, "mono", "FiraCode-Regular FiraCode-Medium FiraCode-Bold", 0.7),
    _group("fonts-go", "BSD-3-Clause", "mono", "Go-Mono"),
    _group("fonts-noto-mono", _OFL, "mono", "NotoMono-Regular NotoSansMono-"),
    _group("fonts-jetbrains-mono", _OFL, "mono", "JetBrainsMono-Regular JetBrainsMono-Bold", 0.7),
    _group("fonts-league-mono", _OFL, "mono", "LeagueMono-Regular LeagueMono-Condensed LeagueMono-Bold"),
    _group("fonts-3270", "BSD-3-Clause and OFL-1.1", "mono", "3270", 0.7),
    _group("fonts-fantasque-sans", _OFL, "mono", "FantasqueSansMono-Regular FantasqueSansMono-Bold", 0.5),
    _group("fonts-routed-gothic", _OFL, "mono", "routed-gothic", 0.4),
    _group("fonts-ocr-b", "public domain", "mono", "OCRB", 0.8),
    _group("fonts-ocr-a", "public domain and GPL-3", "mono", "OCRA", 0.3),
    _group("fonts-pc", "CC-BY-SA-4.0", "mono", "Px_IBM_VGA8 Px_IBM_MDA Px_IBM_EGA8", 0.7),
    _group("fonts-b612", "OFL-1.1 or EPL-2.0", "mono", "B612Mono-", 0.5),
    _group("fonts-croscore", _OFL, "mono", "Cousine-"),
    _group("fonts-paratype", "ParaType Free Font License", "mono", "PTM", 0.5),
    # typewriters
    _group("fonts-courier-prime", _OFL, "typewriter", "Courier Bold Italic", 2.5),
    _group("fonts-urw-base35", _AGPL, "typewriter", "NimbusMonoPS-", 2),
    _group("fonts-texgyre", _GUST, "typewriter", "texgyrecursor-"),
    _group("fonts-freefont-ttf", "GPL-3+ with font exception", "typewriter", "FreeMono", 1.5),
    _group("fonts-gnutypewriter", _OFL, "typewriter", "GNUTypewriter", 2.5),
    _group("fonts-cmu", _OFL, "typewriter", "cmuntt cmuntb cmunit", 1.5),
    _group("fonts-lmodern", _GUST, "typewriter", "lmmono10-regular lmmono12-regular lmmonolt10-"),
    _group("fonts-tlwg-typewriter-otf", _GPL, "typewriter", "TlwgTypewriter"),
    _group("fonts-tlwg-typo-otf", _GPL, "typewriter", "TlwgTypo"),
    _group("fonts-compagnon", _OFL, "typewriter", "Compagnon-Roman Compagnon-Light", 1.5),
    # handwriting-like
    _group("fonts-breip", "OFL-1.0", "hand", "Breip breipfont"),
    _group("fonts-bwht", _OFL, "hand", "BecauseWe", 0.5),
    _group("fonts-dancingscript", _OFL, "hand", "DancingScript-"),
    _group("fonts-dkg-handwriting", _OFL, "hand", "dkg"),
    _group("fonts-humor-sans", _OFL, "hand", "Humor-Sans", 0.5),
    _group("fonts-kaushanscript", _OFL, "hand", "KaushanScript-"),
    _group("fonts-kristi", _OFL, "hand", "Kristi"),
    _group("fonts-sjfonts", _GPL, "hand", "Delphine SteveHand"),
    _group("fonts-texgyre", _GUST, "hand", "texgyrechorus-"),
    _group("fonts-urw-base35", _AGPL, "hand", "Z003-"),
    # blackletter: only where it is asked for
    _group("fonts-gamaliel", _OFL, "blackletter", "Gamaliel"),
)


def font_packages() -> dict[str, str]:
    """The Debian packages of all fonts in the table, and the licence of each."""
    return {group.package: group.licence for group in sorted(GROUPS, key=lambda group: group.package)}


def group_of(stem: str) -> FontGroup | None:
    """The group a font file belongs to, by its name without the ending; the longest prefix wins."""
    fitting = [(len(prefix), group) for group in GROUPS for prefix in group.prefixes if _fits(stem, prefix)]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


def _fits(stem: str, prefix: str) -> bool:
    # "Courier" must not take in "CourierNew", nor "DejaVuSans" the mono face.
    rest = stem.removeprefix(prefix)
    return rest != stem and (not rest or prefix.endswith(("-", "_")) or not rest[0].islower())
