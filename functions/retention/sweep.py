"""Takes up erasures that were cut off, and removes what arrives after one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from functions.retention.erase import erase, erasing
from greenroom.runtime.sweeping import AT_ONCE, attempt

if TYPE_CHECKING:
    from functions.retention.settings import Settings
    from greenroom.runtime.function import Function


def sweep(app: Function[Settings]) -> None:
    """Go on with every erasure that has no certificate yet, the oldest first."""
    with app.database.begin() as tx:
        waiting = tx.erasures.open(AT_ONCE)
    for one in waiting:
        attempt(app, partial(erase, one, app), erasure=one)


def watch(app: Function[Settings]) -> None:
    """Remove what uploads under a policy that was still good, or stages at work, have left since an erasure."""
    with app.database.begin() as tx:
        watched = tx.erasures.watched()
    for one in watched:
        attempt(app, partial(_watch, one, app), erasure=one)


def _watch(erasure_id: str, app: Function[Settings]) -> None:
    removed = erasing(app).watch(erasure_id)
    if removed:
        app.logger.warning("removed_after_erasure", erasure=erasure_id, count=removed)
