"""The way over a broker: what is in flight, dead letters, raw messages with their keys, the inbox, and the way out."""

import sqlalchemy as sa
from alembic import op

from hub.store.types import Json, Key, Moment, Serial

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _on_its_way()
    _as_it_came()
    _out()


def _on_its_way() -> None:
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
        sa.PrimaryKeyConstraint("id", name="pk_in_flight"),
    )
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
    op.create_table(
        "raw_messages",
        sa.Column("id", Key, nullable=False),
        sa.Column("feed", Key, nullable=False),
        sa.Column("system", Key, nullable=False),
        sa.Column("stream", Key, nullable=False),
        sa.Column("key", Key, nullable=True),
        sa.Column("where", sa.Text(), nullable=False),
        sa.Column("run", Key, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("hash", Key, nullable=False),
        sa.Column("release", Key, nullable=False),
        sa.Column("causation", Key, nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("pruned", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_raw_messages"),
    )
    op.create_index("ix_raw_messages_feed", "raw_messages", ["feed", "at"])
    op.create_index("ix_raw_messages_key", "raw_messages", ["system", "key"])
    op.create_index("ix_raw_messages_at", "raw_messages", ["at"])
    op.create_table(
        "data_keys",
        sa.Column("system", Key, nullable=False),
        sa.Column("key", Key, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("destroyed_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("system", "key", name="pk_data_keys"),
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
        sa.Column("value", Json, nullable=True),
        sa.Column("former", Json, nullable=True),
        sa.Column("sure", sa.Boolean(), nullable=False),
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


def downgrade() -> None:
    for table in ("tokens", "written_values", "delivery_receipts", "deliveries"):
        op.drop_table(table)
    for table in ("inbox", "data_keys", "raw_messages", "dead_letters", "in_flight"):
        op.drop_table(table)
