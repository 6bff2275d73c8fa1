"""What one consumer may see of a golden record: some of its fields, and contact points only with consent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from hub.errors import BadModel, did_you_mean
from hub.records import Data, at_path
from hub.survivorship.dates import first_day, last_day
from hub.survivorship.items import item_key
from hub.survivorship.rules import SurvivorshipRules

CONSENT = "consent"
"""The entity whose records say what a customer allowed."""

ANY = "any"
_LISTS = {"email": "emails", "phone": "phones", "sms": "phones", "letter": "addresses"}
_POINTS = {"emails": ("email", "address"), "phones": ("phone", "number"), "addresses": ("address", None)}


def view(data: Data, rules: SurvivorshipRules, name: str, consents: Iterable[Data] = (), as_of: date | None = None) -> Data:
    """The part of a golden record that view ``name`` shows.

    A contact point is shown when the latest word about it, on ``as_of``, is a consent to the view's purpose and channel. A word
    without a contact point is about all of them; of two words at one time the refusal counts.
    """
    asked = rules.views.get(name)
    if asked is None:
        raise BadModel(f"There is no view {name!r}{did_you_mean(name, rules.views)}.", hint=", ".join(rules.views))
    shown = _fields(data, asked.get("fields"))
    if consent := asked.get("consent"):
        shown = _consented(shown, consent, list(consents), as_of or datetime.now(UTC).date())
    return shown


def hidden_from(rules: SurvivorshipRules, name: str) -> frozenset[str]:
    """The systems that do not exist for readers with this view."""
    return frozenset(rules.views[name].get("without") or ())


def asks_consent(rules: SurvivorshipRules, name: str) -> bool:
    return bool(rules.views[name].get("consent"))


def _fields(data: Data, fields: Sequence[str] | None) -> Data:
    if fields is None:
        return dict(data)
    shown: Data = {}
    for path in fields:
        *outer, last = path.split(".")
        source = at_path(data, ".".join(outer)) if outer else data
        if not isinstance(source, dict) or last not in source:
            continue
        target = shown
        for step in outer:
            target = target.setdefault(step, {})
        target[last] = source[last]
    return shown


def _consented(data: Data, asked: Mapping[str, Any], consents: Sequence[Data], as_of: date) -> Data:
    channel = str(asked.get("channel", ANY))
    lists = set(_LISTS.values()) if channel == ANY else {_LISTS[channel]} if channel in _LISTS else set()
    said = [c for c in consents if c.get("purpose") == asked.get("purpose") and c.get("channel") in (channel, ANY, None)]
    shown = dict(data)
    for name in lists & data.keys():
        allowed = [item for item in data[name] or () if _granted(name, item, said, as_of)]
        if allowed:
            shown[name] = allowed
        else:
            del shown[name]
    return shown


def _granted(name: str, item: Data, said: Sequence[Data], as_of: date) -> bool:
    words = [word for consent in said if _about(name, item, consent) for word in _words(consent)]
    now = datetime.combine(as_of, time.max, UTC)
    heard = [(at, not yes) for at, yes in words if at <= now]
    return bool(heard) and not max(heard)[1]


def _about(name: str, item: Data, consent: Data) -> bool:
    point = consent.get("contact_point") or {}
    if not any(point.values()):
        return True
    word, field = _POINTS[name]
    given = point.get(word)
    if not given:
        return False
    return item_key(name, {field: given} if field else given) == item_key(name, item)


def _words(consent: Data) -> Iterable[tuple[datetime, bool]]:
    """When it was said, and whether it is a yes. A refusal without a date has always been one."""
    yes = consent.get("status") == "granted"
    if (given := _moment(consent.get("given_at"), late=not yes)) is not None:
        yield given, yes
    elif yes:
        yield _LONG_AGO + timedelta(days=1), True
    for name in ("withdrawn_at", "expires_at"):
        if (at := _moment(consent.get(name), late=False)) is not None:
            yield at, False
    if not yes and not consent.get("given_at") and not consent.get("withdrawn_at"):
        yield _LONG_AGO + timedelta(days=2), False


_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


def _moment(text: Any, *, late: bool) -> datetime | None:
    """A moment, or the beginning (or end, where that is the careful reading) of the day, month or year named."""
    if isinstance(text, str) and "T" in text:
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except ValueError:
            return None
    day = last_day(text) if late else first_day(text)
    return None if day is None else datetime.combine(date.fromordinal(day), time.max if late else time.min, UTC)
