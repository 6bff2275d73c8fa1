"""Who holds something: host/pid/uuid, so that what a dead process of this machine held need not wait for time to tell."""

from __future__ import annotations

import os
import socket
import uuid
from pathlib import Path


def myself() -> str:
    """A new name for something that this process holds."""
    return f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4()}"


def is_alive(holder: str) -> bool:
    """False only when it ran on this machine and is gone. Of others nobody knows; time tells."""
    host, _, rest = holder.partition("/")
    if host != socket.gethostname():
        return True
    try:
        process = int(rest.partition("/")[0])
        os.kill(process, 0)
        return not _waits_to_be_buried(process)
    except ProcessLookupError:
        return False
    except (ValueError, OverflowError, PermissionError):
        return True


def _waits_to_be_buried(process: int) -> bool:
    """Dead, but its parent has not looked: in a container nobody may ever do."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0] in "ZX"
    except (OSError, IndexError):
        return False
