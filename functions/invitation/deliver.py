"""Sends the queued mails over one SMTP connection, and records what became of each.

A mail is sent twice only when the worker dies, or the connection breaks, between the relay's answer to it
and our commit. To keep that window small, outcomes are recorded in groups of what was sent within a fiftieth
of a second: with an ordinary relay two or three candidates, never more than 16, who can get their invitation
again, under the same Message-ID. One commit per mail would cost as much time as a fast relay takes for the
mail. A lease on every claimed mail keeps two workers from sending the same one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from functions.invitation.outcomes import Group, Outcome, record
from greenroom.adapters.database import MailRow
from greenroom.adapters.mail import (
    MailConnection,
    Mailer,
    MailPostponed,
    MailRefused,
    RelayUnavailable,
)
from greenroom.domain.ids import new_id
from greenroom.domain.message import (
    AT_ANY_HOUR,
    RESULTS,
    result_of,
    unsendable,
    unsendable_to_interviewer,
)
from greenroom.domain.reminder import by_day
from greenroom.runtime.mail.letter import House, Letter, Letters
from greenroom.runtime.mail.notice import write_notice
from greenroom.runtime.outbox import publish

if TYPE_CHECKING:
    from functions.invitation.settings import Settings
    from greenroom.adapters.database import InterviewRow, LogRow
    from greenroom.domain.decision import Outcome as Decided
    from greenroom.runtime.function import Function

TEMPLATES = Path(__file__).resolve().parents[2] / "email_templates"

CLAIMED = 100
"""Mails claimed, and interviews read, at a time."""

LEASE_S = 600
"""Seconds a claimed mail is ours: far more than 100 mails take, or one mail against a relay's time-outs."""

BUDGET_S = 200
"""Seconds after which a call claims no more: the function may run 300. The sweep goes on."""

RETRY_DELAYS = tuple(
    timedelta(minutes=minutes)
    for minutes in (1, 2, 5, 15, 30, 60, 120, 240, 480, 960, 1440, 1440, 1440)
)
"""Waits after a passing failure; about four and a half days in all, as RFC 5321, 4.5.4.1 asks for."""


def deliver(app: Function[Settings], *, interviews: list[str] | None = None) -> None:
    """Send what is due: of these interviews, or of all. A relay that is down leaves it queued for the sweep."""
    publish(send_due(app, interviews), store=app.store)


def send_due(app: Function[Settings], interviews: list[str] | None) -> list[LogRow]:
    """`deliver` without publishing the steps it logged: they are returned.

    Publishing takes longer than the mails themselves, so it follows when all are out; if we die before it,
    status_sync's sweep does it.
    """
    return _Delivery(app, interviews).run()


