"""Short pieces of text that documents are made of beside prose: dates, amounts, codes, addresses."""

from __future__ import annotations

from collections.abc import Callable

from ocr_plugins.synth.prose import title
from ocr_plugins.synth.words import Names, Rng, Weighted, names, number, pick, vocabulary

_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września "
    "października listopada grudnia",
}
_DAY_NAMES = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday Mon Tue Wed Thu Fri Sat Sun"
_LABEL_WORDS = (
    "Name Address Date Telephone Phone Fax To From Subject Re Amount Total Account Invoice Order Qty Brand "
    "Description Signature Title Company City State Zip Code Sex Age Weight Height Remarks Comments Approved "
    "Department Division Manufacturer Region Contact Attention cc Pages Number Time Price Balance Due Tax "
    "Subtotal Cash Change Item Unit Rate Cost Project Budget Sample Type Size Quantity Ref Page Report "
    "Author Copies Status Cashier"
)
_LABELS = tuple(_LABEL_WORDS.split())
_CURRENCIES = ("$", "£", "€", "RM", "USD ", "Fr. ", "DM ", "¥", "EUR ", "Kč ", "zł ", "kr ")
_UNIT_SIGNS = "kg g mg lb oz cm mm km m ft in % °C °F ml l hrs min sec psi rpm kW V A Hz MHz KB MB dpi pcs"
_UNITS = tuple(_UNIT_SIGNS.split())
_ROMAN = "i ii iii iv v vi vii viii ix x xi xii xiv XV XX"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_HOSTS = ("com", "org", "net", "de", "fr", "edu", "gov", "co.uk", "it", "eu", "info")
_VARIABLES = "abcdefhijkmnpqrstuvwxyzABCDEFGHKLMNPQRSTVXYZ"


def digits(rng: Rng, count: int) -> str:
    return "".join(str(number(rng, 0, 9)) for _ in range(count))


def grouped(value: int, mark: str) -> str:
    return f"{value:,}".replace(",", mark)


def amount(rng: Rng) -> str:
    value = number(rng, 0, 10 ** number(rng, 1, 6))
    cents = f"{number(rng, 0, 99):02d}"
    if rng.random() < 0.8:
        text = f"{grouped(value, ',' if rng.random() < 0.7 else '')}.{cents}"
    else:
        text = f"{grouped(value, '.' if rng.random() < 0.7 else ' ')},{cents}"
    chance = rng.random()
    if chance < 0.4:
        return text
    if chance < 0.5:
        return f"({text})" if chance < 0.45 else f"-{text}"
    if chance < 0.6:
        return f"{text} {pick(rng, ('€', 'EUR', 'kr', 'zł', 'USD', 'CR', 'DM', 'F'))}"
    return ("$" if rng.random() < 0.5 else pick(rng, _CURRENCIES)) + text


def quantity(rng: Rng) -> str:
    value = number(rng, 0, 10 ** number(rng, 1, 5))
    chance = rng.random()
    if chance < 0.35:
        return str(value)
    if chance < 0.6:
        return f"{value / 10 ** number(rng, 1, 3):.{number(rng, 1, 3)}f}"
    if chance < 0.75:
        return f"{value}{'' if rng.random() < 0.5 else ' '}{pick(rng, _UNITS)}"
    if chance < 0.85:
        return f"{number(rng, 0, 100)}{'.' + digits(rng, 1) if rng.random() < 0.5 else ''}%"
    if chance < 0.93:
        return grouped(value * number(rng, 1, 900), ",")
    return pick(
        rng, ("½", "1/2", "¼", "3/4", "1½", "2¼", "n/a", "-", "—", "nil", "x", "*", "±0.5", "<1", ">10", "†")
    )


