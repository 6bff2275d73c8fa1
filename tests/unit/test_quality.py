from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import BadModel
from hub.model import load_model
from hub.quality import FeedCount, check_feed, check_record, flags_of, load_quality
from hub.quality.expectations import holds

MODEL = load_model()
CUSTOMER = load_quality(MODEL.rules("customer", "quality"))
TODAY = "2026-03-01"


def found(data: dict[str, Any], entity: str = "customer") -> list[str]:
    return [finding.rule for finding in check_record(load_quality(MODEL.rules(entity, "quality")), data, TODAY)]


@pytest.mark.parametrize("entity", MODEL.entities)
def test_the_shipped_rules_can_be_used_and_flag_fields_that_exist(entity: str) -> None:
    for rule in load_quality(MODEL.rules(entity, "quality")).records:
        assert MODEL.property_at(entity, rule.field), rule
        for path in (*rule.needs, *rule.any_of, *rule.none_of, *(path for path, _ in rule.when)):
            assert MODEL.property_at(entity, path), rule


def test_a_right_customer_has_no_findings() -> None:
    data = {"kind": "person", "name": {"family": "Gil"}, "birth_date": "1980-02", "emails": [{"address": "ana@example.com"}]}
    assert found(data) == []


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        ({"kind": "person", "phones": [{"number": "+34600111222"}]}, "person_without_name"),
        ({"kind": "person", "name": {"family": None}, "birth_date": "1980"}, "person_without_name"),
        ({"kind": "organization", "phones": [{"number": "+34600111222"}]}, "organization_without_name"),
        ({"name": {"family": "Gil"}, "emails": []}, "nothing_to_tell_apart"),
        ({"birth_date": "2026-03-02"}, "born_in_the_future"),
        ({"birth_date": "1980", "death_date": "1979-12"}, "died_before_birth"),
        ({"birth_date": "1890"}, "improbably_old"),
        ({"identifiers": [{"scheme": "tax", "value": "1", "verified": True}]}, "verified_without_country"),
    ],
)
def test_a_wrong_customer_is_found_out(data: dict[str, Any], rule: str) -> None:
    assert found(data) == [rule]


def test_dates_of_different_precision_are_compared_as_far_as_both_are_known() -> None:
    assert found({"birth_date": "2026"}) == []
    assert found({"birth_date": "1980-05", "death_date": "1980"}) == []


def test_a_consent_without_a_purpose_is_set_aside() -> None:
    rules = load_quality(MODEL.rules("consent", "quality"))
    actions = {
        finding.rule: finding.action
        for finding in check_record(rules, {"status": "granted", "participants": [{}], "proof": {"kind": "form"}})
    }
    assert actions == {"consent_without_purpose": "set_aside"}


def test_findings_become_flags_that_the_schema_accepts() -> None:
    flags = flags_of(check_record(CUSTOMER, {"kind": "person", "birth_date": "2030"}, TODAY))
    assert flags == [{"field": "name", "code": "person_without_name"}, {"field": "birth_date", "code": "born_in_the_future"}]
    MODEL.check("customer", {"flags": flags})


@pytest.mark.parametrize(
    ("count", "rule"),
    [
        (FeedCount(records=10, earlier=(100, 100, 110)), "far_fewer_than_usual"),
        (FeedCount(records=0, earlier=(100, 100, 110)), "far_fewer_than_usual"),
        (FeedCount(records=1_000, earlier=(100, 100, 110)), "far_more_than_usual"),
        (FeedCount(records=10, rejected=3), "many_rejected"),
        (FeedCount(records=10, announced=11), "control_total_differs"),
        (FeedCount(records=10, totals={"amount": ("10.00", "10.01")}), "control_total_differs"),
        (FeedCount(records=10, sequence=9, last_sequence=7), "sequence_broken"),
        (FeedCount(records=10, sequence=7, last_sequence=7), "sequence_broken"),
        (FeedCount(records=10, digest="a", digests=frozenset("ab")), "file_seen_before"),
    ],
)
def test_an_unusual_delivery_is_found_out(count: FeedCount, rule: str) -> None:
    assert [finding.rule for finding in check_feed(CUSTOMER, count)] == [rule]


