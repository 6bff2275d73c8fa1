"""A small billing API, as a peer for the `rest` connector: a real HTTP server on the loopback address."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Reply = tuple[int, dict[str, str], bytes]


class Api(ThreadingHTTPServer):
    """Holds its records and says what a test asks it to say. ``troubles`` are answered once each, before anything else."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.records: dict[str, dict[str, Any]] = {}
        self.token = "tok-3Na1"
        self.troubles: list[Reply] = []
        self.asked: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.page_size = 2
        self.between: Callable[[int], None] = lambda _number: None  # called before each page of customers

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: Api
    protocol_version = "HTTP/1.1"
    wbufsize = 64 * 1024  # headers and body in one packet: two would wait for each other

    def log_message(self, *_: Any) -> None: ...

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append((self.path, {}, {"form": form}))
        self._send((200, {}, json.dumps({"access_token": self.server.token, "expires_in": 3600}).encode()))

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self.server.asked.append((parts.path, query, dict(self.headers)))
        self._send(self._answer(parts.path, query))

    def _answer(self, path: str, query: dict[str, str]) -> Reply:
        if self.server.troubles:
            return self.server.troubles.pop(0)
        if self.headers.get("Authorization") != f"Bearer {self.server.token}" and query.get("api_key") != self.server.token:
            return 401, {}, b"{}"
        if path == "/customers":
            return self._page(query)
        return 404, {}, b"{}"

    def _page(self, query: dict[str, str]) -> Reply:
        self.server.between(int(query.get("page", "1")))
        since = query.get("updated_since", "")
        found = sorted((r for r in self.server.records.values() if r.get("updated_at", "") >= since), key=lambda r: str(r["id"]))
        size = self.server.page_size
        start = (int(query["page"]) - 1) * size if "page" in query else int(query.get("offset", query.get("cursor", "0")))
        if "after" in query:
            start = sum(1 for r in found if str(r["id"]) <= query["after"])
        more = start + size < len(found)
        body = {"data": {"items": found[start : start + size]}, "next": str(start + size) if more else None}
        headers = {"Link": f'<{self.server.url}/customers?cursor={start + size}>; rel="next"'} if more else {}
        return 200, headers, json.dumps(body).encode()

    def _send(self, reply: Reply) -> None:
        status, headers, body = reply
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving() -> Iterator[Api]:
    with Api() as api:
        thread = threading.Thread(target=api.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield api
        finally:
            api.shutdown()
            thread.join()
