"""A way to a server that can be cut and frozen: plain TCP on this machine, one pair of threads a connection."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import suppress

_PIECE = 1 << 16
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: a reset instead of a goodbye


class Proxy:
    """Listens on a port of its own and passes everything on to ``target`` on this machine."""

    def __init__(self, target: int) -> None:
        self.target = target
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = int(self._listener.getsockname()[1])
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._frozen_until = 0.0
        threading.Thread(target=self._accept, daemon=True, name=f"proxy-{self.port}").start()

    def cut(self) -> int:
        """Reset every connection; how many there were."""
        with self._lock:
            ends, self._open = self._open, set()
        for end in ends:
            _reset(end)
        return len(ends) // 2

    def freeze(self, seconds: float) -> None:
        """Nothing passes for a while, and nobody is told."""
        self._frozen_until = time.monotonic() + seconds

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self.target), timeout=5)
        except OSError:
            _reset(client)
            return
        server.settimeout(None)
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._open |= {client, server}
        threading.Thread(target=self._pump, args=(client, server), daemon=True).start()
        self._pump(server, client)

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while piece := source.recv(_PIECE):
                while (left := self._frozen_until - time.monotonic()) > 0:
                    time.sleep(min(left, 0.1))
                target.sendall(piece)
        except OSError:
            pass
        with self._lock:  # not those that are being cut: a goodbye would come before the reset
            mine = {source, target} & self._open
            self._open -= mine
        for end in mine:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            with suppress(OSError):
                end.close()


def _reset(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    with suppress(OSError):
        end.shutdown(socket.SHUT_RD)  # wakes the thread that reads, and says nothing to the other side
    end.close()
