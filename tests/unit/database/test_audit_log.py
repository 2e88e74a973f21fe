"""The audit log in the database: with its change or not at all, one chain whoever writes at the same time."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from greenroom.adapters.database import Database
from greenroom.adapters.database.access_tables import audit_head, audit_log
from greenroom.domain.audit import Actor, Head, Tampered

USER = Actor("user", "usr_a")


def write(database: Database, count: int = 1) -> None:
    with database.begin() as tx:
        for number in range(count):
            tx.audit.append(USER, "interview.seen", "interview", f"itv_{number}", note="备注")


def test_it_stands_with_the_change_and_falls_with_it(database: Database) -> None:
    write(database, 2)
    with pytest.raises(RuntimeError), database.begin() as tx:
        tx.audit.append(USER, "template.saved", "template", "t")
        raise RuntimeError
    write(database)
    with database.begin() as tx:
        entries = tx.audit.find()
        assert [entry.seq for entry in entries] == [3, 2, 1]
        assert entries[0].act.details == {"note": "备注"}
        assert tx.audit.verify() == tx.audit.head() == Head(3, entries[0].sha256)


def test_an_empty_log_holds(database: Database) -> None:
    with database.begin() as tx:
        assert tx.audit.verify().seq == 0


def test_many_at_once_make_one_chain(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: write(database, 2), range(24)))
    with database.begin() as tx:
        assert tx.audit.verify().seq == 48


def test_writers_that_hold_other_rows_do_not_wait_for_each_other(database: Database) -> None:
    """The head's row is the last lock, whatever a transaction noted first and wrote afterwards."""

    def change(number: int) -> None:
        with database.begin() as tx:
            tx.audit.append(USER, "template.saved", "api_key", str(number))
            for key in ("one", "two") if number % 2 else ("one",):
                tx.api_keys.add(f"{key}-{number}", "0" * 64, [], "x")
            tx.audit.append(USER, "template.saved", "api_key", str(number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(change, range(16)))
    with database.begin() as tx:
        assert tx.audit.verify().seq == 32


@pytest.mark.parametrize(
    "statement",
    [
        sa.update(audit_log).where(audit_log.c.seq == 2).values(subject_id="itv_other"),
        sa.update(audit_log).where(audit_log.c.seq == 2).values(details="{}"),
        sa.delete(audit_log).where(audit_log.c.seq == 2),
        sa.delete(audit_log).where(audit_log.c.seq == 4),
        sa.update(audit_head).values(seq=3),
    ],
)
def test_what_somebody_does_to_the_table_is_found(
    database: Database, statement: sa.Update | sa.Delete
) -> None:
    write(database, 4)
    with database.engine.begin() as connection:
        connection.execute(statement)
    with database.begin() as tx, pytest.raises(Tampered):
        tx.audit.verify()


def test_a_long_log_is_read_in_blocks(database: Database) -> None:
    write(database, 2100)
    with database.begin() as tx:
        assert tx.audit.verify().seq == 2100


def test_finding(database: Database) -> None:
    write(database, 3)
    with database.begin() as tx:
        tx.audit.append(Actor("api_key", "k"), "results.seen", "results", "itv_1")
    with database.begin() as tx:
        find = tx.audit.find
        assert [entry.seq for entry in find(actor="k")] == [4]
        assert [entry.seq for entry in find(action="interview.seen")] == [3, 2, 1]
        assert [entry.seq for entry in find(subject_ids=["itv_1", "itv_9"])] == [4, 2]
        assert [entry.seq for entry in find(before=3, limit=1)] == [2]
