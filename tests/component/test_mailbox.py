"""The mailbox: a real SMTP conversation, mails that stay, a page that shows hostile mail harmlessly."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator, Sequence
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from greenroom_local.mailbox.letters import Letters
from greenroom_local.mailbox.page import create_app
from greenroom_local.mailbox.smtp import MAX_BYTES, controller


class Fillable(Letters):
    """A folder whose disk can be full."""

    full = False

    def keep(self, sender: str, recipients: Sequence[str], content: bytes) -> str:
        if self.full:
            raise OSError(28, "No space left on device")
        return super().keep(sender, recipients, content)


@pytest.fixture
def letters(tmp_path: Path) -> Fillable:
    return Fillable(tmp_path)


@pytest.fixture
def relay(letters: Letters) -> Iterator[smtplib.SMTP]:
    """A conversation with the SMTP server that fills `letters`."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    server = controller(letters, "127.0.0.1", port)
    server.start()
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as relay:
        yield relay
    server.stop()


def browser(letters: Letters) -> TestClient:
    return TestClient(create_app(letters))


def mail(to: str, html: str = "<p>你好</p>") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "hr@example.com", to, "面试邀请"
    message.set_content("纯文本 link: http://127.0.0.1/i/abc")
    message.add_alternative(html, subtype="html")
    message.add_attachment(
        b"BEGIN:VCALENDAR", maintype="text", subtype="calendar", filename='面试 "a".ics'
    )
    return message


def test_what_was_accepted_is_kept_and_shown(tmp_path: Path, relay: smtplib.SMTP) -> None:
    relay.send_message(mail("wang@example.com"))
    relay.send_message(mail("other@example.com"))
    pages = browser(Letters(tmp_path))  # as after a restart
    [found] = pages.get("/api/mails", params={"to": "WANG@example.com"}).json()["mails"]
    assert found["subject"] == "面试邀请"
    assert found["sender"] == "hr@example.com"
    assert "面试邀请" in pages.get("/").text
    shown = pages.get(f"/mails/{found['id']}").text
    assert "纯文本" in shown
    assert "你好" in pages.get(f"/mails/{found['id']}/html").text
    attachment = pages.get(f"/mails/{found['id']}/attachments/0")
    assert attachment.content == b"BEGIN:VCALENDAR"
    assert attachment.headers["content-disposition"].endswith("%E9%9D%A2%E8%AF%95%20%22a%22.ics")
    assert pages.get(f"/mails/{found['id']}/attachments/1").status_code == 404
    raw = pages.get(f"/api/mails/{found['id']}/raw").content
    assert message_from_bytes(raw)["To"] == "wang@example.com"


def test_an_address_beyond_ascii_arrives(letters: Letters, relay: smtplib.SMTP) -> None:
    relay.sendmail("hr@example.com", ["李明@例子.公司"], b"Subject: x\r\n\r\n", ["SMTPUTF8"])
    [found] = letters.newest_first(to="李明@例子.公司")
    assert found.recipients == ["李明@例子.公司"]


def test_bounces_can_be_tried_and_spare_the_others(letters: Letters, relay: smtplib.SMTP) -> None:
    for address in ("bounce@example.com", "Bounce-7@example.com"):
        with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
            relay.send_message(mail(address))
        assert caught.value.recipients[address][0] == 550
    refused = relay.sendmail("a@b", ["bounce@c", "good@c"], b"Subject: x\r\n\r\n")
    assert list(refused) == ["bounce@c"]
    assert [found.recipients for found in letters.newest_first()] == [["good@c"]]


