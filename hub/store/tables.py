"""Every table of the hub. A change here comes with a migration; a test compares both on SQLite and PostgreSQL."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Integer, LargeBinary, MetaData, Table, Text, text

from hub.store.types import Json, Key, Moment, Serial

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
    }
)


def _told(*more: Column) -> list[Column]:  # type: ignore[type-arg]
    """What is kept of a version of a source record, in the history and as the one that holds."""
    return [
        Column("generation", Integer, nullable=False),
        Column("version", Key, nullable=False),
        Column("message_id", Key, nullable=False),
        Column("operation", Text, nullable=False),
        Column("data", Json, nullable=False),
        Column("updated_at", Moment),
        Column("extracted_at", Moment, nullable=False),
        Column("feed", Text, nullable=False),
        Column("run", Text, nullable=False),
        Column("mapping", Text, nullable=False),
        Column("position", BigInteger),
        Column("delta", Boolean, nullable=False),
        Column("sequenced", Boolean, nullable=False),
        Column("target", Key),
        Column("valid_from", Moment),
        Column("valid_to", Moment),
        Column("replayed_at", Moment),
        *more,
    ]


record_versions = Table(
    "record_versions",
    metadata,
    Column("entity", Key, primary_key=True),
    Column("message_id", Key, primary_key=True),
    Column("system", Key, nullable=False),
    Column("key", Key, nullable=False),
    *[column for column in _told() if column.name != "message_id"],
    Column("state", Text, nullable=False),  # current | superseded | unchanged | deleted | waiting
    Column("arrived_at", Moment, nullable=False),
    Index("ix_record_versions_key", "entity", "system", "key"),
)

records = Table(
    "records",
    metadata,
    Column("entity", Key, primary_key=True),
    Column("system", Key, primary_key=True),
    Column("key", Key, primary_key=True),
    *_told(),
    Column("held_version", Key, nullable=False),  # greatest version seen; `version` is the one that brought the content
    Column("held_position", BigInteger),
    Column("gap", Boolean, nullable=False),  # versions wait for a full record: the next fold reads the whole history
    Column("empty", Boolean, nullable=False),  # nothing holds yet, all versions wait
    Column("live", Boolean, nullable=False),  # stands behind a golden record, or will when the redo queue is empty
    Column("trusted", Boolean, nullable=False),  # nothing in it is of low trust
    Column("node_id", BigInteger),
    Column("golden_id", Key),  # of a key its source merged away: that of the record it went into
    Index("ix_records_node", "node_id"),
    Index("ix_records_golden", "golden_id"),
    Index(
        "ix_records_target",
        "entity",
        "system",
        "target",
        postgresql_where=text("target IS NOT NULL"),
        sqlite_where=text("target IS NOT NULL"),
    ),
)

nodes = Table(
    "nodes",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("entity", Key, nullable=False),
    Column("feature_hash", Key, nullable=False),
    Column("features", Json, nullable=False),
    Column("blocking_keys", Json, nullable=False),  # all its blocking keys, generic ones included
    Column("members", Integer, nullable=False),
)

node_keys = Table(
    "node_keys",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("node_id", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

generic_keys = Table(
    "generic_keys",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("entity", Key, nullable=False),
    Column("nodes", BigInteger, nullable=False),  # always above block_limit, else the row goes
)

edges = Table(
    "edges",
    metadata,
    Column("left_id", BigInteger, primary_key=True, autoincrement=False),
    Column("right_id", BigInteger, primary_key=True, autoincrement=False),
    Column("bits", Integer, nullable=False),
    Column("trusted_bits", Integer, nullable=False),
    Column("match", Text),
    Column("veto", Text),
    Index("ix_edges_right", "right_id"),
    sqlite_with_rowid=False,
)

active_rules = Table(
    "active_rules",
    metadata,
    Column("entity", Key, primary_key=True),
    Column("version", Text, nullable=False),
    Column("since", Moment, nullable=False),
)

models = Table(
    "models",
    metadata,
    Column("entity", Key, primary_key=True),
    Column("version", Key, primary_key=True),  # the content hash of the document
    Column("document", Json, nullable=False),
    Column("origin", Text, nullable=False),  # shipped | trained | learned | file
    Column("parent", Key),  # what was in force before it; before it ever was: what it was estimated under
    Column("state", Text, nullable=False),  # proposed | active | retired
    Column("created_at", Moment, nullable=False),
    Column("applied_at", Moment),
    Column("by", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("report", Json, nullable=False),
    Column("simulated", Json),  # what the last simulation found, and against which model
    Index(
        "uq_models_active",
        "entity",
        unique=True,
        postgresql_where=text("state = 'active'"),
        sqlite_where=text("state = 'active'"),
    ),
)

redo = Table(
    "redo",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("entity", Key, nullable=False),
    Column("kind", Text, nullable=False),  # key | component
    Column("item", BigInteger, nullable=False),  # the blocking key, or a node of the component
    Column("queued_at", Moment, nullable=False),
    Index("uq_redo_item", "entity", "kind", "item", unique=True),
)

goldens = Table(
    "goldens",
    metadata,
    Column("id", Key, primary_key=True),
    Column("entity", Key, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),  # active | retired | ended
    Column("into", Key),  # where a retired id redirects to, for ever
    Column("data", Json, nullable=False),
    Column("members", Json, nullable=False),
    Column("last_members", Json, nullable=False),  # as `members`; of a retired or ended id those it had last
    Column("provenance", Json, nullable=False),
    Column("quality", Json, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("next_due", Date),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index("ix_goldens_due", "entity", "next_due"),
)

former_members = Table(
    "former_members",
    metadata,
    Column("entity", Key, primary_key=True),
    Column("system", Key, primary_key=True),
    Column("key", Key, primary_key=True),
    Column("generation", Integer, primary_key=True),
    Column("golden_id", Key, primary_key=True),
)

xref = Table(
    "xref",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("entity", Key, nullable=False),
    Column("system", Key, nullable=False),
    Column("key", Key, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("golden_id", Key, nullable=False),
    Column("valid_from", Moment, nullable=False),
    Column("valid_to", Moment),
    Column("state", Text, nullable=False),  # active | alias while it holds, then moved | closed
    Index("ix_xref_key", "entity", "system", "key"),
    Index("ix_xref_golden", "golden_id"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("entity", Key, nullable=False),
    Column("golden_id", Key, nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False),  # created | updated | merged | split | moved | reinstated | ended
    Column("data", Json, nullable=False),
    Column("at", Moment, nullable=False),
    Index("uq_outbox_version", "entity", "golden_id", "version", unique=True),
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("entity", Key, nullable=False),
    Column("kind", Text, nullable=False),
    Column("left_golden", Key, nullable=False),
    Column("right_golden", Key, nullable=False),  # equal to the left one when a golden record may have to be split
    Column("left_members", Json, nullable=False),
    Column("right_members", Json, nullable=False),
    Column("bits", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Json, nullable=False),
    Column("state", Text, nullable=False),  # open | closed
    Column("started_by", Text),
    Column("opened_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("closed_by", Text),
    Column("closed_why", Text),
    Index("ix_tasks_state", "entity", "state"),
)

task_goldens = Table(
    "task_goldens",
    metadata,
    Column("golden_id", Key, primary_key=True),
    Column("task_id", BigInteger, primary_key=True, autoincrement=False),
    Index("ix_task_goldens_task", "task_id"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Key, primary_key=True),
    Column("entity", Key, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("left_members", Json, nullable=False),
    Column("right_members", Json, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("why", Text, nullable=False),
    Column("withdrawn_at", Moment),
    Column("withdrawn_by", Text),
)

decision_members = Table(
    "decision_members",
    metadata,
    Column("entity", Key, primary_key=True),
    Column("system", Key, primary_key=True),
    Column("key", Key, primary_key=True),
    Column("decision_id", Key, primary_key=True),
)

pins = Table(
    "pins",
    metadata,
    Column("id", Key, primary_key=True),
    Column("entity", Key, nullable=False),
    Column("system", Key, nullable=False),
    Column("key", Key, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("path", Text, nullable=False),
    Column("value", Json),
    Column("by", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("until", Date),
    Column("withdrawn_at", Moment),
    Index("ix_pins_key", "entity", "system", "key"),
)

participants = Table(
    "participants",
    metadata,
    Column("entity", Key, primary_key=True),
    Column("system", Key, primary_key=True),
    Column("key", Key, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("role", Text),
    Column("reference", Json, nullable=False),
    Column("at", Moment, nullable=False),  # the time of the event, when the reference must have been valid
    Column("state", Text, nullable=False),  # attached | waiting
    Column("why", Text, nullable=False),
    Column("anchor_system", Key),  # the customer's source record it hangs on: merges and splits move it along
    Column("anchor_key", Key),
    Index("ix_participants_anchor", "anchor_system", "anchor_key"),
)

lookups = Table(
    "lookups",
    metadata,
    Column("lookup", Key, primary_key=True),  # what a customer must carry for the reference to be looked at again
    Column("entity", Key, primary_key=True),
    Column("system", Key, primary_key=True),
    Column("key", Key, primary_key=True),
)

contact_points = Table(
    "contact_points",
    metadata,
    Column("lookup", Key, primary_key=True),  # email:..., phone:..., identifier:...
    Column("system", Key, primary_key=True),
    Column("key", Key, primary_key=True),
    Column("valid_from", Moment),
    Column("valid_to", Moment),
    Index("ix_contact_points_record", "system", "key"),
)

reattachments = Table(
    "reattachments",
    metadata,
    Column("entity", Key, primary_key=True),
    Column("system", Key, primary_key=True),
    Column("key", Key, primary_key=True),
)

feeds = Table(
    "feeds",
    metadata,
    Column("feed", Key, primary_key=True),
    Column("cursor", Json),
    Column("cursor_at", Moment),
    Column("held", Text),  # why the feed waits for a person
    Column("uncovered", Json),  # [[run, number]]: what landed from that receipt of that run on, the cursor does not cover
)

runs = Table(
    "runs",
    metadata,
    Column("id", Key, primary_key=True),
    Column("feed", Key, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("state", Text, nullable=False),  # running | done | failed | held
    Column("counts", Json, nullable=False),
    Column("message", Text, nullable=False),
    Index("ix_runs_feed", "feed", "started_at"),
)

counts = Table(
    "counts",
    metadata,
    Column("entity", Key, primary_key=True),
    Column("feed", Key, primary_key=True),
    Column("name", Key, primary_key=True),  # arrived | filtered | redelivered
    Column("value", BigInteger, nullable=False),
)

rejects = Table(
    "rejects",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("message_id", Key, nullable=False),
    Column("feed", Key, nullable=False),
    Column("code", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("run", Key, nullable=False),
    Column("where", Text, nullable=False),
    Column("entity", Key, nullable=False),
    Column("key", Key),
    Column("mapping", Text, nullable=False),
    Column("facts", Json, nullable=False),
    Column("payload", Json),
    Column("system", Key, nullable=False),
    Column("about", Text, nullable=False),  # what in the record it was about; empty: the record as a whole
    Column("fingerprint", Key, nullable=False),  # what has one cause has one fingerprint
    Column("receipt", Key, nullable=False),  # under which what arrived is kept raw
    Column("state", Text, nullable=False),  # open | replayed | mended | archived
    Column("note", Text),
    Column("replayed_as", Key),  # the receipt under which it arrived anew
    Column("closed_by", Text),
    Column("closed_at", Moment),
    Index("ix_rejects_feed", "feed", "state"),
    Index("ix_rejects_group", "state", "fingerprint"),
    Index("ix_rejects_key", "feed", "key"),
    Index("ix_rejects_receipt", "receipt"),
    Index("ix_rejects_replayed_as", "replayed_as"),
    Index("uq_rejects_message_id", "message_id", unique=True),
)

parts = Table(
    "parts",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("feed", Key, nullable=False),
    Column("root", Key, nullable=False),  # the parent's column and value that ties the parts of one record together
    Column("stream", Key, nullable=False),
    Column("data", Json, nullable=False),
    Column("order", Key, nullable=False),
    Column("transaction", Key),
    Column("deleted", Boolean, nullable=False),
    Column("arrived_at", Moment, nullable=False),
    Index("ix_parts_root", "feed", "root"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("stage", Key, nullable=False),  # resolve | attach
    Column("lane", Key, nullable=False),  # live | bulk | replay
    Column("message_id", Key, nullable=False),
    Column("entity", Key, nullable=False),
    Column("body", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("taken", Integer, nullable=False),  # by workers that were not heard of again
    Column("ready_at", Moment, nullable=False),  # not before; a message somebody works on is ready again when the lease ends
    Column("lease", Key),
    Column("why", Text, nullable=False),
    Index("ix_messages_ready", "stage", "lane", "id"),
    Index("ix_messages_entity", "entity"),
    Index("uq_messages_message_id", "stage", "message_id", unique=True),
)

relays = Table("relays", metadata, Column("name", Key, primary_key=True), Column("outbox_id", BigInteger, nullable=False))

workers = Table(
    "workers",
    metadata,
    Column("name", Key, primary_key=True),  # host/pid/stage
    Column("stage", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("beat_at", Moment, nullable=False),
    Column("live_at", Moment),  # when it last took a live record: loads make way while anybody does
    Column("records", BigInteger, nullable=False),
    Column("state", Text, nullable=False),  # working | waiting | why it cannot work
)

in_flight = Table(
    "in_flight",
    metadata,
    Column("id", Key, primary_key=True),  # the message's id on the broker; its row goes with the work of who takes it
    Column("stage", Text, nullable=False),  # resolve | attach | in
    Column("lane", Text, nullable=False),  # live | bulk | replay
    Column("entity", Key, nullable=False),
    Column("records", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("headers", Json, nullable=False),
    Column("body", LargeBinary),  # until the broker confirmed it
    Column("owner", Key, nullable=False),  # host/pid/uuid of who brings it to the broker; a dead one's rows are taken over
    Column("put_at", Moment, nullable=False),
    Column("published_at", Moment),
    Column("settled", Json),  # places in the batch whose work is done already; None: none of them
    Column("taken", Integer, nullable=False),  # by workers that were not heard of again, as far as the broker told
    Index("ix_in_flight_waiting", "stage", "lane", "entity", "records"),
    Index(
        "ix_in_flight_unpublished",
        "put_at",
        postgresql_where=text("published_at IS NULL"),
        sqlite_where=text("published_at IS NULL"),
    ),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("message_id", Key, nullable=False),
    Column("stage", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("entity", Key, nullable=False),
    Column("records", Integer, nullable=False),
    Column("fingerprint", Key, nullable=False),  # what is grouped: stage, code, class of the error, place
    Column("code", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("headers", Json, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("body", LargeBinary),
    Column("at", Moment, nullable=False),
    Column("state", Text, nullable=False),  # open | replayed | archived
    Column("note", Text),
    Column("replayed_as", Key),
    Column("closed_by", Text),
    Column("closed_at", Moment),
    Index("ix_dead_letters_state", "state", "fingerprint"),
    Index("ix_dead_letters_message", "message_id"),
)

raw_messages = Table(
    "raw_messages",
    metadata,
    Column("id", Key, primary_key=True),  # the receipt: <run>:<number>
    Column("feed", Key, nullable=False),
    Column("system", Key, nullable=False),
    Column("stream", Key, nullable=False),
    Column("entity", Key, nullable=False),
    Column("key", Key),  # of the source record it is about, where anybody knows one
    Column("where", Text, nullable=False),
    Column("run", Key, nullable=False),
    Column("at", Moment, nullable=False),
    Column("kept_at", Moment, nullable=False),  # as `at`, but for a replay, which is as of when its origin came
    Column("lane", Text, nullable=False),
    Column("made", Integer, nullable=False),  # outcomes, with the message ids <id>, <id>.2, ... <id>.<made>
    Column("release", Key, nullable=False),  # landscape, mappings and model in force
    Column("origin", Key),  # of a replay: the receipt it began with, which has the body
    Column("hash", Text, nullable=False),  # under the data key, so that it says nothing without it
    Column("data_key", Integer, nullable=False),  # number of the data key of its source record
    Column("size", Integer, nullable=False),  # bytes of the body
    Column("body", LargeBinary),  # compressed and sealed; None of a replay, and once pruned
    Column("pruned_at", Moment),
    Index("ix_raw_messages_key", "entity", "system", "key"),
    Index("ix_raw_messages_kept_at", "kept_at"),
    Index(
        "ix_raw_messages_origin", "origin", postgresql_where=text("origin IS NOT NULL"), sqlite_where=text("origin IS NOT NULL")
    ),
)

raw_sizes = Table(
    "raw_sizes",
    metadata,
    Column("feed", Key, primary_key=True),
    Column("bodies", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
)

data_keys = Table(
    "data_keys",
    metadata,
    Column("entity", Key, primary_key=True),
    Column("system", Key, primary_key=True),
    Column("key", Key, primary_key=True),  # of the source record; of what has none: its receipt
    Column("number", Integer, primary_key=True),  # a record that comes again after its key was destroyed gets another
    Column("master", Key, nullable=False),  # which master key seals it
    Column("sealed", LargeBinary),  # None once destroyed
    Column("created_at", Moment, nullable=False),
    Column("destroyed_at", Moment),
    Index("ix_data_keys_master", "master"),
)

master_keys = Table(
    "master_keys",
    metadata,
    Column("id", Key, primary_key=True),  # a fingerprint: the key itself is never in the store
    Column("number", Integer, nullable=False),  # the greatest one seals what is new
    Column("since", Moment, nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    Column("source", Key, primary_key=True),
    Column("id", Key, primary_key=True),
    Column("receipt", Key, nullable=False),
    Column("at", Moment, nullable=False),
    Column("hash", Text),  # of the whole request it came in, under a data key of its source; with that key's number before it
    Index("ix_inbox_at", "at"),
    sqlite_with_rowid=False,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery", Key, primary_key=True),
    Column("golden_id", Key, primary_key=True),
    Column("version", Integer, nullable=False),  # the latest one announced; what goes out is the record as it is by then
    Column("outbox_id", BigInteger, nullable=False),  # its place in the order of announcements
    Column("state", Text, nullable=False),  # waiting | done | parked
    Column("delivered", Integer, nullable=False),  # the latest version that the system has; 0: none
    Column("attempts", Integer, nullable=False),
    Column("next_at", Moment, nullable=False),  # not before; of one somebody works on: when it is free again
    Column("answer", Text, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Index("ix_deliveries_state", "delivery", "state", "next_at"),
)

delivery_receipts = Table(
    "delivery_receipts",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("delivery", Key, nullable=False),
    Column("golden_id", Key, nullable=False),
    Column("version", Integer, nullable=False),
    Column("key", Key),
    Column("state", Text, nullable=False),  # written | unchanged | conflict | retry | refused
    Column("columns", Json, nullable=False),  # the names of what was set
    Column("answer", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_delivery_receipts_golden", "golden_id"),
    Index("ix_delivery_receipts_at", "at"),
)

written_values = Table(
    "written_values",
    metadata,
    Column("system", Key, primary_key=True),
    Column("stream", Key, primary_key=True),
    Column("key", Key, primary_key=True),
    Column("column", Key, primary_key=True),
    Column("written", Json, nullable=False),  # what the hub wrote there, or is about to, the latest last
    Column("former", Json),  # what stood there before: the system's own word
    Column("delivery", Key, nullable=False),
    Column("golden_id", Key, nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_written_values_golden", "golden_id"),
)

duties = Table(
    "duties",
    metadata,
    Column("name", Key, primary_key=True),
    Column("holder", Key),  # who is at it now
    Column("until", Moment),  # from then on anybody may take it
    Column("began_at", Moment),
    Column("ended_at", Moment),  # when it was last done to its end
    Column("told", Json, nullable=False),  # what came of that
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Key, primary_key=True),  # the part of the token that may be shown
    Column("name", Key, nullable=False),
    Column("hash", Key, nullable=False),  # of the secret part, which nobody keeps
    Column("scopes", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    Index("uq_tokens_name", "name", unique=True),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("by", Key, nullable=False),
    Column("door", Text, nullable=False),  # command line | http
    Column("action", Text, nullable=False),  # same | not_same | withdraw | pin | unpin | correct | take_back
    Column("about", Json, nullable=False),  # the source records named, and the field; never a value
    Column("allowed", Boolean, nullable=False),
    Column("result", Key),  # the decision, pin or record that came of it
    Column("why", Text, nullable=False),
    Index("ix_audit_at", "at"),
)
