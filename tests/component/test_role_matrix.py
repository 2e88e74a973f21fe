"""Each role at each route of the console: what opens, what does not, and that no route was forgotten."""

import re

import pytest

from functions.console.app import app
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.access import Role
from tests.console_visitors import account, signed_in
from tests.function_client import FunctionClient
from tests.recorded import record
from tests.seeded import SettableClock, api_key, invite, set_up

ALL = set(Role)
STAFF = {Role.ADMIN, Role.HR}
READERS = STAFF | {Role.AUDITOR}
RATERS = STAFF | {Role.INTERVIEWER}
ADMINS = {Role.ADMIN}
AUDITORS = {Role.ADMIN, Role.AUDITOR}
INTERVIEW = "/console/interviews/{interview}"
SETTINGS = "/console/settings"
TEMPLATE = f"{SETTINGS}/templates/{{id}}"
ENDPOINT = f"{SETTINGS}/webhooks/{{endpoint}}"

OPENS: dict[tuple[str, str], set[Role]] = {
    ("GET", "/console/interviews"): ALL,
    ("GET", "/console/interview-list/csv"): READERS,
    ("GET", "/console/interview-list/xlsx"): READERS,
    ("POST", "/console/bulk"): STAFF,
    ("POST", "/console/bulk/run"): STAFF,
    ("GET", INTERVIEW): ALL,
    ("GET", f"{INTERVIEW}/desk"): ALL,
    ("POST", f"{INTERVIEW}/evaluation"): RATERS,
    ("POST", f"{INTERVIEW}/interviewers"): STAFF,
    ("POST", f"{INTERVIEW}/decision"): STAFF,
    ("POST", f"{INTERVIEW}/scores/{{competency}}"): STAFF,
    ("GET", f"{INTERVIEW}/identity/{{picture}}"): READERS,
    ("GET", "/console/batches/{batch}/figures"): READERS,
    ("GET", "/console/monitoring"): READERS,
    ("GET", "/console/monitoring/changes"): READERS,
    ("GET", "/console/monitoring/summary"): READERS,
    ("GET", "/console/batches"): READERS,
    ("POST", "/console/batches"): STAFF,
    ("GET", "/console/batches/new"): STAFF,
    ("GET", "/console/batches/{batch}"): READERS,
    ("GET", "/console/batches/{batch}/progress"): READERS,
    ("GET", "/console/mails"): READERS,
    ("GET", "/console/mails/{mail}"): READERS,
    ("GET", "/console/mails/{mail}/html"): READERS,
    ("GET", "/console/users"): AUDITORS,
    ("POST", "/console/users"): ADMINS,
    ("POST", "/console/users/{user}/role"): ADMINS,
    ("POST", "/console/users/{user}/state"): ADMINS,
    ("POST", "/console/users/{user}/reset"): ADMINS,
    ("GET", "/console/audit"): AUDITORS,
    ("GET", SETTINGS): READERS,
    ("GET", f"{SETTINGS}/models"): READERS,
    ("POST", f"{SETTINGS}/models"): STAFF,
    ("GET", f"{SETTINGS}/models/{{id}}"): READERS,
    ("POST", f"{SETTINGS}/models/{{id}}"): STAFF,
    ("GET", f"{SETTINGS}/models/{{id}}/versions/{{number}}"): READERS,
    ("POST", f"{SETTINGS}/models/{{id}}/versions/{{number}}"): STAFF,
    ("GET", f"{SETTINGS}/templates"): READERS,
    ("POST", f"{SETTINGS}/templates"): STAFF,
    ("GET", TEMPLATE): READERS,
    ("POST", TEMPLATE): STAFF,
    ("GET", f"{TEMPLATE}/limits"): READERS,
    ("POST", f"{TEMPLATE}/limits"): STAFF,
    ("GET", f"{TEMPLATE}/questions/{{question}}"): READERS,
    ("POST", f"{TEMPLATE}/questions/{{question}}"): STAFF,
    ("GET", f"{TEMPLATE}/versions/{{number}}"): READERS,
    ("POST", f"{TEMPLATE}/versions/{{number}}"): STAFF,
    ("GET", f"{SETTINGS}/policies"): READERS,
    ("POST", f"{SETTINGS}/policies"): STAFF,
    ("GET", f"{SETTINGS}/policies/{{id}}"): READERS,
    ("POST", f"{SETTINGS}/policies/{{id}}"): STAFF,
    ("GET", f"{SETTINGS}/mappings"): READERS,
    ("GET", f"{SETTINGS}/mappings/{{version}}"): READERS,
    ("POST", f"{SETTINGS}/mappings/{{version}}"): STAFF,
    ("GET", f"{SETTINGS}/modules"): READERS,
    ("GET", f"{SETTINGS}/bank"): READERS,
    ("GET", f"{SETTINGS}/bank/{{question}}"): READERS,
    ("POST", f"{SETTINGS}/bank/{{question}}"): STAFF,
    ("GET", f"{SETTINGS}/webhooks"): READERS,
    ("POST", f"{SETTINGS}/webhooks"): ADMINS,
    ("GET", ENDPOINT): READERS,
    ("POST", f"{ENDPOINT}/secret"): ADMINS,
    ("POST", f"{ENDPOINT}/state"): ADMINS,
    ("POST", f"{ENDPOINT}/resend"): ADMINS,
    ("GET", f"{ENDPOINT}/{{event}}"): READERS,
    ("POST", f"{ENDPOINT}/{{event}}/resend"): ADMINS,
    ("GET", f"{SETTINGS}/keys"): AUDITORS,
    ("POST", f"{SETTINGS}/keys"): ADMINS,
    ("POST", f"{SETTINGS}/keys/{{key}}/rotate"): ADMINS,
    ("POST", f"{SETTINGS}/keys/{{key}}/revoke"): ADMINS,
    ("GET", "/console/account"): ALL,
    ("POST", "/console/account/password"): ALL,
    ("POST", "/console/account/second-factor"): ALL,
    ("POST", "/console/account/second-factor/removal"): ALL,
    ("POST", "/console/account/sessions"): ALL,
}
WITHOUT_SESSION = {
    ("GET", "/console"),
    ("POST", "/console/sign-in"),
    ("POST", "/console/sign-in/code"),
    ("GET", "/console/sign-in/provider"),
    ("GET", "/console/sign-in/callback"),
    ("POST", "/console/sign-out"),
    ("GET", "/console/static/{version}/{name}"),
}
FORBIDDEN = "role_forbids"


