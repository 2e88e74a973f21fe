"""Interviews that an ATS ordered, and where it wants to be told when one is complete."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from greenroom.adapters.database.statements import Repository
from greenroom.adapters.database.tables import partner_orders

_O = partner_orders.c


class PartnerOrders(Repository):
    def keep(self, interview_id: str, partner: str, callback_url: str) -> None:
        """The same order again stays as it is."""
        self._inserted(
            partner_orders,
            {
                "interview_id": interview_id,
                "partner": partner,
                "callback_url": callback_url,
                "ordered_at": self._clock(),
            },
        )

    def callbacks(self, interview_ids: Iterable[str]) -> dict[str, str]:
        """By interview, the callback's URL of those that were ordered."""
        found = self._connection.execute(
            sa.select(_O.interview_id, _O.callback_url).where(
                _O.interview_id.in_(list(interview_ids))
            )
        )
        return {row.interview_id: row.callback_url for row in found}

    def ordered(self, interview_id: str, partner: str) -> bool:
        """Whether `partner` ordered this interview."""
        mine = sa.select(_O.interview_id).where(
            _O.interview_id == interview_id, _O.partner == partner
        )
        return self._connection.scalar(mine) is not None
