"""Ids for golden records: UUID version 7, which order by birth."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from uuid import UUID


def uuid7_mint(clock: Callable[[], datetime]) -> Callable[[], str]:
    """A mint whose ids order by birth even within a millisecond, as long as one worker mints."""
    last = 0

    def mint() -> str:
        nonlocal last
        milliseconds = int(clock().timestamp() * 1000)
        # 48 bits of time, then 12 bits that count up within the millisecond, started low
        stamp = max(milliseconds << 12, last + 1)
        last = stamp
        number = (stamp >> 12) << 80 | 0x7 << 76 | (stamp & 0xFFF) << 64 | 0b10 << 62 | secrets.randbits(62)
        return str(UUID(int=number))

    return mint
