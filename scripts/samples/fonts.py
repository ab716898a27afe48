"""The fonts of the sample documents, where Debian and Ubuntu install them.

All of them are free: SIL Open Font License 1.1 (Bebas Neue, Caladea, Carlito, Courier Prime, EB Garamond,
GNU Typewriter, Lato), Apache License 2.0 (JetBrains Mono) and the Bitstream Vera licence (DejaVu). None is
copied into this repository.
"""

from functools import cache
from pathlib import Path

from PIL import ImageFont

FONT_ROOT = Path("/usr/share/fonts")

# name -> (file under FONT_ROOT, Debian package)
FONTS: dict[str, tuple[str, str]] = {
    "bebas": ("opentype/bebas-neue/BebasNeue-Bold.otf", "fonts-bebas-neue"),
    "caladea": ("truetype/crosextra/Caladea-Regular.ttf", "fonts-crosextra-caladea"),
    "caladea-bold": ("truetype/crosextra/Caladea-Bold.ttf", "fonts-crosextra-caladea"),
    "caladea-italic": ("truetype/crosextra/Caladea-Italic.ttf", "fonts-crosextra-caladea"),
    "carlito": ("truetype/crosextra/Carlito-Regular.ttf", "fonts-crosextra-carlito"),
    "carlito-bold": ("truetype/crosextra/Carlito-Bold.ttf", "fonts-crosextra-carlito"),
    "courier": ("opentype/courier-prime/Courier Prime.otf", "fonts-courier-prime"),
    "dejavu": ("truetype/dejavu/DejaVuSans.ttf", "fonts-dejavu-core"),
    "dejavu-mono": ("truetype/dejavu/DejaVuSansMono.ttf", "fonts-dejavu-core"),
    "dejavu-mono-bold": ("truetype/dejavu/DejaVuSansMono-Bold.ttf", "fonts-dejavu-core"),
    "garamond": ("opentype/ebgaramond/EBGaramond12-Regular.otf", "fonts-ebgaramond"),
    "garamond-bold": ("opentype/ebgaramond/EBGaramond12-Bold.otf", "fonts-ebgaramond"),
    "garamond-italic": ("opentype/ebgaramond/EBGaramond12-Italic.otf", "fonts-ebgaramond"),
    "jetbrains": ("truetype/jetbrains-mono/JetBrainsMono-Regular.ttf", "fonts-jetbrains-mono"),
    "lato": ("truetype/lato/Lato-Regular.ttf", "fonts-lato"),
    "lato-bold": ("truetype/lato/Lato-Bold.ttf", "fonts-lato"),
    "lato-black": ("truetype/lato/Lato-Black.ttf", "fonts-lato"),
    "typewriter": ("truetype/gnutypewriter/GNUTypewriter.ttf", "fonts-gnutypewriter"),
}


class MissingFontsError(RuntimeError):
    """Some fonts are not installed; the message names the packages that bring them."""


def require_fonts() -> None:
    """Raise `MissingFontsError` unless every font is installed."""
    missing = sorted({package for file, package in FONTS.values() if not (FONT_ROOT / file).is_file()})
    if missing:
        raise MissingFontsError(
            "Fonts are missing. On Debian or Ubuntu, install them with:\n"
            f"    apt-get install --no-install-recommends {' '.join(missing)}"
        )


@cache
def load_font(name: str, pixels: float) -> ImageFont.FreeTypeFont:
    """The font called `name` in `FONTS` at an em size in pixels."""
    return ImageFont.truetype(FONT_ROOT / FONTS[name][0], pixels)
