"""Who saw, changed, downloaded, decided: people and API keys, in one log that auditors read."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from functions.console.app import app
from functions.invitation.app import app as invitation
from functions.status_sync.app import app as status_sync
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.access import Role
from greenroom_cli.main import app as commands
from tests.console_visitors import signed_in
from tests.function_client import FunctionClient
from tests.recorded import record
from tests.seeded import MODEL, SettableClock, api_key, invite, set_up

ROOT = Path(__file__).parents[2]


@pytest.fixture
def client(platform: None, monkeypatch: pytest.MonkeyPatch) -> FunctionClient:
    monkeypatch.setenv("GREENROOM_MAIL__HOST", "127.0.0.1")
    for function in (app, invitation, status_sync):
        set_up(function, SettableClock())
    return FunctionClient(app)


@pytest.fixture
def interview(client: FunctionClient, database: Database, store: ObjectStore) -> str:
    (interview,) = invite(database)
    record(interview, database, store)
    return interview


def logged(database: Database) -> list[tuple[str, str, str]]:
    """Actor, action and subject, oldest first; the chain holds."""
    with database.begin() as tx:
        tx.audit.verify()
        found = tx.audit.find()
    return [
        (entry.act.actor.id, entry.act.action, entry.act.subject_id) for entry in reversed(found)
    ]


def test_what_people_see_and_decide(
    client: FunctionClient, interview: str, database: Database
) -> None:
    hr = signed_in(database)
    page = f"/console/interviews/{interview}"
    client.get("/console/interviews", cookie=hr.cookie)
    client.get(page, cookie=hr.cookie)
    client.get(f"{page}/desk", cookie=hr.cookie)
    points = {f"points-{item.id}": "7" for item in MODEL.competencies}
    form = hr.form(action="submit", recommendation="advance", **points)
    assert client.form(f"{page}/evaluation", form, cookie=hr.cookie).status == 303
    form = hr.form(interviewers="wu@example.com")
    client.form(f"{page}/interviewers", form, cookie=hr.cookie)
    client.form(f"{page}/interviewers", form, cookie=hr.cookie)
    assert logged(database) == [
        (hr.user, "interviews.seen", ""),
        (hr.user, "interview.seen", interview),
        (hr.user, "desk.seen", interview),
        (hr.user, "evaluation.submitted", interview),
        (hr.user, "interviewers.changed", interview),
    ], "the same interviewers again change nothing"


def test_what_is_refused_is_not_seen(
    client: FunctionClient, interview: str, database: Database
) -> None:
    outsider = signed_in(database, Role.INTERVIEWER)
    client.get(f"/console/interviews/{interview}", cookie=outsider.cookie)
    client.get("/console/audit", cookie=outsider.cookie)
    client.get(f"/v1/interviews/{interview}", authorization="Bearer gr_x")
    assert logged(database) == []


def test_what_api_keys_see_and_change(
    client: FunctionClient, interview: str, database: Database
) -> None:
    scopes = ("interviews:read", "interviews:write", "catalogue:write", "webhooks:write")
    plain = api_key(database, *scopes)
    key, bearer = plain[3:15], {"authorization": f"Bearer {plain}"}
    client.get(f"/v1/interviews/{interview}/results", **bearer)
    client.put(f"/v1/interviews/{interview}/time-factor", {"factor": 1.5}, **bearer)
    client.put(f"/v1/interviews/{interview}/time-factor", {"factor": 1.5}, **bearer)
    model = MODEL.model_dump(mode="json")
    saved = FunctionClient(invitation).put("/v1/competency-models/store-manager", model, **bearer)
    assert saved.status == 200
    assert logged(database) == [
        (key, "results.seen", interview),
        (key, "time.granted", interview),
        (key, "competency_model.saved", "store-manager"),
    ]


def test_every_route_for_api_keys_is_told_of() -> None:
    """What only answers for the catalogue tells of nobody; all else that reads says what it shows."""
    silent = set()
    for path in [*ROOT.glob("functions/*/app.py"), *ROOT.glob("functions/*/*_routes.py")]:
        for method, rest in re.findall(
            r"@app\.(get|post|put|delete)\((.*?)\)\ndef", path.read_text(), re.S
        ):
            if "api_key(" in rest and method == "get" and "seen=" not in rest:
                silent.add(re.search(r'"([^"]+)"', rest)[1])  # type: ignore[index]
    assert silent == {
        "/v1/competency-models/{id}",
        "/v1/competency-models",
        "/v1/templates/{id}",
        "/v1/templates",
        "/v1/partners/greenhouse/list_tests",
        "/v1/candidate-filters/{id}",
        "/v1/candidate-filters",
        "/v1/mappings/{version}",
        "/v1/mappings",
        "/v1/policies/{id}",
        "/v1/policies",
        "/v1/metrics",
    }


def test_auditors_read_it_on_a_page_and_by_the_api(
    client: FunctionClient, interview: str, database: Database
) -> None:
    hr, auditor = signed_in(database), signed_in(database, Role.AUDITOR)
    for _ in range(60):
        client.get("/console/interviews", cookie=hr.cookie)
    client.get(f"/console/interviews/{interview}", cookie=hr.cookie)
    page = client.get("/console/audit?lang=en", cookie=auditor.cookie).text
    assert page.count("<tr>") == 1 + 50
    assert "saw an interview" in page
    assert "Hr Zhou" in page
    assert "before=" in page
    one = client.get(f"/console/audit?subject={interview}", cookie=auditor.cookie).text
    assert one.count("<tr>") == 1 + 1
    assert client.get("/console/audit?before=x", cookie=auditor.cookie).status == 422
    bearer = {"authorization": f"Bearer {api_key(database, 'audit:read')}"}
    url, seen = "/v1/audit-log?action=interviews.seen", []
    while url:
        answer = client.get(url, **bearer).json()
        seen += [entry["seq"] for entry in answer["entries"]]
        url = answer["next"]
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 60
    other = {"authorization": f"Bearer {api_key(database, 'interviews:read')}"}
    assert client.get("/v1/audit-log", **other).status == 403


def test_the_command_verifies_and_finds_what_was_altered(
    client: FunctionClient, database: Database, tmp_path: Path
) -> None:
    hr = signed_in(database)
    client.get("/console/interviews", cookie=hr.cookie)
    runner, where = CliRunner(), ["--data", str(tmp_path)]
    first = runner.invoke(commands, ["audit", "verify", *where])
    assert (first.exit_code, first.stdout[:2]) == (0, "1:")
    added = ["users", "add", "wu", "--name", "吴", "--email", "wu@example.com", "--role", "auditor"]
    assert len(runner.invoke(commands, [*added, *where]).stdout.strip()) == 20
    assert runner.invoke(commands, [*added, *where]).exit_code == 1, "the name is taken"
    assert "wu@example" in runner.invoke(commands, ["users", "list", *where]).stdout
    for verb in ("disable", "enable", "reset"):
        assert runner.invoke(commands, ["users", verb, "wu", *where]).exit_code == 0
    known = ["--known", first.stdout.strip()]
    assert runner.invoke(commands, ["audit", "verify", *known, *where]).exit_code == 0
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit_log SET action = 'interview.seen' WHERE seq = 1")
    broken = runner.invoke(commands, ["audit", "verify", *where])
    assert (broken.exit_code, "entry 1 was altered" in broken.stderr) == (1, True)
