"""Ways to log in to an API. Secrets are revealed only where a request is made."""

from __future__ import annotations

import base64
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

import requests
from requests.auth import AuthBase

from hub.contract import Secret
from hub.errors import BadSettings, Unavailable, did_you_mean

SECRETS = ("bearer", "basic.password", "api_key.value", "oauth2.client_secret", "oauth2.refresh_token")
"""Paths inside an ``auth`` mapping that are secret."""

_WAYS = {
    "bearer": (),
    "basic": ("user", "password"),
    "api_key": ("value",),
    "oauth2": ("token_url", "client_id", "client_secret"),
}
_EARLY = 30.0
"""Seconds before its end after which a token is not used any more."""


class Bearer(AuthBase):
    def __init__(self, token: Secret) -> None:
        self._token = token

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return r


class Basic(AuthBase):
    def __init__(self, user: str, password: Secret) -> None:
        self._user = user
        self._password = password

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        pair = f"{self._user}:{self._password.reveal()}".encode()
        r.headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        return r


class ApiKey(AuthBase):
    """A key in a header, or in the query where a system knows no better."""

    def __init__(self, value: Secret, header: str, query: str) -> None:
        self._value = value
        self._header = header
        self._query = query

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._query:
            r.prepare_url(r.url, {self._query: self._value.reveal()})
        else:
            r.headers[self._header] = self._value.reveal()
        return r


class ClientCredentials(AuthBase):
    """OAuth 2 (RFC 6749): client credentials, or a refresh token where the system gave one."""

    def __init__(self, settings: Mapping[str, Any], post: Callable[..., requests.Response]) -> None:
        self._settings = settings
        self._post = post
        self._token: Secret | None = None
        self._until = 0.0

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is None or time.monotonic() > self._until:
            self._refresh()
        r.headers["Authorization"] = f"Bearer {self._token.reveal() if self._token else ''}"
        return r

    def forget(self) -> None:
        """The system refused the token: ask for another."""
        self._token = None

    def _refresh(self) -> None:
        settings = self._settings
        form = {"grant_type": "client_credentials", "client_id": settings["client_id"]}
        form["client_secret"] = settings["client_secret"].reveal()
        if "refresh_token" in settings:
            form |= {"grant_type": "refresh_token", "refresh_token": settings["refresh_token"].reveal()}
        if "scope" in settings:
            form["scope"] = settings["scope"]
        answer = self._post(settings["token_url"], data=form)
        if answer.status_code in {400, 401, 403}:
            raise BadSettings("The token address refuses the client: check client_id and client_secret.", name="auth.oauth2")
        try:
            token = answer.json()
            self._token = Secret(token["access_token"])
            self._until = time.monotonic() + float(token.get("expires_in", 3600)) - _EARLY
        except (ValueError, KeyError, TypeError) as error:
            raise Unavailable("The token address answers without a token.", system=settings["token_url"]) from error


def authenticator(auth: Mapping[str, Any], post: Callable[..., requests.Response]) -> AuthBase | None:
    """The way to log in that these settings describe."""
    if not auth:
        return None
    way, given = next(iter(auth.items()))
    _check(auth, way, given)
    if way == "bearer":
        return Bearer(given)
    if way == "basic":
        return Basic(given["user"], given["password"])
    if way == "api_key":
        return ApiKey(given["value"], given.get("header", "X-API-Key"), given.get("query", ""))
    return ClientCredentials(given, post)


def _check(auth: Mapping[str, Any], way: str, given: Any) -> None:
    if way not in _WAYS or len(auth) != 1:
        known = ", ".join(_WAYS)
        raise BadSettings(f"`auth` knows no {way!r}{did_you_mean(way, _WAYS)}; give one of {known}.", name="auth")
    missing = [name for name in _WAYS[way] if name not in given] if _WAYS[way] else []
    if missing:
        raise BadSettings(f"`auth.{way}` needs {', '.join(missing)}.", name=f"auth.{way}")


def secret_texts(auth: Mapping[str, Any]) -> Iterator[str]:
    """Every secret in these settings, as it is and as it stands in an address."""
    for value in auth.values():
        if isinstance(value, Secret):
            yield from (value.reveal(), quote(value.reveal(), safe=""))
        elif isinstance(value, Mapping):
            yield from secret_texts(value)


class Scrub(logging.Filter):
    """Takes secrets out of what the HTTP library logs: an address may hold one."""

    def __init__(self, secrets: Iterator[str]) -> None:
        super().__init__()
        self._secrets = sorted({secret for secret in secrets if secret}, key=len, reverse=True)

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self.text(record.getMessage()), ()
        return True

    def text(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text
