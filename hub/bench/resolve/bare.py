"""What PostgreSQL alone can do: the candidates of some keys with their features, one row written, committed."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType

import psycopg

from hub.records import SourceRecord, canonical_json
from hub.services.postgres import plain
from hub.store.store import Store

_CANDIDATES = """
SELECT id, features FROM nodes WHERE id IN (
    SELECT node_id FROM node_keys WHERE key = ANY (%s::bigint[])
    AND NOT EXISTS (SELECT FROM generic_keys WHERE generic_keys.key = node_keys.key))
"""


class Bare:
    """One connection with statements that are prepared; call it with a record and its keys."""

    def __init__(self, store: Store) -> None:
        self._connection = psycopg.connect(plain(store.engine.url.render_as_string(hide_password=False)), prepare_threshold=0)
        self._connection.execute("SET jit = off")
        self._connection.execute("CREATE TABLE bare (id text PRIMARY KEY, data text NOT NULL)")
        self._connection.commit()

    def __call__(self, record: SourceRecord, keys: Sequence[int]) -> int:
        """How many candidates there were."""
        found = self._connection.execute(_CANDIDATES, (list(keys),)).fetchall()
        written = record.message_id, canonical_json(record.data).decode()
        self._connection.execute("INSERT INTO bare (id, data) VALUES (%s, %s)", written)
        self._connection.commit()
        return len(found)

    def __enter__(self) -> Bare:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._connection.execute("DROP TABLE bare")
        self._connection.commit()
        self._connection.close()
