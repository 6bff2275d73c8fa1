"""The ingest stage with a mapping and a bus of a few lines: what arrives is accounted for, whatever happens."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contract import Batch, Checkpoint, Signal
from hub.errors import FeedHeld, InvalidRecord, MappingFailed, Unavailable
from hub.ingest import FeedPlan, Landed, RunReport, as_told, ingest
from hub.records import Damage, Operation, RawRecord, SourceRecord, Translation, canonical_json

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Words:
    """A mapping by key: what the record is called decides what becomes of it."""

    name, entity = "crm/customer", "customer"

    def keys(self, raw: RawRecord) -> set[str]:
        return {str(raw.data["id"])} if "id" in raw.data else set()

    def apply(self, raw: RawRecord) -> Sequence[Translation | MappingFailed]:
        key = str(raw.data.get("id", raw.key))
        if raw.data.get("status") == "test":
            return []
        if raw.data.get("status") == "broken":
            return [MappingFailed("name: no such code", code="unmapped_code", field="name")]
        made = Translation("customer", key, Operation(raw.operation or "upsert"), dict(raw.data))
        return [made, Translation("order", key, Operation.UPSERT, {})] if raw.data.get("status") == "both" else [made]


class Kept:
    """What was published and landed, in order."""

    def __init__(self) -> None:
        self.records: list[SourceRecord] = []
        self.landed: list[Landed] = []
        self.order: list[str] = []

    def land(self, landed: Landed) -> None:
        self.records += landed.records
        self.landed.append(landed)
        self.order.append("cursor" if landed.cursor is not None else "land")

    @property
    def rejects(self) -> list[str]:
        return [reject.code for landed in self.landed for reject in landed.rejects]


def check(entity: str, data: dict[str, object]) -> None:
    if data.get("status") == "invalid":
        raise InvalidRecord("status is not allowed", violations=[{"path": "status"}])


def run(source, kept: Kept, *, held: Sequence[str] = (), order_by: str = "updated_at") -> RunReport:
    known = {("customer", key) for key in held}
    plan = FeedPlan("crm.customers", "crm", [Words()], check, lambda keys: known & set(keys), order_by=order_by)
    return ingest(plan, source, run="run-1", clock=lambda: NOON, land=kept.land)


def raw(key: str, status: str = "active") -> RawRecord:
    return RawRecord("customers", {"id": key, "status": status}, where=f"line {key}", key=key)


def test_what_arrives_is_published_filtered_or_rejected_and_nothing_else() -> None:
    kept = Kept()
    batch = Batch(
        [raw("1"), raw("2", "test"), raw("3", "broken"), raw("4", "invalid"), Damage("customers", "line 5", "torn", "torn")]
    )

    report = run([batch], kept)

    assert [record.ref.key for record in kept.records] == ["1"]
    assert kept.rejects == ["unmapped_code", "invalid_record", "torn"]
    assert report.arrived.total() == 5 == report.published + report.filtered.total() + report.rejected.total()


@given(st.lists(st.sampled_from(["active", "test", "broken", "invalid", "both"]), max_size=20), st.integers(1, 5))
def test_the_balance_holds_for_any_mix_in_any_batches(statuses: list[str], size: int) -> None:
    kept = Kept()
    records = [raw(str(number), status) for number, status in enumerate(statuses)]
    batches = [Batch(records[start : start + size]) for start in range(0, len(records), size)]

    report = run(batches, kept)

    landed = sum(sum(one.arrived.values()) for one in kept.landed)
    assert landed == len(kept.records) + len(kept.rejects) + report.filtered.total()
    assert landed == len(statuses) + statuses.count("both")
    assert len({record.message_id for record in kept.records}) == len(kept.records)


def test_the_cursor_moves_only_after_what_came_before_it_has_landed() -> None:
    kept = Kept()

    run([Batch([raw("1")]), Checkpoint({"at": 1}), Batch([raw("2")]), Checkpoint({"at": 2})], kept)

    assert kept.order == ["land", "cursor", "land", "cursor"]


def test_a_bus_that_refuses_keeps_the_cursor_where_it_was() -> None:
    kept = Kept()
    plan = FeedPlan("crm.customers", "crm", [Words()], check)

    def refuse(landed: Landed) -> None:
        kept.order.append("asked")
        raise Unavailable("the bus does not answer", system="bus")

    report = ingest(plan, [Batch([raw("1")]), Checkpoint({"at": 1})], run="r", clock=lambda: NOON, land=refuse)

    assert report.state == "failed"
    assert kept.order == ["asked"]


@pytest.mark.parametrize(("error", "state"), [(FeedHeld("too many deletions"), "held"), (Unavailable("gone"), "failed")])
def test_a_feed_that_stops_keeps_what_it_had_read(error: Exception, state: str) -> None:
    def source() -> Iterator[Batch | Checkpoint | Signal]:
        yield Batch([raw("1")])
        raise error

    kept = Kept()
    report = run(source(), kept)

    assert (report.state, report.message, report.published) == (state, str(error), 1)


def test_a_record_that_a_feed_no_longer_covers_leaves_when_it_was_held() -> None:
    kept = Kept()

    report = run([Batch([raw("1", "test"), raw("2", "test")])], kept, held=["1"])

    assert [(record.ref.key, record.operation) for record in kept.records] == [("1", Operation.OUT_OF_SCOPE)]
    assert report.filtered.total() == 1


def test_later_rows_of_one_batch_are_younger_versions() -> None:
    kept = Kept()

    run([Batch([raw("1"), raw("1", "both")])], kept)

    first, second = [record for record in kept.records if record.entity == "customer"]
    assert first.version < second.version
    assert second.extracted_at - first.extracted_at == timedelta(microseconds=1)


def test_the_order_of_reading_decides_where_a_feed_has_no_times() -> None:
    kept = Kept()

    run([Batch([raw("1"), raw("1")])], kept, order_by="read_position")

    assert kept.records[0].position < kept.records[1].position


def test_a_deletion_needs_no_values() -> None:
    kept = Kept()

    run([Batch([RawRecord("customers", {}, key="9", operation="deleted")])], kept)

    assert [(record.ref.key, record.operation) for record in kept.records] == [("9", Operation.DELETED)]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.datetimes(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    )
)
def test_any_payload_can_be_kept_with_a_reject(value: object) -> None:
    assert canonical_json(as_told(value)) is not None


def test_a_reject_knows_whose_record_it_is_by_the_key_of_the_mapping() -> None:
    kept = Kept()
    broken = {"status": "broken"}
    given = [RawRecord("people", {"id": "7", **broken}), RawRecord("people", broken, key="8"), RawRecord("people", broken)]
    run([Batch(given)], kept)

    assert [reject.key for landed in kept.landed for reject in landed.rejects] == ["7", "8", None]


def test_a_payload_without_a_bottom_is_kept_as_far_as_anybody_looks() -> None:
    deep: object = "end"
    for _ in range(900):
        deep = {"a": [deep]}

    assert len(canonical_json(as_told(deep))) < 1000
