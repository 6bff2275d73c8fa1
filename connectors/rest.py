"""Any JSON API, with settings alone: login, pages, a parameter for what changed, a sweep for what was deleted."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

from hub.contract import Cursor, Probe, Signal, Stream, StreamRequest, setting
from hub.errors import BadSettings, Unavailable
from hub.formats import jsonl
from hub.formats.rows import LONGEST_RECORD, MEBIBYTE, Flaw, Row
from hub.reading import listings, probes
from hub.reading.auth import SECRETS
from hub.reading.declared import fill
from hub.reading.http import Gone, Manners, Web
from hub.reading.names import types_of
from hub.reading.pagination import Page, Pagination, pages
from hub.reading.snapshots import Event


@dataclass(frozen=True)
class Options:
    """What `stream:` may say about a list of an API."""

    key: tuple[str, ...] = setting("Field or fields of the key.", default=())
    path: str = setting("Path below base_url. Default: the name of the stream.", default="")
    record_path: str = setting("Where the array of records is in an answer. Default: the answer itself.", default="")
    params: Mapping[str, Any] = setting("Query parameters of every request.", default={})
    pagination: Mapping[str, Any] = setting("How pages are asked for; see the table below.", default={})
    updated_param: str = setting(
        "Query parameter that asks for records changed since. Without it all are read each time.", default=""
    )
    updated_format: str = setting(
        "How times are written: `iso`, `epoch` seconds, `epoch_ms`, or `number` (a sequence).",
        default="iso",
        choices=("iso", "epoch", "epoch_ms", "number"),
    )
    overlap: int = setting("With `number`: how many are read again each time.", default=1000)


@dataclass(frozen=True)
class Connector:
    """An HTTP API that answers JSON."""

    options: ClassVar[type] = Options

    base_url: str = setting("The address below which its paths are.")
    auth: Mapping[str, Any] = setting(
        "One of `bearer: <ref>`, `basic: {user, password}`, `api_key: {value, header|query}`, "
        "`oauth2: {token_url, client_id, client_secret, scope, refresh_token}`.",
        default={},
        secrets=SECRETS,
    )
    headers: Mapping[str, Any] = setting("Headers of every request.", default={})
    limits: Mapping[str, Any] = setting("`requests_per_second`: how often it may be asked.", default={})
    hosts: tuple[str, ...] = setting("Other hosts (host:port) that its links and redirects may lead to.", default=())
    timeout: timedelta = setting("How long an answer may take.", default=timedelta(seconds=30))
    attempts: int = setting("How often a request is tried, whatever the reason.", default=5)
    pause: timedelta = setting("Wait before the second attempt; it doubles each time.", default=timedelta(seconds=1))
    patience: timedelta = setting("The longest wait of one request, over all its attempts.", default=timedelta(minutes=2))
    max_response: int = setting("Bytes of the longest answer.", default=32 * MEBIBYTE)
    max_record: int = setting("Bytes of the longest record; a longer one is set aside.", default=LONGEST_RECORD)
    authorities: str = setting("File with your own certificate authorities.", default="")
    streams: Mapping[str, Any] = setting("Options of its streams by name, so that feeds need not repeat them.", default={})
    check_path: str = setting("A path that a check may read. Default: the first of `streams`.", default="")

    def check(self) -> list[Probe]:
        return probes.run(
            [("address", self._address), ("connection", self._connect), ("login", self._login), ("sample", self._sample)]
        )

    def _address(self) -> str:
        parts = urlsplit(self.base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise BadSettings("`base_url` is no address: write https://host/path.", name="base_url")
        try:
            socket.getaddrinfo(parts.hostname, parts.port or parts.scheme)
        except OSError as error:
            raise Unavailable(f"The name {parts.hostname} is not known: check `base_url` and the network.", system="") from error
        return parts.netloc.rpartition("@")[2]

    def _connect(self) -> str:
        parts = urlsplit(self.base_url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            socket.create_connection((parts.hostname or "", port), timeout=self.timeout.total_seconds()).close()
        except OSError as error:
            raise Unavailable(f"{parts.hostname}:{port} takes no connection: check address and network.", system="") from error
        return ""

    def _login(self) -> str:
        with self._web() as web:
            status, *_ = web.fetch(web.base + self._checked().lstrip("/"))
        return f"answers {status}"

    def _sample(self) -> str:
        for name in list(self.streams)[:1]:
            found = _sample(self, name)
            return f"{len(found.fields)} fields in {name}"
        return "no `streams` to look at"

    def _checked(self) -> str:
        return self.check_path or next((str(o.get("path") or name) for name, o in self.streams.items()), "")

    def discover(self) -> list[Stream]:
        return [_sample(self, name) for name in self.streams]

    def read(self, request: StreamRequest, cursor: Cursor | None) -> Iterator[Event]:
        options = self._options(request.name, request.options)
        with self._web() as web:
            listing = listings.Listing(
                request,
                options.key,
                lambda since: self._pages(web, request.name, options, since),
                lambda page: _rows(page, request.name, self.max_record),
                listings.Times(options.updated_format, options.overlap),
                incremental=bool(request.cursor.column and options.updated_param),
            )
            try:
                yield from listings.read(listing, cursor or {})
            except Gone as gone:
                if gone.status == 404 or not cursor or "low" not in cursor:
                    message = f"{self.base_url} has no {options.path or request.name} ({gone.status}): check the stream."
                    raise BadSettings(message, name="stream") from None
                yield Signal("resync", "The system does not know the cursor any more; everything is read again.")
                yield from listings.read(listing, {name: value for name, value in cursor.items() if name not in {"low", "seen"}})

    def _pages(self, web: Web, name: str, options: Options, since: Any) -> Iterator[Page]:
        params = {**options.params, **({options.updated_param: since} if since is not None else {})}
        how = fill(Pagination, options.pagination, f"Stream {name}: pagination", str)
        return pages(web, options.path or name, params, how, options.record_path, options.key[0] if options.key else "id")

    def _options(self, name: str, given: Mapping[str, Any]) -> Options:
        return fill(Options, {**self.streams.get(name, {}), **given}, f"Stream {name}", str)

    def _web(self) -> Web:
        manners = Manners(
            self.timeout,
            self.attempts,
            self.pause,
            self.patience,
            float(self.limits.get("requests_per_second", 0)),
            self.max_response,
            self.hosts,
            self.authorities,
        )
        return Web(self.base_url, self.auth, self.headers, manners)

    def close(self) -> None:
        """Nothing stays open between reads."""


def _rows(page: Page, name: str, longest: int) -> Iterator[Row | Flaw]:
    for number, value in enumerate(page.records):
        yield jsonl.sized(value, f"{name} page {page.number + 1}[{number}]", longest)


def _sample(connector: Connector, name: str) -> Stream:
    options = connector._options(name, {})
    with connector._web() as web:
        try:
            page = next(connector._pages(web, name, options, None), None)
        except Gone:
            raise BadSettings(f"There is no {options.path or name} below {connector.base_url}.", name=name) from None
    return Stream(name, types_of(r for r in (page.records if page else []) if isinstance(r, dict)), key=options.key)
