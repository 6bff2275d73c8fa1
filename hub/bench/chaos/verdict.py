"""The comparison after a run: the sender's ledger against the store, by SQL of its own, and against what a subscriber heard.

The examined is not asked: nothing here reads the store through the hub's code, but for the balance that the hub keeps itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from hub.bench.chaos.ledger import DELETE, Sent, read
from hub.relay import Replica, fold

_EXAMPLES = 5

Heard = tuple[str, Mapping[str, Any]]
"""(golden id, what was announced)."""


@dataclass
class Verdict:
    """Counts of what must not be, each with a few examples; and figures."""

    wrong: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)
    figures: dict[str, int] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return not any(self.wrong.values())

    def note(self, what: str, found: Iterable[object]) -> None:
        told = [str(one) for one in found]
        self.wrong[what] = self.wrong.get(what, 0) + len(told)
        if told:
            self.examples[what] = [*self.examples.get(what, []), *told][:_EXAMPLES]


def compare(verdict: Verdict, url: str, ledger: Path, heard: list[Heard], pushed: Collection[str]) -> None:
    """``url`` as libpq takes it; ``pushed`` are the roads on which every single message must have become a version."""
    told = list(read(ledger))
    verdict.figures["meant"] = len(told)
    verdict.figures["accepted"] = sum(accepted for _, accepted in told)
    verdict.note("never_accepted", (one.id for one, accepted in told if not accepted))
    with psycopg.connect(url) as connection:
        _records(verdict, connection, [one for one, _ in told])
        _messages(verdict, connection, [one for one, accepted in told if accepted and one.road in pushed])
        _members(verdict, connection)
        _announced(verdict, connection, heard)
        _left(verdict, connection)


def _records(verdict: Verdict, connection: psycopg.Connection[Any], told: list[Sent]) -> None:
    """Each record stands as its last operation left it."""
    last = {(one.road, one.key): one for one in told}
    rows = connection.execute("SELECT system, key, live, data::jsonb FROM records WHERE entity = 'customer'").fetchall()
    held = {(system, key): (live, data) for system, key, live, data in rows}
    verdict.figures["records"] = len(last)
    verdict.figures["records_live"] = sum(live for live, _ in held.values())
    lost = [one for place, one in last.items() if _lost(one, held.get(place))]
    verdict.note("lost", (f"{one.road}:{one.key} {one.what} {one.rev}: {_story(connection, one)}" for one in lost))
    verdict.note("strangers", held.keys() - last.keys())


def _story(connection: psycopg.Connection[Any], one: Sent) -> str:
    """What the store knows of it, in the order of versions: when and what, and what became of it."""
    rows = connection.execute(
        "SELECT arrived_at, operation, data::jsonb->'ext'->%s->>'rev', updated_at, extracted_at, state FROM record_versions "
        "WHERE system = %s AND key = %s ORDER BY least(updated_at, extracted_at)", [one.road, one.road, one.key],
    ).fetchall()  # fmt: skip
    told = [
        f"{state} {what} {rev or ''} of {upd:%H:%M:%S.%f} read {ext:%H:%M:%S.%f}"
        for _, what, rev, upd, ext, state in rows[-4:]
        if upd
    ]
    return "; ".join(told)


def _lost(one: Sent, held: tuple[bool, Any] | None) -> bool:
    if one.what == DELETE:
        return held is not None and held[0]
    if held is None or not held[0]:
        return True
    data = held[1]
    return bool(data["ext"][one.road]["rev"] != one.rev or data["name"]["family"] != one.data["family"])


def _messages(verdict: Verdict, connection: psycopg.Connection[Any], accepted: list[Sent]) -> None:
    """Each message that was accepted is one version, and only one; and no operation holds twice."""
    rows = connection.execute(
        "SELECT i.id, count(v.message_id) FROM inbox i LEFT JOIN record_versions v ON v.message_id = i.receipt GROUP BY i.id"
    ).fetchall()
    versions = {str(identity): count for identity, count in rows}
    verdict.note("lost", (f"message {one.id} of {one.key}" for one in accepted if versions.get(one.id, 0) == 0))
    verdict.note("doubled", (f"message {one.id} of {one.key}" for one in accepted if versions.get(one.id, 0) > 1))
    verdict.note(
        "doubled",
        connection.execute(
            "SELECT system, key, data::jsonb->'ext'->system->>'rev' FROM record_versions "
            "WHERE state IN ('current', 'superseded') AND operation = 'upsert' GROUP BY 1, 2, 3 HAVING count(*) > 1"
        ).fetchall(),
    )
    counted = connection.execute("SELECT state, count(*) FROM record_versions GROUP BY state").fetchall()
    verdict.figures |= {f"versions_{state}": count for state, count in counted}


def _members(verdict: Verdict, connection: psycopg.Connection[Any]) -> None:
    """A live record stands behind exactly one golden record."""
    rows = connection.execute(
        "SELECT r.system, r.key, count(x.id) FROM records r LEFT JOIN xref x ON x.entity = r.entity AND x.system = r.system "
        "AND x.key = r.key AND x.valid_to IS NULL AND x.state = 'active' WHERE r.live GROUP BY 1, 2 HAVING count(x.id) <> 1"
    ).fetchall()
    verdict.note("lost", (row for row in rows if row[2] == 0))
    verdict.note("doubled", (row for row in rows if row[2] > 1))


def _announced(verdict: Verdict, connection: psycopg.Connection[Any], heard: list[Heard]) -> None:
    """Every version of every golden record was heard, none is missing in between, and what was heard folds to what is held."""
    outbox = {(golden, version) for golden, version in connection.execute("SELECT golden_id, version FROM outbox").fetchall()}
    goldens = connection.execute('SELECT id, version, state, "into", data::jsonb, members::jsonb FROM goldens').fetchall()
    verdict.figures |= {"golden_records": sum(row[2] == "active" for row in goldens), "announcements": len(outbox)}
    by_golden: dict[str, set[int]] = defaultdict(set)
    for golden, version in outbox:
        by_golden[golden].add(version)
    holes = {(row[0], row[1]) for row in goldens if by_golden[row[0]] != set(range(1, row[1] + 1))}
    verdict.note("version_gaps", holes)
    said = Counter((golden, data["version"]) for golden, data in heard)
    verdict.figures |= {"heard": len(heard), "heard_again": len(heard) - len(said)}
    verdict.note("unannounced", outbox - said.keys())
    verdict.note("announced_but_not_kept", said.keys() - outbox)
    replica = fold({}, heard)
    verdict.note("replica_differs", (row[0] for row in goldens if _differs(replica.get(row[0]), row)))


def _differs(known: Replica | None, row: tuple[Any, ...]) -> bool:
    if known is None:
        return True
    _, version, state, into, data, members = row
    refs = sorted((one[0], one[1], one[2] if len(one) > 2 else 0) for one in members)
    ours = sorted((one.system, one.key, one.generation) for one in known.members)
    return (known.version, known.state, known.into, known.data, ours) != (version, state, into, data, refs)


def _left(verdict: Verdict, connection: psycopg.Connection[Any]) -> None:
    """Nothing is still on its way, and nothing was set aside: every record was good."""
    asked = (
        ("still_on_the_way", "SELECT id, stage, records, published_at, taken FROM in_flight"),
        ("set_aside", "SELECT stage, code, reason, attempts FROM dead_letters"),
        ("set_aside", "SELECT feed, code, reason, payload FROM rejects"),
    )
    for what, query in asked:
        verdict.note(what, connection.execute(query).fetchmany(1000))
