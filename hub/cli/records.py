"""How a person names a record on the command line, and how a golden record is told to a program."""

from __future__ import annotations

from typing import Any

import click
from sqlalchemy import Connection

from hub.records import RecordRef
from hub.store import goldens, sources
from hub.store.goldens import Golden

ENTITY = "customer"


def as_ref(text: str) -> RecordRef:
    """``erp:4711``, or ``erp:4711#2`` for the third life of a key."""
    system, colon, key = text.partition(":")
    if not colon or not system or not key:
        raise click.BadParameter(f"{text!r} is no record; write system:key, for instance erp:4711.")
    key, _, generation = key.partition("#")
    return RecordRef(system, key, int(generation) if generation.isdigit() else 0)


def golden_of(tx: Connection, which: str) -> Golden:
    """The golden record behind an id, a retired id or a system's key."""
    golden_id: str | None = which
    if ":" in which:
        ref = as_ref(which)
        golden_id = goldens.behind_key(tx, ENTITY, (ref.system, ref.key))
    found = goldens.current(tx, golden_id) if golden_id else None
    if found is None:
        raise click.ClickException(_unknown(tx, which))
    return found


def _unknown(tx: Connection, which: str) -> str:
    """Why a name leads nowhere: its record is gone, was set aside, or never came."""
    if ":" not in which:
        return f"Nobody is known as {which!r}. A key is written system:key; see `goldenhub golden list`."
    ref = as_ref(which)
    head = sources.heads(tx, ENTITY, [(ref.system, ref.key)]).get((ref.system, ref.key))
    if head is None:
        return f"Nobody is known as {which!r}. See `goldenhub golden list`, and `goldenhub rejects` for what was set aside."
    said = f"{which} is {head.record.operation.value.replace('_', ' ')} since {head.record.effective_at:%Y-%m-%d %H:%M:%S} UTC"
    stood = goldens.references_of(tx, ENTITY, (ref.system, ref.key))
    return said + (f"; it last stood behind {stood[-1].golden_id}." if stood else ".")


def told(golden: Golden, data: dict[str, Any]) -> dict[str, Any]:
    """A golden record as canonical JSON: its values, and what stands behind them."""
    return {
        "id": golden.id,
        "version": golden.version,
        "state": golden.state,
        "as_of": golden.as_of.isoformat(),
        **data,
        "members": [{"system": ref.system, "key": ref.key, "generation": ref.generation} for ref in golden.members],
        "provenance": golden.provenance,
        "completeness": golden.quality.get("completeness"),
    }


def as_name(data: dict[str, Any]) -> str:
    name, organization = data.get("name") or {}, data.get("organization") or {}
    parts = [name.get("given"), name.get("family")]
    return str(
        organization.get("legal_name") or " ".join(part for part in parts if part) or name.get("full") or name.get("native") or ""
    )


def values(data: Any, path: str = "") -> list[tuple[str, Any]]:
    """Every value of a record with its path; lists as a whole."""
    if isinstance(data, dict):
        return [line for name, value in data.items() for line in values(value, f"{path}.{name}" if path else name)]
    return [(path, data)]
