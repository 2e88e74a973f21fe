"""The list of interviews as HR sees it: its form, the filters that hold, ranks, pages, the file to download."""

from __future__ import annotations

import csv
import html
import io
import re

import pytest

from functions.console import list_page
from functions.console.app import app
from greenroom.adapters.database import Database
from greenroom.domain.access import Role
from greenroom.runtime.http import XLSX
from tests.console_visitors import SignedIn, signed_in
from tests.function_client import FunctionClient
from tests.seeded import BATCH, SettableClock, invite, set_up

PATH = "/console/interviews"
SCORES = {"李明": 91.0, "王芳": 84.5, "赵敏": 77.0, "周杰": 62.0, "吴军": None}


@pytest.fixture
def client(platform: None) -> FunctionClient:
    set_up(app, SettableClock())
    return FunctionClient(app)


@pytest.fixture
def hr(client: FunctionClient, database: Database) -> SignedIn:
    return signed_in(database)


@pytest.fixture
def ids(client: FunctionClient, database: Database) -> dict[str, str]:
    """Five candidates of one job; the total is the score of 沟通能力."""
    found = dict(zip(SCORES, invite(database, SCORES), strict=True))
    with database.begin() as tx:
        for name, score in SCORES.items():
            tx.interviews.record_score(found[name], score, {"communication": score})
        tx.interviews.set_flag(found["周杰"], "needs_follow_up")
    return found


def names(page: str) -> list[str]:
    """Whom the page lists, from the top."""
    return re.findall(r'<a href="/console/interviews/itv_[^"]*">([^<]*)</a>', page)


@pytest.mark.parametrize(
    ("query", "listed"),
    [
        ("bound=communication&relation=%3E&score=80&state=", {"李明", "王芳"}),
        ("score%5Bcommunication%5D%3E=80", {"李明", "王芳"}),
        ("bound=total&relation=%3C&score=77", {"赵敏", "周杰"}),
        ("total_score%3E=62&bound=communication&relation=%3C&score=80", {"赵敏", "周杰"}),
        ("flag=needs_follow_up&limit=50&sort=", {"周杰"}),
        (f"batch={BATCH}&job=store-manager&state=created", set(SCORES)),
        ("state=scored", set()),
    ],
)
def test_the_form_and_the_address_filter_alike(
    client: FunctionClient, hr: SignedIn, ids: dict[str, str], query: str, listed: set[str]
) -> None:
    page = client.get(f"{PATH}?{query}", cookie=hr.cookie)
    assert (page.status, set(names(page.text))) == (200, listed)


def test_each_filter_that_holds_is_a_chip_that_takes_it_off(
    client: FunctionClient, hr: SignedIn, ids: dict[str, str]
) -> None:
    asked = "state=created&bound=communication&relation=%3E&score=80&flag=needs_follow_up"
    page = client.get(f"{PATH}?{asked}", cookie=hr.cookie).text
    assert "没有符合条件的面试" in page
    chips = {
        re.sub(r"<[^>]*>|\s", "", words): html.unescape(link)
        for link, words in re.findall(r'class="chip" href="([^"]*)">(.*?)</a>', page, re.DOTALL)
    }
    assert [words.removesuffix("移除此筛选×") for words in chips] == [
        "已创建",
        "需跟进",
        "沟通能力≥80",
    ]
    without_flag = client.get(chips["需跟进移除此筛选×"], cookie=hr.cookie).text
    assert set(names(without_flag)) == {"李明", "王芳"}


def test_a_ranking_goes_on_over_its_pages(
    client: FunctionClient,
    hr: SignedIn,
    ids: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url, ranked = f"{PATH}?job=store-manager&sort=-score[communication]&limit=2", []
    while url:
        page = client.get(url, cookie=hr.cookie).text
        assert "共 4 场面试" in page
        places = re.findall(r'class="place">(\d+)<', page)
        ranked += zip(places, names(page), strict=True)
        following = re.search(r'rel="next" href="([^"]*)"', page)
        url = html.unescape(following[1]) if following else ""
    assert ranked == [("1", "李明"), ("2", "王芳"), ("3", "赵敏"), ("4", "周杰")]
    monkeypatch.setattr(list_page, "COUNTED", 3)
    first = client.get(f"{PATH}?job=store-manager&sort=-total_score&limit=2", cookie=hr.cookie).text
    assert ("超过 3 场面试" in first, 'class="place">1<' in first) == (True, True)
    second = re.search(r'rel="next" href="([^"]*)"', first)
    assert second
    assert 'class="place"' not in client.get(html.unescape(second[1]), cookie=hr.cookie).text


@pytest.mark.parametrize(
    "query", ["state=nonsense", "score[x]%3E=101", "sort=name", "limit=0", "stat=created"]
)
def test_a_filter_that_cannot_be_is_said_above_the_form(
    client: FunctionClient, hr: SignedIn, ids: dict[str, str], query: str
) -> None:
    page = client.get(f"{PATH}?{query}", cookie=hr.cookie)
    assert (page.status, names(page.text)) == (422, [])
    assert 'role="alert"' in page.text
    assert '<select name="state">' in page.text


def test_the_file_holds_every_page_and_nothing_of_others(
    client: FunctionClient, hr: SignedIn, ids: dict[str, str], database: Database
) -> None:
    page = client.get(f"{PATH}?limit=1&score[communication]%3E=80", cookie=hr.cookie).text
    link = re.search(r'href="(/console/interview-list/csv[^"]*)"', page)
    assert link
    file = client.get(html.unescape(link[1]), cookie=hr.cookie)
    assert file.headers["content-disposition"] == 'attachment; filename="interviews.csv"'
    rows = list(csv.DictReader(io.StringIO(file.text.lstrip("\ufeff"))))
    assert {(row["name"], row["score[communication]"]) for row in rows} == {
        ("李明", "91.0"),
        ("王芳", "84.5"),
    }
    url = html.unescape(link[1]).replace("/csv", "/xlsx")
    book = client.get(url, cookie=hr.cookie, accept="text/html,application/xml;q=0.9,*/*;q=0.8")
    assert (book.status, book.headers["content-type"]) == (200, XLSX)
    assert book.headers["content-disposition"] == 'attachment; filename="interviews.xlsx"'
    with database.begin() as tx:
        seen = [entry.act.action for entry in tx.audit.find()]
    assert seen[:2] == ["interview_list_file.seen"] * 2


def test_who_may_not_act_is_offered_no_action(
    client: FunctionClient, ids: dict[str, str], database: Database
) -> None:
    with database.begin() as tx:
        tx.interviewers.assign(ids["李明"], ["wu@example.com"])
    interviewer = signed_in(database, Role.INTERVIEWER, email="wu@example.com")
    page = client.get(PATH, cookie=interviewer.cookie).text
    assert names(page) == ["李明"]
    assert "共 1 场面试" in page
    auditor = client.get(PATH, cookie=signed_in(database, Role.AUDITOR).cookie).text
    for shown in (page, auditor):
        assert "/console/bulk" not in shown
        assert "tick-" not in shown
    assert ("interview-list/csv" in page, "interview-list/csv" in auditor) == (False, True)
