"""HTTP as every connector needs it: retries, patience, limits, and only to addresses that are configured.

What an answer means for the loop:

    429, or any with Retry-After    wait as long as it says, then try again; too long or too often -> Throttled
    408, 425, 500, 502, 503, 504    try again with growing, jittered pauses; then Unavailable
    no answer, broken answer        the same
    401                             refresh the token once; then BadSettings
    410                             the cursor is gone: start over (the connector decides)
    other 4xx                       BadSettings: asking again would not help
    no JSON (a login page, HTML)    Unavailable

A request is tried `attempts` times, whatever the reasons, and waits `patience` in all: where no attempt follows, nobody waits.
"""

from __future__ import annotations

import email.utils
import logging
import random
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from hub.errors import BadSettings, HubError, Throttled, Unavailable
from hub.formats import tolerant
from hub.formats.rows import MEBIBYTE
from hub.reading.auth import ClientCredentials, Scrub, authenticator, secret_texts

_TRY_AGAIN = {408, 425, 429, 500, 502, 503, 504}
_REDIRECTS = {301, 302, 303, 307, 308}
_CHUNK = 64 * 1024
_HOPS = 5


class Gone(Exception):
    """410, or 404: what was asked for is not there (any more). A word between a page and its reader, never seen outside."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON answer."""

    url: str
    body: Any
    headers: Mapping[str, str]

    @property
    def date(self) -> datetime:
        """The system's own clock; where it does not say, ours."""
        with suppress(TypeError, ValueError):
            return email.utils.parsedate_to_datetime(self.headers["Date"]) if "Date" in self.headers else datetime.now(UTC)
        return datetime.now(UTC)


@dataclass(frozen=True)
class Manners:
    """How to behave towards a system."""

    timeout: timedelta = timedelta(seconds=30)
    attempts: int = 5
    pause: timedelta = timedelta(seconds=1)  # before the second attempt; doubles each time
    patience: timedelta = timedelta(minutes=2)  # the longest wait of one request, over all its attempts
    requests_per_second: float = 0
    longest: int = 32 * MEBIBYTE
    hosts: Sequence[str] = ()  # allowed besides the host of the base address
    authorities: str = ""  # file with own certificate authorities