@pytest.fixture
def client(platform: None) -> FunctionClient:
    set_up(app, SettableClock())
    return FunctionClient(app)


@pytest.fixture
def paths(client: FunctionClient, database: Database, store: ObjectStore) -> dict[str, str]:
    """What stands for a route's parameters: an interview with recordings, another user."""
    mine, _ = invite(database, ["李明", "王芳"])
    record(mine, database, store)
    with database.begin() as tx:
        tx.interviewers.assign(mine, ["interviewer@example.com"])
        batch = tx.interviews.get(mine).batch_id
    other = account(database, Role.INTERVIEWER, email="other@example.com")
    nowhere = {"endpoint": "wep_none", "event": "evt_none", "key": "none", "id": "none"}
    nowhere |= {"question": "none", "number": "1", "version": "v0"}
    return {
        "interview": mine,
        "batch": batch,
        "picture": "card",
        "mail": "received",
        "competency": "communication",
        "user": other,
        **nowhere,
    }


def filled(path: str, paths: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: paths[match[1]], path)


def test_every_route_of_the_console_stands_in_the_matrix() -> None:
    routes = {
        (method, path)
        for path, methods in app.routes.items()
        for method in methods
        if path.startswith("/console")
    }
    assert routes == OPENS.keys() | WITHOUT_SESSION


