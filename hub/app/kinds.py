"""The kinds of systems that can be connected, as help and forms show them."""

from __future__ import annotations

import inspect
from dataclasses import MISSING, dataclass
from typing import Any

from connectors import connector_class, kinds
from hub.contract import Writer
from hub.reading.declared import declared


@dataclass(frozen=True)
class Kind:
    """One kind of system, for help: what it reads, its settings, the options of its streams."""

    name: str
    about: str
    writes: bool  # whether deliveries can go there
    settings: list[dict[str, Any]]
    options: list[dict[str, Any]]


def connector_kinds(*names: str) -> list[Kind]:
    """The kinds that can be connected here, ours and installed ones. An unknown name raises ``UnknownConnector``."""
    found = {name: connector_class(name) for name in names or kinds()}
    return [
        Kind(
            name,
            (inspect.getdoc(kind) or "").partition("\n")[0],
            issubclass(kind, Writer),
            _declared(kind),
            _declared(getattr(kind, "options", None)),
        )
        for name, kind in found.items()
    ]


def _declared(kind: type | None) -> list[dict[str, Any]]:
    if kind is None:
        return []
    return [
        {
            "name": one.name,
            "type": one.type,
            "help": one.help,
            "required": one.default is MISSING,
            "default": None if one.default is MISSING or one.secret else one.default,
            "secret": one.secret,
            "choices": list(one.choices),
        }
        for one in declared(kind)
    ]
