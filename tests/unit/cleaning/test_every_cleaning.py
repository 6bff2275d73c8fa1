"""What holds for every cleaning function and any text."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hub import cleaning
from hub.cleaning import FUNCTIONS, Cleaned
from hub.errors import Unclean

ONE_VALUE: dict[str, Callable[[Any], Any]] = {
    "text": cleaning.text,
    "long_text": cleaning.long_text,
    "strip_control": cleaning.strip_control,
    "email": cleaning.email,
    "phone": cleaning.phone,
    "phone_de": lambda value: cleaning.phone(value, "DE"),
    "date": cleaning.date,
    "moment_text": cleaning.moment_text,
    "country": cleaning.country,
    "language": cleaning.language,
    "currency": cleaning.currency,
    "time_zone": cleaning.time_zone,
    "amount": lambda value: cleaning.amount(value, "."),
    "vat": cleaning.vat,
    "vat_es": lambda value: cleaning.vat(value, "ES"),
    "identifier": lambda value: cleaning.identifier("national_id", value, "ES"),
    "free_identifier": lambda value: cleaning.identifier("loyalty", value),
    "latin": cleaning.latin,
    "gender": cleaning.gender,
    "postal_code": cleaning.postal_code,
    "postal_code_gb": lambda value: cleaning.postal_code(value, "GB"),
    "postal_code_es": lambda value: cleaning.postal_code(value, "ES"),
    "address_line": cleaning.address_line,
    "address_line_es": lambda value: cleaning.address_line(value, "ES"),
}
TAKEN_APART: dict[str, Callable[[Any], Any]] = {
    "person_name": cleaning.person_name,
    "person_name_es": lambda value: cleaning.person_name(value, "ES"),
    "organization_name": cleaning.organization_name,
    "script": cleaning.script,
    "placeholder": cleaning.placeholder,
    "nicknames": cleaning.nicknames,
    "fold": cleaning.fold,
}

SCRIPTS = (
    "aeiou bcd XYZ ÄÖÜßéñçøłşğı 0123456789 .,;:-/+()&@'\"’º№#%_ \t\n\u00a0\u200b\u0301 "
    "αβγουΜπ ёжщъ ابجد שלום 王李陳 かなカナー 한글이 ไทย देव ①㈱Ⅳﬀ ٣४３ \U0001f600 \x00\x07\x1f\x85 \ud800"
)
texts = st.one_of(
    st.text(max_size=60),
    st.text(alphabet=SCRIPTS, max_size=40),
    st.text(alphabet="0123456789 .,-/+()TZ:", max_size=24),
    st.from_regex(r"[A-Za-z0-9._+-]{1,12}@[A-Za-z0-9-]{1,12}\.[A-Za-z]{2,5}", fullmatch=True),
    st.from_regex(r"[0-9]{1,4}[-/. ][0-9]{1,2}[-/. ][0-9]{2,4}", fullmatch=True),
)
anything = st.one_of(st.none(), texts, st.integers(), st.floats(), st.booleans(), st.lists(texts, max_size=3))


@pytest.mark.parametrize("name", ONE_VALUE)
@settings(max_examples=120)
@given(value=texts)
@example(value="\x00")
@example(value="\ud800")
@example(value="9999-12-31")
@example(value="２０２０年１月１日")
def test_cleaning_its_own_output_changes_nothing_and_only_unclean_is_raised(name: str, value: str) -> None:
    clean = ONE_VALUE[name]
    try:
        first = clean(value)
    except Unclean:
        return
    assert isinstance(first, Cleaned)
    assert first.given == value
    if first:
        assert clean(str(first)) == first


@pytest.mark.parametrize("name", TAKEN_APART)
@settings(max_examples=120)
@given(value=texts)
def test_taking_apart_any_text_gives_plain_text_or_unclean(name: str, value: str) -> None:
    try:
        found = TAKEN_APART[name](value)
    except Unclean:
        return
    if isinstance(found, dict):
        assert all(type(part) is str and part for part in found.values())


@pytest.mark.parametrize(
    "name", [name for name in {**ONE_VALUE, **TAKEN_APART} if name not in ("placeholder", "nicknames", "fold")]
)
def test_a_value_of_20_megabytes_is_refused_unread(name: str) -> None:
    with pytest.raises(Unclean) as refused:
        {**ONE_VALUE, **TAKEN_APART}[name]("9" * 20_000_000)
    assert refused.value.code in ("value_too_long", "amount_invalid", "date_invalid", "moment_invalid")


@pytest.mark.parametrize("name", ONE_VALUE)
@pytest.mark.parametrize("value", [None, True, [], {}, b"x", object()])
def test_what_is_no_text_is_refused(name: str, value: object) -> None:
    with pytest.raises(Unclean):
        ONE_VALUE[name](value)


@pytest.mark.parametrize("name", [name for name in ONE_VALUE if name != "strip_control"])
@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\x7f", "\x9f"])
def test_a_control_character_never_gets_through(name: str, sign: str) -> None:
    with pytest.raises(Unclean):
        ONE_VALUE[name](f"ab{sign}cd")


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=60)
@given(
    values=st.lists(
        st.one_of(st.none(), texts, st.integers(), st.floats(), st.booleans(), st.lists(texts, max_size=3)), max_size=3
    )
)
def test_a_mapping_may_call_any_function_with_anything(name: str, values: list[Any]) -> None:
    try:
        FUNCTIONS[name](*values)
    except Unclean:
        pass
    except TypeError as wrong:
        assert "argument" in str(wrong)


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name not in ("placeholder", "split", "nicknames", "concat")])
@pytest.mark.parametrize("unknown", [None, "N/A", "  "])
def test_unknown_stays_unknown(name: str, unknown: str | None) -> None:
    untouched = ("lower", "upper", "trim", "title", "replace", "pad", "left", "right", "between", "one_line", "default")
    if unknown is not None and name in (*untouched, "if_empty", "join_words", "digits"):
        return
    arguments = {
        "identifier": ("vat", unknown),
        "join_words": (",", unknown),
        "replace": (unknown, "a", "b"),
        "pad": (unknown, 3),
        "left": (unknown, 2),
        "right": (unknown, 2),
        "between": (unknown, 1, 2),
        "default": (unknown, None),
        "if_empty": (unknown, None),
    }
    assert FUNCTIONS[name](*arguments.get(name, (unknown,))) is None


def test_a_cleaned_value_is_plain_text_that_remembers() -> None:
    value = cleaning.phone("600 111 222", "ES")
    assert (value, value.given, value.flag) == ("+34600111222", "600 111 222", None)
    again = pickle.loads(pickle.dumps(value))
    assert (again, again.given) == (value, value.given)
