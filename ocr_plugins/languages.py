"""Language codes: ISO 639-1 (``en``) everywhere, with Tesseract's three letters accepted.

Imports nothing but the standard library: engines' worker processes load it.
"""

from __future__ import annotations

from ocr_plugins.errors import CallError

# ISO 639-1 -> the name Tesseract gives its model (ISO 639-2/T, where it follows it).
TESSERACT_CODES = {
    "af": "afr", "ar": "ara", "az": "aze", "be": "bel", "bg": "bul", "bn": "ben", "bs": "bos",
    "ca": "cat", "cs": "ces", "cy": "cym", "da": "dan", "de": "deu", "el": "ell", "en": "eng",
    "eo": "epo", "es": "spa", "et": "est", "eu": "eus", "fa": "fas", "fi": "fin", "fr": "fra",
    "ga": "gle", "gl": "glg", "he": "heb", "hi": "hin", "hr": "hrv", "hu": "hun", "id": "ind",
    "is": "isl", "it": "ita", "ja": "jpn", "ko": "kor", "la": "lat", "lt": "lit", "lv": "lav",
    "mk": "mkd", "ms": "msa", "mt": "mlt", "nl": "nld", "no": "nor", "pl": "pol", "pt": "por",
    "ro": "ron", "ru": "rus", "sk": "slk", "sl": "slv", "sq": "sqi", "sr": "srp", "sv": "swe",
    "sw": "swa", "ta": "tam", "te": "tel", "th": "tha", "tr": "tur", "uk": "ukr", "ur": "urd",
    "vi": "vie", "zh": "chi_sim",
}  # fmt: skip
_BY_TESSERACT = {three: two for two, three in TESSERACT_CODES.items()}


def normalise_lang(code: str) -> str:
    """``code`` as an ISO 639-1 code; ``eng`` and ``en-GB`` become ``en``, a ``+`` joins several.

    Codes that are not known here are kept as they are, for engines that know them.

    Raises:
        CallError: an empty code.
    """
    parts = [part.strip().lower() for part in code.replace(",", "+").split("+")]
    if not all(parts):
        raise CallError(f"language {code!r} is empty", "write a code such as en, or several as en+de")
    return "+".join(
        _BY_TESSERACT.get(part) or (part.split("-")[0] if part.split("-")[0] in TESSERACT_CODES else part)
        for part in parts
    )


def tesseract_lang(code: str) -> str:
    """The name of Tesseract's model for a normalised code: ``en+de`` gives ``eng+deu``."""
    return "+".join(TESSERACT_CODES.get(part, part) for part in code.split("+"))


def from_tesseract(model: str) -> str:
    """The normalised code of one of Tesseract's models: ``eng`` gives ``en``."""
    return _BY_TESSERACT.get(model, model)
