"""How often a caller may ask: a token bucket per caller, in the database, because functions keep no state."""

from __future__ import annotations

import sqlalchemy as sa

from greenroom.adapters.database.statements import Repository
from greenroom.adapters.database.tables import request_rates


class RequestRates(Repository):
    def take(self, caller: str, *, per_s: float, burst: int) -> float:
        """0 when one more request may run now, else the seconds until it may.

        The bucket holds `burst` tokens and gains `per_s` a second. Only the moment at which it will be full
        again is kept (the generic cell rate algorithm, ITU-T I.371 annex A), so one statement reads, decides
        and writes, however many replicas ask.
        """
        now = self._clock().timestamp()
        gap = 1 / per_s
        latest = now + (burst - 1) * gap
        full_at = request_rates.c.full_at
        statement = self._insert(request_rates).values(caller=caller, full_at=now + gap)
        taken = statement.on_conflict_do_update(
            index_elements=["caller"],
            set_={"full_at": sa.case((full_at > now, full_at), else_=now) + gap},
            where=full_at <= latest,
        ).returning(sa.literal(1))
        if self._connection.execute(taken).first() is not None:
            return 0.0
        kept = sa.select(full_at).where(request_rates.c.caller == caller)
        return max(float(self._connection.execute(kept).scalar_one()) - latest, 0.001)
