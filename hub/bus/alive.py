"""Who holds something: host/pid/uuid, so that what a dead process of this machine held need not wait for time to tell."""

from __future__ import annotations

import os
import socket
import uuid


def myself() -> str:
    """A new name for something that this process holds."""
    return f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4()}"


def is_alive(holder: str) -> bool:
    """False only when it ran on this machine and is gone. Of others nobody knows; time tells."""
    host, _, rest = holder.partition("/")
    if host != socket.gethostname():
        return True
    try:
        os.kill(int(rest.partition("/")[0]), 0)
    except ProcessLookupError:
        return False
    except (ValueError, OverflowError, PermissionError):
        return True
    return True
