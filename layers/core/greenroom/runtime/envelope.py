"""Envelope encryption: what is sealed here is unreadable in the store, in its backups and to whoever runs it.

Each object has a data key of its own (AES-256-GCM), wrapped by the key from the settings. Both layers are bound to
the object's key as associated data, so that a sealed object copied to another name does not open.

    GRE1 | id of the wrapping key, 8 | nonce, 12 | wrapped data key, 32 + 16 | nonce, 12 | ciphertext + 16

Nonces are 96 random bits (NIST SP 800-38D, 8.2.2); a data key is used once, a wrapping key for far fewer than the
2^32 objects that this bounds.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from greenroom.domain.errors import GreenroomError

KEY_BYTES = 32

_MAGIC = b"GRE1"
_ID, _NONCE, _WRAPPED = 8, 12, KEY_BYTES + 16
_HEAD = len(_MAGIC) + _ID + _NONCE + _WRAPPED + _NONCE


class Unreadable(GreenroomError):
    """A sealed object was altered, moved, or sealed with a key that is not in the settings any more."""

    code = "sealed_unreadable"
    status = 500
    permanent = True


class Envelope:
    """`key` seals and opens; `former` keys only open, until what they sealed has gone. Keys of 32 bytes."""

    def __init__(self, key: bytes, former: Sequence[bytes] = ()) -> None:
        self._id = _key_id(key)
        self._keys = {_key_id(one): AESGCM(one) for one in (*former, key)}

    def seal(self, name: str, plain: bytes) -> bytes:
        """`plain` for the object called `name`."""
        data_key, nonces = os.urandom(KEY_BYTES), (os.urandom(_NONCE), os.urandom(_NONCE))
        bound = name.encode()
        wrapped = self._keys[self._id].encrypt(nonces[0], data_key, bound)
        sealed = AESGCM(data_key).encrypt(nonces[1], plain, bound)
        return b"".join([_MAGIC, self._id, nonces[0], wrapped, nonces[1], sealed])

    def open(self, name: str, sealed: bytes) -> bytes:
        """Raises `Unreadable`."""
        if len(sealed) < _HEAD or sealed[: len(_MAGIC)] != _MAGIC:
            raise Unreadable(f"{name} is not sealed as expected")
        fields, at = [], len(_MAGIC)
        for width in (_ID, _NONCE, _WRAPPED, _NONCE):
            fields.append(sealed[at : at + width])
            at += width
        key_id, wrap_nonce, wrapped, nonce = fields
        if key_id not in self._keys:
            raise Unreadable(f"{name} was sealed with another key: {key_id.hex()}")
        bound = name.encode()
        try:
            data_key = self._keys[key_id].decrypt(wrap_nonce, wrapped, bound)
            return AESGCM(data_key).decrypt(nonce, sealed[at:], bound)
        except InvalidTag as error:
            raise Unreadable(f"{name} was altered or moved") from error


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"greenroom envelope key\0" + key).digest()[:_ID]
