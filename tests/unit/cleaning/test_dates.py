from __future__ import annotations

from datetime import UTC, datetime, timedelta
from datetime import date as calendar_date

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as st

from hub.cleaning import date, moment, moment_text
from hub.errors import Unclean


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("1980", "1980"),
        ("1980-3", "1980-03"),
        ("1980-03-12", "1980-03-12"),
        ("1980-00-00", "1980"),
        ("1980-03-00", "1980-03"),
        ("1980/3/12", "1980-03-12"),
        ("19800312", "1980-03-12"),
        ("12.3.1980", "1980-03-12"),
        ("13/04/1980", "1980-04-13"),
        ("04/13/1980", "1980-04-13"),
        ("04/04/1980", "1980-04-04"),
        ("3/1980", "1980-03"),
        ("1980-03-12T00:00:00", "1980-03-12"),
        ("1980-03-12 00:00:00.000", "1980-03-12"),
        ("12 March 1980", "1980-03-12"),
        ("March 12, 1980", "1980-03-12"),
        ("12-MAR-1980", "1980-03-12"),
        ("12. März 1980", "1980-03-12"),
        ("12 de marzo de 1980", "1980-03-12"),
        ("12 мая 1980 г.", "1980-05-12"),
        ("1980年3月12日", "1980-03-12"),
        ("昭和55年3月12日", "1980-03-12"),
        ("1980년 3월 12일", "1980-03-12"),
        ("٢٠٠٠-٠١-٣١", "2000-01-31"),
        ("2000-02-29", "2000-02-29"),
    ],
)
def test_a_date_with_one_reading_is_read(given: str, clean: str) -> None:
    assert date(given) == clean
    assert date(given).flag is None


def test_two_readings_leave_the_year_and_a_flag() -> None:
    found = date("03/04/1980")
    assert (found, found.flag, found.given) == ("1980", "date_ambiguous", "03/04/1980")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("2020-02-30", "date_invalid"),
        ("1900-02-29", "date_invalid"),
        ("2023-13-01", "date_invalid"),
        ("20200230", "date_invalid"),
        ("12011980", "date_invalid"),
        ("31.02.0980", "date_invalid"),
        ("hello", "date_invalid"),
        ("0980-01-01", "date_invalid"),
        ("12/03/80", "date_ambiguous"),
        ("12-Mar-80", "date_ambiguous"),
        ("9999-12-31", "date_placeholder"),
        ("31/12/9999", "date_placeholder"),
        ("2999-12-31", "date_placeholder"),
        ("0000-00-00", "date_placeholder"),
        ("0001-01-01", "date_placeholder"),
        ("01.01.1900", "date_placeholder"),
        ("1899-12-30", "date_placeholder"),
    ],
)
def test_a_date_that_is_none_is_refused_with_its_reason(given: str, code: str) -> None:
    with pytest.raises(Unclean) as refused:
        date(given)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("given", "formats", "clean", "flag"),
    [
        ("03/04/1980", ["%d/%m/%Y"], "1980-04-03", None),
        ("03/04/1980", "%m/%d/%Y", "1980-03-04", None),
        ("1980-04", ["%d/%m/%Y", "%Y-%m"], "1980-04", None),
        ("12/03/80", ["%d/%m/%y"], "1980-03-12", "date_century_assumed"),
    ],
)
def test_the_sources_own_formats_decide(given: str, formats: list[str] | str, clean: str, flag: str | None) -> None:
    found = date(given, formats)
    assert (found, found.flag) == (clean, flag)


@pytest.mark.parametrize(
    ("given", "formats", "left"),
    [
        ("2020-02-30", None, "2020-02"),
        ("1900-02-29", None, "1900-02"),
        ("2023-13-01", None, "2023"),
        ("2023-13", None, "2023"),
        ("1980-04-31", None, "1980-04"),
        ("31.04.1980", None, "1980-04"),
        ("31 April 1980", None, "1980-04"),
        ("昭和55年2月30日", None, "1980-02"),
        ("31/02/1980", ["%d/%m/%Y"], "1980-02"),
        ("02/31/1980", ["%m/%d/%Y"], "1980-02"),
        ("1980-14-02", ["%Y-%m-%d", "%Y"], "1980"),
    ],
)
def test_of_a_day_or_month_that_does_not_exist_the_refusal_tells_what_is_left(
    given: str, formats: list[str] | None, left: str
) -> None:
    with pytest.raises(Unclean) as refused:
        date(given, formats)
    assert (refused.value.code, refused.value.left) == ("date_invalid", left)
    assert date(left) == left


