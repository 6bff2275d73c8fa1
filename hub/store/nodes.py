"""Nodes (records that matching cannot tell apart), the blocking keys they meet on, and the evidence between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, repeat
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, and_, func, select
from sqlalchemy import delete as sql_delete

from hub.store import rows
from hub.store.arrays import array
from hub.store.tables import edges, generic_keys, node_keys, nodes

Pair = tuple[int, int]
"""Two node ids, the smaller first; a node with itself when it holds several records."""


class Node(NamedTuple):
    id: int
    features: dict[str, Any]
    blocking_keys: list[int]
    members: int
    feature_hash: str


class Edge(NamedTuple):
    """Evidence between two nodes, in 1/1000 bit."""

    bits: int
    trusted_bits: int
    match: str | None = None
    veto: str | None = None


def by_id(tx: Connection, ids: Iterable[int]) -> dict[int, Node]:
    return _by_id(rows.find(tx, nodes, ("id",), [(one,) for one in ids], told=Node._fields))


def features_of(tx: Connection, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """What matching looks at in these nodes, and nothing else: their keys take longer to read."""
    return dict(_pairs(rows.find(tx, nodes, ("id",), [(one,) for one in ids], told=_SEEN)))


_SEEN = ("id", "features")


def _pairs(found: Iterable[Sequence[Any]]) -> Iterator[tuple[int, dict[str, Any]]]:
    return ((row[0], row[1]) for row in found)


def _by_id(found: Iterable[Sequence[Any]]) -> dict[int, Node]:
    return {row[0]: Node(*row) for row in found}


class Carried(NamedTuple):
    """The keys of some nodes in order, those of one key in the order of its nodes; and beside each who carries it."""

    keys: Sequence[int]
    nodes: Sequence[int]


def carried(listed: Sequence[Node]) -> Carried:
    """The keys of these nodes, which stand in the order of their ids."""
    keys = list(chain.from_iterable([node.blocking_keys for node in listed]))
    ids = list(chain.from_iterable([repeat(node.id, len(node.blocking_keys)) for node in listed]))
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return Carried([keys[place] for place in order], [ids[place] for place in order])


def add(tx: Connection, entity: str, fresh: Sequence[Node], keys: Carried | None = None) -> None:
    """``keys``: what they carry, where that was put in order already. Neighbours in the index come one after the other."""
    columns = list(zip(*fresh, strict=True))
    rows.insert_columns(tx, nodes, (*Node._fields, "entity"), [*columns, [entity] * len(fresh)] if fresh else [])
    rows.insert_columns(tx, node_keys, ("key", "node_id"), carried(fresh) if keys is None else keys)


def set_members(tx: Connection, counts: Mapping[int, int]) -> None:
    rows.update(tx, nodes, ("id",), [{"id": node, "members": members} for node, members in sorted(counts.items())])


def remove(tx: Connection, gone: Sequence[Node]) -> None:
    """Take nodes away with their keys and evidence."""
    rows.delete(tx, node_keys, [{"key": key, "node_id": node.id} for node in gone for key in node.blocking_keys])
    rows.delete(tx, nodes, [{"id": node.id} for node in gone])
    rows.delete(tx, edges, [{"left_id": node.id} for node in gone])
    rows.delete(tx, edges, [{"right_id": node.id} for node in gone])


def remove_all(tx: Connection, entity: str) -> None:
    """Take away every node of an entity: its rules changed."""
    mine = select(nodes.c.id).where(nodes.c.entity == entity)
    tx.execute(sql_delete(edges).where(edges.c.left_id.in_(mine)))
    tx.execute(sql_delete(node_keys).where(node_keys.c.node_id.in_(mine)))
    tx.execute(sql_delete(generic_keys).where(generic_keys.c.entity == entity))
    tx.execute(sql_delete(nodes).where(nodes.c.entity == entity))


def on_keys(tx: Connection, keys: Iterable[int]) -> dict[int, list[int]]:
    """The nodes on each of these keys."""
    found: dict[int, list[int]] = defaultdict(list)
    for key, node in rows.find(tx, node_keys, ("key",), [(one,) for one in keys]):
        found[key].append(node)
    return found


def generic(tx: Connection, keys: Iterable[int]) -> dict[int, int]:
    """Which of these keys are generic, with the number of nodes that share them."""
    found = rows.find(tx, generic_keys, ("key",), [(one,) for one in keys], told=("key", "nodes"))
    return {row[0]: row[1] for row in found}


class Met(NamedTuple):
    """What there is on some keys."""

    generic: dict[int, int]  # of those that are generic: how many nodes share them
    present: dict[int, list[int]]  # of the others: the nodes there


class Ahead(NamedTuple):
    """What nodes that may be new will meet: asked before it is known which of them are."""

    stored: dict[int, Node]  # those of them that are held
    asked: frozenset[int]
    met: Met
    candidates: dict[int, dict[str, Any]]  # features by id


def met(tx: Connection, keys: Iterable[int], gone: Collection[int]) -> Met:
    """What `generic` says of all these keys, and `on_keys` of the first ones as far as they are not generic: one question."""
    return _ask_met(tx, list(keys), gone)()


def _ask_met(tx: Connection, wanted: Sequence[int], gone: Collection[int]) -> Callable[[], Met]:
    all_of_them = list({*wanted, *gone}) if gone else wanted
    if tx.dialect.name == "postgresql" and gone:
        asked = rows.asked(tx, _MET, (array("bigint", all_of_them), array("bigint", wanted)))
    elif tx.dialect.name == "postgresql":
        asked = rows.asked(tx, _MET_ONCE, (array("bigint", wanted),))
    else:
        asked = rows.asked(tx, _MET_SQLITE, (orjson.dumps(all_of_them).decode(), orjson.dumps(wanted).decode()))

    def read() -> Met:
        found = Met({}, defaultdict(list))
        for key, told, is_generic in asked.fetchall():
            if is_generic:
                found.generic[key] = told
            else:
                found.present[key].append(told)
        return found

    return read


def ask_ahead(tx: Connection, made: Sequence[Node]) -> Callable[[], Ahead]:
    """In two steps, for a few nodes: all that they need when they turn out to be new. For PostgreSQL."""
    keys = sorted({key for node in made for key in node.blocking_keys})
    ids = frozenset(node.id for node in made)
    stored = rows.ask(tx, nodes, ("id",), [(one,) for one in ids], told=Node._fields)
    met = _ask_met(tx, keys, ())
    near = rows.ask_from(tx, nodes, _SEEN, _NEAR, [array("bigint", keys)])
    return lambda: Ahead(_by_id(stored()), ids, met(), dict(_pairs(near())))


_NEAR = """(SELECT DISTINCT node_id FROM node_keys WHERE key = ANY (%s::bigint[])
AND NOT EXISTS (SELECT FROM generic_keys WHERE generic_keys.key = node_keys.key)) AS near,
LATERAL (SELECT * FROM nodes WHERE id = near.node_id OFFSET 0) AS nodes"""
"""Node by node through the index, whatever PostgreSQL knows of the table."""


_MET = """
SELECT key, nodes, true FROM generic_keys WHERE key = ANY (%s::bigint[])
UNION ALL
SELECT key, node_id, false FROM node_keys WHERE key = ANY (%s::bigint[])
AND NOT EXISTS (SELECT FROM generic_keys WHERE generic_keys.key = node_keys.key)"""
_MET_ONCE = "WITH given AS MATERIALIZED (SELECT %s::bigint[] AS keys)" + _MET.replace("%s", "(SELECT keys FROM given)")  # noqa: S608 - our own
"""The same for keys that are said once."""
_MET_SQLITE = """
SELECT key, nodes, 1 FROM generic_keys WHERE key IN (SELECT value FROM json_each(?))
UNION ALL
SELECT node_keys.key, node_id, 0 FROM json_each(?) AS given CROSS JOIN node_keys WHERE node_keys.key = given.value
AND NOT EXISTS (SELECT 1 FROM generic_keys WHERE generic_keys.key = node_keys.key)"""


def set_generic(tx: Connection, entity: str, counts: Mapping[int, int], block_limit: int) -> None:
    """Write how many nodes share these keys; a key at or below the limit is no longer generic."""
    many = [{"key": key, "entity": entity, "nodes": number} for key, number in counts.items() if number > block_limit]
    rows.insert(tx, generic_keys, many, known="replace")
    rows.delete(tx, generic_keys, [{"key": key} for key, number in counts.items() if number <= block_limit])


def put_edges(tx: Connection, found: Mapping[Pair, Edge]) -> None:
    made = [{"left_id": left, "right_id": right, **edge._asdict()} for (left, right), edge in sorted(found.items())]
    rows.insert(tx, edges, made, known="replace")


def drop_edges(tx: Connection, pairs: Iterable[Pair]) -> None:
    rows.delete(tx, edges, [{"left_id": left, "right_id": right} for left, right in pairs])


def edges_at(tx: Connection, ids: Iterable[int], *, least: int | None = None) -> dict[Pair, Edge]:
    """All evidence that touches these nodes; with ``least``, only at or above so many bits or by a rule."""
    where = "" if least is None else f"(edges.bits >= {least:d} OR edges.match IS NOT NULL)"
    return _edges(rows.ask_either(tx, edges, ("left_id", "right_id"), list(ids), where=where)())


def ask_edges_at(tx: Connection, ids: Iterable[int]) -> Callable[[], dict[Pair, Edge]]:
    """The same in two steps."""
    found = rows.ask_either(tx, edges, ("left_id", "right_id"), list(ids))
    return lambda: _edges(found())


def _edges(found: Iterable[Sequence[Any]]) -> dict[Pair, Edge]:
    return {(row[0], row[1]): Edge(*row[2:]) for row in found}


def edges_on_key(tx: Connection, key: int) -> list[Pair]:
    """Evidence between nodes that both carry this key."""
    left, right = node_keys.alias("l"), node_keys.alias("r")
    wanted = (
        select(edges.c.left_id, edges.c.right_id)
        .join(left, and_(left.c.node_id == edges.c.left_id, left.c.key == key))
        .join(right, and_(right.c.node_id == edges.c.right_id, right.c.key == key))
        .where(edges.c.left_id != edges.c.right_id)
    )
    return [(row.left_id, row.right_id) for row in tx.execute(wanted)]


def every(tx: Connection, entity: str, page: int = 2000) -> Iterator[list[tuple[int, dict[str, Any], list[int]]]]:
    """(id, features, blocking keys) of every node, page by page in the order of ids."""
    last = -1
    c = nodes.c
    while True:
        wanted = select(c.id, c.features, c.blocking_keys).where(c.entity == entity, c.id > last).order_by(c.id).limit(page)
        found = [(row.id, row.features, row.blocking_keys) for row in tx.execute(wanted)]
        if not found:
            return
        yield found
        last = found[-1][0]


def matches(tx: Connection, least: int, limit: int) -> list[Pair]:
    """Pairs with evidence of so many bits at least: the first so many in the order of ids, which are hashes and so a sample."""
    wanted = select(edges.c.left_id, edges.c.right_id).where(edges.c.bits >= least, edges.c.veto.is_(None))
    found = tx.execute(wanted.order_by(edges.c.left_id, edges.c.right_id).limit(limit))
    return [(row.left_id, row.right_id) for row in found]


def count(tx: Connection, entity: str) -> dict[str, int]:
    """Sizes for people."""
    parts = {
        "nodes": select(func.count()).select_from(nodes).where(nodes.c.entity == entity),
        "keys": select(func.count()).select_from(node_keys),
        "edges": select(func.count()).select_from(edges),
        "generic_keys": select(func.count()).select_from(generic_keys).where(generic_keys.c.entity == entity),
    }
    return {name: tx.scalar(wanted) or 0 for name, wanted in parts.items()}
