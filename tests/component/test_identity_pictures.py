"""Identity pictures over a real store and database: consent, encryption at rest, retention, and logged looks."""

import base64
import io
from datetime import timedelta

import pytest
from PIL import Image

from functions.console.app import app as console
from functions.portal.app import app as portal
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain import keys
from greenroom.domain.access import Role
from greenroom.domain.entry import EntryRules
from greenroom.domain.errors import Unavailable
from greenroom.domain.interview import InterviewState
from greenroom.runtime.envelope import Envelope
from tests.console_visitors import signed_in
from tests.function_client import Answer, FunctionClient
from tests.pictures import jpeg
from tests.seeded import (
    TEMPLATE,
    SettableClock,
    api_key,
    candidate_token,
    invite,
    set_up,
)

YES = {"recording": True, "identity": True}
ASKING = TEMPLATE.model_copy(update={"entry": EntryRules(identity=["card", "portrait"])})
PICTURE = jpeg()


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def client(platform: None, clock: SettableClock) -> FunctionClient:
    set_up(portal, clock)
    return FunctionClient(portal)


@pytest.fixture
def hr(platform: None, clock: SettableClock) -> FunctionClient:
    set_up(console, clock)
    return FunctionClient(console)


@pytest.fixture
def interview(database: Database, client: FunctionClient) -> str:
    """Opened, with consent."""
    (interview,) = invite(database, template=ASKING)
    client.get(f"/i/{candidate_token(interview)}")
    assert consent(client, interview, YES).status == 200
    return interview


def bearer(interview: str) -> dict[str, str]:
    return {"authorization": f"Bearer {candidate_token(interview, days=60)}"}


def consent(client: FunctionClient, interview: str, consents: dict) -> Answer:
    return client.put("/v1/candidate/consents", consents, **bearer(interview))


def take(
    client: FunctionClient, interview: str, body: bytes = PICTURE, name: str = "card"
) -> Answer:
    headers = {"content-type": "image/jpeg", **bearer(interview)}
    return client.request("PUT", f"/v1/candidate/identity/{name}", body=body, headers=headers)


def rests(store: ObjectStore) -> list[str]:
    return [item.key for item in store.listing("identity/")]


def log(database: Database, interview: str) -> list[tuple[str, dict]]:
    with database.begin() as tx:
        steps = [row.event for row in tx.process_log.list(interview)]
    return [(step.type, step.data.details) for step in steps if step.type.startswith("identity.")]


def test_a_picture_rests_encrypted_and_opens_for_the_named_role_alone(
    client: FunctionClient,
    hr: FunctionClient,
    interview: str,
    database: Database,
    store: ObjectStore,
) -> None:
    assert take(client, interview).status == 201
    (key,) = rests(store)
    assert key == keys.identity(interview, "card")
    resting = store.get(key)
    assert resting.startswith(b"GRE1")
    assert PICTURE[100:200] not in resting
    url = f"/v1/interviews/{interview}/identity/card"
    reader = api_key(database, "interviews:read")
    refused = hr.get(url, authorization=f"Bearer {reader}")
    assert (refused.status, refused.json()["code"]) == (403, "scope_missing")
    assert [kind for kind, _ in log(database, interview)] == ["identity.taken"]
    looker = api_key(database, "identity:read")
    shown = hr.get(url, authorization=f"Bearer {looker}").json()
    picture = Image.open(io.BytesIO(base64.b64decode(shown["data"])))
    assert picture.tobytes() == Image.open(io.BytesIO(PICTURE)).tobytes()
    kind, details = log(database, interview)[-1]
    assert (kind, details) == ("identity.viewed", {"picture": "card", "by": looker[3:15]})


