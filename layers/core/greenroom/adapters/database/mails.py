"""The outbox of mails: queued with the change that asks for them, claimed by one sender at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from greenroom.adapters.database.rows import (
    MailCounts,
    MailKey,
    MailRow,
    MailState,
    MailStatus,
    NewMail,
)
from greenroom.adapters.database.statements import Repository
from greenroom.adapters.database.tables import interviews, mails
from greenroom.domain.errors import Invalid
from greenroom.domain.interview import INVITATION

_KEY_COLUMNS = (mails.c.interview_id, mails.c.message, mails.c.number)
_KEY = sa.tuple_(*_KEY_COLUMNS)
# SQLite finds no index for the tuple alone and would read the whole table, hence the interviews beside it.
# Built once: building it for each group of mails costs as much as running it.
_MARK_SENT = (
    sa.update(mails)
    .where(
        mails.c.interview_id.in_(sa.bindparam("interviews", expanding=True)),
        _KEY.in_(sa.bindparam("keys", expanding=True)),
        mails.c.state != "sent",
    )
    .values(state="sent", sent_at=sa.bindparam("now"), owner=None, leased_until=None)
    .returning(*_KEY_COLUMNS)
)


class Mails(Repository):
    def queue_many(self, wanted: Sequence[NewMail]) -> None:
        """Queue mails; one that is already there is left as it is."""
        now = self._clock()
        self._insert_missing(
            mails,
            [
                {
                    "interview_id": mail.interview_id,
                    "message": mail.message,
                    "number": mail.number,
                    "recipient": mail.recipient,
                    "state": "pending",
                    "attempts": 0,
                    "due_at": mail.due_at or now,
                }
                for mail in wanted
            ],
        )

    def queue_next(self, interview_id: str, message: str) -> bool:
        """Queue the next copy of a message, unless one still waits to be sent; whether it did.

        The caller holds the interview, so that two of them count one after the other.
        """
        mine = (mails.c.interview_id == interview_id) & (mails.c.message == message)
        copies = self._connection.execute(
            sa.select(mails.c.number, mails.c.state).where(mine)
        ).all()
        if any(copy.state == "pending" for copy in copies):
            return False
        number = max((copy.number for copy in copies), default=0) + 1
        self.queue_many([NewMail(interview_id, message, number)])
        return True

    def queue_to(self, interview_id: str, message: str, recipients: Sequence[str]) -> None:
        """Queue a message to each of these interviewers who never got it. The caller holds the interview."""
        mine = (mails.c.interview_id == interview_id) & (mails.c.message == message)
        copies = self._connection.execute(
            sa.select(mails.c.number, mails.c.recipient, mails.c.state).where(mine)
        ).all()
        told = {copy.recipient for copy in copies if copy.state != "dead"}
        number = max((copy.number for copy in copies), default=0)
        wanted = [address for address in recipients if address not in told]
        self.queue_many(
            [
                NewMail(interview_id, message, number + place, recipient=address)
                for place, address in enumerate(wanted, start=1)
            ]
        )

    def withdraw(
        self, interview_id: str, reason: str, messages: Collection[str] | None = None
    ) -> None:
        """Nothing that is still queued for this interview is sent; of these messages alone, where they are named."""
        queued = (mails.c.interview_id == interview_id) & (mails.c.state == "pending")
        if messages is not None:
            queued &= mails.c.message.in_(sorted(messages))
        self._connection.execute(
            sa.update(mails)
            .where(queued)
            .values(state="dead", last_error=reason, owner=None, leased_until=None)
        )

    def claim(
        self, limit: int, owner: str, lease_s: float, interview_ids: Sequence[str] | None = None
    ) -> list[MailRow]:
        """Due mails that nobody holds, now held by `owner` for `lease_s` seconds."""
        now = self._clock()
        free = (mails.c.leased_until.is_(None)) | (mails.c.leased_until <= now)
        due = sa.select(*_KEY_COLUMNS).where(
            mails.c.state == "pending", mails.c.due_at <= now, free
        )
        if interview_ids is not None:
            due = due.where(mails.c.interview_id.in_(interview_ids))
        due = self._free(due.order_by(mails.c.due_at, mails.c.interview_id).limit(limit), mails)
        keys = [(row[0], row[1], row[2]) for row in self._connection.execute(due)]
        if not keys:
            return []
        claimed = (
            sa.update(mails)
            .where(mails.c.interview_id.in_([key[0] for key in keys]), _KEY.in_(keys))
            .values(owner=owner, leased_until=now + timedelta(seconds=lease_s))
            .returning(*_KEY_COLUMNS, mails.c.attempts, mails.c.recipient)
        )
        return sorted(
            (MailRow(*row) for row in self._connection.execute(claimed)), key=lambda mail: mail.key
        )

    def sent(self, keys: Sequence[MailKey]) -> list[MailKey]:
        """The relay has accepted them; those that were not marked so before."""
        values = {"interviews": [key[0] for key in keys], "keys": keys, "now": self._clock()}
        marked = self._connection.execute(_MARK_SENT, values)
        return [(row[0], row[1], row[2]) for row in marked]

    def failed(self, key: MailKey, error: str, next_attempt_at: datetime | None) -> None:
        """Not sent: tried again at `next_attempt_at`, or dead when that is None."""
        values = {"state": "dead"} if next_attempt_at is None else {"due_at": next_attempt_at}
        self._connection.execute(
            sa.update(mails)
            .where(*_is(key), mails.c.state == "pending")
            .values(
                attempts=mails.c.attempts + 1,
                last_error=error,
                owner=None,
                leased_until=None,
                **values,
            )
        )

    def exists(self, key: MailKey) -> bool:
        """Whether this copy of this message was ever queued."""
        return bool(self._connection.scalar(sa.select(sa.exists().where(*_is(key)))))

    def page(self, state: MailState, limit: int, after: str | None = None) -> list[MailStatus]:
        """The latest due first; `after` is the cursor of the last one seen. Raises `Invalid` (`invalid_cursor`)."""
        order = (mails.c.due_at, *_KEY_COLUMNS)
        statement = sa.select(mails).where(mails.c.state == state)
        if after is not None:
            statement = statement.where(sa.tuple_(*order) < sa.tuple_(*_place(after)))
        found = self._connection.execute(
            statement.order_by(*(column.desc() for column in order)).limit(limit)
        )
        return [
            MailStatus(
                interview_id=row.interview_id,
                message=row.message,
                number=row.number,
                state=row.state,
                attempts=row.attempts,
                due_at=row.due_at,
                sent_at=row.sent_at,
                last_error=row.last_error,
            )
            for row in found
        ]

    def resend_dead(self, key: MailKey) -> bool:
        """A mail that was given up is due again now; whether there was one."""
        return self._changed(self._again().where(*_is(key)))

    def resend_window(self, since: datetime, until: datetime) -> int:
        """All that were given up and last tried between these are due again now; how many."""
        window = mails.c.due_at.between(since, until)
        return self._connection.execute(self._again().where(window)).rowcount

    def _again(self) -> sa.Update:
        return (
            sa.update(mails)
            .where(mails.c.state == "dead")
            .values(state="pending", attempts=0, due_at=self._clock())
        )

    def counts(self, batch_id: str) -> MailCounts:
        """How many of a batch's invitations are sent, pending and dead; later copies are not counted."""
        statement = (
            sa.select(mails.c.state, sa.func.count())
            .join(interviews, interviews.c.id == mails.c.interview_id)
            .where(
                interviews.c.batch_id == batch_id,
                mails.c.message == INVITATION,
                mails.c.number == 1,
            )
            .group_by(mails.c.state)
        )
        found: dict[str, int] = dict(self._connection.execute(statement).all())
        return MailCounts(found.get("sent", 0), found.get("pending", 0), found.get("dead", 0))


def _place(after: str) -> Sequence[sa.ColumnElement[Any]]:
    parts = after.split("~")
    try:
        at, interview, message, number = parts
        moment = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(at))
        values = (moment, interview, message, int(number))
    except (ValueError, OverflowError) as error:
        raise Invalid("after: not a cursor of this list", code="invalid_cursor") from error
    columns = (mails.c.due_at, *_KEY_COLUMNS)
    return [sa.literal(said, column.type) for said, column in zip(values, columns, strict=True)]


def _is(key: MailKey) -> list[sa.ColumnElement[bool]]:
    interview, message, number = key
    return [
        mails.c.interview_id == interview,
        mails.c.message == message,
        mails.c.number == number,
    ]
