"""HR sees every mail as it would be sent, in both languages, and no mail can do anything in its frame."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from functions.console.app import app
from functions.console.mail_preview import MAILS
from greenroom.adapters.database import Database
from greenroom.domain.errors import Unauthorized
from greenroom.domain.message import TO_INTERVIEWERS
from greenroom.domain.template import Template
from tests.console_visitors import signed_in
from tests.function_client import FunctionClient
from tests.seeded import BATCH, TEMPLATE, invite, set_up


@pytest.fixture
def client(platform: None) -> FunctionClient:
    set_up(app)
    return FunctionClient(app)


def test_every_mail_is_shown() -> None:
    folders = {path.name for path in Path("email_templates").iterdir() if path.is_dir()}
    assert folders == set(MAILS)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("mail", MAILS)
def test_a_mail_is_shown_as_it_would_be_sent(
    client: FunctionClient, database: Database, mail: str, language: str
) -> None:
    hr = signed_in(database)
    page = client.get(f"/console/mails/{mail}?language={language}", cookie=hr.cookie)
    assert page.status == 200
    frame = re.search(r'<iframe[^>]* sandbox src="([^"]+)"', page.text)
    assert frame is not None
    shown = client.get(unescape(frame[1]), cookie=hr.cookie)
    assert shown.headers["content-type"].startswith("text/html")
    assert f'<html lang="{language}"' in shown.text
    policy = shown.headers["content-security-policy"]
    assert "default-src 'none'" in policy and policy.endswith("sandbox")
    if mail in TO_INTERVIEWERS:
        return
    link = re.search(r"http://127\.0\.0\.1:8080/i/([\w.-]+)", page.text)
    assert link is not None
    with pytest.raises(Unauthorized):
        app.follow_link(link[1])


def test_a_batch_brings_its_own_questions_and_markup_in_them_stays_text(
    client: FunctionClient, database: Database
) -> None:
    question = TEMPLATE.questions[0].model_copy(
        update={"text": {"zh-CN": "<script>alert(1)</script>你好", "en": "x"}}
    )
    own = Template.model_validate({**TEMPLATE.model_dump(), "questions": [question.model_dump()]})
    invite(database, template=own)
    hr = signed_in(database)
    for path in ("", "/html"):
        page = client.get(
            f"/console/mails/invitation_created{path}?language=zh-CN&batch={BATCH}",
            cookie=hr.cookie,
        )
        assert "<script>alert" not in page.text and "alert(1)" in page.text
    assert BATCH in client.get(f"/console/mails?batch={BATCH}", cookie=hr.cookie).text


def test_what_is_not_there_is_not_shown(client: FunctionClient, database: Database) -> None:
    hr = signed_in(database)
    for path in ("/console/mails/..", "/console/mails/layout.html", "/console/mails?batch=bat_no"):
        assert client.get(path, cookie=hr.cookie).status == 404
