"""Erasing a candidate: nothing is left of them, nothing of others goes, and a certificate says what was removed."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from functions.analysis.app import app as analysis
from functions.console.app import app as console
from functions.invitation.app import app as invitation
from functions.invitation.invite import create_interviews
from functions.portal.app import app as portal
from functions.retention.app import app as retention
from functions.status_sync.app import app as status_sync
from functions.upload_url.app import app as upload_url
from greenroom.adapters.database import AttemptMade, Database, Transaction
from greenroom.adapters.database.tables import metadata
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain import keys
from greenroom.domain.batch import BatchSlice, CandidateRow
from greenroom.domain.erasure import ErasureState, SignedCertificate, concerns
from greenroom.domain.errors import Invalid
from greenroom.domain.events import EventType
from greenroom.domain.policy import shipped_policy
from greenroom.runtime.certificates import check
from greenroom.runtime.erasing import Erasing, ask
from tests.erasable import ERASED, HR, KEPT, tables_naming, two_candidates
from tests.function_client import FunctionClient
from tests.seeded import BATCH, SettableClock, api_key, candidate_token, set_up

EXTERNAL_ID = f"c-{ERASED}"
URL = f"/v1/candidates/{EXTERNAL_ID}"


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def house(
    platform: None,
    clock: SettableClock,
    database: Database,
    store: ObjectStore,
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[str, str]:
    monkeypatch.setenv("GREENROOM_MAIL__HOST", "127.0.0.1")
    for app in (invitation, retention, status_sync, portal, upload_url, analysis):
        set_up(app, clock)
    interviews = two_candidates(database, store)
    clock.advance(timedelta(minutes=1))
    return interviews


@pytest.fixture
def hr(house: tuple[str, str], database: Database) -> dict[str, str]:
    return {"authorization": f"Bearer {api_key(database, 'candidates:erase')}"}


def asked(hr: dict[str, str]) -> str:
    answer = FunctionClient(invitation).delete(URL, **hr)
    assert answer.status == 202, answer.text
    return str(answer.json()["erasure"])


def finished(erasure: str, hr: dict[str, str], interview: str) -> SignedCertificate:
    """Through the functions as their notifications call them."""
    client = FunctionClient(retention)
    assert client.objects(keys.erasure(erasure)) == [0], "the subscribers are not told yet"
    assert FunctionClient(status_sync).objects(last_event(interview)) in ([], [0])
    assert client.objects(keys.erasure(erasure)) == []
    answer = client.get(f"/v1/erasures/{erasure}", **hr).json()
    assert answer["state"] == "certified"
    return SignedCertificate.parse(json.dumps(answer["certificate"]))


def last_event(interview: str) -> str:
    return max(item.key for item in retention.store.listing(f"events/{interview}/"))


def below(store: ObjectStore, interview: str) -> list[str]:
    return [item.key for folder in keys.folders(interview) for item in store.held(folder)]


def test_nothing_is_left_and_nothing_of_others_goes(
    house: tuple[str, str], hr: dict[str, str], database: Database, store: ObjectStore
) -> None:
    erased, kept = house
    before = tables_naming(database, kept, KEPT, "c1@example.com")
    lying = below(store, kept)
    signed = finished(asked(hr), hr, erased)
    assert below(store, erased) == []
    assert tables_naming(database, ERASED, EXTERNAL_ID, "c0@example.com") == set()
    # Its own id, which leads to nobody, stays where it says that it is gone.
    assert tables_naming(database, erased) == {
        "audit_log",
        "deliveries",
        "erased_interviews",
        "erasures",
        "process_log",
    }
    for key in (keys.batch(BATCH), keys.batch_slice(BATCH, 0)):
        text = store.get(key).decode()
        assert ERASED not in text
        assert KEPT in text
    assert tables_naming(database, kept, KEPT, "c1@example.com") == before
    assert below(store, kept) == lying
    assert signed.certificate.left == []
    with database.begin() as tx:
        tx.audit.verify()
        assert tx.batches.get(BATCH).accepted == 1


def test_the_certificate_says_what_was_removed_and_can_be_checked_by_anybody(
    house: tuple[str, str], hr: dict[str, str], store: ObjectStore
) -> None:
    erased, _ = house
    sizes = {
        prefix: [item.size for item in store.held(f"{prefix}/{erased}/")]
        for prefix in keys.OF_INTERVIEWS
        if prefix != "events"
    }
    signed = finished(asked(hr), hr, erased)
    said = signed.certificate
    assert said.interviews == [erased]
    assert said.rows["answers"] == 2
    assert said.rows["interviews"] == said.rows["candidates"] == said.rows["identity_pictures"] == 1
    removed = {one.prefix.rstrip("/"): one for one in said.objects}
    for prefix, expected in sizes.items():
        assert (removed[prefix].versions, removed[prefix].bytes) == (len(expected), sum(expected))
    assert said.policies == [shipped_policy("cn").whole_id]
    assert concerns(said, EXTERNAL_ID)
    assert not concerns(said, f"c-{KEPT}")
    assert ERASED not in signed.canonical().decode()
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(signed.key))
    public.verify(base64.b64decode(signed.signature), said.canonical())
    check(signed, signed.key)
    altered = signed.model_copy(update={"certificate": said.model_copy(update={"rows": {}})})
    with pytest.raises(Invalid, match="not the one that was signed"):
        check(altered)
    with pytest.raises(Invalid, match="another key"):
        check(signed, "A" * 43 + "=")


def test_doors_are_shut_at_once(
    house: tuple[str, str], hr: dict[str, str], database: Database
) -> None:
    erased, _ = house
    bearer = {"authorization": f"Bearer {candidate_token(erased)}"}
    client = FunctionClient(portal)
    assert client.get("/v1/candidate/interview", **bearer).status == 200
    asked(hr)
    answer = client.get("/v1/candidate/interview", **bearer)
    assert (answer.status, answer.json()["code"]) == (401, "token_revoked")
    with database.begin() as tx:
        assert tx.mails.claim(10, "test", 60, interview_ids=[erased]) == []
    assert FunctionClient(retention).objects(f"erasures/{erased}.json") == []


def test_subscribers_are_told_last_and_nothing_personal(
    house: tuple[str, str], hr: dict[str, str], database: Database
) -> None:
    erased, _ = house
    with database.begin() as tx:
        seq = tx.process_log.list(erased)[-1].seq + 1
    finished(asked(hr), hr, erased)
    with database.begin() as tx:
        (step,) = tx.process_log.list(erased)
        (owed,) = tx.webhooks.deliveries(interview_id=erased)
    assert (step.type, step.seq) == (EventType.CANDIDATE_ERASED, seq)
    assert step.event.data.model_dump() == {
        "interview": erased,
        "batch": BATCH,
        "candidate": "",
        "state": "erased",
        "ehr_status": "已删除",
        "details": {},
        "links": {},
    }
    assert owed.event_id == step.event.id


def test_what_arrives_afterwards_is_refused_or_swept_away(
    house: tuple[str, str], hr: dict[str, str], store: ObjectStore, clock: SettableClock
) -> None:
    erased, _ = house
    finished(asked(hr), hr, erased)
    bearer = {"authorization": f"Bearer {candidate_token(erased, version=9)}"}
    answer = FunctionClient(upload_url).post(
        "/v1/candidate/answers/sheet/attempts", {"tracks": ["camera"]}, **bearer
    )
    assert (answer.status, answer.json()["code"]) == (401, "token_invalid")
    assert FunctionClient(analysis).objects(keys.submission(erased)) == []
    policy_still_good = f"uploads/{erased}/coordination/1/camera/0000/000009"
    store.put(policy_still_good, b"late", "video/webm")
    store.put(f"recordings/{erased}/coordination/1/camera.webm", b"late", "video/webm")
    FunctionClient(retention).tick("watch")
    assert below(store, erased) == []
    clock.advance(timedelta(hours=14))
    FunctionClient(retention).tick("watch")
    with retention.database.begin() as tx:
        assert tx.erasures.watched() == []


def test_a_repeated_or_late_slice_does_not_bring_them_back(
    house: tuple[str, str], hr: dict[str, str], database: Database, store: ObjectStore
) -> None:
    rows = [CandidateRow(external_id="c-new", name="新人", email="new@example.com")]
    piece = BatchSlice(batch=BATCH, rows=rows)
    with database.begin() as tx:
        tx.candidates.save(rows[0])
    store.put(keys.batch_slice(BATCH, 1), piece.to_bytes())
    answer = FunctionClient(invitation).delete("/v1/candidates/c-new", **hr)
    assert answer.json()["interviews"] != [], "the batch is still being cut: it may name them"
    create_interviews(piece, invitation)
    with database.begin() as tx:
        accepted = tx.batches.get(BATCH).accepted
    erasing = Erasing(database, store, retention.settings.erasure, retention.clock)
    for _ in range(2):
        assert erasing.run(answer.json()["erasure"]).state == ErasureState.CERTIFIED
    assert tables_naming(database, "新人", "c-new", "new@example.com") == set()
    assert store.head(keys.batch_slice(BATCH, 1)) is None
    with database.begin() as tx:
        assert tx.batches.get(BATCH).accepted == accepted - 1


def test_an_event_on_its_way_while_its_interview_is_erased_breaks_nothing(
    house: tuple[str, str], database: Database, store: ObjectStore
) -> None:
    erased, kept = house
    with database.begin() as tx:
        for interview in house:
            (endpoint,) = {
                one.endpoint_id for one in tx.webhooks.deliveries(interview_id=interview)
            }
            for one in tx.webhooks.deliveries(interview_id=interview):
                tx.webhooks.resend(endpoint, one.event_id)
        sending = [tx.webhooks.claim(one, "sender", 60, 1)[0] for one in house]
        erasure = ask(tx, EXTERNAL_ID, HR).id
    Erasing(database, store, retention.settings.erasure, retention.clock).run(erasure)
    with database.begin() as tx:
        answered = AttemptMade(tx.clock(), 3, "http://127.0.0.1:9/hooks", 200, "ok", None)
        tx.webhooks.delivered([(one, answered) for one in sending])
    with database.begin() as tx:
        assert {one.type for one in tx.webhooks.deliveries(interview_id=erased)} <= {
            EventType.CANDIDATE_ERASED
        }
        assert "delivered" in {one.state for one in tx.webhooks.deliveries(interview_id=kept)}


def test_two_of_one_batch_at_the_same_time(
    house: tuple[str, str], database: Database, store: ObjectStore
) -> None:
    """Each takes a row out of the same object; neither writes back whom the other took out."""
    with database.begin() as tx:
        erasures = [ask(tx, f"c-{name}", HR).id for name in (ERASED, KEPT)]
    erasing = Erasing(database, store, retention.settings.erasure, retention.clock)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(erasing.run, erasures))
    with database.begin() as tx:
        tx.process_log.mark_published(
            [(one, step.seq) for one in house for step in tx.process_log.list(one)]
        )
    assert [erasing.run(one).state for one in erasures] == [ErasureState.CERTIFIED] * 2
    assert list(store.held(keys.batch(BATCH))) == []
    assert list(store.held(keys.slices(BATCH))) == []
    with database.begin() as tx:
        assert tx.batches.get(BATCH).accepted == 0


def test_a_batch_that_is_through_is_not_cut_again(
    house: tuple[str, str], database: Database, store: ObjectStore
) -> None:
    with database.begin() as tx:
        tx.batches.finish(BATCH)
    store.delete(keys.batch_slice(BATCH, 0))
    assert FunctionClient(invitation).objects(keys.batch(BATCH)) == []
    assert list(store.held(keys.slices(BATCH))) == []


def test_asked_twice_it_is_one_erasure(hr: dict[str, str], house: tuple[str, str]) -> None:
    assert asked(hr) == asked(hr)
    unknown = FunctionClient(invitation).delete("/v1/candidates/nobody", **hr)
    assert (unknown.status, unknown.json()["code"]) == (404, "unknown_candidate")


def test_only_with_the_scope(database: Database, house: tuple[str, str]) -> None:
    plain = {"authorization": f"Bearer {api_key(database, 'candidates:write')}"}
    assert FunctionClient(invitation).delete(URL, **plain).status == 403
    assert FunctionClient(retention).get("/v1/erasures/x", **plain).status == 403


def test_an_interview_under_legal_hold_stays_and_the_answer_says_so(
    house: tuple[str, str], hr: dict[str, str], database: Database, store: ObjectStore
) -> None:
    erased, _ = house
    set_up(console, retention.clock)
    lawyer = {"authorization": f"Bearer {api_key(database, 'interviews:write')}"}
    hold = f"/v1/interviews/{erased}/legal-hold"
    for reason in ("Case 12/2026", "another"):
        placed = FunctionClient(console).put(hold, {"reason": reason}, **lawyer)
        assert (placed.status, placed.json()) == (200, {"reason": "Case 12/2026"})
    lying = below(store, erased)
    answer = FunctionClient(invitation).delete(URL, **hr)
    assert (answer.status, answer.json()["code"]) == (409, "legal_hold")
    assert answer.json()["held"] == [erased]
    FunctionClient(retention).tick("sweep")
    assert below(store, erased) == lying
    assert FunctionClient(console).delete(hold, **lawyer).status == 204
    erasure = asked(hr)
    late = FunctionClient(console).put(hold, {"reason": "too late"}, **lawyer)
    assert (late.status, late.json()["code"]) == (409, "being_erased")
    finished(erasure, hr, erased)
    assert below(store, erased) == []


def test_every_table_is_either_emptied_or_holds_nothing_of_candidates() -> None:
    """A table that comes later has to be thought about: by its columns it is emptied, or it stands here."""
    of_nobody = {
        "api_keys", "audit_head", "audit_log", "bank_questions", "batches", "candidate_filters",
        "catalogue_versions", "competency_models", "delivery_attempts", "erasures", "idempotency", "mappings",
        "module_runs", "policies", "request_rates", "sessions", "templates", "users", "watched_pages",
        "webhook_endpoints",
    }  # fmt: skip
    emptied = {name for name, table in metadata.tables.items() if "interview_id" in table.c} | {
        "interviews",
        "candidates",
    }
    assert set(metadata.tables) == of_nobody | emptied


class Killed(BaseException):
    """Nothing of ours catches it, as nothing catches a kill."""


class Budget:
    """So many operations, then the process is gone; each may have happened or not when it goes."""

    def __init__(self, left: int, *, after: bool) -> None:
        self._left, self._after = left, after

    @contextmanager
    def spend(self) -> Iterator[None]:
        self._left -= 1
        if self._left < 0 and not self._after:
            raise Killed
        yield
        if self._left < 0:
            raise Killed


class DyingStore:
    def __init__(self, store: ObjectStore, budget: Budget) -> None:
        self._store, self._budget = store, budget

    def __getattr__(self, name: str) -> object:
        found = getattr(self._store, name)

        def call(*arguments: object, **named: object) -> object:
            with self._budget.spend():
                return found(*arguments, **named)

        return call


class DyingDatabase:
    def __init__(self, database: Database, budget: Budget) -> None:
        self._database, self._budget = database, budget

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        with self._budget.spend(), self._database.begin() as tx:
            yield tx


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_any_step_the_next_run_goes_on(
    house: tuple[str, str], database: Database, store: ObjectStore, *, after: bool
) -> None:
    """Each run gets a little further than the last, from the first operation to the end of all."""
    erased, kept = house
    lying = below(store, kept)
    with database.begin() as tx:
        erasure = ask(tx, EXTERNAL_ID, HR).id
    settings, killed = retention.settings.erasure, 0
    for allowed in itertools.count():
        budget = Budget(allowed, after=after)
        dying = Erasing(
            DyingDatabase(database, budget),  # type: ignore[arg-type]
            DyingStore(store, budget),  # type: ignore[arg-type]
            settings,
            retention.clock,
        )
        try:
            row = dying.run(erasure)
        except Killed:
            killed += 1
            continue
        if row.state == ErasureState.CERTIFIED:
            break
        with database.begin() as tx:
            tx.process_log.mark_published([(erased, tx.process_log.list(erased)[-1].seq)])
    assert killed > 10
    assert row.certificate is not None
    assert row.certificate.certificate.left == []
    assert row.certificate.certificate.rows["interviews"] == 1
    assert row.certificate.certificate.objects[0].versions == 3, (
        "counted before the first was removed"
    )
    assert below(store, erased) == []
    assert below(store, kept) == lying
    assert ERASED not in store.get(keys.batch(BATCH)).decode()
    with database.begin() as tx:
        assert tx.batches.get(BATCH).accepted == 1
        tx.audit.verify()
