"""A company of three sizes, written straight into its database: nothing, two interviews, a season of 10,000."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import sqlalchemy as sa

from greenroom.adapters.database import Database
from greenroom.adapters.database.access_tables import users
from greenroom.adapters.database.tables import (
    batches,
    candidates,
    deliveries,
    delivery_attempts,
    interviews,
    presence,
    process_log,
    scores,
)
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.audit import Actor
from greenroom.domain.events import Event, EventType
from greenroom.domain.plan import Plan
from greenroom.domain.presence import HealthSample
from greenroom.domain.webhook import WebhookEndpointRequest
from tests.recorded import record
from tests.seeded import MODEL, TEMPLATE, invite

SEASON = 10_000
BATCHES = 20
RUNNING = 1000
"""Of the season, how many are being recorded now."""
SURNAMES, GIVEN = "赵钱孙李周吴郑王冯陈", "伟芳娜敏静丽强磊军洋艳勇杰涛明超秀霞平刚"
STATES = ("scored", "scored", "scored", "submitted", "human_review", "decided", "expired", "cancelled")  # fmt: skip
LONG_NAME = (
    "Maximiliana-Alexandrina von Hohenzollern-Sigmaringen-Württemberg y Fernández de Córdoba"
)


def catalogue(database: Database) -> None:
    """A template and a competency model, without which nobody can be invited."""
    with database.begin() as tx:
        tx.catalogue.save_template(TEMPLATE)
        tx.catalogue.save_model(MODEL)


def two(database: Database, store: ObjectStore) -> list[str]:
    """One interview recorded and scored, one invited; the ids."""
    catalogue(database)
    ids = invite(database, ["李明", LONG_NAME])
    record(ids[0], database, store)
    with database.begin() as tx:
        tx.interviews.record_score(ids[0], 84.5, {"communication": 91.0, "service": 74.75})
        tx.interviewers.assign(ids[0], ["wu.jun@example.com"])
    return ids


def season(database: Database, store: ObjectStore) -> list[str]:
    """`SEASON` interviews over `BATCHES` batches, with users, webhooks and an audit log; the newest is recorded.

    Their ids, the newest first. Rows go in by the thousand: the pages are what is looked at, not the ways in.
    """
    catalogue(database)
    now = datetime.now(UTC).replace(microsecond=0)
    with database.engine.begin() as connection:
        connection.execute(sa.insert(batches), list(_batches(now)))
        connection.execute(sa.insert(candidates), list(_candidates(now)))
        connection.execute(sa.insert(interviews), list(_interviews(now)))
        connection.execute(sa.insert(scores), list(_scores()))
        connection.execute(sa.insert(presence), list(_presence(now)))
        connection.execute(sa.insert(users), list(_users(now)))
    _webhooks(database, now, _steps(database))
    with database.begin() as tx:
        for number in range(SEASON):
            actor = Actor("user", f"usr_{number % 200:03}")
            tx.audit.append(actor, "interview.seen", "interview", _id(number))
        for number in range(30):
            scopes = ["interviews:read", "audit:read"]
            tx.api_keys.add(f"{number:012}", "0" * 64, scopes, f"EHR {number}")
    (newest,) = invite(database, ["李明"])
    record(newest, database, store)
    with database.begin() as tx:
        tx.interviews.record_score(newest, 84.5, {"communication": 91.0, "service": 74.75})
    return [newest, *(_id(number) for number in reversed(range(SEASON)))]


def sample(at: datetime, number: int, **seen: Any) -> HealthSample:
    """How interview `number` goes: every tenth below a target, every hundredth with a line that is down."""
    values = {
        "at": at,
        "phase": ("recording", "recording", "thinking", "preparing", "finishing")[number % 5],
        "fps": 18 if number % 10 == 3 else 30,
        "snr_db": 8 if number % 100 == 70 else 41,
        "screen_width": 1920,
        "screen_height": 1080,
        "waiting_s": 45 if number % 100 == 50 else 0,
    }
    return HealthSample.model_validate(values | seen)


def _id(number: int) -> str:
    return f"itv_{number:06}"


def _is_running(number: int) -> bool:
    return number >= SEASON - RUNNING


def _batches(now: datetime) -> Iterator[dict[str, Any]]:
    plan = Plan(template=TEMPLATE, model=MODEL).canonical().decode()
    for number in range(BATCHES):
        yield {
            "id": f"bat_{number:06}",
            "state": "invited",
            "plan": plan,
            "accepted": SEASON // BATCHES,
            "errors": "[]",
            "deadline": now + timedelta(days=number - 5),
            "locale": "zh-CN",
            "created_at": now - timedelta(days=BATCHES - number),
        }


def _candidates(now: datetime) -> Iterator[dict[str, Any]]:
    names = [f"{a}{b}{c}" for a, b, c in product(SURNAMES, GIVEN, GIVEN)]
    for number in range(SEASON):
        yield {
            "external_id": f"E-2026-{number:06}",
            "name": LONG_NAME if number % 500 == 499 else names[number % len(names)],
            "email": f"c{number}@example.com",
            "updated_at": now,
        }


def _interviews(now: datetime) -> Iterator[dict[str, Any]]:
    for number in range(SEASON):
        running = _is_running(number)
        state = "in_progress" if running else STATES[number % len(STATES)]
        scored = state in ("scored", "human_review", "decided")
        yield {
            "id": _id(number),
            "batch_id": f"bat_{number * BATCHES // SEASON:06}",
            "job": MODEL.id,
            "candidate_id": f"E-2026-{number:06}",
            "locale": "zh-CN",
            "state": state,
            "deadline": now + timedelta(days=1 + number % 9),
            "created_at": now - timedelta(seconds=SEASON - number),
            "changed_at": now,
            "total_score": _score(number) if scored else None,
            "flags": json.dumps(["low_confidence", "needs_re_record"] if number % 50 == 0 else []),
        }


def _scores() -> Iterator[dict[str, Any]]:
    for number in range(SEASON - RUNNING):
        if STATES[number % len(STATES)] in ("scored", "human_review", "decided"):
            for shift, competency in enumerate(MODEL.competencies):
                score = _score(number + shift)
                yield {"interview_id": _id(number), "competency": competency.id, "score": score}


def _score(number: int) -> float:
    """40 to 100 in steps that repeat seldom."""
    return 40 + number * 2654435761 % 6001 / 100


def _presence(now: datetime) -> Iterator[dict[str, Any]]:
    for number in filter(_is_running, range(SEASON)):
        seen = sample(now, number)
        recent = [(seen.fps or 0 - n % 3, 41 - n % 7, seen.waiting_s) for n in range(30)]
        yield {
            "interview_id": _id(number),
            "heard_at": now,
            "phase": seen.phase,
            "sample": seen.model_dump_json(),
            "away_since": now - timedelta(minutes=5) if number % 250 == 111 else None,
            "trouble_since": now - timedelta(seconds=40) if number % 200 == 42 else None,
            "recent": json.dumps(recent),
        }


def _steps(database: Database) -> list[Event]:
    """A funnel: fewer at each step. All of them are published already; the invitations' events."""
    kinds = (EventType.INTERVIEW_INVITED, EventType.INTERVIEW_OPENED, EventType.INTERVIEW_STARTED)
    with database.begin() as tx:
        invited, *_ = [
            tx.process_log.append_many(kind, {_id(n): {} for n in range(SEASON) if n % 3 >= place})
            for place, kind in enumerate(kinds)
        ]
    with database.engine.begin() as connection:
        published = sa.update(process_log).values(published_at=process_log.c.at)
        connection.execute(published)
    return [row.event for row in invited]