def date(rng: Rng, language: str = "en") -> str:
    day, month, year = number(rng, 1, 31), number(rng, 1, 12), number(rng, 1850, 2029)
    name = pick(rng, _MONTHS.get(language, _MONTHS["en"]).split())
    forms = (
        f"{month:02d}/{day:02d}/{year}",
        f"{month}/{day}/{year % 100:02d}",
        f"{day:02d}.{month:02d}.{year}",
        f"{year}-{month:02d}-{day:02d}",
        f"{day:02d}-{name[:3].upper()}-{year % 100:02d}",
        f"{name} {day}, {year}",
        f"{day} {name} {year}",
        f"{day}{_ordinal(day)} {name}, {year}",
        f"{day}. {name} {year}",
        f"{name} {year}",
        f"{pick(rng, _DAY_NAMES.split())}, {name} {day}",
    )
    return pick(rng, forms)


def _ordinal(day: int) -> str:
    return "th" if day % 10 > 3 or day in (11, 12, 13) else ("th", "st", "nd", "rd")[day % 10]


def time(rng: Rng) -> str:
    hour, minute = number(rng, 0, 23), number(rng, 0, 59)
    half = pick(rng, ("AM", "PM", "am", "pm", "a.m.", "p.m."))
    forms = (
        f"{hour:02d}:{minute:02d}",
        f"{hour % 12 + 1}:{minute:02d} {half}",
        f"{hour:02d}:{minute:02d}:{digits(rng, 2)}",
        f"{hour}h{minute:02d}",
    )
    return pick(rng, forms)


def code(rng: Rng) -> str:
    """Serial and part numbers, accounts, hexadecimal and what else nobody can guess."""
    kind = number(rng, 0, 7)
    if kind == 0:
        shape = pick(
            rng,
            ("AA-9999", "A9999999", "999-99-9999", "AAA 999 A", "99-AAA-99", "A99.99", "9999A", "AA999999"),
        )
        return "".join(pick(rng, _LETTERS) if c == "A" else digits(rng, 1) if c == "9" else c for c in shape)
    if kind == 1:
        iban = pick(rng, ("DE", "FR", "GB", "NL", "IT", "ES")) + digits(rng, 20)
        return " ".join(iban[at : at + 4] for at in range(0, len(iban), 4)) if rng.random() < 0.6 else iban
    if kind == 2:
        hexa = "".join(pick(rng, "0123456789abcdef") for _ in range(number(rng, 4, 32)))
        return hexa.upper() if rng.random() < 0.4 else hexa
    if kind == 3:
        return digits(rng, number(rng, 5, 14))
    if kind == 4:
        marks = pick(rng, ("-", "/", ".", " ", "_", "#"))
        return marks.join(digits(rng, number(rng, 1, 4)) for _ in range(number(rng, 2, 4)))
    if kind == 5:
        signs = _LETTERS + "0123456789" + _LETTERS.lower()
        return "".join(pick(rng, signs) for _ in range(number(rng, 4, 16)))
    if kind == 6:
        return pick(rng, _LETTERS) + pick(rng, ("", "-", "/", " No. ", " ")) + digits(rng, number(rng, 2, 6))
    return (
        f"{pick(rng, ('#', 'No. ', 'Nr. ', '№ ', 'S/N ', 'ID: ', 'Ref. '))}{digits(rng, number(rng, 2, 8))}"
    )


def person(rng: Rng, known: Names) -> str:
    first, last = pick(rng, known.first), pick(rng, known.last)
    forms = (
        f"{first} {last}",
        f"{first} {pick(rng, _LETTERS)}. {last}",
        f"{last}, {first}",
        f"{first[0]}. {pick(rng, _LETTERS)}. {last}",
        f"{pick(rng, ('Mr.', 'Mrs.', 'Dr.', 'Prof.', 'Ms.', 'Miss', 'Herr', 'M.'))} {last}",
        f"{first} {last}, {pick(rng, ('Jr.', 'Ph.D.', 'M.D.', 'Esq.', 'Manager', 'Director'))}",
    )
    return pick(rng, forms)


