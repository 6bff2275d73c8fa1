"""What the settings promise to let go of goes by itself while the hub runs: once, whoever comes first, by another if he dies."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, text, update

from hub.app import Hub
from hub.app.housekeeping import LEASE, Housekeeping, due
from hub.app.pacing import Now
from hub.app.pruning import BUDGET, RETENTION, prune
from hub.app.running import Runner
from hub.bus import RESOLVE
from hub.cli.doctor import Checked, examine
from hub.records import DeadLetter
from hub.store import dead_letters, duties, rejects
from hub.store.raw import sizes
from hub.store.tables import duties as kept
from hub.store.tables import inbox, raw_messages
from tests.contract.test_raw_log import PEOPLE, families, leakage, person

DAY = timedelta(days=1)


def keeper(hub: Hub, late: timedelta = timedelta()) -> Housekeeping:
    return Housekeeping(hub, late, looks=Now(0))


def keep(one: Housekeeping, turns: int = 50) -> int:
    """How many turns it had something to do; between them time enough to rest."""
    did = 0
    for _ in range(turns):
        one._rests_until = 0.0
        did += one.turn()
    return did


def later(hub: Hub, time: timedelta) -> None:
    hub.clock.now += time  # type: ignore[attr-defined]


def duty(hub: Hub, name: str = RETENTION) -> duties.Duty | None:
    with hub.store.read() as tx:
        return duties.known(tx, name)


def count(hub: Hub, table: Any) -> int:
    with hub.store.read() as tx:
        return tx.scalar(select(func.count()).select_from(table)) or 0


def test_where_nothing_may_go_nobody_looks_for_it(opened: Callable[..., Hub]) -> None:
    hub = opened()
    hub.receive(PEOPLE, [person("1")])

    assert keep(keeper(hub)) == 0
    assert duty(hub) is None


def test_once_a_day_what_is_kept_long_enough_goes_by_itself_and_golden_records_stay(opened: Callable[..., Hub]) -> None:
    hub = opened(keep_raw=30 * DAY, keep_inbox=30 * DAY, keep_rejects=5 * DAY, keep_history=5 * DAY, keep_changes=30 * DAY)
    told = [person("1", "Gil"), person("2"), person("3", born="31/31/1980")]
    hub.receive(PEOPLE, told, "shop", ["a", "b", "c"])
    hub.receive(PEOPLE, [person("1", "Weber"), person("3", "Mora")])
    hub.work()
    before, balance = families(hub), hub.accounting()
    one = keeper(hub)
    keep(one)
    assert (first := duty(hub)) and first.ended_at and first.holder is None

    later(hub, timedelta(hours=23))
    assert keep(one) == 0
    later(hub, 31 * DAY)
    assert keep(one) > 0

    assert (last := duty(hub)) and last.ended_at and last.ended_at > first.ended_at
    assert (count(hub, raw_messages), count(hub, inbox)) == (0, 0)
    assert {name: last.told[name] for name in ("receipts", "inbox", "rejects")} == {"receipts": 5, "inbox": 3, "rejects": 1}
    assert (families(hub), hub.accounting(), leakage(hub)) == (before, balance, 0)
    assert hub.rebuild()[1] == []


def test_a_full_budget_waits_for_no_day_and_what_cannot_go_is_asked_for_only_once(opened: Callable[..., Hub]) -> None:
    opened().receive(PEOPLE, [person(str(number)) for number in range(20)])
    with (first := opened()).store.read() as tx:
        each = sizes(tx)[PEOPLE][1] // 20
    hub = opened(raw_budget=each * 10, prune_every=1000 * DAY)
    one = keeper(hub)
    keep(one)
    with first.store.read() as tx:
        assert sizes(tx)[PEOPLE][1] <= each * 10
    hub.receive(PEOPLE, [person(str(number)) for number in range(20, 26)])
    assert keep(one) > 0
    with hub.store.read() as tx:
        assert each * 7 < sizes(tx)[PEOPLE][1] <= each * 10
    assert (noted := duty(hub, BUDGET)) and noted.told["bodies"] > 0

    hub.receive(PEOPLE, [person(f"x{number}", born="31/31/1980") for number in range(20)])  # open rejects need these
    keep(one)
    assert keep(one) == 0
    assert (noted := duty(hub, BUDGET)) and noted.told["over_budget"] > 0
    hub.receive(PEOPLE, [person("30")])
    assert keep(one) > 0
    with hub.store.read() as tx:
        assert rejects.count(tx, "customer") == sizes(tx)[PEOPLE][0] == 20


def test_many_at_once_do_it_once(opened: Callable[..., Hub]) -> None:
    hubs = [opened(keep_raw=DAY) for _ in range(4)]
    hubs[0].receive(PEOPLE, [person(str(number)) for number in range(30)])
    later(hubs[0], 2 * DAY)
    keepers = [keeper(hub) for hub in hubs]
    did: list[int] = []
    ready = threading.Barrier(4)

    def work(one: Housekeeping) -> None:
        ready.wait()
        did.append(keep(one, 10))

    threads = [threading.Thread(target=work, args=(one,)) for one in keepers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(did)[:3] == [0, 0, 0]
    assert (last := duty(hubs[0])) and last.told["receipts"] == 30


def test_who_holds_it_and_is_gone_is_followed_by_another(opened: Callable[..., Hub]) -> None:
    hub = opened(keep_raw=DAY)
    hub.receive(PEOPLE, [person("1")])
    later(hub, 2 * DAY)
    with hub.store.begin() as tx:
        duties.begin(tx, RETENTION)
        duties.take(tx, RETENTION, "elsewhere/1/x", hub.clock(), hub.clock() + LEASE)

    assert keep(keeper(hub)) == 0
    later(hub, LEASE)
    assert keep(keeper(hub)) > 0
    assert count(hub, raw_messages) == 0


def test_who_was_away_for_so_long_that_another_has_it_stops(opened: Callable[..., Hub]) -> None:
    hub = opened(keep_raw=DAY)
    hub.receive(PEOPLE, [person(str(number)) for number in range(1200)])
    later(hub, 2 * DAY)
    one = keeper(hub)
    assert one._taken() and one._run
    one._step(one._run)  # a turn goes on for as long as it has time, which on a fast machine is to the end
    assert one._run
    with hub.store.begin() as tx:
        tx.execute(update(kept).values(holder="elsewhere/1/x"))
    one._holds.at_once()
    one._rests_until = 0.0

    assert (one.turn(), one._run) == (True, None)


def test_the_stages_that_are_in_a_hurry_leave_it_to_others_for_a_while(opened: Callable[..., Hub]) -> None:
    hub = opened(keep_raw=DAY)
    hub.receive(PEOPLE, [person("1")])
    later(hub, 2 * DAY)
    one = keeper(hub, Runner(hub, RESOLVE)._keeps.late)

    assert keep(one) == 0
    later(hub, one.late)
    assert keep(one) > 0


def test_a_failure_in_it_stops_no_worker_and_it_is_tried_again(opened: Callable[..., Hub]) -> None:
    hub = opened(keep_raw=DAY)
    hub.receive(PEOPLE, [person("1")])
    later(hub, 2 * DAY)
    with hub.store.begin() as tx:
        tx.execute(text("ALTER TABLE raw_messages RENAME TO elsewhere"))
    assert keep(keeper(hub), 1) == 1
    with hub.store.begin() as tx:
        tx.execute(text("ALTER TABLE elsewhere RENAME TO raw_messages"))
        assert (noted := duties.known(tx, RETENTION)) and noted.ended_at is None

    later(hub, LEASE)
    assert keep(keeper(hub)) > 0
    assert count(hub, raw_messages) == 0


def test_doctor_says_when_nobody_keeps_what_the_settings_promise(opened: Callable[..., Hub]) -> None:
    hub = opened(keep_raw=DAY)
    assert retention(hub) == []  # nothing is kept yet
    hub.receive(PEOPLE, [person("1")])
    assert [one.state for one in retention(hub)] == ["ok"]
    later(hub, 3 * DAY)
    (wrong,) = retention(hub)
    assert wrong.state == "failed" and "goldenhub work" in wrong.hint and "goldenhub prune" in wrong.hint

    keep(keeper(hub))
    (well,) = retention(hub)
    assert well.state == "ok" and "2026-03-04" in well.hint
    later(hub, 3 * DAY)
    assert [one.state for one in retention(hub)] == ["failed"]
    prune(hub)  # by hand, or by a scheduler
    assert [one.state for one in retention(hub)] == ["ok"]
    with hub.store.read() as tx:
        assert due(tx, hub) is None


def retention(hub: Hub) -> list[Checked]:
    return [one for one in examine(hub, systems=False) if one.what == "retention"]


def test_closed_dead_letters_go_with_the_rejects_and_stay_counted(opened: Callable[..., Hub]) -> None:
    hub = opened(keep_rejects=5 * DAY)
    with hub.store.begin() as tx:
        dead_letters.add(tx, [letter(hub, name) for name in "abc"])
        first, second, _ = dead_letters.open_ids(tx)
        dead_letters.archive(tx, [first], "never", "me", hub.clock())
        dead_letters.replayed(tx, [(second, "b", None)], "me", hub.clock())
    before = hub.accounting().get("customer")
    later(hub, 6 * DAY)

    assert prune(hub).dead_letters == 2
    with hub.store.read() as tx:
        assert [one.letter.message_id for one in dead_letters.listed(tx, state=None)] == ["c"]
    after = hub.accounting()["customer"]
    assert (after["dead"], after["leakage"]) == (2, 0)
    assert before is None or before == after


def letter(hub: Hub, name: str) -> DeadLetter:
    return DeadLetter(name, "resolve", "live", "customer", 1, "poison", "no", 5, hub.clock(), {}, "application/json", b"{}", "f")
