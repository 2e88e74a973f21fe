"""Schemathesis against the real host: no server error, and every answer is one that the contract names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from greenroom.adapters.database import NewInterview
from greenroom.domain.batch import BatchHead, CandidateRow
from greenroom.domain.consent import Consents
from greenroom.domain.ids import new_id
from greenroom.domain.interview import InterviewState
from greenroom.domain.plan import Plan
from greenroom.runtime.tokens import issue_candidate_token
from greenroom_cli.demo.hr import HrSystem
from greenroom_local.platform import PocketPlatform

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = int(os.environ.get("GREENROOM_FUZZ_EXAMPLES", "12"))
"""Per operation. A night's run may ask for thousands."""

CANDIDATE = ("portal", "upload_url")


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PocketPlatform]:
    folder = tmp_path_factory.mktemp("platform")
    with PocketPlatform(folder, ports="free", workers=False) as platform:
        yield platform


@pytest.fixture(scope="module")
def credentials(platform: PocketPlatform) -> dict[str, str]:
    """The bearer of each function: HR's key, or the link of a real interview."""
    hr = HrSystem(platform.url, platform.api_key)
    hr.import_catalogue("store-manager", "screening")
    interview, batch = new_id("itv"), new_id("bat")
    until = datetime.now(UTC) + timedelta(days=1)
    database = platform.database()
    with database.begin() as tx:
        plan = Plan(
            template=tx.catalogue.template("screening"), model=tx.catalogue.model("store-manager")
        )
        head = BatchHead(template="screening", competency_model="store-manager", deadline=until)
        tx.batches.create(batch, head=head, plan=plan, accepted=1, errors=[])
        row = CandidateRow(external_id="fuzz", name="Fuzz", email="fuzz@example.com")
        tx.interviews.create_many(batch, [NewInterview(interview, row, until, "en")])
        tx.interviews.move(interview, InterviewState.OPENED)
        tx.interviews.give_consents(interview, Consents(recording=True))
    database.close()
    link = issue_candidate_token(platform.secrets.token_key, interview, 1, until)
    return {"candidate": link, "hr": platform.api_key}


def schema_of(name: str) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_path(Path("contracts/openapi") / f"{name}.yaml")


def operations() -> list[tuple[str, str, str]]:
    return [
        (name, operation.ok().path, operation.ok().method)
        for name in ("invitation", "upload_url", "portal", "console", "status_sync", "retention")
        for operation in schema_of(name).get_all_operations()
    ]


@pytest.mark.parametrize(("name", "path", "method"), operations())
def test_no_request_breaks_the_contract(
    platform: PocketPlatform, credentials: dict[str, str], name: str, path: str, method: str
) -> None:
    bearer = credentials["candidate" if name in CANDIDATE else "hr"]
    operation = schema_of(name)[path][method]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(case=operation.as_strategy())
    def fuzz(case: schemathesis.Case) -> None:
        case.call_and_validate(
            base_url=platform.url, headers={"Authorization": f"Bearer {bearer}"}, checks=CHECKS
        )

    fuzz()
