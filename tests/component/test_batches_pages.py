"""HR puts a batch together in the console: checked beside what was typed, sent once, watched while it goes out."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from functions.console.app import app
from functions.invitation.app import app as invitation
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain import keys
from greenroom.domain.audit import Actor
from greenroom.domain.batch import CandidateRow, Resume, parse_batch
from greenroom.domain.candidate_filter import CandidateFilter
from greenroom.runtime.erasing import ask
from tests.console_visitors import SignedIn, signed_in
from tests.function_client import Answer, FunctionClient
from tests.seeded import MODEL, TEMPLATE, set_up

OF = {"questions_of": f"{TEMPLATE.id} {MODEL.id}"}
SHEET = "编号\t姓名\t邮箱\t喜好\nc1\t李明\tli@example.com\t茶\nc2\t王芳\tnot an address\t\n"


@pytest.fixture
def client(platform: None, database: Database) -> FunctionClient:
    set_up(app)
    set_up(invitation)
    with database.begin() as tx:
        tx.catalogue.save_template(TEMPLATE)
        tx.catalogue.save_model(MODEL)
    return FunctionClient(app)


@pytest.fixture
def hr(database: Database) -> SignedIn:
    return signed_in(database)


def fields(**changed: str) -> dict[str, str]:
    deadline = datetime.now(UTC) + timedelta(days=3)
    return {
        "nonce": "n1",
        "template": TEMPLATE.id,
        "competency_model": MODEL.id,
        "deadline": deadline.strftime("%Y-%m-%dT%H:%M"),
        "locale": "zh-CN",
        "policy": "cn",
        "source": "sheet",
        "candidates": SHEET,
        **changed,
    }


def post(client: FunctionClient, hr: SignedIn, **changed: str) -> Answer:
    body = hr.form(**fields(**changed))
    return client.form("/console/batches", body, cookie=hr.cookie)


def shown_questions(page: str) -> list[dict[str, object]]:
    found = re.findall(r'name="question-\d+" value="([^"]+)"', page)
    return [json.loads(unescape(one)) for one in found]


def test_a_check_shows_what_is_wrong_beside_what_was_typed(
    client: FunctionClient, hr: SignedIn, database: Database
) -> None:
    page = post(client, hr, do="check").text
    assert "1 位候选人" in page and "1 行未接受" in page
    assert "喜好" in page and "value is not" not in page
    assert (
        unescape(re.findall(r"<textarea name=\"candidates\".*?>(.*?)</textarea>", page, re.S)[0])
        == SHEET
    )
    assert [item["id"] for item in shown_questions(page)] == ["coordination", "sheet"]
    with database.begin() as tx:
        assert tx.batches.newest(10) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"candidates": "姓名\n李明\n"}, "external_id"),
        ({"candidates": ""}, "external_id"),
        ({"deadline": "tomorrow"}, "deadline"),
        ({"deadline": "2020-01-01T10:00"}, "past"),
        ({"deadline": "0001-01-01T00:00"}, "deadline"),
        ({"template": "no-such"}, "no-such"),
        ({**OF, "question-0": "{", "keep-0": "yes"}, "question 1"),
        ({**OF, "question-0": "{}", "text-0-en": "x", "keep-0": "yes"}, "question 1"),
        ({**OF, "question-0": "{}"}, "at least one question"),
        ({"source": "filter", "filter": "no-such"}, "no-such"),
    ],
)
def test_a_mistake_is_told_and_nothing_typed_is_lost(
    client: FunctionClient, hr: SignedIn, database: Database, changed: dict[str, str], said: str
) -> None:
    answer = post(client, hr, do="send", **changed)
    assert answer.status == 422
    assert said in answer.text
    if "candidates" not in changed:
        assert "li@example.com" in answer.text
    with database.begin() as tx:
        assert tx.batches.newest(10) == []


def test_a_form_sent_twice_is_one_batch_with_the_edited_questions(
    client: FunctionClient, hr: SignedIn, database: Database, store: ObjectStore
) -> None:
    first, second = shown_questions(post(client, hr, do="check").text)
    edited = {
        "questions_of": f"{TEMPLATE.id} {MODEL.id}",
        "question-0": json.dumps(first),
        "keep-0": "yes",
        "text-0-zh-CN": "请介绍一次<b>带队</b>经历。",
        "max_s-0": "90",
        "question-1": json.dumps(second),
    }
    answers = [post(client, hr, do="send", **edited) for _ in range(2)]
    assert {answer.status for answer in answers} == {303}
    (place,) = {answer.headers["location"] for answer in answers}
    batch = place.rsplit("/", 1)[1]
    with database.begin() as tx:
        (row,) = tx.batches.newest(10)
    (question,) = row.plan.template.questions
    assert (question.id, question.max_s) == ("coordination", 90)
    assert question.text == {"zh-CN": "请介绍一次<b>带队</b>经历。"}
    kept = parse_batch(store.get(keys.batch(batch)), None)
    assert [candidate.external_id for candidate in kept.rows] == ["c1"]

    page = client.get(place, cookie=hr.cookie)
    assert page.status == 200 and "<b>带队" not in page.text
    assert client.get("/console/batches", cookie=hr.cookie).text.count(place) >= 1
    progress = client.get(f"{place}/progress", cookie=hr.cookie).json()
    assert progress == {"sent": 0, "failed": 0, "waiting": 1, "share": 0, "done": False}
    FunctionClient(invitation).objects(keys.batch(batch))
    with database.begin() as tx:
        assert sum(tx.interviews.counts(batch).values()) in (0, 1)


def test_questions_from_the_bank_and_candidates_from_the_pool(
    client: FunctionClient, hr: SignedIn, database: Database
) -> None:
    with database.begin() as tx:
        for number, education in enumerate(("本科", "高中")):
            tx.candidates.save(
                CandidateRow(
                    external_id=f"p{number}",
                    name="赵",
                    email=f"p{number}@example.com",
                    resume=Resume(education=education),
                )
            )
        tx.catalogue.save_filter(
            CandidateFilter(id="graduates", name={"zh-CN": "本科及以上"}, education="bachelor")
        )
    chosen = {"source": "filter", "filter": "graduates", "candidates": ""}
    page = post(client, hr, do="propose", **chosen).text
    assert "1 位候选人" in page
    proposed = shown_questions(page)
    assert len(proposed) == len(TEMPLATE.questions)
    assert "coordination" not in {item["id"] for item in proposed}
    assert post(client, hr, do="send", **chosen).status == 303


def test_a_form_that_was_edited_after_it_was_sent_is_another_batch(
    client: FunctionClient, hr: SignedIn, database: Database, store: ObjectStore
) -> None:
    other = SHEET.replace("c1", "c9").replace("li@", "nine@")
    places = [
        post(client, hr, do="send", candidates=one).headers["location"] for one in (SHEET, other)
    ]
    assert len(set(places)) == 2
    kept = [
        parse_batch(store.get(keys.batch(place.rsplit("/", 1)[1])), None).rows[0].external_id
        for place in places
    ]
    assert kept == ["c1", "c9"]


def test_who_was_erased_does_not_come_back_with_a_form_sent_again(
    client: FunctionClient, hr: SignedIn, database: Database, store: ObjectStore
) -> None:
    place = post(client, hr, do="send").headers["location"]
    batch = place.rsplit("/", 1)[1]
    with database.begin() as tx:
        tx.candidates.save(CandidateRow(external_id="c1", name="李明", email="li@example.com"))
        ask(tx, "c1", Actor("command", "test"))
    store.delete(keys.batch(batch))
    assert post(client, hr, do="send").headers["location"] == place
    assert store.head(keys.batch(batch)) is None


def test_another_template_brings_its_own_questions(
    client: FunctionClient, hr: SignedIn, database: Database
) -> None:
    other = TEMPLATE.model_copy(update={"id": "short", "questions": TEMPLATE.questions[1:]})
    with database.begin() as tx:
        tx.catalogue.save_template(other)
    page = post(client, hr, do="check").text
    typed = {f"question-{n}": json.dumps(one) for n, one in enumerate(shown_questions(page))}
    of = unescape(re.findall(r'name="questions_of" value="([^"]+)"', page)[0])
    page = post(
        client, hr, do="check", template="short", questions_of=of, **typed, **{"keep-0": "yes"}
    ).text
    assert [item["id"] for item in shown_questions(page)] == ["sheet"]


def test_pages_of_thirty(client: FunctionClient, hr: SignedIn) -> None:
    for number in range(31):
        assert post(client, hr, do="send", nonce=f"n{number}").status == 303
    first = client.get("/console/batches", cookie=hr.cookie).text
    (following,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = client.get(f"/console/batches{unescape(following)}", cookie=hr.cookie).text
    places = [
        set(re.findall(r'href="(/console/batches/bat_[^"/]+)"', page)) for page in (first, second)
    ]
    assert [len(found) for found in places] == [30, 1]
    assert not places[0] & places[1]
