"""Odd values in databases cost only their record; wrong names are refused with a hint."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import insert

from hub.errors import BadSettings
from tests.contract.service_peers import SqlPeer

MEGABYTES = 1_000_000


LONG = "x" * (20 * MEGABYTES)


@pytest.mark.parametrize("which", ["sqlite", "postgres", "mariadb"])
def test_a_field_of_twenty_megabytes_in_a_database_costs_only_its_record(
    which: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    peer = SqlPeer(_url(which, request, tmp_path))
    try:
        size = 20 * MEGABYTES if which != "mariadb" else 10 * MEGABYTES  # its packets have a limit, too
        for key, name in ((1, "one"), (2, LONG[:size]), (3, "three")):
            peer.put(key, name)
        got = peer.read()
        assert [damage.code for damage in got.damages] == ["field_too_long"]
        assert got.keys() == ["1", "3"]
        again = peer.read(got.cursor)
        assert again.damages == again.records == []
    finally:
        peer.close()


def _url(which: str, request: pytest.FixtureRequest, folder: Path) -> str:
    found: str = f"sqlite:///{folder / 'erp.db'}" if which == "sqlite" else request.getfixturevalue(f"{which}_url")
    return found


def test_times_that_python_does_not_know_arrive_as_text(postgres_url: str) -> None:
    peer = SqlPeer(postgres_url)
    try:
        peer.fill(2)
        with peer.engine.begin() as connection:
            connection.exec_driver_sql("INSERT INTO customers VALUES (3, 'far', '20000-01-01'), (4, 'ever', 'infinity')")
        got = peer.read()
        assert got.error is None
        times = {record.key: record.data["changed_at"] for record in got.records}
        assert (times["3"], times["4"]) == ("20000-01-01 00:00:00", "infinity")
        assert peer.read(got.cursor).records == []
    finally:
        peer.close()


def test_bytes_that_are_no_text_in_sqlite_cost_only_their_record(tmp_path: Path) -> None:
    peer = SqlPeer(f"sqlite:///{tmp_path / 'erp.db'}")
    try:
        peer.fill(2)
        with peer.engine.begin() as connection:
            connection.exec_driver_sql("INSERT INTO customers VALUES (3, CAST(x'ff41' AS TEXT), '2026-01-01 00:00:00')")
            connection.execute(insert(peer.customers).values(id=4, name="nul \0 inside", changed_at="2026-01-01 00:00:00"))
        got = peer.read()
        assert [damage.code for damage in got.damages] == ["encoding_invalid"]
        assert got.names()["4"] == "nul \0 inside"
        again = peer.read(got.cursor)
        assert again.damages == again.records == []
    finally:
        peer.close()


@pytest.mark.parametrize("name", ["customerz", "customers; drop table phones"])
def test_a_table_that_is_not_there_is_refused_with_a_hint(tmp_path: Path, name: str) -> None:
    peer = SqlPeer(f"sqlite:///{tmp_path / 'erp.db'}")
    try:
        error = peer.read(name=name).error
        assert isinstance(error, BadSettings)
        assert "There is no table" in str(error)
    finally:
        peer.close()


def test_a_cursor_column_that_is_not_there_is_refused_with_a_hint(tmp_path: Path) -> None:
    peer = SqlPeer(f"sqlite:///{tmp_path / 'erp.db'}", column="changed")
    try:
        error = peer.read().error
        assert isinstance(error, BadSettings)
        assert "did you mean 'changed_at'" in str(error)
    finally:
        peer.close()
