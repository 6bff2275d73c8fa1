"""Settings and options as their connectors declare them: checked by name, converted by type, references resolved.

A declaration is a frozen dataclass whose fields are made with :func:`hub.contract.setting`. What goes wrong is said with the name
of the setting and the way out; a value that may be secret is never shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from hub.contract import Secret, duration
from hub.errors import BadSettings, HubError, did_you_mean

Resolve = Callable[[str], str]
T = TypeVar("T")

_REFERENCE = re.compile(r"(env|file|airflow-conn):\S")
_SQLITE_FILE = re.compile(r"(sqlite(?:\+\w+)?:///)(?!:memory:|file:)([^?]+)(.*)", re.DOTALL)
_WORDS = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    Path: "a path",
    timedelta: "a duration such as 5m",
}


@dataclass(frozen=True, slots=True)
class Declared:
    """One declared setting, for help, reference docs and forms."""

    name: str
    type: str
    help: str
    default: Any  # MISSING when it must be given
    secret: bool
    choices: tuple[str, ...]


def declared(kind: type) -> list[Declared]:
    """The settings of a connector, or the options of its streams, in their order."""
    hints = get_type_hints(kind)
    return [
        Declared(f.name, _type_word(hints[f.name]), f.metadata["help"], _default(f), f.metadata["secret"], f.metadata["choices"])
        for f in fields(kind)
        if "help" in f.metadata
    ]


def fill(kind: type[T], values: Mapping[str, Any], what: str, resolve: Resolve, home: Path | None = None) -> T:
    """An instance with these values. ``what`` names it in messages, for instance ``connector sql``."""
    known: dict[str, Field[Any]] = {f.name: f for f in fields(kind) if "help" in f.metadata}  # type: ignore[arg-type]
    for name in values:
        if name not in known:
            hint = did_you_mean(str(name), known) or f" Known: {', '.join(known)}."
            raise BadSettings(f"{what} has no setting {name!r}{hint}", name=name)
    for name, f in known.items():
        if name not in values and _default(f) is MISSING:
            raise BadSettings(f"{what} needs the setting {name!r}: {f.metadata['help']}", name=name)
    hints = get_type_hints(kind)
    filled = {
        name: _value(f"{what}: {name}", values[name], known[name], hints[name], resolve, home)
        for name in values
        if values[name] is not None
    }
    return kind(**filled)


def _default(f: Field[Any]) -> Any:
    if f.default is not MISSING:
        return f.default
    return f.default_factory() if f.default_factory is not MISSING else MISSING


def _value(what: str, value: Any, f: Field[Any], kind: Any, resolve: Resolve, home: Path | None) -> Any:
    if kind is Secret or f.metadata["secret"]:
        found = _secret(what, value, resolve)
        return _below(home, found) if home is not None and f.metadata.get("database") else found
    if isinstance(value, str) and _REFERENCE.match(value):
        value = _resolved(what, value, resolve)
    if isinstance(value, Mapping):
        value = _nested(what, value, f.metadata["secrets"], resolve)
    converted = _convert(what, value, kind)
    if isinstance(converted, Path) and home is not None:
        converted = home / converted
    choices = f.metadata["choices"]
    if choices and converted not in choices:
        raise BadSettings(f"{what} must be one of {', '.join(choices)}{did_you_mean(str(value), choices)}.", name=f.name)
    return converted


def _secret(what: str, value: Any, resolve: Resolve) -> Secret:
    if not isinstance(value, str) or not _REFERENCE.match(value):
        raise BadSettings(
            f"{what} is secret and must be a reference such as env:NAME or file:PATH, not the text itself.", name=what
        )
    return Secret(_resolved(what, value, resolve))


def _below(home: Path, address: Secret) -> Secret:
    """The same address; of an SQLite file with its path below the company's folder, where it is relative."""
    found = _SQLITE_FILE.fullmatch(address.reveal())
    return Secret(f"{found[1]}{home / found[2]}{found[3]}") if found else address


def _resolved(what: str, reference: str, resolve: Resolve) -> str:
    try:
        return resolve(reference)
    except HubError:
        raise
    except (LookupError, OSError) as error:
        source, _, name = reference.partition(":")
        place = f"the environment variable {name}" if source == "env" else name
        raise BadSettings(f"{what} refers to {reference}, but {place} is not set.", name=name) from error


def _nested(what: str, value: Mapping[str, Any], secrets: Sequence[str], resolve: Resolve, above: str = "") -> dict[str, Any]:
    """A mapping with the secrets in it hidden and its references resolved."""
    filled: dict[str, Any] = {}
    for name, part in value.items():
        path = f"{above}{name}"
        if path in secrets:
            filled[name] = _secret(f"{what}.{path}", part, resolve)
        elif isinstance(part, Mapping):
            filled[name] = _nested(what, part, secrets, resolve, f"{path}.")
        elif isinstance(part, str) and _REFERENCE.match(part):
            filled[name] = _resolved(f"{what}.{path}", part, resolve)
        else:
            filled[name] = part
    return filled


def _convert(what: str, value: Any, kind: Any) -> Any:
    convert = _CONVERTERS.get(kind)
    if convert is None:
        return _collection(what, value, kind)
    try:
        return convert(value)
    except (ValueError, TypeError) as error:
        raise BadSettings(f"{what} must be {_WORDS[kind]}, not {value!r}.", name=what) from error


def _collection(what: str, value: Any, kind: Any) -> Any:
    if str(kind).startswith("tuple"):
        return (value,) if isinstance(value, str) else tuple(map(str, value))
    if isinstance(value, Mapping):
        return dict(value)
    raise BadSettings(f"{what} must be a mapping of names to values, not {value!r}.", name=what)


def _text(value: Any) -> str:
    if isinstance(value, (Mapping, list, bool)):
        raise TypeError
    return str(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or int(value) != float(value):
        raise TypeError
    return int(value)


def _truth(value: Any) -> bool:
    text = str(value).lower()
    if text not in {"true", "false"}:
        raise ValueError(text)
    return text == "true"


_CONVERTERS: dict[Any, Callable[[Any], Any]] = {
    str: _text,
    int: _whole,
    float: float,
    bool: _truth,
    Path: Path,
    timedelta: partial(duration, unit="s"),
}


def _type_word(kind: Any) -> str:
    if kind is Secret:
        return "secret"
    if str(kind).startswith("tuple"):
        return "list"
    return {str: "text", int: "number", float: "number", bool: "true/false", Path: "path", timedelta: "duration"}.get(
        kind, "mapping"
    )
