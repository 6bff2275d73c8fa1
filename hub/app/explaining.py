"""Why: two records, a golden record, and one of its values. Told for programs; the command line makes words of it.

What is told holds values. It is for who asks, and is never written into a log.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import product
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from hub.app.seeing import sight
from hub.app.stages import ENTITY
from hub.errors import Rejected
from hub.records import Data, RecordRef, at_path
from hub.resolve.holding import Holding, holding
from hub.resolve.settling import pins_of
from hub.store import goldens, sources, tasks
from hub.store.goldens import Golden
from hub.survivorship import Pin, SurvivorshipRules
from hub.survivorship.choosing import Candidate
from hub.survivorship.contest import Contest, Election, Rival, contest
from hub.survivorship.trust import ONE
from hub.survivorship.views import hidden_from

if TYPE_CHECKING:
    from hub.app.hub import Hub

_MOST_PAIRS = 2500


def pair(hub: Hub, tx: Connection, left: Sequence[RecordRef], right: Sequence[RecordRef]) -> Data:
    """Why two records are one customer, or not; of several on a side the pair with the most bits."""
    if len(left) * len(right) > _MOST_PAIRS:
        raise Rejected(f"More than {_MOST_PAIRS:,} pairs of records; name a record of each.", code="too_many_pairs")
    pairs = [(one, other) for one, other in product(left, right) if one != other]
    if not pairs:
        raise Rejected("That is one record twice; name two.", code="one_record")
    stories = [(hub.resolver.explain(tx, one[:2], other[:2]), one, other) for one, other in pairs]
    story, one, other = max(stories, key=lambda told: (told[0]["bits"], told[1:]))
    heads = sources.heads(tx, ENTITY, [one[:2], other[:2]])
    return {
        "left": str(one),
        "right": str(other),
        "pairs": len(pairs),
        **story,
        "gone": [str(head.ref) for head in heads.values() if not head.live],
        "tasks": _between(tx, one, other) if not story["together"] else [],
    }


def _between(tx: Connection, one: RecordRef, other: RecordRef) -> list[Data]:
    """The open questions about the golden records behind two records."""
    ids = {goldens.behind_key(tx, ENTITY, ref[:2]) for ref in (one, other)} - {None}
    found = tasks.open_about(tx, [golden_id for golden_id in ids if golden_id is not None])
    return [
        {"id": stored.id, "kind": stored.task.kind, "reason": stored.task.reason}
        for stored in found
        if {stored.left_golden, stored.right_golden} == ids
    ]


def built(hub: Hub, tx: Connection, golden: Golden) -> Data:
    """How a golden record came to be, what holds it together, and what it would fall apart without."""
    steps = goldens.story(tx, golden.id)
    held = holding(tx, hub.rules, hub.resolver.weigher, golden) if golden.live else Holding(())
    return {
        "story": [{"version": s.version, "kind": s.kind, "at": s.at.isoformat(), **s.data} for s in steps],
        "links": [
            {
                "left": str(link.left), "right": str(link.right), "bits": link.bits / 1000, "match": link.match,
                "decision": link.decision,
            }
            for link in held.links
        ],
        "weakest": _seam(held),
        "falls_apart_without": [
            {"record": str(loss.record) if loss.record else None, "decision": loss.decision, "into": _named(loss.parts)}
            for loss in held.losses
        ],
        "tried": held.tried,
    }  # fmt: skip


def _seam(held: Holding) -> Data | None:
    if held.seam is None:
        return None
    link = held.seam.link
    return {
        "left": str(link.left), "right": str(link.right), "bits": link.bits / 1000, "match": link.match,
        "decision": link.decision, "between": _named((held.seam.left, held.seam.right)), "mean": held.seam.mean / 1000,
    }  # fmt: skip


def _named(parts: Iterable[Iterable[RecordRef]]) -> list[list[str]]:
    return [list(map(str, part)) for part in parts]


def value(hub: Hub, tx: Connection, golden: Golden, path: str, view: str | None = None) -> Data:
    """Which record and rule chose a golden value, and why every other value that stood lost."""
    rules = hub.rules.survivorship
    wanted = path.partition("[")[0]
    if hub.model.property_at(ENTITY, wanted) is None and not wanted.startswith("ext."):
        near = [known for known in hub.model.properties(ENTITY) if "[]" not in known]
        raise Rejected(f"A customer has no field {wanted!r}; known: {', '.join(near)}.", code="field_unknown")
    hidden = hidden_from(rules, view) if view else frozenset()
    contents = sources.contents(tx, ENTITY, golden.members)
    pins = [pin for listed in pins_of(tx, ENTITY, golden.members).values() for pin in listed]
    records = [contents[ref] for ref in golden.members]
    found = contest(records, rules, golden.as_of, path, pins, hidden=hidden)
    looks = sight(hub, tx, view, golden.members) if view else None
    shown = golden.data if looks is None else looks.data(golden.data, golden.members, golden.as_of)
    return {
        "golden": golden.id,
        "as_of": golden.as_of.isoformat(),
        "field": path,
        "chosen_as": found.path,
        "value": at_path(golden.data, wanted),
        "pinned": _pin(found.pinned, golden.as_of) if found.pinned else None,
        "pins": [_pin(one, golden.as_of) for one in found.pins if one is not found.pinned],
        "elections": [_election(one, rules, found, golden.as_of) for one in found.elections],
        "left_out": [_rival(one, rules, found, golden.as_of) for one in found.left_out],
        "view": None if view is None else {"name": view, "value": at_path(shown, wanted), "shown": _has(shown, wanted)},
    }


def _has(data: Data, path: str) -> bool:
    *outer, last = path.split(".")
    inner = at_path(data, ".".join(outer)) if outer else data
    return isinstance(inner, dict) and last in inner


def _pin(pin: Pin, as_of: date) -> Data:
    ended = pin.expires is not None and as_of >= pin.expires
    until = pin.expires.isoformat() if pin.expires else None
    return {
        "id": pin.id, "record": str(pin.ref), "path": pin.path, "value": pin.value, "by": pin.by, "at": pin.at.isoformat(),
        "until": until, "ended": ended,
    }  # fmt: skip


def _election(election: Election, rules: SurvivorshipRules, found: Contest, as_of: date) -> Data:
    return {
        "what": election.what,
        "chain": list(election.chain),
        "rule": election.rule,
        "rivals": [_rival(one, rules, found, as_of) for one in election.rivals],
    }


def _rival(rival: Rival, rules: SurvivorshipRules, found: Contest, as_of: date) -> Data:
    candidate = rival.candidate
    return {
        "record": str(candidate.ref),
        "value": candidate.value,
        "at": candidate.since,
        "lost": rival.lost,
        "score": _score(rival.lost, rival.score),
        "against": _score(rival.lost, rival.against),
        "trust": _trust(candidate, as_of),
        "flagged": candidate.flagged,
    }


def _score(criterion: str, score: Any) -> Any:
    """As a person reads it: trust as a share of 1; times stand beside the values anyway."""
    if score is None or criterion in ("most_recent", "earliest", "source_order", "first_valid", "preferred"):
        return None
    return score / ONE if criterion == "trust" else score


def _trust(candidate: Candidate, as_of: date) -> Data:
    """How much the value is believed, and what that is made of."""
    standing, day = candidate.standing, as_of.toordinal()
    return {
        "now": standing.on(day) / ONE,
        "base": standing.base / ONE,
        "half_life": standing.half_life or None,
        "floor": standing.floor / ONE if standing.half_life else None,
        "since": date.fromordinal(standing.since).isoformat(),
        "left_after_doubt": standing.share,
    }
