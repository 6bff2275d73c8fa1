"""The master key at hand, and the data keys of source records: made, found, sealed anew, destroyed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from hub.errors import BadSettings
from hub.landscape import references
from hub.sealing import SETTING, MasterKeys, fingerprint, new_key, new_keys, read_keys, shown_key
from hub.settings import Settings
from hub.store import keys
from hub.store.keys import DataKey, Owner
from hub.store.store import Store

_PAGE = 5000
_HEADER = (
    "# The master key of this hub: without it nothing that is kept raw can be read. Keep a copy elsewhere.\n"
    "# The first key seals; former ones below it still open what was not yet sealed anew.\n"
)

Opened = tuple[int, bytes]
"""Number and data key."""


@dataclass
class KeyRing:
    """The data keys of one hub, under the master key that its settings name."""

    settings: Settings
    clock: Callable[[], datetime]
    _masters: MasterKeys | None = field(default=None, repr=False)

    @property
    def path(self) -> Path:
        """The file of the default."""
        return self.settings.home / ".hub" / "master.key"

    def check(self, tx: Connection) -> None:
        """Raise ``BadSettings`` when the master key at hand is not the one this store needs."""
        if keys.masters(tx):
            self._sealing(tx)

    def for_owners(self, tx: Connection, owners: Iterable[Owner]) -> dict[Owner, Opened]:
        """The data keys that seal what these records bring now; new ones where there is none."""
        masters, sealing = self._sealing(tx)
        asked = sorted(set(owners))
        held = keys.latest(tx, asked)
        found = {owner: (one.number, self._opened(masters, one)) for owner, one in held.items() if one.sealed is not None}
        missing = [(owner, held[owner].number + 1 if owner in held else 1) for owner in asked if owner not in found]
        fresh = new_keys(len(missing))
        wrapped = masters.wrap(fresh, [_label(owner, number) for owner, number in missing], sealing)
        found |= {owner: (number, key) for (owner, number), key in zip(missing, fresh, strict=True)}
        made = [DataKey(owner, number, sealing, sealed) for (owner, number), sealed in zip(missing, wrapped, strict=True)]
        for theirs in keys.add(tx, made, self.clock()):
            found[theirs.owner] = theirs.number, self._opened(masters, theirs)
        return found

    def opened(self, tx: Connection, asked: Iterable[tuple[Owner, int]]) -> dict[tuple[Owner, int], bytes]:
        """The data keys with these numbers; those that were destroyed are missing."""
        wanted = set(asked)
        if not wanted:
            return {}
        masters, _ = self._sealing(tx)
        held = keys.every(tx, {owner for owner, _ in wanted})
        return {place: self._opened(masters, one) for place, one in held.items() if place in wanted and one.sealed is not None}

    def _opened(self, masters: MasterKeys, one: DataKey) -> bytes:
        key = masters.unwrap(one.sealed or b"", _label(one.owner, one.number), one.master)
        if key is None:
            raise self._wrong(one.master)
        return key

    # -- the master key --

    def _sealing(self, tx: Connection) -> tuple[MasterKeys, str]:
        """The master keys at hand, and the name of the one that seals."""
        known = keys.masters(tx)
        masters = self._masters or self._load(bool(known))
        if not known:
            known = keys.register(tx, masters.first, self.clock())
        if known[0].id not in masters.names:
            masters = self._load(True)  # somebody may have rotated it since
        if known[0].id not in masters.names:
            raise self._wrong(known[0].id)
        self._masters = masters
        return masters, known[0].id

    def _load(self, in_use: bool) -> MasterKeys:
        given = self.settings.master_key.reveal()
        if given.startswith(("env:", "file:", "airflow-conn:")):
            given = references(self.settings.home)(given)
        if given:
            return MasterKeys(tuple(read_keys(given)))
        if not self.path.is_file():
            if in_use:
                said = (
                    f"What this store keeps raw is sealed, and its master key is not here: {self.path} is missing. Put that file "
                    f"back (from a copy, or from the machine where this hub began), or set {SETTING}. Where it is lost for "
                    "good: `goldenhub keys rotate --lost` begins anew, and what was kept raw until now stays unreadable."
                )
                raise BadSettings(said, name=SETTING)
            _write(self.path, [new_key()], fresh=True)
        return MasterKeys(tuple(read_keys(_read(self.path), str(self.path))))

    def _wrong(self, master: str) -> BadSettings:
        where = SETTING if self.settings.master_key else str(self.path)
        said = (
            f"What this store keeps raw is sealed under the master key {master}, and that is not the one in {where}. Put the "
            "right one there (former keys may stand behind the one in use). Where it is lost for good: "
            "`goldenhub keys rotate --lost`."
        )
        return BadSettings(said, name=SETTING)

    # -- rotation --

    def rotate(self, store: Store, *, lost: bool = False) -> tuple[str, int, int]:
        """Seal all data keys under a new master key: its name, how many were sealed anew, and how many given up.

        With a key of one's own the new one stands first in the setting, former ones behind it. The key file of the default is
        written here. Running workers find the new key by themselves in the file; in a setting, at their next start.
        """
        with store.read() as tx:
            known = keys.masters(tx)
        if not self.settings.master_key:
            former = [] if lost or not self.path.is_file() else read_keys(_read(self.path), str(self.path))
            if not former and known and not lost:
                self._load(True)
            _write(self.path, [new_key(), *former])
        masters = self._masters = self._load(bool(known))
        if known and not lost and known[0].id not in masters.names:
            raise self._wrong(known[0].id)
        if not lost and known and known[0].id == masters.first:
            said = f"{SETTING} begins with the key in use: put a new one before it (former ones stay behind it), then rotate."
            raise BadSettings(said, name=SETTING)
        with store.begin() as tx:
            keys.register(tx, masters.first, self.clock())
            gone = sum(keys.give_up(tx, one.id, self.clock()) for one in known if lost and one.id not in masters.names)
        return masters.first, self._seal_anew(store, masters), gone

    def _seal_anew(self, store: Store, masters: MasterKeys) -> int:
        """All data keys that another master key at hand seals."""
        number = 0
        for name in masters.names[1:]:
            after: DataKey | None = None
            while True:
                with store.begin() as tx:
                    page = keys.under(tx, name, after, _PAGE)
                    keys.seal_again(tx, [self._anew(masters, one) for one in page])
                if not page:
                    break
                after, number = page[-1], number + len(page)
        return number

    def _anew(self, masters: MasterKeys, one: DataKey) -> DataKey:
        (sealed,) = masters.wrap([self._opened(masters, one)], [_label(one.owner, one.number)], masters.first)
        return one._replace(master=masters.first, sealed=sealed)

    def forget(self, store: Store) -> list[str]:
        """Let go of former master keys that seal nothing any more; their names. In the file of the default they go, too."""
        with store.begin() as tx:
            known, under = keys.masters(tx), keys.sealed_under(tx)
            former = [one.id for one in known[1:] if not under.get(one.id)]
            keys.drop_masters(tx, former)
        if not self.settings.master_key and self.path.is_file():
            listed = read_keys(_read(self.path), str(self.path))
            _write(self.path, [key for key in listed if fingerprint(key) not in former])
        self._masters = None
        return former


def _label(owner: Owner, number: int) -> bytes:
    return "\x1f".join((*owner, str(number))).encode("utf-8", "surrogatepass")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as wrong:
        raise BadSettings(f"The key file {path} cannot be read ({wrong.strerror}).", name=SETTING) from wrong


def _write(path: Path, listed: list[bytes], *, fresh: bool = False) -> None:
    """Whole or not at all, for nobody's eyes but the hub's; ``fresh`` leaves alone what another process wrote first."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(dir=path.parent, prefix=".master-")
        try:
            with os.fdopen(number, "w", encoding="utf-8") as file:
                file.write(_HEADER + "".join(shown_key(key) + "\n" for key in listed))
                file.flush()
                os.fsync(file.fileno())
            if fresh:
                _link(name, path)
            else:
                Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as wrong:
        said = f"The key file {path} cannot be written ({wrong.strerror}); set {SETTING}, or give the hub the right to."
        raise BadSettings(said, name=SETTING) from wrong


def _link(name: str, path: Path) -> None:
    try:
        os.link(name, path)
    except FileExistsError:
        return
