"""Mails that were given up: listed page by page, sent again one by one or by a stretch of time."""

from datetime import timedelta

import pytest

from tests.invitation_fixtures import House, candidate


def refused(house: House, count: int) -> list[dict]:
    """Mails to addresses that the relay refuses, given up."""
    rows = [candidate(number) for number in range(count)]
    house.sink.answers = {row["email"]: "550 5.1.1 no such mailbox" for row in rows}
    house.work_off(house.invite(0, candidates=rows))
    house.sink.answers = {}
    return page(house)["mails"]


def page(house: House, query: str = "") -> dict:
    status, answer = house.call("GET", f"/v1/mails{query}")
    assert status == 200, answer
    return answer


def test_dead_mails_are_listed_and_one_is_sent_again(house: House) -> None:
    dead = refused(house, 2)
    assert {mail["state"] for mail in dead} == {"dead"}
    assert dead[0]["last_error"].startswith("550")
    path = f"/v1/mails/{dead[0]['interview']}/{dead[0]['message']}/{dead[0]['number']}/resend"
    assert house.call("POST", path) == (202, {"mails": 1})
    house.sweep()
    assert len(house.sink.messages()) == 1
    status, answer = house.call("POST", path)  # it is out: never twice
    assert (status, answer["code"]) == (409, "mail_not_dead")
    assert len(page(house)["mails"]) == 1


def test_all_of_an_outage_are_sent_again_once(house: House) -> None:
    refused(house, 3)
    since = (house.clock() - timedelta(hours=1)).isoformat()
    until = (house.clock() + timedelta(hours=1)).isoformat()
    window = {"since": since, "until": until}
    assert house.call("POST", "/v1/mails/resend", window) == (202, {"mails": 3})
    assert house.call("POST", "/v1/mails/resend", window) == (202, {"mails": 0})
    house.sweep()
    assert sorted(house.sink.counts().values()) == [1, 1, 1]
    status, answer = house.call("POST", "/v1/mails/resend", {"since": until, "until": since})
    assert (status, answer["code"]) == (422, "window_reversed")


def test_pages_hold_every_mail_once(house: House) -> None:
    house.work_off(house.invite(5))
    found, at = [], "?state=sent&limit=2"
    while at:
        answer = page(house, at.removeprefix("/v1/mails"))
        found += [mail["interview"] for mail in answer["mails"]]
        at = answer["next"]
    assert len(found) == len(set(found)) == 5


@pytest.mark.parametrize("query", ["?state=lost", "?after=x", "?after=1~a~b~c", "?limit=0", "?x=1"])
def test_a_bad_query_is_refused(house: House, query: str) -> None:
    status, answer = house.call("GET", f"/v1/mails{query}")
    assert status == 422
    assert answer["code"] in ("invalid_query", "invalid_cursor")
