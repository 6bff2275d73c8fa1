"""Other programs that are measured beside ours, where they are installed."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def installed(name: str) -> bool:
    """Whether this distribution is there."""
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
