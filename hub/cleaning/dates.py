"""Dates as precise as they are known, and moments in UTC. Neither a century nor the order of day and month is guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale

from hub.cleaning.texts import fold, plain, western_digits
from hub.cleaning.values import Cleaned, short, unclean
from hub.errors import Unclean

LONGEST_DATE = 80
EARLIEST, LATEST = 1000, 2199

# What systems store when a date is not known: the first day of a calendar, a spreadsheet or a database type.
_PLACEHOLDERS = frozenset({"0001-01-01", "1753-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1900-01-00", "1111-11-11"})

_ISO = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2}))?)?")
_YEAR_FIRST = re.compile(r"([0-9]{4})(?:([-/. ])([0-9]{1,2})(?:\2([0-9]{1,2}))?)?\.?")
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2})\s?([-/. ])\s?([0-9]{1,2})\s?\2\s?([0-9]{4})\.?")
_MONTH_YEAR = re.compile(r"([0-9]{1,2})\s?[-/.]\s?([0-9]{4})")
_SHORT_YEAR = re.compile(r"[0-9]{1,2}\s?([-/. ])\s?([0-9]{1,2}|[^\W\d_]{3,12})\.?\s?\1\s?['’]?[0-9]{2}")
_TIME_BEHIND = re.compile(
    r"(?<=[0-9])(?:[Tt ]| at )\s?[0-9]{1,2}[:.][0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?"
    r"\s?([AaPp]\.?[Mm]\.?)?\s?(Z|UTC|[+-][0-9]{2}:?[0-9]{2})?$"
)
_EASTERN = re.compile(
    r"(?:(明治|大正|昭和|平成|令和)\s?)?([0-9]{1,4}|元)\s?[年년]\s?(?:([0-9]{1,2})\s?[月월]\s?(?:([0-9]{1,2})\s?[日일])?)?"
)
_ERAS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}
_NOTHING = re.compile("(?!)(?P<Y>)(?P<m>)(?P<d>)")
_WORDS = re.compile(r"[^\W\d_]+|[0-9]+")
_NOISE = frozenset("de del of the den le el a o di г год року р ден th st nd rd er ten am dnia day dia".split())


def date(given: object, formats: Sequence[str] | str | None = None) -> Cleaned:
    """``YYYY-MM-DD``, ``YYYY-MM`` or ``YYYY``.

    With formats (as of ``strptime``) the first that fits decides. Without: the year first, or dots (day first), or a month in
    words, or numbers that leave one reading only. ``03/04/1980`` has two: its year is kept, flagged ``date_ambiguous``.
    A year of two digits is refused, unless a format has ``%y``: then it is flagged ``date_century_assumed``.
    A day or a month that does not exist (``1980-02-31``, ``1980-13-01``) is refused, and the refusal tells in ``left`` what
    stands before it; in eight digits without signs nothing tells which part is which.
    """
    raw = short(given)
    if len(raw) > 4 * LONGEST_DATE:
        raise unclean("date_invalid")
    found, flag = _date(raw, _wanted(formats))
    return Cleaned(found, raw, flag)


def _wanted(formats: object) -> tuple[str, ...]:
    if formats is None:
        return ()
    given = formats if isinstance(formats, (list, tuple)) else [formats]
    return tuple(short(pattern) for pattern in given)


@lru_cache(maxsize=8_192)
def _date(raw: str, formats: tuple[str, ...]) -> tuple[str, str | None]:
    written = western_digits(plain(raw))
    if not written or len(written) > LONGEST_DATE:
        raise unclean("date_invalid")
    if formats:
        return _formatted(written, formats)
    if iso := _ISO.fullmatch(written):
        return _readable(*iso.groups())
    written = _TIME_BEHIND.sub("", written)
    for reader in (_read_numbers, _read_eastern, _read_words):
        if found := reader(written):
            return found
    if _SHORT_YEAR.fullmatch(written):
        raise unclean("date_ambiguous")
    raise unclean("date_invalid")


def _formatted(written: str, formats: tuple[str, ...]) -> tuple[str, str | None]:
    for pattern in formats:
        try:
            found = datetime.strptime(written, pattern)  # noqa: DTZ007 - a date has no zone
        except ValueError:
            if read := _parts_of(pattern).fullmatch(written):
                return _readable(read["Y"], read["m"], read["d"])
            continue
        day = "%d" in pattern or "%j" in pattern or "%x" in pattern
        month = day or "%m" in pattern or "%b" in pattern or "%B" in pattern
        parts = (str(found.year), str(found.month) if month else None, str(found.day) if day else None)
        return _valid(*parts), "date_century_assumed" if "%y" in pattern else None
    raise unclean("date_placeholder" if re.match(r"0000|9999|(00?[-/.]){2}|.*[^0-9]9999$", written) else "date_invalid")


def _valid(year: str | None, month: str | None = None, day: str | None = None) -> str:
    """The date, a part less precise where its day or month is 00."""
    y, m, d = int(year or 0), int(month or 0), int(day or 0)
    shown = f"{y:04d}-{m:02d}-{d:02d}"
    if y in (0, 9999) or (y > LATEST and (m, d) in ((12, 31), (1, 1))) or shown in _PLACEHOLDERS:
        raise unclean("date_placeholder")
    if not EARLIEST <= y <= LATEST or m > 12 or (d and not m):
        raise unclean("date_invalid")
    if not m:
        return f"{y:04d}"
    if not d:
        return f"{y:04d}-{m:02d}"
    try:
        datetime(y, m, d, tzinfo=UTC)
    except ValueError:
        raise unclean("date_invalid") from None
    return shown


def _readable(year: str | None, month: str | None = None, day: str | None = None) -> tuple[str, str | None]:
    """The date; of a day or a month that does not exist the refusal tells what is left."""
    try:
        return _valid(year, month, day), None
    except Unclean as refused:
        if refused.code == "date_invalid" and month is not None and EARLIEST <= int(year or 0) <= LATEST:
            refused.left = _valid(year, month) if day is not None and 1 <= int(month) <= 12 else _valid(year)
        raise


@cache
def _parts_of(pattern: str) -> re.Pattern[str]:
    """What a format of a year of four digits, a month and a day in digits looks like, whatever the numbers; of others nothing."""
    if sorted(re.findall("%.", pattern)) != ["%Y", "%d", "%m"] or not re.search(r"%.[^%0-9]+%.[^%0-9]+%.", pattern):
        return _NOTHING
    digits = {"%Y": "(?P<Y>[0-9]{4})", "%m": "(?P<m>[0-9]{1,2})", "%d": "(?P<d>[0-9]{1,2})"}
    return re.compile("".join(digits.get(part, re.escape(part)) for part in re.split("(%.)", pattern)))


def _read_numbers(written: str) -> tuple[str, str | None] | None:
    if found := _COMPACT.fullmatch(written):
        return _valid(*found.groups()), None
    if found := _YEAR_FIRST.fullmatch(written):
        return _readable(found[1], found[3], found[4])
    if found := _MONTH_YEAR.fullmatch(written):
        return _valid(found[2], found[1]), None
    if found := _YEAR_LAST.fullmatch(written):
        return _day_and_month(found[4], int(found[1]), int(found[3]), dots=found[2] == ".")
    return None


def _day_and_month(year: str, first: int, second: int, *, dots: bool) -> tuple[str, str | None]:
    if first == 0 and second == 0:
        return _valid(year), None
    if dots or first == second or first > 12 or first == 0:  # 12.03.1980 is written by people who put the day first
        return _readable(year, str(second), str(first))
    if second > 12:
        return _readable(year, str(first), str(second))
    if second == 0:
        raise unclean("date_invalid")
    if {first, second} == {1} or int(year) in (0, 9999):
        return _valid(year, str(second), str(first)), None
    return _valid(year), "date_ambiguous"


def _read_eastern(written: str) -> tuple[str, str | None] | None:
    found = _EASTERN.fullmatch(written)
    if not found:
        return None
    era, year, month, day = found.groups()
    counted = 1 if year == "元" else int(year)
    return _readable(str(counted + _ERAS[era] if era else counted), month, day)


def _read_words(written: str) -> tuple[str, str | None] | None:
    """A month in words, a year of four digits, perhaps a day: 12 March 1980, 12 de marzo de 1980, 1980 m. kovo 12 d."""
    words = [word for word in _WORDS.findall(fold(written)) if word not in _NOISE]
    months = [_month_names()[word] for word in words if word in _month_names()]
    years = [word for word in words if word.isdigit() and len(word) == 4]
    days = [word for word in words if word.isdigit() and len(word) <= 2]
    if len(months) != 1 or len(years) != 1 or len(days) > 1:
        return None
    strange = [word for word in words if not word.isdigit() and word not in _month_names() and word not in _weekdays()]
    if any(len(word) > 2 for word in strange):
        return None
    return _readable(years[0], str(months[0]), days[0] if days else None)


_LANGUAGES = "en de fr es it pt nl pl cs sk hu ro bg el da sv nb fi et lv lt hr sl sr uk ru tr ca".split()


@cache
def _month_names() -> dict[str, int]:
    """Names and abbreviations of months in the languages of Europe; a word that means two months means neither."""
    names: dict[str, int] = {}
    for language in _LANGUAGES:
        months = Locale.parse(language).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[context][width].items():
                    word = fold(name).strip(". ")
                    if len(word) >= 3 and not any(map(str.isdigit, word)):
                        names[word] = number if names.get(word, number) == number else 0
    names.update({"sept": 9, "mrz": 3, "mar": 3, "ene": 1, "jan": 1})
    return {name: number for name, number in names.items() if number}


@cache
def _weekdays() -> frozenset[str]:
    days: set[str] = set()
    for language in _LANGUAGES:
        for width in ("wide", "abbreviated"):
            days.update(fold(name).strip(".") for name in Locale.parse(language).days["format"][width].values())
    return frozenset(days)


def moment(given: object, time_zone: str = "UTC", formats: Sequence[str] | str | None = None) -> datetime:
    """An aware time in UTC. An offset in the text wins; without one it is a time of ``time_zone``.

    Formats are those of ``strptime``, and ``epoch`` and ``epoch_ms`` for counted seconds and milliseconds. An hour that the
    clocks show twice is its first; one that they skip is read as if they had not yet been changed.
    """
    raw = short(given)
    if len(raw) > LONGEST_DATE:
        raise unclean("moment_invalid")
    wanted = _wanted(formats)
    found = _counted(raw, wanted) or _moment(western_digits(plain(raw)), wanted)
    if found.year >= 9999 or found.year <= 1:
        raise unclean("date_placeholder")
    try:
        aware = found if found.tzinfo else found.replace(tzinfo=_zone(short(time_zone or "UTC")))
        return aware.astimezone(UTC)
    except (OverflowError, ValueError) as wrong:
        raise unclean("moment_invalid") from wrong


def _counted(raw: str, formats: tuple[str, ...]) -> datetime | None:
    scale = 1 if "epoch" in formats else 1000 if "epoch_ms" in formats else 0
    if not scale or not re.fullmatch(r"\s*-?[0-9]{1,14}(\.[0-9]{1,6})?\s*", raw):
        return None
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=round(float(raw) * 1_000_000 / scale))
    except OverflowError:
        raise unclean("moment_invalid") from None


def _moment(written: str, formats: tuple[str, ...]) -> datetime:
    for pattern in formats:
        if pattern in ("epoch", "epoch_ms"):
            continue
        try:
            return datetime.strptime(written, pattern)  # noqa: DTZ007 - the zone follows
        except ValueError:
            continue
    if formats:
        raise unclean("moment_invalid")
    if re.match(r"0000|9999", written):
        raise unclean("date_placeholder")
    try:
        return datetime.fromisoformat(re.sub(r"\s?(Z|UTC)$", "+00:00", written).replace(" +", "+"))
    except ValueError:
        raise unclean("moment_invalid") from None


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise unclean("time_zone_unknown") from None


def moment_text(given: object, time_zone: str = "UTC", formats: Sequence[str] | str | None = None) -> Cleaned:
    """:func:`moment` as text in RFC 3339: ``2026-03-01T10:00:00Z``."""
    found = moment(given, time_zone, formats).replace(tzinfo=None).isoformat()
    return Cleaned(f"{found}Z", short(given))
