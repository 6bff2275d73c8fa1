"""Why this value, and why not that one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Rejected
from hub.records import Data, SourceRecord
from hub.survivorship import Pin, survive
from hub.survivorship.contest import AGREES, WON, Contest, contest
from tests.unit.test_survivorship import SHIPPED, TODAY, members, record, rules

ERP = record("erp:1", {"language": "es", "name": {"given": "Ana", "family": "Gil"}}, "2024-01-01")
SHOP = record("shop:1", {"language": "de", "name": {"given": "Ana", "family": "Gil Soler"}}, "2025-01-01")
MAIL = record("mail:1", {"language": "DE"}, "2023-01-01")


def asked(path: str, *records: SourceRecord, fields: dict[str, Any] | None = None, **more: Any) -> Contest:
    return contest(records, rules(fields, **more.pop("told", {})), more.pop("as_of", TODAY), path, **more)


def outcome(found: Contest) -> list[tuple[str, str]]:
    (election,) = found.elections
    return [(str(rival.ref), rival.lost) for rival in election.rivals]


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        ("trust", [("erp:1", WON), ("mail:1", "trust"), ("shop:1", "trust")]),
        ("most_recent", [("shop:1", WON), ("mail:1", AGREES), ("erp:1", "most_recent")]),
        ("most_frequent", [("shop:1", WON), ("mail:1", AGREES), ("erp:1", "most_frequent")]),
        ({"rule": "source_order", "order": ["mail"]}, [("mail:1", WON), ("shop:1", AGREES), ("erp:1", "source_order")]),
    ],
)
def test_every_rival_falls_at_its_criterion(rule: Any, wanted: list[tuple[str, str]]) -> None:
    assert outcome(asked("language", ERP, SHOP, MAIL, fields={"language": rule})) == wanted


def test_scores_are_told_beside_the_best() -> None:
    (election,) = asked("language", ERP, SHOP).elections
    assert (election.rule, election.chain) == ("trust", ("trust", "most_recent"))
    assert [(rival.score, rival.against) for rival in election.rivals[1:]] == [(500_000, 900_000)]


def test_a_field_of_a_group_is_asked_as_the_group() -> None:
    found = asked("name.family", ERP, SHOP, fields={"name": {"group": True, "rule": "trust"}})
    assert found.path == "name"
    assert outcome(found) == [("erp:1", WON), ("shop:1", "trust")]
    own = {"name": {"group": True, "rule": "trust"}, "name.family": {"rule": "most_recent"}}
    assert outcome(asked("name.family", ERP, SHOP, fields=own)) == [("shop:1", WON), ("erp:1", "most_recent")]


def test_an_object_whose_fields_are_chosen_one_by_one_names_them() -> None:
    with pytest.raises(Rejected, match=r"name\.family, name\.given"):
        asked("name", ERP, SHOP)


def test_who_cannot_stand_is_told_why() -> None:
    nothing = record("shop:2", {"language": None})
    found = asked("language", ERP, nothing)
    assert [(str(rival.ref), rival.lost) for rival in found.left_out] == [("shop:2", "empty")]
    hidden = asked("language", ERP, SHOP, hidden=["erp"])
    assert outcome(hidden) == [("shop:1", WON)]
    assert [(str(rival.ref), rival.lost) for rival in hidden.left_out] == [("erp:1", "hidden")]
    assert asked("birth_date", ERP).elections == ()


def test_a_steward_beats_everybody_whatever_the_rule() -> None:
    steward = record("steward:1", {"language": "ca"}, "2020-01-01")
    assert outcome(asked("language", ERP, SHOP, steward)) == [("steward:1", WON), ("erp:1", "steward"), ("shop:1", "steward")]


def test_items_that_are_over_or_withdrawn_are_left_out_and_the_preferred_one_has_rivals() -> None:
    fields = {"emails": {"rule": "union", "then": ["trust"], "best": "trust", "known_empty": "competes"}}
    old = record("shop:1", {"emails": [{"address": "old@x.example"}]}, "2020-01-01")
    none = record("erp:1", {"emails": None}, "2022-01-01")
    over = record(
        "erp:2", {"emails": [{"address": "over@x.example", "valid_to": "2025"}, {"address": "a@x.example"}]}, "2026-01-01"
    )
    other = record("shop:3", {"emails": [{"address": "b@x.example"}]}, "2026-01-01")
    found = asked("emails", old, none, over, other, fields=fields)

    assert {(str(rival.ref), rival.lost) for rival in found.left_out} == {
        ("shop:1", "withdrawn"), ("erp:1", "empty"), ("erp:2", "not_valid"),
    }  # fmt: skip
    chosen = found.elections[-1]
    assert chosen.what.endswith("for any")
    assert [(rival.candidate.value["address"], rival.lost) for rival in chosen.rivals] == [
        ("a@x.example", WON),
        ("b@x.example", "trust"),
    ]


def test_the_pin_that_holds_is_named_and_ended_ones_are_listed() -> None:
    def pin(number: int, path: str, expires: date | None) -> Pin:
        return Pin(f"p{number}", ERP.ref, path, "x", "maria", datetime(2026, 1, number, tzinfo=UTC), expires)

    ended, whole, part = pin(1, "name.family", TODAY), pin(2, "name", None), pin(3, "name.family", TODAY + timedelta(days=1))
    fields = {"name": {"group": True, "rule": "trust"}}
    found = asked("name.family", ERP, SHOP, fields=fields, pins=[ended, whole, part, pin(4, "language", None)])
    assert found.pinned == part
    assert found.pins == (part, whole, ended)
    assert asked("name.family", ERP, SHOP, fields=fields, pins=[part], as_of=TODAY + timedelta(days=1)).pinned is None


@given(members())
def test_the_election_told_is_the_election_held(records: list[SourceRecord]) -> None:
    """Whatever survivorship chose, for every value: the same winner by the same rule, with the same supporters."""
    found = survive(records, SHIPPED, TODAY)
    for path, entry in found.provenance.items():
        if entry["rule"] in ("known_empty",):
            continue
        told = contest(records, SHIPPED, TODAY, path)
        election = next(one for one in told.elections if one.what == path)
        assert (str(election.winner.ref), election.rule) == (entry["source"], entry["rule"]), path
        agree = {str(rival.ref) for rival in election.rivals if rival.lost in (WON, AGREES)}
        assert agree == set(entry["supporters"]), path
        usages = [one.what.removeprefix(f"{path} for ") for one in told.elections if one.what.startswith(f"{path} for ")]
        assert sorted(usages) == sorted(entry.get("preferred_for", [])), path


@given(
    members(), st.sampled_from(["language", "status", "since", "name.given", "organization.trade_names", "emails", "addresses"])
)
def test_everybody_who_says_something_is_told_of(records: list[SourceRecord], path: str) -> None:
    told = contest(records, SHIPPED, TODAY, path)
    named = {rival.ref for one in told.elections for rival in one.rivals} | {rival.ref for rival in told.left_out}
    said = {r.ref for r in records if _says(r.data, path)}
    assert said <= named


def _says(data: Data, path: str) -> bool:
    value: Any = data
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            return False
        value = value[name]
    return value not in (None, [], {})
