"""Envelopes: what is packed is read as it was; whatever a stranger writes is read or refused with a code, never more."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.bus.envelopes import (
    ATTEMPT,
    BATCH,
    JSON,
    LARGE,
    LIMIT,
    MOST_RECORDS,
    UNREADABLE,
    Envelope,
    event,
    inflated,
    pack,
    read,
    read_raw,
)  # fmt: skip
from hub.errors import Rejected
from hub.records import Operation, RecordRef, SourceRecord, canonical_json, record_to_json

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TRACE = "00-" + "0af7651916cd43dd8448eb211c80319c" + "-" + "b7ad6b7169203331" + "-01"

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
moments = st.integers(0, 3 * 10**17).map(lambda number: datetime(1, 1, 2, tzinfo=UTC) + timedelta(microseconds=number))
records = st.builds(
    SourceRecord,
    entity=st.sampled_from(["customer", "order", "invoice"]),
    ref=st.builds(RecordRef, texts, texts, st.integers(0, 9)),
    operation=st.sampled_from(Operation),
    data=st.dictionaries(texts, values, max_size=4),
    extracted_at=moments,
    message_id=texts,
    feed=texts,
    updated_at=st.none() | moments,
    position=st.none() | st.integers(1, 2**62),
    delta=st.booleans(),
    target=st.none() | texts,
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.binary(), inner, max_size=3),
    max_leaves=6,
)


def record(number: int = 1, **more: Any) -> SourceRecord:
    made = SourceRecord("customer", RecordRef("crm", str(number)), Operation.UPSERT, {"name": "Ana"}, NOON, f"run:{number}")
    return replace(made, **more)


@settings(max_examples=30)
@given(st.lists(records, min_size=1, max_size=4), st.sampled_from(["", TRACE]))
def test_what_is_packed_is_read_as_it_was(told: list[SourceRecord], trace: str) -> None:
    envelopes = list(pack(told, trace))
    contents = [read(envelope) for envelope in envelopes]

    found = [one for content in contents for one in content.records]
    assert sorted(found, key=_as_text) == sorted(told, key=_as_text)
    assert {content.trace for content in contents} == {trace}
    for envelope, content in zip(envelopes, contents, strict=True):
        assert {(one.entity, one.ref.system) for one in content.records} == {(envelope.entity, content.records[0].ref.system)}
        assert len(envelope.key.split(".")) == 4
        assert envelope.records == len(content.records)


def _as_text(told: SourceRecord) -> bytes:
    return canonical_json(record_to_json(told))


def test_records_of_one_system_stay_in_order_and_batches_stay_bounded() -> None:
    told = [record(number) for number in range(2 * MOST_RECORDS + 1)]

    contents = [read(envelope).records for envelope in pack(told)]

    assert [len(one) for one in contents] == [MOST_RECORDS, MOST_RECORDS, 1]
    assert [one for content in contents for one in content] == told


def test_large_records_make_small_batches() -> None:
    envelopes = list(pack([record(number, data={"text": str(number) * 300_000}) for number in range(10)]))

    assert len(envelopes) > 2
    assert sum(one.records for one in envelopes) == 10


def test_a_single_record_is_a_cloud_event_in_binary_mode() -> None:
    (envelope,) = pack([record(run="run", updated_at=NOON - timedelta(days=1))], TRACE)

    assert envelope.headers == {
        "cloudEvents_specversion": "1.0",
        "cloudEvents_id": "run:1",
        "cloudEvents_source": "/goldenhub/crm",
        "cloudEvents_type": "customer.upsert.v1",
        "cloudEvents_subject": "1",
        "cloudEvents_time": "2026-02-28T12:00:00+00:00",
        "cloudEvents_partitionkey": "crm:1",
        "cloudEvents_recordedtime": "2026-03-01T12:00:00+00:00",
        "cloudEvents_correlationid": "run",
        "traceparent": TRACE,
    }
    assert (envelope.content_type, envelope.key) == (JSON, "customer.crm.upsert.v1")


def test_what_stands_in_the_place_of_another_says_of_which() -> None:
    (envelope,) = pack([record(caused_by="before:7")])

    assert (envelope.headers or {})["cloudEvents_causationid"] == "before:7"
    assert [one.caused_by for one in read(envelope).records] == ["before:7"]
    (batch,) = pack([record(1, caused_by="before:7"), record(2)])
    assert [one.caused_by for one in read(batch).records] == ["before:7", ""]


def told_of(size: int) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": "g:1", "source": "/goldenhub/x", "type": "customer.created.v1", "subject": "g",
        "sequence": f"{41:020d}", "datacontenttype": JSON, "data": {"version": 1, "text": "x" * size},
    }  # fmt: skip


def test_an_event_with_too_much_data_says_where_they_are() -> None:
    small, large = event(told_of(1000)), event(told_of(LARGE))

    assert (len(small.body) > 1000, "cloudEvents_dataref" in (small.headers or {})) == (True, False)
    assert (large.body, (large.headers or {})["cloudEvents_dataref"]) == (b"", "/api/changes?after=40&limit=1")
    assert large.headers == (small.headers or {}) | {"cloudEvents_dataref": "/api/changes?after=40&limit=1"}


def test_a_batch_is_deflated_when_that_pays() -> None:
    (large,) = pack([record(number) for number in range(200)])
    (small,) = pack([record(1), record(2)])

    assert (large.encoding, small.encoding) == ("deflate", "")
    assert len(large.body) < 200 * 50


FIELDS = list(record_to_json(record()))
HEADERS = [ATTEMPT, "traceparent", *(f"cloudEvents_{name}" for name in ("id", "type", "source", "specversion"))]


@given(
    st.one_of(
        st.binary(max_size=200),
        anything.map(lambda value: repr(value).encode()),
        values.map(lambda value: json.dumps(value).encode()),
        st.binary(max_size=200).map(zlib.compress),
        st.just(canonical_json(record_to_json(record()))),
        st.just(canonical_json([record_to_json(record())])),
        st.dictionaries(st.sampled_from(FIELDS), values).map(lambda told: json.dumps(told).encode()),
    ),
    st.sampled_from([JSON, BATCH, "", "text/plain"]),
    st.sampled_from(["", "deflate", "gzip", "br", "\x00"]),
    st.one_of(
        st.none(),
        anything,
        st.dictionaries(
            st.sampled_from(HEADERS),
            anything | st.sampled_from(["1.0", "run:1", "customer.upsert.v1", "customer.upsert.v2", 1]),
        ),
    ),
    st.sampled_from(["customer.batch.v1", "customer.batch.v9", "", "x"]),
    st.text(max_size=30) | st.sampled_from(["crm.customers.upsert.v1", "crm.customers.upsert.v2"]),
)  # fmt: skip
def test_whatever_comes_is_read_or_refused_with_a_code(
    body: bytes, content_type: str, encoding: str, headers: Any, kind: str, key: str
) -> None:
    envelope = Envelope("run:1", key, kind, content_type, body, encoding, headers)
    for reader in (read, read_raw):
        try:
            reader(envelope, 10_000)
        except Rejected as wrong:
            assert wrong.code != "rejected"
            assert wrong.message.endswith((".", ")."))


BATCHED = Envelope("b", "customer.crm.batch.v1", "customer.batch.v1", BATCH, canonical_json([record_to_json(record())]))
SINGLE = next(pack([record()]))


@pytest.mark.parametrize(
    ("envelope", "code"),
    [
        (replace(BATCHED, body=b"[" + b" " * 200_000 + b"]"), "message_too_large"),
        (replace(BATCHED, body=zlib.compress(b" " * 10**7), encoding="deflate"), "inflates_too_far"),
        (replace(BATCHED, body=gzip.compress(b" " * 10**7), encoding="gzip"), "inflates_too_far"),
        (replace(BATCHED, body=zlib.compress(BATCHED.body)[:-6], encoding="deflate"), "encoding_invalid"),
        (replace(BATCHED, body=zlib.compress(BATCHED.body) + b"more", encoding="deflate"), "encoding_invalid"),
        (replace(BATCHED, encoding="deflate"), "encoding_invalid"),
        (replace(BATCHED, encoding="br"), "encoding_unknown"),
        (replace(BATCHED, body=b"{nothing"), "not_json"),
        (replace(BATCHED, body=b"\xff\xfe"), "not_json"),
        (replace(BATCHED, body=b"[" * 5000), "not_json"),
        (replace(BATCHED, body=b"{}"), "malformed_message"),
        (replace(BATCHED, body=b"[]"), "malformed_message"),
        (replace(BATCHED, body=b"[1]"), "record_invalid"),
        (replace(BATCHED, body=b'[{"entity":"customer"}]'), "record_invalid"),
        (replace(BATCHED, type="customer.batch.v2"), "version_unknown"),
        (replace(BATCHED, type="customer.upsert.v1"), "type_unknown"),
        (replace(BATCHED, content_type="text/plain"), "type_unknown"),
        (replace(BATCHED, headers={ATTEMPT: "many"}), "headers_invalid"),
        (replace(BATCHED, headers={ATTEMPT: -1}), "headers_invalid"),
        (replace(BATCHED, headers={UNREADABLE: True}), "headers_invalid"),
        (replace(BATCHED, headers={b"\xff": 1}), "headers_invalid"),
        (replace(SINGLE, headers={}), "malformed_message"),
        (replace(SINGLE, headers={**SINGLE.headers, "cloudEvents_id": 7}), "headers_invalid"),
        (replace(SINGLE, headers={**SINGLE.headers, "cloudEvents_id": "another"}), "malformed_message"),
        (replace(SINGLE, headers={**SINGLE.headers, "cloudEvents_specversion": "0.3"}), "version_unknown"),
        (replace(SINGLE, headers={**SINGLE.headers, "cloudEvents_type": "customer.upsert.v7"}), "version_unknown"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_message_is_told_by_its_code(envelope: Envelope, code: str) -> None:
    with pytest.raises(Rejected) as refused:
        read(envelope, 100_000)

    assert refused.value.code == code


@pytest.mark.parametrize("field", ["entity", "message_id", "data", "ref", "operation", "extracted_at", "position", "delta"])
@pytest.mark.parametrize("value", [None, 7.5, [], {"a": 1}, "\x00", 2**63])
def test_a_record_with_a_field_of_a_wrong_type_is_refused_or_read_as_what_it_is(field: str, value: Any) -> None:
    told = record_to_json(record(1, position=4)) | {field: value}
    try:
        (read_back,) = read(replace(BATCHED, body=json.dumps([told]).encode())).records
    except Rejected as wrong:
        assert wrong.code in ("record_invalid", "not_json")
    else:
        assert isinstance(getattr(read_back, field), (str, dict, int, datetime, type(None)))


def test_a_bomb_takes_no_more_memory_than_the_limit() -> None:
    bomb = zlib.compress(b"\x00" * 50_000_000, 9)

    with pytest.raises(Rejected) as refused:
        inflated(bomb, "deflate", LIMIT)

    assert refused.value.code == "inflates_too_far"


RAW = Envelope("1", "shop.orders.upsert.v1", "", JSON, b'{"no": 7}')


def test_what_a_system_pushes_is_read_in_its_own_words() -> None:
    headers = {"cloudEvents_id": "e1", "cloudEvents_source": "/shop", "cloudEvents_time": "2026-03-01T12:00:00Z"}
    found = read_raw(replace(RAW, headers=headers))

    assert (found.feed, found.operation, found.id) == ("shop.orders", "upsert", "e1")
    assert (found.source, found.data) == ("/shop", ({"no": 7},))
    assert found.time == NOON


def test_a_structured_cloud_event_is_read_too() -> None:
    told = {"specversion": "1.0", "id": "e2", "source": "/shop", "type": "x", "data": [{"no": 7}, {"no": 8}]}
    found = read_raw(replace(RAW, content_type="application/cloudevents+json; charset=utf-8", body=json.dumps(told).encode()))

    assert (found.id, found.data) == ("e2", ({"no": 7}, {"no": 8}))


@pytest.mark.parametrize(
    ("envelope", "code"),
    [
        (replace(RAW, key="orders.upsert"), "routing_key_invalid"),
        (replace(RAW, key="shop..upsert.v1"), "routing_key_invalid"),
        (replace(RAW, key="shop.orders.upsert.v2"), "version_unknown"),
        (replace(RAW, id=""), "no_id"),
        (replace(RAW, body=b"[]"), "malformed_message"),
        (replace(RAW, body=b'"text"'), "malformed_message"),
        (replace(RAW, body=b"<xml/>"), "not_json"),
        (replace(RAW, content_type="text/xml"), "type_unknown"),
        (replace(RAW, body=b"", headers={"cloudEvents_dataref": "https://shop.example/7"}), "by_reference"),
        (replace(RAW, headers={"cloudEvents_time": "yesterday"}), "headers_invalid"),
        (replace(RAW, headers={"cloudEvents_time": "2026-03-01T12:00:00"}), "headers_invalid"),
        (replace(RAW, headers={"cloudEvents_time": "9999-12-31T23:59:59-14:00"}), "headers_invalid"),
        (replace(RAW, headers={"cloudEvents_time": "0001-01-01T00:00:00+14:00"}), "headers_invalid"),
        (replace(RAW, headers={"cloudEvents_source": "a\x00b"}), "headers_invalid"),
        (replace(RAW, headers={"cloudEvents_source": "s" * 201}), "headers_invalid"),
        (replace(RAW, id="7" * 20_000), "headers_invalid"),
        (replace(RAW, id="a\x00b"), "headers_invalid"),
        (replace(RAW, headers={"cloudEvents_id": "a", "cloudEvents_specversion": "2.0"}), "version_unknown"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_pushed_message_is_told_by_its_code(envelope: Envelope, code: str) -> None:
    with pytest.raises(Rejected) as refused:
        read_raw(envelope)

    assert refused.value.code == code


@pytest.mark.parametrize("name", ["extracted_at", "updated_at", "valid_from", "valid_to", "replayed_at"])
@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-03-01T12:00:00"])
def test_a_record_with_a_time_that_no_database_gives_back_is_refused(name: str, moment: str) -> None:
    (envelope,) = pack([record()])
    told = json.loads(envelope.body) | {name: moment}

    with pytest.raises(Rejected) as refused:
        read(replace(envelope, body=json.dumps(told).encode()))

    assert refused.value.code == "record_invalid"


def test_times_keep_their_offset() -> None:
    told = record(1, updated_at=NOON + timedelta(microseconds=7))

    assert read(next(pack([told]))).records[0].updated_at == told.updated_at
