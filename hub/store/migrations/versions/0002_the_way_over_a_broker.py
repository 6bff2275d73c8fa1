"""The way over a broker: what is in flight, dead letters, raw messages with their keys, the inbox, and the way out."""

import hashlib
import json
import re
from typing import Any

import sqlalchemy as sa
from alembic import op

from hub.store.types import Json, Key, Moment, Serial

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _lanes()
    _set_aside()
    _on_its_way()
    _as_it_came()
    _out()
    _fewer_indexes()


def _lanes() -> None:
    """Messages wait by stage and lane. What was dead is tried once more; from now on that has a table of its own."""
    _part_with("messages", "ix_messages_ready", "uq_messages_message_id")
    op.create_table(
        "messages",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("stage", Key, nullable=False),
        sa.Column("lane", Key, nullable=False),
        sa.Column("message_id", Key, nullable=False),
        sa.Column("entity", Key, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("ready_at", Moment(), nullable=False),
        sa.Column("lease", Key, nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
    )
    op.create_index("ix_messages_ready", "messages", ["stage", "lane", "id"])
    op.create_index("ix_messages_entity", "messages", ["entity"])
    op.create_index("uq_messages_message_id", "messages", ["stage", "message_id"], unique=True)
    op.execute(
        "INSERT INTO messages (stage, lane, message_id, entity, body, attempts, taken, ready_at, lease, why) "
        "SELECT CASE WHEN headers LIKE '%\"customer\"%' THEN 'resolve' ELSE 'attach' END, 'live', message_id, "
        "substr(headers, 12, length(headers) - 13), body, 0, 0, ready_at, NULL, why FROM messages_before ORDER BY id"
    )
    op.drop_table("messages_before")


def _part_with(table: str, *indexes: str) -> None:
    """Make room for a new shape of a table: the old one, renamed, holds what must be carried over."""
    for index in indexes:
        op.drop_index(index, table_name=table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT pk_{table}")
    op.rename_table(table, f"{table}_before")


def _set_aside() -> None:
    """Rejects know their cause, whose system they came from, and what became of them."""
    for name, kind in (("system", Key), ("about", sa.Text()), ("fingerprint", Key), ("receipt", Key)):
        op.add_column("rejects", sa.Column(name, kind, nullable=False, server_default=""))
    for closing in ("note", "closed_by"):
        op.add_column("rejects", sa.Column(closing, sa.Text(), nullable=True))
    op.add_column("rejects", sa.Column("replayed_as", Key, nullable=True))
    op.add_column("rejects", sa.Column("closed_at", Moment(), nullable=True))
    _know_their_cause()
    op.create_index("ix_rejects_group", "rejects", ["state", "fingerprint"])
    op.create_index("ix_rejects_key", "rejects", ["feed", "key"])
    op.create_index("ix_rejects_receipt", "rejects", ["receipt"])
    op.create_index("ix_rejects_replayed_as", "rejects", ["replayed_as"])


def _know_their_cause() -> None:
    """What `Reject.about` and `Reject.fingerprint` gave when this was written, for what was set aside before."""
    tx = op.get_bind()
    rejects = sa.table("rejects", *map(sa.column, ("id", "feed", "mapping", "code", "system", "about", "fingerprint")))
    facts = sa.column("facts", Json())
    read = sa.select(rejects.c.id, rejects.c.feed, rejects.c.mapping, rejects.c.code, facts).select_from(rejects)
    systems: dict[str, str] = {}
    after = 0
    while page := tx.execute(read.where(rejects.c.id > after).order_by(rejects.c.id).limit(1000)).all():
        for number, feed, mapping, code, told in page:
            if feed not in systems:
                said = sa.text("SELECT system FROM record_versions WHERE feed = :feed LIMIT 1")
                systems[feed] = tx.scalar(said, {"feed": feed}) or feed.partition(".")[0]
            about = _about(told or {})
            cause = json.dumps([feed, mapping, code, about], separators=(",", ":"), ensure_ascii=False)
            fingerprint = hashlib.blake2b(cause.encode(), digest_size=16).hexdigest()
            values = {"system": systems[feed], "about": about, "fingerprint": fingerprint}
            tx.execute(sa.update(rejects).where(rejects.c.id == number).values(values))
        after = page[-1][0]


def _about(facts: dict[str, Any]) -> str:
    places = [str(facts.get("field") or "")]
    if not places[0]:
        places = [f"{one.get('path') or '(record)'}: {one.get('rule')}" for one in facts.get("violations") or ()]
    return ", ".join(sorted({re.sub(r"\.\d+(?=\.|:|$)|\[\d+\]", "[]", place) for place in places}))


def _on_its_way() -> None:
    op.create_table(
        "workers",
        sa.Column("name", Key, nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("beat_at", Moment(), nullable=False),
        sa.Column("live_at", Moment(), nullable=True),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_workers"),
    )
    op.create_table(
        "in_flight",
        sa.Column("id", Key, nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("entity", Key, nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("headers", Json, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("owner", Key, nullable=False),
        sa.Column("put_at", Moment(), nullable=False),
        sa.Column("published_at", Moment(), nullable=True),
        sa.Column("settled", Json(), nullable=True),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_in_flight"),
    )
    op.create_index("ix_in_flight_waiting", "in_flight", ["stage", "lane", "entity", "records"])
    unpublished = sa.text("published_at IS NULL")
    op.create_index("ix_in_flight_unpublished", "in_flight", ["put_at"], postgresql_where=unpublished, sqlite_where=unpublished)
    op.create_table(
        "dead_letters",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("message_id", Key, nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("entity", Key, nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("fingerprint", Key, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("headers", Json, nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("replayed_as", Key, nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("closed_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_dead_letters"),
    )
    op.create_index("ix_dead_letters_state", "dead_letters", ["state", "fingerprint"])
    op.create_index("ix_dead_letters_message", "dead_letters", ["message_id"])


def _as_it_came() -> None:
    for table in ("record_versions", "records"):
        op.add_column(table, sa.Column("replayed_at", Moment(), nullable=True))
    op.add_column("feeds", sa.Column("uncovered", Json, nullable=True))
    op.create_table(
        "raw_messages",
        sa.Column("id", Key, nullable=False),
        sa.Column("feed", Key, nullable=False),
        sa.Column("system", Key, nullable=False),
        sa.Column("stream", Key, nullable=False),
        sa.Column("entity", Key, nullable=False),
        sa.Column("key", Key, nullable=True),
        sa.Column("where", sa.Text(), nullable=False),
        sa.Column("run", Key, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("kept_at", Moment(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("made", sa.Integer(), nullable=False),
        sa.Column("release", Key, nullable=False),
        sa.Column("origin", Key, nullable=True),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("data_key", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("pruned_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_raw_messages"),
    )
    op.create_index("ix_raw_messages_key", "raw_messages", ["entity", "system", "key"])
    op.create_index("ix_raw_messages_kept_at", "raw_messages", ["kept_at"])
    replays = sa.text("origin IS NOT NULL")
    op.create_index("ix_raw_messages_origin", "raw_messages", ["origin"], postgresql_where=replays, sqlite_where=replays)
    op.create_table(
        "raw_sizes",
        sa.Column("feed", Key, nullable=False),
        sa.Column("bodies", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("feed", name="pk_raw_sizes"),
    )
    op.create_table(
        "data_keys",
        sa.Column("entity", Key, nullable=False),
        sa.Column("system", Key, nullable=False),
        sa.Column("key", Key, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("master", Key, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("destroyed_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("entity", "system", "key", "number", name="pk_data_keys"),
    )
    op.create_index("ix_data_keys_master", "data_keys", ["master"])
    op.create_table(
        "master_keys",
        sa.Column("id", Key, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_master_keys"),
    )
    op.create_table(
        "inbox",
        sa.Column("source", Key, nullable=False),
        sa.Column("id", Key, nullable=False),
        sa.Column("receipt", Key, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("source", "id", name="pk_inbox"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_inbox_at", "inbox", ["at"])


def _out() -> None:
    op.create_table(
        "deliveries",
        sa.Column("delivery", Key, nullable=False),
        sa.Column("golden_id", Key, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("outbox_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("delivered", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", Moment(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("delivery", "golden_id", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_state", "deliveries", ["delivery", "state", "next_at"])
    op.create_table(
        "delivery_receipts",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("delivery", Key, nullable=False),
        sa.Column("golden_id", Key, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key", Key, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("columns", Json, nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_delivery_receipts"),
    )
    op.create_index("ix_delivery_receipts_golden", "delivery_receipts", ["golden_id"])
    op.create_index("ix_delivery_receipts_at", "delivery_receipts", ["at"])
    op.create_table(
        "written_values",
        sa.Column("system", Key, nullable=False),
        sa.Column("stream", Key, nullable=False),
        sa.Column("key", Key, nullable=False),
        sa.Column("column", Key, nullable=False),
        sa.Column("written", Json, nullable=False),
        sa.Column("former", Json, nullable=True),
        sa.Column("delivery", Key, nullable=False),
        sa.Column("golden_id", Key, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("system", "stream", "key", "column", name="pk_written_values"),
    )
    op.create_index("ix_written_values_golden", "written_values", ["golden_id"])
    op.create_table(
        "tokens",
        sa.Column("id", Key, nullable=False),
        sa.Column("name", Key, nullable=False),
        sa.Column("hash", Key, nullable=False),
        sa.Column("scopes", Json, nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("revoked_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
    )
    op.create_index("uq_tokens_name", "tokens", ["name"], unique=True)


_UNUSED = (
    ("uq_nodes_feature_hash", "nodes", ["entity", "feature_hash"], True),
    ("ix_goldens_into", "goldens", ["into"], False),
    ("ix_former_members_golden", "former_members", ["golden_id"], False),
)


def _fewer_indexes() -> None:
    """Nobody asked by these. Rows that are written again stay on their page as long as there is room."""
    for index, table, _, _ in _UNUSED:
        op.drop_index(index, table_name=table)
    if op.get_bind().dialect.name == "postgresql":
        for table, full in (("goldens", 75), ("records", 85), ("xref", 90), ("record_versions", 95)):
            op.execute(f"ALTER TABLE {table} SET (fillfactor = {full})")


def downgrade() -> None:
    for index, table, columns, unique in _UNUSED:
        op.create_index(index, table, columns, unique=unique)
    if op.get_bind().dialect.name == "postgresql":
        for table in ("goldens", "records", "xref", "record_versions"):
            op.execute(f"ALTER TABLE {table} RESET (fillfactor)")
    for index in ("ix_rejects_group", "ix_rejects_key", "ix_rejects_receipt", "ix_rejects_replayed_as"):
        op.drop_index(index, table_name="rejects")
    with op.batch_alter_table("rejects") as rejects:
        for name in ("system", "about", "fingerprint", "receipt", "note", "replayed_as", "closed_by", "closed_at"):
            rejects.drop_column(name)
    for table in ("tokens", "written_values", "delivery_receipts", "deliveries"):
        op.drop_table(table)
    for table in ("inbox", "master_keys", "data_keys", "raw_sizes", "raw_messages", "dead_letters", "in_flight", "workers"):
        op.drop_table(table)
    for table in ("record_versions", "records"):
        with op.batch_alter_table(table) as versions:
            versions.drop_column("replayed_at")
    with op.batch_alter_table("feeds") as feeds:
        feeds.drop_column("uncovered")
    _without_lanes()


def _without_lanes() -> None:
    _part_with("messages", "ix_messages_ready", "ix_messages_entity", "uq_messages_message_id")
    op.create_table(
        "messages",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("queue", Key, nullable=False),
        sa.Column("message_id", Key, nullable=False),
        sa.Column("headers", Json(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("ready_at", Moment(), nullable=False),
        sa.Column("lease", Key, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
    )
    op.create_index("ix_messages_ready", "messages", ["queue", "state", "id"])
    op.create_index("uq_messages_message_id", "messages", ["queue", "message_id"], unique=True)
    op.execute(
        "INSERT INTO messages (queue, message_id, headers, body, attempts, ready_at, lease, state, why) "
        "SELECT 'hub.records', message_id, '{\"entity\":\"' || entity || '\"}', body, attempts, ready_at, NULL, 'ready', why "
        "FROM messages_before ORDER BY id"
    )
    op.drop_table("messages_before")
