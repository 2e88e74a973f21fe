"""No exception of SQLAlchemy leaves the adapter, and none of its words that are not for everyone."""

import inspect
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy.exc

from greenroom.adapters.database import Database, NewMail
from greenroom.adapters.database.engine import mapped
from greenroom.domain.batch import BatchHead
from greenroom.domain.errors import (
    Conflict,
    GreenroomError,
    Invalid,
    MisconfiguredSetting,
    Unavailable,
)
from greenroom.domain.events import EventType
from greenroom.domain.ids import new_id
from tests.unit.database.conftest import PLAN, Invite, Turnable

ERRORS = [
    kind
    for _, kind in inspect.getmembers(sqlalchemy.exc, inspect.isclass)
    if issubclass(kind, sqlalchemy.exc.SQLAlchemyError)
]


def wanted(kind: type[Exception]) -> type[GreenroomError]:
    if issubclass(kind, sqlalchemy.exc.IntegrityError):
        return Conflict
    return Invalid if issubclass(kind, sqlalchemy.exc.DataError) else Unavailable


def test_there_are_errors_to_map() -> None:
    assert len(ERRORS) > 30


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_is_mapped(kind: type[Exception]) -> None:
    if issubclass(kind, sqlalchemy.exc.StatementError):
        error = kind("words", "SELECT 1", {}, Exception("the driver's words"))
        if issubclass(kind, sqlalchemy.exc.DBAPIError):
            error = kind("SELECT 1", {}, Exception("the driver's words"))
    else:
        error = kind.__new__(kind)
        Exception.__init__(error, "words")
    with pytest.raises(wanted(kind)) as caught, mapped():
        raise error
    assert type(caught.value) is wanted(kind)
    assert caught.value.code.startswith("database_")
    assert "words" not in caught.value.detail


def test_a_database_that_does_not_answer_is_unavailable() -> None:
    database = Database("postgresql+psycopg://nobody:secret@127.0.0.1:1/none")
    with pytest.raises(Unavailable) as caught:
        database.ping()
    assert "127.0.0.1" not in caught.value.detail
    assert "secret" not in caught.value.detail


def test_a_database_file_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/none/at/all.sqlite")
    with pytest.raises(Unavailable), database.begin() as tx:
        tx.api_keys.get("x")


@pytest.mark.parametrize("bad", ["", "no url at all", "oracle9://here/there", "mysql+none://x/y"])
def test_a_url_that_is_none_is_a_wrong_setting(bad: str) -> None:
    with pytest.raises(MisconfiguredSetting):
        Database(bad)


def test_what_contradicts_the_constraints_is_a_conflict_without_values(
    database: Database, invite: Invite
) -> None:
    with pytest.raises(Conflict) as caught, database.begin() as tx:
        tx.mails.queue_many([NewMail("itv_of_somebody", "created", 1)])
    assert caught.value.code == "database_conflict"
    assert "itv_of_somebody" not in caught.value.detail


def test_a_transaction_that_failed_leaves_nothing(database: Database, clock: Turnable) -> None:
    batch = new_id("bat")
    head = BatchHead(template="t", competency_model="m", deadline=clock.now + timedelta(days=1))
    with pytest.raises(Conflict), database.begin() as tx:
        tx.batches.create(batch, head=head, plan=PLAN, accepted=1, errors=[])
        tx.mails.queue_many([NewMail("itv_of_nobody", "created", 1)])
    with database.begin() as tx:
        assert tx.batches.unfinished(clock.now + timedelta(days=1), 10) == []


HOSTILE = ["a\x00b", "half a pair \ud800", "长" * 5000]


@pytest.mark.parametrize("words", HOSTILE, ids=["NUL", "surrogate", "long"])
def test_whatever_others_said_is_kept(
    database: Database, invite: Invite, clock: Turnable, words: str
) -> None:
    [interview] = invite()
    with database.begin() as tx:
        tx.mails.queue_many([NewMail(interview, "created", 1)])
        [mail] = tx.mails.claim(1, "one", 60)
        tx.mails.failed(mail.key, words, clock.now)
        [again] = tx.mails.claim(1, "one", 60)
        assert again.attempts == 1


@pytest.mark.parametrize(
    "kind", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
def test_a_value_that_cannot_be_held_is_the_input_s_fault(database: Database) -> None:
    with pytest.raises(Invalid) as caught, database.begin() as tx:
        tx.interviews.find(batch="a\x00b")
    assert caught.value.permanent


@pytest.mark.parametrize(
    "kind", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
def test_who_waits_too_long_for_a_row_is_told_so(
    database: Database, invite: Invite, url: str
) -> None:
    [interview] = invite()
    hasty = Database(f"{url}?options=-c%20lock_timeout%3D100ms")
    with database.begin() as tx:
        tx.process_log.append(interview, EventType.INTERVIEW_OPENED)
        with pytest.raises(Unavailable), hasty.begin() as other:
            other.process_log.append(interview, EventType.INTERVIEW_OPENED)
    hasty.close()
