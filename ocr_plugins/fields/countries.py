"""What is known by country, for those that the user names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ocr_plugins.errors import CallError


def of_countries(country: str, known: Mapping[str, Sequence[str]], what: str) -> tuple[str, ...]:
    """What is known of a country, of several joined by ``+``, or of all for "", each once.

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
    return tuple(dict.fromkeys(one for name in names for one in known[name]))
