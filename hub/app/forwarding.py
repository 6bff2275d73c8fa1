"""Bringing pushed records to the broker, behind who takes them: neither who pushes nor what comes next waits for its confirms."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from hub.errors import HubError, Retryable

if TYPE_CHECKING:
    from hub.app.hub import Hub

AGAIN = 1.0  # seconds until the next try, when the broker was not ready

_log = logging.getLogger("goldenhub")


class Forwarding:
    """One thread beside who takes in. What it cannot bring is kept in the store, and any worker brings it, too."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._wanted = threading.Event()
        threading.Thread(target=self._run, name="forwarding", daemon=True).start()

    def wake(self) -> None:
        """Something was kept that must go out."""
        self._wanted.set()

    def _run(self) -> None:
        while self._wanted.wait():
            self._wanted.clear()
            try:
                self._hub.bus.forward()
            except Retryable:
                time.sleep(AGAIN)
                self.wake()
            except HubError as error:  # the next push tries again; until then a person has to change something
                _log.error("What was pushed cannot be brought to the broker: %s", error)
