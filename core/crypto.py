"""Field encryption and blind indexes for identity numbers, phones and accounts.

Envelope: scheme (1 byte), key id (1), nonce (12), ciphertext, tag (16). Scheme 1 is SM4-GCM
(GB/T 32907 with GCM, for the commercial cryptography assessment of GB/T 39786), scheme 2 is
AES-256-GCM. The field and the row's UUID are authenticated with each value, so a ciphertext moved
to another row or column no longer opens. The blind index is HMAC-SM3 under a key of its own.
"""

import base64
import hmac
import json
import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

SM4_GCM, AES_GCM = 1, 2
_KEY_BYTES = {SM4_GCM: 16, AES_GCM: 32}
_TAG = 16


class CannotOpen(Exception):
    """The value was altered, moved, or sealed with a key this ring does not hold."""


class KeyringMissing(Exception):
    """No field keys: set APP_KEYRING to the key file (docs/operation.md)."""


@dataclass(frozen=True, slots=True)
class Key:
    id: int
    scheme: int
    secret: bytes


@dataclass(frozen=True, slots=True)
class Keyring:
    current: Key
    keys: dict[int, Key]
    index_secret: bytes


def seal(plain: str, *, field: str, row: UUID) -> bytes:
    return seal_bytes(plain.encode(), bound=_bound_to(field, row))


def unseal(sealed: bytes | memoryview, *, field: str, row: UUID) -> str:
    """Errors: CannotOpen."""
    return unseal_bytes(sealed, bound=_bound_to(field, row)).decode()


def seal_bytes(plain: bytes, *, bound: bytes) -> bytes:
    """`bound` is authenticated with it: what the value belongs to."""
    key = keyring().current
    nonce = os.urandom(12)
    return bytes((key.scheme, key.id)) + nonce + _encrypt(key, nonce, plain, bound)


def unseal_bytes(sealed: bytes | memoryview, *, bound: bytes) -> bytes:
    """Errors: CannotOpen."""
    blob = bytes(sealed)
    key = keyring().keys.get(blob[1]) if len(blob) > 14 + _TAG - 1 else None
    if key is None or key.scheme != blob[0]:
        raise CannotOpen(bound.split(b"|")[0].decode())
    try:
        return _decrypt(key, blob[2:14], blob[14:], bound)
    except InvalidTag:
        raise CannotOpen(bound.split(b"|")[0].decode()) from None


def blind_index(value: str) -> bytes:
    """16 bytes, equal for equal values: the only way to find a sealed value again."""
    return hmac.digest(keyring().index_secret, value.encode(), "sm3")[:16]


def bulk_seal(*, field: str) -> Callable[[str], tuple[UUID, bytes]]:
    """For imports: `seal` for a fresh row id, which is given back, without its repeated set-up.

    The ids begin with the time (RFC 9562, version 7): they go to the end of their index instead
    of all over it.
    """
    key = keyring().current
    head, bound = bytes((key.scheme, key.id)), field.encode() + b"|"

    def seal_next(plain: str) -> tuple[UUID, bytes]:
        random = os.urandom(22)
        nonce = random[:12]
        row = UUID(int=_with_time(int.from_bytes(random[12:])))
        return row, head + nonce + encrypt(nonce, plain.encode(), bound + row.bytes)

    encrypt = _encryptor(key)
    return seal_next


def _with_time(random: int) -> int:
    """80 random bits behind the milliseconds; version and variant replace six of them."""
    number = (time.time_ns() // 1_000_000) << 80 | random
    return number & ~(0xF000 << 64 | 0xC000 << 48) | 0x7000 << 64 | 0x8000 << 48


def bulk_blind_index() -> Callable[[str], bytes]:
    """`blind_index` for many values: the keyed state is made once."""
    keyed = hmac.new(keyring().index_secret, digestmod="sm3")

    def index(value: str) -> bytes:
        state = keyed.copy()
        state.update(value.encode())
        return state.digest()[:16]

    return index


def _bound_to(field: str, row: UUID) -> bytes:
    return field.encode() + b"|" + row.bytes


def _encrypt(key: Key, nonce: bytes, plain: bytes, bound: bytes) -> bytes:
    return _encryptor(key)(nonce, plain, bound)


def _encryptor(key: Key) -> Callable[[bytes, bytes, bytes], bytes]:
    if key.scheme == AES_GCM:
        return AESGCM(key.secret).encrypt
    algorithm = algorithms.SM4(key.secret)

    def encrypt(nonce: bytes, plain: bytes, bound: bytes) -> bytes:
        encryptor = Cipher(algorithm, modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(bound)
        return encryptor.update(plain) + encryptor.finalize() + encryptor.tag

    return encrypt


def _decrypt(key: Key, nonce: bytes, sealed: bytes, bound: bytes) -> bytes:
    if key.scheme == AES_GCM:
        return AESGCM(key.secret).decrypt(nonce, sealed, bound)
    mode = modes.GCM(nonce, sealed[-_TAG:])
    decryptor = Cipher(algorithms.SM4(key.secret), mode).decryptor()
    decryptor.authenticate_additional_data(bound)
    return decryptor.update(sealed[:-_TAG]) + decryptor.finalize()


@lru_cache(maxsize=1)
def keyring() -> Keyring:
    """The keys, from APP_KEYRING_JSON or the file APP_KEYRING, never from the database."""
    given = os.environ.get("APP_KEYRING_JSON")
    if given:
        return _read(json.loads(given))
    path = keyring_file()
    if not path.exists():
        raise KeyringMissing(f"no key file at {path}: run `manage.py make_keyring` once")
    return _read(json.loads(path.read_text()))


def keyring_file() -> Path:
    return Path(os.environ.get("APP_KEYRING", settings.APP_DATA / "keyring.json"))


def _read(ring: dict[str, Any]) -> Keyring:
    keys = {
        int(entry["id"]): Key(int(entry["id"]), int(entry["scheme"]), _secret(entry["secret"]))
        for entry in ring["keys"]
    }
    for key in keys.values():
        if len(key.secret) != _KEY_BYTES[key.scheme]:
            raise KeyringMissing(f"key {key.id} has a wrong length for its scheme")
    return Keyring(keys[int(ring["current"])], keys, _secret(ring["index_secret"]))


def _secret(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def make_keyring(path: Path) -> bool:
    """Write a new key file, readable by its owner only; an existing one is left alone."""
    entry = {"id": 1, "scheme": SM4_GCM, "secret": _fresh(_KEY_BYTES[SM4_GCM])}
    ring = {"current": 1, "keys": [entry], "index_secret": _fresh(32)}
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w") as file:
        json.dump(ring, file)
    return True


def _fresh(length: int) -> str:
    return base64.b64encode(os.urandom(length)).decode()
