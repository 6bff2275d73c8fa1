"""What the hub's store says after a demo run, as plain figures: for the report, for programs, for tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from hub.demo.score import Verdict, judge
from hub.ingest import RunReport
from hub.store import feeds, goldens, references, rejects, tasks
from hub.store.accounting import accounting
from hub.store.goldens import Golden

CUSTOMER = "customer"
_STATES = ("members", "attached", "waiting", "rejected", "superseded", "unchanged", "filtered", "deleted")
_DAMAGING = frozenset(
    {
        "code_unmapped",
        "control_character",
        "email_invalid",
        "number_garbled",
        "packed_garbled",
        "line_truncated",
        "without_headers",
    }
)


def systems(reports: Iterable[RunReport]) -> dict[str, dict[str, int]]:
    """Per system what this run read; its feeds are named after it."""
    found: dict[str, Counter[str]] = {}
    for report in reports:
        row = found.setdefault(report.feed.partition(".")[0], Counter(read=0, arrived=0, rejected=0, filtered=0))
        row["read"] += report.read
        row["arrived"] += report.arrived.total()
        row["rejected"] += report.rejected.total()
        row["filtered"] += report.filtered.total()
    return {system: dict(row) for system, row in found.items()}


def balance(tx: Connection) -> dict[str, Any]:
    """Where everything that ever arrived is now, over all entities."""
    total: Counter[str] = Counter()
    for entity in feeds.entities(tx):
        total.update(accounting(tx, entity))
    total["waiting"] += total["queued"] + total["dead"]  # on the bus: for a worker, or for a person
    return {
        "arrived": total["arrived"],
        "states": {state: total[state] for state in _STATES},
        "queued": total["queued"],
        "dead": total["dead"],
        "accounted": total["arrived"] == sum(total[state] for state in _STATES),
    }


def contacts(tx: Connection, held: Iterable[Golden], truth: Mapping[str, Any]) -> dict[str, Any]:
    """Orders, bills, mails, forms and cards: how many found their customer, and how many the right one."""
    total: Counter[str] = Counter()
    for entity in feeds.entities(tx):
        if entity != CUSTOMER:
            total.update(accounting(tx, entity))
    waiting = references.waiting(tx, limit=total["waiting"] + 1)
    return {
        "total": total["attached"] + total["waiting"],
        "attached": total["attached"],
        "right": sum(_rightly_attached(tx, one, truth) for one in held),
        "waiting": total["waiting"],
        "waiting_why": dict(Counter(_without_keys(one.why) for one in waiting).most_common()),
    }


def _without_keys(why: str) -> str:
    """Reasons that differ only in a key are one."""
    return "its customer has not arrived yet" if why.endswith("has not arrived yet") else why


def _rightly_attached(tx: Connection, golden: Golden, truth: Mapping[str, Any]) -> int:
    about = {truth["records"].get(f"{ref.system}:{ref.key}") for ref in golden.members} - {None}
    events = references.events_of(tx, golden.id, limit=10_000)
    return sum(truth["contacts"].get(f"{event.record[0]}:{event.record[1]}") in about for event in events)


def golden(held: Sequence[Golden]) -> dict[str, int]:
    kinds = Counter(one.data.get("kind") or "unknown" for one in held)
    spread = [len({ref.system for ref in one.members}) for one in held]
    return {
        "total": len(held),
        "members": sum(len(one.members) for one in held),
        "persons": kinds["person"],
        "organizations": kinds["organization"],
        "merged": sum(len(one.members) > 1 for one in held),
        "systems_4": sum(count >= 4 for count in spread),
    }


def review(tx: Connection) -> dict[str, Any]:
    kinds = tasks.count(tx, CUSTOMER)
    return {"open": sum(kinds.values()), "kinds": dict(sorted(kinds.items()))}


def rejected(tx: Connection) -> list[dict[str, Any]]:
    """What was set aside, by cause, the most frequent first."""
    return [
        {"count": one.records, "feed": one.feed, "code": one.code, "reason": _in_short(one.reason, one.code)}
        for one in rejects.groups(tx)
    ]


def _in_short(reason: str, code: str) -> str:
    """The first sentence, and the field it is about: mapping and code stand beside it already."""
    before, found, after = reason.partition(f": {code}: ")
    sentence = (after if found else reason).partition(". ")[0].rstrip(".")
    field = before.rpartition(": ")[2] if found else ""
    return f"{field}: {sentence}" if field else sentence


def planted(truth: Mapping[str, Any], aside: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many of the pieces that were broken on purpose, so that they cannot be read, were set aside."""
    broken = sum(count for flaw, count in truth["flaws"].items() if flaw in _DAMAGING)
    return {"broken": broken, "found": min(broken, sum(row["count"] for row in aside))}


def members(held: Iterable[Golden]) -> list[list[str]]:
    return [[f"{ref.system}:{ref.key}" for ref in one.members] for one in held]


def verdict(held: Sequence[Golden], truth: Mapping[str, Any]) -> Verdict:
    return judge(members(held), truth)


def every_golden(tx: Connection) -> list[Golden]:
    return list(goldens.every(tx, CUSTOMER))