class Web:
    """A session with one system. Close it."""

    def __init__(self, base: str, auth: Mapping[str, Any], headers: Mapping[str, str], manners: Manners) -> None:
        self.base = base if base.endswith("/") else base + "/"
        self._manners = manners
        self._hosts = {_host(base), *manners.hosts}
        self._session = requests.Session()
        self._session.headers.update({"Accept": "application/json", "User-Agent": "goldenhub", **headers})
        self._session.verify = manners.authorities or True
        self._auth = authenticator(auth, self._post)
        self._scrub = Scrub(secret_texts(auth))
        self._last = 0.0
        logging.getLogger("urllib3.connectionpool").addFilter(self._scrub)

    def __enter__(self) -> Web:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        logging.getLogger("urllib3.connectionpool").removeFilter(self._scrub)
        self._session.close()

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Answer:
        """A JSON answer from a path below the base address, or from a whole address that is allowed."""
        status, headers, raw, url = self.fetch(urljoin(self.base, path.lstrip("/") if "://" not in path else path), params)
        if status in {404, 410}:
            raise Gone(status)
        if status >= 400:
            raise BadSettings(f"{self._system} refuses the request with {status}: check path and parameters.", name="stream")
        try:
            return Answer(url, tolerant.parse(raw), headers)
        except ValueError as error:
            raise Unavailable(self._no_json(headers, error), system=self._system) from error

    def _no_json(self, headers: Mapping[str, str], error: ValueError) -> str:
        kind = headers.get("Content-Type", "no type").split(";")[0].strip().lower()
        if kind.endswith("json"):
            return f"{self._system} answers JSON that cannot be read: {error}. Was it cut off on the way, or written by hand?"
        return f"{self._system} answers {kind} instead of JSON: is this a login or maintenance page? Check `base_url`."

    def fetch(self, url: str, params: Mapping[str, Any] | None = None) -> tuple[int, Mapping[str, str], bytes, str]:
        """Status, headers, body and address, after all patience."""
        waited, tries, fresh = 0.0, 0, False
        while True:
            status, headers, raw, at = self._attempt(url, params)
            if status == 401 and not fresh and isinstance(self._auth, ClientCredentials):
                self._auth.forget()
                fresh = True
                continue
            if status in {401, 403}:
                raise BadSettings(f"{self._system} refuses the login ({status}): check `auth` and its rights.", name="auth")
            if status and status not in _TRY_AGAIN:
                return status, headers, raw, at
            tries += 1
            wait = self._wait(headers, tries)
            if tries >= self._manners.attempts or waited + wait > self._manners.patience.total_seconds():
                raise self._given_up(status, headers, tries, wait)
            time.sleep(wait)
            waited += wait

    @property
    def _system(self) -> str:
        return _host(self.base)

    def _wait(self, headers: Mapping[str, str], tries: int) -> float:
        """How long to wait before the next attempt: as the system asks, else longer each time."""
        if "Retry-After" in headers:
            return _seconds(headers["Retry-After"])
        jitter = 0.5 + random.random() / 2  # noqa: S311 - no secret
        return float(self._manners.pause.total_seconds() * 2 ** (tries - 1) * jitter)

    def _given_up(self, status: int, headers: Mapping[str, str], tries: int, wait: float) -> HubError:
        """No attempt follows. A system that asked for patience is told from one that does not work."""
        if status == 429 or "Retry-After" in headers:
            said = f"asks to wait {wait:.0f} seconds" if "Retry-After" in headers else "is asked too often (429)"
            limits = f"`attempts: {self._manners.attempts}` and `patience: {self._manners.patience.total_seconds():.0f}s`"
            return Throttled(f"{self._system} {said}, at attempt {tries}; allowed are {limits}.", wait=wait, system=self._system)
        cause = f"answers {status}" if status else headers.get("reason", "does not answer")
        return Unavailable(f"{self._system} {cause}, {tries} times.", system=self._system)

    def _attempt(self, url: str, params: Mapping[str, Any] | None) -> tuple[int, Mapping[str, str], bytes, str]:
        """One request with its redirects. Status 0: there was no answer, and ``reason`` says why."""
        for _ in range(_HOPS):
            self._allow(url)
            self._slow_down()
            try:
                with self._session.get(url, params=params, auth=self._auth, **self._how()) as answer:
                    if answer.status_code not in _REDIRECTS:
                        return answer.status_code, answer.headers, self._read(answer), url
                    url, params = urljoin(url, answer.headers.get("Location", "")), None
            except (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema):
                raise BadSettings("`base_url` is no address: write https://host/path.", name="base_url") from None
            except requests.RequestException as error:
                return 0, {"reason": f"does not answer ({type(error).__name__})"}, b"", url
        raise BadSettings(f"{self._system} redirects in a circle.", name="base_url")

    def _how(self) -> dict[str, Any]:
        return {"timeout": self._manners.timeout.total_seconds(), "stream": True, "allow_redirects": False}

    def _read(self, answer: requests.Response) -> bytes:
        raw = bytearray()
        for chunk in answer.iter_content(_CHUNK):
            raw += chunk
            if len(raw) > self._manners.longest:
                raise BadSettings(
                    f"{self._system} answers more than `max_response` bytes: ask for smaller pages.", name="max_response"
                )
        return bytes(raw)

    def _post(self, url: str, data: Mapping[str, str]) -> requests.Response:
        try:
            return self._session.post(url, data=data, timeout=self._manners.timeout.total_seconds(), allow_redirects=False)
        except requests.RequestException as error:
            cause = RuntimeError(self._scrub.text(str(error)))
            raise Unavailable("The token address does not answer.", system=_host(url)) from cause

    def _allow(self, url: str) -> None:
        if _host(url) not in self._hosts:
            message = (
                f"{self._system} points to {_host(url) or 'nowhere'}, which is not configured: add it to `hosts` if it is right."
            )
            raise BadSettings(message, name="hosts")

    def _slow_down(self) -> None:
        if self._manners.requests_per_second:
            rest = self._last + 1 / self._manners.requests_per_second - time.monotonic()
            if rest > 0:
                time.sleep(rest)
        self._last = time.monotonic()


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _seconds(text: str) -> float:
    """A ``Retry-After``: seconds, or a date."""
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, (email.utils.parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 1.0
