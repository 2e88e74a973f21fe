"""Settings, what scores and what may be done: policies, mappings and modules."""

from __future__ import annotations

import re

import pytest

from functions.console.app import app
from functions.console.mapping_pages import curve, mapping_fields
from functions.console.policy_pages import policy_fields
from greenroom.adapters.database import Database
from greenroom.domain.access import Role
from greenroom.domain.analysis import ModuleResult
from greenroom.domain.mapping import Contribution, shipped_mapping
from greenroom.domain.policy import shipped_policy
from greenroom.domain.template import shipped_template
from tests.console_visitors import SignedIn, signed_in
from tests.function_client import Answer, FunctionClient
from tests.seeded import SettableClock, set_up

POLICIES = "/console/settings/policies"
MAPPING = "/console/settings/mappings/v1"
OURS = {"from": "us-il", "id": "bank", "name.zh-CN": "本行", "name.en": "Our bank"}


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def client(platform: None, database: Database, clock: SettableClock) -> FunctionClient:
    set_up(app, clock)
    with database.begin() as tx:
        tx.catalogue.save_template(shipped_template("skills"))
    return FunctionClient(app)


@pytest.fixture
def hr(client: FunctionClient, database: Database) -> SignedIn:
    return signed_in(database)


def wrong(answer: Answer) -> list[str]:
    return re.findall(r'id="([\w.-]+)-wrong"', answer.text)


def test_a_policy_is_copied_and_edited_into_its_next_version(
    client: FunctionClient, database: Database, hr: SignedIn
) -> None:
    for _ in range(2):
        assert client.form(POLICIES, hr.form(**OURS), cookie=hr.cookie).status == 303
    with database.begin() as tx:
        copied = tx.catalogue.policy("bank")
    assert copied.forbidden == shipped_policy("us-il").forbidden
    fields = {**policy_fields(copied), "forbidden.emotion": "yes", "notice.days": ""}
    fields |= {"notice.text.zh-CN": "", "notice.text.en": ""}
    fields |= {"retention.recordings_days": "45", "basis": "内部规定 1\n\n内部规定 2"}
    fields.pop("consents.development", None)
    for _ in range(2):
        answer = client.form(f"{POLICIES}/bank", hr.form(**fields), cookie=hr.cookie)
        assert answer.status == 303
    with database.begin() as tx:
        policy = tx.catalogue.policy("bank")
        saved = [one for one in tx.audit.find() if one.act.action == "policy.saved"]
    assert (policy.version, policy.notice, policy.basis) == (2, None, ["内部规定 1", "内部规定 2"])
    assert policy.retention.recordings_days == 45
    assert "emotion" in policy.forbidden and "development" not in policy.consents
    assert sorted(entry.act.subject_id for entry in saved) == ["bank/1", "bank/2"]
    late = client.form(
        f"{POLICIES}/bank", hr.form(**{**fields, "basis": "anders"}), cookie=hr.cookie
    )
    assert late.status == 409 and "policy_changed" in late.text and "anders" in late.text


@pytest.mark.parametrize(
    ("changed", "without", "field"),
    [
        ({"retention.recordings_days": "0"}, (), "retention.recordings_days"),
        ({"notice.days": "91"}, (), "notice.days"),
        ({"notice.days": ""}, (), "notice.days"),
        (
            {"notice.days": "3", "notice.text.zh-CN": "", "notice.text.en": ""},
            (),
            "notice.text.zh-CN",
        ),
        ({}, ("consents.recording",), "consents"),
        ({"name.en": ""}, (), "name.en"),
        ({"basis": "x" * 301}, (), "basis"),
    ],
)
def test_a_policy_that_cannot_be_comes_back(
    client: FunctionClient,
    hr: SignedIn,
    changed: dict[str, str],
    without: tuple[str, ...],
    field: str,
) -> None:
    client.form(POLICIES, hr.form(**OURS), cookie=hr.cookie)
    with app.database.begin() as tx:
        policy = tx.catalogue.policy("bank")
    fields = {**policy_fields(policy), **changed}
    sent = {name: value for name, value in fields.items() if name not in without}
    answer = client.form(f"{POLICIES}/bank", hr.form(**sent), cookie=hr.cookie)
    assert answer.status == 422 and wrong(answer) == [field]
    with app.database.begin() as tx:
        assert tx.catalogue.policy("bank") == policy


