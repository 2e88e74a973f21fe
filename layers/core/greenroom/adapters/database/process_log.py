"""The process log 面试流程日志: every step of an interview in order, and the outbox of its events."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from greenroom.adapters.database.rows import LogRow
from greenroom.adapters.database.statements import Repository
from greenroom.adapters.database.tables import interviews, process_log
from greenroom.clock import Clock
from greenroom.domain.errors import NotFound
from greenroom.domain.events import Event, EventData, EventType, links_of
from greenroom.domain.ids import derived_id
from greenroom.domain.interview import InterviewState, ehr_status

_COUNT_MANY = (
    sa.update(interviews)
    .where(interviews.c.id.in_(sa.bindparam("ids", expanding=True)))
    .values(log_seq=interviews.c.log_seq + 1)
    .returning(
        interviews.c.id,
        interviews.c.log_seq,
        interviews.c.batch_id,
        interviews.c.candidate_id,
        interviews.c.state,
    )
)


class ProcessLog(Repository):
    def __init__(self, connection: sa.Connection, clock: Clock) -> None:
        super().__init__(connection, clock)
        self.appended: list[LogRow] = []

    def append(
        self,
        interview_id: str,
        kind: EventType,
        details: dict[str, Any] | None = None,
        *,
        once: str | None = None,
    ) -> LogRow | None:
        """The next step, with the interview's state as it is in this transaction.

        `once` marks a step that can happen only once: a second one with the same mark returns None.
        Raises `NotFound` (`unknown_interview`).
        """
        mine = interviews.c.id == interview_id
        if once is not None:
            # Locks first: another transaction may be writing the same mark.
            self._connection.execute(self._held(sa.select(interviews.c.id).where(mine)))
            marked = sa.exists().where(
                process_log.c.interview_id == interview_id, process_log.c.once == once
            )
            if self._connection.scalar(sa.select(marked)):
                return None
        # Counting up locks the interview's row, so steps of one interview are written one after another.
        counted = (
            sa.update(interviews)
            .where(mine)
            .values(log_seq=interviews.c.log_seq + 1)
            .returning(
                interviews.c.log_seq,
                interviews.c.batch_id,
                interviews.c.candidate_id,
                interviews.c.state,
            )
        )
        interview = self._connection.execute(counted).first()
        if interview is None:
            raise NotFound(f"no interview {interview_id}", code="unknown_interview")
        row = self._row(interview_id, kind, details or {}, interview)
        self._insert_rows([row], once)
        return row

    def append_many(
        self, kind: EventType, details: Mapping[str, dict[str, Any]]
    ) -> Sequence[LogRow]:
        """The same step for several interviews (the keys of `details`), in a handful of statements.

        For steps that cannot come twice because another compare-and-set of the transaction decides on them.
        Interviews that do not exist are left out.
        """
        rows = [
            self._row(found.id, kind, details[found.id], found)
            for found in self._connection.execute(_COUNT_MANY, {"ids": list(details)})
        ]
        self._insert_rows(rows, None)
        return rows

    def close(self, interview_id: str) -> LogRow:
        """The last step of an interview whose other steps and row are removed in this transaction.

        It names the interview and nobody. Raises `NotFound` (`unknown_interview`).
        """
        mine = sa.select(interviews.c.log_seq, interviews.c.batch_id)
        found = self._connection.execute(mine.where(interviews.c.id == interview_id)).first()
        if found is None:
            raise NotFound(f"no interview {interview_id}", code="unknown_interview")
        at, seq, kind = self._clock(), found.log_seq + 1, EventType.CANDIDATE_ERASED
        event = Event(
            id=derived_id("evt", interview_id, str(seq)),
            type=kind,
            subject=interview_id,
            time=at,
            sequence=seq,
            data=EventData(
                interview=interview_id,
                batch=found.batch_id,
                candidate="",
                state="erased",
                ehr_status="已删除",
            ),
        )
        row = LogRow(interview_id, seq, kind, at, event, None)
        self._insert_rows([row], None)
        return row

    def is_published(self, interview_ids: Sequence[str]) -> bool:
        """Whether the webhooks have taken over every step of these interviews."""
        waiting = sa.exists().where(
            process_log.c.interview_id.in_(interview_ids), process_log.c.published_at.is_(None)
        )
        return not self._connection.scalar(sa.select(waiting))

    def rewrite(
        self,
        interview_id: str,
        change: Callable[[EventType, dict[str, Any]], dict[str, Any]],
    ) -> None:
        """Give steps other details, where a consent was taken back that they rested on.

        Their events keep their ids and are written to the store again; what was delivered is not sent again.
        """
        for row in self.list(interview_id):
            details = change(row.type, row.event.data.details)
            if details == row.event.data.details:
                continue
            data = row.event.data.model_copy(update={"details": details})
            event = row.event.model_copy(update={"data": data})
            self._connection.execute(
                sa.update(process_log)
                .where(process_log.c.interview_id == interview_id, process_log.c.seq == row.seq)
                .values(event=event.canonical().decode(), published_at=None)
            )
            self.appended.append(LogRow(interview_id, row.seq, row.type, row.at, event, None))

    def event(self, interview_id: str, seq: int) -> Event:
        """Raises `NotFound` (`unknown_event`)."""
        body = self._connection.scalar(
            sa.select(process_log.c.event).where(
                process_log.c.interview_id == interview_id, process_log.c.seq == seq
            )
        )
        if body is None:
            raise NotFound(f"no event {seq} of {interview_id}", code="unknown_event")
        return Event.stored(body)

    def count(self, interview_id: str, kind: EventType) -> int:
        """How many steps of that kind an interview has."""
        statement = sa.select(sa.func.count()).where(
            process_log.c.interview_id == interview_id, process_log.c.type == kind.value
        )
        return self._connection.scalar(statement) or 0

    def list(self, interview_id: str) -> Sequence[LogRow]:
        """All steps of an interview that this release knows, oldest first."""
        statement = sa.select(process_log).where(
            process_log.c.interview_id == interview_id,
            process_log.c.type.in_([kind.value for kind in EventType]),
        )
        return self._rows(statement.order_by(process_log.c.seq))

    def mark_published(self, steps: Sequence[tuple[str, int]]) -> None:
        """The events of these (interview, seq) were handed to the webhooks."""
        if steps:
            statement = (
                sa.update(process_log)
                .where(
                    process_log.c.interview_id == sa.bindparam("interview"),
                    process_log.c.seq == sa.bindparam("number"),
                )
                .values(published_at=self._clock())
            )
            bound = [{"interview": interview, "number": seq} for interview, seq in steps]
            self._connection.execute(statement, bound)

    def unpublished(self, older_than: datetime, limit: int) -> Sequence[LogRow]:
        """Steps written before then whose events the webhooks never heard of."""
        statement = (
            sa.select(process_log)
            .where(process_log.c.published_at.is_(None), process_log.c.at < older_than)
            .order_by(process_log.c.at, process_log.c.interview_id, process_log.c.seq)
            .limit(limit)
        )
        return self._rows(statement)

    def _insert_rows(self, rows: Sequence[LogRow], once: str | None) -> None:
        if not rows:
            return
        values = [
            {
                "interview_id": row.interview_id,
                "seq": row.seq,
                "type": row.type.value,
                "at": row.at,
                "event": row.event.canonical().decode(),
                "once": once,
            }
            for row in rows
        ]
        self._connection.execute(sa.insert(process_log), values)
        self.appended.extend(rows)

    def _row(
        self, interview_id: str, kind: EventType, details: dict[str, Any], interview: Any
    ) -> LogRow:
        state = InterviewState(interview.state)
        at = self._clock()
        event = Event(
            id=derived_id("evt", interview_id, str(interview.log_seq)),
            type=kind,
            subject=interview_id,
            time=at,
            sequence=interview.log_seq,
            data=EventData(
                interview=interview_id,
                batch=interview.batch_id,
                candidate=interview.candidate_id,
                state=state,
                ehr_status=ehr_status(state),
                details=details,
                links=links_of(kind, interview_id),
            ),
        )
        return LogRow(interview_id, interview.log_seq, kind, at, event, None)

    def _rows(self, statement: sa.Select[Any]) -> Sequence[LogRow]:
        return [
            LogRow(
                row.interview_id,
                row.seq,
                EventType(row.type),
                row.at,
                Event.stored(row.event),
                row.published_at,
            )
            for row in self._connection.execute(statement)
        ]
