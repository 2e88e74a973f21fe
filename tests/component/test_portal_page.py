"""The candidate's page and its JSON: what is shown, in which language, to whom, under which headers."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from functions.portal.app import app
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.events import EventType
from greenroom.domain.interview import InterviewState
from tests.function_client import FunctionClient
from tests.pocket import Pocket
from tests.seeded import TEMPLATE, SettableClock, candidate_token, invite, set_up

ALL = {
    "recording": True,
    "transcript": True,
    "face": True,
    "ai_scoring": True,
    "identity": False,
    "development": False,
}
NASTY = "<script>alert(1)</script>\"'&"


@pytest.fixture
def client(platform: None) -> FunctionClient:
    set_up(app, SettableClock())
    return FunctionClient(app)


@pytest.fixture
def interview(database: Database, client: FunctionClient) -> str:
    return invite(database)[0]


def link(interview: str, **token) -> str:
    return f"/i/{candidate_token(interview, **token)}"


def bearer(interview: str) -> dict[str, str]:
    return {"authorization": f"Bearer {candidate_token(interview)}"}


def logged(database: Database, interview: str) -> list[str]:
    with database.begin() as tx:
        return [row.event.type for row in tx.process_log.list(interview)]


def test_the_page_tells_the_interview(client: FunctionClient, interview: str) -> None:
    page = client.get(link(interview))
    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    for words in (
        "李明",
        "零售店长",
        "请讲述一次跨部门项目协调经历。",
        "我的面试状态",
        "30秒",
        "3分钟",
    ):
        assert words in page.text
    assert '<html lang="zh-CN">' in page.text


def test_the_language_can_be_chosen(client: FunctionClient, interview: str) -> None:
    page = client.get(f"{link(interview)}?lang=en")
    assert '<html lang="en">' in page.text
    assert "Tell us about a project" in page.text
    assert "Store manager" in page.text


def test_nothing_from_elsewhere_may_load_and_nobody_may_frame(
    client: FunctionClient, interview: str, pocket: Pocket
) -> None:
    headers = client.get(link(interview)).headers
    policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["connect-src"] == f"'self' {pocket.url}"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"


def test_a_careers_page_that_is_named_may_frame(
    client: FunctionClient, interview: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GREENROOM_FRAME_ANCESTORS", '["https://careers.example.com"]')
    policy = client.get(link(interview)).headers["content-security-policy"]
    assert policy.endswith("frame-ancestors https://careers.example.com")


def test_opening_is_a_step_once(
    client: FunctionClient, interview: str, database: Database, store: ObjectStore
) -> None:
    client.get(link(interview))
    client.get(link(interview))
    assert logged(database, interview) == [EventType.INTERVIEW_OPENED]
    assert [item.key for item in store.listing("events/")] == [f"events/{interview}/000001.json"]
    with database.begin() as tx:
        assert tx.interviews.get(interview).state == InterviewState.OPENED


def test_hostile_names_and_questions_are_only_text(
    client: FunctionClient, database: Database
) -> None:
    question = TEMPLATE.questions[0].model_copy(update={"text": {"zh-CN": NASTY}, "hint": None})
    template = TEMPLATE.model_copy(update={"questions": [question]})
    (interview,) = invite(database, [NASTY], template=template)
    page = client.get(link(interview)).text
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 2


@pytest.mark.parametrize(
    ("case", "status", "code"),
    [
        ("expired", 410, "token_expired"),
        ("altered", 401, "token_invalid"),
        ("unknown", 401, "token_invalid"),
        ("nonsense", 401, "token_invalid"),
        ("revoked", 410, "token_revoked"),
    ],
)
def test_a_bad_link_is_met_with_what_to_do(
    client: FunctionClient, interview: str, case: str, status: int, code: str
) -> None:
    good = candidate_token(interview)
    token = {
        "expired": candidate_token(interview, days=-1),
        "altered": good[:-4] + ("AAAA" if not good.endswith("AAAA") else "BBBB"),
        "unknown": candidate_token("itv_" + "z" * 20),
        "nonsense": "x",
        "revoked": candidate_token(interview, version=0),
    }[case]
    for language, words in (("en", "What you can do"), ("zh-CN", "您可以这样做")):
        page = client.get(f"/i/{token}?lang={language}")
        assert page.status == status
        assert code in page.text
        assert words in page.text
        assert "李明" not in page.text
        assert page.headers["cache-control"] == "no-store"
    api = client.get("/v1/candidate/interview", authorization=f"Bearer {token}")
    assert (api.status, api.json()["code"]) == (401, code)


def test_the_json_says_what_the_page_shows(client: FunctionClient, interview: str) -> None:
    client.get(link(interview))
    document = client.get("/v1/candidate/interview", **bearer(interview)).json()
    assert document["interview"] == interview
    assert document["state"] == "opened"
    assert document["ehr_status"] == "待面试"
    assert document["consents"] is None
    assert [answer["answer"] for answer in document["answers"]] == ["coordination", "sheet"]
    assert [answer["recordable"] for answer in document["answers"]] == [False, False]
    assert document["answers"][1]["tracks"] == ["camera", "screen"]


def test_consents_by_json(client: FunctionClient, interview: str, database: Database) -> None:
    client.get(link(interview))
    for _ in range(2):
        assert client.put("/v1/candidate/consents", ALL, **bearer(interview)).json() == ALL
    assert logged(database, interview) == [EventType.INTERVIEW_OPENED, EventType.CONSENT_GIVEN]
    document = client.get("/v1/candidate/interview", **bearer(interview)).json()
    assert document["consents"] == ALL
    assert all(answer["recordable"] for answer in document["answers"])


def test_consents_by_the_form(client: FunctionClient, interview: str, database: Database) -> None:
    answer = client.form(f"{link(interview)}/consents", "lang=en&recording=yes&face=yes")
    assert answer.status == 303
    assert re.fullmatch(r"/i/[^/?]+\?lang=en&saved=1#consents", answer.headers["location"])
    with database.begin() as tx:
        consents = tx.interviews.consents(interview)
    assert consents.recording and consents.face
    assert not consents.transcript and not consents.ai_scoring
    page = client.get(answer.headers["location"].partition("#")[0])
    assert "Your choices are saved." in page.text
    assert len(re.findall(r"\schecked\s", page.text)) == 2


def test_declining_the_recording_is_kept_and_explained(
    client: FunctionClient, interview: str
) -> None:
    client.form(f"{link(interview)}/consents", "")
    page = client.get(f"{link(interview)}?lang=en").text
    assert "Without your consent to recording" in page
    document = client.get("/v1/candidate/interview", **bearer(interview)).json()
    assert not any(answer["recordable"] for answer in document["answers"])


def test_a_closed_interview_takes_no_consents(
    client: FunctionClient, interview: str, database: Database
) -> None:
    with database.begin() as tx:
        assert tx.interviews.move(interview, InterviewState.CANCELLED)
    refused = client.put("/v1/candidate/consents", ALL, **bearer(interview))
    assert (refused.status, refused.json()["code"]) == (409, "interview_closed")
    page = client.form(f"{link(interview)}/consents", "recording=yes")
    assert page.status == 409
    assert "interview_closed" in page.text
    assert logged(database, interview) == []


@pytest.mark.parametrize("document", [{}, {"recording": "maybe"}, {**ALL, "more": True}, []])
def test_malformed_consents_are_refused(
    client: FunctionClient, interview: str, document: object
) -> None:
    refused = client.put("/v1/candidate/consents", document, **bearer(interview))
    assert (refused.status, refused.json()["code"]) == (422, "invalid_document")


def test_after_the_deadline_nothing_is_recordable(
    client: FunctionClient, database: Database
) -> None:
    (interview,) = invite(database, deadline=datetime.now(UTC) + timedelta(hours=1))
    client.get(link(interview))
    client.put("/v1/candidate/consents", ALL, **bearer(interview))
    app.clock.advance(timedelta(hours=2))
    document = client.get("/v1/candidate/interview", **bearer(interview)).json()
    assert not any(answer["recordable"] for answer in document["answers"])


def test_static_files_are_cached_by_digest_and_nothing_else_is_served(
    client: FunctionClient, interview: str
) -> None:
    page = client.get(link(interview)).text
    urls = re.findall(r'(?:href|src)="(/portal/static/[^"]+)"', page)
    assert len(urls) >= 3
    for url in urls:
        file = client.get(url)
        assert file.status == 200
        assert "immutable" in file.headers["cache-control"]
        _, static, _version, name = url.rsplit("/", 3)
        older = client.get(f"/portal/{static}/0123456789abcdef/{name}")
        assert older.headers["cache-control"] == "no-cache"
    for name in (
        "..%2fapp.py",
        "..",
        "app.py",
        "%2fetc%2fpasswd",
        "interview.html",
        "portal.css%00",
    ):
        assert client.get(f"/portal/static/0123456789abcdef/{name}").status == 404
