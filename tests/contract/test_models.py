"""The life of a model, on SQLite and PostgreSQL: what is simulated is what happens, and a rollback brings back what was."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from copy import deepcopy
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hub.app import ENTITY, Hub, open_hub, untold
from hub.app.modelling.applying import apply, rollback
from hub.app.modelling.estimating import Estimate
from hub.app.modelling.proposing import is_due
from hub.app.modelling.simulating import Simulation, simulate
from hub.app.modelling.training import find, propose, train
from hub.contract import Secret
from hub.errors import BadModel, Rejected
from hub.matching.rules import read_weights
from hub.model import load_model
from hub.records import Data, Decision, RecordRef
from hub.resolve.asking import question
from hub.settings import Settings
from hub.store import goldens, models, tasks
from hub.store.models import StoredModel
from hub.store.tables import metadata
from tests.contract.histories import FOLDER
from tests.e2e.company import HEADER, LANDSCAPE, Company, found_company
from tests.waiting import PATIENCE

TWO_SYSTEMS = LANDSCAPE.replace("feeds:\n", "  web: {kind: file, path: web, trust: 0.3}\nfeeds:\n") + (
    "  web.people: {system: web, stream: {name: people.csv, key: id}, mapping: crm/customer}\n"
)
FAMILIES = ("Gil", "Ruiz", "Weber", "Okafor", "Lindqvist", "Moreau", "Castellano", "Zielinska", "Haddad", "Brandt")
GIVEN = ("Ana", "Jonas", "Marta", "Luis", "Ingrid", "Pavel")
SHIPPED = read_weights(FOLDER / "model.json")


def people(system: str, number: int, seed: int = 3) -> list[str]:
    """Rows of one system. Of most people the other has a row too: with a slip, another date, no mail, or a namesake's."""
    made = []
    for who in range(number):
        same, own = random.Random(seed * 1000 + who), random.Random(f"{system}{seed}{who}")
        given, family = same.choice(GIVEN), same.choice(FAMILIES)
        born = f"19{same.randrange(50, 60)}-{same.randrange(1, 4):02}-{same.randrange(1, 9):02}"
        mail = f"{given}.{family}{who % 7}@example.com".lower()
        if own.random() < 0.3:
            given = given[0]
        if own.random() < 0.3:
            born = born[:-1] + str(own.randrange(1, 9))
        if own.random() < 0.4:
            mail = ""
        if own.random() < 0.2:
            family += own.choice("aeo")
        made.append(f"{who},{given},{family},{born},{mail}\n")
    return made


@pytest.fixture
def company(tmp_path: Path) -> Company:
    made = found_company(tmp_path / "company")
    made.write("landscape.yaml", TWO_SYSTEMS)
    made.people(*people("crm", 60))
    made.write("web/people.csv", HEADER + "".join(people("web", 60)))
    return made


@pytest.fixture
def settings(company: Company, store_url: str) -> Settings:
    return Settings(home=company.home, database_url=Secret(store_url), as_of="2026-06-01")


@pytest.fixture
def hub(settings: Settings) -> Iterator[Hub]:
    with open_hub(settings) as opened:
        opened.migrate()
        work(opened)
        yield opened


def work(hub: Hub) -> None:
    assert all(report.state == "done" for report in hub.ingest())
    hub.work()


def changed(**parts: Any) -> Data:
    """The shipped document with other numbers."""
    document = deepcopy(SHIPPED)
    for name, value in parts.items():
        document[name] = value(document[name]) if callable(value) else value
    return document


def by(bits: int) -> Any:
    return lambda prior: {kind: worth + bits for kind, worth in prior.items()}


def with_level(name: str, level: str, bits: int) -> Any:
    def moved(comparisons: Data) -> Data:
        held = comparisons[name][level]
        return {**comparisons, name: {**comparisons[name], level: [bits, held[1]] if isinstance(held, list) else bits}}

    return moved


