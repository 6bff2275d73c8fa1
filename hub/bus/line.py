"""A line to the broker: one connection, kept open by a thread of its own.

All of pika happens in that thread; other threads only ask it to call something. Slow work is never on it, so heartbeats never
starve. A connection that breaks is made anew, with growing pauses, until the line is closed.
"""

from __future__ import annotations

import decimal
import logging
import re
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

import pika
from pika import exceptions, frame, spec
from pika.adapters.select_connection import IOLoop

from hub.bus.capabilities import Broker, broker
from hub.bus.envelopes import UNREADABLE
from hub.errors import BadSettings, HubError, Unavailable
from hub.settings import Settings

HEARTBEAT = 30
CLOSING = 2.0  # seconds after which a line that cannot be closed is let go
_PAUSES = (0.05, 0.2, 0.5, 1.0, 2.0, 5.0)
_REFUSED = re.compile(r"ACCESS_REFUSED|NOT_ALLOWED - (?:vhost .* not found|access to vhost .* refused)")
"""What a broker says that means it. pika alone guesses: a broker killed while it greets looks the same to it."""
_UNDECODABLE = (
    *(ValueError, OverflowError, OSError, RecursionError, struct.error, decimal.DecimalException),
    exceptions.InvalidFieldTypeException,
)

# pika logs a broken connection as an error with its traceback; the hub says in its own words what happens next
logging.getLogger("pika").setLevel(logging.CRITICAL)


class Listener(Protocol):
    """Who uses a line. All of this is called in the line's thread."""

    def opened(self, connection: pika.SelectConnection) -> None: ...
    def lost(self) -> None: ...


class Line:
    """One connection and its thread."""

    def __init__(self, parameters: pika.ConnectionParameters, name: str, listener: Listener) -> None:
        self._parameters, self._listener = parameters, listener
        self._loop = IOLoop()
        self._thread = threading.Thread(target=self._run, name=f"goldenhub {name}", daemon=True)
        self._failures = 0
        self._closing = False
        self._was_open = False
        self.connection: pika.SelectConnection | None = None
        self.problem: HubError | None = None  # why it is not open
        self.broker: Broker | None = None

    def start(self) -> None:
        self._thread.start()

    @property
    def ended(self) -> bool:
        return not self._thread.is_alive()

    def call(self, what: Callable[[], None]) -> None:
        """Have the thread call this."""
        if not self.ended:
            with suppress(RuntimeError, OSError):  # it ends at this very moment
                self._loop.add_callback_threadsafe(what)

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        """In the line's thread: call this after a while."""
        self._loop.call_later(seconds, what)

    def close(self) -> None:
        """Say good-bye, or let go after a moment. What is not acknowledged comes back to the queues."""
        if threading.current_thread() is self._thread:
            raise RuntimeError("a line is closed by another thread than its own")
        self._closing = True
        self.call(self._bid_farewell)
        self._thread.join(CLOSING + 1)

    def _bid_farewell(self) -> None:
        self._loop.call_later(CLOSING, self._loop.stop)
        if self.connection is not None and self.connection.is_open:
            self.connection.close()
        else:
            self._loop.stop()

    def _run(self) -> None:
        try:
            self._connect()
            while not self._looped():
                pass
        finally:
            self._closing = True
            if self.connection is not None:
                _let_go(self.connection)
            self._loop.close()

    def _looped(self) -> bool:
        """True when the loop was told to end; False when it has to go on with another connection."""
        try:
            self._loop.start()
        except ValueError as error:  # raised through the loop: what pika says of a connection that is reset in its first moment
            if self._closing:
                return True
            self._again(ConnectionResetError(str(error)))
            return False
        return True

    def _connect(self) -> None:
        if self._closing:
            return
        self.connection = _Connection(
            self._parameters,
            on_open_callback=self._opened,
            on_open_error_callback=self._not_opened,
            on_close_callback=self._closed,
            custom_ioloop=self._loop,
        )

    def _opened(self, connection: Any) -> None:
        try:
            self.broker = broker(connection.server_properties)
        except BadSettings as wrong:
            self.problem = wrong
            connection.close()
            return
        self.problem = None
        self._failures, self._was_open = 0, True
        self._listener.opened(connection)

    def _not_opened(self, _connection: Any, error: BaseException | str) -> None:
        self._again(error)

    def _closed(self, _connection: Any, reason: BaseException) -> None:
        if self._closing:
            self._loop.stop()
            return
        self._again(reason)

    def _again(self, error: BaseException | str) -> None:
        problem = why(error)
        if self._was_open and isinstance(problem, BadSettings):  # it was right before: a broker that starts is not itself yet
            problem = Unavailable(problem.message, system="bus")
        if not isinstance(self.problem, BadSettings):
            self.problem = problem
        self._listener.lost()
        if self._closing:
            self._loop.stop()
            return
        pause = _PAUSES[min(self._failures, len(_PAUSES) - 1)]
        self._failures += 1
        self._loop.call_later(pause, self._connect)


