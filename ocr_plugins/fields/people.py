"""Names of people and numbers of their papers.

Names are those of a list, and what stands after a title or a label that a name follows. A model that knows
names from other words would find more: an extractor of your own may bring one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz

from ocr_plugins.errors import CallError
from ocr_plugins.fields.codes import stdnum
from ocr_plugins.fields.countries import of_countries
from ocr_plugins.fields.field import Field, read_surely
from ocr_plugins.fields.rows import Part, Row, apart

_CAPITALISED = r"(?:[A-ZÀ-ÖØ-Þ][\w'’-]*\.?)"
_BETWEEN_NAMES = "van|von|der|den|de|la|le|di|da|dos|bin|binti|al"
_NAME = rf"(?P<name>{_CAPITALISED}(?: (?:{_CAPITALISED}|{_BETWEEN_NAMES}))*)"
_TITLE = (
    r"(?:Mr|Mrs|Ms|Miss|Mister|Dr|Prof|Sir|Madam|Herrn?|Frau|Monsieur|Madame|Mme|Mlle|Sra?|Señora?|Sig|Signora?|"
    r"Encik|Puan|Cik)\b\.? "
)
_LABEL = (
    r"(?:(?:(?:full|first|last|sur|given|family|patient|customer|employee) ?)?name|cashier|server|attn|"
    r"attention|signed(?: by)?|prepared by|vorname|nachname|nom|prénom|nombre|apellidos?|cognome|nama)"
)
# What a name follows. The name of a thing or of a firm is none.
_TITLED = re.compile(rf"(?<!\w){_TITLE}{_NAME}")
_LABELLED = re.compile(
    rf"(?i:(?<!\w)(?<!company )(?<!product )(?<!item )(?<!brand )(?<!store )(?<!file )(?<!user )"
    rf"{_LABEL}\s*:\s*)(?:{_TITLE})?{_NAME}"
)
_GREETED = re.compile(
    rf"(?<!\w)(?i:dear|hello|hi) (?:{_TITLE})?(?!(?i:sir|madam|customer|team|all|friends?|colleagues?)\b)"
    rf"{_NAME}"
)
# Of what stands where names stand.
_TITLED_SHARE, _LABELLED_SHARE = 0.9, 0.8
# How like a name of the list what was read must be: a letter in six may be misread. Short names may be words.
_LIKE = 83.0
_LEAST, _SHORT = 2, 3

# Numbers of people's papers and of tax, by country: the modules of python-stdnum that check them.
NUMBERS: Mapping[str, tuple[str, ...]] = {
    "be": ("be.nn",), "bg": ("bg.egn",), "br": ("br.cpf",), "ca": ("ca.sin",), "ch": ("ch.ssn",),
    "cz": ("cz.rc",), "de": ("de.idnr",), "dk": ("dk.cpr",), "ee": ("ee.ik",), "es": ("es.dni", "es.nie"),
    "fi": ("fi.hetu",), "fr": ("fr.nir",), "gb": ("gb.nhs",), "hr": ("hr.oib",), "it": ("it.codicefiscale",),
    "lt": ("lt.asmens",), "mx": ("mx.curp",), "my": ("my.nric",), "nl": ("nl.bsn",),
    "no": ("no.fodselsnummer",), "pl": ("pl.pesel",), "ro": ("ro.cnp",), "se": ("se.personnummer",),
    "si": ("si.emso",), "tr": ("tr.tckimlik",), "us": ("us.ssn",),
}  # fmt: skip
# What stands beside numbers of papers: without it and without a country, one number in two is one by chance.
_PAPERS = re.compile(
    r"(?i:(?<!\w)(?:id|identity|ssn|social|security|nric|mykad|passport|national|personal|tax|tin|insurance|nhs|"
    r"steuer\w*|identifikation\w*|nif|dni|nie|nir|cpf|bsn|pesel|personnummer|codice fiscale|insee|rrn|sin)"
    r"(?!\w))"
)
_AROUND = " .,:;()[]'\"#*"
_SIGNS = re.compile(r"[ ./-]")
_LENGTHS = range(7, 21)
# Into how many parts a number may be written.
_PARTS = 5
# Of numbers that have the form and check digits of one, as one in ten of any has.
_NUMBER_SHARE = 0.8


def read_names(path: Path) -> tuple[str, ...]:
    """The names of a list, one a line; empty lines and what follows a # are none.

    Raises:
        CallError: the file cannot be read, or holds no name.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no UTF-8"
        raise CallError(f"the list of names {path} cannot be read ({why})", "give a text file") from None
    names = tuple(" ".join(line.partition("#")[0].split()) for line in lines)
    names = tuple(name for name in names if len(name) >= _LEAST)
    if not names:
        raise CallError(f"the list of names {path} holds no name", "write one a line")
    return names


def name_fields(rows: Iterable[Row], known: Iterable[str]) -> Iterator[Field]:
    """Names of people.

    Args:
        known: names of a list, which are found in any case and with a letter in six misread.
    """
    listed = [name.casefold() for name in known]
    following = ((_TITLED, _TITLED_SHARE), (_LABELLED, _LABELLED_SHARE), (_GREETED, _LABELLED_SHARE))
    for row in rows:
        found = [(part, share) for pattern, share in following for part in row.find(pattern, "name")]
        names: dict[tuple[int, int], tuple[float, Part]] = {}
        for part, share in (*found, *_listed(row, listed)):
            name = part.trimmed(_AROUND)
            before = names.get((name.start, name.end))
            if name.text and (before is None or before[0] < share):
                names[name.start, name.end] = share, name
        for _, (share, name) in sorted(names.items()):
            yield _field("names", name.text, name, share)


def number_fields(rows: Iterable[Row], country: str) -> Iterator[Field]:
    """Numbers of people's papers, without spaces. Raises CallError without python-stdnum.

    Args:
        country: ISO 3166, several joined by ``+``; "" for all that are known, beside words such as SSN or
            passport alone.
    """
    modules = [stdnum(name) for name in numbers_of(country)]
    for row in rows:
        if not country and not _PAPERS.search(row.text):
            continue
        parts = (run.trimmed(_AROUND) for run in row.runs(_PARTS))
        for part, text in apart((part, part.text) for part in parts if _is_number(part.text, modules)):
            yield _field("id", _SIGNS.sub("", text).upper(), part, _NUMBER_SHARE)


def _is_number(text: str, modules: Sequence[Any]) -> bool:
    value = _SIGNS.sub("", text)
    return (
        len(value) in _LENGTHS
        and any(mark.isdigit() for mark in value)
        and any(one.is_valid(text) for one in modules)
    )


def numbers_of(country: str) -> tuple[str, ...]:
    """The modules of python-stdnum for countries joined by ``+``, or all for "". Raises CallError."""
    return of_countries(country, NUMBERS, "numbers of people")


def _listed(row: Row, known: Sequence[str]) -> Iterator[tuple[Part, float]]:
    """Where names of a list stand in a row, and how alike they are, 0 to 1."""
    if not known:
        return
    for part in row.runs(max(name.count(" ") for name in known) + 1):
        text = part.text.casefold().strip(_AROUND)
        for name in known:
            if len(name) < _SHORT and not part.text.strip(_AROUND)[:1].isupper():
                continue
            if name.count(" ") == text.count(" ") and (like := fuzz.ratio(name, text, score_cutoff=_LIKE)):
                yield part, like / 100


def _field(kind: str, value: str, part: Part, share: float) -> Field:
    sure = share * read_surely(part.words)
    return Field(name=kind, value=value, text=part.text, words=part.words, probability=sure)
