"""The audit log: who saw, changed, downloaded, decided. Each entry's digest covers the one before it.

An entry that is altered, removed or put in between breaks the chain from there on. What the chain alone cannot
show is a log cut off at its end or written anew as a whole: for that, keep the newest digest elsewhere and give
it to `verify`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from greenroom.domain.errors import GreenroomError
from greenroom.domain.model import canonical_json

ActorKind = Literal["user", "api_key", "command"]
Details = Mapping[str, str | int | list[str]]
BEGINNING = "0" * 64
"""What stands before the first entry."""


@dataclass(frozen=True)
class Actor:
    """Who did it: a user's id, an API key's id, or who ran the command on the machine."""

    kind: ActorKind
    id: str


@dataclass(frozen=True)
class Act:
    """What was done to what, e.g. `interview.seen` to the interview with this id.

    Names of people are in neither: the log outlives what it speaks of.
    """

    actor: Actor
    action: str
    subject: str
    subject_id: str
    details: Details


@dataclass(frozen=True)
class Entry:
    """One row of the log. `seq` counts from 1 without a gap."""

    seq: int
    at: datetime
    act: Act
    previous_sha256: str
    sha256: str


@dataclass(frozen=True)
class Head:
    """The newest entry's place and digest; 0 and `BEGINNING` of an empty log."""

    seq: int
    sha256: str


class Tampered(GreenroomError):
    """The chain does not hold; `seq` is the first entry that does not fit."""

    code = "audit_log_tampered"
    status = 500
    permanent = True


def chained(act: Act, at: datetime, head: Head) -> Entry:
    """The entry that follows `head`."""
    seq = head.seq + 1
    return Entry(seq, at, act, head.sha256, _digest(seq, at, act, head.sha256))


def verify(entries: Iterable[Entry], *, known: Head | None = None) -> Head:
    """Walk through the whole log, oldest first; its head.

    `known` is a head that was written down earlier. Raises `Tampered` with the first place that does not fit.
    """
    head = Head(0, BEGINNING)
    met = known is None or known == head
    for entry in entries:
        if entry.seq != head.seq + 1:
            raise Tampered(f"entry {head.seq + 1} is missing", seq=head.seq + 1)
        digest = _digest(entry.seq, entry.at, entry.act, head.sha256)
        if (entry.previous_sha256, entry.sha256) != (head.sha256, digest):
            raise Tampered(f"entry {entry.seq} was altered", seq=entry.seq)
        head = Head(entry.seq, entry.sha256)
        met = met or head == known
    if known is not None and not met:
        raise Tampered(f"entry {known.seq} is not the one that was known", seq=known.seq)
    return head


def _digest(seq: int, at: datetime, act: Act, previous: str) -> str:
    """SHA-256 over canonical JSON: sorted keys, no spaces, UTF-8, times in UTC to the microsecond."""
    document = {
        "seq": seq,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": {"kind": act.actor.kind, "id": act.actor.id},
        "action": act.action,
        "subject": {"kind": act.subject, "id": act.subject_id},
        "details": dict(act.details),
        "previous": previous,
    }
    return hashlib.sha256(canonical_json(document)).hexdigest()