LENIENT, STRICT = changed(prior=by(5000)), changed(prior=by(-5000))
OTHERS = {
    "lenient": LENIENT,
    "strict": STRICT,
    "thresholds": changed(thresholds={"review_bits": 0.5, "match_bits": 3.5}),
    "birth": changed(comparisons=with_level("birth_date", "one_digit", 3300)),
    "family": changed(comparisons=with_level("family", "exact", 7000)),
    "common": changed(frequencies=lambda found: {**found, "family": {"1": " ".join(name.lower() for name in FAMILIES)}}),
}


def proposed(hub: Hub, document: Data) -> StoredModel:
    return propose(hub, Estimate(document, {}), models.FILE, "tester", "A test.").model


def seen(hub: Hub, model: StoredModel) -> Simulation:
    """Simulated, as its row says from now on."""
    found = simulate(hub, model, untold)
    assert find(hub, model.version).simulated is not None
    return found


Customers = dict[str, tuple[tuple[RecordRef, ...], Data]]


def customers(hub: Hub) -> Customers:
    with hub.store.read() as tx:
        return {golden.id: (golden.members, golden.data) for golden in goldens.every(tx, ENTITY)}


def asked(hub: Hub) -> dict[Any, Any]:
    with hub.store.read() as tx:
        return {question(one.task): one.task for one in tasks.every(tx, ENTITY)}


def contents(hub: Hub) -> dict[str, list[Any]]:
    """Everything in the store but for the models."""
    with hub.store.read() as tx:
        return {t.name: sorted(map(repr, tx.execute(select(t)))) for t in metadata.sorted_tables if t.name != "models"}


def places(held: Customers) -> dict[RecordRef, str]:
    return {ref: golden for golden, (members, _) in held.items() for ref in members}


def test_the_weights_on_file_are_in_force_first_and_every_hub_takes_them_from_the_store(hub: Hub, company: Company) -> None:
    with hub.store.read() as tx:
        held = models.active(tx, ENTITY)
    assert held is not None
    assert (held.origin, held.document) == (models.SHIPPED, SHIPPED)
    company.write("canonical_model/customer/model.json", "{}")  # what stands in a file moves nothing
    with open_hub(hub.settings) as other:
        other.__dict__["model"] = load_model()
        assert other.rules.model == held.version


def test_training_twice_gives_one_version_and_changes_nothing_else(hub: Hub) -> None:
    before = contents(hub)
    first, second = (train(hub, "tester", untold) for _ in range(2))

    assert first.model.version == second.model.version != hub.rules.model
    assert (first.known, second.known) == (False, True)
    assert first.model.report["records"] == 120
    assert contents(hub) == before


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_simulated_is_what_happens(hub: Hub, name: str) -> None:
    before, stored, asked_before = customers(hub), contents(hub), asked(hub)
    model = proposed(hub, OTHERS[name])
    found = seen(hub, model)
    assert contents(hub) == stored

    done = apply(hub, find(hub, model.version), untold)
    after, asked_after = customers(hub), asked(hub)

    assert found.groups or found.tasks, "a test in which nothing happens tests nothing"
    assert dict(found.announced) == done.outcome.announced
    assert (found.before, found.after) == (len(before), len(after))
    assert new_ids_replaced(found, after) == {
        ref: golden for ref, golden in places(after).items() if places(before)[ref] != golden
    }
    gone = {one.id for one in found.golden if one.fate in ("retired", "ended")}
    assert gone == before.keys() - after.keys()
    told = {one.after: {name: new for name, (_, new) in one.values.items()} for one in found.golden if one.after}
    for members, data in after.values():
        if members in told:
            assert all(data.get(name) == value for name, value in told[members].items())
        else:
            assert (members, data) in before.values()
    assert (done.outcome.tasks_opened, done.outcome.tasks_closed) == tuple(
        sum(one.change == change for one in found.tasks) for change in ("opened", "closed")
    )
    assert len(asked_after) - len(asked_before) == found.tasks_after - found.tasks_before
    assert hub.rebuild()[1] == []