@pytest.mark.parametrize("role", Role)
def test_each_role_at_each_route(
    client: FunctionClient, database: Database, paths: dict[str, str], role: Role
) -> None:
    visitor = signed_in(database, role)
    for (method, path), roles in OPENS.items():
        url = filled(path, paths)
        if method == "GET":
            answer = client.get(url, cookie=visitor.cookie)
        else:
            answer = client.form(url, visitor.form(), cookie=visitor.cookie)
        opened = FORBIDDEN not in answer.text
        assert opened == (role in roles), (method, path, answer.status)
        assert opened or answer.status == 403
        # Beyond the door an empty form may be refused, and there is no picture; never is it a fault of ours.
        assert answer.status < 500, (method, path)


def test_nobody_without_a_session_sees_or_does_anything(
    client: FunctionClient, paths: dict[str, str]
) -> None:
    for method, path in OPENS:
        answer = client.request(method, filled(path, paths), body="csrf=")
        assert answer.status == 401, (method, path)
        assert "李明" not in answer.text


def test_an_interviewer_sees_what_is_assigned_and_nothing_else(
    client: FunctionClient, database: Database, paths: dict[str, str]
) -> None:
    visitor = signed_in(database, Role.INTERVIEWER, email="Interviewer@example.com")
    page = client.get("/console/interviews", cookie=visitor.cookie).text
    assert ("李明" in page, "王芳" in page) == (True, False)
    with database.begin() as tx:
        (other,) = [row.id for row in tx.interviews.find() if row.candidate_name == "王芳"]
    for (method, path), roles in OPENS.items():
        if "{interview}" not in path or Role.INTERVIEWER not in roles:
            continue
        url = filled(path, {**paths, "interview": other})
        headers = {
            "cookie": visitor.cookie,
            "content-type": "application/x-www-form-urlencoded",
        }
        answer = client.request(method, url, body=visitor.form(), headers=headers)
        assert (answer.status, "unknown_interview" in answer.text) == (404, True), path
        assert "王芳" not in answer.text


def test_an_auditor_is_offered_no_form_that_changes_anything_but_the_own_account(
    client: FunctionClient, database: Database, paths: dict[str, str]
) -> None:
    visitor = signed_in(database, Role.AUDITOR)
    for method, path in OPENS:
        if method == "POST" or "account" in path or "picture" in path or "changes" in path:
            continue
        page = client.get(filled(path, paths), cookie=visitor.cookie).text
        for form in re.findall(r'<form[^>]*method="post".*?</form>', page, re.DOTALL):
            harmless = "/console/sign-out" in form or '<fieldset class="whole" disabled>' in form
            assert harmless, (path, form[:200])


def test_interviewers_are_assigned_by_api_and_by_form(
    client: FunctionClient, database: Database, paths: dict[str, str]
) -> None:
    interview = paths["interview"]
    path = f"/v1/interviews/{interview}/interviewers"
    bearer = {"authorization": f"Bearer {api_key(database, 'interviews:write')}"}
    put = client.put(path, {"interviewers": ["Wu@example.com", "li@example.com"]}, **bearer)
    assert put.json() == {"interviewers": ["li@example.com", "wu@example.com"]}
    for wrong in ({"interviewers": ["no address"]}, {"interviewers": ["a@b.cn", "A@b.cn"]}, {}):
        assert client.put(path, wrong, **bearer).status == 422
    unknown = "/v1/interviews/itv_nobody/interviewers"
    assert client.put(unknown, {"interviewers": []}, **bearer).status == 404
    reader = {"authorization": f"Bearer {api_key(database, 'interviews:read')}"}
    assert client.put(path, {"interviewers": []}, **reader).status == 403
    hr = signed_in(database, Role.HR)
    page = f"/console/interviews/{interview}"
    form = hr.form(interviewers="zhao@example.com\r\n li@example.com ")
    assert client.form(f"{page}/interviewers", form, cookie=hr.cookie).status == 303
    with database.begin() as tx:
        assert tx.interviewers.of(interview) == ["li@example.com", "zhao@example.com"]
    bad = client.form(f"{page}/interviewers", hr.form(interviewers="<b>"), cookie=hr.cookie)
    assert (bad.status, "<b>" in bad.text) == (422, False)
    assert "zhao@example.com" in client.get(page, cookie=hr.cookie).text
