"""The tables of settings and options in docs/connectors.md are what the connectors declare."""

from __future__ import annotations

from dataclasses import MISSING
from datetime import timedelta
from pathlib import Path

import pytest

from connectors import connector_class, kinds
from hub.reading.declared import Declared, declared
from hub.reading.pagination import Pagination

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "connectors.md"


def rows(kind: type) -> list[str]:
    return [f"| `{d.name}` | {d.type} | {_default(d)} | {_help(d)} |" for d in declared(kind)]


def _default(d: Declared) -> str:
    if d.default is MISSING:
        return "**needed**"
    if isinstance(d.default, timedelta):
        return f"{d.default.total_seconds():g}s" if d.default else ""
    if d.default in ("", (), {}, None) or d.default == Path():
        return ""
    return f"`{str(d.default).lower() if isinstance(d.default, bool) else d.default}`"


def _help(d: Declared) -> str:
    words = [f"`{choice}`" for choice in d.choices if choice]
    missing = [word for word in words if word not in d.help]
    return (d.help + (f" One of {', '.join(words)}." if missing else "")).replace("|", "\\|")


def sections() -> dict[str, str]:
    """Heading of the second level -> its text."""
    parts = DOCUMENT.read_text(encoding="utf-8").split("\n## ")
    return {part.split("\n", 1)[0]: part for part in parts}


@pytest.mark.parametrize("kind", kinds())
def test_the_settings_and_options_of_a_kind_are_those_it_declares(kind: str) -> None:
    declaration = connector_class(kind)
    documented = [line for line in sections()[f"`{kind}`"].splitlines() if line.startswith("| `")]

    assert documented == rows(declaration) + rows(declaration.options)  # type: ignore[attr-defined]


def test_the_ways_to_ask_for_pages_are_those_declared() -> None:
    documented = [line for line in sections()["Pages of an API"].splitlines() if line.startswith("| `")]

    assert documented == rows(Pagination)
