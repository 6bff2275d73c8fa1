"""One suite for every kind of connector, each run against its real peer."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors import build, kinds
from hub.contract import Batch, Connector, CursorRule
from hub.errors import BadSettings, FeedHeld, Unavailable, UnknownConnector
from hub.records import RawRecord
from tests.contract.api_peer import serving
from tests.contract.peers import (
    SECRET,
    CsvPeer,
    DbfPeer,
    FilePeer,
    FixedPeer,
    JsonLinesPeer,
    JsonPeer,
    LogPeer,
    MaildirPeer,
    MboxPeer,
    Peer,
)
from tests.contract.service_peers import RestPeer, SqlPeer
from tests.waiting import until

FILES: dict[str, type[Any]] = {
    "csv": CsvPeer,
    "json_lines": JsonLinesPeer,
    "json": JsonPeer,
    "log": LogPeer,
    "dbf": DbfPeer,
    "fixed_width": FixedPeer,
    "maildir": MaildirPeer,
    "mbox": MboxPeer,
}
DATABASES = ["sqlite", "postgres", "mariadb"]
ALL = [*FILES, *DATABASES, "sqlite_snapshot", "rest", "rest_snapshot"]
WITH_TIMES = [*DATABASES, "rest"]


def _peer(name: str, stack: ExitStack, request: pytest.FixtureRequest, folder: Path) -> Peer:
    if name in FILES:
        made: Peer = FILES[name](folder)
        return made
    if name.startswith("rest"):
        peer = RestPeer(stack.enter_context(serving()))
        if name == "rest_snapshot":
            peer.rule = CursorRule  # type: ignore[method-assign]
        return peer
    if name.startswith("sqlite"):
        sql = SqlPeer(f"sqlite:///{folder / 'erp.db'}", column="changed_at" if name == "sqlite" else None)
    else:
        sql = SqlPeer(request.getfixturevalue(f"{name}_url"))
    stack.callback(sql.close)
    return sql


@pytest.fixture
def peer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Peer]:
    with ExitStack() as stack:
        yield _peer(request.param, stack, request, tmp_path)


every = pytest.mark.parametrize("peer", ALL, indirect=True)
with_deletes = pytest.mark.parametrize("peer", [n for n in ALL if n not in {"log", "maildir", "mbox"}], indirect=True)
with_times = pytest.mark.parametrize("peer", WITH_TIMES, indirect=True)
on_databases = pytest.mark.parametrize("peer", DATABASES, indirect=True)


def test_every_kind_has_a_peer_here() -> None:
    ours = {CsvPeer.kind, DbfPeer.kind, FixedPeer.kind, MaildirPeer.kind, SqlPeer.kind, RestPeer.kind}
    assert set(kinds()) == ours


def test_an_unknown_kind_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UnknownConnector, match="did you mean 'mailbox'"):
        build("mailbx", {}, str)


@every
def test_a_connector_keeps_the_contract(peer: Peer) -> None:
    assert isinstance(peer.connector(), Connector)


@every
def test_a_misspelt_setting_is_refused_with_a_hint(peer: Peer) -> None:
    wrong = next(iter(peer.settings())) + "s"
    with pytest.raises(BadSettings, match=rf"no setting '{wrong}' \(did you mean '{wrong[:-1]}'\?\)"):
        peer.connector(**{wrong: "x"})


@every
def test_a_missing_setting_is_named(peer: Peer) -> None:
    name = next(iter(peer.settings()))
    with pytest.raises(BadSettings, match=f"needs the setting '{name}'"):
        build(peer.kind, {}, peer.resolve)


@every
def test_a_misspelt_option_of_a_stream_is_refused(peer: Peer) -> None:
    with pytest.raises(BadSettings, match="no setting 'kez'"):
        list(peer.connector().read(peer.request(options={**peer.options(), "kez": "id"}), None))


@every
def test_a_check_of_a_sound_system_passes_every_step(peer: Peer) -> None:
    peer.fill(2)
    probes = peer.connector().check()
    assert len(probes) >= 2
    assert {probe.state for probe in probes} == {"ok"}


@every
def test_a_check_of_a_broken_system_says_what_to_do_and_skips_the_rest(peer: Peer) -> None:
    peer.fill(1)
    peer.break_()
    probes = peer.connector().check()
    states = [probe.state for probe in probes]
    first = states.index("failed")
    assert probes[first].hint
    assert probes[first].fault in {"settings", "passing", "system"}
    assert set(states[first + 1 :]) <= {"skipped"}


@every
def test_discovery_names_the_stream_and_the_fields_that_are_read(peer: Peer) -> None:
    peer.fill(2)
    streams = {stream.name: stream for stream in peer.connector().discover()}
    fields = set(streams[peer.stream].fields)
    for record in peer.read().records:
        assert set(record.data) - {"phones"} == fields


@every
def test_everything_is_read_once_under_its_own_key(peer: Peer) -> None:
    peer.fill(8)
    got = peer.read()
    assert sorted(got.keys()) == [peer.key(k) for k in range(1, 9)]
    assert got.names() == {peer.key(k): f"name {k}" for k in range(1, 9)}
    assert not got.damages
    assert not got.error


@every
def test_an_empty_source_is_no_mistake(peer: Peer) -> None:
    peer.write()
    if isinstance(peer, FilePeer) and not peer.path.exists():
        peer.path.touch()
    if isinstance(peer, MboxPeer):
        (peer.folder / peer.stream).touch()
    got = peer.read()
    assert got.records == []
    assert got.error is None
    assert got.cursor is not None


@every
def test_a_second_read_is_empty(peer: Peer) -> None:
    peer.fill(8)
    second = peer.read(peer.read().cursor)
    assert second.records == []
    assert peer.read(second.cursor).records == []


@every
def test_the_same_read_gives_the_same(peer: Peer) -> None:
    peer.fill(7)
    first, again = peer.read(), peer.read()
    assert first.records == again.records
    assert first.cursors == again.cursors


@every
def test_records_come_in_batches_no_larger_than_asked(peer: Peer) -> None:
    peer.fill(8)
    batches = [event for event in peer.connector().read(peer.request(), None) if isinstance(event, Batch)]
    assert max(len(batch.records) for batch in batches) <= peer.batch_size


@every
def test_a_reader_killed_behind_any_checkpoint_loses_nothing(peer: Peer) -> None:
    peer.fill(10)
    whole = peer.read()
    for checkpoints in range(1, len(whole.cursors) + 1):
        first = peer.read_until(checkpoints)
        rest = peer.read(first.cursor)
        assert {**first.names(), **rest.names()} == whole.names()
        assert peer.read(rest.cursor).records == []


@every
def test_what_changes_while_a_reader_is_dead_is_read_by_the_next(peer: Peer) -> None:
    peer.fill(10)
    first = peer.read_until(1)
    peer.put(11, "born meanwhile")
    rest = peer.read(first.cursor)
    assert peer.key(11) in set(rest.keys())
    assert set(first.keys()) | set(rest.keys()) == {peer.key(k) for k in range(1, 12)}


@every
def test_only_what_is_new_is_read_again(peer: Peer) -> None:
    peer.fill(6)
    first = peer.read()
    peer.put(7, "seven")
    second = peer.read(first.cursor)
    assert second.names() == {peer.key(7): "seven"}
    assert peer.read(second.cursor).records == []


@with_deletes
def test_only_what_changed_is_read_again(peer: Peer) -> None:
    peer.fill(6)
    first = peer.read()
    peer.put(2, "other name")
    second = peer.read(first.cursor)
    assert second.names() == {peer.key(2): "other name"}
    assert peer.read(second.cursor).records == []


@with_deletes
def test_a_record_that_is_gone_is_reported_once(peer: Peer) -> None:
    peer.fill(8)
    first = peer.read()
    peer.remove(3)
    second = peer.read(first.cursor)
    assert second.deleted() == [peer.key(3)]
    assert second.keys() == []
    assert peer.read(second.cursor).records == []


@with_deletes
def test_a_record_that_comes_back_as_it_was_is_read_again(peer: Peer) -> None:
    peer.fill(8)
    clock = peer.clock
    peer.put(3, "three")
    first = peer.read()
    peer.remove(3)
    second = peer.read(first.cursor)
    peer.clock = clock
    peer.put(3, "three")
    assert peer.read(second.cursor).names() == {peer.key(3): "three"}


@with_deletes
def test_a_source_that_lost_most_of_its_records_is_held_until_a_person_allows_it(peer: Peer) -> None:
    peer.fill(30)
    first = peer.read()
    for key in range(1, 21):
        peer.remove(key)
    peer.put(31, "new")
    held = peer.read(first.cursor)
    assert isinstance(held.error, FeedHeld)
    assert held.deleted() == []
    assert held.keys() == [peer.key(31)]
    still = peer.read(held.cursor)
    assert isinstance(still.error, FeedHeld)
    assert still.records == []
    allowed = peer.read(still.cursor, accept=True)
    assert len(allowed.deleted()) == 20
    assert peer.read(allowed.cursor).records == []


@with_times
def test_a_row_committed_late_is_not_lost(peer: Peer) -> None:
    """Written before others, visible after them: the oldest hole of cursors."""
    assert isinstance(peer, (SqlPeer, RestPeer))
    _without_sweep(peer)
    peer.fill(4)
    with peer.late(5, "late"):
        peer.put(6, "six")
        first = peer.read()
        assert peer.key(5) not in set(first.keys())
    second = peer.read(first.cursor)
    assert second.names() == {peer.key(5): "late"}
    assert peer.read(second.cursor).records == []


@with_times
def test_a_row_dated_in_the_far_future_hides_no_other(peer: Peer) -> None:
    assert isinstance(peer, (SqlPeer, RestPeer))
    _without_sweep(peer)
    peer.fill(3)
    clock, peer.clock = peer.clock, peer.clock.replace(year=9998)
    peer.put(4, "from the future")
    peer.clock = clock
    first = peer.read()
    assert len(first.keys()) == 4
    peer.put(5, "five")
    second = peer.read(first.cursor)
    assert second.names() == {peer.key(5): "five"}


@with_times
def test_rows_with_equal_times_are_all_read(peer: Peer) -> None:
    assert isinstance(peer, (SqlPeer, RestPeer))
    _without_sweep(peer)
    for key in range(1, 9):
        peer.clock -= timedelta(seconds=1)
        peer.put(key, f"name {key}")
    first = peer.read_until(1)
    rest = peer.read(first.cursor)
    assert set(first.keys()) | set(rest.keys()) == {peer.key(k) for k in range(1, 9)}


def _without_sweep(peer: SqlPeer | RestPeer) -> None:
    rule = peer.rule()
    peer.rule = lambda: CursorRule(rule.column, rule.lag)  # type: ignore[method-assign]


@on_databases
def test_a_changed_child_moves_its_parent(peer: Peer) -> None:
    assert isinstance(peer, SqlPeer)
    _without_sweep(peer)
    peer.fill(4)
    first = peer.read()
    peer.put_phone(1, 2, "+34 600 000 001")
    second = peer.read(first.cursor)
    assert [record.data["phones"][0]["number"] for record in second.records] == ["+34 600 000 001"]
    assert second.keys() == [peer.key(2)]


@on_databases
def test_a_deleted_child_moves_its_parent_at_the_next_sweep(peer: Peer) -> None:
    assert isinstance(peer, SqlPeer)
    peer.fill(4)
    peer.put_phone(1, 2, "+34 600 000 001")
    peer.put_phone(2, 2, "+34 600 000 002")
    first = peer.read()
    peer.remove_phone(1)
    second = peer.read(first.cursor)
    assert [[phone["id"] for phone in record.data["phones"]] for record in second.records] == [[2]]
    assert peer.read(second.cursor).records == []


@on_databases
def test_a_row_without_a_time_is_read(peer: Peer) -> None:
    assert isinstance(peer, SqlPeer)
    peer.fill(2)
    peer.put(3, "timeless", changed_at=None)
    first = peer.read()
    assert len(first.keys()) == 3
    peer.put(4, "timeless, too", changed_at=None)
    assert peer.read(first.cursor).keys() == [peer.key(4)]


@on_databases
def test_one_read_sees_one_state_of_the_database(peer: Peer) -> None:
    assert isinstance(peer, SqlPeer)
    if peer.engine.dialect.name == "sqlite":
        with peer.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    peer.fill(8)
    events = peer.connector().read(peer.request(), None)
    first = next(event for event in events if isinstance(event, Batch))
    peer.put(8, "changed while it is read")
    names = [r.data["name"] for e in [first, *events] if isinstance(e, Batch) for r in e.records if isinstance(r, RawRecord)]
    assert "changed while it is read" not in names
    assert len(names) == 8


@every
def test_a_lost_connection_is_unavailable_and_recovers(peer: Peer) -> None:
    peer.fill(4)
    first = peer.read()
    peer.break_()
    assert isinstance(peer.read(first.cursor).error, Unavailable)
    peer.mend()
    peer.put(5, "five")
    assert peer.read(first.cursor).keys() == [peer.key(5)]


@with_deletes  # mails have the same fields always, and a log's lines are as they are
def test_a_new_field_is_signalled_once(peer: Peer) -> None:
    peer.fill(3)
    first = peer.read()
    assert not [s for s in first.signals if s.kind == "schema_changed"]
    peer.put(4, "four", city="Bilbao")
    second = peer.read(first.cursor)
    signals = [s for s in second.signals if s.kind == "schema_changed"]
    assert [s.facts["new"] for s in signals] == [["city"]]
    assert not [s for s in peer.read(second.cursor).signals if s.kind == "schema_changed"]


ODD = ["Zoë Łukasz", 'O\'Hara, "Pat"', "  ", "ключ", "李小龍", "🦊 fox", "a;b|c\td", "مرحبا", "NULL", "1e5", "-"]


@every
def test_odd_texts_arrive_as_they_are(peer: Peer) -> None:
    wanted = {}
    for key, text in enumerate(ODD, start=1):
        try:
            text.encode({"dbf": "cp850", "fixed_width": "cp273"}.get(peer.kind, "utf-8"))
        except UnicodeEncodeError:
            continue  # this encoding has no such letter
        peer.put(key, text)
        wanted[peer.key(key)] = " ".join(text.split()) if peer.kind == "mailbox" else text
        if peer.kind in {"dbf", "fixed_width"}:
            wanted[peer.key(key)] = text.rstrip()
    assert peer.read().names() == wanted


@every
def test_nothing_stays_open(peer: Peer) -> None:
    peer.fill(6)
    peer.read()
    gc.collect()
    before = _open_files()
    peer.read()
    peer.read_until(1)
    peer.connector().check()
    peer.connector().discover()
    gc.collect()
    until(lambda: _open_files() <= before)  # the API's side of a connection closes in its own thread


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.parametrize("peer", ["rest", "postgres"], indirect=True)
def test_no_secret_is_shown(peer: Peer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    peer.fill(2)
    if isinstance(peer, SqlPeer):
        peer.url = peer.engine.url.set(username="nobody", password=SECRET).render_as_string(hide_password=False)
    shown = [repr(peer.connector()), str(peer.connector()), *(repr(p) for p in peer.connector().check())]
    peer.break_()
    if isinstance(peer, SqlPeer):
        peer.url = peer.url.replace("://postgres@", f"://postgres:{SECRET}@")
    error: BaseException | None = peer.read().error
    assert error is not None
    while error is not None:
        shown += [str(error), repr(error)]
        error = error.__cause__
    assert SECRET not in "".join(shown) + caplog.text


@pytest.mark.parametrize("peer", ["rest", "postgres"], indirect=True)
def test_a_secret_written_as_text_is_refused_without_repeating_it(peer: Peer) -> None:
    literal = {"auth": {"bearer": SECRET}} if peer.kind == "rest" else {"url": f"postgresql://u:{SECRET}@h/d"}
    with pytest.raises(BadSettings, match="must be a reference") as caught:
        peer.connector(**literal)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("peer", ["rest", "postgres"], indirect=True)
def test_a_reference_that_leads_nowhere_names_its_variable(peer: Peer) -> None:
    missing = {"auth": {"bearer": "env:NOT_THERE"}} if peer.kind == "rest" else {"url": "env:NOT_THERE"}
    with pytest.raises(BadSettings, match="environment variable NOT_THERE"):
        peer.connector(**missing)