def new_ids_replaced(found: Simulation, after: Customers) -> dict[RecordRef, str]:
    """Records that move, with the ids that were made in place of `new-1`, `new-2`."""
    home = places(after)
    real = {one.id: home[one.after[0]] for one in found.golden if one.fate == "new"}
    return {ref: real.get(golden, golden) for ref, _, golden in found.moved}


@pytest.mark.parametrize("name", OTHERS)
def test_a_rollback_brings_back_customers_values_questions_and_ids(hub: Hub, name: str) -> None:
    before, questions, version = customers(hub), asked(hub), hub.rules.model
    apply(hub, proposed(hub, OTHERS[name]), untold, unseen=True)
    assert customers(hub) != before or asked(hub) != questions

    rollback(hub, untold)

    assert customers(hub) == before
    assert asked(hub) == questions
    assert hub.rebuild()[1] == []
    with hub.store.read() as tx:
        held = models.active(tx, ENTITY)
    assert held is not None
    assert held.version == hub.rules.model == version
    with pytest.raises(Rejected, match="no other model before"):
        rollback(hub, untold)


@pytest.mark.slow
def test_the_bulk_engine_simulates_applies_and_goes_back_the_same(hub: Hub) -> None:
    before, model = customers(hub), proposed(hub, LENIENT)
    told = seen(hub, model)
    assert simulate(hub, model, untold, bulk=True).numbers() == told.numbers()

    apply(hub, find(hub, model.version), untold, bulk=True)
    assert len(customers(hub)) == told.after
    assert hub.rebuild()[1] == []
    rollback(hub, untold, bulk=True)
    assert customers(hub) == before
    assert hub.rebuild()[1] == []


def test_the_cause_is_what_moved_the_pair_over_the_line(hub: Hub) -> None:
    expected = {
        "lenient": ("merge", "prior"),
        "strict": ("split", "prior"),
        "thresholds": ("merge", "threshold"),
        "birth": ("split", "birth_date one_digit"),
        "family": ("split", "family exact"),
        "common": ("split", "rarity of family"),
    }
    for name, (kind, cause) in expected.items():
        found = seen(hub, proposed(hub, OTHERS[name]))
        assert {group.cause.removeprefix("linkage, ") for group in found.groups} == {cause}, name
        assert kind in found.kinds, name


def test_nobody_applies_what_nobody_simulated(hub: Hub) -> None:
    lenient, strict = proposed(hub, LENIENT), proposed(hub, STRICT)
    with pytest.raises(Rejected, match="Nobody simulated"):
        apply(hub, lenient, untold)
    seen(hub, strict)
    apply(hub, lenient, untold, unseen=True)
    with pytest.raises(Rejected, match="was simulated against"):
        apply(hub, find(hub, strict.version), untold)
    with pytest.raises(Rejected, match="in force already"):
        apply(hub, lenient, untold, unseen=True)


def test_a_worker_takes_up_the_model_that_another_one_applied(hub: Hub, company: Company, settings: Settings) -> None:
    old = hub.rules.model
    with open_hub(settings) as other:
        apply(other, proposed(other, LENIENT), untold, unseen=True)
    assert hub.rules.model == old

    company.people(*people("crm", 90))
    company.write("web/people.csv", HEADER + "".join(people("web", 90)))
    work(hub)

    assert hub.rules.model != old
    assert sum(len(members) for members, _ in customers(hub).values()) == 180
    assert hub.rebuild()[1] == []


def test_a_running_resolver_takes_it_up_between_two_batches(hub: Hub, settings: Settings) -> None:
    with hub.store.read() as tx:
        (task, *_) = tasks.every(tx, ENTITY)
    resolver = hub.resolver
    with open_hub(settings) as other:
        model = proposed(other, STRICT)
        apply(other, model, untold, unseen=True)

    with hub.store.begin() as tx:
        resolver.decide(tx, Decision("d1", "same", task.task.left, task.task.right, "maria@example", hub.clock()), hub.as_of)

    assert resolver.rules.model == hub.rules.model == model.version
    assert hub.rebuild()[1] == []