def test_the_console_masks_pictures_and_shows_them_to_the_named_role(
    client: FunctionClient, hr: FunctionClient, interview: str, database: Database
) -> None:
    take(client, interview)
    page, picture = (
        f"/console/interviews/{interview}{rest}?lang=en" for rest in ("", "/identity/card")
    )
    plain = signed_in(database, Role.INTERVIEWER, email="wu@example.com").cookie
    named = signed_in(database, Role.HR).cookie
    with database.begin() as tx:
        tx.interviewers.assign(interview, ["wu@example.com"])
    assert "identity/card" not in hr.get(page, cookie=plain).text
    assert "hidden" in hr.get(page, cookie=plain).text
    assert hr.get(picture, cookie=plain).status == 403
    assert hr.get(picture).status == 401
    assert "identity/card" in hr.get(page, cookie=named).text
    assert [kind for kind, _ in log(database, interview)] == ["identity.taken"]
    assert "data:image/jpeg;base64,/9j/" in hr.get(picture, cookie=named).text
    assert [kind for kind, _ in log(database, interview)][-1] == "identity.viewed"


def test_taken_again_it_replaces_the_one_before(
    client: FunctionClient, interview: str, store: ObjectStore, database: Database
) -> None:
    for width in (300, 301):
        assert take(client, interview, jpeg(width, 200)).status == 201
    assert rests(store) == [keys.identity(interview, "card")]
    assert len(log(database, interview)) == 2
    document = client.get("/v1/candidate/interview", **bearer(interview)).json()
    assert document["identity"] == ["card"]


@pytest.mark.parametrize(
    ("body", "name", "status", "code"),
    [
        (b"", "card", 422, "not_a_jpeg"),
        (b"<svg onload=alert(1)>", "card", 422, "not_a_jpeg"),
        (jpeg(30, 30), "card", 422, "picture_size"),
        (PICTURE, "passport", 404, "unknown_picture"),
        (PICTURE, "..", 404, "unknown_picture"),
        (PICTURE + bytes(2**21), "card", 413, "picture_too_large"),
    ],
)
def test_what_is_not_asked_for_never_rests(
    client: FunctionClient,
    interview: str,
    store: ObjectStore,
    body: bytes,
    name: str,
    status: int,
    code: str,
) -> None:
    refused = take(client, interview, body, name)
    assert (refused.status, refused.json()["code"]) == (status, code)
    assert rests(store) == []


def test_without_consent_or_when_it_is_over_no_picture_is_taken(
    client: FunctionClient, interview: str, database: Database, store: ObjectStore
) -> None:
    consent(client, interview, {"recording": True})
    assert take(client, interview).json()["code"] == "consent_missing"
    consent(client, interview, YES)
    with database.begin() as tx:
        assert tx.interviews.move(interview, InterviewState.CANCELLED)
    assert take(client, interview).json()["code"] == "interview_not_open"
    assert rests(store) == []


def test_a_template_that_asks_for_none_takes_none(
    client: FunctionClient, database: Database
) -> None:
    (interview,) = invite(database)
    client.get(f"/i/{candidate_token(interview)}")
    refused = consent(client, interview, YES)
    assert (refused.status, refused.json()["code"]) == (422, "identity_not_asked")
    assert take(client, interview).status == 404
    assert "身份证照片" not in client.get(f"/i/{candidate_token(interview)}").text


def test_withdrawing_deletes_the_pictures_at_once(
    client: FunctionClient, interview: str, database: Database, store: ObjectStore
) -> None:
    take(client, interview)
    take(client, interview, name="portrait")
    consent(client, interview, {"recording": True})
    assert rests(store) == []
    reasons = [details.get("reason") for _, details in log(database, interview)]
    assert reasons == [None, None, "withdrawn", "withdrawn"]
    assert client.get("/v1/candidate/interview", **bearer(interview)).json()["identity"] == []