@pytest.mark.parametrize("given", ["31021980", "31/02", "31-Feb-80"])
def test_of_an_impossible_date_that_no_format_takes_apart_nothing_is_left(given: str) -> None:
    with pytest.raises(Unclean) as refused:
        date(given, ["%d/%m/%Y", "%d%m%Y"])
    assert (refused.value.code, refused.value.left) == ("date_invalid", "")


@for_any(st.integers(1000, 2199), st.integers(0, 99), st.integers(0, 99))
def test_whatever_stands_in_a_date_its_year_is_left(year: int, month: int, day: int) -> None:
    try:
        left = str(date(f"{year:04d}-{month:02d}-{day:02d}"))
    except Unclean as refused:
        left = refused.left
        assert left or refused.code == "date_placeholder" or month == 0
    assert not left or (left.startswith(f"{year:04d}") and date(left) == left)


@for_any(st.dates(calendar_date(1901, 1, 1), calendar_date(2199, 12, 30)))
def test_every_day_reads_back_in_every_plain_way_of_writing_it(day: calendar_date) -> None:
    iso = day.isoformat()
    for pattern in ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%d.%m.%Y", "%d %B %Y", "%B %d, %Y", "%d-%b-%Y"):
        assert date(day.strftime(pattern)) == iso
    assert date(day.strftime("%d/%m/%Y")) in (iso, iso[:4])


@pytest.mark.parametrize(
    ("given", "zone", "formats", "expected"),
    [
        ("2026-03-01T10:00:00Z", "Europe/Madrid", None, "2026-03-01T10:00:00Z"),
        ("2026-03-01T10:00:00", "Europe/Madrid", None, "2026-03-01T09:00:00Z"),
        ("2026-07-01 10:00", "Europe/Madrid", None, "2026-07-01T08:00:00Z"),
        ("2026-03-01 10:00:00.5 +01:00", "UTC", None, "2026-03-01T09:00:00.500000Z"),
        ("2026-03-01", "America/New_York", None, "2026-03-01T05:00:00Z"),
        ("01/03/2026 10:00", "UTC", "%d/%m/%Y %H:%M", "2026-03-01T10:00:00Z"),
        ("1700000000", "UTC", ["epoch"], "2023-11-14T22:13:20Z"),
        ("1700000000123", "UTC", ["epoch_ms"], "2023-11-14T22:13:20.123000Z"),
        ("2026-10-25T02:30:00", "Europe/Madrid", None, "2026-10-25T00:30:00Z"),  # shown twice: the first
        ("2026-03-29T02:30:00", "Europe/Madrid", None, "2026-03-29T01:30:00Z"),  # skipped
    ],
)
def test_a_moment_is_told_in_utc(given: str, zone: str, formats: list[str] | str | None, expected: str) -> None:
    assert moment_text(given, zone, formats) == expected
    assert moment(given, zone, formats).utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("given", "zone", "code"),
    [
        ("9999-12-31T23:59:59", "UTC", "date_placeholder"),
        ("0001-01-01T00:00:00", "UTC", "date_placeholder"),
        ("2026-02-30T00:00:00", "UTC", "moment_invalid"),
        ("yesterday", "UTC", "moment_invalid"),
        ("2026-03-01T10:00:00", "Atlantis/City", "time_zone_unknown"),
        ("2026-03-01T10:00:00", "../../etc/passwd", "time_zone_unknown"),
    ],
)
def test_what_is_no_moment_is_refused(given: str, zone: str, code: str) -> None:
    with pytest.raises(Unclean) as refused:
        moment(given, zone)
    assert refused.value.code == code


@for_any(st.datetimes(timezones=st.just(UTC)).filter(lambda when: 1 < when.year < 9999))
def test_a_moment_survives_its_own_text(when: datetime) -> None:
    assert moment(moment_text(when.isoformat())) == when
