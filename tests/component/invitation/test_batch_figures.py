"""Process figures over the API: a batch from its trigger to its mails, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
from typing import Any

from greenroom.domain.figures import FunnelStep
from tests.function_client import FunctionClient
from tests.invitation_fixtures import House


def read(house: House, path: str, **headers: str) -> Any:
    authorization = {"authorization": f"Bearer {house.keys['interviews:read']}"}
    return FunctionClient(house.app).request("GET", path, headers={**authorization, **headers})


def rows_of(text: str) -> dict[tuple[str, str], str]:
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    return {(row["figure"], row["step"]): row["value"] for row in rows}


def test_a_batch_is_told_from_its_trigger_to_its_mails(house: House) -> None:
    house.sink.answers["c2@example.com"] = "550 5.1.1 no such user"
    batch = house.invite(4)
    house.clock.turn(minutes=3)
    house.work_off(batch)
    answer = read(house, f"/v1/batches/{batch}/figures")
    assert answer.status == 200
    figures = answer.json()
    reached = {row["step"]: row["reached"] for row in figures["funnel"]}
    assert list(reached) == list(FunnelStep)
    assert (reached["invited"], reached["mail_sent"], reached["link_opened"]) == (4, 3, 0)
    assert figures["funnel"][0]["stopped"] == 1
    assert figures["minutes_to_mail"] == {"median": 3, "p95": 3}
    assert figures["recordings"]["success_rate"] is None


def test_the_same_as_csv_by_accept_or_by_format(house: House) -> None:
    batch = house.invite(2, policy="eu")
    house.work_off(batch)
    path = f"/v1/batches/{batch}/figures"
    by_accept = read(house, path, accept="text/csv")
    by_format = read(house, f"{path}?format=csv")
    assert by_accept.text == by_format.text
    assert by_format.headers["content-type"].startswith("text/csv")
    told = rows_of(by_format.text)
    assert told["reached", "mail_sent"] == "2"
    assert told["reached", "mail_opened"] == ""  # not tracked is not nought
    assert read(house, f"{path}?format=json", accept="text/csv").json()["batch"] == batch


def test_what_is_asked_wrongly_is_refused(house: House) -> None:
    assert house.call("GET", "/v1/batches/bat_x/figures")[1]["code"] == "scope_missing"
    unknown = read(house, "/v1/batches/bat_x/figures")
    assert (unknown.status, unknown.json()["code"]) == (404, "unknown_batch")
    batch = house.invite(1)
    wrong = read(house, f"/v1/batches/{batch}/figures?format=xlsx")
    assert (wrong.status, wrong.json()["code"]) == (422, "invalid_query")
