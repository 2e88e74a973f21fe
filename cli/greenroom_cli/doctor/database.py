"""Whether the database answers, over TLS where asked, and has the schema that this release wants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from greenroom.domain.errors import GreenroomError
from greenroom_cli.doctor.deployment import Deployment
from greenroom_cli.doctor.finding import Finding, fault, good, skipped, warning
from greenroom_cli.doctor.line import check_line, trust

if TYPE_CHECKING:
    from greenroom.adapters.database import Database


def check_database(deployment: Deployment) -> Iterator[Finding]:
    try:
        database = deployment.database
        if database is None:
            yield skipped("database", "unset")
            return
        yield from _line(database)
        schema = database.schema()
    except GreenroomError as error:
        yield fault("database", "silent", why=error.detail)
        return
    yield good("database")
    known = {"current": schema.current or "", "wanted": schema.wanted}
    if schema.current == schema.wanted:
        yield good("database.schema", **known)
        yield from _seals(database)
    elif schema.current is None:
        yield fault("database.schema", "missing")
    elif schema.known:
        yield fault("database.schema", "behind", **known)
    else:
        yield warning("database.schema", "newer", **known)


def _line(database: Database) -> Iterator[Finding]:
    """The certificate of a PostgreSQL that is asked for TLS, held against the authorities that its URL names."""
    url = database.engine.url
    mode = url.query.get("sslmode")
    if not url.host or mode not in ("verify-ca", "verify-full"):
        return
    plain = f"postgresql+psycopg://{url.host}:{url.port or 5432}/"
    authorities = trust(str(url.query.get("sslrootcert", "")))
    authorities.check_hostname = mode == "verify-full"
    yield check_line("database.line", plain, context=authorities, secure=True)


def _seals(database: Database) -> Iterator[Finding]:
    """Whether what is known of people rests sealed, and under which keys."""
    with database.reading() as tx:
        counts = tx.resealing.counts()
    if database.vault is None:
        yield fault("database.seals", "unsealed")
        return
    unknown = [head[2:] for head in counts if head and not database.vault.knows(head)]
    old = sum(count for head, count in counts.items() if head != database.vault.newest)
    if unknown:
        yield fault("database.seals", "key_unknown", keys=", ".join(unknown))
    elif old:
        yield warning("database.seals", "former_key", count=old)
    else:
        yield good("database.seals", key=database.vault.newest[2:])
