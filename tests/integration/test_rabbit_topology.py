"""What the hub declares at a broker, and what it says of one that has it otherwise."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pika.exceptions import NackError

from hub.bus.declaring import blocking, counts, declare
from hub.bus.limiting import limit
from hub.bus.topology import topology
from hub.contract import Secret
from hub.errors import BadSettings, HubError, Unavailable
from hub.settings import Settings
from hub.store.store import Store
from tests.contract.buses import Rabbit, record, remove
from tests.services.brokers import OwnBroker
from tests.waiting import PATIENCE

LIMITS = {"max-length-bytes": 2**31, "overflow": "reject-publish"}


@pytest.fixture
def settings(rabbitmq_url: str) -> Iterator[Settings]:
    made = Settings(bus_url=Secret(rabbitmq_url), bus_prefix=f"t{uuid.uuid4().hex[:10]}")
    yield made
    with blocking(made) as connection:
        channel = connection.channel()
        for queue in topology([], made.bus_prefix).queues:
            channel.queue_delete(queue.name)
        for exchange in topology([], made.bus_prefix).exchanges:
            channel.exchange_delete(exchange.name)


def test_declaring_twice_changes_nothing_and_then_it_is_there(settings: Settings) -> None:
    wanted = topology(["customer"], settings.bus_prefix)

    declare(settings, wanted)
    declare(settings, wanted)
    found = declare(replace(settings, bus_declare="passive"), wanted)

    assert found.product == "RabbitMQ"
    assert set(counts(settings, wanted).values()) == {0}


def test_looking_only_says_what_is_missing_and_declares_nothing(settings: Settings) -> None:
    with pytest.raises(BadSettings, match=r"has no exchange .*HUB_BUS_DECLARE=create"):
        declare(replace(settings, bus_declare="passive"), topology(["customer"], settings.bus_prefix))

    assert set(counts(settings, topology([], settings.bus_prefix)).values()) == {None}


def test_declaring_nothing_asks_for_nothing(settings: Settings) -> None:
    declare(replace(settings, bus_declare="none"), topology(["customer"], settings.bus_prefix))

    assert set(counts(settings, topology([], settings.bus_prefix)).values()) == {None}


@pytest.mark.parametrize(
    ("changed", "argument", "wanted", "found"),
    [
        ({"x-delivery-limit": 7}, "x-delivery-limit", "1000", "7"),
        ({"x-overflow": None}, "x-overflow", "reject-publish", "none"),
        ({"x-dead-letter-exchange": "others"}, "x-dead-letter-exchange", "hub.dead", "others"),
    ],
)
def test_a_queue_that_exists_with_other_arguments_is_named_with_both_values(
    settings: Settings, changed: dict[str, object], argument: str, wanted: str, found: str
) -> None:
    name = f"{settings.bus_prefix}.resolve.live"
    ours = next(queue.arguments for queue in topology([], settings.bus_prefix).queues if queue.name == name)
    theirs = {key: value for key, value in (ours | changed).items() if value is not None}
    with blocking(settings) as connection:
        connection.channel().queue_declare(name, durable=True, arguments=theirs)

    with pytest.raises(BadSettings) as refused:
        declare(settings, topology(["customer"], settings.bus_prefix))

    said = refused.value
    assert (said.object, said.argument, said.wanted) == (name, argument, wanted.replace("hub.", f"{settings.bus_prefix}."))
    assert found in said.found
    assert "Delete it once it is empty" in said.message
    assert "HUB_BUS_PREFIX" in said.message


def test_an_exchange_of_another_kind_is_named(settings: Settings) -> None:
    with blocking(settings) as connection:
        connection.channel().exchange_declare(f"{settings.bus_prefix}.golden", "direct", durable=True)

    with pytest.raises(
        BadSettings, match=r"exchange .*\.golden exists with another type: the hub wants topic, there it is direct"
    ):
        declare(settings, topology([], settings.bus_prefix))


def test_a_queue_that_nobody_declared_is_missed_by_who_consumes_it(settings: Settings, sqlite_store: Store) -> None:
    url = settings.bus_url.reveal()
    twin = Rabbit.at(sqlite_store, url, prefix=settings.bus_prefix, bus_declare="none", patience=60.0)

    with pytest.raises(BadSettings, match="has no queue"):
        twin.bus.take("resolve", 10)
    with pytest.raises(BadSettings, match="no such exchange"):
        twin.publish([record(1)])
    twin.bus.close()


def test_a_wrong_login_is_told_as_what_it_is(settings: Settings) -> None:
    url = settings.bus_url.reveal().replace("guest:guest", "guest:wrong")

    with pytest.raises(BadSettings, match="refuses"):
        declare(replace(settings, bus_url=Secret(url)), topology([], "hub"))


def test_the_definitions_are_what_the_program_declares(own_broker: OwnBroker, tmp_path: Path) -> None:
    settings = Settings(bus_url=Secret(own_broker.url()), bus_prefix=f"t{uuid.uuid4().hex[:10]}")
    wanted = topology(["customer", "order"], settings.bus_prefix)
    path = own_broker.folder / "definitions.json"
    path.write_text(json.dumps(wanted.definitions()))
    shutil.chown(path, own_broker.folder.owner())

    own_broker.control("import_definitions", str(path))
    declare(replace(settings, bus_declare="passive"), wanted)
    declare(settings, wanted)

    said = own_broker.control("list_policies", "--formatter", "json", "--silent")
    mine = [one for one in json.loads(said) if one["name"].startswith(settings.bus_prefix)]
    assert [json.loads(one["definition"]) for one in mine] == [LIMITS]
    own_broker.control("clear_policy", mine[0]["name"])


@pytest.fixture
def at_own_broker(own_broker: OwnBroker) -> Iterator[Settings]:
    made = Settings(bus_url=Secret(own_broker.url()), bus_prefix=f"t{uuid.uuid4().hex[:10]}")
    yield made
    for name in policies(own_broker, made.bus_prefix):
        own_broker.control("clear_policy", name)


def policies(broker: OwnBroker, prefix: str) -> dict[str, dict[str, object]]:
    said = json.loads(broker.control("list_policies", "--formatter", "json", "--silent"))
    return {one["name"]: json.loads(one["definition"]) for one in said if one["name"].startswith(prefix)}


def test_the_limits_are_set_over_the_management_interface(own_broker: OwnBroker, at_own_broker: Settings) -> None:
    wanted = topology(["customer"], at_own_broker.bus_prefix)

    told = limit(at_own_broker, wanted, own_broker.management + "/")

    assert policies(own_broker, at_own_broker.bus_prefix) == {told["name"]: LIMITS}


@pytest.mark.parametrize(
    ("url", "management", "error", "said"),
    [
        ("{url}", "ftp://127.0.0.1", BadSettings, "no address of a management interface"),
        ("{url}", "http://127.0.0.1:9", Unavailable, "No management interface answers"),
        ("amqp://guest:wrong@127.0.0.1:{port}/%2F", "{management}", BadSettings, "tag policymaker"),
        ("amqp://guest:guest@127.0.0.1:{port}/nowhere", "{management}", HubError, "nowhere|400"),
    ],
)
def test_what_keeps_the_limits_from_being_set_is_told(
    own_broker: OwnBroker, at_own_broker: Settings, url: str, management: str, error: type[HubError], said: str
) -> None:
    facts = {"url": own_broker.url(), "port": own_broker.port, "management": own_broker.management}
    settings = replace(at_own_broker, bus_url=Secret(url.format(**facts)))

    with pytest.raises(error, match=said):
        limit(settings, topology([], settings.bus_prefix), management.format(**facts))


def test_limits_that_an_operator_changed_stay(own_broker: OwnBroker, at_own_broker: Settings) -> None:
    policy = topology([], at_own_broker.bus_prefix).limits()
    own_broker.limit(policy)
    assert policies(own_broker, at_own_broker.bus_prefix) == {policy["name"]: LIMITS}

    own_broker.control("set_policy", "--apply-to", "queues", policy["name"], policy["pattern"], '{"max-length-bytes": 7}')
    own_broker.limit(policy)

    assert policies(own_broker, at_own_broker.bus_prefix) == {policy["name"]: {"max-length-bytes": 7}}


def test_a_full_queue_of_strangers_refuses_and_keeps_what_it_has(own_broker: OwnBroker, at_own_broker: Settings) -> None:
    """What nobody wants fills no disk: who publishes it hears that it was not taken."""
    wanted = topology(["customer"], at_own_broker.bus_prefix)
    policy = wanted.limits()
    declare(at_own_broker, wanted)
    own_broker.limit(policy | {"definition": policy["definition"] | {"max-length-bytes": 2000}})

    refused, sent = 0, 0
    with blocking(at_own_broker) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        while not refused and sent < 200:
            try:
                channel.basic_publish(wanted.names.records("live"), "nobody.crm.upsert.v1", b"x" * 500)
                sent += 1
            except NackError:
                refused += 1

    assert refused == 1
    assert counts(at_own_broker, wanted)[wanted.names.unrouted] == sent


def test_what_finds_no_queue_becomes_a_dead_letter(rabbitmq_url: str, sqlite_store: Store) -> None:
    twin = Rabbit.at(sqlite_store, rabbitmq_url)
    twin.publish([record(1), record(2), record(3, "invoice")])  # nobody bound invoices here
    twin.work(twin.taken())

    assert (twin.depth(), twin.dead()) == (1, 0)
    assert _collected(twin) == 1
    assert (twin.depth(), twin.dead()) == (0, 1)
    twin.remove()


def test_what_the_broker_gave_up_on_becomes_dead_letters_record_by_record(rabbitmq_url: str, sqlite_store: Store) -> None:
    twin = Rabbit.at(sqlite_store, rabbitmq_url)
    twin.publish([record(1), record(2), record(3)])
    part = twin.taken()
    with twin.store.begin() as tx:
        twin.bus.settle_in(tx, part.only([1]))
    twin.bus.close()
    with blocking(twin.settings) as connection:
        channel = connection.channel()
        method, _, _ = channel.basic_get(twin.rabbit.topology.names.work("resolve", "live"))
        channel.basic_reject(method.delivery_tag, requeue=False)

    assert _collected(twin) == 1
    assert (twin.depth(), twin.dead()) == (0, 2)
    twin.remove()


def _collected(twin: Rabbit) -> int:
    twin.rabbit._subscribe([(twin.rabbit.topology.names.dead, 10), (twin.rabbit.topology.names.unrouted, 10)])
    queues = [twin.rabbit.topology.names.dead, twin.rabbit.topology.names.unrouted]
    assert twin.rabbit._consumer.wait(queues, PATIENCE)
    return twin.bus.collect_dead()


def test_two_hubs_share_a_virtual_host_by_their_prefixes(rabbitmq_url: str, sqlite_store: Store) -> None:
    one, other = Rabbit.at(sqlite_store, rabbitmq_url), Rabbit.at(sqlite_store, rabbitmq_url)
    one.publish([record(1)])

    assert other.take() is None
    assert one.drain() == ["run:1"]
    other.remove()
    one.bus.close()
    remove(one.rabbit)
