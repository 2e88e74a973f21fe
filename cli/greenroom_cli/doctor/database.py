"""Whether the database answers and has the schema that this release wants."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.adapters.database import Database
from greenroom.domain.errors import GreenroomError
from greenroom_cli.doctor.deployment import Deployment
from greenroom_cli.doctor.finding import Finding, fault, good, skipped, warning


def check_database(deployment: Deployment) -> Iterator[Finding]:
    try:
        database = deployment.database
        if database is None:
            yield skipped("database", "no database is set")
            return
        schema = database.schema()
    except GreenroomError as error:
        yield fault(
            "database", error.detail, "Is it running, and is GREENROOM_DATABASE__URL right?"
        )
        return
    yield good("database", "it answers")
    if schema.current == schema.wanted:
        yield good("database.schema", f"the schema is current ({schema.current})")
        yield from _seals(database)
    elif schema.current is None:
        yield fault("database.schema", "there is no schema", "Run `greenroom migrate`.")
    elif schema.known:
        said = f"the schema is {schema.current}, this release wants {schema.wanted}"
        yield fault("database.schema", said, "Run `greenroom migrate`.")
    else:
        said = f"the schema {schema.current} is newer than this release"
        yield warning("database.schema", said, "Is this the doctor of the release that is running?")


def _seals(database: Database) -> Iterator[Finding]:
    """Whether what is known of people rests sealed, and under which keys."""
    with database.reading() as tx:
        counts = tx.resealing.counts()
    if database.vault is None:
        said = "what is known of people rests unsealed"
        do = "Set GREENROOM_DATABASE__KEYS on every function, then run `greenroom reseal`."
        yield fault("database.seals", said, do)
        return
    unknown = [head[2:] for head in counts if head and not database.vault.knows(head)]
    old = sum(count for head, count in counts.items() if head != database.vault.newest)
    if unknown:
        said = f"texts rest under {', '.join(unknown)}, which is not among GREENROOM_DATABASE__KEYS"
        yield fault("database.seals", said, "Add the former key after the first one.")
    elif old:
        said = f"{old} texts rest unsealed or under a former key"
        yield warning("database.seals", said, "Run `greenroom reseal`.")
    else:
        yield good("database.seals", f"every text rests under key {database.vault.newest[2:]}")
