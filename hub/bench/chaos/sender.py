"""The sender: one thread a road, each with its own population and its own chance, all with one ledger."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from hub.bench.chaos.ledger import Ledger, Sent
from hub.bench.chaos.population import Population
from hub.bench.chaos.roads import NotAccepted, Road

_MOST_AT_ONCE = 20
_PAUSE = 0.2


@dataclass
class Sender:
    """Sends until told to stop; what nobody accepted is sent again, until somebody does."""

    ledger: Ledger
    road: Road
    population: Population
    rate: float  # operations a second
    refused: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def begin(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"sender-{self.road.name}")
        self._thread.start()

    def end(self, patience: float) -> bool:
        """Begin nothing new; True when everything begun was accepted."""
        self._stop.set()
        if self._thread:
            self._thread.join(patience)
            return not self._thread.is_alive()
        return True

    def _run(self) -> None:
        while not self._stop.is_set():
            began = time.monotonic()
            batch = self.road.named(self._batch())
            self.ledger.meant(batch)
            self._insist(batch)
            self.sent += len(batch)
            self._stop.wait(max(0.0, len(batch) / self.rate - (time.monotonic() - began)))
        self.road.close()

    def _batch(self) -> list[Sent]:
        """Different records, so that nobody can confuse their order."""
        chosen: dict[str, Sent] = {}
        for _ in range(self.population.chance.randint(1, _MOST_AT_ONCE)):
            one = self.population.next()
            if one.key in chosen:
                self.population.known[one.key] = chosen[one.key]  # not now
            else:
                chosen[one.key] = one
        return list(chosen.values())

    def _insist(self, batch: list[Sent]) -> None:
        while True:
            try:
                self.road.send(batch)
            except NotAccepted as error:
                self.refused[type(error.__cause__).__name__] += 1
                time.sleep(_PAUSE)
            else:
                self.ledger.accepted([one.id for one in batch])
                return