class _Connection(pika.SelectConnection):  # type: ignore[misc]  # pika tells no types
    """pika's connection, which survives headers that it cannot decode."""

    def _read_frame(self) -> Any:
        try:
            return super()._read_frame()
        except _UNDECODABLE:
            return _without_headers(self._frame_buffer)


def _without_headers(buffer: bytes) -> tuple[int, Any]:
    """The header frame of a message, its properties replaced by the word that they are unreadable."""
    kind, channel, size = struct.unpack_from(">BHL", buffer, 0)
    if kind != spec.FRAME_HEADER or len(buffer) < size + 8:
        raise exceptions.InvalidFrameError("a frame cannot be decoded")
    _, _, length = struct.unpack_from(">HHQ", buffer, 7)
    return size + 8, frame.Header(channel, length, spec.BasicProperties(headers={UNREADABLE: True}))


def _let_go(connection: pika.SelectConnection) -> None:
    """Close the socket of a connection that did not say good-bye in time."""
    with suppress(AttributeError, OSError):
        connection._transport._sock.close()


def why(error: BaseException | str) -> HubError:
    """What a broken connection means: something that a person must change, or something that passes."""
    told = _roots(error)
    if any(_REFUSED.search(str(one)) for one in told):
        return BadSettings("The broker refuses the login of HUB_BUS_URL, or its virtual host.", name="HUB_BUS_URL")
    if any(isinstance(one, ssl.SSLCertVerificationError) for one in told):
        said = (
            "The broker's certificate cannot be trusted: set HUB_BUS_CA to the file of who signed it, and use the name it is for."
        )
        return BadSettings(said, name="HUB_BUS_CA")
    if any(isinstance(one, (ssl.SSLError, exceptions.IncompatibleProtocolError)) for one in told):
        said = (
            "The broker breaks off at once: is the port in HUB_BUS_URL one for amqps:// or amqp://, and does it ask for a "
            "certificate (HUB_BUS_CERTIFICATE)? It is tried again."
        )
        return Unavailable(said, system="bus")
    return Unavailable("The broker does not answer; is it up, and HUB_BUS_URL right? It is tried again.", system="bus")


def _roots(error: BaseException | str) -> list[BaseException]:
    """An error with all that stands behind it: pika wraps several times."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting and len(found) < 50:
        one = waiting.pop()
        if isinstance(one, BaseException) and one not in found:
            found.append(one)
            waiting += [one.__cause__, one.__context__, *one.args, *getattr(one, "exceptions", ())]
    return found


def parameters(settings: Settings) -> pika.ConnectionParameters:
    """How to reach the broker. A certificate is verified, always."""
    url = settings.bus_url.reveal()
    try:
        found = pika.URLParameters(url)
    except (ValueError, TypeError, IndexError) as wrong:
        said = "HUB_BUS_URL is no broker's URL: write amqp://user:password@host:5672/vhost, or amqps:// for TLS."
        raise BadSettings(said, name="HUB_BUS_URL") from wrong
    if url.partition("://")[0] not in ("amqp", "amqps"):
        raise BadSettings("HUB_BUS_URL begins with amqp:// or amqps://.", name="HUB_BUS_URL")
    found.heartbeat = HEARTBEAT
    found.blocked_connection_timeout = None  # blocked is no reason to give up: it waits, and says so
    found.connection_attempts = 1
    found.socket_timeout = found.stack_timeout = 15
    found.client_properties = {"connection_name": "goldenhub", "product": "goldenhub"}
    if url.startswith("amqps://"):
        found.ssl_options = pika.SSLOptions(_context(settings), found.host)
    return found


def _context(settings: Settings) -> ssl.SSLContext:
    for name, path in (("BUS_CA", settings.bus_ca), ("BUS_CERTIFICATE", settings.bus_certificate), ("BUS_KEY", settings.bus_key)):
        if path and not settings.home.joinpath(path).is_file():
            raise BadSettings(f"HUB_{name} names {path}, which is no file.", name=f"HUB_{name}")
    try:
        context = ssl.create_default_context(cafile=settings.home / settings.bus_ca if settings.bus_ca else None)
        if settings.bus_certificate:
            key = settings.home / settings.bus_key if settings.bus_key else None
            context.load_cert_chain(settings.home / settings.bus_certificate, key)
    except (ssl.SSLError, OSError) as wrong:
        said = f"The certificates of HUB_BUS_CA, HUB_BUS_CERTIFICATE and HUB_BUS_KEY cannot be used: {wrong.strerror or wrong}."
        raise BadSettings(said, name="HUB_BUS_CA") from wrong
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
