"""The bus as an AsyncAPI 3 document, from the declaration that the program itself uses."""

from __future__ import annotations

from typing import Any

from hub.bus import LANES
from hub.bus.envelopes import BATCH, JSON, MAJOR, PREFIX
from hub.bus.topology import Exchange, Queue, Topology
from hub.records import Operation

VERSION = "3.0.0"
_BINDING = "0.3.0"
_CHANGES = ("created", "updated", "merged", "split", "deleted")


def document(topology: Topology) -> dict[str, Any]:
    """Channels, messages and operations of one hub."""
    names = topology.names
    coming = next(one for one in topology.exchanges if one.name == names.coming)
    golden = next(one for one in topology.exchanges if one.name == names.golden)
    records = [one for lane in LANES for one in topology.exchanges if one.name == names.records(lane)]
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "goldenhub",
            "version": f"{MAJOR}.0.0",
            "description": "What travels over the hub's broker. Times are RFC 3339, identities are CloudEvents source and id.",
        },
        "defaultContentType": JSON,
        "channels": {
            coming.name: _exchange(coming, "{feed}.{operation}.v1", ["pushed"]),
            **{one.name: _exchange(one, "{entity}.{system}.{operation}.v1", ["record", "batch"]) for one in records},
            golden.name: _exchange(golden, "{entity}.{change}.v1", ["golden"]),
            **{f"queue {one.name}": _queue(one) for one in topology.queues},
        },
        "operations": {
            "takePushed": _operation("receive", coming.name, "Systems push records in their own words; each needs an id."),
            **{
                f"carryRecords{lane.capitalize()}": _operation("send", one.name, one.about)
                for lane, one in zip(LANES, records, strict=True)
            },
            "announceGolden": _operation("send", golden.name, golden.about),
        },
        "components": {"messages": _messages(), "messageTraits": {"cloudEvent": _trait()}},
    }


def _exchange(exchange: Exchange, address: str, messages: list[str]) -> dict[str, Any]:
    parameters = [word.partition("}")[0] for word in address.split("{")[1:]]
    theirs, ours = [one.value for one in Operation if one is not Operation.WITHDRAWN], [*Operation, "batch"]
    words = {
        "operation": {"enum": theirs if messages == ["pushed"] else [str(one) for one in ours]},
        "change": {"enum": list(_CHANGES)},
        "feed": {"description": "System and stream of a feed in the landscape, parted by a dot."},
    }
    return {
        "address": address,
        "description": exchange.about,
        "parameters": {name: words.get(name, {}) for name in parameters},
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {"name": exchange.name, "type": exchange.kind, "durable": True, "autoDelete": False},
                "bindingVersion": _BINDING,
            }
        },
        **({"x-rabbitmq": {"arguments": exchange.arguments}} if exchange.arguments else {}),
    }


def _queue(queue: Queue) -> dict[str, Any]:
    return {
        "address": queue.name,
        "description": queue.about,
        "bindings": {
            "amqp": {
                "is": "queue",
                "queue": {"name": queue.name, "durable": True, "exclusive": False, "autoDelete": False},
                "bindingVersion": _BINDING,
            }
        },
        "x-rabbitmq": {"arguments": queue.arguments},
    }


def _operation(action: str, channel: str, about: str) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "description": about,
        "bindings": {"amqp": {"deliveryMode": 2, "mandatory": False, "bindingVersion": _BINDING}},
    }


def _messages() -> dict[str, Any]:
    event = [{"$ref": "#/components/messageTraits/cloudEvent"}]
    return {
        "pushed": {
            "summary": "A record, or a list of records, in its system's own words.",
            "contentType": JSON,
            "traits": event,
            "payload": {"oneOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}, "minItems": 1}]},
        },
        "record": {
            "summary": "One canonical record, binary mode.",
            "contentType": JSON,
            "traits": event,
            "payload": _record(),
        },
        "batch": {
            "summary": "Up to 500 canonical records of one entity and one system.",
            "contentType": BATCH,
            "payload": {"type": "array", "minItems": 1, "maxItems": 500, "items": _record()},
        },
        "golden": {
            "summary": "What changed in a golden record. Older versions and repetitions change nothing.",
            "contentType": JSON,
            "traits": event,
            "payload": {"type": "object", "required": ["version", "state", "members", "golden"]},
        },
    }


def _record() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["entity", "ref", "operation", "data", "extracted_at", "message_id"],
        "properties": {
            "entity": {"type": "string"},
            "ref": {
                "type": "array",
                "prefixItems": [{"type": "string"}, {"type": "string"}, {"type": "integer"}],
                "description": "System, key, generation of the key.",
            },
            "operation": {"enum": [one.value for one in Operation]},
            "data": {"type": "object", "description": "As canonical_model/<entity>/schema.json says."},
            "extracted_at": {"type": "string", "format": "date-time"},
            "message_id": {"type": "string"},
        },
    }


def _trait() -> dict[str, Any]:
    required = ["specversion", "id", "source", "type"]
    optional = ["subject", "time", "partitionkey", "recordedtime", "correlationid", "causationid", "sequence", "dataref"]
    return {
        "name": "CloudEvents 1.0, binary mode",
        "headers": {
            "type": "object",
            "required": [PREFIX + name for name in required],
            "properties": {
                **{PREFIX + name: {"type": "string"} for name in (*required, *optional)},
                "traceparent": {"type": "string"},
            },
        },
    }
