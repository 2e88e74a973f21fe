"""A function that is killed: after so many of its transactions nothing of it happens any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from greenroom.adapters.database import Database, Transaction
from greenroom.runtime.function import Function


class Killed(BaseException):
    """Nothing of ours catches it for good, as nothing catches a kill."""


class DyingDatabase:
    """Commits `left` transactions; with the last one the process is gone."""

    def __init__(self, database: Database, left: int) -> None:
        self._database, self._left = database, left

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        if self._left <= 0:
            raise Killed
        with self._database.begin() as tx:
            yield tx
        self._left -= 1
        if self._left <= 0:
            raise Killed


def killed_after(commits: int, function: Function[Any], call: Callable[[], object]) -> bool:
    """Call it in a function that is killed after so many commits; whether it was, or ended before."""
    whole = function.database
    vars(function)["database"] = DyingDatabase(whole, commits)
    try:
        call()
    except Killed:
        return True
    finally:
        vars(function)["database"] = whole
    return False
