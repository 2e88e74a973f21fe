"""The mailbox: a real SMTP conversation, mails that stay, a page that shows hostile mail harmlessly."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from greenroom_local.mailbox.letters import Letters
from greenroom_local.mailbox.page import create_app
from greenroom_local.mailbox.smtp import controller


@pytest.fixture
def letters(tmp_path: Path) -> Letters:
    return Letters(tmp_path)


@pytest.fixture
def smtp(letters: Letters) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    server = controller(letters, "127.0.0.1", port)
    server.start()
    yield port
    server.stop()


def mail(to: str, html: str = "<p>你好</p>") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "hr@example.com", to, "面试邀请"
    message.set_content("纯文本 link: http://127.0.0.1/i/abc")
    message.add_alternative(html, subtype="html")
    message.add_attachment(
        b"BEGIN:VCALENDAR", maintype="text", subtype="calendar", filename="a.ics"
    )
    return message


def test_what_was_accepted_is_kept_and_shown(letters: Letters, smtp: int) -> None:
    with smtplib.SMTP("127.0.0.1", smtp) as relay:
        relay.send_message(mail("wang@example.com"))
        relay.send_message(mail("other@example.com"))
    browser = TestClient(create_app(Letters(letters._folder)))
    [found] = browser.get("/api/mails", params={"to": "WANG@example.com"}).json()["mails"]
    assert found["subject"] == "面试邀请"
    assert "面试邀请" in browser.get("/").text
    shown = browser.get(f"/mails/{found['id']}").text
    assert "纯文本" in shown
    assert browser.get(f"/mails/{found['id']}/attachments/0").content.startswith(b"BEGIN:VCAL")
    assert b"Subject:" in browser.get(f"/api/mails/{found['id']}/raw").content


def test_bounces_can_be_tried(smtp: int) -> None:
    with smtplib.SMTP("127.0.0.1", smtp) as relay:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
            relay.send_message(mail("bounce@example.com"))
        assert caught.value.recipients["bounce@example.com"][0] == 550


def test_a_hostile_mail_runs_nothing(letters: Letters) -> None:
    evil = mail("x@example.com", "<script>alert(1)</script><img src=http://evil/>")
    evil.replace_header("Subject", "<script>alert(2)</script>")
    kept = letters.keep("a", ["x@example.com"], evil.as_bytes())
    browser = TestClient(create_app(letters))
    for page in ("/", f"/mails/{kept}"):
        assert "<script>alert" not in browser.get(page).text
    html = browser.get(f"/mails/{kept}/html")
    policy = html.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy


@pytest.mark.parametrize("path", ["/mails/none", "/mails/..%2f..%2fetc", "/api/mails/x/raw"])
def test_unknown_mails_are_not_found(letters: Letters, path: str) -> None:
    assert TestClient(create_app(letters)).get(path).status_code == 404


def test_pages_go_back_in_time(letters: Letters) -> None:
    ids = [letters.keep("a", ["b@example.com"], b"Subject: x\r\n\r\n") for _ in range(5)]
    newest = letters.newest_first(limit=2)
    rest = letters.newest_first(limit=9, before=newest[-1].id)
    assert sorted(ids, reverse=True) == [letter.id for letter in newest + rest]
