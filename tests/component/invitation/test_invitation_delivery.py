"""From the batch's event to the candidates' mailboxes: repeated, out of order, with trouble on the way."""

import os
import random
import re
import signal
import subprocess
import sys
import threading
from collections import Counter

import pytest

from functions.invitation.deliver import LEASE_S
from functions.invitation.outcomes import MOST
from greenroom.domain.events import Event
from greenroom.domain.interview import InterviewState
from greenroom.runtime.tokens import read_candidate_token
from tests.invitation_fixtures import START, TOKEN_KEY, House, candidate, fresh_app

INVITED = ["interview.created", "interview.invited"]


def everyone_once(house: House, count: int) -> None:
    assert house.sink.counts() == Counter({f"c{number}@example.com": 1 for number in range(count)})


def test_every_candidate_gets_one_mail_with_a_link_of_their_own(house: House) -> None:
    batch_id = house.invite(3)
    house.work_off(batch_id)
    everyone_once(house, 3)
    links = set()
    for message in house.sink.messages():
        text = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        found = re.search(r"https://interview\.example\.com/i/(\S+)", text)
        assert found is not None
        links.add(read_candidate_token(TOKEN_KEY, found[1], now=house.clock()).interview)
    with house.database.begin() as tx:
        rows = tx.interviews.find(batch=batch_id)
    assert {row.id for row in rows} == links
    assert {row.state for row in rows} == {InterviewState.INVITED}


def test_the_batch_tells_how_far_it_is(house: House) -> None:
    batch_id = house.invite(3)
    assert house.progress(batch_id)["interviews"] == {}
    house.work_off(batch_id)
    progress = house.progress(batch_id)
    assert progress["state"] == "invited"
    assert progress["interviews"] == {"invited": 3}
    assert progress["mails"] == {"pending": 0, "sent": 3, "failed": 0}


def test_each_step_is_logged_once_and_published(house: House) -> None:
    batch_id = house.invite(2)
    house.work_off(batch_id)
    assert house.logs(batch_id) == {"c0": INVITED, "c1": INVITED}
    events = [Event.parse(house.store.get(found.key)) for found in house.store.listing("events/")]
    assert Counter(event.type for event in events) == {
        "interview.created": 2,
        "interview.invited": 2,
    }
    invited = next(event for event in events if event.type == "interview.invited")
    assert invited.data.details["relay"].startswith("250 2.0.0 queued as")
    assert invited.data.ehr_status == "待面试"


def test_candidates_are_written_to_in_their_language(house: House) -> None:
    rows = [candidate(0), candidate(1, locale="en")]
    house.work_off(house.invite(0, candidates=rows, locale="zh-CN"))
    languages = {message["To"].addresses[0].addr_spec: message for message in house.sink.messages()}
    assert languages["c0@example.com"]["Content-Language"] == "zh-CN"
    assert languages["c1@example.com"]["Content-Language"] == "en"


@pytest.mark.parametrize("seed", range(2))
def test_events_twice_and_out_of_order_change_nothing(house: House, seed: int) -> None:
    batch_id = house.invite(260)
    assert house.notify(f"batches/{batch_id}.json") == []
    keys = [f"batches/{batch_id}.json", *house.slices(batch_id)] * 2
    random.Random(seed).shuffle(keys)
    for key in keys:
        assert house.notify(key) == []
    everyone_once(house, 260)
    assert set(map(tuple, house.logs(batch_id).values())) == {tuple(INVITED)}
    assert house.progress(batch_id)["state"] == "invited"