def address(rng: Rng, known: Names) -> str:
    street, city, postcode = pick(rng, known.streets), pick(rng, known.cities), pick(rng, known.postcodes)
    us = f"{city}, {pick(rng, _LETTERS)}{pick(rng, _LETTERS)} {postcode}"
    forms = (street, street, us, f"{postcode} {city}", f"{street}, {city}", f"P.O. Box {digits(rng, 4)}", us)
    return pick(rng, forms)


def contact(rng: Rng, known: Names) -> str:
    kind = number(rng, 0, 4)
    if kind == 0:
        return pick(rng, known.phones)
    if kind == 1:
        form = pick(rng, ("({}) {}-{}", "{}-{}-{}", "+1 {} {} {}", "Tel. {}/{}{}", "({}){}-{}"))
        return form.format(digits(rng, 3), digits(rng, 3), digits(rng, 4))
    word, name = pick(rng, vocabulary("en").words), pick(rng, known.last).replace(" ", "")
    host = f"{word.replace(chr(39), '')}.{pick(rng, _HOSTS)}"
    if kind == 2:
        return f"{name.lower()}{pick(rng, ('', '.', '_', '-'))}{digits(rng, number(rng, 0, 2))}@{host}"
    if kind == 3:
        return f"{pick(rng, ('http://', 'https://', 'www.', 'https://www.', 'ftp://'))}{host}"
    ending = pick(rng, (".html", "/", ".pdf", f"?id={digits(rng, 3)}", ""))
    return f"www.{host}/{name.lower()}/{word}{ending}"


def label(rng: Rng) -> str:
    text = pick(rng, _LABELS) + (f" {pick(rng, _LABELS)}" if rng.random() < 0.35 else "")
    chance = rng.random()
    text = text.upper() if chance < 0.4 else text.capitalize() if chance < 0.7 else text
    return text + pick(rng, (":", ":", ":", "", ".", " :", "#", "?"))


def label_value(rng: Rng, language: str) -> str:
    value = pick(rng, _VALUES)
    return f"{label(rng)} {_MAKERS[value](rng, language)}"


def formula(rng: Rng) -> str:
    """Mathematics as far as it stands on one line."""
    a, b, c = (pick(rng, _VARIABLES) for _ in range(3))
    x, y = quantity_plain(rng), quantity_plain(rng)
    forms = (
        f"{a} = {x} {pick(rng, '+-×/*±')} {y}",
        f"{a}({b}) = {x}{b} + {y}",
        f"{x} × 10{pick(rng, '²³')} {pick(rng, _UNITS)}",
        f"({a} + {b})/{c} = {x}",
        f"{a} < {b} < {x}",
        f"{a} = {b}({c} - {x}) ({number(rng, 1, 40)})",
        f"{x} ± {y} {pick(rng, _UNITS)}",
        f"p < 0.0{number(rng, 1, 5)}, n = {number(rng, 3, 900)}",
        f"[{x}, {y}]",
        f"{{{a}, {b}, {c}}}",
        f"|{a} - {b}| > {x}",
        f"{a}^{number(rng, 2, 9)} + {b}_{number(rng, 0, 9)} ~ {x}",
        f"if ({a} == {x}) {{ {b} = {c}[{number(rng, 0, 99)}]; }}",
        f"{pick(rng, vocabulary('en').words)}_{a} := '\\{b}' & `{c}` || @{b};",
    )
    return pick(rng, forms)


def quantity_plain(rng: Rng) -> str:
    value = number(rng, 0, 10 ** number(rng, 1, 4))
    return str(value) if rng.random() < 0.6 else f"{value / 100:.2f}"