def test_one_whose_files_differ_still_stops_before_anything_moves(hub: Hub, company: Company, settings: Settings) -> None:
    with open_hub(settings) as other:
        apply(other, proposed(other, LENIENT), untold, unseen=True)
    company.write("landscape.yaml", TWO_SYSTEMS.replace("0.3", "0.9"))
    before = contents(hub)

    with pytest.raises(BadModel, match="rebuild --adopt"):
        hub.agree()

    assert contents(hub) == before


def apply_and_die(settings: Settings, version: str, after: int) -> None:
    def tell(what: str, done: int, total: int | None) -> None:
        if what == "bringing records under it" and done >= after:
            os.kill(os.getpid(), signal.SIGKILL)

    with open_hub(settings) as hub:
        apply(hub, find(hub, version), tell, unseen=True)


def test_a_kill_midway_leaves_the_old_model_and_nothing_of_the_new(hub: Hub, settings: Settings) -> None:
    before, version, model = contents(hub), hub.rules.model, proposed(hub, LENIENT)
    dying = get_context("spawn").Process(target=apply_and_die, args=(settings, model.version, 100))
    dying.start()
    dying.join(PATIENCE)

    assert dying.exitcode == -signal.SIGKILL
    assert contents(hub) == before
    assert find(hub, "active").version == version
    assert hub.rebuild()[1] == []

    apply(hub, model, untold, unseen=True)
    assert find(hub, "active").version == model.version
    assert hub.rebuild()[1] == []


def test_too_few_answers_teach_nothing_and_say_so(hub: Hub) -> None:
    with pytest.raises(Rejected, match="needs 30 answers"):
        train(hub, "tester", untold, from_answers=True)


def test_answers_move_weights_and_thresholds(hub: Hub, company: Company) -> None:
    company.people(*people("crm", 130))
    company.write("web/people.csv", HEADER + "".join(people("web", 130)))
    work(hub)
    apply(hub, proposed(hub, changed(prior=by(-6000))), untold, unseen=True)  # so that much is asked
    sets = {ref: members for members, _ in customers(hub).values() for ref in members}
    answered = 0
    for number in range(130):
        one, other = RecordRef("crm", str(number)), RecordRef("web", str(number))
        if sets[one] == sets[other]:
            continue
        with hub.store.begin() as tx:
            verdict = Decision(f"d{number}", "same", (one,), (other,), "maria@example", hub.clock())
            hub.resolver.decide(tx, verdict, hub.as_of)
        answered += 1
    assert answered >= 30, answered

    learned = train(hub, "tester", untold, from_answers=True)

    assert learned.model.origin == models.LEARNED
    assert learned.model.report["answers"] == learned.model.report["same"] == answered
    assert any(change.what == "comparison" for change in learned.changes)
    assert "thresholds need 50" in learned.model.report["thresholds"]["why"]
    assert train(hub, "tester", untold, from_answers=True).model.version == learned.model.version


def test_a_version_is_due_when_twice_as_many_are_held_and_not_before(hub: Hub, company: Company) -> None:
    need = is_due(hub, untold)
    assert need.made_for == SHIPPED["numbers"]["population"]

    trained = train(hub, "tester", untold)
    apply(hub, trained.model, untold, unseen=True)
    assert not is_due(hub, untold).due

    company.people(*people("crm", 150))
    company.write("web/people.csv", HEADER + "".join(people("web", 150)))
    work(hub)
    need = is_due(hub, untold)
    assert need.due
    assert need.population >= 2 * need.made_for
    assert "twice as many" in need.in_words()

    train(hub, "tester", untold, why=need.in_words())
    assert not is_due(hub, untold).due, "one that was proposed for as many waits already"


def test_what_cannot_be_a_model_is_refused_by_its_name(hub: Hub, company: Company) -> None:
    path = company.write("odd.json", '{"prior": {}}')
    with pytest.raises(BadModel, match="lacks numbers, comparisons, frequencies"):
        find(hub, str(path))
    with pytest.raises(Rejected, match="no model 'zzz'"):
        find(hub, "zzz")
