"""What looks like a name, a number or an address of a person, right or not.

Extractors give what is surely one, with check digits that fit. Where it is to be taken out, a misread digit
must not save it: here its form alone is enough, so more is taken out than had to be.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ocr_plugins.fields.rows import Part, Row

# Letters that digits are read as, and signs that the filler of machine-readable zones is: one for one, so
# that places stay.
_DIGITS = str.maketrans("OoQDIl|iSsBZz", "0000111155822")
_FILLERS = str.maketrans("«‹≤([{", "<<<<<<")
# Of what is a number, at least this share was read as digits.
_LEAST_DIGITS = 0.6

# How long account numbers are, by country (ISO 13616), and how many signs may be lost of one.
_IBAN_LENGTHS = {
    code[:2]: int(code[2:])
    for code in (  # noqa: SIM905 - as the standard lists them
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 "
        "ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 "
        "LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 "
        "QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20"
    ).split()
}
_NEVER, _LOST = 1000, 2

_EMAILS = (re.compile(r"\S+ ?[@©®] ?\w[\w-]*(?: ?\. ?\w+)+"), re.compile(r"\S*\w@[A-Za-z]\S*"))
_IBAN = re.compile(
    r"(?<!\w)[A-Z]{2} ?[0-9ODQILSZBG]{2}(?:[ .-]?[A-Z0-9]{4}){2,7}(?:[ .-]?[A-Z0-9]{1,3})?(?!\w)"
)
_CARD = re.compile(
    r"(?<!\w)(?:2[2-7]\d\d|[3-6]\d{3})(?:[ .-]?\d{4}){2}[ .-]?\d{2,7}(?!\w)"
    r"|(?<!\w)3\d{3}[ .-]?\d{6}[ .-]?\d{5}(?!\w)"
)
_PHONE_LABEL = re.compile(
    r"(?i:(?<!\w)(?:tel(?:e(?:ph|f)one?)?|fax|phone|mobile?|handy|cell|h/?p|contact)\b(?: ?no\b| number)?"
    r" ?\.? ?[:.]? ?)"
)
_PHONE, _ABROAD = (
    re.compile(r"\+?[\d(][\d ()/.-]{5,}\d"),
    re.compile(r"(?<![\w+])\+[1-9]\d{0,2}[\d ()/.-]{6,}\d"),
)
# Words that a number of papers follows: some say it alone, others with a word for number.
_ID_LABEL = re.compile(
    r"(?i:(?<!\w)(?:(?:ssn|social security|nric|mykad|passport|nhs|steuer-?id|steuernummer|nif|dni|nie|nir|"
    r"cpf|bsn|pesel|personnummer|identity card)\b(?: ?(?:card|no|number|nr|id)\b)*"
    r"|(?:id|identity|tax|tin|sin|insurance|national|personal)\b(?: ?(?:card|no|number|nr|id)\b)+)"
    r" ?\.? ?[:#]? ?)"
)
_ID = re.compile(r"[A-Z]{0,3} ?\d[\dA-Z./-]*(?: [A-Z./-]*\d[\dA-Z./-]*)*")
_AMOUNT = re.compile(r"\d{1,3}(?:[,.]\d{3})*[.,]\d\d|\d+[.,]\d\d")
# A row of a zone without fillers: so long, and so many digits.
_ZONE, _ZONE_DIGITS = re.compile(r"[A-Z0-9<]{28,}"), 10
# Of a zone's row of names, fewer than this share of signs are read as digits.
_NAMES_DIGITS = 0.2
_CAPITALISED = r"[A-ZÀ-ÖØ-Þ][\w'’-]+\.?"
_NAMES = (
    # In whatever case, and with the space after the title lost. Short titles in capitals are codes of tax.
    re.compile(
        r"(?<!\w)(?i:(?:mr|mrs|ms|miss|mister|sir|dr|prof|madame?|herrn?|frau|monsieur|mme|mlle|encik|puan|cik)"
        r"(?: ?\. ?| ))"
        rf"(?P<it>{_CAPITALISED}(?: {_CAPITALISED}){{0,3}})"
    ),
    re.compile(
        rf"(?<!\w)(?:Mr|Mrs|Miss|Dr|Prof|Herr|Frau)\.?(?P<it>{_CAPITALISED}(?: {_CAPITALISED}){{0,2}})"
    ),
)


def looking_like(rows: Iterable[Row], kinds: Sequence[str]) -> Iterator[tuple[str, Part]]:
    """Parts of rows that have the form of what extractors of these names look for."""
    for row in rows:
        for kind in kinds:
            for part in _FORMS[kind](row) if kind in _FORMS else ():
                yield kind, part


def traces_of_zone(text: str) -> tuple[list[str], list[str], list[dt.date]]:
    """What a row of a machine-readable zone holds: names, numbers and days that stand above it as well."""
    plain = re.sub(r"\s", "", _capitals(text)).translate(_FILLERS)
    signs = plain.replace("<", "")
    if "<<" in plain and sum(map(str.isdigit, signs)) < _NAMES_DIGITS * len(signs):
        return _names_of_zone(plain), [], []
    days = []
    for found in re.finditer(r"(?=(\d{6})\d)", plain.translate(_DIGITS)):
        year, month, day = (int(found[1][place : place + 2]) for place in (0, 2, 4))
        for century in (1900, 2000):
            try:
                days.append(dt.date(century + year, month, day))
            except ValueError:
                break
    # In rows of three, the number of a paper follows its kind and its country.
    numbers = [plain[:9], *([plain[5:14]] if plain[:1] in tuple("IAC") else [])]
    return [], [number.strip("<") for number in numbers], days


def _names_of_zone(plain: str) -> list[str]:
    """Names, which stand at the row's begin, or after the kind of paper and its country."""
    name = re.compile("[A-Z]{2,}")
    if plain[:1] not in tuple("PIACV"):
        return name.findall(plain)
    behind = name.findall(plain[5:])
    return behind if plain[1] == "<" else [*behind, *name.findall(plain)]


