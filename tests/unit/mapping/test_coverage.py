"""Which source fields a mapping reads."""

from __future__ import annotations

import pytest

from hub.mapping import coverage, fields_of

from .conftest import Make


@pytest.mark.parametrize(
    ("field", "paths"),
    [
        ("name.given: first", {"first"}),
        ("name.given: address.person.first", {"address.person.first"}),
        ("name.given: first || nick", {"first", "nick"}),
        ("name.given: \"type == 'C' && company || `null`\"", {"type", "company"}),
        ("name.given: names[0].text", {"names[].text"}),
        ("name.given: \"join(' ', names[*].text)\"", {"names[].text"}),
        ("name.given: \"names[?use == 'official'] | [0].text\"", {"names[].use", "names[].text"}),
        ("name.given: upper(first)", {"first"}),
        ('ext.erp.x: "{a: first, b: address.zip}"', {"first", "address.zip"}),
        ("emails: {each: mails, as: {address: item}}", {"mails[]"}),
        ("emails: {each: '[mail]', as: {address: item}}", {"mail"}),
        ('emails: {each: "mail && [mail] || `[]`", as: {address: item}}', {"mail"}),
        ("emails: {each: mails, as: {address: item.a, type: record.t}}", {"mails[].a", "t"}),
        (
            "addresses: {each: sites, as: {lines: {each: item.lines, as: item.text}, country: item.cc}}",
            {"sites[].lines[].text", "sites[].cc"},
        ),
        ("kind: {lookup: kind, of: t}", {"t"}),
        ("status: \"'active'\"", set()),
        ("ext.erp.x: map(&a.b, items)", {"items"}),
    ],
)
def test_the_paths_an_expression_reads_are_known(mapping: Make, field: str, paths: set[str]) -> None:
    assert mapping(field, codes={"kind": {}}).paths - {"id"} >= paths
    assert mapping(field, codes={"kind": {}}).paths - {"id", "a.b"} == paths


def test_every_field_is_mapped_ignored_or_unmapped(mapping: Make) -> None:
    made = mapping(
        """
        version: 1
        from: c
        to: customer
        key: id
        when: status
        updated_at: changed
        fields:
          name.given: person.first
          phones: {each: phones, as: {number: item.no}}
          ext.erp.all: address
        ignore: [pw_*, person.middle]
        """
    )
    fields = ["id", "status", "changed", "person.first", "person.middle", "person.last", "phones[].no", "phones[].kind"]
    fields += ["address.street", "address.geo.lat", "pw_hash"]
    seen = coverage(made, fields)
    assert seen.unmapped == ("person.last", "phones[].kind")
    assert seen.ignored == ("person.middle", "pw_hash")
    assert len(seen.mapped) == 7
    assert seen.missing == ()
    assert str(seen).startswith("82% covered: 7 mapped, 2 ignored, 2 unmapped")


def test_a_path_below_a_name_of_which_nothing_more_is_known_may_be_there(mapping: Make) -> None:
    made = mapping("name.given: person.first\nstatus: state")
    assert coverage(made, ["id", "person"]).missing == ("state",)
    assert coverage(made, ["id", "person.last", "state"]).missing == ("person.first",)


def test_the_fields_of_a_record_are_its_leaves() -> None:
    assert fields_of({"a": 1, "b": {"c": None, "d": {}}, "e": [{"f": 1}, {"g": [1]}], "h": []}) == {
        "a",
        "b.c",
        "b.d",
        "e[].f",
        "e[].g",
        "h",
    }
