"""The evidence about one pair, told for people: its parts, the values behind them, and the sum."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from hub.matching.prepared import Prepared


class Part(NamedTuple):
    """One bar of the waterfall."""

    name: str
    level: str
    bits: int
    left: str = ""
    right: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """The evidence about one pair, in thousandths of a bit."""

    bits: int
    trusted_bits: int
    match: str | None
    veto: str | None
    parts: tuple[Part, ...]


def waterfall(score: Score) -> list[str]:
    """One line per part, and the sum."""
    lines = [f"{part.bits / 1000:+8.2f}  {part.name} {part.level}".rstrip() for part in score.parts]
    lines.append(f"{score.bits / 1000:+8.2f}  in all")
    if score.trusted_bits != score.bits:
        lines.append(f"{score.trusted_bits / 1000:+8.2f}  without what is trusted little")
    lines += [f"          match: {score.match}"] if score.match else []
    lines += [f"          veto: {score.veto}"] if score.veto else []
    return lines


def shown(name: str, side: Prepared) -> str:
    """What was compared, as it was cleaned; of several values all of them."""
    if name in _OF_NAMES:
        return _joined(" ".join(filter(None, (names[place] for place in _OF_NAMES[name]))) for names in side.names)
    if name in _OF_ORGANIZATIONS:
        return _joined(organization[_OF_ORGANIZATIONS[name]] for organization in side.organizations)
    if name in _OF_PLACES:
        return _joined(", ".join(filter(None, (address[place] for place in _OF_PLACES[name]))) for address in side.addresses)
    values = {"email": side.emails, "phone": side.phones}.get(name)
    if values is not None:
        return _joined(values)
    if name.startswith("identifier"):
        return _joined(f"{item[0]} {item[2]}" for item in side.identifiers)
    return {"gender": side.gender, "kind": side.kind}.get(name, side.birth if name.startswith("birth") else "")


_OF_NAMES = {"given": (0,), "family": (1,), "swapped": (0, 1), "suffix": (2,)}
_OF_ORGANIZATIONS = {"organization": 0, "legal_form": 1}
_OF_PLACES = {"street": (0,), "postal_code": (1,), "locality": (2,), "region": (3,), "country": (4,), "place": (0, 1, 2, 3, 4)}


def _joined(values: Iterable[str]) -> str:
    return " / ".join(dict.fromkeys(filter(None, values)))
