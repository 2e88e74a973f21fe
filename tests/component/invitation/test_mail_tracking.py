"""Tracked mails: opening one and pressing its button are steps of the interview, unless policy or setting forbid it."""

from __future__ import annotations

import re
from html import unescape
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import pytest

from greenroom.domain.interview import InterviewState
from greenroom.runtime.function import Function
from tests.function_client import FunctionClient
from tests.invitation_fixtures import House
from tests.seeded import set_up

PIXEL = re.compile(r'<img src="(https://[^"]+/pixel\.svg)" width="1" height="1" alt=""')
WAY_IN = re.compile(r'<a href="([^"]+)" style="display:inline-block')
BROWSER = {"user-agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Gecko/20100101 Firefox/140.0"}


@pytest.fixture
def portal(house: House) -> FunctionClient:
    app: Function[Any] = import_module("functions.portal.app").app
    set_up(app, house.clock)
    return FunctionClient(app)


def sent(house: House, **head: Any) -> tuple[str, str, str]:
    """A batch of one whose invitation is out: its id, the mail's text and its HTML."""
    made = house.invite(1, **head)
    house.work_off(made)
    (message,) = house.sink.messages()[-1:]
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    return made, text.get_content(), html.get_content()


def paths(html: str) -> tuple[str, str]:
    """Where the picture and the button lead, on our own host."""
    found = [pattern.search(html) for pattern in (PIXEL, WAY_IN)]
    picture, button = (urlsplit(unescape(one[1])) for one in found if one)
    assert {picture.netloc, button.netloc} == {"interview.example.com"}
    return picture.path, button.path


def steps(house: House, made: str) -> list[str]:
    (logged,) = house.logs(made).values()
    return [step for step in logged if step.startswith("mail.")]


def test_a_mail_tells_once_that_it_was_opened_and_its_button_pressed(
    house: House, portal: FunctionClient
) -> None:
    made, text, html = sent(house)
    picture, button = paths(html)
    assert "/from/" not in text
    for _ in range(3):
        answer = portal.get(button, **BROWSER)
        assert answer.status == 303
        personal = answer.headers["location"]
        assert f"https://interview.example.com{personal}" in text
        assert portal.get(picture, **BROWSER).headers["content-type"] == "image/svg+xml"
    assert steps(house, made) == ["mail.clicked", "mail.opened"]
    assert portal.get(personal).status == 200
    with house.database.begin() as tx:
        (interview,) = tx.interviews.find(batch=made, limit=2)
        details = [
            row.event.data.details
            for row in tx.process_log.list(interview.id)
            if row.type.startswith("mail.")
        ]
    assert details == [{"message": "invitation_created", "number": 1}] * 2


def test_the_picture_opens_no_interview(house: House, portal: FunctionClient) -> None:
    _, _, html = sent(house)
    token = paths(html)[0].split("/")[3]
    assert portal.get(f"/i/{token}").status == 401


@pytest.mark.parametrize(
    "headers",
    [
        {**BROWSER, "sec-purpose": "prefetch;prerender"},
        {**BROWSER, "purpose": "prefetch"},
        {**BROWSER, "x-moz": "prefetch"},
        {**BROWSER, "x-purpose": "preview"},
        {"user-agent": "Mozilla/5.0"},  # Apple's Mail Privacy Protection
    ],
)
def test_what_fetches_ahead_of_a_person_is_served_and_not_counted(
    house: House, portal: FunctionClient, headers: dict[str, str]
) -> None:
    made, _, html = sent(house)
    picture, button = paths(html)
    assert portal.get(picture, **headers).status == 200
    assert portal.get(button, **headers).status == 303
    assert steps(house, made) == []


@pytest.mark.parametrize("how", ["policy", "setting"])
def test_a_mail_without_tracking_is_as_usable(
    house: House, portal: FunctionClient, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "setting":
        monkeypatch.setenv("GREENROOM_LINKS__TRACKING", "false")
        set_up(house.app, house.clock)
    made, text, html = sent(house, **({"policy": "eu"} if how == "policy" else {}))
    assert PIXEL.search(html) is None
    assert "记录" not in html
    link = unescape(WAY_IN.search(html)[1])  # type: ignore[index]
    assert link in text
    path = urlsplit(link).path
    assert portal.get(path).status == 200
    # And a link that is made up tells nothing about this batch.
    assert portal.get(f"{path}/from/invitation_created/1", **BROWSER).status == 303
    assert steps(house, made) == []


@pytest.mark.parametrize(
    "tail",
    ["invitation_created/2", "invitation_created/-1", "a%00b/1", "x/9999999999999999999999", "x/1"],
)
def test_made_up_mails_lead_on_and_are_not_noted(
    house: House, portal: FunctionClient, tail: str
) -> None:
    made, _, html = sent(house)
    button = paths(html)[1]
    way = button.partition("/from/")[0]
    assert portal.get(f"{way}/from/{tail}", **BROWSER).status == 303
    assert steps(house, made) == []


@pytest.mark.parametrize("token", ["https:%2F%2Fevil.example", "%5Cevil.example", "x.y.z"])
def test_no_link_leads_to_another_host(house: House, portal: FunctionClient, token: str) -> None:
    to = portal.get(f"/i/{token}/from/invitation_created/1", **BROWSER).headers["location"]
    assert urlsplit(to).netloc == ""
    assert re.fullmatch(r"/i/[^/\\]*", to)
    assert portal.get(f"/portal/mails/{token}/pixel.svg", **BROWSER).status == 200


def test_a_link_that_was_ended_is_not_noted(house: House, portal: FunctionClient) -> None:
    made, _, html = sent(house)
    picture, button = paths(html)
    with house.database.begin() as tx:
        (interview,) = tx.interviews.find(batch=made, limit=2)
        assert tx.interviews.move(interview.id, InterviewState.CANCELLED)
        tx.erasures.ask(interview.candidate_external_id, "candidate_request", "key")
    assert portal.get(picture, **BROWSER).status == 200
    assert portal.get(button, **BROWSER).status == 303
    assert steps(house, made) == []
