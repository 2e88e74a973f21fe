"""No exception of SQLAlchemy leaves the adapter."""

import inspect

import pytest
import sqlalchemy.exc

from greenroom.adapters.database.engine import Database, mapped
from greenroom.domain.errors import Conflict, GreenroomError, Unavailable

RAISED_BY_DRIVERS = [
    kind
    for _, kind in inspect.getmembers(sqlalchemy.exc, inspect.isclass)
    if issubclass(kind, sqlalchemy.exc.DBAPIError)
]
OTHERS = [
    kind
    for _, kind in inspect.getmembers(sqlalchemy.exc, inspect.isclass)
    if issubclass(kind, sqlalchemy.exc.SQLAlchemyError)
    and not issubclass(kind, sqlalchemy.exc.DBAPIError)
]


@pytest.mark.parametrize("kind", RAISED_BY_DRIVERS, ids=lambda kind: kind.__name__)
def test_every_driver_error_is_mapped(kind: type[sqlalchemy.exc.DBAPIError]) -> None:
    wanted = Conflict if issubclass(kind, sqlalchemy.exc.IntegrityError) else Unavailable
    with pytest.raises(wanted) as caught, mapped():
        raise kind("SELECT 1", {}, Exception("the driver's words"))
    assert caught.value.code.startswith("database_")


@pytest.mark.parametrize("kind", OTHERS, ids=lambda kind: kind.__name__)
def test_every_other_error_is_mapped(kind: type[Exception]) -> None:
    statement = (
        ("SELECT 1", {}, Exception("words")) if kind is sqlalchemy.exc.StatementError else ()
    )
    error = kind.__new__(kind)
    sqlalchemy.exc.SQLAlchemyError.__init__(error, "words")
    if statement:
        error = kind("words", *statement)
    with pytest.raises(GreenroomError), mapped():
        raise error


def test_a_database_that_does_not_answer_is_unavailable() -> None:
    database = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(Unavailable):
        database.ping()


def test_a_database_file_that_cannot_be_opened_is_unavailable(tmp_path) -> None:
    database = Database(f"sqlite:///{tmp_path}/none/at/all.sqlite")
    with pytest.raises(Unavailable), database.begin() as tx:
        tx.api_keys.get("x")
