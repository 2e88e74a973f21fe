"""Migrations over rows that are there: what earlier tables held, later ones hold."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic import command

from greenroom.adapters.database import Database
from greenroom.adapters.database.migrate import configuration
from greenroom.domain.events import EventType
from greenroom.domain.figures import Recordings
from greenroom.domain.keys import AttemptRef
from tests.unit.database.conftest import Invite


@pytest.fixture
def url(bare_url: str) -> str:
    """A database of the test's own: its tables change."""
    database = Database(bare_url)
    database.migrate()
    database.close()
    return bare_url


def test_down_and_up_again_keeps_deliveries_and_their_attempts(
    database: Database, invite: Invite
) -> None:
    (interview,) = invite()
    with database.begin() as tx:
        tx.process_log.append(interview, EventType.INTERVIEW_CREATED)
    with database.engine.begin() as connection:
        at = "2026-06-01 08:00:00"
        for statement in (
            "INSERT INTO webhook_endpoints (id, url, secret, state, created_at) "
            f"VALUES ('e', 'u', 's', 'active', '{at}')",
            "INSERT INTO deliveries (endpoint_id, event_id, interview_id, seq, type, state, attempts, "
            "next_attempt_at, created_at) "
            f"VALUES ('e', 'v', '{interview}', 1, 't', 'pending', 0, '{at}', '{at}')",
            "INSERT INTO delivery_attempts (id, endpoint_id, event_id, at, took_ms, url) "
            f"VALUES ('a', 'e', 'v', '{at}', 1, 'u')",
        ):
            connection.execute(sa.text(statement))
    for move, revision in ((command.downgrade, "0010"), (command.upgrade, "0011")):
        with database.engine.begin() as connection, configuration(connection) as config:
            move(config, revision)
    with database.engine.connect() as connection:
        for table in ("delivery_attempts", "deliveries", "process_log"):
            rows = connection.execute(sa.text(f"SELECT count(*) FROM {table}"))
            assert rows.scalar_one() == 1


def test_earlier_attempts_get_their_outcome_from_the_process_log(
    database: Database, invite: Invite
) -> None:
    interview, other = invite(2)
    with database.begin() as tx:
        for one in (interview, other):
            ref = AttemptRef(one, "q1", tx.interviews.start_attempt(one, "q1").attempt)
            tx.interviews.seal_attempt(ref, "0" * 64)
        details = {
            "answer": "q1",
            "attempt": 1,
            "lost_ms": 700,
            "tracks": {"camera": "complete", "screen": "gaps"},
        }
        tx.process_log.append(interview, EventType.ANSWER_ASSEMBLED, details)
    for move, revision in ((command.downgrade, "0012"), (command.upgrade, "head")):
        with database.engine.begin() as connection, configuration(connection) as config:
            move(config, revision)
    with database.engine.connect() as connection:
        found = connection.execute(
            sa.text("SELECT assembled, lost_ms FROM attempts WHERE interview_id = :i"),
            {"i": interview},
        ).one()
    assert tuple(found) == ("gaps", 700)
    with database.begin() as tx:
        counts = tx.figures.of(tx.interviews.get(interview).batch_id)
    assert counts.recordings == Recordings(gaps=1, waiting=1, lost_ms=700)
