"""Signing the certificate of an erasure, and checking one (Ed25519, RFC 8032)."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from greenroom.domain.erasure import Certificate, SignedCertificate
from greenroom.domain.errors import Invalid

if TYPE_CHECKING:
    from greenroom.runtime.settings import ErasureSettings


def sign(certificate: Certificate, settings: ErasureSettings) -> SignedCertificate:
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(settings.key.get_secret_value()))
    return SignedCertificate(
        certificate=certificate,
        key=_public(key.public_key()),
        signature=base64.b64encode(key.sign(certificate.canonical())).decode(),
    )


def public_key(settings: ErasureSettings) -> str:
    """The key that verifies what `settings` sign, in base64: to be handed to whoever checks certificates."""
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(settings.key.get_secret_value()))
    return _public(key.public_key())


def check(signed: SignedCertificate, known_key: str | None = None) -> None:
    """Raises `Invalid`: `certificate_altered`, or `unknown_signer` when another key than `known_key` signed it.

    Without a `known_key` this shows that nothing was altered since it was signed, not by whom.
    """
    if known_key is not None and known_key != signed.key:
        raise Invalid("the certificate was signed with another key", code="unknown_signer")
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(signed.key, validate=True))
        signature = base64.b64decode(signed.signature, validate=True)
        key.verify(signature, signed.certificate.canonical())
    except (InvalidSignature, ValueError, binascii.Error) as error:
        raise Invalid(
            "the certificate is not the one that was signed", code="certificate_altered"
        ) from error


def _public(key: Ed25519PublicKey) -> str:
    return base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
