"""Our sender talks to somebody else's SMTP server, and somebody else's SMTP client talks to our mailbox."""

from __future__ import annotations

import email
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import icalendar
import pytest

from greenroom_local.mailbox.letters import Letters
from greenroom_local.mailbox.smtp import controller
from tests.invitation_fixtures import House, Sink

KEEP = """
import os, pathlib, sys, tempfile
folder = pathlib.Path(sys.argv[1])
number, path = tempfile.mkstemp(dir=folder)
os.write(number, sys.stdin.buffer.read())
os.rename(path, f"{path}.eml")
(folder / "recipients").open("a").write(sys.argv[-1] + "\\n")
"""


class Msmtpd(Sink):
    """Debian's msmtpd in the place of our sink: it hands each mail to a program that keeps it in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__()

    def up(self) -> None:
        command = [sys.executable, "-c", KEEP, str(self.folder), "--"]
        arguments = [f"--port={self.port}", f"--command={shlex.join(command)}"]
        self._process = subprocess.Popen(["msmtpd", *arguments])
        for _ in range(200):
            with socket.socket() as probe:
                probe.settimeout(0.05)
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("msmtpd does not listen")

    def down(self) -> None:
        self._process.kill()
        self._process.wait()

    def kept(self) -> list[EmailMessage]:
        read = [
            email.message_from_bytes(path.read_bytes(), policy=SMTP)
            for path in sorted(self.folder.glob("*.eml"))
        ]
        return [message for message in read if isinstance(message, EmailMessage)]


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Msmtpd]:
    if shutil.which("msmtpd") is None:
        pytest.skip("needs Debian's msmtp-mta")
    folder = tmp_path / "kept"
    folder.mkdir()
    server = Msmtpd(folder)
    yield server
    server.down()


def test_a_batch_goes_out_through_msmtpd(house: House, sink: Msmtpd) -> None:
    batch = house.invite(5)
    house.work_off(batch)
    assert house.progress(batch)["mails"] == {"pending": 0, "sent": 5, "failed": 0}
    addresses = {f"c{number}@example.com" for number in range(5)}
    assert set((sink.folder / "recipients").read_text().split()) == addresses
    for mail in sink.kept():
        assert mail.defects == []
        assert mail["To"].addresses[0].addr_spec in addresses
        text, html = mail.get_body(("plain",)), mail.get_body(("html",))
        assert text is not None and "https://interview.example.com/i/" in text.get_content()
        assert html is not None and "候选人" in html.get_content()
        (entry,) = mail.iter_attachments()
        assert icalendar.Calendar.from_ical(entry.get_content()).events


def test_swaks_delivers_to_the_mailbox(tmp_path: Path) -> None:
    if shutil.which("swaks") is None:
        pytest.skip("needs Debian's swaks")
    letters = Letters(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    server = controller(letters, "127.0.0.1", port)
    server.start()
    try:
        body = ["--header", "Subject: Interview", "--body", "first\n.\nthird"]
        where = ["--server", f"127.0.0.1:{port}", "--to", "li@example.com"]
        who = ["--from", "hr@example.com", "--helo", "client.example.com"]
        done = subprocess.run(
            ["swaks", *where, *who, *body], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stdout
    finally:
        server.stop()
    (kept,) = letters.newest_first()
    text = email.message_from_bytes(letters.raw(kept.id), policy=SMTP).get_content()
    assert text.splitlines()[:3] == ["first", ".", "third"], "a dot alone ends nothing in a mail"
