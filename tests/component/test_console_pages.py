"""HR's pages and the read API: who gets in, what the list and the scorecard show, what is only text."""

import re

import pytest

from functions.console.app import app
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.events import EventType
from greenroom.domain.webhook import WebhookEndpointRequest
from tests.console_visitors import signed_in
from tests.function_client import FunctionClient
from tests.pocket import Pocket
from tests.recorded import DIGEST, record
from tests.seeded import SettableClock, api_key, candidate_token, invite, set_up

NASTY = "<img src=x onerror=alert(1)>"


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def client(platform: None, clock: SettableClock) -> FunctionClient:
    set_up(app, clock)
    return FunctionClient(app)


@pytest.fixture
def key(database: Database, client: FunctionClient) -> str:
    return api_key(database, "interviews:read")


@pytest.fixture
def cookie(client: FunctionClient, database: Database) -> str:
    return signed_in(database).cookie


@pytest.fixture
def interview(database: Database, store: ObjectStore, client: FunctionClient) -> str:
    (interview,) = invite(database)
    record(interview, database, store)
    return interview


def test_the_list(client: FunctionClient, cookie: str, database: Database) -> None:
    empty = client.get("/console/interviews", cookie=cookie)
    assert "还没有面试" in empty.text
    invite(database, ["李明", NASTY, "王芳"])
    page = client.get("/console/interviews", cookie=cookie).text
    for words in ("李明", "王芳", "待面试", "零售店长", "未测量"):
        assert words in page
    assert "onerror=alert(1)>" not in page.replace("onerror=alert(1)&gt;", "")
    assert "<img" not in page
    none = client.get("/console/interviews?state=scored", cookie=cookie).text
    assert "没有符合条件的面试" in none
    assert client.get("/console/interviews?state=nonsense", cookie=cookie).status == 422
    assert client.get("/console/interviews?after=itv_nobody", cookie=cookie).status == 404


def test_the_language_is_remembered(client: FunctionClient, cookie: str) -> None:
    page = client.get("/console/interviews?lang=en", cookie=cookie)
    assert "No interviews yet" in page.text
    remembered = page.headers["set-cookie"].partition(";")[0]
    assert remembered == "greenroom_language=en"
    again = client.get("/console/interviews", cookie=f"{cookie}; {remembered}")
    assert "No interviews yet" in again.text
    assert "set-cookie" not in client.get("/console?lang=<b>").headers


def test_a_refused_mail_is_shown_with_the_relays_reason_as_text(
    client: FunctionClient, cookie: str, database: Database
) -> None:
    (interview,) = invite(database)
    reason = f"550 5.1.1 no such mailbox {NASTY}"
    details = {"message": "reminder_deadline", "reason": reason, "attempts": 1}
    with database.begin() as tx:
        tx.process_log.append(interview, EventType.INVITATION_FAILED, details)
    page = client.get(f"/console/interviews/{interview}?lang=en", cookie=cookie).text
    for words in ("Mail could not be delivered", "Deadline reminder", "550 5.1.1 no such mailbox"):
        assert words in page
    assert NASTY not in page


def test_the_scorecard_page(
    client: FunctionClient, cookie: str, interview: str, pocket: Pocket, database: Database
) -> None:
    with database.begin() as tx:
        wanted = WebhookEndpointRequest(url="http://ehr.example.com/hooks")
        tx.webhooks.add_endpoint(wanted, "whsec_x")
    page = client.get(f"/console/interviews/{interview}", cookie=cookie)
    assert page.status == 200
    assert f"media-src {pocket.url};" in page.headers["content-security-policy"]
    text = re.sub(r"\s+", " ", page.text)
    for words in (
        "李明",
        "面试完成",
        "2,000 毫秒",
        "沟通能力",
        "语音占比",
        "0:03–0:21",
        "2:15–2:19",
        "未测量",
        "可用，有提示",
        "帧率",
        "17.25 帧/秒",
        "1:02–1:15",
        "有分片未上传",
        "面试流程日志",
        "链接已打开",
        "尚未用贵公司评审结果校准",
    ):
        assert words in text, words
    assert re.search(rf'<video id="video-coordination-camera" [^>]*src="{pocket.url}/', text)
    assert "1:01–1:16" in text
    assert "Hard part &lt;b&gt;" in text
    assert f'src="{pocket.url}' in text
    assert "#t=3.00,21.50" in text
    assert client.get("/console/interviews/itv_nobody", cookie=cookie).status == 404


def test_the_scorecard_page_in_english_holds_no_chinese_of_ours(
    client: FunctionClient, cookie: str, interview: str
) -> None:
    page = client.get(f"/console/interviews/{interview}?lang=en", cookie=cookie).text
    shown = re.sub(r"<[^>]*>", " ", page).replace("李明", "").replace("中文", "")
    assert re.findall(r"[\u4e00-\u9fff]+", shown) == []


