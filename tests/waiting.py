"""Waiting for what must come.

No test knows how busy its machine is: it waits for the condition, and gives up only when anybody would. Where a moment itself is
promised, the clock shows that something did not come too early; that it came soon is never asserted.
"""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 240.0


def until(done: Callable[[], object], patience: float = PATIENCE, look: float = 0.02) -> None:
    """Return when it is done; fail when it is not for as long as patience lasts."""
    end = time.monotonic() + patience
    while not done():
        assert time.monotonic() < end, f"waited {patience:g} seconds in vain"
        time.sleep(look)
