"""The first shape of the store."""

import sqlalchemy as sa
from alembic import op

from hub.store.types import Json, Key, Moment, Serial

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "active_rules",
        sa.Column("entity", Key, nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("entity", name="pk_active_rules"),
    )
    op.create_table(
        "contact_points",
        sa.Column("lookup", Key, nullable=False),
        sa.Column("system", Key, nullable=False),
        sa.Column("key", Key, nullable=False),
        sa.Column("valid_from", Moment(), nullable=True),
        sa.Column("valid_to", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("lookup", "system", "key", name="pk_contact_points"),
    )
    op.create_index("ix_contact_points_record", "contact_points", ["system", "key"], unique=False)

    op.create_table(
        "counts",
        sa.Column("entity", Key, nullable=False),
        sa.Column("feed", Key, nullable=False),
        sa.Column("name", Key, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("entity", "feed", "name", name="pk_counts"),
    )
    op.create_table(
        "decision_members",
        sa.Column("entity", Key, nullable=False),
        sa.Column("system", Key, nullable=False),
        sa.Column("key", Key, nullable=False),
        sa.Column("decision_id", Key, nullable=False),
        sa.PrimaryKeyConstraint("entity", "system", "key", "decision_id", name="pk_decision_members"),
    )
    op.create_table(
        "decisions",
        sa.Column("id", Key, nullable=False),
        sa.Column("entity", Key, nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("left_members", Json(), nullable=False),
        sa.Column("right_members", Json(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", Moment(), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
    )
    op.create_table(
        "edges",
        sa.Column("left_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("right_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("bits", sa.Integer(), nullable=False),
        sa.Column("trusted_bits", sa.Integer(), nullable=False),
        sa.Column("match", sa.Text(), nullable=True),
        sa.Column("veto", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("left_id", "right_id", name="pk_edges"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_edges_right", "edges", ["right_id"], unique=False)

    op.create_table(
        "feeds",
        sa.Column("feed", Key, nullable=False),
        sa.Column("cursor", Json(), nullable=True),
        sa.Column("cursor_at", Moment(), nullable=True),
        sa.Column("held", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("feed", name="pk_feeds"),
    )
    op.create_table(
        "former_members",
        sa.Column("entity", Key, nullable=False),
        sa.Column("system", Key, nullable=False),
        sa.Column("key", Key, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("golden_id", Key, nullable=False),
        sa.PrimaryKeyConstraint("entity", "system", "key", "generation", "golden_id", name="pk_former_members"),
    )
    op.create_index("ix_former_members_golden", "former_members", ["golden_id"], unique=False)

    op.create_table(
        "generic_keys",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entity", Key, nullable=False),
        sa.Column("nodes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_generic_keys"),
    )
    op.create_table(
        "goldens",
        sa.Column("id", Key, nullable=False),
        sa.Column("entity", Key, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("into", Key, nullable=True),
        sa.Column("data", Json(), nullable=False),
        sa.Column("members", Json(), nullable=False),
        sa.Column("last_members", Json(), nullable=False),
        sa.Column("provenance", Json(), nullable=False),
        sa.Column("quality", Json(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("next_due", sa.Date(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_goldens"),
    )
    op.create_index("ix_goldens_due", "goldens", ["entity", "next_due"], unique=False)
    op.create_index("ix_goldens_into", "goldens", ["into"], unique=False)

    op.create_table(
        "lookups",
        sa.Column("lookup", Key, nullable=False),
        sa.Column("entity", Key, nullable=False),
        sa.Column("system", Key, nullable=False),
        sa.Column("key", Key, nullable=False),
        sa.PrimaryKeyConstraint("lookup", "entity", "system", "key", name="pk_lookups"),
    )
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
    op.create_index("ix_messages_ready", "messages", ["queue", "state", "id"], unique=False)
    op.create_index("uq_messages_message_id", "messages", ["queue", "message_id"], unique=True)

    op.create_table(
        "node_keys",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("node_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("key", "node_id", name="pk_node_keys"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "nodes",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entity", Key, nullable=False),
        sa.Column("feature_hash", Key, nullable=False),
        sa.Column("features", Json(), nullable=False),
        sa.Column("blocking_keys", Json(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_nodes"),
    )
    op.create_index("uq_nodes_feature_hash", "nodes", ["entity", "feature_hash"], unique=True)

    op.create_table(
        "outbox",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("entity", Key, nullable=False),
        sa.Column("golden_id", Key, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("data", Json(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    op.create_index("uq_outbox_version", "outbox", ["entity", "golden_id", "version"], unique=True)

    op.create_table(
        "participants",
        sa.Column("entity", Key, nullable=False),
        sa.Column("system", Key, nullable=False),
        sa.Column("key", Key, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("reference", Json(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("anchor_system", Key, nullable=True),
        sa.Column("anchor_key", Key, nullable=True),
        sa.PrimaryKeyConstraint("entity", "system", "key", "place", name="pk_participants"),
    )
    op.create_index("ix_participants_anchor", "participants", ["anchor_system", "anchor_key"], unique=False)

    op.create_table(
        "parts",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("feed", Key, nullable=False),
        sa.Column("root", Key, nullable=False),
        sa.Column("stream", Key, nullable=False),
        sa.Column("data", Json(), nullable=False),
        sa.Column("order", Key, nullable=False),
        sa.Column("transaction", Key, nullable=True),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("arrived_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_parts"),
    )
    op.create_index("ix_parts_root", "parts", ["feed", "root"], unique=False)

    op.create_table(
        "pins",
        sa.Column("id", Key, nullable=False),
        sa.Column("entity", Key, nullable=False),
        sa.Column("system", Key, nullable=False),
        sa.Column("key", Key, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("value", Json(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("withdrawn_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_pins"),
    )
    op.create_index("ix_pins_key", "pins", ["entity", "system", "key"], unique=False)

    op.create_table(
        "reattachments",
        sa.Column("entity", Key, nullable=False),
        sa.Column("system", Key, nullable=False),
        sa.Column("key", Key, nullable=False),
        sa.PrimaryKeyConstraint("entity", "system", "key", name="pk_reattachments"),
    )
    op.create_table(
        "record_versions",
        sa.Column("entity", Key, nullable=False),
        sa.Column("message_id", Key, nullable=False),
        sa.Column("system", Key, nullable=False),
        sa.Column("key", Key, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("version", Key, nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("data", Json(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=True),
        sa.Column("extracted_at", Moment(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("delta", sa.Boolean(), nullable=False),
        sa.Column("sequenced", sa.Boolean(), nullable=False),
        sa.Column("target", Key, nullable=True),
        sa.Column("valid_from", Moment(), nullable=True),
        sa.Column("valid_to", Moment(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("arrived_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("entity", "message_id", name="pk_record_versions"),
    )
    op.create_index("ix_record_versions_key", "record_versions", ["entity", "system", "key"], unique=False)

    op.create_table(
        "records",
        sa.Column("entity", Key, nullable=False),
        sa.Column("system", Key, nullable=False),
        sa.Column("key", Key, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("version", Key, nullable=False),
        sa.Column("message_id", Key, nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("data", Json(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=True),
        sa.Column("extracted_at", Moment(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("delta", sa.Boolean(), nullable=False),
        sa.Column("sequenced", sa.Boolean(), nullable=False),
        sa.Column("target", Key, nullable=True),
        sa.Column("valid_from", Moment(), nullable=True),
        sa.Column("valid_to", Moment(), nullable=True),
        sa.Column("held_version", Key, nullable=False),
        sa.Column("held_position", sa.BigInteger(), nullable=True),
        sa.Column("gap", sa.Boolean(), nullable=False),
        sa.Column("empty", sa.Boolean(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=True),
        sa.Column("golden_id", Key, nullable=True),
        sa.PrimaryKeyConstraint("entity", "system", "key", name="pk_records"),
    )
    op.create_index("ix_records_golden", "records", ["golden_id"], unique=False)
    op.create_index("ix_records_node", "records", ["node_id"], unique=False)
    op.create_index(
        "ix_records_target",
        "records",
        ["entity", "system", "target"],
        unique=False,
        postgresql_where=sa.text("target IS NOT NULL"),
        sqlite_where=sa.text("target IS NOT NULL"),
    )

    op.create_table(
        "redo",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("entity", Key, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("item", sa.BigInteger(), nullable=False),
        sa.Column("queued_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_redo"),
    )
    op.create_index("uq_redo_item", "redo", ["entity", "kind", "item"], unique=True)

    op.create_table(
        "rejects",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("message_id", Key, nullable=False),
        sa.Column("feed", Key, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("run", Key, nullable=False),
        sa.Column("where", sa.Text(), nullable=False),
        sa.Column("entity", Key, nullable=False),
        sa.Column("key", Key, nullable=True),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("facts", Json(), nullable=False),
        sa.Column("payload", Json(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rejects"),
    )
    op.create_index("ix_rejects_feed", "rejects", ["feed", "state"], unique=False)
    op.create_index("uq_rejects_message_id", "rejects", ["message_id"], unique=True)

    op.create_table(
        "relays",
        sa.Column("name", Key, nullable=False),
        sa.Column("outbox_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_relays"),
    )
    op.create_table(
        "runs",
        sa.Column("id", Key, nullable=False),
        sa.Column("feed", Key, nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("counts", Json(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_index("ix_runs_feed", "runs", ["feed", "started_at"], unique=False)

    op.create_table(
        "task_goldens",
        sa.Column("golden_id", Key, nullable=False),
        sa.Column("task_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("golden_id", "task_id", name="pk_task_goldens"),
    )
    op.create_index("ix_task_goldens_task", "task_goldens", ["task_id"], unique=False)

    op.create_table(
        "tasks",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("entity", Key, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("left_golden", Key, nullable=False),
        sa.Column("right_golden", Key, nullable=False),
        sa.Column("left_members", Json(), nullable=False),
        sa.Column("right_members", Json(), nullable=False),
        sa.Column("bits", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", Json(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=True),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("closed_why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
    )
    op.create_index("ix_tasks_state", "tasks", ["entity", "state"], unique=False)

    op.create_table(
        "xref",
        sa.Column("id", Serial, autoincrement=True, nullable=False),
        sa.Column("entity", Key, nullable=False),
        sa.Column("system", Key, nullable=False),
        sa.Column("key", Key, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("golden_id", Key, nullable=False),
        sa.Column("valid_from", Moment(), nullable=False),
        sa.Column("valid_to", Moment(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_xref"),
    )
    op.create_index("ix_xref_golden", "xref", ["golden_id"], unique=False)
    op.create_index("ix_xref_key", "xref", ["entity", "system", "key"], unique=False)


def downgrade() -> None:
    for table in (
        "xref",
        "tasks",
        "task_goldens",
        "runs",
        "relays",
        "rejects",
        "redo",
        "records",
        "record_versions",
        "reattachments",
        "pins",
        "parts",
        "participants",
        "outbox",
        "nodes",
        "node_keys",
        "messages",
        "lookups",
        "goldens",
        "generic_keys",
        "former_members",
        "feeds",
        "edges",
        "decisions",
        "decision_members",
        "counts",
        "contact_points",
        "active_rules",
    ):
        op.drop_table(table)
