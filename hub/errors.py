"""Every error of the hub, in one tree. A class says what the loop does next:

    HubError
    +- Retryable      the world is not ready; the same input may pass later  -> put back, wait, try again
    |  +- Unavailable(system)   +- Throttled(wait)   +- Contended(what)
    +- Rejected       this input can never pass as it is                     -> set aside with its reason, go on
    |  +- Unreadable(where)   +- Unclean(code)   +- MappingFailed(field)   +- InvalidRecord(violations)
    |  +- DeliveryRefused(system, answer)
    +- Misconfigured  a person must change something                         -> stop before any data moves
       +- UnknownConnector(kind, near)   +- BadSettings(name)   +- BadLandscape(path, line)   +- BadMapping(path, line)
       +- BadModel(path)   +- FeedHeld(feed)

The docstring of a class is its default message and names the way out; facts are attributes. Every error pickles, since
batch engines and schedulers carry errors across processes. Edges translate foreign exceptions and keep them in
``__cause__``; only loops and doors catch ``HubError``.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


class HubError(Exception):
    """Something went wrong in the hub."""

    code: str = "error"  # of the class, unless the fact `code` says what exactly is wrong

    def __init__(self, message: str | None = None, /, **facts: Any) -> None:
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        self.facts = facts
        self.code = facts.get("code", type(self).code)
        super().__init__(self.message)

    def __getattr__(self, name: str) -> Any:
        facts = self.__dict__.get("facts", {})
        if name in facts:
            return facts[name]
        raise AttributeError(name)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.facts)

    def __str__(self) -> str:
        return self.message


def _rebuild(kind: type[HubError], message: str, facts: dict[str, Any]) -> HubError:
    return kind(message, **facts)


class Retryable(HubError):
    """The world is not ready; the same input may pass later."""

    code = "retryable"


class Unavailable(Retryable):
    """A system does not answer; the hub waits and tries again. Check the network, the address and the login. Facts: system."""

    code = "unavailable"


class Throttled(Retryable):
    """A system asks for patience; the hub waits as long as it said. Facts: wait (seconds)."""

    code = "throttled"


class Contended(Retryable):
    """Somebody else holds what this step needs; the hub tries again. Facts: what."""

    code = "contended"


class Rejected(HubError):
    """This input can never pass as it is; it is set aside with its reason and the rest go on.

    Facts every reject may carry: field, expression, input (the slice that failed), violations, where.
    """

    code = "rejected"


class Unreadable(Rejected):
    """This piece of input is not a record. Facts: where (file and line, message, page), code (what is wrong)."""

    code = "unreadable"


class Unclean(Rejected):
    """A value is not what it should be. Facts: code (email_invalid, date_invalid, ...); never the value itself."""

    code = "unclean"
    left = ""
    """Of a date with a day or a month that does not exist, what stands before it."""


class MappingFailed(Rejected):
    """A field could not be translated. Facts: field, expression, input, mapping. Correct one of them, then replay."""

    code = "mapping_failed"


class InvalidRecord(Rejected):
    """The translated record breaks the canonical schema. Facts: violations, a list of {path, message, rule}."""

    code = "invalid_record"


class DeliveryRefused(Rejected):
    """A system refused what the hub wrote. Facts: system, answer."""

    code = "delivery_refused"


class Misconfigured(HubError):
    """A person must change something before any data moves."""

    code = "misconfigured"


class UnknownConnector(Misconfigured):
    """No connector has this kind. Facts: kind, near. See `goldenhub connectors`."""

    code = "unknown_connector"


class BadSettings(Misconfigured):
    """A setting is missing or cannot be used. Facts: name, near."""

    code = "bad_settings"


class BadLandscape(Misconfigured):
    """landscape.yaml cannot be used as it is. Facts: path, line, column, hint."""

    code = "bad_landscape"


class BadMapping(Misconfigured):
    """A mapping cannot be used as it is. Facts: path, line, column, findings. Run `goldenhub lint`."""

    code = "bad_mapping"


class BadModel(Misconfigured):
    """Schemas, matching or survivorship rules cannot be used as they are. Facts: path, line, hint."""

    code = "bad_model"


class FeedHeld(Misconfigured):
    """A feed stopped before it did harm and waits for a person. Facts: feed, why. Look, then run it with --accept."""

    code = "feed_held"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` for the nearest known word, or an empty string."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean {near[0]!r}?)" if near else ""
