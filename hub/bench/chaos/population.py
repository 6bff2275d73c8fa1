"""The invented people of a run, and what happens to them: made, changed, become somebody else, removed, and back again."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.bench.chaos.ledger import DELETE, UPSERT, Sent

_GIVEN = ("Ana", "Eva", "Ida", "Lea", "Mia", "Jon", "Max", "Tom", "Udo", "Kim", "Noa", "Ira")
_SYLLABLES = ("ba", "ko", "mi", "ter", "lun", "go", "ras", "vel", "pin", "dor", "sha", "wek", "tul", "nam", "fir", "zo")
_CITIES = ("Madrid", "Sevilla", "Berlin", "Paris", "Lyon", "Leeds", "Porto", "Wien")
_CHANGES = (("city", 60), ("mail", 20), ("somebody else", 8), ("gone", 12))
_TICK = timedelta(milliseconds=1)


@dataclass
class Population:
    """The records of one system: record ``<road>-7`` begins as person 7, so that several systems know the same people."""

    road: str
    size: int
    chance: random.Random
    begun: datetime = field(default_factory=lambda: datetime.now(UTC))
    known: dict[str, Sent] = field(default_factory=dict)
    number: int = 0

    def next(self) -> Sent:
        """One operation on one record."""
        place = self.chance.randrange(self.size)
        key = f"{self.road}-{place}"
        before = self.known.get(key)
        sent = self._sent(key, before, *self._change(place, before))
        self.known[key] = sent
        return sent

    def _change(self, place: int, before: Sent | None) -> tuple[str, dict[str, Any]]:
        if before is None or before.what == DELETE:
            return UPSERT, person(place)
        what = self.chance.choices([name for name, _ in _CHANGES], [weight for _, weight in _CHANGES])[0]
        if what == "gone":
            return DELETE, {}
        if what == "somebody else":
            return UPSERT, person(self.chance.randrange(self.size))
        if what == "mail":
            return UPSERT, {**before.data, "mail": person(self.chance.randrange(self.size))["mail"]}
        return UPSERT, {**before.data, "city": self.chance.choice(_CITIES)}

    def _sent(self, key: str, before: Sent | None, what: str, data: dict[str, Any]) -> Sent:
        self.number += 1
        rev = before.rev + 1 if before else 1
        at = max(datetime.now(UTC), self.begun + self.number * _TICK)  # later than any before it
        self.begun = at - self.number * _TICK
        identity = str(uuid.UUID(int=self.chance.getrandbits(128), version=4))
        data = {name: value for name, value in data.items() if name not in ("rev", "changed_at")}
        return Sent(identity, self.road, key, what, rev, {**data, "rev": rev, "changed_at": at.isoformat()})


def person(number: int) -> dict[str, Any]:
    """Always the same for a number; families differ enough that only the same person is the same customer."""
    chance = random.Random(number)  # noqa: S311 - invented people
    family = "".join(chance.choices(_SYLLABLES, k=4)).title()
    given = _GIVEN[chance.randrange(len(_GIVEN))]
    return {
        "given": given,
        "family": family,
        "born": f"{1940 + chance.randrange(60)}-{1 + chance.randrange(12):02}-{1 + chance.randrange(28):02}",
        "mail": f"{given}.{family}.{number}@example.com".lower(),
        "phone": f"+3460{number:07}",
        "city": _CITIES[number % len(_CITIES)],
    }
