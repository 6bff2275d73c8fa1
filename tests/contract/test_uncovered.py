"""What landed, and the cursor does not cover since the run ended before: nothing of it is forgotten, deletions least of all."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hub.app import Hub, open_hub
from hub.contract import Secret
from hub.records import Operation
from hub.settings import Settings
from hub.store import sources

LANDSCAPE = """\
company: Uncovered Ltd
systems:
  crm: {kind: sql, url: "env:CRM_URL", time_zone: UTC}
  drop: {kind: file, path: drop}
feeds:
  crm.people:
    system: crm
    stream: {name: people, key: id}
    cursor: {column: changed_at, lag: 1m, sweep: every_run}
    mapping: crm/customer
    max_deleted_share: 1.0
  drop.people:
    system: drop
    stream: {name: people.csv, key: id}
    mapping: crm/customer
    max_deleted_share: 1.0
"""
MAPPING = """\
version: 1
from: people
to: customer
key: id
fields:
  kind: "'person'"
  name.given: first
  name.family: last
ignore: [changed_at]
"""


class Ended(BaseException):
    """The run ends here, as if its process were killed."""


class Source:
    """People in a table and in a file, alike."""

    def __init__(self, home: Path) -> None:
        self.home, self.people = home, dict[int, str]()
        with closing(sqlite3.connect(home / "crm.db")) as crm:
            crm.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, first TEXT, last TEXT, changed_at TEXT)")
        (home / "drop").mkdir()

    def holds(self, **people: str) -> None:
        with closing(sqlite3.connect(self.home / "crm.db")) as crm, crm:
            crm.execute("DELETE FROM people")
            rows = [(key[1:], name, "Gil", "2026-03-01 10:00:00") for key, name in people.items()]
            crm.executemany("INSERT INTO people VALUES (?, ?, ?, ?)", rows)
        lines = [f"{key[1:]},{name},Gil,2026-03-01\n" for key, name in people.items()]
        (self.home / "drop" / "people.csv").write_text("id,first,last,changed_at\n" + "".join(lines))


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    (tmp_path / "landscape.yaml").write_text(LANDSCAPE)
    (tmp_path / "mappings" / "crm").mkdir(parents=True)
    (tmp_path / "mappings" / "crm" / "customer.yaml").write_text(MAPPING)
    monkeypatch.setenv("CRM_URL", f"sqlite:///{tmp_path / 'crm.db'}")
    return Source(tmp_path)


@pytest.fixture
def hub(source: Source, store_url: str) -> Iterator[Hub]:
    with open_hub(Settings(home=source.home, database_url=Secret(store_url))) as opened:
        opened.migrate()
        yield opened


def ends_after_landing(hub: Hub, feed: str) -> None:
    def end(what: str, done: int, total: int | None) -> None:
        raise Ended

    with pytest.raises(Ended):
        hub.ingest([feed], tell=end)


def live(hub: Hub, system: str) -> set[str]:
    with hub.reading() as tx:
        heads = sources.heads(tx, "customer", [(system, str(key)) for key in range(1, 6)])
    assert all(head.live or head.record.operation is Operation.DELETED for head in heads.values())
    return {key for (_, key), head in heads.items() if head.live}


@pytest.mark.parametrize("feed", ["crm.people", "drop.people"])
def test_a_record_that_landed_in_a_run_that_ended_early_and_is_gone_by_the_next_is_deleted(
    hub: Hub, source: Source, feed: str
) -> None:
    system = feed.partition(".")[0]
    source.holds(k1="Ana", k2="Bea")
    ends_after_landing(hub, feed)  # the very first run
    source.holds(k2="Bea", k3="Carl")
    hub.ingest([feed])
    hub.work()
    assert live(hub, system) == {"2", "3"}

    source.holds(k2="Bea", k3="Carl", k4="Dora", k5="Eva")
    ends_after_landing(hub, feed)
    source.holds(k2="Bea", k3="Carl", k5="Eva")
    ends_after_landing(hub, feed)
    source.holds(k2="Bea", k3="Carl")
    (report,) = hub.ingest([feed])
    hub.work()
    assert live(hub, system) == {"2", "3"}
    assert report.state == "done"

    (again,) = hub.ingest([feed])  # covered now: nothing is told twice
    assert again.read == 0


@pytest.mark.parametrize("feed", ["crm.people", "drop.people"])
def test_a_deletion_that_landed_in_a_run_that_ended_early_is_not_taken_back_nor_needed_again(
    hub: Hub, source: Source, feed: str
) -> None:
    system = feed.partition(".")[0]
    source.holds(k1="Ana", k2="Bea")
    hub.ingest([feed])
    source.holds(k2="Bea")
    ends_after_landing(hub, feed)
    hub.ingest([feed])
    hub.work()
    assert live(hub, system) == {"2"}
    source.holds(k1="Ana", k2="Bea")
    hub.ingest([feed])
    hub.work()
    assert live(hub, system) == {"1", "2"}
