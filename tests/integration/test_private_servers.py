"""Servers of one's own, as the fault runs need them: killed and started again, on a full disk, behind a way that breaks."""

from __future__ import annotations

import socket
import stat
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pika
import psycopg
import pytest

from hub.bench.chaos.member import Clock, jump
from hub.bench.chaos.proxy import Proxy
from hub.bench.pipeline.ground import ground
from hub.errors import Unavailable
from hub.services import small_disk
from hub.services.postgres import PostgresServer, plain, probe
from hub.services.processes import Program, free_port, start
from tests.services.brokers import OwnBroker
from tests.waiting import PATIENCE, until


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the servers' own users can go."""
    with tempfile.TemporaryDirectory(prefix="hub-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.slow
def test_what_was_committed_is_there_after_a_kill_and_the_disk_can_be_full(folder: Path) -> None:
    with small_disk.small_disk(folder / "postgres", 300) as small:
        server = PostgresServer(folder / "postgres", free_port(), options=("min_wal_size=32MB", "max_wal_size=64MB"))
        try:
            server.start()
            url = plain(server.database("hub", "hub", "word"))
            with psycopg.connect(url) as connection:
                connection.execute("CREATE TABLE kept AS SELECT 1 AS number")
            server.kill()
            assert server.process and not server.process.runs()
            with pytest.raises(Unavailable):
                server.probe()
            server.start()
            with psycopg.connect(url) as connection:
                assert connection.execute("SELECT number FROM kept").fetchall() == [(1,)]
            if small:
                _fills_up(server, url)
        finally:
            server.kill()


def _fills_up(server: PostgresServer, url: str) -> None:
    assert small_disk.fill(server.folder) > 0
    with pytest.raises(psycopg.Error), psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE large AS SELECT repeat('x', 100) FROM generate_series(1, 1000000)")
    small_disk.drain(server.folder)
    if server.process and not server.process.runs():  # it panicked, for want of room for its log
        server.start()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT number FROM kept").fetchall() == [(1,)]


@pytest.mark.slow
def test_what_a_broker_confirmed_is_there_after_a_kill_and_it_counts_it(folder: Path) -> None:
    server = OwnBroker(folder / "rabbitmq", free_port(), "hub", "a word", "own")
    try:
        server.start()
        with pika.BlockingConnection(pika.URLParameters(server.url())) as connection:
            channel = connection.channel()
            channel.confirm_delivery()
            channel.queue_declare("kept", durable=True, arguments={"x-queue-type": "quorum"})
            channel.basic_publish("", "kept", b"one", pika.BasicProperties(delivery_mode=2))
        server.control("eval", _WRITE_NAMES)
        server.kill()
        server.start()
        assert server.queues() == {"kept": 1}
    finally:
        server.kill()


# RabbitMQ 3.10 writes the names of new queues half a second late: killed before, it forgets them and all that is in them
_WRITE_NAMES = "lists:foreach(fun dets:sync/1, dets:all()), mnesia:sync_log()."


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that says what it hears."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=_say_again, args=(connection,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def _say_again(connection: socket.socket) -> None:
    with connection, suppress(ConnectionResetError):
        while piece := connection.recv(1024):
            connection.sendall(piece)


def test_a_way_can_be_cut_and_is_open_again_for_the_next(echo: int) -> None:
    way = Proxy(echo)
    with socket.create_connection(("127.0.0.1", way.port), timeout=PATIENCE) as client:
        client.sendall(b"hello")
        assert client.recv(5) == b"hello"
        assert way.cut() == 1
        with pytest.raises(ConnectionResetError):
            client.recv(5)
    with socket.create_connection(("127.0.0.1", way.port), timeout=PATIENCE) as client:
        client.sendall(b"again")
        assert client.recv(5) == b"again"
    way.close()


def test_on_a_frozen_way_nothing_passes_and_then_all_of_it(echo: int) -> None:
    way = Proxy(echo)
    with socket.create_connection(("127.0.0.1", way.port), timeout=PATIENCE) as client:
        began = time.monotonic()
        way.freeze(1.0)
        client.sendall(b"hello")
        assert client.recv(5) == b"hello"
        assert time.monotonic() - began >= 1.0
    way.close()


def test_the_clock_of_a_member_is_as_far_off_as_its_file_says(tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock")
    assert abs(clock() - datetime.now(UTC)) < timedelta(minutes=10)

    jump(tmp_path / "clock", timedelta(hours=1))

    until(lambda: abs(clock() - datetime.now(UTC) - timedelta(hours=1)) < timedelta(minutes=10))


def test_a_kill_takes_everything_that_a_program_started(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)\n"
        "print(child.pid, flush=True)\ntime.sleep(600)"
    )
    process = start(Program([sys.executable, "-c", code], tmp_path / "log"))
    until(lambda: (tmp_path / "log").read_text().endswith("\n"))
    child = int((tmp_path / "log").read_text())
    assert _lives(child)

    process.kill()

    assert not process.runs()
    assert not _lives(child)


def _lives(pid: int) -> bool:
    """A zombie that nobody buries is as dead as one that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.slow
def test_a_bench_on_private_servers_begins_in_a_temporary_folder_that_is_its_users_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with ground(tmp_path / "home", "", "", 10) as place:
        database, bus = place.settings.database_url.reveal(), place.settings.bus_url.reveal()
        with psycopg.connect(plain(database)) as connection, pika.BlockingConnection(pika.URLParameters(bus)) as line:
            assert connection.execute("SELECT 1").fetchone() == (1,)
            folder = Path(connection.execute("SHOW data_directory").fetchone()[0]).parent  # type: ignore[index]
            assert line.is_open
        assert (stat.S_IMODE(folder.stat().st_mode), stat.S_IMODE(folder.parent.stat().st_mode)) == (0o700, 0o711)
    assert not folder.parent.exists()
    with pytest.raises(Unavailable):
        probe(database)
