"""The table of which pages of the console are open now, for what runs faster while somebody watches."""

from __future__ import annotations

import sqlalchemy as sa

from greenroom.adapters.database.tables import UtcTime, metadata

watched_pages = sa.Table(
    "watched_pages",
    metadata,
    sa.Column("page", sa.String(20), primary_key=True),
    sa.Column("until", UtcTime, nullable=False),
)
