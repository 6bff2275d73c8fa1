"""The servers under the other tests: each answers, gives fresh databases, and can be started privately."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pika
import pytest
from sqlalchemy import create_engine, text

from tests.services import MARIADB, POSTGRES, RABBITMQ, NoService, Recipe, containers, find
from tests.services.finding import NotAnswering

ALL = [POSTGRES, MARIADB, RABBITMQ]


def _empty(url: str) -> bool:
    """True the first time, since it leaves a table behind."""
    engine = create_engine(url)
    with engine.begin() as connection:
        found = connection.execute(text("select count(*) from information_schema.tables where table_name = 'seen_before'"))
        empty = not found.scalar_one()
        if empty:
            connection.execute(text("create table seen_before (id integer)"))
    engine.dispose()
    return empty


def test_every_postgres_database_is_new_and_empty(new_postgres: Callable[[], str]) -> None:
    first, second = new_postgres(), new_postgres()

    assert first != second
    assert _empty(first)
    assert not _empty(first)
    assert _empty(second)


def test_a_mariadb_database_is_new_and_empty(mariadb_url: str) -> None:
    assert _empty(mariadb_url)


def test_the_broker_takes_a_message_and_gives_it_back(rabbitmq_url: str) -> None:
    with pika.BlockingConnection(pika.URLParameters(rabbitmq_url)) as connection:
        channel = connection.channel()
        queue = channel.queue_declare("", exclusive=True).method.queue

        channel.basic_publish("", queue, b"ring")

        assert channel.basic_get(queue, auto_ack=True)[2] == b"ring"


@pytest.mark.parametrize("recipe", ALL, ids=lambda r: r.name)
def test_a_server_that_is_named_but_does_not_answer_stops_the_tests(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(recipe.variable, recipe.url.format(port=9))

    with pytest.raises(NoService, match=f"{recipe.variable} is set"):
        find(recipe)


@pytest.fixture
def only_private(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Neither named nor running servers count; private ones live below this folder."""
    monkeypatch.setenv("HUB_TEST_IGNORE_RUNNING", "1")
    for recipe in ALL:
        monkeypatch.delenv(recipe.variable, raising=False)
    with tempfile.TemporaryDirectory(prefix="hub-", dir="/tmp") as folder:  # short: a socket's path has 107 bytes
        Path(folder).chmod(0o755)
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ALL, ids=lambda r: r.name)
def test_a_private_server_answers_and_leaves_nothing_behind(recipe: Recipe, only_private: Path) -> None:
    service = find(recipe)
    recipe.probe(service.url)
    service.stop()

    assert "private" in service.origin or "container" in service.origin
    assert list(only_private.iterdir()) == []
    assert _processes_in(only_private) == []
    with pytest.raises(NotAnswering):
        recipe.probe(service.url)


def test_without_any_road_the_tests_stop_and_say_what_to_do(only_private: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_args, **_kwargs: None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(NoService, match="Set HUB_TEST_RABBITMQ_URL, or start one locally, or install the Debian"):
        find(RABBITMQ)


@pytest.mark.parametrize("recipe", ALL, ids=lambda r: r.name)
def test_a_container_is_reached_from_this_machine_only(recipe: Recipe) -> None:
    command = containers.run_command("podman", recipe.image, {4711: recipe.image_port}, recipe.image_environment, "test")

    assert command[command.index("-p") + 1] == f"127.0.0.1:4711:{recipe.image_port}"
    assert command[-1] == recipe.image


def _processes_in(folder: Path) -> list[str]:
    return [words for command in Path("/proc").glob("[0-9]*/cmdline") if str(folder) in (words := _words(command))]


def _words(command: Path) -> str:
    try:
        return command.read_text(errors="replace")
    except OSError:  # it ended meanwhile
        return ""
