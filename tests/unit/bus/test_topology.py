"""The declaration of the topology, and what is printed from it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from pika import exceptions

from hub.bus.asyncapi import document
from hub.bus.capabilities import broker
from hub.bus.line import why
from hub.bus.topology import spoken, topology
from hub.errors import BadSettings, Unavailable
from hub.records import Operation

HUB = topology(["customer", "order"])


def test_no_queue_loses_the_oldest_silently_and_all_are_quorum_queues() -> None:
    for queue in HUB.queues:
        assert queue.arguments["x-queue-type"] == "quorum"
        if "x-dead-letter-exchange" in queue.arguments:
            assert queue.arguments["x-dead-letter-strategy"] == "at-least-once"
            assert queue.arguments["x-overflow"] == "reject-publish"


def test_every_entity_is_bound_to_its_stage_in_every_lane() -> None:
    bound = {(one.exchange, one.key, one.queue) for one in HUB.bindings}

    assert ("hub.records", "customer.#", "hub.resolve.live") in bound
    assert ("hub.records.bulk", "order.#", "hub.attach.bulk") in bound
    assert len([one for one in HUB.bindings if one.exchange.startswith("hub.records")]) == 6


def test_a_retry_goes_back_to_the_queue_that_its_routing_key_names() -> None:
    (rung,) = [one for one in HUB.queues if one.name == "hub.retry.5m"]

    assert rung.arguments["x-message-ttl"] == 300_000
    assert rung.arguments["x-dead-letter-exchange"] == ""
    assert "x-dead-letter-routing-key" not in rung.arguments


def test_the_limits_hold_for_every_queue_of_the_hub_and_for_no_other() -> None:
    pattern = re.compile(HUB.limits()["pattern"])

    assert [one.name for one in HUB.queues if not pattern.search(one.name)] == []
    assert [name for name in ("hub.golden.of-a-subscriber", "hub.in.2", "the.hub.in", "hubs.in") if pattern.search(name)] == []


def test_waits_are_spelled_as_people_say_them() -> None:
    waits = [timedelta(seconds=5), timedelta(minutes=5), timedelta(hours=1), timedelta(seconds=90), timedelta(milliseconds=50)]

    assert [*map(spoken, waits)] == ["5s", "5m", "1h", "90s", "50ms"]


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    told = document(HUB)
    found: list[str] = []

    def look(part: object) -> None:
        if isinstance(part, dict):
            found.extend([part["$ref"]] if "$ref" in part else [])
            for one in part.values():
                look(one)
        elif isinstance(part, list):
            for one in part:
                look(one)

    look(told)
    assert told["asyncapi"] == "3.0.0"
    assert found
    for reference in found:
        place: object = told
        for step in reference.removeprefix("#/").split("/"):
            assert isinstance(place, dict)
            place = place[step]
    for channel in told["channels"].values():
        assert set(re.findall(r"{(\w+)}", channel["address"])) == set(channel.get("parameters", {}))


@pytest.mark.parametrize(
    ("version", "nack_is_free", "tried"), [("3.10.8", False, True), ("4.2.1", False, False), ("4.3.0", True, False)]
)
def test_what_a_broker_can_do_is_read_from_its_version(version: str, nack_is_free: bool, tried: bool) -> None:
    found = broker({"product": "RabbitMQ", "version": version.encode()})

    assert (found.can("nack_is_free"), found.tried, found.can("keeps_letters")) == (nack_is_free, tried, True)
    assert ("have not run" in str(found)) is not tried


@pytest.mark.parametrize(
    "told", [{"product": "RabbitMQ", "version": "3.8.9"}, {"product": "Qpid", "version": "9.0"}, {}, None, b"x"]
)
def test_a_broker_that_cannot_be_used_is_refused(told: object) -> None:
    with pytest.raises(BadSettings, match=r"3\.10 or newer"):
        broker(told)


def test_only_what_the_broker_itself_says_is_a_matter_for_a_person() -> None:
    refused = exceptions.ProbableAuthenticationError("ConnectionClosedByBroker: (403) 'ACCESS_REFUSED - Login was refused'")
    killed = exceptions.ProbableAuthenticationError("StreamLostError: ('Transport indicated EOF',)")
    no_vhost = exceptions.ConnectionClosedByBroker(530, "NOT_ALLOWED - vhost x not found")
    starting = exceptions.ConnectionClosedByBroker(541, "INTERNAL_ERROR - vhost '/' is down")

    assert [type(why(one)) for one in (refused, killed, no_vhost, starting)] == [
        BadSettings,
        Unavailable,
        BadSettings,
        Unavailable,
    ]


def test_the_asyncapi_document_names_the_operations_that_are_taken() -> None:
    channels = document(HUB)["channels"]

    pushed = channels["hub.in"]["parameters"]["operation"]["enum"]
    carried = channels["hub.records"]["parameters"]["operation"]["enum"]
    assert set(pushed) == set(Operation) - {Operation.WITHDRAWN}
    assert set(carried) == {*Operation, "batch"}
