"""What an expression gives becomes canonical: text in one form, empty text and placeholders absent, flags of cleaned values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from unicodedata import is_normalized

from hub.cleaning.texts import HEADS, placeholder
from hub.errors import Unclean
from hub.mapping.values import LARGEST_TEXT, clean_text, shown_time

_SHORT = 60  # characters: longer text is not remembered
_LONGEST_PLACEHOLDER = 80
_SCALARS = frozenset({int, bool, float})
USUAL: set[str] = set()
"""Short text met before that needs no tidying: names, cities and codes repeat. A look here is what most values cost."""
_MOST_REMEMBERED = 50_000


def _remember(text: str) -> None:
    USUAL.add(text)
    if len(USUAL) > _MOST_REMEMBERED:
        USUAL.clear()


class Flags(list[dict[str, Any]]):
    """What was not sure or left out, for `flags` of the record; and how the last cleaned value was given."""

    given: str | None = None
    kept: str | None = None


Finish = Callable[[Any, Flags], Any]


def stands_for_nothing(text: str) -> bool:
    """Whether text is a placeholder. Digits alone are not: 12345678 can be an invoice; `phone` and its like know better."""
    if len(text) > _LONGEST_PLACEHOLDER:
        return False
    if text[:1] == "+" and text[1:3].isdigit():
        return False
    return not text.isdigit() and placeholder(text)


def tidier(name: str, keep_placeholders: bool, one_line: bool = False, numbers_as_text: bool = False) -> Finish:
    """A function that makes any value canonical, depth first. Flags name the field."""
    return _Tidy(name, keep_placeholders, one_line, numbers_as_text).tidy


class _Tidy:
    def __init__(self, name: str, keep_placeholders: bool, one_line: bool, numbers_as_text: bool) -> None:
        self._name, self._keep, self._one_line, self._digits = name, keep_placeholders, one_line, numbers_as_text

    def tidy(self, value: Any, flags: Flags) -> Any:
        kind = type(value)
        if kind is str:
            if (
                value.isprintable()
                and (head := value[:3]).isalnum()
                and head.casefold()[:3] not in HEADS
                and value[-1] != " "
                and (value.isascii() or is_normalized("NFC", value))
                and (length := len(value)) <= LARGEST_TEXT
            ):
                if length <= _SHORT:
                    _remember(value)
                return value
            return self._text(value)
        if value is None or kind in _SCALARS:
            return str(value) if self._digits and kind is int else value
        if isinstance(value, str):
            return self._cleaned(value, flags)
        if isinstance(value, list):
            return [found for item in value if (found := self.tidy(item, flags)) is not None] or None
        if isinstance(value, dict):
            return self._object(value, flags)
        if isinstance(value, datetime):
            return shown_time(value)
        raise Unclean(f"A {kind.__name__} is no value of a record.", code="type_mismatch")

    def _text(self, value: str) -> str | None:
        text = clean_text(value)
        if self._one_line and not text.isprintable():
            text = " ".join(text.split())
        if not text or stands_for_nothing(text):
            return text if text and self._keep else None
        if text == value and len(text) <= _SHORT and text.isprintable():
            _remember(text)  # it only begins like a placeholder
        return text

    def _cleaned(self, value: str, flags: Flags) -> Any:
        flag, given = getattr(value, "flag", None), getattr(value, "given", None)
        if given is not None and given != value:
            flags.given = given
        if flag:
            flags.append({"field": self._name, "code": flag})
        return str(value) or None

    def _object(self, value: dict[str, Any], flags: Flags) -> Any:
        made = {}
        for name, inner in value.items():
            found = self.tidy(inner, flags)
            if found is not None:
                made[name] = found
        return made or None


def convert_then(convert: Callable[[Any], Any], tidy: Finish) -> Finish:
    """Text is tidied before it is converted, so that empty text and placeholders are absent and not wrong."""

    def finish(value: Any, flags: Flags) -> Any:
        if isinstance(value, str):
            value = tidy(value, flags)
        return None if value is None else tidy(convert(value), flags)

    return finish