@pytest.mark.parametrize(
    "count",
    [
        FeedCount(records=10),
        FeedCount(records=1, earlier=(100, 100)),  # two deliveries make no habit
        FeedCount(records=60, earlier=(100, 100, 100)),
        FeedCount(records=100, rejected=20, announced=100, totals={"amount": ("10", "10.00")}),
        FeedCount(records=10, sequence=8, last_sequence=7, digest="c", digests=frozenset("ab")),
    ],
)
def test_a_usual_delivery_goes_on(count: FeedCount) -> None:
    assert check_feed(CUSTOMER, count) == []


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"record": []}, "did you mean 'records'"),
        ({"records": [{"field": "name"}]}, "needs a name"),
        ({"records": [{"name": "a", "field": "name", "expects": "x"}]}, "did you mean 'expect'"),
        ({"records": [{"name": "a"}]}, "no field"),
        ({"records": [{"name": "a", "field": "name", "expect": "a ||"}]}, "no JMESPath"),
        ({"records": [{"name": "a", "field": "name", "action": "hold"}]}, "action is one of"),
        ({"records": [{"name": "a", "field": "name", "when": "kind"}]}, "when is a mapping"),
        ({"records": [{"name": "a", "field": "name"}, {"name": "a", "field": "kind"}]}, "two rules"),
        ({"records": {"a": 1}}, "must be a list"),
        ({"feeds": [{"name": "a", "kind": "counts"}]}, "did you mean 'count'"),
        ({"feeds": [{"name": "a", "kind": "count", "least": "half"}]}, "share like"),
    ],
)
def test_a_mistake_in_the_rules_is_refused_with_a_hint(raw: dict[str, Any], says: str) -> None:
    with pytest.raises(BadModel, match=says):
        load_quality(raw)


@given(
    st.dictionaries(
        st.sampled_from(["kind", "name", "birth_date", "death_date", "identifiers"]),
        st.one_of(st.none(), st.integers(), st.text(max_size=8), st.lists(st.text(max_size=3), max_size=2)),
    )
)
def test_no_record_makes_the_rules_stumble(data: dict[str, Any]) -> None:
    assert all(finding.action in ("flag", "set_aside", "hold_feed") for finding in check_record(CUSTOMER, data, TODAY))


@given(
    st.sampled_from(MODEL.entities),
    st.dictionaries(
        st.sampled_from(["kind", "name", "birth_date", "death_date", "organization", "emails", "participants", "status"]),
        st.sampled_from(["person", "2030", None, [], {}, {"legal_form": "GmbH"}, {"legal_form": None}, [{}], {"family": "Gil"}]),
    ),
)
def test_no_rule_is_passed_over_that_is_broken(entity: str, data: dict[str, Any]) -> None:
    rules = load_quality(MODEL.rules(entity, "quality"))
    broken = [rule.name for rule in rules.records if rule.broken_by(data)]
    assert [finding.rule for finding in check_record(rules, data)] == broken


@given(
    st.sampled_from(
        [
            "!before(as_of, birth_date)",
            "death_date || !before(birth_date, '1905')",
            "before(death_date, birth_date)",
            "!death_date",
        ]
    ),
    st.dictionaries(
        st.sampled_from(["birth_date", "death_date", "as_of"]),
        st.sampled_from(["1890", "1905-01-01", "1980-02", "2026-03-02", "", None, 7, [], ["1900"], {}, False]),
    ),
)
def test_a_short_test_says_what_jmespath_says(expression: str, data: dict[str, Any]) -> None:
    raw = {"records": [{"name": "asked", "field": "kind", "expect": expression}]}
    rule = load_quality(raw).records[0]
    assert rule.expect is not None

    assert rule.broken_by(data) == (not holds(rule.expect, data))
