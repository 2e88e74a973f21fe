"""The failure simulator: endpoints that misbehave on the first webhook, and what Greenroom's sender must do then.

All of them are told of the same interview at once. Each has its own way to fail, once, so that the sender's first
retry (after 5 seconds) finds it well again.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from greenroom_cli.contract_kit.api import Api
from greenroom_cli.contract_kit.certificate import Broken, Step
from greenroom_cli.contract_kit.company import Company, new_secret
from greenroom_cli.contract_kit.inbox import Answer, Arrival, Connection, Inbox, Mailbox

TYPES = ["interview.created", "time.granted", "interview.cancelled"]
"""What the endpoints are told of, in this order: three steps that need no mail to arrive."""
LAST = TYPES[-1]
WAIT_S = 120
"""For the retry after 5 s, and for a sweep of once a minute where a process was restarted in between."""


@dataclass(frozen=True)
class Fault:
    """One way to fail. `status` is what Greenroom's log of attempts must show: None for no answer at all."""

    name: str
    answers: tuple[Answer, ...]
    status: int | None
    fails: str = TYPES[0]
    """The type of the event whose first attempt fails."""


def all_faults(slow_s: float, inbox: Inbox) -> tuple[Fault, ...]:
    """`slow_s` must be longer than the sender waits."""

    def late(connection: Connection, _: Mailbox) -> None:
        inbox.stopping.wait(slow_s)
        connection.answer(204)

    def right_secret_next(connection: Connection, mailbox: Mailbox) -> None:
        connection.answer(401)
        mailbox.secret = mailbox.next_secret

    return (
        Fault("slow", (Answer(late),), None),
        Fault("error", (_status(500),), 500),
        Fault("reset", (Answer(_reset),), None),
        Fault("lost_acknowledgement", (Answer(_reset, keeps=True),), None),
        Fault("twice", (Answer(_twice, keeps=True), _status(500)), 500, fails=TYPES[1]),
        Fault("clock_skew", (_status(400),), 400),
        Fault("wrong_secret", (Answer(right_secret_next),), 401),
        Fault("redirect", (Answer(_elsewhere),), 307),
    )


class Faults:
    """Registers the endpoints, makes an interview, and looks at what came."""

    def __init__(
        self, api: Api, inbox: Inbox, company: Company, callback: str, slow_s: float
    ) -> None:
        self._api = api
        self._inbox = inbox
        self._company = company
        self._callback = callback
        self._faults = all_faults(slow_s, inbox)
        self._mailboxes: dict[str, Mailbox] = {}
        self._endpoints: dict[str, str] = {}
        self._wait_s = WAIT_S + slow_s
        self._elsewhere = inbox.open("elsewhere")
        self._interview = ""

    def steps(self) -> Iterator[Step]:
        yield Step("faults.endpoints", self._register, vital=True)
        yield Step("faults.interview", self._make_interview, vital=True)
        for fault in self._faults:
            yield Step(f"faults.{fault.name}", self._survived(fault))
        yield Step("faults.gone", self._switched_off)

    def clean_up(self) -> None:
        """Remove the endpoints that are still registered."""
        for endpoint in self._endpoints.values():
            self._api.call("DELETE", f"/v1/webhook-endpoints/{endpoint}", status=204)

    def _register(self) -> None:
        for fault in self._faults:
            self._open(fault.name, fault.answers)
        self._open("gone", (_status(410),) * 100)
        mailbox = self._mailboxes["wrong_secret"]
        mailbox.next_secret, mailbox.secret = mailbox.secret, new_secret()

    def _open(self, name: str, answers: tuple[Answer, ...]) -> None:
        mailbox = self._inbox.open(f"faults-{name}", answers)
        wanted = {"url": f"{self._callback}/{mailbox.name}", "types": TYPES}
        endpoint = self._api.call("POST", "/v1/webhook-endpoints", status=201, document=wanted)
        mailbox.secret = endpoint["secret"]
        self._mailboxes[name], self._endpoints[name] = mailbox, endpoint["id"]

    def _make_interview(self) -> None:
        (self._interview,) = self._company.invite(1)
        path = f"/v1/interviews/{self._interview}"
        self._api.call("PUT", f"{path}/time-factor", document={"factor": 1.5})
        self._api.call("POST", f"{path}/cancel", document={"reason": "contract kit"})

    def _survived(self, fault: Fault) -> Callable[[], None]:
        def look() -> None:
            mailbox = self._mailboxes[fault.name]
            self._inbox.wait_for(
                lambda: self._types(mailbox) == TYPES,
                self._wait_s,
                f"{', '.join(TYPES)} → {mailbox.name}",
            )
            failed = next(
                a for a in mailbox.kept(self._interview) if a.event["type"] == fault.fails
            )
            self._same_again(mailbox.attempts(failed.id))
            self._told_so(self._endpoints[fault.name], failed, fault.status)
            if fault.name == "redirect" and self._elsewhere.arrivals:
                raise Broken("redirect_followed")

        return look

    def _types(self, mailbox: Mailbox) -> list[str]:
        return [arrival.event["type"] for arrival in mailbox.kept(self._interview)]

    def _same_again(self, attempts: list[Arrival]) -> None:
        """The same bytes under the same id, under a timestamp of its own each time."""
        if len(attempts) < 2:
            raise Broken("not_again", times=len(attempts))
        if len({attempt.body for attempt in attempts}) > 1:
            raise Broken("other_body", id=attempts[0].id)
        if attempts[-1].timestamp <= attempts[0].timestamp:
            raise Broken("old_timestamp", id=attempts[0].id)
        if not attempts[-1].verified:
            raise Broken("signature", id=attempts[-1].id)

    def _told_so(self, endpoint: str, arrival: Arrival, status: int | None) -> None:
        """Greenroom's own record shows the attempt that failed and the one that did not."""
        path = f"/v1/webhook-deliveries/{endpoint}/{arrival.id}"

        def delivered() -> bool:
            self._delivery = self._api.call("GET", path)
            return bool(self._delivery["state"] == "delivered")

        self._company.poll(delivered, path)
        statuses = [attempt["status"] for attempt in self._delivery["attempts_made"]]
        if statuses[0] != status or not 200 <= (statuses[-1] or 0) < 300:
            raise Broken("attempts", wanted=f"{status}, 204", got=statuses)

    def _switched_off(self) -> None:
        """410 ends it: no second request, and the endpoint says so."""
        mailbox, endpoint = self._mailboxes["gone"], self._endpoints["gone"]
        self._inbox.wait_for(lambda: bool(mailbox.arrivals), self._wait_s, mailbox.name)

        def off() -> bool:
            listed = self._api.call("GET", "/v1/webhook-endpoints")["endpoints"]
            return any(item["id"] == endpoint and item["state"] != "active" for item in listed)

        self._company.poll(off, f"/v1/webhook-endpoints {endpoint}")
        if len(mailbox.arrivals) != 1:
            raise Broken("gone_again", times=len(mailbox.arrivals))
        del self._endpoints["gone"]


def _status(status: int) -> Answer:
    return Answer(lambda connection, _: connection.answer(status))


def _reset(connection: Connection, _: Mailbox) -> None:
    """A TCP reset in place of an answer."""
    now = struct.pack("ii", 1, 0)
    connection.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
    connection.close_connection = True
    connection.connection.close()


def _twice(connection: Connection, _: Mailbox) -> None:
    """Two acknowledgements of one webhook: the second must not be taken for the answer to the next."""
    connection.answer(204)
    connection.answer(204)


def _elsewhere(connection: Connection, _: Mailbox) -> None:
    connection.answer(307, Location="/elsewhere")
