"""Erasing a candidate from store and database, step by step; killed anywhere, the next run goes on.

1. Rows go first: with them every door is shut, since links, handlers and sweeps find no interview any more. The
   same transaction writes the last step of each interview, which tells the webhooks.
2. What the store holds is listed and the list is kept; then it is emptied, every version of it, and the candidate's
   rows are taken out of the batches that brought them.
3. When the webhooks have taken over the last steps, their events' objects go too, everything is looked through once
   more, and the certificate is signed.
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from greenroom.domain import keys
from greenroom.domain.audit import Actor
from greenroom.domain.batch import interview_id
from greenroom.domain.erasure import Certificate, ErasureState, Left, Removed
from greenroom.domain.errors import Conflict, NotFound, Unavailable
from greenroom.runtime.certificates import sign
from greenroom.runtime.outbox import publish

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from greenroom.adapters.database import Database, ErasureRow, Transaction
    from greenroom.adapters.object_store import ObjectStore
    from greenroom.clock import Clock
    from greenroom.domain.batch import CandidateRow
    from greenroom.domain.erasure import Reason
    from greenroom.runtime.settings import ErasureSettings

WATCHED = timedelta(hours=13)
"""An upload's policy may be good for 12 hours (`GREENROOM_UPLOADS__EXPIRES_S`), a stage may run for 15 minutes."""
PARALLEL = 4
"""Objects removed at a time."""
SYSTEM = Actor("command", "retention")
"""Who acts when nobody asked: the policy, and the job that finishes what was asked for."""


def ask(
    tx: Transaction,
    external_id: str,
    actor: Actor,
    reason: Reason = "request",
    only: Iterable[str] | None = None,
) -> ErasureRow:
    """Begin the erasure of a candidate, and note who asked for it; the same again finds the one under way.

    Raises `NotFound` (`unknown_candidate`), `Conflict` (`legal_hold`) when every interview of theirs is held.
    """
    row = tx.erasures.ask(external_id, reason, f"{actor.kind}:{actor.id}", only)
    if row.held and not any(one.discounted for one in row.interviews):
        raise Conflict(f"under legal hold: {', '.join(row.held)}", code="legal_hold", held=row.held)
    tx.audit.append(actor, "candidate.erasure_asked", "erasure", row.id, interviews=row.ids)
    return row