def test_two_workers_at_once_never_send_the_same_mail(house: House) -> None:
    batch_id = house.invite(200)
    assert house.notify(f"batches/{batch_id}.json") == []
    other = fresh_app()
    other.clock = house.clock
    (key,) = house.slices(batch_id)
    workers = [House(house.clock, house.sink, house.environment, app) for app in (house.app, other)]
    outcomes: list[list[int]] = []
    threads = [
        threading.Thread(target=lambda worker=worker: outcomes.append(worker.notify(key)))
        for worker in workers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert outcomes == [[], []]
    everyone_once(house, 200)


def test_a_relay_that_is_down_delays_and_loses_nothing(house: House) -> None:
    batch_id = house.invite(3)
    house.sink.down()
    house.work_off(batch_id)
    assert house.progress(batch_id)["mails"] == {"pending": 3, "sent": 0, "failed": 0}
    assert house.progress(batch_id)["interviews"] == {"created": 3}
    house.sweep()
    house.sink.up()
    house.sweep()
    assert house.sink.mails == []  # not due yet: a relay that comes back is not run over
    house.clock.turn(minutes=5)
    house.sweep()
    everyone_once(house, 3)
    assert house.progress(batch_id)["state"] == "invited"


def test_an_address_that_bounces_harms_nobody_else(house: House) -> None:
    house.sink.answers["c1@example.com"] = "550 5.1.1 no such mailbox"
    batch_id = house.invite(3)
    house.work_off(batch_id)
    assert set(house.sink.counts()) == {"c0@example.com", "c2@example.com"}
    progress = house.progress(batch_id)
    assert progress["mails"] == {"pending": 0, "sent": 2, "failed": 1}
    assert progress["interviews"] == {"created": 1, "invited": 2}
    assert progress["state"] == "invited"
    assert house.logs(batch_id)["c1"] == ["interview.created", "invitation.failed"]
    with house.database.begin() as tx:
        (row,) = tx.interviews.find(batch=batch_id, state=InterviewState.CREATED)
        failed = tx.process_log.list(row.id)[-1].event
    assert row.flags == ["needs_follow_up"]
    assert failed.data.details["reason"] == "550 5.1.1 no such mailbox"
    house.clock.turn(hours=20)
    house.sweep()
    assert set(house.sink.counts().values()) == {1}


def test_a_mailbox_that_asks_for_patience_gets_its_mail_later(house: House) -> None:
    house.sink.answers["c1@example.com"] = "450 4.2.0 greylisted"
    batch_id = house.invite(3)
    house.work_off(batch_id)
    assert house.progress(batch_id)["mails"] == {"pending": 1, "sent": 2, "failed": 0}
    assert house.progress(batch_id)["state"] == "accepted"
    del house.sink.answers["c1@example.com"]
    house.clock.turn(minutes=1)
    house.sweep()
    everyone_once(house, 3)
    assert house.progress(batch_id)["state"] == "invited"


def test_patience_ends_after_four_days(house: House) -> None:
    house.sink.answers["c0@example.com"] = "450 4.2.2 mailbox full"
    batch_id = house.invite(1)
    house.work_off(batch_id)
    while house.progress(batch_id)["mails"]["pending"]:
        house.clock.turn(hours=12)
        house.sweep()
    assert 4 < (house.clock() - START).days < 10
    assert house.logs(batch_id)["c0"] == ["interview.created", "invitation.failed"]
    assert house.progress(batch_id)["state"] == "invited"


def test_nobody_is_invited_after_the_deadline_or_after_being_cancelled(house: House) -> None:
    house.sink.down()
    batch_id = house.invite(2)
    house.work_off(batch_id)
    house.sink.up()
    with house.database.begin() as tx:
        rows = tx.interviews.find(batch=batch_id)
        cancelled = next(row for row in rows if row.candidate_external_id == "c0")
        assert tx.interviews.move(cancelled.id, InterviewState.CANCELLED)
    house.clock.turn(minutes=5)
    house.sink.answers["c1@example.com"] = "450 later"
    house.sweep()
    house.clock.turn(days=40)
    house.sweep()
    assert house.sink.mails == []
    assert house.progress(batch_id)["mails"] == {"pending": 0, "sent": 0, "failed": 2}


def test_lost_notifications_are_made_up_for(house: House) -> None:
    batch_id = house.invite(300)
    house.sweep()
    assert house.sink.mails == []  # it may just be waiting its turn
    house.clock.turn(minutes=11)
    house.sweep()
    everyone_once(house, 300)
    assert house.progress(batch_id)["state"] == "invited"


def test_a_lost_slice_is_made_up_for(house: House) -> None:
    batch_id = house.invite(300)
    assert house.notify(f"batches/{batch_id}.json") == []
    assert house.notify(house.slices(batch_id)[1]) == []
    assert house.progress(batch_id)["state"] == "accepted"
    house.clock.turn(minutes=11)
    house.sweep()
    everyone_once(house, 300)
    assert house.progress(batch_id)["state"] == "invited"


def test_a_slice_that_is_not_ours_invites_nobody(house: House) -> None:
    batch_id = house.invite(1)
    stranger = f"slices/{batch_id}/0007.json"
    house.store.put(stranger, b'{"batch":"bat_other","rows":[]}')
    house.store.put(f"slices/{batch_id}/0008.json", b"not JSON")
    assert house.notify(stranger, f"slices/{batch_id}/0008.json") == []
    assert house.sink.mails == []
    assert house.logs(batch_id) == {}


WORKER = """
import sys
from tests.function_client import FunctionClient
from tests.invitation_fixtures import Clock, fresh_app
app = fresh_app()
app.clock = Clock()
FunctionClient(app).objects(sys.argv[1])
"""


@pytest.mark.parametrize("after", [1, 23, 77])
def test_a_worker_killed_while_sending_repeats_a_few(house: House, after: int) -> None:
    batch_id = house.invite(100)
    assert house.notify(f"batches/{batch_id}.json") == []
    (key,) = house.slices(batch_id)
    command = [sys.executable, "-c", WORKER, key]
    with subprocess.Popen(command, env={**os.environ, **house.environment}) as worker:
        house.sink.wait_for(after)
        worker.send_signal(signal.SIGKILL)
    assert house.notify(key) == []
    house.clock.turn(seconds=LEASE_S + 1)
    house.sweep()
    counts = house.sink.counts()
    assert set(counts) == {f"c{number}@example.com" for number in range(100)}
    twice = [address for address, count in counts.items() if count > 1]
    assert len(twice) <= MOST + 1
    assert max(counts.values()) <= 2
    identities = {(message["To"], message["Message-ID"]) for message in house.sink.messages()}
    assert len(identities) == 100
    assert set(map(tuple, house.logs(batch_id).values())) == {tuple(INVITED)}
    assert house.progress(batch_id)["state"] == "invited"
