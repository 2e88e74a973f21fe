"""Texts as they rest in the database: sealed under the newest of the installation's keys, opened under any of them.

    0x1E | A (AES-256-GCM) or S (SM4-GCM) | id of the key, 8 hex digits | base64url(nonce 12 | ciphertext | tag 16)

The column that a text stands in is bound as associated data: what is moved to another column does not open. Each
cipher has a key of its own, derived from the installation's (HKDF-SHA256, RFC 5869). Nonces are 96 random bits: one
key is good for 2^32 texts (NIST SP 800-38D, 8.3); GB/T 32907 is the block cipher SM4, RFC 8998 its use in GCM.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Sequence
from typing import Literal, get_args

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from greenroom.domain.errors import GreenroomError, MisconfiguredSetting

CipherName = Literal["aes-256-gcm", "sm4-gcm"]
MARK = "\x1e"
"""No text that people send begins so: it is what a sealed one is known by."""
HEAD = 10
"""Characters before the sealed text: mark, cipher and key."""
_LETTERS: dict[CipherName, str] = {"aes-256-gcm": "A", "sm4-gcm": "S"}
_NAMES = {letter: name for name, letter in _LETTERS.items()}
_NONCE, _TAG = 12, 16


class SealedUnreadable(GreenroomError):
    """A sealed text was altered or moved, or its key is not among the settings' any more."""

    code = "sealed_unreadable"
    status = 500
    permanent = True


class Vault:
    """`keys` of 32 bytes, the newest first; without any, texts rest as they are.

    Raises `MisconfiguredSetting` for a cipher that the machine's OpenSSL does not have.
    """

    def __init__(self, keys: Sequence[bytes] = (), cipher: CipherName = "aes-256-gcm") -> None:
        self._keys = {
            (name, key_id(key)): _derived(key, name)
            for key in keys
            for name in get_args(CipherName)
        }
        self.newest = f"{MARK}{_LETTERS[cipher]}{key_id(keys[0])}" if keys else ""
        self._cipher = cipher
        self._key_id = key_id(keys[0]) if keys else ""
        if keys:
            try:
                self.seal("", "")
            except UnsupportedAlgorithm as error:
                setting = "GREENROOM_DATABASE__CIPHER"
                raise MisconfiguredSetting(
                    f"{setting}: {cipher} is not to be had here", setting=setting
                ) from error

    def knows(self, head: str) -> bool:
        """Whether a text that begins with `head` can be opened."""
        cipher = _NAMES.get(head[1:2])
        return cipher is not None and (cipher, head[2:HEAD]) in self._keys

    def seal(self, place: str, text: str) -> str:
        """`text` for the column `place`, such as ``candidates.name``; unchanged without keys."""
        if not self.newest:
            return text
        nonce = os.urandom(_NONCE)
        key = self._keys[self._cipher, self._key_id]
        sealed = nonce + _sealed(self._cipher, key, nonce, text.encode(), place.encode())
        return self.newest + base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def open(self, place: str, text: str) -> str:
        """A text that rests unsealed is returned as it is. Raises `SealedUnreadable`."""
        if not text.startswith(MARK):
            return text
        cipher, key = _NAMES.get(text[1:2]), text[2:HEAD]
        if cipher is None or (cipher, key) not in self._keys:
            raise SealedUnreadable(f"{place}: no key {key} is among GREENROOM_DATABASE__KEYS")
        body = text[HEAD:]
        try:
            raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
            plain = _opened(cipher, self._keys[cipher, key], raw, place.encode())
            return plain.decode()
        except (binascii.Error, InvalidTag, ValueError) as error:
            raise SealedUnreadable(f"{place}: a text was altered or moved") from error


def key_id(key: bytes) -> str:
    """Eight hex digits that name a key and tell nothing of it."""
    return hashlib.sha256(b"greenroom database key\0" + key).hexdigest()[:8]


def _derived(key: bytes, cipher: CipherName) -> bytes:
    length = 16 if cipher == "sm4-gcm" else 32
    info = f"greenroom database {cipher}".encode()
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(key)


def _sealed(cipher: CipherName, key: bytes, nonce: bytes, plain: bytes, bound: bytes) -> bytes:
    if cipher == "aes-256-gcm":
        return AESGCM(key).encrypt(nonce, plain, bound)
    encryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(bound)
    return encryptor.update(plain) + encryptor.finalize() + encryptor.tag


def _opened(cipher: CipherName, key: bytes, raw: bytes, bound: bytes) -> bytes:
    """Raises `InvalidTag`, ValueError."""
    nonce, sealed = raw[:_NONCE], raw[_NONCE:]
    if cipher == "aes-256-gcm":
        return AESGCM(key).decrypt(nonce, sealed, bound)
    if len(sealed) < _TAG:
        raise InvalidTag
    decryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce, sealed[-_TAG:])).decryptor()
    decryptor.authenticate_additional_data(bound)
    return decryptor.update(sealed[:-_TAG]) + decryptor.finalize()
