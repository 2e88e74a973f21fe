"""The relay goes down in the middle of a batch, again and again: every candidate gets one invitation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.invitation_fixtures import House, Sink
from tests.thorough import lots

CANDIDATES = lots(300, long=5000)
OUTAGES = 6


class FailingSink(Sink):
    """Hangs up and refuses everybody when one more mail comes than it lasts for.

    `takes_the_last`: that mail was taken and the answer to it is lost, which no sender can tell from a mail
    that was not taken.
    """

    lasts = -1
    takes_the_last = False

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, replies: list[str]
    ) -> list[str]:
        if self.lasts == 0:
            server.transport.abort()
        session.host_name = hostname
        return replies

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.lasts == 0:
            if self.takes_the_last:
                await super().handle_DATA(server, session, envelope)
            server.transport.abort()
            return "421 going down"
        self.lasts -= 1
        return await super().handle_DATA(server, session, envelope)


@pytest.fixture
def sink() -> Iterator[FailingSink]:
    sink = FailingSink()
    yield sink
    sink.down()


@pytest.mark.slow
@pytest.mark.parametrize("takes_the_last", [False, True], ids=["refused", "answer-lost"])
def test_a_relay_that_goes_down_six_times_during_a_batch(
    house: House, sink: FailingSink, *, takes_the_last: bool
) -> None:
    sink.takes_the_last = takes_the_last
    batch_id = house.invite(CANDIDATES)
    assert house.notify(f"batches/{batch_id}.json") == []
    sink.lasts = CANDIDATES // (OUTAGES + 1)
    assert house.notify(*house.slices(batch_id)) == []
    for _ in range(OUTAGES - 1):
        assert house.progress(batch_id)["mails"]["pending"] > 0
        sink.lasts = CANDIDATES // (OUTAGES + 1)
        house.clock.turn(minutes=2)
        house.sweep()
    sink.lasts = -1
    while house.progress(batch_id)["mails"]["pending"]:
        house.clock.turn(minutes=30)
        house.sweep()

    assert house.progress(batch_id)["mails"] == {"pending": 0, "sent": CANDIDATES, "failed": 0}
    assert house.progress(batch_id)["state"] == "invited"
    found = sink.counts()
    assert len(found) == CANDIDATES
    twice = [address for address, times in found.items() if times != 1]
    assert len(twice) <= OUTAGES
    assert bool(twice) == takes_the_last
    ids = {(mail["To"].addresses[0].addr_spec, mail["Message-ID"]) for mail in sink.messages()}
    assert len(ids) == CANDIDATES, "what comes twice is the same mail"
    assert all(steps[-1] == "interview.invited" for steps in house.logs(batch_id).values())
