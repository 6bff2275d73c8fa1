"""Names of organizations without their legal form."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from hub.cleaning.legal_forms import joined_forms, leading_form, trailing_form
from hub.cleaning.texts import plain
from hub.cleaning.values import short, unclean

_MOST_WORDS = 7  # of a legal form
_COMMAS = ",;"
_EDGES = " ,;.-–—\"'“”„«»「」『』"


def organization_name(given: object, country: object = None) -> dict[str, str]:
    """``name`` without its legal form, and the ``legal_form`` as it is usually shown, where there is one.

    ``Bodegas Ruiz, S.L.`` -> Bodegas Ruiz, S.L.; ``ООО «Ромашка»`` -> Ромашка, ООО. A name that is nothing but a form stays.
    The country, where it is known, decides about forms that are also words: `Sunshine Spa` is a S.p.A. only in Italy.
    """
    name, form = _organization_name(short(given), country.strip().upper() if isinstance(country, str) else "")
    return {"name": name, "legal_form": form} if form else {"name": name}


@lru_cache(maxsize=8_192)
def _organization_name(raw: str, region: str) -> tuple[str, str]:
    full = plain(raw)
    if not any(map(str.isalnum, full)):
        raise unclean("name_invalid")
    if not full.isascii() and (found := _joined(unicodedata.normalize("NFKC", full))):
        return found
    words = full.split()
    for count in range(min(_MOST_WORDS, len(words) - 1), 0, -1):
        before, written = " ".join(words[:-count]), "".join(words[-count:]).strip(_COMMAS)
        if form := trailing_form(written, before, region):
            return _without(words[:-count], form, full)
    for count in range(min(_MOST_WORDS, len(words) - 1), 0, -1):
        written, behind = " ".join(words[:count]).strip(_COMMAS), " ".join(words[count:])
        if form := leading_form(written, behind, region):
            return _without(words[count:], form, full)
    return full, ""


def _without(words: list[str], form: str, full: str) -> tuple[str, str]:
    """The rest is a name only when something of it is left."""
    name = " ".join(words).strip(_EDGES)
    if words and words[-1].endswith(".") and name and len(words[-1].strip(_EDGES)) <= 3:
        name += "."  # Müller & Co.
    return (name, form) if any(map(str.isalnum, name)) else (full, "")


def _joined(full: str) -> tuple[str, str] | None:
    for written, form in joined_forms():
        for rest in (full.removesuffix(written), full.removeprefix(written)):
            name = rest.strip(_EDGES)
            if rest != full and name:
                return name, form
    return None
