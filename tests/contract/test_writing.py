"""What a connector that writes promises, on every database it writes to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from connectors import build, connector_class, kinds
from hub.contract import CONFLICT, REFUSED, UNCHANGED, WRITTEN, WriteCommand, Writer, WriteResult, WriteTarget
from hub.errors import BadSettings, Unavailable
from hub.records import Data
from tests.contract.service_peers import SqlPeer

TARGET = WriteTarget("customers", ("name", "hub_id"))


class WrittenPeer(SqlPeer):
    """Customers with two columns more, one of them unique, and a trigger-like time of its own."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        with self.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE customers ADD COLUMN hub_id VARCHAR(20)")
            connection.exec_driver_sql("ALTER TABLE customers ADD COLUMN terms VARCHAR(4)")
            connection.exec_driver_sql("CREATE UNIQUE INDEX one_hub_id ON customers (hub_id)")

    def writer(self) -> Writer:
        made = self.connector()
        assert isinstance(made, Writer)
        return made

    def write_all(self, *commands: WriteCommand, target: WriteTarget = TARGET) -> list[WriteResult]:
        return list(self.writer().write(target, commands))

    def row(self, key: int) -> Data:
        with self.engine.connect() as connection:
            return dict(connection.execute(text("SELECT * FROM customers WHERE id = :id"), {"id": key}).mappings().one())


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def peer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WrittenPeer]:
    url = f"sqlite:///{tmp_path / 'erp.db'}" if request.param == "sqlite" else request.getfixturevalue(f"{request.param}_url")
    with closing(WrittenPeer(url)) as made:
        yield made


@pytest.fixture
def postgres_peer(postgres_url: str) -> Iterator[WrittenPeer]:
    """For what is cut by an administrator's command, and for locks whose patience is an option of the connection."""
    with closing(WrittenPeer(postgres_url)) as made:
        yield made


def command(key: int | str, values: Data, version: int = 1, expected: Data | None = None) -> WriteCommand:
    return WriteCommand(f"g-{key}:{version}", str(key), values, expected or {})


def test_a_command_sets_its_columns_and_no_other(peer: WrittenPeer) -> None:
    peer.fill(3)
    before = peer.row(2)

    [result] = peer.write_all(command(2, {"hub_id": "g2"}))

    assert (result.state, result.key, result.id) == (WRITTEN, "2", "g-2:1")
    assert peer.row(2) == before | {"hub_id": "g2"}
    assert (result.before["hub_id"], result.held["hub_id"]) == (None, "g2")
    assert peer.row(1)["hub_id"] is None


def test_what_is_read_back_is_what_a_read_gives(peer: WrittenPeer) -> None:
    peer.fill(2)
    [result] = peer.write_all(command(1, {"name": "Zoë Łukasz"}))

    [read] = [record.data for record in peer.read().records if record.key == "1"]
    assert result.held == {name: value for name, value in read.items() if name != "phones"}
    assert peer.writer().look(TARGET, ["1", "7", "x"]) == {"1": result.held}


def test_asked_twice_it_is_written_once(peer: WrittenPeer) -> None:
    peer.fill(1)
    wish = command(1, {"name": "one"}, expected={"name": "name 1"})

    assert [result.state for result in peer.write_all(wish)] == [WRITTEN]
    assert [result.state for result in peer.write_all(wish)] == [UNCHANGED]


def test_one_that_is_refused_costs_only_itself(peer: WrittenPeer) -> None:
    peer.fill(3)
    results = peer.write_all(
        command(1, {"hub_id": "same"}), command(2, {"hub_id": "same"}), command(9, {"hub_id": "nobody"}),
        command("x", {"hub_id": "no key"}), command(3, {"hub_id": ["a list"]}), command(3, {"hub_id": "g3"}),
    )  # fmt: skip

    assert [result.state for result in results] == [WRITTEN, REFUSED, REFUSED, REFUSED, REFUSED, WRITTEN]
    assert all(result.answer for result in results if result.state == REFUSED)
    assert [peer.row(key)["hub_id"] for key in (1, 2, 3)] == ["same", None, "g3"]


def test_a_record_that_changed_meanwhile_is_left_alone(peer: WrittenPeer) -> None:
    peer.fill(2)
    peer.put(1, "a person's edit")

    [result] = peer.write_all(command(1, {"name": "ours"}, expected={"name": "name 1"}))

    assert result.state == CONFLICT
    assert result.held["name"] == peer.row(1)["name"] == "a person's edit"


