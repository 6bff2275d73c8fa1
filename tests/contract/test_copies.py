"""Golden records are computed: who writes to one is answered with his own record, who sends one back is no witness of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.app import Hub
from hub.app.copies import _Said, _stripped
from hub.app.receiving import Receipt
from hub.contract import Secret
from hub.records import Data
from hub.settings import Settings
from hub.store import goldens, rejects, sources
from hub.store.goldens import Golden

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
LANDSCAPE = """\
company: Copies Ltd
systems:
  erp: {kind: file, path: drop, trust: 0.9}
  crm: {kind: file, path: drop, trust: 0.8}
feeds:
  erp.people: {system: erp, stream: {name: people.csv, key: id}, mapping: crm/customer}
  crm.people: {system: crm, stream: {name: people.csv, key: id}, mapping: crm/customer}
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
  birth_date: {path: born, type: date}
  language: lang
  emails: {each: "mails || `[]`", as: {address: email(item), type: "'main'"}}
  source.golden_id: golden
"""
ANA: Data = {"first": "Ana", "last": "Gil Romero", "born": "1980-02-03", "mails": ["ana.gil@example.com"]}


class Copied:
    """A hub that two systems push into."""

    def __init__(self, url: str, home: Path) -> None:
        (home / "mappings" / "crm").mkdir(parents=True)
        (home / "mappings" / "crm" / "customer.yaml").write_text(MAPPING)
        (home / "landscape.yaml").write_text(LANDSCAPE)
        ticks = count(1)
        self.hub = Hub(Settings(home=home, database_url=Secret(url)), lambda: START + timedelta(milliseconds=next(ticks)))
        self.hub.migrate()

    def push(self, system: str, key: str, **said: object) -> Receipt:
        (receipt,) = self.hub.receive(f"{system}.people", [{"id": key} | said])
        self.hub.work()
        return receipt

    def golden(self, system: str, key: str) -> Golden:
        with self.hub.store.read() as tx:
            found = goldens.behind_key(tx, "customer", (system, key))
            assert found is not None
            return goldens.by_id(tx, [found])[found]

    def said(self, system: str, key: str) -> Data | None:
        with self.hub.store.read() as tx:
            head = sources.heads(tx, "customer", [(system, key)]).get((system, key))
        return None if head is None else {k: v for k, v in head.record.data.items() if k not in ("source", "flags")}


@pytest.fixture
def copied(store_url: str, tmp_path: Path) -> Iterator[Copied]:
    made = Copied(store_url, tmp_path)
    made.push("erp", "1", **ANA, lang="es")
    yield made
    assert made.hub.rebuild()[1] == []
    assert all(balance["leakage"] == 0 for balance in made.hub.accounting().values())
    made.hub.close()


def test_14_a_record_under_a_golden_id_is_answered_with_the_systems_own_record(copied: Copied) -> None:
    copied.push("crm", "7", **ANA)
    before = copied.golden("erp", "1")
    answer = copied.push("crm", before.id, **ANA | {"first": "Anabel"})

    assert (answer.state, answer.code) == ("rejected", "golden_not_written")
    assert "crm:7" in answer.reason and "erp" not in answer.reason
    assert copied.golden("erp", "1") == before
    with copied.hub.store.read() as tx:
        (kept,) = rejects.listed(tx)
    assert kept.reject.facts["records"] == ["crm:7"]


def test_14_who_has_no_record_there_is_told_so(copied: Copied) -> None:
    answer = copied.push("crm", copied.golden("erp", "1").id, **ANA)

    assert "under a key of your own" in answer.reason
    assert copied.push("crm", "01890000-0000-7000-8000-000000000000", **ANA).state == "accepted"  # nobody's id


def test_15_a_golden_record_sent_back_as_its_own_is_no_evidence_for_itself(copied: Copied) -> None:
    before = copied.golden("erp", "1")
    answer = copied.push("crm", "7", **ANA, lang="es", golden=before.id)

    assert (answer.state, answer.code) == ("rejected", "golden_copied")
    assert copied.said("crm", "7") is None
    assert copied.golden("erp", "1") == before


def test_15_what_was_copied_does_not_outlive_its_source(copied: Copied) -> None:
    copied.push("crm", "7", **ANA, lang="ca")
    golden = copied.golden("crm", "7")
    assert (golden.id, golden.data["language"]) == (copied.golden("erp", "1").id, "ca")
    copied.push("erp", "1", **ANA | {"last": "Gil Soler"}, lang="fr")
    copied.push("crm", "7", **ANA | {"last": "Gil Soler"}, lang="fr", golden=golden.id)

    assert copied.said("crm", "7") == {
        "kind": "person", "name": {"given": "Ana", "family": "Gil Romero"}, "birth_date": "1980-02-03", "language": "ca",
        "emails": [{"address": "ana.gil@example.com", "type": "main"}],
    }  # fmt: skip
    copied.push("erp", "1", **ANA, lang="pt")
    assert copied.golden("erp", "1").data["language"] == "pt"


def test_15_a_word_of_its_own_among_copied_ones_counts(copied: Copied) -> None:
    copied.push("crm", "7", **ANA)
    golden = copied.golden("erp", "1")
    copied.push("crm", "7", **ANA | {"mails": ["ana.gil@example.com", "ana@work.example"]}, lang="es", golden=golden.id)

    told = copied.said("crm", "7")
    assert told is not None and "language" not in told
    assert [one["address"] for one in told["emails"]] == ["ana.gil@example.com", "ana@work.example"]
    assert len(copied.golden("crm", "7").data["emails"]) == 2


def test_15_an_id_that_is_none_takes_nothing_away(copied: Copied) -> None:
    assert copied.push("crm", "7", **ANA, lang="de", golden="G-1").state == "accepted"
    assert (copied.said("crm", "7") or {})["language"] == "de"


words = st.sampled_from(("a", "b", "c"))
people = st.fixed_dictionaries(
    {},
    optional={
        "language": words,
        "name": st.fixed_dictionaries({}, optional={"given": words, "family": words}),
        "emails": st.lists(words.map(lambda word: {"address": f"{word}@x.example"}), min_size=1, max_size=3),
    },
)


@given(sent=people, told=people, before=people)
def test_nothing_comes_of_a_copy_that_was_not_sent_or_said_before(sent: Data, told: Data, before: Data) -> None:
    said, own, given_, kept = _Said(), _Said(), _Said(), _Said()
    said.add(told)
    own.add(before)
    given_.add(sent)
    left = _stripped(sent, said, own, before, "")
    kept.add(left)

    assert kept.values <= given_.values | own.values
    assert kept.items <= given_.items
    assert kept.values & said.values <= own.values  # what only the golden record said is gone
    assert kept.items & said.items <= own.items
    assert given_.values - said.values <= kept.values  # what it never said is kept
    assert given_.items - said.items <= kept.items
    assert _stripped(left, said, own, before, "") == left
