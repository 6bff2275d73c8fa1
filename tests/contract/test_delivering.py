"""Writing back: in order, idempotent, never over what a person has just changed, and never heard as the system's own word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, select, text

from hub.app import Hub, delivering
from hub.app.checking import lint
from hub.app.exchange import changes, golden, snapshot, who_is
from hub.contract import WriteCommand, Writer, WriteResult, WriteTarget
from hub.deliver import DeliveryPlan, deliver
from hub.errors import Rejected, Unavailable
from hub.ingest import RunReport
from hub.records import Data
from hub.relay import fold
from hub.settings import Settings
from hub.store import deliveries, goldens, outbox, written
from hub.store.tables import edges, record_versions

LANDSCAPE = """\
company: Writing Ltd
systems:
  erp: {kind: sql, url: env:ERP, trust: 0.9}
  shop: {kind: file, path: shop, trust: 0.7}
feeds:
  erp.customers:
    system: erp
    stream: customers
    cursor: {column: changed_at, lag: 5m, sweep: every_run}
    mapping: erp/customer
  shop.accounts:
    system: shop
    stream: {name: accounts.csv, key: id}
    mapping: shop/customer
deliveries:
  erp.golden:
    system: erp
    mapping: erp/customer.out
    owns: [terms]
"""
ERP = """\
version: 1
from: customers
to: customer
key: id
updated_at: changed_at
fields:
  kind: "'person'"
  name.given: first
  name.family: last
  birth_date: born
  emails: {each: "mail && [mail] || `[]`", as: {address: email(item), type: "'main'"}}
  ext.erp.terms: terms
ignore: [hub_id]
"""
SHOP = """\
version: 1
from: accounts
to: customer
key: id
fields:
  kind: "'person'"
  name.given: first
  name.family: last
  birth_date: born
  emails: {each: "mail && [mail] || `[]`", as: {address: email(item), type: "'main'"}}
"""
OUT = """\
version: 1
from: customer
to: customers
fields:
  hub_id: id
  mail: emails[0].address
  terms: "'N90'"
"""
TABLE = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, first TEXT, last TEXT, born TEXT, mail TEXT CHECK (mail NOT LIKE '%refused%'),
                        terms TEXT, hub_id TEXT, changed_at TEXT)
"""
STAMP = """
CREATE TRIGGER stamp AFTER UPDATE OF first, last, born, mail, terms, hub_id ON customers BEGIN
  UPDATE customers SET changed_at = strftime('%Y-%m-%d %H:%M:%f', 'now') WHERE id = NEW.id;
END
"""


@dataclass
class Company:
    """An ERP that stamps what changes, a shop, and a hub that writes back to the ERP."""

    home: Path
    hub: Hub
    erp: Engine
    now: list[datetime] = field(default_factory=lambda: [datetime(2026, 6, 1, tzinfo=UTC)])

    def sql(self, statement: str, **values: Any) -> None:
        with self.erp.begin() as connection:
            connection.execute(text(statement), values)

    def row(self, key: int) -> Data:
        with self.erp.connect() as connection:
            return dict(connection.execute(text("SELECT * FROM customers WHERE id = :id"), {"id": key}).mappings().one())

    def customer(self, key: int, first: str, mail: str | None = None) -> None:
        self.sql(
            "INSERT INTO customers VALUES (:id, :first, 'Gil Romero', '1980-02-03', :mail, 'N30', NULL, '2026-01-01 00:00:00')",
            id=key, first=first, mail=mail,
        )  # fmt: skip

    def account(self, *accounts: tuple[str, str, str]) -> None:
        lines = [f"{key},{first},Gil Romero,1980-02-03,{mail}" for key, first, mail in accounts]
        (self.home / "shop" / "accounts.csv").write_text("\n".join(["id,first,last,born,mail", *lines, ""]))
        import os

        os.utime(self.home / "shop" / "accounts.csv", (1.7e9, 1.7e9 + len(lines)))

    def read(self) -> dict[str, RunReport]:
        found = {report.feed: report for report in self.hub.ingest()}
        assert {report.state for report in found.values()} == {"done"}, found
        self.hub.work()
        return found

    def deliver(self, **more: Any) -> Data:
        [done] = self.hub.deliver(**more)
        return done.as_dict()

    def counts(self) -> tuple[int, int, int]:
        """Announcements, edges of evidence, golden records."""
        with self.hub.store.read() as tx:
            return (
                outbox.last(tx, "customer"), len(tx.execute(select(edges)).all()), goldens.count(tx, "customer").get("active", 0)
            )  # fmt: skip

    def golden(self, key: int) -> goldens.Golden:
        with self.hub.store.read() as tx:
            found = goldens.current(tx, str(goldens.behind_key(tx, "customer", ("erp", str(key)))))
        assert found is not None
        return found

    def states(self) -> dict[str, int]:
        with self.hub.store.read() as tx:
            return deliveries.count(tx).get("erp.golden", {})


