"""Why this value and why not that one, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

_LOST = {
    "agrees": "says the same",
    "steward": "a person corrected it",
    "order": "equal in everything; the order of system and key decides",
    "empty": "says there is none, which does not count here",
    "not_valid": "not valid on this day",
    "withdrawn": "a later word says there are none",
    "hidden": "this view is without its system",
    "most_recent": "older",
    "earliest": "a later date",
    "source_order": "its system comes later in the order",
    "preferred": "not what its own system prefers",
}
_RULES = {
    "only_value": "nobody says anything else",
    "agreed": "all say the same",
    "steward": "a person corrected it",
    "order": "all are equal; the order of system and key decides",
    "trust": "the most trusted",
    "most_recent": "the most recent",
    "most_frequent": "what most records say",
    "longest": "the longest",
    "most_complete": "the most complete",
    "first_valid": "the first in the order of systems that cleaning was sure of",
    "source_order": "the first in the order of systems",
    "earliest": "the earliest",
    "preferred": "what its own system prefers",
}


def value_lines(told: dict[str, Any]) -> Iterator[str]:
    """The whole story of one value."""
    yield f"{told['field']} of {told['golden']}, as of {told['as_of']}: {_shown(told['value'])}"
    if told["chosen_as"] != told["field"].partition("[")[0]:
        yield f"  chosen as a whole with {told['chosen_as']}, so that nothing is mixed"
    if told["pinned"]:
        yield f"  {_pinned(told['pinned'])}; without it:"
    for election in told["elections"]:
        yield from _election(election)
    if not told["elections"] and not told["pinned"]:
        yield "  nobody says anything"
    for rival in told["left_out"]:
        yield f"  left out  {rival['record']}, {rival['at'][:10]}: {_shown(rival['value'])}; {_LOST[rival['lost']]}"
    for pin in told["pins"]:
        yield f"  {_pinned(pin)}{'' if pin['ended'] else ', and a pin on a part of it or a later one holds'}"
    if told["view"]:
        name, shown = told["view"]["name"], told["view"]["shown"]
        what = f"shows {_shown(told['view']['value'])}" if shown else "does not show it: not among its fields, or without consent"
        yield f"  the view {name} {what}"


def _election(election: dict[str, Any]) -> Iterator[str]:
    winner, *others = election["rivals"]
    yield f"  {election['what']}: by {' > '.join(election['chain'])}"
    yield f"    won   {_who(winner)}; {_RULES.get(election['rule'], election['rule'])}"
    for rival in others:
        yield f"    {'same' if rival['lost'] == 'agrees' else 'lost'}  {_who(rival)}; {_why(rival, winner)}"


def _who(rival: dict[str, Any]) -> str:
    return f"{rival['record']}, {rival['at'][:10]}, {_trusted(rival)}: {_shown(rival['value'])}"


def _trusted(rival: dict[str, Any]) -> str:
    """Trust with what made it less: age and doubt."""
    trust = rival["trust"]
    causes = []
    if trust["half_life"] and trust["now"] < trust["base"]:
        causes.append(f"decayed from {trust['base']:g} since {trust['since']}, half every {trust['half_life']} days")
    if trust["left_after_doubt"] < 100:
        causes.append(f"{trust['left_after_doubt']}% left since a check failed")
    return f"trust {trust['now']:.3f}" + (f" ({', '.join(causes)})" if causes else "")


def _why(rival: dict[str, Any], winner: dict[str, Any]) -> str:
    lost, score, best = rival["lost"], rival["score"], rival["against"]
    if lost == "first_valid":
        return "cleaning was not sure of it" if rival["flagged"] and not winner["flagged"] else _LOST["source_order"]
    if lost == "trust":
        return f"trusted less: {score:.3f} against {best:.3f}"
    if lost == "most_frequent":
        return f"said by {score} records, the other by {best}"
    if lost == "longest":
        return f"shorter: {score} against {best} characters"
    if lost == "most_complete":
        return f"less complete: {score} against {best} parts"
    return _LOST.get(str(lost), str(lost))


def _pinned(pin: dict[str, Any]) -> str:
    until = f" until {pin['until']}" if pin["until"] else ""
    ended = ", which has ended" if pin["ended"] else ""
    return f"pinned by {pin['by']} on {pin['record']} as {pin['path']} = {_shown(pin['value'])}{until}{ended}"


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "known empty" if value is None else orjson.dumps(value).decode()
