"""The steps of a check, in the order in which a person would try them."""

from __future__ import annotations

from collections.abc import Callable

from hub.contract import Probe
from hub.errors import HubError, Misconfigured, Retryable

Step = tuple[str, Callable[[], str]]
"""Name and what to try; it returns a hint for the person, or raises."""


def run(steps: list[Step]) -> list[Probe]:
    """After the first failure the rest are skipped. Never raises anything of the hub's tree."""
    probes: list[Probe] = []
    for name, step in steps:
        if probes and probes[-1].state != "ok":
            probes.append(Probe(name, "skipped"))
        else:
            probes.append(_probe(name, step))
    return probes


def _probe(name: str, step: Callable[[], str]) -> Probe:
    try:
        return Probe(name, "ok", step())
    except HubError as error:
        return Probe(name, "failed", error.message, _fault(error))


def _fault(error: HubError) -> str:
    if isinstance(error, Misconfigured):
        return "settings"
    return "passing" if isinstance(error, Retryable) else "system"