def test_a_store_that_is_away_makes_the_candidate_ask_again_and_then_deletes(
    client: FunctionClient, interview: str, store: ObjectStore
) -> None:
    take(client, interview)

    class Away:
        """The store, as long as nobody reaches it."""

        def delete(self, key: str, *, every_version: bool = False) -> None:
            raise Unavailable("no answer", code="store_unavailable")

        def __getattr__(self, name: str) -> object:
            return getattr(store, name)

    vars(portal)["store"] = Away()
    assert consent(client, interview, {"recording": True}).status == 503
    vars(portal)["store"] = store
    assert consent(client, interview, {"recording": True}).status == 200
    assert rests(store) == []


def test_retention_deletes_in_time_and_not_before(
    client: FunctionClient,
    interview: str,
    database: Database,
    store: ObjectStore,
    clock: SettableClock,
) -> None:
    take(client, interview)
    clock.advance(timedelta(days=29))
    client.tick("retention")
    assert len(rests(store)) == 1
    clock.advance(timedelta(days=1))
    for _ in range(2):
        client.tick("retention")
    assert rests(store) == []
    assert log(database, interview)[1:] == [
        ("identity.deleted", {"picture": "card", "reason": "retention"})
    ]


def test_a_picture_that_was_broken_off_does_not_rest_for_ever(
    client: FunctionClient,
    interview: str,
    database: Database,
    store: ObjectStore,
    clock: SettableClock,
) -> None:
    """The portal was killed after the object and before its row was completed."""
    with database.begin() as tx:
        tx.identity.announce(interview, "card")
    store.put(keys.identity(interview, "card"), b"sealed")
    client.tick("retention")
    assert len(rests(store)) == 1, "it may still be coming"
    clock.advance(timedelta(hours=2))
    client.tick("retention")
    assert rests(store) == []
    assert log(database, interview) == [
        ("identity.deleted", {"picture": "card", "reason": "broken_off"})
    ]


def test_withdrawn_while_it_is_on_its_way_it_is_not_kept(
    client: FunctionClient, interview: str, database: Database, store: ObjectStore
) -> None:
    class Withdrawing:
        """The store, during whose write the candidate takes the consent back."""

        def put(self, key: str, body: bytes, content_type: str) -> None:
            consent(client, interview, {"recording": True})
            store.put(key, body, content_type)

        def __getattr__(self, name: str) -> object:
            return getattr(store, name)

    vars(portal)["store"] = Withdrawing()
    refused = take(client, interview)
    assert (refused.status, refused.json()["code"]) == (403, "consent_missing")
    assert rests(store) == []
    with database.begin() as tx:
        assert tx.identity.kept(interview) == {}


def test_an_altered_picture_is_told_and_never_shown(
    client: FunctionClient,
    hr: FunctionClient,
    interview: str,
    database: Database,
    store: ObjectStore,
) -> None:
    take(client, interview)
    take(client, interview, name="portrait")
    store.put(keys.identity(interview, "card"), store.get(keys.identity(interview, "portrait")))
    looker = api_key(database, "identity:read")
    broken = hr.get(f"/v1/interviews/{interview}/identity/card", authorization=f"Bearer {looker}")
    assert (broken.status, broken.json()["code"]) == (500, "sealed_unreadable")
    foreign = Envelope(bytes(32)).seal(keys.identity(interview, "card"), PICTURE)
    store.put(keys.identity(interview, "card"), foreign)
    broken = hr.get(f"/v1/interviews/{interview}/identity/card", authorization=f"Bearer {looker}")
    assert broken.json()["code"] == "sealed_unreadable"
    assert not [kind for kind, _ in log(database, interview) if kind == "identity.viewed"]


def test_without_a_key_nothing_is_taken(
    client: FunctionClient,
    interview: str,
    store: ObjectStore,
    monkeypatch: pytest.MonkeyPatch,
    clock: SettableClock,
) -> None:
    monkeypatch.delenv("GREENROOM_IDENTITY__KEY")
    set_up(portal, clock)
    broken = take(client, interview)
    assert (broken.status, broken.json()["code"]) == (500, "misconfigured")
    assert "GREENROOM_IDENTITY__KEY" in broken.json()["detail"]
    assert rests(store) == []