class _Delivery:
    """One worker's run over the outbox."""

    def __init__(self, app: Function[Settings], interviews: list[str] | None) -> None:
        settings = app.settings
        self._app = app
        self._interviews = interviews
        self._owner = new_id("wrk")
        # A mail waits for the relay four times; one that could outlive its lease is not begun.
        self._last_start_s = LEASE_S - 5 * settings.mail.timeout_s
        self._letters = Letters(house_of(settings))
        self._held: list[MailRow] = []
        self._to_tell: dict[str, Decided] = {}
        self._assigned: dict[str, list[str]] = {}
        self._held_since = 0.0
        self._batches: set[str] = set()
        self._log: list[LogRow] = []

    def run(self) -> list[LogRow]:
        ends = time.monotonic() + BUDGET_S
        self._claim()
        if not self._held:
            return []
        try:
            with _mailer(self._app.settings).connection() as relay:
                while self._held and time.monotonic() < ends:
                    self._send_held(relay)
                    self._claim()
        except RelayUnavailable as error:
            self._app.logger.warning("mail_relay_unavailable", detail=error.detail)
            self._record([self._put_off(mail, error.detail) for mail in self._held])
        for batch in sorted(self._batches):
            finish_batch(batch, self._app)
        return self._log

    def _claim(self) -> None:
        with self._app.database.begin() as tx:
            self._held = tx.mails.claim(
                CLAIMED, self._owner, LEASE_S, interview_ids=self._interviews
            )
        self._held_since = time.monotonic()

    def _send_held(self, relay: MailConnection) -> None:
        """Send what is held. Raises `RelayUnavailable`; what was sent until then is recorded.

        While the relay takes one mail, the next is written and a group that is due is recorded.
        """
        with self._app.database.begin() as tx:
            recipients = tx.interviews.many([mail.interview_id for mail in self._held])
            decided = [mail.interview_id for mail in self._held if mail.message in RESULTS]
            self._to_tell = tx.decisions.to_tell(decided) if decided else {}
            self._assigned = {
                mail.interview_id: tx.interviewers.of(mail.interview_id)
                for mail in self._held
                if mail.recipient is not None
            }
        self._batches |= {interview.batch_id for interview in recipients.values()}
        group = Group()
        under_way: tuple[MailRow, Letter] | None = None
        try:
            for mail in tuple(self._held):
                if time.monotonic() - self._held_since > self._last_start_s:
                    break
                if (morning := self._morning(mail, recipients[mail.interview_id])) is not None:
                    group.add(Outcome(mail, "waits for the morning", retry_at=morning))
                    continue
                letter, unsent = self._write(mail, recipients[mail.interview_id])
                if under_way is not None:
                    group.add(self._finish(*under_way, relay))
                    under_way = None
                if letter is None:
                    group.add(Outcome(mail, unsent))
                elif refused := self._start(mail, letter, relay):
                    group.add(refused)
                else:
                    under_way = mail, letter
                if group.is_due():
                    self._record(group.take())
            if under_way is not None:
                group.add(self._finish(*under_way, relay))
        finally:
            self._record(group.take())

    def _write(self, mail: MailRow, to: InterviewRow) -> tuple[Letter | None, str]:
        """The letter, or why there is none."""
        now = self._app.clock()
        if mail.recipient is not None:
            return self._notice(mail, mail.recipient, to, now)
        if why := unsendable(mail.message, to.state, to.deadline, now):
            return None, why
        # Whatever sends it again: a mail about a decision goes out while that decision holds.
        outcome = self._to_tell.get(to.id)
        if mail.message in RESULTS and (outcome is None or mail.message != result_of(outcome)):
            return None, "not sent: another decision was made"
        return self._letters.write(mail.message, to, number=mail.number, now=now), ""

    def _notice(
        self, mail: MailRow, recipient: str, about: InterviewRow, now: datetime
    ) -> tuple[Letter | None, str]:
        """As `_write`, to an interviewer."""
        assigned = recipient in self._assigned[about.id]
        if why := unsendable_to_interviewer(mail.message, about.state, assigned=assigned):
            return None, why
        house = house_of(self._app.settings)
        return write_notice(mail.message, about, recipient, house, number=mail.number, now=now), ""

    def _morning(self, mail: MailRow, to: InterviewRow) -> datetime | None:
        """When a mail may be sent that would come at night: the relay was down, or this call runs late."""
        now = self._app.clock()
        theirs = to.time_zone if mail.recipient is None else None
        by = by_day(now, theirs or self._app.settings.time_zone)
        return by if mail.message not in AT_ANY_HOUR and by > now else None

    def _start(self, mail: MailRow, letter: Letter, relay: MailConnection) -> Outcome | None:
        return self._unless_refused(mail, lambda: relay.start(letter.recipient, letter.content))

    def _finish(self, mail: MailRow, letter: Letter, relay: MailConnection) -> Outcome:
        answer = ""

        def wait() -> None:
            nonlocal answer
            answer = relay.finish()

        return self._unless_refused(mail, wait) or Outcome(mail, answer, letter)

    def _unless_refused(self, mail: MailRow, ask: Callable[[], None]) -> Outcome | None:
        """Talk to the relay; an outcome when it refuses this mail."""
        try:
            ask()
        except MailRefused as error:
            return Outcome(mail, error.detail)
        except MailPostponed as error:
            return self._put_off(mail, error.detail)
        return None

    def _put_off(self, mail: MailRow, reason: str) -> Outcome:
        """Later, or given up when it failed often enough."""
        if mail.attempts >= len(RETRY_DELAYS):
            return Outcome(mail, reason)
        return Outcome(mail, reason, retry_at=self._app.clock() + RETRY_DELAYS[mail.attempts])

    def _record(self, outcomes: list[Outcome]) -> None:
        if not outcomes:
            return
        with self._app.database.begin() as tx:
            record(tx, outcomes)
            self._log.extend(tx.process_log.appended)
        done = {outcome.mail.key for outcome in outcomes}
        self._held = [mail for mail in self._held if mail.key not in done]


def finish_batch(batch_id: str, app: Function[Settings]) -> None:
    """Close a batch whose invitations are all sent or given up."""
    with app.database.begin() as tx:
        batch = tx.batches.get(batch_id)
        mails = tx.mails.counts(batch_id)
        if mails.sent + mails.dead >= batch.accepted:
            tx.batches.finish(batch_id)


def house_of(settings: Settings) -> House:
    """This installation, in whose name letters are written."""
    return House(
        sender=settings.mail.sender,
        public_url=settings.links.public_url,
        token_key=settings.tokens.key.get_secret_value(),
        time_zone=settings.time_zone,
        templates=TEMPLATES,
        tracking=settings.links.tracking,
    )


def _mailer(settings: Settings) -> Mailer:
    mail = settings.mail
    return Mailer(
        host=mail.host,
        port=mail.port,
        sender=mail.sender,
        username=mail.username,
        password=mail.password.get_secret_value() if mail.password else None,
        starttls=mail.starttls,
        timeout_s=mail.timeout_s,
    )
