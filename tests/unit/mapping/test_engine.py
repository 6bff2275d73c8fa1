"""What a mapping makes of a record."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import MappingFailed
from hub.mapping import Mapping
from hub.model import Model
from hub.records import Operation, RawRecord, Translation

from .conftest import HEAD, Make


def apply(mapping: Mapping, data: dict[str, Any], **options: Any) -> Translation:
    (made,) = mapping.apply(RawRecord("customers", {"id": 7, **data}, **options))
    assert isinstance(made, Translation), made
    return made


def refuse(mapping: Mapping, data: dict[str, Any], **options: Any) -> dict[str, Any]:
    (failed,) = mapping.apply(RawRecord("customers", {"id": 7, **data}, **options))
    assert isinstance(failed, MappingFailed), failed
    return failed.facts


def test_dotted_targets_become_nested_objects(mapping: Make) -> None:
    made = mapping("name.given: first\nname.family: last\next.erp.rep.code: rep\next.erp.level: level")
    assert apply(made, {"first": "Ana", "last": "Gil", "rep": "x", "level": 3}).data == {
        "name": {"given": "Ana", "family": "Gil"},
        "ext": {"erp": {"rep": {"code": "x"}, "level": 3}},
    }


@pytest.mark.parametrize("nothing", [None, "", "   ", "N/A", "unbekannt", "-", "xxx"])
def test_nothing_is_absent_in_whatever_way_the_source_says_it(mapping: Make, nothing: str | None) -> None:
    assert apply(mapping("name.given: first\nstatus: s"), {"first": nothing, "s": "active"}).data == {"status": "active"}


def test_a_number_that_looks_like_a_placeholder_is_kept(mapping: Make) -> None:
    assert apply(mapping("ext.erp.number: n"), {"n": "12345678"}).data == {"ext": {"erp": {"number": "12345678"}}}


def test_placeholders_are_kept_where_the_mapping_says_so(mapping: Make) -> None:
    assert apply(mapping("name.family: {path: last, placeholders: keep}"), {"last": "Test"}).data == {"name": {"family": "Test"}}


def test_text_is_in_one_form_and_without_spaces_around(mapping: Make) -> None:
    assert apply(mapping("name.given: first"), {"first": " Jose\u0301 "}).data == {"name": {"given": "Jos\u00e9"}}


def test_line_ends_become_spaces_where_the_schema_wants_one_line(mapping: Make) -> None:
    assert apply(mapping("name.full: n\next.erp.note: n"), {"n": "Ana\r\nGil"}).data == {
        "name": {"full": "Ana Gil"},
        "ext": {"erp": {"note": "Ana\nGil"}},
    }


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "\x85x\x9f", "half \ud800 sign"])
def test_a_control_character_sets_the_record_aside(mapping: Make, text: str) -> None:
    assert refuse(mapping("name.given: first"), {"first": text})["code"] == "control_character"


def test_known_empty_is_null_only_where_the_source_carries_the_field(mapping: Make) -> None:
    made = mapping("name.given: {path: first, empty: known}")
    assert apply(made, {"first": None}).data == {"name": {"given": None}}
    assert apply(made, {"first": ""}).data == {"name": {"given": None}}
    assert apply(made, {}).data == {}


def test_an_empty_list_is_absent_and_known_empty_where_the_mapping_says_so(mapping: Make) -> None:
    item = "as: {address: item}"
    assert apply(mapping(f"emails: {{each: mails, {item}}}"), {"mails": []}).data == {}
    assert apply(mapping(f"emails: {{each: mails, {item}, empty: known}}"), {"mails": []}).data == {"emails": None}


def test_a_default_stands_in_for_what_is_absent(mapping: Make) -> None:
    made = mapping("country: {path: cc, default: ES}\nstatus: {default: active}")
    assert apply(made, {}).data == {"country": "ES", "status": "active"}
    assert apply(made, {"cc": "PT"}).data == {"country": "PT", "status": "active"}


def test_a_lookup_says_what_a_code_means_whatever_its_type(mapping: Make) -> None:
    made = mapping("kind: {lookup: kind, of: t}", codes={"kind": {"1": "person", "07": "organization", "X": None}})
    assert apply(made, {"t": 1}).data == {"kind": "person"}
    assert apply(made, {"t": " 07 "}).data == {"kind": "organization"}
    assert apply(made, {"t": "X"}).data == apply(made, {"t": ""}).data == {}


def test_a_code_nobody_explained_sets_the_record_aside_with_list_and_code(mapping: Make) -> None:
    facts = refuse(mapping("kind: {lookup: kind, of: t}", codes={"kind": {"P": "person"}}), {"t": "Z"})
    assert {key: facts[key] for key in ("code", "list", "value", "field", "expression", "input", "mapping")} == {
        "code": "unmapped_code",
        "list": "kind",
        "value": "Z",
        "field": "kind",
        "expression": "t",
        "input": {"t": "Z"},
        "mapping": "erp/customer@1",
    }


DATE = "birth_date: {{path: born, type: date, formats: ['%d/%m/%Y']{}}}"


def test_a_wrong_value_sets_aside_or_is_flagged_or_replaced_as_the_field_says(mapping: Make) -> None:
    wrong = {"born": "31/02/1980"}
    assert refuse(mapping(DATE.format("")), wrong)["code"] == "date_invalid"
    flagged = apply(mapping(DATE.format(", on_error: flag")), wrong).data
    assert flagged == {"birth_date": "1980-02", "flags": [{"field": "birth_date", "code": "date_invalid", "given": "31/02/1980"}]}
    replaced = apply(mapping(DATE.format(", on_error: default, default: '1980'")), wrong).data
    assert replaced == {"birth_date": "1980"}


def test_the_mapping_says_what_its_fields_do_with_wrong_values_unless_they_say_otherwise(mapping: Make) -> None:
    lines = (
        "on_error: flag\nfields:\n  birth_date: {path: born, type: date}\n  since: {path: since, type: date, on_error: reject}"
    )
    made = mapping("version: 1\nfrom: c\nto: customer\nkey: id\n" + lines)
    assert apply(made, {"born": "99"}).data["flags"][0]["field"] == "birth_date"
    assert refuse(made, {"born": "99", "since": "?!x"})["field"] == "since"


def test_what_a_source_writes_for_no_date_is_no_fault(mapping: Make) -> None:
    assert apply(mapping("birth_date: {path: born, type: date}"), {"born": "0000-00-00"}).data == {}


def test_doubtful_values_leave_a_flag_and_items_keep_what_was_given(mapping: Make) -> None:
    made = mapping("phones: {each: '[tel]', as: {number: phone(item), type: \"'main'\"}}")
    assert apply(made, {"tel": "600 11 22 33"}).data == {
        "phones": [{"number": "600 11 22 33", "type": "main"}],
        "flags": [{"field": "phones[].number", "code": "phone_country_unknown"}],
    }
    assert apply(made, {"tel": "+34 600 11 22 33"}).data["phones"][0] == {
        "number": "+34600112233",
        "type": "main",
        "given": "+34 600 11 22 33",
    }


def test_inside_a_list_expressions_see_item_record_and_parent(mapping: Make) -> None:
    made = mapping(
        """
        addresses:
          each: sites
          as:
            locality: item.city
            country: record.cc
            lines: {each: item.lines, as: "concat(item, ' ', parent.city)"}
        """
    )
    site = {"city": "Madrid", "lines": ["Calle Mayor 1", None]}
    assert apply(made, {"cc": "ES", "sites": [site]}).data == {
        "addresses": [{"locality": "Madrid", "country": "ES", "lines": ["Calle Mayor 1 Madrid", "Madrid"]}]
    }


def test_an_item_without_what_it_is_about_is_left_out(mapping: Make) -> None:
    made = mapping("emails: {each: mails, as: {address: email(item.a), type: item.t, preferred: '`true`'}}")
    assert apply(made, {"mails": [{"a": "", "t": "home"}, {"a": "x@y.example", "t": None}]}).data == {
        "emails": [{"address": "x@y.example", "preferred": True}]
    }


def test_a_wrong_item_costs_the_record_or_only_itself_as_the_list_says(mapping: Make) -> None:
    wrong = {"mails": ["a@@b", "x@y.example"]}
    facts = refuse(mapping("emails: {each: mails, as: {address: email(item)}}"), wrong)
    assert (facts["field"], facts["code"], facts["input"]) == ("emails[].address", "email_invalid", {"item": "a@@b"})
    kept = apply(mapping("emails: {each: mails, as: {address: email(item)}, on_error: flag}"), wrong).data
    assert kept["emails"] == [{"address": "x@y.example"}]
    assert kept["flags"] == [{"field": "emails[].address", "code": "email_invalid", "given": "a@@b"}]
    none = apply(mapping("emails: {each: mails, as: {address: email(item)}, on_error: default, default: []}"), wrong).data
    assert none == {"emails": []}


def test_a_list_made_of_no_list_sets_the_record_aside(mapping: Make) -> None:
    assert refuse(mapping("emails: {each: mail, as: {address: item}}"), {"mail": "x@y.example"})["code"] == "not_a_list"


def test_an_expression_that_does_not_fit_its_value_sets_the_record_aside(mapping: Make) -> None:
    facts = refuse(mapping("name.full: join(' ', names)"), {"names": ["a", None]})
    assert (facts["code"], facts["input"]) == ("type_mismatch", {"names": ["a", None]})
    assert refuse(mapping("status: \"a < b && 'x' || 'y'\""), {"a": "x", "b": 1})["code"] == "expression_failed"


@pytest.mark.parametrize(
    ("kind", "given", "made"),
    [
        ("text", 7, "7"),
        ("text", 0.1, "0.1"),
        ("text", True, "true"),
        ("integer", " 42 ", 42),
        ("integer", 42.0, 42),
        ("number", "1.5", 1.5),
        ("boolean", "Yes", True),
        ("boolean", 0, False),
        ("amount", Decimal("1234.50"), "1234.50"),
        ("datetime", "2026-07-01T10:00:00", "2026-07-01T08:00:00Z"),
        ("datetime", "2026-07-01T10:00:00+05:00", "2026-07-01T05:00:00Z"),
        ("unix_seconds", 1767225600, "2026-01-01T00:00:00Z"),
        ("unix_milliseconds", "1767225600000", "2026-01-01T00:00:00Z"),
        ("date", "2026-07-01T23:00:00", "2026-07-01"),
        ("list", [1, None], [1]),
        ("object", {"a": 1}, {"a": 1}),
    ],
)
def test_types_convert(mapping: Make, kind: str, given: Any, made: Any) -> None:
    compiled = mapping(f"ext.erp.x: {{path: x, type: {kind}}}", time_zone="Europe/Madrid")
    found = apply(compiled, {"x": given}).data["ext"]["erp"]["x"]
    assert (found, type(found)) == (made, type(made))


@pytest.mark.parametrize(
    ("kind", "given", "code"),
    [
        ("text", [1], "type_mismatch"),
        ("integer", "4.2", "integer_invalid"),
        ("integer", True, "integer_invalid"),
        ("number", "x", "number_invalid"),
        ("boolean", "maybe", "boolean_invalid"),
        ("unix_seconds", 10**17, "time_invalid"),
        ("list", {}, "not_a_list"),
        ("object", "x", "type_mismatch"),
        ("datetime", "yesterday", "moment_invalid"),
    ],
)
def test_what_cannot_be_converted_sets_the_record_aside(mapping: Make, kind: str, given: Any, code: str) -> None:
    assert refuse(mapping(f"ext.erp.x: {{path: x, type: {kind}}}"), {"x": given})["code"] == code


def test_values_of_databases_are_read_as_json(mapping: Make, model: Model) -> None:
    compiled = mapping("birth_date: born\nsince: at\nvalue.turnover: sum\next.erp.text: raw")
    given = {
        "born": dt.date(1980, 2, 28),
        "at": dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
        "sum": Decimal("1E+3"),
        "raw": "grün".encode(),
    }
    made = apply(compiled, given)
    assert made.data == {
        "birth_date": "1980-02-28",
        "since": "2026-01-02T03:04:05+00:00",
        "value": {"turnover": "1000"},
        "ext": {"erp": {"text": "grün"}},
    }
    model.check("customer", made.data)


@pytest.mark.parametrize(("value", "code"), [(b"\xff\xfe", "encoding_invalid"), (object(), "type_unknown")])
def test_what_json_has_no_word_for_sets_the_record_aside(mapping: Make, value: Any, code: str) -> None:
    assert refuse(mapping("name.given: first"), {"first": value})["code"] == code


def test_a_record_nested_without_end_is_set_aside(mapping: Make) -> None:
    nested: dict[str, Any] = {}
    nested["self"] = nested
    assert refuse(mapping("name.given: first"), {"first": nested})["code"] == "nested_too_deeply"


def test_a_whole_number_is_text_where_the_schema_wants_text(mapping: Make) -> None:
    made = mapping("addresses: {each: '[@]', as: {postal_code: item.zip}}\next.erp.zip: zip")
    assert apply(made, {"zip": 28013}).data == {"addresses": [{"postal_code": "28013"}], "ext": {"erp": {"zip": 28013}}}


FULL = (
    HEAD
    + """
