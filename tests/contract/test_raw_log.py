"""What came is kept as it came, sealed, and can be translated again: on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hub.app import Hub, raw
from hub.app.receiving import plan_of
from hub.app.rehearsing import Rehearsal, rehearse
from hub.app.replaying import Wanted, replay
from hub.bus import LANES
from hub.contract import Batch, Secret
from hub.errors import BadSettings, Rejected
from hub.ingest import Landed, ingest
from hub.records import RawRecord
from hub.store import goldens, keys, rejects
from hub.store.raw import Span, sizes, to_replay
from hub.store.tables import data_keys, metadata, raw_messages, record_versions
from tests.e2e.company import LANDSCAPE, MAPPING

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
PEOPLE = "crm.people"


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def person(key: str, family: str = "Gil Romero", born: str = "1980-02-03", **more: Any) -> dict[str, Any]:
    return {"id": key, "first": "Ana", "last": family, "born": born, "mail": f"ana{key}@example.com", "note": ""} | more


def found(home: Path, mapping: str = MAPPING, landscape: str = LANDSCAPE) -> None:
    (home / "mappings/crm").mkdir(parents=True, exist_ok=True)
    (home / "landscape.yaml").write_text(landscape, encoding="utf-8")
    (home / "mappings/crm/customer.yaml").write_text(mapping, encoding="utf-8")


def families(hub: Hub) -> dict[str, str]:
    """Source key -> family name of the golden record it stands behind."""
    with hub.store.read() as tx:
        every = list(goldens.every(tx, "customer"))
    return {ref.key: one.data["name"]["family"] for one in every for ref in one.members}


def leakage(hub: Hub) -> int:
    return sum(balance["leakage"] for balance in hub.accounting().values())


def test_what_was_pushed_is_kept_as_it_came_and_nobody_reads_it_in_the_database(opened: Callable[..., Hub]) -> None:
    hub = opened()
    came = person("1", odd="\ud800", big=2**70, blob=b"\x00\xff", at=START)

    (receipt,) = hub.receive(PEOPLE, [came])

    with hub.store.read() as tx:
        kept = raw.read(tx, hub, [receipt.receipt])[receipt.receipt]
        row = tx.execute(select(raw_messages)).mappings().one()
    assert isinstance(kept, RawRecord)
    assert kept.data == came
    assert (row["key"], row["feed"], row["lane"], row["entity"], row["made"]) == ("1", PEOPLE, "live", "customer", 1)
    assert row["release"] == hub.release
    assert b"Gil" not in bytes(row["body"])
    assert receipt.state == "accepted"


def test_the_same_message_is_taken_once(opened: Callable[..., Hub]) -> None:
    hub = opened()
    first = hub.receive(PEOPLE, [person("1"), person("2")], "shop", ["a", "b"])
    again = hub.receive(PEOPLE, [person("2"), person("3"), person("3")], "shop", ["b", "c", "c"])
    other = hub.receive(PEOPLE, [person("2")], "till", ["b"])

    assert [one.state for one in first] == ["accepted", "accepted"]
    assert [one.state for one in again] == ["known", "accepted", "known"]
    assert again[0].receipt == first[1].receipt and again[2].receipt == again[1].receipt
    assert other[0].state == "accepted"
    hub.work()
    assert leakage(hub) == 0


def test_another_message_under_a_used_id_is_set_aside_and_can_be_taken_all_the_same(opened: Callable[..., Hub]) -> None:
    hub = opened()
    (first,) = hub.receive(PEOPLE, [person("1")], "web", ["m1"])

    (other,) = hub.receive(PEOPLE, [person("1", "Gil Moreno")], "web", ["m1"])
    (twice,) = hub.receive(PEOPLE, [person("1", "Gil Moreno")], "web", ["m1"])
    (third,) = hub.receive(PEOPLE, [person("2")], "web", ["m1"])
    (same,) = hub.receive(PEOPLE, [person("1")], "web", ["m1"])

    assert (first.state, other.state, other.code, other.id) == ("accepted", "rejected", "message_id_reused", "m1")
    assert (twice.state, twice.receipt) == ("known", other.receipt)
    assert (third.state, third.receipt != other.receipt) == ("rejected", True)
    assert (same.state, same.receipt) == ("known", first.receipt)
    hub.work()
    assert families(hub) == {"1": "Gil Romero"}
    assert (hub.accounting()["customer"]["arrived"], leakage(hub)) == (3, 0)

    replay(hub, Wanted(receipts=[other.receipt]))
    hub.work()
    assert families(hub) == {"1": "Gil Moreno"}
    with hub.store.read() as tx:
        assert len(rejects.open_ids(tx)) == 1
    assert leakage(hub) == 0


def test_messages_under_one_id_in_one_push_are_compared_too(opened: Callable[..., Hub]) -> None:
    hub = opened()

    told = hub.receive(PEOPLE, [person("1"), person("1"), person("2"), person("2")], "web", ["m1"] * 4)

    assert [one.state for one in told] == ["accepted", "known", "rejected", "known"]
    assert told[1].receipt == told[0].receipt
    assert told[3].receipt == told[2].receipt
    hub.work()
    assert leakage(hub) == 0


@pytest.mark.parametrize(("source", "name"), [("web", "7" * 201), ("web", "a\x00b"), ("w" * 20_000, "a"), ("\x00", "a")])
def test_an_id_that_cannot_be_looked_up_is_refused_before_anything_is_taken(
    opened: Callable[..., Hub], source: str, name: str
) -> None:
    hub = opened()

    with pytest.raises(Rejected) as refused:
        hub.receive(PEOPLE, [person("1")], source, [name])

    assert refused.value.code == "id_invalid"
    assert hub.accounting().get("customer", {}).get("arrived", 0) == 0
    assert hub.receive(PEOPLE, [person("1")], "web", ["7" * 200])[0].state == "accepted"


def test_a_time_that_no_database_gives_back_is_set_aside(opened: Callable[..., Hub]) -> None:
    hub = opened()
    batch = Batch([RawRecord("people", person("1"), updated_at=datetime.fromisoformat("9999-12-31T23:59:59-14:00"))])
    landed: list[Landed] = []

    ingest(plan_of(hub, PEOPLE), [batch], run="run", clock=hub.clock, land=landed.append)

    assert [one.code for one in landed[0].rejects] == ["time_out_of_range"]


def test_what_is_no_longer_kept_is_taken_for_the_same(opened: Callable[..., Hub]) -> None:
    hub = opened()
    (first,) = hub.receive(PEOPLE, [person("1")], "web", ["m1"])
    with hub.store.begin() as tx:
        tx.execute(raw_messages.update().values(body=None))

    (other,) = hub.receive(PEOPLE, [person("2")], "web", ["m1"])

    assert (other.state, other.receipt) == ("known", first.receipt)


def test_a_push_tells_record_by_record_what_became_of_it(opened: Callable[..., Hub]) -> None:
    hub = opened()

    told = hub.receive(PEOPLE, [person("1"), person("2", born="31/31/1980"), 7, {}])

    assert [one.state for one in told] == ["accepted", "rejected", "rejected", "rejected"]
    assert [one.code for one in told] == ["", "date_invalid", "not_a_record", "not_a_record"]
    with hub.store.read() as tx:
        assert [one.reject.receipt for one in rejects.listed(tx)] == [one.receipt for one in told[1:]]
    with pytest.raises(Rejected):
        hub.receive(PEOPLE, [person("1")], ids=["a", "b"])


def test_one_key_seals_one_record_and_destroying_it_makes_that_record_unreadable(opened: Callable[..., Hub]) -> None:
    hub = opened()
    told = hub.receive(PEOPLE, [person("1"), person("2"), person("1", "Gil"), 7])
    with hub.store.begin() as tx:
        assert tx.scalar(select(data_keys.c.number).where(data_keys.c.key == "1")) == 1
        assert len(tx.execute(select(data_keys)).all()) == 3  # two records, and one piece that names none
        assert keys.destroy(tx, [("customer", "crm", "1")], START) == 1

    with hub.store.read() as tx:
        assert list(raw.read(tx, hub, [one.receipt for one in told])) == [told[1].receipt, told[3].receipt]
    (later,) = hub.receive(PEOPLE, [person("1", "Ruiz")])
    with hub.store.read() as tx:
        assert list(raw.read(tx, hub, [told[0].receipt, later.receipt])) == [later.receipt]
    assert replay(hub, Wanted()).unreadable == 2


def test_a_master_key_is_made_once_for_nobody_elses_eyes_and_a_lost_one_is_told(opened: Callable[..., Hub]) -> None:
    hub = opened()
    hub.receive(PEOPLE, [person("1")])
    path = hub.keys.path
    kept = path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o777 == 0o600

    path.unlink()
    with pytest.raises(BadSettings, match=r"master\.key is missing"):
        opened().receive(PEOPLE, [person("2")])
    with pytest.raises(BadSettings, match="not the one in HUB_MASTER_KEY"):
        opened(master_key=Secret("A" * 43 + "=")).receive(PEOPLE, [person("2")])
    with pytest.raises(BadSettings, match="is no key"):
        opened(master_key=Secret("hunter2")).receive(PEOPLE, [person("2")])

    path.write_text(kept, encoding="utf-8")
    assert replay(opened(), Wanted()).read == 1


def test_a_master_key_is_changed_and_everything_stays_readable(opened: Callable[..., Hub]) -> None:
    hub = opened()
    running = opened()
    hub.receive(PEOPLE, [person("1"), person("2")])
    running.receive(PEOPLE, [person("3")])
    before = hub.keys._sealing

    name, anew, lost = hub.keys.rotate(hub.store)

    assert (anew, lost) == (3, 0)
    with hub.store.read() as tx:
        assert keys.sealed_under(tx) == {name: 3}
    running.receive(PEOPLE, [person("4")])  # a worker that runs on finds the new key by itself
    assert before is not None and len(hub.keys.forget(hub.store)) == 1
    assert replay(opened(), Wanted()).read == 4
    with hub.store.read() as tx:
        assert keys.sealed_under(tx) == {name: 4}


def test_a_master_key_that_is_lost_for_good_is_given_up(opened: Callable[..., Hub]) -> None:
    hub = opened()
    (first,) = hub.receive(PEOPLE, [person("1")])
    hub.keys.path.unlink()
    hub = opened()
    assert hub.keys.rotate(hub.store, lost=True)[1:] == (0, 1)

    (second,) = hub.receive(PEOPLE, [person("1", "Ruiz")])
    with hub.store.read() as tx:
        assert list(raw.read(tx, hub, [first.receipt, second.receipt])) == [second.receipt]
    hub.work()
    assert families(hub) == {"1": "Ruiz"}


def test_replaying_everything_changes_nothing_however_often(opened: Callable[..., Hub]) -> None:
    hub = opened()
    hub.receive(PEOPLE, [person("1"), person("2", "Ruiz"), person("3", born="no date")])
    hub.receive(PEOPLE, [person("1", "Gil Weber")])
    hub.work()
    before, opened_before = families(hub), _open(hub)
    with hub.store.read() as tx:
        told = len(goldens.announced(tx, "customer"))

    for _ in range(2):
        assert replay(hub, Wanted()).as_dict()["published"] == 3
        hub.work()

    assert families(hub) == before
    assert _open(hub) == opened_before
    with hub.store.read() as tx:
        assert len(goldens.announced(tx, "customer")) == told
        assert len(to_replay(tx, Span())) == 4
    assert leakage(hub) == 0
    assert hub.rebuild()[1] == []


def _open(hub: Hub) -> list[tuple[str, str | None]]:
    with hub.store.read() as tx:
        return [(one.reject.code, one.reject.key) for one in rejects.listed(tx)]


def test_a_replay_after_a_mended_mapping_changes_exactly_that(opened: Callable[..., Hub]) -> None:
    hub = opened()
    hub.receive(PEOPLE, [person("1"), person("2", "Ruiz"), person("3", "Weber", born="31/31/1980")])
    hub.receive(PEOPLE, [person("2", "Ruiz-Smith")])
    hub.work()
    found(
        hub.settings.home,
        MAPPING.replace("name.family: last", "name.family: \"join(' ', ['de', last])\"").replace(
            "type: date}", "type: date, on_error: flag}"
        ),
    )
    hub = opened()

    done = replay(hub, Wanted(since=START))
    hub.work()

    assert families(hub) == {"1": "de Gil Romero", "2": "de Ruiz-Smith", "3": "de Weber"}
    assert done.as_dict()["rejected"] == 0
    assert _open(hub) == []
    assert leakage(hub) == 0
    assert hub.rebuild()[1] == []


def test_a_replay_says_in_whose_place_it_stands(opened: Callable[..., Hub]) -> None:
    hub = opened()
    (first,) = hub.receive(PEOPLE, [person("1")])
    hub.work()

    replay(hub, Wanted(receipts=[first.receipt]))
    delivery = hub.bus.take("resolve", 10, timedelta(0), LANES)

    assert delivery is not None
    ((again,),) = [delivery.records]
    assert (again.caused_by, again.message_id != first.receipt) == (first.receipt, True)


def test_what_a_mended_mapping_no_longer_says_is_taken_back(opened: Callable[..., Hub]) -> None:
    hub = opened()
    hub.receive(PEOPLE, [person("1", code="X1"), person("2", "Ruiz", code="X2"), person("3", "Weber", code="test")])
    hub.work()
    assert set(families(hub)) == {"1", "2", "3"}
    found(hub.settings.home, MAPPING.replace("key: id", "key: code\nwhen: \"code != 'test'\"").replace("[note]", "[note, id]"))
    hub = opened()

    replay(hub, Wanted())
    hub.work()

    assert set(families(hub)) == {"X1", "X2"}
    assert leakage(hub) == 0
    found(hub.settings.home)
    hub = opened()
    replay(hub, Wanted())
    hub.work()
    assert set(families(hub)) == {"1", "2", "3"}
    assert leakage(hub) == 0
    assert hub.rebuild()[1] == []


def test_a_mended_time_moves_a_version_to_its_place(opened: Callable[..., Hub]) -> None:
    hub = opened()
    mapping = MAPPING.replace("key: id", "key: id\nupdated_at: {path: since, type: datetime}")
    found(hub.settings.home, mapping)
    hub = opened()
    hub.receive(PEOPLE, [person("1", "Old", since="2026-02-20T10:00:00Z", real="2026-01-05T10:00:00Z")])
    hub.receive(PEOPLE, [person("1", "New", since="2026-02-10T10:00:00Z", real="2026-02-10T10:00:00Z")])
    hub.work()
    assert families(hub) == {"1": "Old"}

    found(hub.settings.home, mapping.replace("path: since", "path: real"))
    hub = opened()
    replay(hub, Wanted())
    hub.work()

    assert families(hub) == {"1": "New"}
    assert hub.rebuild()[1] == []


def test_only_what_is_wanted_is_replayed(opened: Callable[..., Hub]) -> None:
    hub = opened()
    hub.receive(PEOPLE, [person("1"), person("2", "Ruiz", born="1990-01-02")])
    later = hub.clock()
    (last,) = hub.receive(PEOPLE, [person("3", "Weber", born="31/31/1980")])
    hub.work()
    with hub.store.read() as tx:
        golden = goldens.behind_key(tx, "customer", ("crm", "2"))
        (aside,) = rejects.listed(tx)

    assert replay(hub, Wanted(since=later)).read == 1
    assert replay(hub, Wanted(until=later)).read == 2
    assert replay(hub, Wanted(customer=golden)).read == 1
    assert replay(hub, Wanted(customer="crm:1")).read == 1
    assert replay(hub, Wanted(reject_group=aside.fingerprint[:8])).read == 1
    assert replay(hub, Wanted(receipts=[last.receipt])).read == 1
    with pytest.raises(Rejected, match="Nobody is known"):
        replay(hub, Wanted(customer="nobody"))
    hub.work()
    assert len(_open(hub)) == 1
    assert leakage(hub) == 0


def everything(hub: Hub) -> dict[str, list[Any]]:
    """Every row of every table that a replay may touch."""
    with hub.store.read() as tx:
        return {
            table.name: sorted(map(repr, tx.execute(select(table)))) for table in metadata.sorted_tables if table.name != "runs"
        }


def test_a_dry_run_says_what_would_change_and_changes_nothing(opened: Callable[..., Hub]) -> None:
    hub = opened()
    twin = {"first": "Ana", "mail": "same@example.com"}
    hub.receive(PEOPLE, [person("1", **twin), person("2", **twin), person("3", "Weber", born="31/31/1980"), person("4", "Ruiz")])
    hub.work()
    found(
        hub.settings.home,
        MAPPING.replace("name.family: last", "name.family: upper(last)").replace("type: date}", "type: date, on_error: flag}"),
    )
    hub = opened()
    before = everything(hub)

    told = rehearse(hub, Wanted()).as_dict()

    assert everything(hub) == before
    assert (told["read"], told["changed"], told["recovered"], told["unchanged"], told["rejected"]) == (4, 3, 1, 0, {})
    assert told["announced"] == {"created": 1, "updated": 2}
    names = [one["changed"]["name"] for one in told["examples"] if one["kind"] == "updated"]
    assert [{"family": "Ruiz", "given": "Ana"}, {"family": "RUIZ", "given": "Ana"}] in names
    replay(hub, Wanted())
    hub.work()
    assert rehearse(hub, Wanted()).as_dict() | {"read": 0} == Rehearsal(unchanged=4).as_dict()


def test_what_is_kept_is_counted(opened: Callable[..., Hub]) -> None:
    hub = opened()
    hub.receive(PEOPLE, [person("1"), person("2")])
    replay(hub, Wanted())

    with hub.store.read() as tx:
        total = sum(len(body) for body in tx.scalars(select(raw_messages.c.body).where(raw_messages.c.body.is_not(None))))
        assert sizes(tx) == {PEOPLE: (2, total)}
        assert tx.execute(select(record_versions)).first() is None
