"""What is kept raw is sealed: AES-256-GCM, one data key for each source record, data keys sealed under a master key.

    body      nonce + sealed(data key, packed record, bound to its receipt)
    data key  nonce + sealed(master key, data key, bound to its source record)

Whoever destroys a data key has made every raw body of that record unreadable, in every copy and every backup of them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.errors import BadSettings

__all__ = ["MasterKeys", "fingerprint", "new_key", "new_keys", "open_body", "read_keys", "seal_body", "shown_key"]

KEY_BYTES, NONCE_BYTES = 32, 12
SETTING = "HUB_MASTER_KEY"
_SHOULD = "It takes 32 random bytes in base64, as `openssl rand -base64 32` makes."


def new_key() -> bytes:
    return os.urandom(KEY_BYTES)


def new_keys(number: int) -> list[bytes]:
    chance = os.urandom(KEY_BYTES * number)
    return [chance[place : place + KEY_BYTES] for place in range(0, len(chance), KEY_BYTES)]


def shown_key(key: bytes) -> str:
    """A key as text, as a setting or a file holds it."""
    return base64.b64encode(key).decode()


def read_keys(text: str, where: str = SETTING) -> list[bytes]:
    """The keys in a setting or a file: the one in use first, former ones after it."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    words = " ".join(lines).replace(",", " ").split()
    if not words:
        raise BadSettings(f"{where} holds no key. {_SHOULD}", name=SETTING)
    return [_key(word, where) for word in words]


def _key(word: str, where: str) -> bytes:
    try:
        key = base64.b64decode(word.replace("-", "+").replace("_", "/") + "=" * (-len(word) % 4), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise BadSettings(f"{where} holds something that is no key. {_SHOULD}", name=SETTING)
    return key


def fingerprint(key: bytes) -> str:
    """What a key is called: it says nothing about the key."""
    return hashlib.blake2b(key, digest_size=6, person=b"goldenhub").hexdigest()


@dataclass(frozen=True)
class MasterKeys:
    """The master keys at hand: the first seals, all of them open."""

    keys: tuple[bytes, ...] = field(repr=False)
    _ciphers: Mapping[str, AESGCM] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_ciphers", {fingerprint(key): AESGCM(key) for key in self.keys})

    @property
    def first(self) -> str:
        return fingerprint(self.keys[0])

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._ciphers)

    def wrap(self, data_keys: Sequence[bytes], owners: Sequence[bytes], master: str) -> list[bytes]:
        """Data keys, sealed under a master key, each bound to its owner."""
        encrypt, chance = self._ciphers[master].encrypt, os.urandom(NONCE_BYTES * len(data_keys))
        nonces = [chance[place : place + NONCE_BYTES] for place in range(0, len(chance), NONCE_BYTES)]
        given = zip(nonces, data_keys, owners, strict=True)
        return [nonce + encrypt(nonce, data_key, owner) for nonce, data_key, owner in given]

    def unwrap(self, sealed: bytes, owner: bytes, master: str) -> bytes | None:
        """The data key; None when its master key is not at hand, or this is not what that sealed."""
        cipher = self._ciphers.get(master)
        if cipher is None:
            return None
        try:
            return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], owner)
        except InvalidTag:
            return None


def seal_body(data_key: bytes, receipt: str, packed: bytes, nonce: bytes) -> bytes:
    """A body that opens only with its key and under its receipt. ``nonce`` is used once and never again."""
    return nonce + AESGCM(data_key).encrypt(nonce, packed, receipt.encode())


def open_body(data_key: bytes, receipt: str, body: bytes) -> bytes | None:
    """What was sealed; None when this is not it."""
    try:
        return AESGCM(data_key).decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], receipt.encode())
    except InvalidTag:
        return None