when: "status != 'test'"
operation: "deleted_at && 'deleted' || merged && 'merged_into' || 'upsert'"
target: merged
updated_at: changed
generation: life
position: lsn
valid_from: since
fields: {name.given: first}
"""
)


def test_the_head_says_what_the_record_is(mapping: Make) -> None:
    made = apply(
        mapping(FULL, time_zone="Europe/Madrid"),
        {"first": "Ana", "changed": "2026-07-01T10:00:00", "life": "2", "lsn": 99, "since": "2020-01-01T00:00:00Z"},
    )
    assert made == Translation(
        entity="customer",
        key="7",
        operation=Operation.UPSERT,
        data={"name": {"given": "Ana"}},
        updated_at=dt.datetime(2026, 7, 1, 8, tzinfo=dt.UTC),
        generation=2,
        position=99,
        valid_from=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    )


def test_a_record_that_is_gone_carries_no_data_and_fails_on_no_field(mapping: Make) -> None:
    gone = apply(mapping(FULL), {"first": "\x00", "deleted_at": "2026-01-01"})
    assert (gone.operation, gone.data) == (Operation.DELETED, {})
    merged = apply(mapping(FULL), {"merged": 8})
    assert (merged.operation, merged.target) == (Operation.MERGED_INTO, "8")


def test_a_deletion_seen_by_the_connector_needs_no_data_and_passes_the_filter(mapping: Make) -> None:
    made = mapping(FULL.replace("status != 'test'", "status == 'live'"))
    (gone,) = made.apply(RawRecord("customers", {}, key="9", operation="deleted"))
    assert isinstance(gone, Translation)
    assert (gone.key, gone.operation, gone.data) == ("9", Operation.DELETED, {})


def test_a_filtered_record_makes_nothing(mapping: Make) -> None:
    assert mapping(FULL).apply(RawRecord("customers", {"id": 7, "status": "test"})) == []


def test_a_key_of_several_paths_is_joined_and_a_missing_part_sets_the_record_aside(mapping: Make) -> None:
    made = mapping("version: 1\nfrom: c\nto: customer\nkey: [company, id]\nfields: {status: s}")
    assert apply(made, {"company": "DE"}).key == "DE-7"
    facts = refuse(made, {"company": None})
    assert (facts["code"], facts["field"], facts["expression"]) == ("key_missing", "key", "company")


def test_a_key_longer_than_any_key_sets_the_record_aside(mapping: Make) -> None:
    made = mapping("status: s")
    assert apply(made, {"id": "K" * 500}).key == "K" * 500
    for key in ("K" * 501, "ñ " * 70_000):
        facts = refuse(made, {"id": key})
        assert (facts["code"], facts["field"]) == ("key_too_long", "key")
    (gone,) = made.apply(RawRecord("customers", {}, key="K" * 501, operation="deleted"))
    assert isinstance(gone, MappingFailed)
    assert gone.facts["code"] == "key_too_long"


def test_a_key_is_taken_as_it_is(mapping: Make) -> None:
    made = mapping("status: s")
    assert [apply(made, {"id": key}).key for key in ("UNKNOWN", "0007", "c-1", "añ")] == ["UNKNOWN", "0007", "c-1", "añ"]
    assert [refuse(made, {"id": key})["code"] for key in ("", None, False, 1.5, ["x"])] == ["key_missing"] * 5


def test_without_a_key_of_its_own_a_mapping_takes_the_connectors(mapping: Make) -> None:
    made = mapping("version: 1\nfrom: c\nto: customer\nfields: {status: s}")
    assert apply(made, {}, key="K").key == "K"
    assert refuse(made, {})["code"] == "key_missing"


@pytest.mark.parametrize(
    ("line", "data", "code"),
    [
        ("operation: op", {"op": "obliterated"}, "operation_unknown"),
        ("updated_at: at", {"at": "soon"}, "moment_invalid"),
        ("generation: g", {"g": "first"}, "integer_invalid"),
        ("when: \"a < 'x'\"", {"a": 1}, "expression_failed"),
        ("split: a", {"a": "x"}, "not_a_list"),
    ],
)
def test_a_wrong_head_sets_the_record_aside_and_names_its_line(mapping: Make, line: str, data: dict[str, Any], code: str) -> None:
    head = HEAD.replace("key: id", "key: record.id") if "split" in line else HEAD
    facts = refuse(mapping(f"{head}{line}\nfields: {{status: \"'active'\"}}"), data)
    assert (facts["code"], facts["field"]) == (code, line.partition(":")[0])


def test_a_split_makes_several_records_and_each_fails_alone(mapping: Make) -> None:
    made = mapping(
        """
        version: 1
        from: mails
        to: customer
        split: signatures
        key: [record.id, item.no]
        fields:
          name.full: item.name
          emails: {each: "[item.mail]", as: {address: email(item)}}
          phones: {each: "item.tel && [item.tel] || `[]`", as: {number: "phone(item, record.cc)"}}
        """
    )
    signatures = [{"no": 1, "name": "Ana", "mail": "a@b.example", "tel": "600112233"}, {"no": 2, "mail": "a@@b"}, {"name": "x"}]
    first, second, third = made.apply(RawRecord("mails", {"id": "m", "cc": "ES", "signatures": signatures}))
    assert isinstance(first, Translation)
    assert first.key == "m-1"
    assert first.data["phones"] == [{"number": "+34600112233", "given": "600112233"}]
    assert isinstance(second, MappingFailed)
    assert second.facts["code"] == "email_invalid"
    assert isinstance(third, MappingFailed)
    assert third.facts["code"] == "key_missing"
    assert made.apply(RawRecord("mails", {"id": "m"})) == []


def test_a_reject_shows_only_a_slice_of_a_huge_input(mapping: Make) -> None:
    huge = {"t": "x" * 2_000_000, "u": "untouched"}
    facts = refuse(mapping("name.given: upper(t)"), huge)
    assert set(facts["input"]) == {"t"}
    assert len(facts["input"]["t"]) < 300


def test_the_message_of_a_reject_has_no_value_in_it(mapping: Make) -> None:
    (failed,) = mapping("emails: {each: '[m]', as: {address: email(item)}}").apply(RawRecord("c", {"id": 7, "m": "secret@@x"}))
    assert "secret" not in str(failed)


def test_two_records_never_share_a_value_that_can_change(mapping: Make) -> None:
    made = mapping("ext.erp.x: '`[{\"a\": [1]}]`'\nroles: {default: [customer]}")
    first = apply(made, {}).data
    first["ext"]["erp"]["x"][0]["a"].append(2)
    first["roles"].append("partner")
    assert apply(made, {}).data == {"ext": {"erp": {"x": [{"a": [1]}]}}, "roles": ["customer"]}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=8) | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "street"]), inner, max_size=3),
    max_leaves=8,
)
NAMES = ["id", "first", "born", "mail", "phones", "sites", "t", "x"]


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_any_record_is_translated_or_set_aside_and_nothing_else(mapping: Make, data: dict[str, Any]) -> None:
    made = mapping(
        """
        kind: {lookup: kind, of: t}
        name.given: first
        birth_date: {path: born, type: date, on_error: flag}
        emails: {each: "mail && [mail] || `[]`", as: {address: email(item)}}
        phones: {each: phones, as: {number: "phone(item.a, 'ES')", type: item.b}}
        addresses: {each: sites, as: {lines: "[item.street]", country: country(item.b)}, on_error: flag}
        ext.erp.x: x
        """,
        codes={"kind": {"P": "person"}},
    )
    for result in made.apply(RawRecord("customers", data)):
        assert isinstance(result, (Translation, MappingFailed))
        if isinstance(result, MappingFailed):
            assert {"code", "field", "expression", "input", "mapping"} <= set(result.facts)
