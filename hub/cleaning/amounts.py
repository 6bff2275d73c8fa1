"""Amounts as decimal text, never floats."""

from __future__ import annotations

import re
from decimal import Decimal
from math import isfinite

from hub.cleaning.texts import plain, western_digits
from hub.cleaning.values import Cleaned, short, unclean

LONGEST_AMOUNT = 60
_SIGN = re.compile(r"^(?P<before>[-+−–(]?)(?P<body>.*?)(?P<behind>[-+)]?|\s?(?:CR|DR))$", re.IGNORECASE)


def amount(given: object, decimal: str | None = None) -> Cleaned:
    """A plain decimal number: ``1.234,50 €`` -> ``1234.50``, ``(12.00)`` and ``12,00-`` -> negative.

    ``decimal`` says which mark separates the decimals. Without it a mark followed by exactly three digits, alone, could be
    either: ``1.234`` is refused (``amount_ambiguous``).
    """
    if isinstance(given, float):
        given = _float_text(given)
    raw = short(given)
    if len(raw) > LONGEST_AMOUNT:
        raise unclean("amount_invalid")
    number = _bare(raw)
    parts = _SIGN.fullmatch(number)
    body = parts["body"].strip() if parts else ""
    if parts is None or not re.fullmatch(r"[0-9][0-9.,'’ ]*|[.,][0-9]+", body):
        raise unclean("amount_invalid")
    before, behind = parts["before"], parts["behind"].strip().upper()
    negative = before in ("-", "−", "–", "(") or behind in ("-", "CR")
    if (before == "(") != (behind == ")"):
        raise unclean("amount_invalid")
    return Cleaned(_signed(_plain_number(body.replace(" ", ""), decimal), negative), raw)


def _float_text(given: float) -> str:
    """The shortest decimal text that reads back as the same float. A float from JSON was written as such a text."""
    if not isfinite(given):
        raise unclean("amount_invalid")
    return format(Decimal(repr(given)), "f")


def _bare(raw: str) -> str:
    """Without currency signs and codes around the number."""
    number = western_digits(plain(raw))
    number = re.sub(r"[\u20a0-\u20cf$£¥元円]|^[A-Z]{3}(?=[\s0-9(+-])|(?<=[0-9\s)-])[A-Z]{3}$", "", number).strip()
    return re.sub(r"[.,]-+$", "", number)  # 12,- is how whole amounts are written


def _plain_number(body: str, decimal: str | None) -> str:
    body = body.replace("'", "").replace("’", "")
    marks = [sign for sign in body if sign in ".,"]
    if not marks:
        return body
    last = marks[-1]
    if decimal is not None:
        return _split(body, decimal if decimal in marks else "")
    if len(set(marks)) == 2:
        if marks.count(last) > 1:
            raise unclean("amount_invalid")
        return _split(body, last)
    if len(marks) > 1:
        return _split(body, "")
    whole, _, rest = body.partition(last)
    if len(rest) == 3 and 1 <= len(whole) <= 3 and whole != "0":
        raise unclean("amount_ambiguous")
    return _split(body, last)


def _split(body: str, decimal: str) -> str:
    """Thousands in threes (or, in India, in twos before the last three), then the decimals."""
    whole, _, rest = body.rpartition(decimal) if decimal else (body, "", "")
    groups = re.split(r"[.,]", whole)
    if len(groups) > 1 and (
        len(groups[-1]) != 3 or not 1 <= len(groups[0]) <= 3 or any(len(g) not in (2, 3) for g in groups[1:])
    ):
        raise unclean("amount_invalid")
    if not re.fullmatch(r"[0-9]*", rest):
        raise unclean("amount_invalid")
    return "".join(groups) + (f".{rest}" if rest else "")


def _signed(number: str, negative: bool) -> str:
    whole, _, rest = number.partition(".")
    whole = whole.lstrip("0") or "0"
    if len(whole) > 24 or len(rest) > 9:
        raise unclean("amount_invalid")
    shown = f"{whole}.{rest}" if rest else whole
    return f"-{shown}" if negative and shown.strip("0.") else shown
