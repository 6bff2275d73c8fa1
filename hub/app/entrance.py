"""Tokens: what a system shows to be let in, what it may do, and until when.

A token is ``gh_<id>_<secret>``. The secret has 256 bits of chance, so one fast hash of it is enough to keep; it is shown once.

scopes: ``feed:NAME`` push into a feed and follow its receipts; ``changes`` and ``who-is`` read golden records, whole or, as
``changes:VIEW`` and ``who-is:VIEW``, only what that view shows; ``merge`` say which records are one customer and which are not.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import timedelta

from hub.app.hub import Hub
from hub.app.rights import MERGE
from hub.errors import BadSettings, Rejected, did_you_mean
from hub.store import tokens
from hub.store.tokens import Token

CHANGES, WHO_IS, FEED = "changes", "who-is", "feed"
_PREFIX = "gh"


def create(hub: Hub, name: str, scopes: Sequence[str], days: int) -> str:
    """A new token, as the system has to show it. Nobody can see it again."""
    for scope in scopes:
        _must_be_known(hub, scope)
    if not scopes:
        raise BadSettings(
            "A token without a scope opens nothing; give --scope changes, who-is, merge or feed:NAME.", name="scope"
        )
    token_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    now = hub.clock()
    with hub.store.begin() as tx:
        if tokens.by_name(tx, name) is not None:
            raise BadSettings(f"There is, or was, a token named {name!r}; choose another name.", name="name")
        kept = Token(token_id, name, _hash(secret), tuple(dict.fromkeys(scopes)), now, now + timedelta(days=days))
        tokens.add(tx, kept)
    return f"{_PREFIX}_{token_id}_{secret}"


def admit(hub: Hub, shown: str) -> Token | None:
    """Whose token this is; None when it is none, or can no longer be used."""
    prefix, _, rest = shown.partition("_")
    token_id, _, secret = rest.partition("_")
    if prefix != _PREFIX or not token_id.isalnum() or not secret or len(shown) > 200 or not shown.isascii():
        return None
    with hub.store.read() as tx:
        token = tokens.by_id(tx, token_id)
    right = hmac.compare_digest(token.hash if token is not None else "", _hash(secret))
    if token is None or not right or token.revoked_at is not None or token.expires_at <= hub.clock():
        return None
    return token


def view_for(token: Token, scope: str, wanted: str | None) -> str | None:
    """The view a token reads with: the one it asked for, or the one it is bound to. Raises ``Rejected`` when it may not."""
    if scope in token.scopes:
        return wanted
    views = [one.partition(":")[2] for one in token.scopes if one.startswith(f"{scope}:")]
    if wanted is None and len(views) == 1:
        return views[0]
    if wanted in views:
        return wanted
    if views:
        raise Rejected(f"This token may read with the view {' or '.join(views)} only; say which.", code="not_allowed")
    raise Rejected(f"This token has no scope {scope!r}.", code="not_allowed")


def must_have(token: Token, scope: str) -> None:
    if scope not in token.scopes:
        raise Rejected(f"This token has no scope {scope!r}.", code="not_allowed")


def _must_be_known(hub: Hub, scope: str) -> None:
    kind, colon, name = scope.partition(":")
    if kind in (CHANGES, WHO_IS) and (not colon or name in hub.rules.survivorship.views):
        return
    if scope == MERGE or (kind == FEED and name in hub.landscape.feeds):
        return
    known = [CHANGES, WHO_IS, MERGE, *(f"{kind}:{view}" for kind in (CHANGES, WHO_IS) for view in hub.rules.survivorship.views)]
    known += [f"{FEED}:{feed}" for feed in hub.landscape.feeds]
    raise BadSettings(f"There is no scope {scope!r}{did_you_mean(scope, known)}. Known: {', '.join(known)}.", name="scope")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
