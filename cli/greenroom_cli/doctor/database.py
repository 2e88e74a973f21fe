"""Whether the database answers and has the schema that this release wants."""

from __future__ import annotations

from collections.abc import Iterator

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
    elif schema.current is None:
        yield fault("database.schema", "there is no schema", "Run `greenroom migrate`.")
    elif schema.known:
        said = f"the schema is {schema.current}, this release wants {schema.wanted}"
        yield fault("database.schema", said, "Run `greenroom migrate`.")
    else:
        said = f"the schema {schema.current} is newer than this release"
        yield warning("database.schema", said, "Is this the doctor of the release that is running?")
