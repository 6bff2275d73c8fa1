"""Landscapes, mappings, settings and stores that cannot be used: said with the place, the reason and the way out."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from hub.store.migrating import newest
from tests.e2e.company import ANA, EVA, JON, LANDSCAPE, MAPPING, Company, clear, found_company, run

GOOD = {"crm:1", "crm:2", "crm:7"}


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return found_company(tmp_path)


# -- a landscape written in haste --


@pytest.mark.parametrize(
    ("wrong", "right", "place", "words"),
    [
        ("  crm:", "\tcrm:", "3:1", ("a tab",)),
        ("systems:", "sistems:", "2:1", ("'sistems'", "did you mean 'systems'")),
        ("mapping: crm", "maping: crm", "8:5", ("did you mean 'mapping'",)),
        ("system: crm", "system: crn", "6:5", ("'crn'", "did you mean 'crm'")),
        ("path: drop", "path: drop, time_zone: Madrid", "3:", ("no time zone", "Europe/Madrid")),
        ("trust: 0.8", "trust: high", "3:", ("from 0 to 1",)),
        ("mapping: crm/customer", "mapping: crm/customer\n    max_deleted_share: lots", "9:5", ("from 0 to 1",)),
        ("mapping: crm/customer", "mapping: crm/customer\n    max_deleted_share: 7", "9:5", ("from 0 to 1",)),
        ("mapping: crm/customer", "mapping: crm/customer\n    alert: soon", "9:5", ("`alert` must be a mapping",)),
        ("key: id}", "children: [1]}", "7:", ("`children` must be a mapping",)),
        ("company:", "systems: {}\ncompany:", "3:1", ("stands here twice",)),
        ("Bad Days", "\0", "1:1", ("not readable as YAML",)),
    ],
)
@pytest.mark.parametrize("command", ["lint", "ingest"])
def test_a_mistake_in_the_landscape_is_shown_with_its_place(
    company: Company, command: str, wrong: str, right: str, place: str, words: tuple[str, ...]
) -> None:
    company.people(ANA)
    company.write("landscape.yaml", LANDSCAPE.replace(wrong, right))
    clear(company(command), 3, f"landscape.yaml:{place}", *words)


@pytest.mark.parametrize(
    ("wrong", "right", "place", "words"),
    [
        ("path: drop", "pth: drop", "3:3", ("no setting 'pth'", "did you mean 'path'")),
        ("kind: file", "kind: fil", "3:3", ("did you mean 'file'",)),
        ("path: drop", "path: 7", "3:3", ("path must be a path",)),
        ("mapping: crm/customer", "mapping: crm/custmer", "5:3", ("'crm/custmer'", "did you mean 'crm/customer'")),
    ],
)
def test_what_a_system_or_a_feed_cannot_use_is_shown_where_it_stands(
    company: Company, wrong: str, right: str, place: str, words: tuple[str, ...]
) -> None:
    company.people(ANA)
    company.write("landscape.yaml", LANDSCAPE.replace(wrong, right))
    clear(company("lint"), 1, f"landscape.yaml:{place}", *words)
    clear(company("ingest"), 3, "crm.people: stopped", f"landscape.yaml:{place}", *words)


def test_an_option_that_no_stream_has_is_found_before_anything_is_read(company: Company) -> None:
    company.write("landscape.yaml", LANDSCAPE.replace("key: id", "kye: id"))
    clear(company("lint"), 1, "landscape.yaml:5:3", "'kye'", "did you mean 'key'")


def test_a_missing_secret_stops_its_own_feed_only_and_is_named(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.people(ANA, JON, EVA)
    feed = "  erp.people: {system: erp, stream: people, mapping: crm/customer}\n"
    head, feeds = LANDSCAPE.split("feeds:\n")
    company.write("landscape.yaml", head + "  erp: {kind: sql, url: env:ERP_URL}\nfeeds:\n" + feed + feeds)
    clear(company("ingest"), 3, "erp.people: stopped", "landscape.yaml:4:3", "ERP_URL is not set")
    assert company.keys() == GOOD
    clear(company("connectors", "check", "erp"), 1, "ERP_URL is not set")
    monkeypatch.setenv("ERP_URL", "postgresql+psycopg://me:hunter2@127.0.0.1:1/x")
    clear(company("ingest", "erp.people"), 4, "does not answer")
    monkeypatch.setenv("ERP_URL", "not a url with hunter2")
    clear(company("ingest", "erp.people"), 3, "no database address", "dialect+driver://")


def test_a_secret_in_plain_sight_is_refused_and_not_repeated(company: Company) -> None:
    company.write(
        "landscape.yaml", LANDSCAPE.replace("{kind: file, path: drop", '{kind: sql, url: "postgresql://me:hunter2@h/x"')
    )
    clear(company("lint"), 1, "landscape.yaml:3:3", "env:NAME")
    clear(company("ingest"), 3, "env:NAME")


# -- a mapping written in haste --


@pytest.mark.parametrize(
    ("wrong", "right", "place", "words"),
    [
        ("  kind:", "\tkind:", "6:1", ("a tab",)),
        ("fields:", "filds:", "5:1", ("did you mean 'fields'",)),
        ("name.given:", "name.givn:", "7:3", ("did you mean 'name.given'",)),
        ("email(", "emial(", "10:", ("did you mean 'email'",)),
        ("name.given: first", 'name.given: "first ||"', "7:", ("ends too early",)),
        ("to: customer", "to: custmer", "3:1", ("did you mean 'customer'",)),
        ("type: date", "type: dat", "9:", ("did you mean 'date'",)),
        ("name.given: first", "name.given: {lookup: names, of: first}", "7:", ("no code list 'names'", "codes/names.yaml")),
        ("version: 1", "version: 1\nversion: 2", "2:1", ("stands here twice",)),
    ],
)
def test_a_mistake_in_a_mapping_stops_its_feed_and_is_shown_with_its_place(
    company: Company, wrong: str, right: str, place: str, words: tuple[str, ...]
) -> None:
    company.people(ANA)
    company.write("mappings/crm/customer.yaml", MAPPING.replace(wrong, right))
    clear(company("lint"), 1, f"customer.yaml:{place}", *words)
    clear(company("ingest"), 3, "crm.people: stopped", f"customer.yaml:{place}", *words)


# -- settings and stores --


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("HUB_BATCH", "3", ("HUB_BATCH", "did you mean 'HUB_BATCH_SIZE'")),
        ("HUB_BATCH_SIZE", "0", ("above 0",)),
        ("HUB_AS_OF", "tomorrow", ("HUB_AS_OF must be a date",)),
        ("HUB_DATABASE_URL", "mysql://me:hunter2@h/x", ("sqlite or postgresql",)),
        ("HUB_BUS_URL", "kafka://me:hunter2@h/", ("HUB_BUS_URL", "amqp://")),
        ("HUB_HOME", "/nowhere/at/all", ("/nowhere/at/all", "--home")),
    ],
)
def test_a_wrong_setting_is_named(
    company: Company, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: tuple[str, ...]
) -> None:
    company.people(ANA)
    monkeypatch.setenv("HUB_HOME", str(company.home))
    monkeypatch.setenv(name, value)
    clear(run("ingest"), 3, *words)


def test_a_broker_that_does_not_answer_is_tried_later(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.people(ANA)
    monkeypatch.setenv("HUB_BUS_URL", "amqp://me:hunter2@127.0.0.1:1/")
    clear(company("ingest", "--no-work"), 4, "broker does not answer", "HUB_BUS_URL")


def test_a_store_that_does_not_answer_is_tried_later(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", "postgresql+psycopg://me:hunter2@127.0.0.1:1/x")
    clear(company("ingest"), 4, "store does not answer", "HUB_DATABASE_URL")
    clear(company("doctor", "--no-systems"), 1, "me:***@")


def test_a_locked_store_is_tried_later(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company("migrate")
    company.people(ANA)
    monkeypatch.setattr("hub.store.store._BUSY_SECONDS", 0.05)
    other = sqlite3.connect(company.home / ".hub/hub.db", isolation_level=None)
    other.execute("begin immediate")
    clear(company("ingest"), 4, "store is busy")
    other.execute("rollback")
    other.close()
    clear(company("ingest"), 0)
    assert company.keys() == {"crm:1"}


def test_a_store_of_a_newer_version_is_left_alone(company: Company) -> None:
    company("migrate")
    with sqlite3.connect(company.home / ".hub/hub.db") as base:
        base.execute("update alembic_version set version_num = '9999'")
    base.close()
    clear(company("golden", "list"), 3, "9999", "a newer version")
    clear(company("doctor", "--no-systems"), 1, "9999")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", ("HUB_DATABASE_URL is no database URL", "sqlite:///", "postgresql+psycopg://")),
        ("postgresql+nonsense://h/x", ("no driver for postgresql+nonsense", "goldenhub[postgres]")),
        ("sqlite:///{home}/taken/hub.db", ("{home}/taken", "cannot be made", "File exists")),
        ("sqlite:///{home}/drop", ("{home}/drop", "cannot be opened")),
    ],
)
@pytest.mark.parametrize("command", ["migrate", "ingest"])
def test_a_store_that_cannot_be_there_is_explained(
    company: Company, monkeypatch: pytest.MonkeyPatch, command: str, url: str, words: tuple[str, ...]
) -> None:
    company.people(ANA)
    company.write("taken", "a file where a folder should be")
    monkeypatch.setenv("HUB_DATABASE_URL", url.format(home=company.home))
    clear(company(command), 3, *(word.format(home=company.home) for word in words))


def test_a_file_that_is_no_database_is_left_as_it_is(company: Company) -> None:
    held = company.write(".hub/hub.db", b"this is no database" * 99)
    for command in ("migrate", "ingest"):
        clear(company(command), 3, str(held), "no SQLite database", "move that file away")
    clear(company("doctor", "--no-systems"), 1, "SQLite", "HUB_DATABASE_URL")
    assert held.read_bytes() == b"this is no database" * 99


def test_tables_of_a_newer_version_are_not_migrated(company: Company) -> None:
    company.people(ANA)
    company("migrate")
    with sqlite3.connect(company.home / ".hub/hub.db") as base:
        base.execute("update alembic_version set version_num = '9999'")
    base.close()
    for words in (("migrate",), ("ingest",), ("migrate", "--to", "9999")):
        clear(company(*words), 3, "at 9999", f"up to {newest()}", "a newer version")


def test_a_revision_that_is_not_there_is_named(company: Company) -> None:
    company("migrate")
    clear(company("migrate", "--to", "9999"), 3, "no revision '9999'", f"from {newest()}", "`head`")