@pytest.fixture
def company(tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    for name, content in (
        ("landscape.yaml", LANDSCAPE), ("mappings/erp/customer.yaml", ERP), ("mappings/shop/customer.yaml", SHOP),
        ("mappings/erp/customer.out.yaml", OUT),
    ):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (tmp_path / "shop").mkdir()
    monkeypatch.setenv("ERP", f"sqlite:///{tmp_path / 'erp.db'}")
    erp = create_engine(f"sqlite:///{tmp_path / 'erp.db'}")
    with erp.begin() as connection:
        connection.exec_driver_sql(TABLE)
        connection.exec_driver_sql(STAMP)
    from hub.contract import Secret

    hub = Hub(Settings(home=tmp_path, database_url=Secret(store_url)))
    hub.migrate()
    made = Company(tmp_path, hub, erp)
    made.account(("S1", "Ana", "ana@shop.example"))
    yield made
    hub.close()
    erp.dispose()


def test_a_golden_record_is_written_into_its_columns_and_what_the_system_owns_is_not(company: Company) -> None:
    company.customer(1, "Ana")
    company.read()

    done = company.deliver()

    assert (done["written"], done["queued"], done["state"]) == (1, 1, "done")
    row, golden = company.row(1), company.golden(1)
    assert (row["hub_id"], row["mail"], row["terms"]) == (golden.id, "ana@shop.example", "N30")
    assert company.states() == {"done": 1}
    assert company.deliver() | {"message": ""} == done | {"queued": 0, "written": 0}


def test_what_the_hub_wrote_comes_back_as_an_echo_and_changes_nothing(company: Company) -> None:
    company.customer(1, "Ana")
    company.read()
    before, golden = company.counts(), company.golden(1)
    company.deliver()
    assert company.row(1)["changed_at"] > "2026-01-01 00:00:00"

    again = company.read()["erp.customers"]

    assert (again.read, again.echoes) == (1, 1)
    assert company.counts() == before
    assert company.golden(1) == golden
    with company.hub.store.read() as tx:
        states = list(tx.scalars(select(record_versions.c.state).where(record_versions.c.system == "erp")))
    assert sorted(states) == ["current", "unchanged"]
    assert company.deliver()["queued"] == 0
    assert company.read()["erp.customers"].read == 0


def test_what_the_hub_wrote_is_an_echo_also_where_the_system_pushes_it(company: Company) -> None:
    company.customer(1, "Ana")
    company.read()
    before = company.counts()
    company.deliver()

    company.hub.receive("erp.customers", [company.row(1)])
    company.hub.work()

    assert company.counts() == before
    assert not [one for path, one in company.golden(1).provenance.items() if path.startswith("emails") and "erp:1" in str(one)]


def test_a_persons_edit_after_that_counts(company: Company) -> None:
    company.customer(1, "Ana")
    company.read()
    company.deliver()
    company.read()

    company.sql("UPDATE customers SET mail = 'ana@work.example' WHERE id = 1")
    report = company.read()["erp.customers"]

    assert (report.read, report.echoes) == (1, 1)  # the hub's id is still the hub's
    assert "ana@work.example" in {one["address"] for one in company.golden(1).data["emails"]}
    with company.hub.store.read() as tx:
        assert written.of(tx, "erp", "customers", ["1"])["1"].keys() == {"hub_id"}


def test_an_edit_of_another_column_makes_no_voice_of_what_the_hub_wrote(company: Company) -> None:
    company.customer(1, "Ana")
    company.read()
    company.deliver()
    company.sql("UPDATE customers SET first = 'Anna' WHERE id = 1")
    company.read()

    golden = company.golden(1)
    assert golden.data["name"]["given"] == "Anna"
    assert [one for path, one in golden.provenance.items() if path.startswith("emails") and "erp:1" in str(one)] == []


def test_a_later_version_replaces_what_the_hub_wrote_before(company: Company) -> None:
    company.customer(1, "Ana")
    company.read()
    company.deliver()
    company.account(("S1", "Ana", "new@shop.example"))
    company.read()

    assert company.deliver()["written"] == 1
    assert company.row(1)["mail"] == "new@shop.example"
    before = company.counts()
    assert company.read()["erp.customers"].echoes == 1
    assert company.counts() == before


def test_what_a_person_has_just_changed_is_heard_before_it_is_written_over(company: Company) -> None:
    company.customer(1, "Ana")
    company.read()
    company.deliver()
    company.read()
    company.sql("UPDATE customers SET mail = 'ana@work.example' WHERE id = 1")
    company.account(("S1", "Ana", "new@shop.example"))
    company.hub.ingest(["shop.accounts"])
    company.hub.work()

    done = company.deliver()

    assert (done["conflict"], done["written"]) == (1, 0)
    assert company.row(1)["mail"] == "ana@work.example"
    assert company.states() == {"waiting": 1}
    company.read()
    company.deliver(again=True)
    assert company.states() == {"done": 1}
    assert company.row(1)["mail"] == company.golden(1).data["emails"][0]["address"]


def test_before_the_first_write_too_nothing_is_written_over_that_was_not_read(company: Company) -> None:
    company.customer(1, "Ana")
    company.read()
    company.sql("UPDATE customers SET mail = 'ana@typed.example' WHERE id = 1")

    done = company.deliver()

    assert (done["conflict"], done["written"]) == (1, 0)
    assert company.row(1)["mail"] == "ana@typed.example"
    company.read()
    assert company.deliver(again=True)["conflict"] == 0
    assert company.row(1)["hub_id"] == company.golden(1).id


def test_what_is_refused_is_parked_with_the_answer_and_delays_nobody(company: Company) -> None:
    company.customer(1, "Ana")
    company.customer(2, "Bea")
    company.account(("S1", "Ana", "ana@refused.example"), ("S2", "Bea", "bea@shop.example"))
    company.read()

    done = company.deliver()

    assert (done["written"], done["refused"], done["parked"]) == (1, 1, 1)
    assert company.row(1)["hub_id"] is None
    with company.hub.store.read() as tx:
        [parked] = deliveries.listed(tx, "parked")
        assert not written.of(tx, "erp", "customers", ["1"])
        assert [one.state for one in deliveries.receipts(tx, parked.golden_id)] == ["refused"]
    assert "CHECK" in parked.answer
    company.account(("S1", "Ana", "ana@mended.example"), ("S2", "Bea", "bea@shop.example"))
    company.read()
    assert company.deliver()["written"] == 1
    assert company.row(1)["mail"] == "ana@mended.example"


def test_a_parked_one_that_is_retried_says_what_is_true_by_then(company: Company) -> None:
    company.customer(1, "Ana")
    company.account(("S1", "Ana", "ana@refused.example"))
    company.read()
    company.deliver()
    company.sql("DROP TRIGGER stamp")
    company.sql("ALTER TABLE customers RENAME TO old")
    company.sql(TABLE.replace("CHECK (mail NOT LIKE '%refused%')", ""))
    company.sql("INSERT INTO customers SELECT * FROM old")
    assert company.deliver()["refused"] == 0
    with company.hub.store.begin() as tx:
        assert deliveries.retry(tx, None, company.hub.clock()) == 1
    assert company.deliver()["written"] == 1
    assert company.row(1)["mail"] == "ana@refused.example"


class Flaky:
    """The real writer; what it promised and did not do is decided by the test."""

    def __init__(self, inner: Writer, fail_after: bool) -> None:
        self.inner, self.fail_after = inner, fail_after

    def look(self, target: WriteTarget, keys: Sequence[str]) -> Any:
        return self.inner.look(target, keys)

    def write(self, target: WriteTarget, commands: Sequence[WriteCommand]) -> Iterator[WriteResult]:
        if self.fail_after:
            list(self.inner.write(target, commands))
        raise Unavailable("gone", system="erp")
        yield


@pytest.mark.parametrize("fail_after", [True, False])
def test_a_writer_that_dies_before_it_could_tell_leaves_no_false_word_behind(company: Company, fail_after: bool) -> None:
    company.customer(1, "Ana")
    company.read()
    before, hub = company.counts(), company.hub
    made = delivering.plan(hub, hub.landscape.delivery("erp.golden"))
    inner = hub.connect("erp")
    assert isinstance(inner, Writer)

    done = deliver(made, Flaky(inner, fail_after), hub.store.begin, hub.clock)

    assert done.state == "failed"
    assert company.states() == {"waiting": 1}
    assert (company.row(1)["mail"] is not None) == fail_after
    company.read()
    assert "erp" not in {str(one) for path, one in company.golden(1).provenance.items() if path.startswith("emails")}
    assert company.counts()[1:] == before[1:]
    later = deliver(made, inner, hub.store.begin, lambda: datetime.now(UTC) + timedelta(hours=1))
    assert later.results == ({"unchanged": 1} if fail_after else {"written": 1})
    assert company.states() == {"done": 1}


def test_a_system_that_is_away_keeps_its_work_and_delays_no_other(company: Company) -> None:
    company.customer(1, "Ana")
    company.read()
    (company.home / "erp.db").rename(company.home / "away.db")
    done = company.deliver()
    assert (done["state"], done["written"]) == ("failed", 0)
    (company.home / "away.db").rename(company.home / "erp.db")
    hub = company.hub
    made = delivering.plan(hub, hub.landscape.delivery("erp.golden"))
    inner = hub.connect("erp")
    assert isinstance(inner, Writer)
    assert deliver(made, inner, hub.store.begin, lambda: datetime.now(UTC) + timedelta(hours=1)).results == {"written": 1}


def test_a_delivery_younger_than_the_outbox_begins_with_everything(company: Company) -> None:
    company.customer(1, "Ana")
    company.read()
    with company.hub.store.begin() as tx:
        assert outbox.cut_off(tx, "customer", datetime.now(UTC) + timedelta(days=1)) > 0
    assert company.deliver()["written"] == 1


def test_a_merge_writes_the_id_that_stays_into_every_record(company: Company) -> None:
    company.customer(1, "Ana", "ana@shop.example")
    company.customer(2, "Bea", "bea@work.example")
    company.read()
    company.deliver()
    assert company.row(1)["hub_id"] != company.row(2)["hub_id"]
    company.sql("UPDATE customers SET first = 'Ana', mail = 'ana@shop.example' WHERE id = 2")
    company.read()
    company.deliver()
    assert company.row(1)["hub_id"] == company.row(2)["hub_id"] == company.golden(2).id


def test_the_feed_can_be_folded_from_its_beginning(company: Company) -> None:
    company.customer(1, "Ana")
    company.customer(2, "Bea")
    company.read()
    with company.hub.store.read() as tx:
        page = changes(company.hub, tx)
    assert {event["subject"] for event in page.events} == {company.golden(1).id, company.golden(2).id}


def test_a_reader_behind_what_is_kept_is_told_so_and_begins_with_a_snapshot(company: Company) -> None:
    company.customer(1, "Ana")
    company.customer(2, "Bea")
    company.read()
    company.deliver()
    hub = company.hub
    with hub.store.begin() as tx:
        assert outbox.cut_off(tx, "customer", datetime.now(UTC) + timedelta(days=1)) > 0
    company.sql("UPDATE customers SET first = 'Beatriz' WHERE id = 2")
    with hub.store.read() as tx:
        with pytest.raises(Rejected, match="snapshot") as gone:
            changes(hub, tx, 0)
        assert gone.value.code == "position_gone"
        page = snapshot(hub, tx, limit=1)
        events, position = list(page.events), page.position
    company.read()
    with hub.store.read() as tx:
        while page.next:
            page = snapshot(hub, tx, page.next, limit=1)
            events += page.events
        events += changes(hub, tx, position).events
        replica = fold({}, [(event["subject"], event["data"]) for event in events])
        held = {one.id: one for one in goldens.every(tx, "customer")}
    assert {name: (one.version, one.data) for name, one in replica.items()} == {
        name: (one.version, one.data) for name, one in held.items()
    }


def test_the_feed_is_not_cut_off_before_a_delivery_has_read_it(company: Company) -> None:
    company.customer(1, "Ana")
    company.read()
    company.deliver()
    company.customer(2, "Bea")
    company.read()
    with company.hub.store.begin() as tx:
        outbox.cut_off(tx, "customer", datetime.now(UTC) + timedelta(days=1))
        assert outbox.cut(tx, "customer") < outbox.last(tx, "customer")
    assert company.deliver()["written"] == 1


def test_a_retired_id_leads_on_and_a_key_names_all_others(company: Company) -> None:
    company.customer(1, "Ana", "ana@shop.example")
    company.customer(2, "Bea", "bea@work.example")
    company.read()
    former = {company.golden(1).id, company.golden(2).id}
    company.sql("UPDATE customers SET first = 'Ana', mail = 'ana@shop.example' WHERE id = 2")
    company.read()
    with company.hub.store.read() as tx:
        answers = {one: golden(company.hub, tx, one) for one in former}
        told = who_is(company.hub, tx, "erp", "2")
        with pytest.raises(Rejected) as nobody:
            who_is(company.hub, tx, "erp", "99")
    assert {answer["id"] for answer in answers.values()} == {told["id"]}
    assert sorted(answer["redirected"] for answer in answers.values()) == [False, True]
    keys = {(one["system"], one["key"]) for one in told["references"] if one["state"] == "active"}
    assert keys >= {("erp", "1"), ("erp", "2"), ("shop", "S1")}
    assert nobody.value.code == "not_known"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("system: shop\n    mapping: erp/customer.out", "cannot be written to"),
        ("system: erp\n    mapping: erp/custommer.out", "did you mean"),
        ("system: erp\n    mapping: erp/customer.out\n    owns: [hub_id, mail, terms]", "owns every column"),
        ("system: erp\n    mapping: erp/customer.out\n    stream: accounts", "write the same in both"),
        ("system: erp\n    mapping: erp/customer.out\n    stream: {name: customers, kez: id}", "no option 'kez'"),
        ("system: erp\n    mapping: erp/customer.out\n  erp.more:\n    system: erp\n    mapping: erp/customer.out", "both write"),
    ],
)
def test_lint_refuses_a_delivery_that_cannot_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str, said: str) -> None:
    for name, content in (("erp/customer", ERP), ("shop/customer", SHOP), ("erp/customer.out", OUT)):
        path = tmp_path / "mappings" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    head, _, _ = LANDSCAPE.partition("deliveries:")
    (tmp_path / "landscape.yaml").write_text(f"{head}deliveries:\n  erp.golden:\n    {wrong}\n")
    monkeypatch.setenv("ERP", "sqlite:///erp.db")
    found = [str(one) for one in lint(Hub(Settings(home=tmp_path))) if one.severity == "error"]
    assert any(said in one and "landscape.yaml" in one for one in found), found


def test_a_plan_says_what_it_may_touch(company: Company) -> None:
    made: DeliveryPlan = delivering.plan(company.hub, company.hub.landscape.delivery("erp.golden"))
    assert made.target == WriteTarget("customers", ["hub_id", "mail"], {})


def test_a_worker_writes_what_is_due_and_says_once_what_it_cannot(company: Company) -> None:
    company.customer(1, "Ana")
    company.read()
    said: list[str] = []
    worker = delivering.WriteTurns(company.hub, said.append)
    first = worker.turn()
    assert first is not None
    assert (first.records, worker.turn(), said) == (1, None, [])
    (company.home / "erp.db").rename(company.home / "away.db")
    company.account(("S1", "Ana", "new@shop.example"))
    company.hub.ingest(["shop.accounts"])
    company.hub.work()
    assert worker.turn() is None
    assert worker.turn() is None
    assert len(said) == 1
    assert "is not there" in said[0]