def test_a_known_empty_value_clears_the_column(peer: WrittenPeer) -> None:
    peer.fill(1)
    assert [result.held["name"] for result in peer.write_all(command(1, {"name": None}))] == [None]


@pytest.mark.parametrize("values", [{"terms": "N30"}, {"id": 2}])
def test_a_column_the_delivery_does_not_name_is_never_set(peer: WrittenPeer, values: Data) -> None:
    peer.fill(1)
    before = peer.row(1)
    with pytest.raises(BadSettings):
        peer.write_all(command(1, values))
    assert peer.row(1) == before


@pytest.mark.parametrize("target", [WriteTarget("custommers", ("name",)), WriteTarget("customers", ("nam",))])
def test_a_table_or_column_that_is_not_there_is_named_with_the_nearest(peer: WrittenPeer, target: WriteTarget) -> None:
    peer.fill(1)
    with pytest.raises(BadSettings, match="did you mean"):
        peer.write_all(command(1, {"name": "x"}), target=target)


def test_the_key_cannot_be_set(peer: WrittenPeer) -> None:
    peer.fill(1)
    with pytest.raises(BadSettings, match="is the key"):
        peer.write_all(command(1, {"id": 2}), target=WriteTarget("customers", ("id",)))


def test_values_are_bound_and_never_part_of_the_statement(peer: WrittenPeer) -> None:
    peer.fill(2)
    odd = "x'; DELETE FROM customers; -- \" %s :name ${1}"
    assert [result.state for result in peer.write_all(command(1, {"name": odd}))] == [WRITTEN]
    assert (peer.row(1)["name"], peer.row(2)["name"]) == (odd, "name 2")
    [result] = peer.write_all(command("1 OR 1=1", {"name": "all"}))
    assert result.state == REFUSED


def test_a_system_that_went_away_is_unavailable_and_recovers(peer: WrittenPeer) -> None:
    peer.fill(1)
    peer.break_()
    with pytest.raises(Unavailable):
        peer.write_all(command(1, {"name": "x"}))
    peer.mend()
    assert [result.state for result in peer.write_all(command(1, {"name": "x"}))] == [WRITTEN]


def test_a_connection_lost_between_commands_costs_no_result_that_was_given(postgres_peer: WrittenPeer) -> None:
    peer = postgres_peer
    with peer.engine.begin() as connection:
        connection.execute(peer.customers.insert(), [{"id": key, "name": "x"} for key in range(1, 121)])
    results, given = peer.writer().write(TARGET, [command(key, {"hub_id": f"g{key}"}) for key in range(1, 121)]), []
    with pytest.raises(Unavailable):
        for result in results:
            given.append(result)
            if len(given) == 1:
                _cut_all_others(peer)
    assert 0 < len(given) < 120
    assert all(peer.row(int(result.key))["hub_id"] == f"g{result.key}" for result in given)
    again = peer.write_all(*(command(key, {"hub_id": f"g{key}"}) for key in range(1, 121)))
    assert [result.state for result in again].count(UNCHANGED) >= len(given)
    assert peer.row(120)["hub_id"] == "g120"


def _cut_all_others(peer: WrittenPeer) -> None:
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with peer.engine.connect() as connection:
        connection.execute(text(cut))


def test_many_commands_have_one_result_each_in_their_order(peer: WrittenPeer) -> None:
    with peer.engine.begin() as connection:
        connection.execute(peer.customers.insert(), [{"id": key, "name": "x"} for key in range(1, 121)])
    results = peer.write_all(*(command(key, {"hub_id": f"g{key}"}) for key in range(1, 121)))
    assert [result.id for result in results] == [f"g-{key}:1" for key in range(1, 121)]
    assert {result.state for result in results} == {WRITTEN}


def test_a_busy_record_is_told_to_come_again(postgres_peer: WrittenPeer) -> None:
    peer = postgres_peer
    peer.fill(2)
    peer.url = f"{peer.url}{'&' if '?' in peer.url else '?'}options=-clock_timeout%3D100ms"
    with peer.engine.begin() as connection:
        connection.execute(text("SELECT * FROM customers WHERE id = 2 FOR UPDATE"))
        results = peer.write_all(command(1, {"name": "one"}), command(2, {"name": "two"}))
    assert [result.state for result in results] == ["retry", "retry"]
    assert peer.row(1)["name"] == "name 1"


def test_a_connector_that_cannot_write_says_so() -> None:
    writes: dict[str, Any] = {kind: issubclass(connector_class(kind), Writer) for kind in kinds()}
    assert [kind for kind, can in writes.items() if can] == ["sql"]
    assert not isinstance(build("file", {"path": "."}, str), Writer)
