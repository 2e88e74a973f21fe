"""Schemathesis against the real host: no server error, and every answer is one that the contract names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings, strategies
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from greenroom.adapters.database import NewInterview
from greenroom.domain.batch import BatchHead, CandidateRow
from greenroom.domain.consent import Consents
from greenroom.domain.events import EventType
from greenroom.domain.ids import new_id
from greenroom.domain.interview import InterviewState
from greenroom.domain.mapping import shipped_mapping
from greenroom.domain.plan import Plan
from greenroom.domain.webhook import WebhookEndpointRequest
from greenroom.runtime.tokens import issue_candidate_token, new_api_key
from greenroom_cli.demo.hr import HrSystem
from greenroom_local.platform import PocketPlatform

pytestmark = pytest.mark.slow

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = int(os.environ.get("GREENROOM_FUZZ_EXAMPLES", "12"))
"""Per operation. A night's run may ask for thousands."""

CANDIDATE = ("portal", "upload_url")
IDS = {"competency-models": "store-manager", "templates": "screening"}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PocketPlatform]:
    folder = tmp_path_factory.mktemp("platform")
    with PocketPlatform(folder, ports="free", workers=False) as platform:
        yield platform


@dataclass(frozen=True)
class Seeded:
    """What is really there: the catalogue, and for each operation things of its own that it may spoil."""

    platform: PocketPlatform

    def hr(self) -> HrSystem:
        return HrSystem(self.platform.url, self.platform.api_key)

    def bearer(self, name: str, interview: str) -> str:
        if name not in CANDIDATE:
            return self.platform.api_key
        until = datetime.now(UTC) + timedelta(days=1)
        return issue_candidate_token(self.platform.secrets.token_key, interview, 1, until)

    def things(self, path: str) -> dict[str, object]:
        """A value for every parameter of any path; the interview is opened, with one step owed to an endpoint."""
        interview, batch = new_id("itv"), new_id("bat")
        until = datetime.now(UTC) + timedelta(days=1)
        spare, _, spare_sha256 = new_api_key()
        database = self.platform.database()
        with database.begin() as tx:
            plan = Plan(
                template=tx.catalogue.template("screening"),
                model=tx.catalogue.model("store-manager"),
            )
            head = BatchHead(template="screening", competency_model="store-manager", deadline=until)
            tx.batches.create(batch, head=head, plan=plan, accepted=1, errors=[])
            row = CandidateRow(external_id=interview, name="Fuzz", email=f"{interview}@example.com")
            tx.interviews.create_many(batch, [NewInterview(interview, row, until, "en")])
            tx.interviews.move(interview, InterviewState.OPENED)
            tx.interviews.give_consents(interview, Consents(recording=True))
            tx.api_keys.add(spare, spare_sha256, ["interviews:read"], "spare")
            wanted = WebhookEndpointRequest(url=f"http://127.0.0.1:9/{interview}")
            endpoint = tx.webhooks.add_endpoint(wanted, "whsec_" + "QUJD" * 11)
            step = tx.process_log.append(interview, EventType.INTERVIEW_OPENED)
            assert step is not None
            tx.webhooks.fan_out(step.event)
        database.close()
        return {
            "id": next((known for part, known in IDS.items() if part in path), "nothing"),
            "external_id": "fuzz",
            "interview": interview,
            "batch": batch,
            "endpoint": endpoint.id,
            "event": step.event.id,
            "key": spare,
            "answer": plan.template.questions[0].id,
            "attempt": 1,
            "competency": plan.model.competencies[0].id,
            "version": shipped_mapping().version,
            "picture": "card",
            "message": "invitation_created",
            "number": 1,
        }


@pytest.fixture(scope="module")
def seeded(platform: PocketPlatform) -> Seeded:
    seeded = Seeded(platform)
    hr = seeded.hr()
    hr.import_catalogue("store-manager", "screening")
    hr.call(
        "PUT",
        "/v1/candidates/fuzz",
        json={"external_id": "fuzz", "name": "Fuzz", "email": "fuzz@example.com"},
    )
    return seeded


def schema_of(name: str) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_path(Path("contracts/openapi") / f"{name}.yaml")


def operations() -> list[tuple[str, str, str]]:
    return [
        (name, operation.ok().path, operation.ok().method)
        for name in ("invitation", "upload_url", "portal", "console", "status_sync", "retention")
        for operation in schema_of(name).get_all_operations()
    ]


@pytest.mark.parametrize(("name", "path", "method"), operations())
def test_no_request_breaks_the_contract(seeded: Seeded, name: str, path: str, method: str) -> None:
    """Half of the requests are about what is there, half about whatever the schema allows."""
    things = seeded.things(path)
    bearer = seeded.bearer(name, str(things["interview"]))
    operation = schema_of(name)[path][method]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(case=operation.as_strategy(), really=strategies.booleans())
    def fuzz(case: schemathesis.Case, really: bool) -> None:
        if really and case.path_parameters:
            case.path_parameters |= {
                key: it for key, it in things.items() if key in case.path_parameters
            }
        case.call_and_validate(
            base_url=seeded.platform.url,
            headers={"Authorization": f"Bearer {bearer}"},
            checks=CHECKS,
        )

    fuzz()


@pytest.mark.parametrize(("name", "path", "method"), operations())
def test_a_stranger_is_told_nothing(seeded: Seeded, name: str, path: str, method: str) -> None:
    url = re.sub(r"\{\w+\}", "store-manager", path)
    kinds = schema_of(name)[path][method].get_request_payload_content_types()
    headers = {"Content-Type": kinds[0]} if kinds else {}
    answer = httpx.request(method, f"{seeded.platform.url}{url}", headers=headers, timeout=30)
    assert answer.status_code == 401
    assert answer.json()["code"] == "credential_missing"
