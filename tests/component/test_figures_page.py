"""过程指标 in the console: the drawing and the table say the same, in both languages; what is unknown is said."""

from __future__ import annotations

import re

import pytest

from functions.console.app import app
from greenroom.adapters.database import Database
from greenroom.domain.events import EventType
from tests.console_visitors import signed_in
from tests.function_client import FunctionClient
from tests.seeded import SettableClock, invite, set_up

CELLS = re.compile(r'<tr><th scope="row">([^<]+)</th>(.*?)</tr>', re.DOTALL)
NUMBERS = re.compile(r"<td[^>]*>([^<]*)</td>")


@pytest.fixture
def client(platform: None, database: Database) -> FunctionClient:
    set_up(app, SettableClock())
    return FunctionClient(app, cookie=signed_in(database).cookie)


def invited(database: Database) -> tuple[str, list[str]]:
    interviews = invite(database, ["李明", "王芳", "赵强", "周洋"])
    with database.begin() as tx:
        for interview in interviews[1:]:
            tx.process_log.append(interview, EventType.INTERVIEW_INVITED)
        tx.process_log.append(interviews[1], EventType.INTERVIEW_OPENED)
        return tx.interviews.get(interviews[0]).batch_id, interviews


def test_the_table_and_the_drawing_say_the_same(client: FunctionClient, database: Database) -> None:
    batch, _ = invited(database)
    page = client.get(f"/console/batches/{batch}/figures?lang=en")
    assert page.status == 200
    rows = {name: NUMBERS.findall(cells) for name, cells in CELLS.findall(page.text)}
    assert rows["Invited"] == ["4", "100%", "4", "1"]
    assert rows["Mail sent"] == ["3", "75%", "3", "2"]
    assert rows["Personal page opened"] == ["1", "25%", "1", "1"]
    assert rows["Mail opened"] == ["Not recorded: policy or settings forbid it"]
    widths = re.findall(r'class="reached" [^>]*width="([0-9.]+)"', page.text)
    assert widths[:3] == ["400.0", "300.0", "100.0"]
    assert [f"{share}" for share in re.findall(r"· (\d+%)</text>", page.text)][:3] == [
        "100%",
        "75%",
        "25%",
    ]
    assert "受邀" in client.get(f"/console/batches/{batch}/figures?lang=zh-CN").text


def test_a_batch_that_is_not_there_is_said_so(client: FunctionClient) -> None:
    page = client.get("/console/batches/<script>/figures?lang=en")
    assert page.status == 404
    assert "<script>/" not in page.text
