"""Erasing a candidate: the steps of the work, what was removed, and the certificate that says so."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from greenroom.domain.model import Document, Sha256


class ErasureState(StrEnum):
    """asked ──rows removed, doors shut──▶ shut ──store emptied, subscribers told──▶ certified"""

    ASKED = "asked"
    SHUT = "shut"
    CERTIFIED = "certified"


Reason = Literal["request", "retention", "replay"]
"""Somebody asked; the policy's time had come; a restored copy held again what was erased before."""


class Removed(Document):
    """What lay below one prefix of the store for the erased interviews.

    `sha256` is over one line per thing in the store's order, ``kind key id size``: a list of keys kept elsewhere can
    be held against it. `bytes` counts every version.
    """

    prefix: str
    versions: Annotated[int, Field(ge=0)]
    delete_markers: Annotated[int, Field(ge=0)]
    uploads: Annotated[int, Field(ge=0)]
    bytes: Annotated[int, Field(ge=0)]
    sha256: Sha256


class Left(Document):
    """Where the scan still found something of the candidate: a table's column, or a prefix of the store."""

    place: str
    count: Annotated[int, Field(ge=1)]


class Certificate(Document):
    """What was erased, of whom, when, by whom. It names nobody.

    `candidate_sha256` is over `candidate_salt` and the EHR's id: who knows the id can tell that it is meant.
    `policies` are those under which the interviews were held; `held` are interviews under legal hold, not erased;
    `left` is what the scan found afterwards: empty in a clean erasure.
    """

    erasure: str
    reason: Reason
    candidate_salt: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    candidate_sha256: Sha256
    interviews: list[str]
    held: list[str] = []
    policies: list[str]
    asked_at: datetime
    asked_by: str
    erased_at: datetime
    rows: dict[str, int]
    objects: list[Removed]
    left: list[Left]


class SignedCertificate(Document):
    """`signature` (Ed25519, RFC 8032) is over the certificate's canonical JSON; `key` verifies it. Both base64."""

    certificate: Certificate
    key: Annotated[str, StringConstraints(max_length=64)]
    signature: Annotated[str, StringConstraints(max_length=128)]


class LegalHold(Document):
    """Why an interview must not be erased: a lawsuit, an audit."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=500)]


def candidate_digest(salt: str, external_id: str) -> str:
    """What stands for a candidate in a certificate, in hex (SHA-256)."""
    return hashlib.sha256(f"{salt}\x1f{external_id}".encode()).hexdigest()


def concerns(certificate: Certificate, external_id: str) -> bool:
    """Whether the certificate is about the candidate with this id of the EHR."""
    made = candidate_digest(certificate.candidate_salt, external_id)
    return hmac.compare_digest(made, certificate.candidate_sha256)
