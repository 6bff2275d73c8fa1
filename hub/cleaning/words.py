"""The text functions that JMESPath lacks. Null in, null out; numbers are read as their text."""

from __future__ import annotations

import re
from typing import Any

from hub.cleaning.texts import plain
from hub.cleaning.values import LONGEST_TEXT, short, unclean

MOST_PIECES = 10_000


def lower(given: Any) -> str | None:
    return None if given is None else _text(given).lower()


def upper(given: Any) -> str | None:
    return None if given is None else _text(given).upper()


def trim(given: Any) -> str | None:
    """White space around it goes; what is inside stays."""
    return None if given is None else _text(given).strip()


def title(given: Any) -> str | None:
    """``JEAN-PIERRE O'NEIL`` -> ``Jean-Pierre O'Neil``. Small words between names stay small."""
    if given is None:
        return None
    words = re.split(r"(\s+)", _text(given).lower())
    return "".join(word if index and word in _SMALL else _capital(word) for index, word in enumerate(words))


_SMALL = frozenset("de del de' della di da do dos das du des la las los le van von der den und y e et of the".split())


def _capital(word: str) -> str:
    return re.sub(r"(^|[-'’.(])(\w)", lambda found: found[1] + found[2].upper(), word)


def digits(given: Any) -> str | None:
    """Only its digits; null when there are none."""
    if given is None:
        return None
    return "".join(c for c in _text(given) if "0" <= c <= "9") or None


def concat(*parts: Any) -> str | None:
    """The parts one after another; nulls are nothing, and nothing but nulls is null."""
    known = [_text(part) for part in parts if part is not None]
    return _bounded("".join(known)) if known else None


def join_words(separator: Any, parts: Any) -> str | None:
    """The parts with a separator between them, empty and null ones left out."""
    if parts is None:
        return None
    items = parts if isinstance(parts, list) else [parts]
    known = [shown for part in items if part is not None and (shown := _text(part).strip())]
    return _bounded(_text(separator).join(known)) if known else None


def split(given: Any, separator: Any) -> list[str]:
    """The pieces, trimmed, empty ones left out."""
    if given is None:
        return []
    mark = _text(separator)
    pieces = _text(given).split(mark or None)
    if len(pieces) > MOST_PIECES:
        raise unclean("value_too_long")
    return [piece for found in pieces if (piece := found.strip())]


def replace(given: Any, old: Any, new: Any) -> str | None:
    if given is None:
        return None
    text, was, becomes = _text(given), _text(old), _text(new)
    if not was:
        return text
    if len(text) + text.count(was) * (len(becomes) - len(was)) > LONGEST_TEXT:
        raise unclean("value_too_long")
    return text.replace(was, becomes)


def pad(given: Any, width: Any, sign: Any = "0") -> str | None:
    """Filled up on the left: ``pad(7, 5)`` -> ``00007``."""
    if given is None:
        return None
    if not isinstance(width, (int, float)) or not 0 <= width <= 1_000 or len(_text(sign)) != 1:
        raise unclean("value_too_long")
    return _text(given).rjust(int(width), _text(sign))


def default(given: Any, otherwise: Any) -> Any:
    """The first, unless it is null."""
    return otherwise if given is None else given


def if_empty(given: Any, otherwise: Any) -> Any:
    """The first, unless it is null, an empty list or text of nothing but white space."""
    if given is None or given == [] or given == {} or (isinstance(given, str) and not given.strip()):
        return otherwise
    return given


def left(given: Any, count: Any) -> str | None:
    return None if given is None else _text(given)[: _count(count)]


def right(given: Any, count: Any) -> str | None:
    return None if given is None else (_text(given)[-_count(count) :] if _count(count) else "")


def between(given: Any, first: Any, last: Any) -> str | None:
    """Signs number ``first`` to ``last``, counted from 1, as fixed-width layouts count them."""
    return None if given is None else _text(given)[max(_count(first) - 1, 0) : _count(last)]


def one_line(given: Any) -> str | None:
    return None if given is None else plain(_text(given))


def _count(given: Any) -> int:
    if isinstance(given, bool) or not isinstance(given, (int, float)) or given < 0:
        raise unclean("text_expected")
    return int(given)


def _text(given: Any) -> str:
    if isinstance(given, float):
        return repr(given)
    return short(given, LONGEST_TEXT)


def _bounded(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise unclean("value_too_long")
    return text
