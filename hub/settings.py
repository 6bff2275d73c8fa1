"""The hub's own settings: one frozen object, built in one place from the environment.

Systems, feeds and deliveries are not settings: they stand in ``landscape.yaml``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit, urlunsplit

from hub.contract import Secret, duration
from hub.errors import BadSettings, did_you_mean

PREFIX = "HUB_"
_FOR_TESTS = PREFIX + "TEST_"

Declaring = Literal["create", "passive", "none"]
"""What the hub does about exchanges and queues that it needs."""


@dataclass(frozen=True)
class Settings:
    """Each field is read from ``HUB_<NAME>``; the metadata's help is the reference documentation."""

    home: Path = field(
        default=Path(),
        metadata={
            "help": "Your company's folder: landscape.yaml, mappings/ and canonical_model/ there overlay the shipped ones."
        },
    )
    database_url: Secret = field(
        default=Secret(""),
        metadata={
            "help": "Where the hub keeps everything. Default: an SQLite file `.hub/hub.db` in HUB_HOME. For real use postgresql+psycopg://..."
        },
    )
    bus_url: Secret = field(
        default=Secret(""),
        metadata={"help": "The message bus. Default: the durable queue built into the store, which needs no server."},
    )
    bus_prefix: str = field(
        default="hub",
        metadata={"help": "What the names of exchanges and queues begin with. Hubs that share a virtual host differ in it."},
    )
    bus_declare: Declaring = field(
        default="create",
        metadata={
            "help": "create: the hub declares exchanges and queues itself; passive: it only looks whether they are there; none: "
            "it takes them for granted."
        },
    )
    bus_ca: str = field(
        default="",
        metadata={"help": "The certificate of who signed the broker's, for amqps://. Default: those the system trusts."},
    )
    bus_certificate: str = field(default="", metadata={"help": "The hub's own certificate, for a broker that asks for one."})
    bus_key: str = field(default="", metadata={"help": "The key of HUB_BUS_CERTIFICATE, unless it stands in the same file."})
    message_limit: int = field(
        default=16 * 2**20,
        metadata={"help": "The largest message, in bytes, that is read from the bus, as it comes and inflated."},
    )
    batch_size: int = field(default=500, metadata={"help": "Records in one micro-batch, which is one transaction."})
    queue_limit: int = field(
        default=1_000_000,
        metadata={"help": "How many records may wait on the bus before readers slow down: a stopped worker fills no disk."},
    )
    user: str = field(
        default="",
        metadata={"help": "Who you are, as it is kept with your answers and corrections. Default: your login name."},
    )
    stewards: str = field(
        default="",
        metadata={
            "help": "Who may merge, split, pin and correct at the command line: names as in HUB_USER, with commas. "
            "Default: everybody who gets there."
        },
    )
    master_key: Secret = field(
        default=Secret(""),
        metadata={
            "help": "What seals the data keys of what is kept raw: 32 bytes in base64, or where they are "
            "(`env:NAME`, `file:PATH`). Default: a file `.hub/master.key` in HUB_HOME, made at the first use. "
            "Keep a copy of it elsewhere."
        },
    )
    keep_raw: timedelta | None = field(
        default=None, metadata={"help": "How long what came is kept raw, as `90d`. Default: for ever."}
    )
    keep_inbox: timedelta | None = field(
        default=None,
        metadata={"help": "How long the ids of pushed messages are remembered, to know them again, as `30d`. Default: for ever."},
    )
    keep_rejects: timedelta | None = field(
        default=None,
        metadata={"help": "How long rejects and dead letters are kept after they were closed, as `90d`. Default: for ever."},
    )
    keep_history: timedelta | None = field(
        default=None,
        metadata={
            "help": "How long versions of records are kept that no longer count for anything, as `365d`. Default: for ever."
        },
    )
    keep_changes: timedelta | None = field(
        default=None,
        metadata={
            "help": "How long the feed of changes and the receipts of deliveries reach back, as `90d`. Default: to the beginning."
        },
    )
    raw_budget: int | None = field(
        default=None,
        metadata={"help": "How many bytes raw records may take, as `20GB`: the oldest bodies go first. Default: no limit."},
    )
    prune_every: timedelta = field(
        default=timedelta(days=1),
        metadata={
            "help": "How often workers let go of what is kept long enough, as `12h`. Default: once a day; a full budget does not "
            "wait."
        },
    )
    as_of: str = field(
        default="", metadata={"help": "The date (YYYY-MM-DD) that time-dependent rules take as today. Default: today."}
    )

    @property
    def steward_names(self) -> frozenset[str]:
        return frozenset(filter(None, (name.strip() for name in self.stewards.split(","))))

    @property
    def store_url(self) -> str:
        """The database URL with its default filled in. It may hold a password: use it, do not show it."""
        return self.database_url.reveal() or f"sqlite:///{self.home / '.hub' / 'hub.db'}"

    @property
    def shown_store_url(self) -> str:
        return without_password(self.store_url)


def from_environment(environment: Mapping[str, str] | None = None) -> Settings:
    """Read ``HUB_*`` variables. An unknown one is a mistake worth stopping for, since it was meant to do something."""
    given = os.environ if environment is None else environment
    known = {PREFIX + f.name.upper(): f for f in fields(Settings)}
    unknown = [n for n in given if n.startswith(PREFIX) and not n.startswith(_FOR_TESTS) and n not in known]
    if unknown:
        name = sorted(unknown)[0]
        raise BadSettings(f"Unknown setting {name}{did_you_mean(name, known)}. Known: {', '.join(sorted(known))}.", name=name)
    values: dict[str, object] = {}
    for name, declared in known.items():
        if text := given.get(name):
            values[declared.name] = _convert(name, str(declared.type), text)
    return Settings(**values)  # type: ignore[arg-type]  # the fields were converted to their declared types


def _convert(name: str, kind: str, text: str) -> object:
    if kind == "int":
        if not text.isdigit() or int(text) < 1:
            raise BadSettings(f"{name} must be a whole number above 0, not {text!r}.", name=name)
        return int(text)
    if kind == "Declaring":
        if text not in get_args(Declaring):
            raise BadSettings(f"{name} must be one of {', '.join(get_args(Declaring))}, not {text!r}.", name=name)
        return text
    if kind in ("timedelta", "timedelta | None"):
        return _duration(name, text)
    if kind == "int | None":
        return _bytes(name, text)
    return {"Path": Path, "Secret": Secret}.get(kind, str)(text)


def _duration(name: str, text: str) -> timedelta:
    try:
        return duration(text)
    except ValueError as wrong:
        raise BadSettings(f"{name} must be a duration such as 12h or 90d, not {text!r}.", name=name) from wrong


def _bytes(name: str, text: str) -> int:
    found = re.fullmatch(r"(\d+)\s*([kMGT]?)B?", text.strip(), re.IGNORECASE)
    if not found or not int(found[1]):
        raise BadSettings(f"{name} must be a size such as 500MB or 20GB, not {text!r}.", name=name)
    return int(found[1]) * int(1000 ** " kmgt".index(found[2].lower() or " "))


def without_password(url: str) -> str:
    """The same URL with its password as ``***``."""
    parts = urlsplit(url)
    if not parts.password:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":***@")))