def test_a_mail_too_large_is_refused(letters: Letters, relay: smtplib.SMTP) -> None:
    with pytest.raises(smtplib.SMTPResponseException) as caught:  # announced
        relay.sendmail("a@b", ["c@d"], b"x" * (MAX_BYTES + 1))
    assert caught.value.smtp_code == 552
    relay.rset()
    relay.docmd("MAIL", "FROM:<a@b>")
    relay.docmd("RCPT", "TO:<c@d>")
    status, _ = relay.data(b"x" * 900 + b"\r\n" + (b"y" * 900 + b"\r\n") * (MAX_BYTES // 900))
    assert status == 552
    assert letters.newest_first() == []


def test_a_full_disk_is_a_reason_to_try_again(letters: Fillable, relay: smtplib.SMTP) -> None:
    letters.full = True
    with pytest.raises(smtplib.SMTPDataError) as caught:
        relay.send_message(mail("c@d"))
    assert caught.value.smtp_code == 452
    letters.full = False
    relay.send_message(mail("c@d"))
    assert len(letters.newest_first()) == 1


def test_a_hostile_mail_runs_nothing(letters: Letters) -> None:
    evil = mail("x@example.com", "<script>alert(1)</script><img src=http://evil/>")
    evil.replace_header("Subject", "<script>alert(2)</script>")
    kept = letters.keep("<script>alert(3)", ["<script>alert(4)"], evil.as_bytes())
    pages = browser(letters)
    for page in ("/", f"/mails/{kept}", "/?to=<script>alert(5)"):
        answer = pages.get(page)
        assert "<script>alert" not in answer.text
        assert "script-src" not in answer.headers["content-security-policy"]
    assert 'sandbox="allow-popups' in pages.get(f"/mails/{kept}").text
    policy = pages.get(f"/mails/{kept}/html").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert "allow-scripts" not in policy
    raw = pages.get(f"/api/mails/{kept}/raw")
    assert raw.headers["content-type"].startswith("text/plain")
    assert raw.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff" * 50,
        b"Subject: \xff\xfe raw\r\n\r\nx",
        b"Subject: =?utf-8?q?a=0D=0Ab?=\r\n\r\nx",
        b"Subject: =?utf-8?q?=ED=A0=80?=\r\n\r\nx",
        b"Content-Type: text/plain; charset=nonsense\r\n\r\nhi \xff",
        b"Content-Type: text/html; charset=utf-16\r\n\r\n<p>",
        b"Content-Disposition: attachment; filename*=utf-8''%ff\r\nTo: <a@\r\n\r\nx",
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/mixed;"
        b" boundary=b\r\n\r\n--b\r\n\r\nq\r\n--b--\r\n--a\r\nContent-Type: message/rfc822\r\n\r\n"
        b"Subject: in\r\n\r\nin\r\n--a--",
    ],
)
def test_a_broken_mail_is_shown_as_far_as_it_goes(letters: Letters, raw: bytes) -> None:
    kept = letters.keep("a@b", ["c@d"], raw)
    pages = browser(letters)
    for path in ("/", f"/mails/{kept}", "/api/mails", f"/api/mails/{kept}/raw"):
        assert pages.get(path).status_code == 200, path
    assert pages.get(f"/api/mails/{kept}/raw").content == raw
    for number in range(3):
        assert pages.get(f"/mails/{kept}/attachments/{number}").status_code in (200, 404)


@pytest.mark.parametrize(
    "path", ["/mails/none", "/mails/..%2f..%2fetc", "/mails/none/html", "/api/mails/x/raw"]
)
def test_unknown_mails_are_not_found(letters: Letters, path: str) -> None:
    assert browser(letters).get(path).status_code == 404


def test_a_mail_without_its_envelope_was_never_accepted(letters: Letters, tmp_path: Path) -> None:
    kept = letters.keep("a", ["b"], b"Subject: x\r\n\r\n")
    (tmp_path / f"{kept}.json").unlink()  # killed between the two files: nobody was told 250
    assert letters.newest_first() == []
    assert browser(letters).get(f"/mails/{kept}").status_code == 404


def test_pages_go_back_in_time_and_forth(letters: Letters) -> None:
    ids = sorted(letters.keep("a", ["b@example.com"], b"Subject: x\r\n\r\n") for _ in range(5))
    newest = letters.newest_first(limit=2)
    rest = letters.newest_first(limit=9, before=newest[-1].id)
    assert ids == sorted(letter.id for letter in newest + rest)
    answer = browser(letters).get("/api/mails", params={"after": ids[2]}).json()["mails"]
    assert [found["id"] for found in answer] == [ids[4], ids[3]]