def reference(rng: Rng, known: Names) -> str:
    """A citation, or a part of one."""
    author = f"{pick(rng, known.last)}, {pick(rng, _LETTERS)}. {pick(rng, _LETTERS)}."
    other, year = pick(rng, known.last), number(rng, 1880, 2026)
    what = title(rng, vocabulary("en"), number(rng, 2, 6))
    first = number(rng, 1, 900)
    pages = f"{first}{pick(rng, '-–')}{first + number(rng, 2, 40)}"
    volume, issue = number(rng, 1, 99), number(rng, 1, 12)
    forms = (
        f"[{number(rng, 1, 60)}] {author}, “{what},” {year}.",
        f"{author} ({year}). {what}. {volume}({issue}), {pages}.",
        f"{author} and {other}, {pick(rng, _LETTERS)}., {year}: {what}, v. {volume}, p. {pages}.",
        f"{number(rng, 1, 60)}. {author}, {what}, vol. {volume}, no. {issue}, pp. {pages}, {year}.",
        f"{what}, {pick(rng, known.cities)}: {pick(rng, known.companies)}, {year}.",
        f"{other} et al. [{number(rng, 1, 60)}, {number(rng, 61, 90)}]; see also § {issue}.{volume}",
        f"{pick(rng, '*†‡¹²³')} {what}, p. {first}.",
        f"Fig. {issue}. {what}.",
        f"Table {issue}.{volume}: {what}",
    )
    return pick(rng, forms)


def contents(rng: Rng) -> str:
    """An entry of a table of contents or an index."""
    what = title(rng, vocabulary("en"), number(rng, 1, 5))
    page = number(rng, 1, 600)
    forms = (
        f"{what} {'.' * number(rng, 3, 30)} {page}",
        f"{what} {'. ' * number(rng, 3, 12)}{page}",
        f"{number(rng, 1, 20)}.{number(rng, 1, 9)} {what} {page}",
        f"{what}, {page}, {page + number(rng, 1, 90)}-{page + number(rng, 91, 99)}",
    )
    return pick(rng, forms)


def page_number(rng: Rng) -> str:
    value = number(rng, 1, 999)
    forms = (
        f"{value}",
        f"- {value} -",
        f"-{value}-",
        f"Page {value}",
        f"Page {value % 20 + 1} of 20",
        f"{value}.",
        f"[{value}]",
        f"({value})",
    )
    return pick(rng, (*forms, _ROMAN.split()[value % 15]))


_MAKERS: dict[str, Callable[[Rng, str], str]] = {
    "amount": lambda rng, _: amount(rng),
    "quantity": lambda rng, _: quantity(rng),
    "date": date,
    "time": lambda rng, _: time(rng),
    "code": lambda rng, _: code(rng),
    "person": lambda rng, language: person(rng, names(language)),
    "address": lambda rng, language: address(rng, names(language)),
    "contact": lambda rng, language: contact(rng, names(language)),
    "company": lambda rng, language: pick(rng, names(language).companies),
    "job": lambda rng, language: pick(rng, names(language).jobs),
    "label": lambda rng, _: label(rng),
    "label_value": label_value,
    "formula": lambda rng, _: formula(rng),
    "reference": lambda rng, language: reference(rng, names(language)),
    "contents": lambda rng, _: contents(rng),
    "page_number": lambda rng, _: page_number(rng),
}
_VALUES = ("amount", "quantity", "date", "time", "code", "person", "address", "contact", "company", "job")
_CELLS = Weighted({"amount": 3, "quantity": 5, "date": 1, "code": 1, "word": 2})


def make(kind: str, rng: Rng, language: str) -> str:
    """A field of this kind, in this language as far as it has any. See `KINDS`."""
    return _MAKERS[kind](rng, language)


def row(rng: Rng, language: str) -> str:
    """A row of a table, with one space between its cells."""
    cells = [] if rng.random() < 0.4 else [title(rng, vocabulary(language), number(rng, 1, 3))]
    kind = _CELLS.draw(rng)
    for _ in range(number(rng, 1, 6)):
        if rng.random() < 0.2:
            kind = _CELLS.draw(rng)
        cells.append(pick(rng, vocabulary(language).words) if kind == "word" else make(kind, rng, language))
    return " ".join(cells)


#: The kinds of fields there are.
KINDS = tuple(_MAKERS)
