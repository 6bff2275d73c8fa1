"""Comparing snapshots: whatever happened between two looks, folding what was yielded gives what is there now."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.contract import Batch, Checkpoint, Cursor, StreamRequest
from hub.formats.rows import Row
from hub.reading.keys import key_of, key_text
from hub.reading.known import Known, fingerprint
from hub.reading.snapshots import Snapshot, changes
from hub.records import RawRecord

KEYS = st.sampled_from(["1", "2", "a-b", "ü", "x y", "0"])
LOOKS = st.lists(st.dictionaries(KEYS, st.integers(0, 2)), max_size=6)


def look(rows: dict[str, int], cursor: Cursor | None, stop: int | None = None) -> Iterator[Batch | Checkpoint]:
    request = StreamRequest("s", batch_size=2, accept=True)
    snapshot = Snapshot(request, ("k",), Known((cursor or {}).get("known")))
    events = changes((Row({"k": k, "v": v}, k) for k, v in rows.items()), snapshot)
    for number, event in enumerate(events):
        if number == stop:
            events.close()  # type: ignore[attr-defined]
            return
        yield event  # type: ignore[misc]


def fold(held: dict[str, Any], events: list[Batch | Checkpoint]) -> Cursor | None:
    """What the hub does with events: keep the records; of the cursors the last."""
    cursor = None
    for event in events:
        if isinstance(event, Checkpoint):
            cursor = json.loads(json.dumps(event.cursor))
            continue
        for record in event.records:
            assert isinstance(record, RawRecord)
            assert record.key is not None
            if record.operation == "deleted":
                held.pop(record.key)
            else:
                held[record.key] = record.data["v"]
    return cursor


@given(LOOKS)
def test_folding_what_was_yielded_gives_what_is_there(looks: list[dict[str, int]]) -> None:
    held: dict[str, Any] = {}
    cursor: Cursor | None = None
    for rows in looks:
        cursor = fold(held, list(look(rows, cursor)))
        assert held == {key_text(k): v for k, v in rows.items()}
        assert [e for e in look(rows, cursor) if isinstance(e, Batch)] == []


@settings(max_examples=30)
@given(st.lists(st.tuples(st.dictionaries(KEYS, st.integers(0, 2)), st.none() | st.integers(0, 4)), max_size=6))
def test_a_reader_that_dies_anywhere_loses_nothing(looks: list[tuple[dict[str, int], int | None]]) -> None:
    """What was yielded behind the last checkpoint counts as never confirmed: the hub forgets it."""
    held: dict[str, Any] = {}
    cursor: Cursor | None = None
    rows: dict[str, int] = {}
    for rows, stop in looks:
        confirmed = _up_to_checkpoint(list(look(rows, cursor, stop)))
        cursor = fold(held, confirmed) or cursor
    fold(held, list(look(rows, cursor)))
    assert held == {key_text(k): v for k, v in rows.items()}


def _up_to_checkpoint(events: list[Batch | Checkpoint]) -> list[Batch | Checkpoint]:
    last = max((number for number, event in enumerate(events) if isinstance(event, Checkpoint)), default=-1)
    return events[: last + 1]


@given(st.dictionaries(st.text(st.characters(blacklist_categories=["Cs"]), min_size=1), st.text(max_size=8)))
def test_what_is_known_survives_the_cursor(entries: dict[str, str]) -> None:
    known = Known()
    known.see(entries.items())
    state = json.loads(json.dumps(known.state()))
    again = Known(state)
    assert {key: held.print for key, held in again.look(list(entries)).items()} == entries
    known.close()
    again.close()


STEPS = st.one_of(
    st.tuples(st.sampled_from(["see", "note"]), st.dictionaries(st.sampled_from("abcdé"), st.text(max_size=3), max_size=4)),
    st.tuples(st.just("forget"), st.lists(st.sampled_from("abcdé"), max_size=2)),
    st.tuples(st.just("state"), st.none()),
)


@given(st.lists(STEPS, max_size=12))
def test_every_state_of_one_read_holds_what_is_known_by_then(steps: list[tuple[str, Any]]) -> None:
    known, expected = Known({}), dict[str, str]()
    known.see([])
    for step, what in [*steps, ("state", None)]:
        if step == "forget":
            known.forget(what)
            expected = {key: mark for key, mark in expected.items() if key not in what}
        elif step != "state":
            getattr(known, step)(what.items())
            expected |= what
        else:
            state = json.loads(json.dumps(known.state()))
            again = Known(state)
            assert {key: held.print for key, held in again.look(list("abcdé")).items()} == expected
            assert state["count"] == len(again) == len(known) == len(expected) <= known.at_most
            again.close()
    known.close()


def test_what_earlier_releases_packed_is_read() -> None:
    packed = base64.b85encode(zlib.compress(b'["a","1"]\n["b","2"]\n')).decode()
    known = Known({"count": 2, "keys": packed})

    assert {key: held.print for key, held in known.look(["a", "b", "c"]).items()} == {"a": "1", "b": "2"}


def test_a_light_overlay_counts_like_the_rest() -> None:
    known = Known()
    known.note([("1", "a")])
    again = Known(known.state())
    again.note([("1", "b"), ("2", "c")])
    last = Known(again.state())
    assert {key: held.print for key, held in last.look(["1", "2"]).items()} == {"1": "b", "2": "c"}
    last.close()


def test_a_million_keys_take_about_twelve_bytes_each() -> None:
    known = Known()
    count = 20_000
    known.see((str(number), fingerprint(number)) for number in range(count))
    assert len(known.state()["keys"]) < 14 * count
    known.close()


def test_fingerprints_are_those_of_earlier_releases() -> None:
    assert fingerprint({"a": 58}) == "FFx_-h7j"  # else every row of every feed would have changed


@given(st.text(st.characters(), max_size=8))
def test_a_key_of_one_column_reads_as_a_part_of_several_does(text: str) -> None:
    several = key_of({"a": "x", "b": text}, ["a", "b"])
    assert key_of({"b": text}, ["b"]) == (several and several.removeprefix("x-"))


def test_keys_read_the_same_however_they_come() -> None:
    from decimal import Decimal

    assert key_text(7) == key_text("7") == key_text(7.0) == key_text(Decimal("7.00")) == "7"
    assert key_of({"a": 1, "b": {"c": "x"}}, ("a", "b.c")) == "1-x"
    assert key_of({"a": None}, ("a",)) is None
    assert key_of({"a": " "}, ("a",)) is None
    assert key_of({"a": "1\0"}, ("a",)) is None
