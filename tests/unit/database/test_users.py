"""Users, sessions and interviewers in the database; what many do at the same time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from greenroom.adapters.database import Database, NewUser
from greenroom.domain.access import Role
from greenroom.domain.errors import Conflict, NotFound
from tests.unit.database.conftest import Invite, Turnable

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def zhou(database: Database) -> str:
    user = NewUser("usr_zhou", "周", "Zhou@example.com", Role.HR, login="Zhou", password_hash="h")
    with database.begin() as tx:
        tx.users.add(user)
    return user.id


def test_a_login_is_there_once_in_either_case(database: Database, zhou: str) -> None:
    with database.begin() as tx:
        assert tx.users.by_login("ZHOU").email == "zhou@example.com"
        with pytest.raises(NotFound):
            tx.users.by_login("wu")
    with database.begin() as tx, pytest.raises(Conflict):
        tx.users.add(NewUser("usr_2", "Z", "z@example.com", Role.HR, login="zhou"))


def test_however_many_guess_at_once_five_are_looked_at(
    database: Database, zhou: str, clock: Turnable
) -> None:
    def guess(_: int) -> bool:
        with database.begin() as tx:
            return tx.users.count_attempt(zhou)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(guess, range(30))) == 5
    clock.turn(minutes=15)
    assert sum(map(guess, range(9))) == 5
    with database.begin() as tx:
        tx.users.let_in(zhou)
        assert tx.users.get(zhou).locked_until is None
    assert guess(0)


def test_a_code_is_used_once(database: Database, zhou: str) -> None:
    def use(_: int) -> bool:
        with database.begin() as tx:
            return tx.users.use_step(zhou, 100)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(16))) == 1
    with database.begin() as tx:
        assert not tx.users.use_step(zhou, 99)
        assert tx.users.use_step(zhou, 101)


def test_sessions(database: Database, zhou: str, clock: Turnable) -> None:
    def user(digest: str) -> str | None:
        with database.begin() as tx:
            found = tx.sessions.user(digest, idle=30 * MINUTE, every=MINUTE)
        return found.id if found else None

    with database.begin() as tx:
        for digest in ("a", "b", "c"):
            tx.sessions.begin(digest, zhou, clock() + HOUR)
    assert user("a") == user("b") == zhou
    assert user("nobody's") is None
    clock.turn(minutes=29)
    assert user("a") == zhou
    clock.turn(minutes=29)
    assert (user("a"), user("b")) == (zhou, None)
    clock.turn(minutes=2)
    assert user("a") is None
    with database.begin() as tx:
        tx.sessions.begin("d", zhou, clock() + HOUR)
        tx.sessions.begin("e", zhou, clock() + HOUR)
        assert tx.sessions.end_others(zhou, "d") == 1, "those that had run out were swept"
    assert (user("d"), user("e")) == (zhou, None)
    with database.begin() as tx:
        tx.users.set_state(zhou, disabled=True)
    assert user("d") is None


def test_who_is_provided_keeps_the_id_and_what_was_decided_here(database: Database) -> None:
    def provided(role: Role) -> bool:
        user = NewUser("usr_p", "P", "P@example.com", role, issuer="https://id", subject="s")
        with database.begin() as tx:
            return tx.users.keep_provided(user)

    assert provided(Role.HR)
    assert not provided(Role.HR)
    with database.begin() as tx:
        tx.users.set_state("usr_p", disabled=True)
    assert provided(Role.ADMIN)
    with database.begin() as tx:
        user = tx.users.get("usr_p")
    assert (user.role, user.state, user.is_local) == (Role.ADMIN, "disabled", False)


def test_interviewers(database: Database, invite: Invite) -> None:
    one, two = invite(2)
    with database.begin() as tx:
        assert tx.interviewers.assign(one, ["A@example.com", "b@example.com"])
        assert not tx.interviewers.assign(one, ["b@example.com", "a@example.com"])
        assert tx.interviewers.assign(one, ["a@example.com"])
        assert tx.interviewers.of(one) == ["a@example.com"]
        assert [row.id for row in tx.interviews.find(interviewer="A@Example.com")] == [one]
        assert tx.interviews.find(interviewer="b@example.com") == []
    with pytest.raises(Conflict), database.begin() as tx:
        tx.interviewers.assign("itv_nobody", ["a@example.com"])
    assert two