def test_results_for_the_ehr(
    client: FunctionClient, key: str, interview: str, pocket: Pocket
) -> None:
    answer = client.get(f"/v1/interviews/{interview}/results", authorization=f"Bearer {key}")
    assert answer.status == 200
    results = answer.json()
    assert (results["interview"], results["state"]) == (interview, "scored")
    assert results["ehr_status"] == "面试完成"
    assert results["loss_ms"] == 2000
    first, second = results["answers"]
    assert first["key_moments"] == [{"at_s": 61.5, "note": "Hard part <b>"}]
    assert second["key_moments"] == []
    assert (first["answer"], first["attempt"], first["state"]) == ("coordination", 1, "analysed")
    camera = first["recordings"]["camera"]
    assert (camera["sha256"], camera["duration_s"], camera["status"]) == (DIGEST, 95.2, "gaps")
    assert camera["download_url"].startswith(pocket.url)
    assert first["quality"]["verdict"] == "usable_with_warnings"
    assert first["analysis"]["modules"][0]["module"] == "speech"
    assert second["recordings"] == {}
    assert second["quality"] is second["analysis"] is second["assembly"] is None
    assert results["scorecard"]["interview"] == interview


def test_the_ledger_names_every_gap(
    client: FunctionClient, interview: str, key: str, cookie: str
) -> None:
    ledger = client.get(f"/v1/interviews/{interview}/ledger", authorization=f"Bearer {key}").json()
    assert (ledger["lost_ms"], ledger["interrupted_ms"]) == (2000, 0)
    (answer,) = ledger["answers"]
    assert (answer["answer"], answer["recorded_ms"], answer["media_ms"]) == (
        "coordination",
        95_200,
        95_200,
    )
    assert answer["entries"] == [
        {
            "track": "camera",
            "start_ms": 30_000,
            "end_ms": 32_000,
            "lost_ms": 2000,
            "interrupted_ms": 0,
            "cause": "part_missing",
            "began": None,
        }
    ]
    page = client.get(f"/console/interviews/{interview}?lang=en", cookie=cookie).text
    assert "Loss ledger" in page
    assert "95,200 ms" in page


def test_the_evaluation_form_suggests_what_was_marked_and_what_was_measured(
    client: FunctionClient, database: Database, interview: str
) -> None:
    bearer = f"Bearer {api_key(database, 'interviews:read')}"
    path = f"/v1/interviews/{interview}/evaluation-template"
    form = client.get(path, authorization=bearer).json()
    suggested = [item for line in form["competencies"] for item in line["suggested"]]
    assert {"marked"} < {item["because"] for item in suggested}
    missing = client.get("/v1/interviews/itv_nobody/evaluation-template", authorization=bearer)
    assert missing.status == 404


def test_before_anything_is_recorded_results_are_empty_not_zero(
    client: FunctionClient, key: str, database: Database
) -> None:
    (interview,) = invite(database)
    results = client.get(
        f"/v1/interviews/{interview}/results", authorization=f"Bearer {key}"
    ).json()
    assert results["loss_ms"] is None
    assert results["scorecard"] is None


def test_the_list_for_the_ehr_in_pages(
    client: FunctionClient, key: str, database: Database
) -> None:
    interviews = set(invite(database, [f"候选人{number}" for number in range(5)]))
    bearer = {"authorization": f"Bearer {key}"}
    url, seen, pages = "/v1/interviews?limit=2&state=created", [], 0
    while url:
        answer = client.get(url, **bearer)
        document = answer.json()
        seen += [row["interview"] for row in document["interviews"]]
        url, pages = document["next"], pages + 1
        assert ('rel="next"' in answer.headers["link"]) == (url is not None)
    assert (set(seen), len(seen), pages) == (interviews, 5, 3)
    one = client.get(f"/v1/interviews/{seen[0]}", **bearer).json()
    assert one["ehr_status"] == "待面试"
    assert [answer["state"] for answer in one["answers"]] == ["pending", "pending"]


def test_the_api_asks_for_the_scope(client: FunctionClient, database: Database) -> None:
    (interview,) = invite(database)
    other = f"Bearer {api_key(database, 'webhooks:write')}"
    for path in ("/v1/interviews", f"/v1/interviews/{interview}/results"):
        assert client.get(path).json()["code"] == "credential_missing"
        assert client.get(path, authorization=other).json()["code"] == "scope_missing"
        candidate = f"Bearer {candidate_token(interview)}"
        assert client.get(path, authorization=candidate).status == 401