class Erasing:
    """The work of one installation. `run` and `watch` may be called at any time, and by several at once."""

    def __init__(
        self, database: Database, store: ObjectStore, settings: ErasureSettings, clock: Clock
    ) -> None:
        self._database = database
        self._store = store
        self._settings = settings
        self._clock = clock

    def run(self, erasure_id: str) -> ErasureRow:
        """Take the erasure as far as it goes now; how it stands then.

        It stops before its end only while status_sync has not taken over the last steps. Raises `NotFound`
        (`unknown_erasure`), `Unavailable` (`erasure_incomplete` when something was written to the store meanwhile).
        """
        with self._database.begin() as tx:
            tx.erasures.remove_rows(erasure_id, tx.process_log)
            row = tx.erasures.get(erasure_id)
            told = list(tx.process_log.appended)
        publish(told, store=self._store)
        if row.state == ErasureState.CERTIFIED:
            return row
        if row.inventory is None:
            inventory = self._inventory(row)
            with self._database.begin() as tx:
                tx.erasures.keep_inventory(erasure_id, inventory)
        self.empty(row.ids, [one for one in keys.OF_INTERVIEWS if one != "events"])
        self._clean_batches(row)
        with self._database.begin() as tx:
            if not tx.process_log.is_published(row.ids):
                return row
        self.empty(row.ids)
        self._certify(erasure_id)
        with self._database.begin() as tx:
            return tx.erasures.get(erasure_id)

    def watch(self, erasure_id: str) -> int:
        """Remove what has arrived since: an upload under a policy that was still good, a stage's last write.

        How many things were removed.
        """
        with self._database.begin() as tx:
            row = tx.erasures.get(erasure_id)
        self._clean_batches(row)
        return self.empty(row.ids)

    def left(self, row: ErasureRow, person: CandidateRow | None = None) -> list[Left]:
        """What is still found of an erased candidate, in the store and in every table.

        Interviews are looked for by id; the `person` by id, name and address as far as nobody else has the same.
        Who still has an interview under legal hold is still a candidate, and not looked for.
        """
        with self._database.begin() as tx:
            needles = _needles(tx, person) if person is not None else []
            found = tx.erasures.search(needles, row.ids)
        for prefix in keys.OF_INTERVIEWS:
            count = sum(1 for one in row.ids for _ in self._store.held(f"{prefix}/{one}/"))
            if count:
                found.append(Left(place=f"{prefix}/", count=count))
        for batch, key in self._batch_objects(row):
            document, name = self._document(key)
            count = sum(_names(one, batch, row) for one in document.get(name, []))
            if count:
                found.append(Left(place=key, count=count))
        return found

    def _inventory(self, row: ErasureRow) -> list[Removed]:
        return [self._removed(prefix, row.ids) for prefix in keys.OF_INTERVIEWS]

    def _removed(self, prefix: str, ids: list[str]) -> Removed:
        counts = {"version": 0, "delete_marker": 0, "upload": 0}
        size, digest = 0, hashlib.sha256()
        for one in ids:
            for item in self._store.held(f"{prefix}/{one}/"):
                counts[item.kind] += 1
                size += item.size
                digest.update(f"{item.kind} {item.key} {item.id} {item.size}\n".encode())
        return Removed(
            prefix=f"{prefix}/",
            versions=counts["version"],
            delete_markers=counts["delete_marker"],
            uploads=counts["upload"],
            bytes=size,
            sha256=digest.hexdigest(),
        )

    def empty(self, interviews: Iterable[str], prefixes: Iterable[str] = keys.OF_INTERVIEWS) -> int:
        """Remove everything of these interviews from the store, every version; how many things there were."""
        removed = 0
        with ThreadPoolExecutor(PARALLEL) as pool:
            for one in interviews:
                for prefix in prefixes:
                    items = list(self._store.held(f"{prefix}/{one}/"))
                    removed += len(list(pool.map(self._store.remove, items)))
        return removed

    def _clean_batches(self, row: ErasureRow) -> None:
        """Take the candidate out of the batches that brought them, and out of older versions of these."""
        for batch, key in self._batch_objects(row):
            self._clean(key, batch, row)

    def _batch_objects(self, row: ErasureRow) -> Iterator[tuple[str, str]]:
        for batch in row.batches:
            slices = {item.key for item in self._store.held(keys.slices(batch))}
            for key in [keys.batch(batch), *sorted(slices)]:
                yield batch, key

    def _clean(self, key: str, batch: str, row: ErasureRow) -> None:
        """Write `key` again without the candidate's row, and remove every version but that one."""
        document, name = self._document(key)
        if any(_names(one, batch, row) for one in document.get(name, [])):
            with (
                self._database.begin() as tx
            ):  # first: once it is written, nothing tells who was in it
                for one in row.interviews:
                    if one.batch_id == batch:
                        tx.erasures.discount(one.interview_id)
            with self._database.begin() as tx:
                tx.batches.hold(batch)  # or another erasure writes back whom this one takes out
                document, name = self._document(key)
                document[name] = [
                    one for one in document.get(name, []) if not _names(one, batch, row)
                ]
                if document[name]:
                    self._store.put(key, json.dumps(document, ensure_ascii=False).encode())
        if document.get(name):
            self._store.delete_earlier(key)
        else:
            self._store.delete(key, every_version=True)

    def _document(self, key: str) -> tuple[dict[str, Any], str]:
        """A batch or slice, and under which name its rows stand; empty where there is none."""
        try:
            document: dict[str, Any] = json.loads(self._store.get(key))
        except NotFound:
            document = {}
        return document, "candidates" if "candidates" in document else "rows"

    def _certify(self, erasure_id: str) -> None:
        with self._database.begin() as tx:
            row = tx.erasures.get(erasure_id)
        left = self.left(row, row.person)
        if any("/" in one.place for one in left):
            raise Unavailable(
                f"something was written to the store while {erasure_id} was at work",
                code="erasure_incomplete",
            )
        certificate = Certificate(
            erasure=row.id,
            reason=row.reason,
            candidate_salt=row.candidate_salt,
            candidate_sha256=row.candidate_sha256,
            interviews=row.ids,
            held=row.held,
            policies=row.policies,
            asked_at=row.asked_at,
            asked_by=row.asked_by,
            erased_at=self._clock(),
            rows=row.rows,
            objects=row.inventory or [],
            left=left,
        )
        signed = sign(certificate, self._settings)
        with self._database.begin() as tx:
            if tx.erasures.certify(erasure_id, signed, self._clock() + WATCHED):
                tx.audit.append(SYSTEM, "candidate.erased", "erasure", erasure_id, left=len(left))


def _names(row: dict[str, Any], batch: str, erasure: ErasureRow) -> bool:
    """Whether a row of a batch is the erased candidate's: by their id while it is known, else by their interview's."""
    external_id = str(row.get("external_id", ""))
    return external_id == erasure.external_id or interview_id(batch, external_id) in erasure.ids


def _needles(tx: Transaction, person: CandidateRow) -> list[str]:
    try:
        tx.candidates.get(person.external_id)
    except NotFound:
        same_name, same_address = tx.erasures.namesakes(person)
        return [
            person.external_id,
            *([] if same_name else [person.name]),
            *([] if same_address else [person.email]),
        ]
    return []
