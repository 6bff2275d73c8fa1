"""The billing system's HTTP interface on this machine: pages, a bearer token, a rate limit, and one answer that fails.

``GET /v1/customers?page=1&per_page=100&updated_since=2026-03-01T00:00:00Z`` answers
``{"data": [...], "page": 1, "pages": 12, "total": 1194}``.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "demo-token-of-example-trading"  # noqa: S105 - it opens invented data only
_LARGEST_PAGE = 200

Address = tuple[str, int]
ANYWHERE: Address = ("127.0.0.1", 0)
"""On this machine only, at a port that is free."""


class BillingServer(ThreadingHTTPServer):
    """Serves what ``billing.write`` left in a folder. Now and then it asks for patience, once it fails."""

    daemon_threads = True

    def __init__(self, folder: Path, at: Address = ANYWHERE, *, patience_every: int = 10, fails_at: int = 5) -> None:
        super().__init__(at, _Answer)
        self.rows = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}
        self.patience_every, self.fails_at = patience_every, fails_at
        self.lock = threading.Lock()
        self.asked = 0
        self.refused = {"401": 0, "429": 0, "500": 0}

    @property
    def url(self) -> str:
        return url_of(self.server_address[1])

    def mood(self) -> int:
        """200, or the answer of a bad moment; the next attempt passes."""
        with self.lock:
            self.asked += 1
            mood = 500 if self.asked == self.fails_at else 429 if self.asked % self.patience_every == 0 else 200
            if mood != 200:
                self.refused[str(mood)] += 1
            return mood


class _Answer(BaseHTTPRequestHandler):
    server: BillingServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.server.refused["401"] += 1
            return self._say(401, {"error": "unauthorized"})
        mood = self.server.mood()
        if mood != 200:
            return self._say(mood, {"error": "too many requests" if mood == 429 else "internal error"})
        rows = self.server.rows.get(address.path.removeprefix("/v1/"))
        if rows is None:
            return self._say(404, {"error": "not found"})
        return self._say(200, _page(rows, {name: values[-1] for name, values in parse_qs(address.query).items()}))

    def _say(self, status: int, answer: dict[str, Any]) -> None:
        body = json.dumps(answer, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if status == 429:
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: the demo tells what matters itself."""


def _page(rows: list[dict[str, Any]], asked: dict[str, str]) -> dict[str, Any]:
    since = asked.get("updated_since", "")
    if since:
        rows = [row for row in rows if row["updated_at"] >= since]
    number = max(1, int(asked.get("page", "1")))
    size = min(_LARGEST_PAGE, max(1, int(asked.get("per_page", "100"))))
    pages = max(1, -(-len(rows) // size))
    return {"data": rows[(number - 1) * size : number * size], "page": number, "pages": pages, "total": len(rows)}


def url_of(port: int) -> str:
    """The address of the interface, seen from this machine."""
    return f"http://127.0.0.1:{port}"


@contextmanager
def serving(folder: Path, at: Address = ANYWHERE) -> Iterator[BillingServer]:
    """The interface runs in a thread as long as the block does."""
    server = BillingServer(folder, at)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