def test_what_ships_stays(client: FunctionClient, hr: SignedIn) -> None:
    page = client.get(f"{POLICIES}/eu", cookie=hr.cookie)
    assert "readonly" in page.text and 'class="button"' not in page.text
    fields = policy_fields(shipped_policy("eu"))
    refused = client.form(f"{POLICIES}/eu", hr.form(**fields), cookie=hr.cookie)
    assert refused.status == 409 and "policy_shipped" in refused.text
    taken = client.form(POLICIES, hr.form(**{**OURS, "id": "cn"}), cookie=hr.cookie)
    assert taken.status == 409 and wrong(taken) == ["id"]
    nothing = client.form(POLICIES, hr.form(**{**OURS, "from": "mars"}), cookie=hr.cookie)
    assert nothing.status == 404 and wrong(nothing) == ["from"]


def test_a_mapping_is_kept_under_another_name(
    client: FunctionClient, database: Database, hr: SignedIn
) -> None:
    fields = {
        **mapping_fields(shipped_mapping()),
        "version": "retail-1",
        "weight.speech_fluency.0": "30",
        "points.speech_fluency.0": "0.2：10 0.61234567:90",
        "note.zh-CN": "门店",
    }
    for _ in range(2):
        assert client.form(MAPPING, hr.form(**fields), cookie=hr.cookie).status == 303
    with database.begin() as tx:
        mapping = tx.catalogue.mapping("retail-1")
        saved = [one for one in tx.audit.find() if one.act.action == "mapping.saved"]
    first = mapping.indicators["speech_fluency"][0]
    assert (first.weight, first.points) == (30, [(0.2, 10), (0.61234567, 90)])
    assert mapping_fields(mapping)["points.speech_fluency.0"] == "0.2:10 0.61234567:90"
    assert mapping.indicators["empathy"] == shipped_mapping().indicators["empathy"]
    assert len(saved) == 1
    other = client.form(MAPPING, hr.form(**{**fields, "note.zh-CN": "他"}), cookie=hr.cookie)
    assert other.status == 409 and wrong(other) == ["version"]
    listed = client.get("/console/settings/mappings", cookie=hr.cookie).text
    assert "retail-1" in listed and "门店" in listed


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"version": ""}, "version"),
        ({"version": "v1"}, "version"),
        ({"points.empathy.0": "0.5:10 0.2:90"}, "points.empathy.0"),
        ({"points.empathy.0": "0.5:10"}, "points.empathy.0"),
        ({"points.empathy.0": "0.5 0.6"}, "points.empathy.0"),
        ({"points.empathy.0": "0:10 nan:90"}, "points.empathy.0"),
        ({"weight.empathy.0": "-1"}, "weight.empathy.0"),
        ({"minimum_coverage": "2"}, "minimum_coverage"),
    ],
)
def test_a_mapping_that_cannot_be_comes_back(
    client: FunctionClient, hr: SignedIn, changed: dict[str, str], field: str
) -> None:
    fields = {**mapping_fields(shipped_mapping()), "version": "x", "note.en": "kept", **changed}
    answer = client.form(MAPPING, hr.form(**fields), cookie=hr.cookie)
    assert answer.status in (409, 422) and wrong(answer) == [field]
    assert "kept" in answer.text


def test_a_curve_stays_in_its_frame() -> None:
    drawn = curve(
        Contribution(
            kind="pause", module="speech", evidence="pause", weight=1, points=[(-3, 100), (9, 0)]
        )
    )
    corners = [tuple(map(float, corner.split(","))) for corner in drawn.split()]
    assert corners[0] == (0, 0) and corners[-1] == (120, 40)
    assert all(0 <= x <= 120 and 0 <= y <= 40 for x, y in corners)


def test_modules_that_ran_are_listed_with_their_versions(
    client: FunctionClient, database: Database, hr: SignedIn, clock: SettableClock
) -> None:
    ok = ModuleResult(module="vision", status="ok", version="0.4.0", model_digest="ab" * 32)
    with database.begin() as tx:
        tx.module_runs.note([ok])
        [before] = tx.module_runs.newest()
        tx.module_runs.note([ok])
        failed = ok.model_copy(update={"status": "failed", "code": "module_failed"})
        tx.module_runs.note([failed, ok.model_copy(update={"version": "0.5.0"})])
        runs = tx.module_runs.newest()
    assert {(run.version, run.status) for run in runs} == {("0.4.0", "failed"), ("0.5.0", "ok")}
    assert before.first_at == min(run.first_at for run in runs)
    page = client.get("/console/settings/modules?lang=en", cookie=hr.cookie).text
    assert "ab" * 32 in page and "0.5.0" in page
    assert page.count("It has not run on any answer yet") == 3
    assert client.get(POLICIES, cookie=signed_in(database, Role.AUDITOR).cookie).status == 200
