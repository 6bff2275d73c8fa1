"""One file per kind of system; the file's name is the ``kind:`` in ``landscape.yaml``. Strangers come by entry point."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from hub.contract import Connector
from hub.errors import UnknownConnector, did_you_mean
from hub.reading.declared import fill

GROUP = "goldenhub.connectors"


def kinds() -> list[str]:
    """Every kind that can be used here, our own and those installed."""
    return sorted(_own_kinds() | {entry.name for entry in entry_points(group=GROUP)})


def _own_kinds() -> set[str]:
    return {module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")}


def connector_class(kind: str) -> type[Connector]:
    """The class of this kind: a stranger's by entry point, else ours by file name."""
    for entry in entry_points(group=GROUP, name=kind):
        found: type[Connector] = entry.load()
        return found
    if kind not in _own_kinds():
        known = ", ".join(kinds())
        raise UnknownConnector(f"No connector has the kind {kind!r}{did_you_mean(kind, kinds())}. Known: {known}.", kind=kind)
    own: type[Connector] = import_module(f"connectors.{kind}").Connector
    return own


def build(kind: str, values: Mapping[str, Any], resolve: Callable[[str], str], home: Path | None = None) -> Connector:
    """A connector with its settings as ``landscape.yaml`` has them. Paths are relative to ``home``.

    ``resolve`` turns a reference (``env:NAME``, ``file:PATH``) into its text; it may raise ``LookupError``.
    """
    return fill(connector_class(kind), values, f"Connector {kind}", resolve, home)
