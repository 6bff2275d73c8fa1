"""What a cleaned value is, how one is refused, and how long one may be."""

from __future__ import annotations

from typing import Any

from hub.errors import Unclean

LONGEST_VALUE = 4_000  # characters of a name, a line, a number: longer ones are refused before any work is done on them
LONGEST_TEXT = 1_000_000  # characters of a body of text

_REASONS = {
    "address_invalid": "This is no address line. Map the field that holds one.",
    "amount_ambiguous": "Whether its mark separates thousands or decimals cannot be told. Say which with `decimal`.",
    "amount_invalid": "This is no amount. Correct it at the source, or map another field.",
    "control_character": "The text holds a control character. Remove it at the source, or use `strip_control`.",
    "country_unknown": "No country has this name or code. Map it with a code list.",
    "currency_unknown": "No currency has this name or code. Map it with a code list.",
    "date_ambiguous": "The century of the year is not written. Give the source's date formats, with %Y where it can.",
    "date_invalid": "This is no date of the calendar. Give the source's date formats, or correct it at the source.",
    "date_placeholder": "The date stands for 'not known'. Leave it out.",
    "email_invalid": "This is no email address. Correct it at the source, or let the field be flagged.",
    "encoding_invalid": "The text holds half a character. Check the encoding it was read with.",
    "identifier_invalid": "The number breaks the rules of its scheme. Correct it at the source, or let the field be flagged.",
    "language_unknown": "No language has this name or code. Map it with a code list.",
    "moment_invalid": "This is no date with a time. Give the source's formats, or correct it at the source.",
    "name_invalid": "This is no name. Map the field that holds one.",
    "phone_invalid": "This is no phone number. Correct it at the source, or let the field be flagged.",
    "postal_code_invalid": "This is no postal code of its country. Correct it at the source, or let the field be flagged.",
    "text_expected": "A text is expected here, not a list, an object or a yes/no. Map what is inside it.",
    "time_zone_unknown": "No time zone has this name. Use an IANA name like Europe/Madrid.",
    "value_too_long": "The value is longer than any such value is. Map a shorter field, or carry it as a body of text.",
    "vat_invalid": "The VAT number breaks the rules of its country. Correct it at the source, or let the field be flagged.",
}


class Cleaned(str):
    """A clean value that still knows how it came (``given``) and what was not sure about it (``flag``)."""

    __slots__ = ("flag", "given")
    given: str
    flag: str | None

    def __new__(cls, value: str, given: str | None = None, flag: str | None = None) -> Cleaned:
        made = str.__new__(cls, value)  # one is made for nearly every value
        made.given = value if given is None else given
        made.flag = flag
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return Cleaned, (str(self), self.given, self.flag)

    def __str__(self) -> str:
        return str.__str__(self)

    def __repr__(self) -> str:
        return str.__repr__(self)


def unclean(code: str) -> Unclean:
    """The refusal with this code. The value is not in the message: a reason may be shown where the value may not."""
    return Unclean(_REASONS[code], code=code)


def short(given: object, longest: int = LONGEST_VALUE) -> str:
    """The value as text, refused when it is no text or too long to be looked at. Whole numbers are read as their digits."""
    if isinstance(given, int) and not isinstance(given, bool):
        if given.bit_length() > 256:
            raise unclean("value_too_long")
        return str(given)
    if not isinstance(given, str):
        raise unclean("text_expected")
    if len(given) > longest:
        raise unclean("value_too_long")
    return given