def _capitals(text: str) -> str:
    """In capitals, of as many characters: ß stays."""
    return "".join(mark.upper() if len(mark.upper()) == 1 else mark for mark in text)


def _emails(row: Row) -> Iterator[Part]:
    for form in _EMAILS:
        yield from row.find(form)


def _ibans(row: Row) -> Iterator[Part]:
    for part in _numbers(row, _IBAN, _capitals(row.text), least=0.4):
        signs = [mark for mark in part.text if mark.isalnum()]
        # Longer is what follows, and shorter than by two is another kind of number.
        if len(signs) >= _IBAN_LENGTHS.get("".join(signs[:2]).upper(), _NEVER) - _LOST:
            yield part


def _cards(row: Row) -> Iterator[Part]:
    return _numbers(row, _CARD, row.text.translate(_DIGITS))


def _phones(row: Row) -> Iterator[Part]:
    text = row.text.translate(_DIGITS)
    yield from _numbers(row, _ABROAD, text)
    yield from _labelled(row, _PHONE_LABEL, _PHONE, text)


def _ids(row: Row) -> Iterator[Part]:
    return _labelled(row, _ID_LABEL, _ID, _capitals(row.text), least=0.4)


def _zones(row: Row) -> Iterator[Part]:
    plain = _capitals(row.text).translate(_FILLERS)
    rows = (found[0] for found in _ZONE.finditer(plain))
    has_digits = any(sum(map(str.isdigit, one)) >= _ZONE_DIGITS for one in rows)
    # Single brackets are no fillers.
    if "<<" in plain.replace(" ", "") or row.text.count("<") > 1 or has_digits:
        yield row.part(0, len(row.text))


def _names(row: Row) -> Iterator[Part]:
    for form in _NAMES:
        yield from row.find(form, "it")


_FORMS: Mapping[str, Callable[[Row], Iterator[Part]]] = {
    "email": _emails,
    "iban": _ibans,
    "card": _cards,
    "phone": _phones,
    "id": _ids,
    "mrz": _zones,
    "names": _names,
}


def _labelled(
    row: Row, label: re.Pattern[str], form: re.Pattern[str], text: str, least: float = _LEAST_DIGITS
) -> Iterator[Part]:
    """The numbers that follow a label at once."""
    for said in label.finditer(row.text):
        found = form.match(text, said.end())
        if found and _is_number(row.text[found.start() : found.end()], least):
            yield row.part(*found.span())


def _numbers(row: Row, form: re.Pattern[str], text: str, least: float = _LEAST_DIGITS) -> Iterator[Part]:
    """The parts that a form fits in a text of as many characters as the row's."""
    for found in form.finditer(text):
        if _is_number(row.text[found.start() : found.end()], least):
            yield row.part(*found.span())


def _is_number(text: str, least: float) -> bool:
    if any(_AMOUNT.fullmatch(one) for one in text.split()):
        return False
    signs = [mark for mark in text if mark.isalnum() or mark == "|"]
    return sum(mark.isdigit() for mark in signs) >= max(least * len(signs), 4)
