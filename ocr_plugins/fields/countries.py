"""What is known by country, for those that the user names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ocr_plugins.errors import CallError


def countries_of(country: str, known: Mapping[str, Sequence[str]], what: str) -> tuple[str, ...]:
    """A country, several joined by ``+``, or for "" all, in small letters.

    Args:
        country: ISO 3166.
        known: by country, in small letters.
        what: that is, for messages.

    Raises:
        CallError: a country of which nothing is known.
    """
    names = country.lower().split("+") if country else list(known)
    for name in names:
        if name not in known:
            raise CallError(f"no {what} of {name!r} are known", f"known: {', '.join(known)}")
    return tuple(names)


def of_countries(country: str, known: Mapping[str, Sequence[str]], what: str) -> tuple[str, ...]:
    """What is known of the countries that `countries_of` tells, each once."""
    names = countries_of(country, known, what)
    return tuple(dict.fromkeys(one for name in names for one in known[name]))
