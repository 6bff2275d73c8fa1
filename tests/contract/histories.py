"""Random histories for the resolver: few people, few values, many collisions, and every kind of change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import yaml
from hypothesis import strategies as st

from hub.records import Decision, Operation, RecordRef, SourceRecord
from hub.resolve import Rules, read_rules

AS_OF = date(2026, 6, 1)
START = datetime(2026, 1, 1, tzinfo=UTC)
FOLDER = Path(__file__).resolve().parents[2] / "canonical_model" / "customer"

FULL, DELTA, PURE, LOW = "erp", "crm", "ledger", "mail"
SYSTEMS = (FULL, DELTA, PURE, LOW)
KEYS = ("1", "2", "3")
GIVEN = ("Ana", "Anna", "Luis")
FAMILY = ("Gil", "Ruiz")
BORN = ("1980-02-03", "1980-02-04", "1991-07-08")
EMAILS = ("ana.gil@x.example", "info@x.example")
PHONES = ("+34911111111", "+34922222222")


def small_rules(**changes: Any) -> Rules:
    """The shipped rules, with limits so low that small histories cross them."""
    raw = yaml.safe_load((FOLDER / "matching.yaml").read_text(encoding="utf-8"))
    survivorship = yaml.safe_load((FOLDER / "survivorship.yaml").read_text(encoding="utf-8"))
    weights = orjson.loads((FOLDER / "model.json").read_bytes())
    raw |= {"block_limit": 3, "component_limit": 4, "low_trust": ["mail.sender"]} | changes
    return read_rules("customer", raw, weights, survivorship, free_of_duplicates=[PURE])


@dataclass(frozen=True)
class Withdrawal:
    decision_id: str
    by: str


Step = SourceRecord | Decision | Withdrawal


def optional(values: tuple[str, ...]) -> st.SearchStrategy[str | None]:
    return st.sampled_from((*values, *values, None))


@st.composite
def customers(draw: st.DrawFn, system: str) -> dict[str, Any]:
    kind = "sender" if system == LOW else "main"
    data: dict[str, Any] = {
        "kind": "person",
        "name": {"given": draw(st.sampled_from(GIVEN)), "family": draw(st.sampled_from(FAMILY))},
    }
    if born := draw(optional(BORN)):
        data["birth_date"] = born
    if email := draw(optional(EMAILS)):
        data["emails"] = [{"address": email, "type": kind}]
    if phone := draw(optional(PHONES)):
        data["phones"] = [{"number": phone, "type": kind}]
    if number := draw(st.sampled_from(("X1", "X2", None, None, None))):
        data["identifiers"] = [{"scheme": "national_id", "country": "ES", "value": number, "verified": True}]
    return data


@st.composite
def patches(draw: st.DrawFn) -> dict[str, Any]:
    change = draw(st.sampled_from(("family", "born", "no_email", "phone")))
    return {
        "family": {"name": {"family": draw(st.sampled_from(FAMILY))}},
        "born": {"birth_date": draw(st.sampled_from(BORN))},
        "no_email": {"emails": None},
        "phone": {"phones": [{"number": draw(st.sampled_from(PHONES)), "type": "main"}]},
    }[change]


@st.composite
def records(draw: st.DrawFn, number: int) -> SourceRecord:
    system, key = draw(st.sampled_from(SYSTEMS)), draw(st.sampled_from(KEYS))
    generation = draw(st.sampled_from((0, 0, 0, 0, 1)))
    ways = [Operation.UPSERT] * 6 + [Operation.DELETED, Operation.ENDED, Operation.MERGED_INTO, Operation.REKEYED]
    operation = draw(st.sampled_from([*ways, Operation.PATCH, Operation.PATCH] if system == DELTA else ways))
    data: dict[str, Any] = {}
    if operation is Operation.UPSERT:
        data = draw(customers(system))
    elif operation is Operation.PATCH:
        data = draw(patches())
    return SourceRecord(
        entity="customer",
        ref=RecordRef(system, key, generation),
        operation=operation,
        data=data,
        extracted_at=START + timedelta(days=number),
        updated_at=START + timedelta(days=draw(st.integers(0, 12))),
        message_id=f"m{number:03}",
        feed=f"{system}.customers",
        delta=operation is Operation.PATCH,
        target=draw(st.sampled_from(KEYS)) if operation in (Operation.MERGED_INTO, Operation.REKEYED) else None,
    )


refs = st.builds(RecordRef, st.sampled_from(SYSTEMS), st.sampled_from(KEYS), st.just(0))


@st.composite
def decisions(draw: st.DrawFn, number: int) -> Decision:
    left = draw(st.frozensets(refs, min_size=1, max_size=2))
    right = draw(st.frozensets(refs.filter(lambda ref: ref not in left), min_size=1, max_size=2))
    return Decision(
        id=f"d{number:03}",
        verdict=draw(st.sampled_from(("same", "not_same"))),
        left=tuple(sorted(left)),
        right=tuple(sorted(right)),
        by="steward@example",
        at=START + timedelta(hours=draw(st.integers(0, 5))),
    )


@st.composite
def histories(draw: st.DrawFn, *, least: int = 6, most: int = 20) -> list[Step]:
    steps: list[Step] = []
    for number in range(draw(st.integers(least, most))):
        choice = draw(st.sampled_from(("record",) * 7 + ("decision", "withdrawal")))
        standing = [s.id for s in steps if isinstance(s, Decision)]
        standing = [d for d in standing if Withdrawal(d, "steward@example") not in steps]
        if choice == "record":
            steps.append(draw(records(number)))
        elif choice == "decision" or not standing:
            steps.append(draw(decisions(number)))
        else:
            steps.append(Withdrawal(draw(st.sampled_from(standing)), "steward@example"))
    return steps


@st.composite
def roads(draw: st.DrawFn, steps: list[Step]) -> list[list[Step]]:
    """The same history in another order, in batches of any size, with some messages delivered twice."""
    order = list(draw(st.permutations(steps)))
    for withdrawal in [step for step in order if isinstance(step, Withdrawal)]:  # nobody withdraws what he did not say
        said = next(i for i, s in enumerate(order) if isinstance(s, Decision) and s.id == withdrawal.decision_id)
        if order.index(withdrawal) < said:
            order.remove(withdrawal)
            order.insert(said, withdrawal)
    again = draw(st.lists(st.sampled_from(steps), max_size=2))
    order += [step for step in again if isinstance(step, SourceRecord)]
    batches: list[list[Step]] = [[]]
    for step in order:
        if not isinstance(step, SourceRecord) or draw(st.booleans()):
            batches.append([])
        batches[-1].append(step)
        if not isinstance(step, SourceRecord):
            batches.append([])
    return [batch for batch in batches if batch]
