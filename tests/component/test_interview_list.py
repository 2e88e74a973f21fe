"""``GET /v1/interviews``: every filter, every order, pages that miss nobody and repeat nobody."""

from __future__ import annotations

import csv
import io
import re
from urllib.parse import quote

import pytest
from openpyxl import load_workbook

from functions.console.app import app as console
from greenroom.adapters.database import Database
from greenroom.domain.interview import NEEDS_RE_RECORD, InterviewState
from greenroom.runtime.http import XLSX
from tests.function_client import Answer, FunctionClient
from tests.seeded import BATCH, api_key, invite, set_up

SCORES = {
    "甲": (90.0, 95.0),
    "乙": (70.0, 80.0),
    "丙": (85.0, 79.5),
    "丁": (60.0, None),
    "戊": (None, None),
}
"""Total and communication of each candidate."""


@pytest.fixture
def hr(platform: None, database: Database) -> FunctionClient:
    set_up(console)
    ids = invite(database, SCORES)
    with database.begin() as tx:
        for interview, (total, communication) in zip(ids, SCORES.values(), strict=True):
            tx.interviews.record_score(interview, total, {"communication": communication})
        tx.interviews.move(ids[0], InterviewState.OPENED)
        tx.interviews.set_flag(ids[1], NEEDS_RE_RECORD)
        tx.interviews.set_flag(ids[2], "other_flag")
    key = api_key(database, "interviews:read")
    return FunctionClient(console, authorization=f"Bearer {key}")


def listed(hr: FunctionClient, query: str) -> list[str]:
    answer = hr.get(f"/v1/interviews?{query}")
    assert answer.status == 200, answer.text
    return [row["candidate"]["name"] for row in answer.json()["interviews"]]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("score[communication]>=80", "甲乙"),
        (quote("score[communication]>", safe="") + "=80", "甲乙"),
        ("score[communication]<=80", "乙丙"),
        ("score[communication]>=79.5&score[communication]<=80", "乙丙"),
        ("total_score>=70&score[communication]>=80", "甲乙"),
        ("total_score<=60", "丁"),
        ("score[unheard_of]>=0", ""),
        ("state=opened", "甲"),
        ("state=created&score[communication]>=80", "乙"),
        (f"batch={BATCH}", "甲乙丙丁戊"),
        ("batch=bat_other", ""),
        ("job=store-manager", "甲乙丙丁戊"),
        ("job=cook", ""),
        ("candidate=c-丁", "丁"),
        ("flag=needs_re_record", "乙"),
        ("flag=needs", ""),
    ],
)
def test_filters_hold_together(hr: FunctionClient, query: str, names: str) -> None:
    assert sorted(listed(hr, query)) == sorted(names)


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("-total_score", "甲丙乙丁"),
        ("total_score", "丁乙丙甲"),
        ("-score[communication]", "甲乙丙"),
        ("score[communication]", "丙乙甲"),
    ],
)
def test_a_ranking_leaves_out_who_has_no_score(hr: FunctionClient, sort: str, names: str) -> None:
    assert "".join(listed(hr, f"job=store-manager&sort={sort}")) == names


@pytest.mark.parametrize(
    "query",
    [
        "",
        "sort=created_at",
        "sort=deadline",
        "sort=-total_score",
        "sort=score[communication]",
        "sort=-score[communication]&score[communication]>=79",
    ],
)
def test_pages_follow_their_links_and_are_the_whole_list(hr: FunctionClient, query: str) -> None:
    whole = listed(hr, query)
    found: list[str] = []
    url = f"/v1/interviews?limit=2&{query}"
    while url:
        answer = hr.get(url)
        found += [row["candidate"]["name"] for row in answer.json()["interviews"]]
        links = linked(answer)
        assert "after=" not in links["first"]
        assert links.get("next") == answer.json()["next"]
        url = links.get("next", "")
    assert found == whole
    assert len(whole) in (3, 4, 5)


def linked(answer: Answer) -> dict[str, str]:
    return {
        name: url for url, name in re.findall(r'<([^>]+)>; rel="(\w+)"', answer.headers["link"])
    }


def test_a_page_shows_the_scores_it_was_filtered_by(hr: FunctionClient) -> None:
    [first, *_] = hr.get("/v1/interviews?sort=-total_score").json()["interviews"]
    assert (first["total_score"], first["scores"]) == (90, {"communication": 95})
    assert first["competency_model"] == "store-manager"


def test_who_accepts_only_csv_gets_a_sheet_without_formulas(
    hr: FunctionClient, database: Database
) -> None:
    invite(database, [*SCORES, "=1+1"])
    answer = hr.get("/v1/interviews?sort=created_at", accept="text/csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    header, *rows = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    named = {row[1]: dict(zip(header, row, strict=True)) for row in rows}
    assert len(named) == 6
    best = named["c-甲"]
    assert (best["total_score"], best["score[communication]"]) == ("90.0", "95.0")
    assert named["c-=1+1"]["name"] == "'=1+1"


def test_who_accepts_only_excel_gets_a_workbook_in_which_nothing_is_a_formula(
    hr: FunctionClient, database: Database
) -> None:
    typed = ["=1+1", "+86 李", "-x", "@SUM(A1)"]
    invite(database, [*SCORES, *typed])
    answer = hr.get("/v1/interviews?sort=created_at", accept=XLSX)
    assert answer.headers["content-type"] == XLSX
    sheet = load_workbook(io.BytesIO(answer.content)).active
    header, *rows = sheet.iter_rows()
    named = {row[1].value: dict(zip([c.value for c in header], row, strict=True)) for row in rows}
    best = named["c-甲"]
    assert (best["total_score"].value, best["score[communication]"].value) == (90, 95)
    for text in typed:
        cell = named[f"c-{text}"]["name"]
        assert (cell.value, cell.data_type, cell.quotePrefix) == (text, "s", True)
    assert not any(cell.data_type == "f" for row in rows for cell in row)


def test_a_cursor_whose_score_is_gone_says_so(hr: FunctionClient, database: Database) -> None:
    following = hr.get("/v1/interviews?sort=-total_score&limit=1").json()
    with database.begin() as tx:
        tx.interviews.forget_scores(following["interviews"][0]["interview"])
    answer = hr.get(following["next"])
    assert (answer.status, answer.json()["code"]) == (409, "cursor_lost")


@pytest.mark.parametrize(
    "query",
    [
        "stat=opened",
        "state=asleep",
        "sort=name",
        "sort=score[X]",
        "limit=0",
        "limit=201",
        "flag=A'--",
        "score[communication]>=high",
        "score[communication]>=101",
        "score[communication]=80",
        "score[communication]>=-1",
        "score[a;b]>=1",
        "total_score=80",
        "sort=--total_score",
    ],
)
def test_a_misspelt_filter_does_not_answer_with_everybody(hr: FunctionClient, query: str) -> None:
    answer = hr.get(f"/v1/interviews?{query}")
    assert (answer.status, answer.json()["code"]) == (422, "invalid_query")