def _users(now: datetime) -> Iterator[dict[str, Any]]:
    for number in range(200):
        yield {
            "id": f"usr_{number:03}",
            "login": f"user-{number:03}",
            "name": f"{SURNAMES[number % 10]}{GIVEN[number % 20]}",
            "email": f"user-{number:03}@example.com",
            "role": ("interviewer", "interviewer", "hr", "auditor")[number % 4],
            "state": "active",
            "totp_step": 0,
            "failures": 0,
            "created_at": now,
        }


def _webhooks(database: Database, now: datetime, events: Sequence[Event]) -> None:
    """An endpoint with a delivery for each interview: most arrived, every tenth in the dead letters."""
    wanted = WebhookEndpointRequest(url="https://ehr.example.com/hooks/greenroom")
    with database.begin() as tx:
        endpoint = tx.webhooks.add_endpoint(wanted, "whsec_" + "QUJD" * 11).id
    sent = [
        {
            "endpoint_id": endpoint,
            "event_id": event.id,
            "interview_id": event.subject,
            "seq": event.sequence,
            "type": event.type,
            "state": "dead" if number % 10 == 0 else "delivered",
            "attempts": 1,
            "next_attempt_at": now,
            "last_status": 500 if number % 10 == 0 else 204,
            "delivered_at": None if number % 10 == 0 else now,
            "created_at": now - timedelta(seconds=SEASON - number),
        }
        for number, event in enumerate(events)
    ]
    tried = [
        {
            "id": f"att_{one['event_id']}",
            "endpoint_id": endpoint,
            "event_id": one["event_id"],
            "at": now,
            "took_ms": 40,
            "url": wanted.url,
            "status": one["last_status"],
        }
        for one in sent
    ]
    with database.engine.begin() as connection:
        connection.execute(sa.insert(deliveries), sent)
        connection.execute(sa.insert(delivery_attempts), tried)
