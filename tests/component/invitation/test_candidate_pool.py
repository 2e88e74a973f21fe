"""The candidate pool: kept by the EHR's ids, filtered by documents, invited by a filter."""

from __future__ import annotations

from typing import Any

import pytest

from greenroom.domain.batch import MAX_ROWS, CandidateRow
from tests.invitation_fixtures import House, batch, candidate

RETAIL = {
    "id": "retail-graduates",
    "name": {"zh-CN": "本科及以上，1 年零售经验"},
    "education": "bachelor",
    "experience": [{"field": "零售", "years": 1}],
}
PEOPLE: list[tuple[str, list[dict[str, Any]]]] = [
    ("本科", [{"field": "零售", "years": 1.5}]),
    ("大专", [{"field": "零售", "years": 5}]),
    ("硕士", [{"field": "零售", "years": 1}]),
    ("博士", []),
    ("Bachelor", [{"field": "零售", "years": 3}]),
]
FIT = ["c0", "c2", "c4"]


@pytest.fixture
def pool(house: House) -> House:
    for number, (education, experience) in enumerate(PEOPLE):
        resume = {"education": education, "experience": experience}
        kept = put(house, candidate(number, resume=resume))
        assert kept[0] == 200, kept
    saved = house.call(
        "PUT", f"/v1/candidate-filters/{RETAIL['id']}", RETAIL, scope="catalogue:write"
    )
    assert saved[0] == 200, saved
    return house


def put(house: House, document: dict[str, Any]) -> tuple[int, Any]:
    path = f"/v1/candidates/{document['external_id']}"
    return house.call("PUT", path, document, scope="candidates:write")


def read(house: House, path: str) -> tuple[int, Any]:
    return house.call("GET", path, scope="candidates:write")


def test_a_candidate_is_what_the_ehr_said_last(pool: House) -> None:
    status, found = read(pool, "/v1/candidates/c0")
    assert (status, found["resume"]["education"]) == (200, "本科")
    assert put(pool, candidate(0, name="李明"))[0] == 200
    found = read(pool, "/v1/candidates/c0")[1]
    assert (found["name"], found["resume"]) == ("李明", None)
    assert read(pool, "/v1/candidates/nobody")[1]["code"] == "unknown_candidate"
    wrong = pool.call("PUT", "/v1/candidates/other", candidate(0), scope="candidates:write")
    assert (wrong[0], wrong[1]["code"]) == (422, "id_mismatch")
    assert put(pool, candidate(1, email="nobody"))[1]["code"] == "invalid_document"
    assert pool.call("GET", "/v1/candidates", scope="batches:write")[1]["code"] == "scope_missing"


@pytest.mark.parametrize(
    ("query", "ids"), [("", ["c0", "c1", "c2", "c3", "c4"]), ("filter=retail-graduates&", FIT)]
)
def test_the_pool_is_listed_in_pages(pool: House, query: str, ids: list[str]) -> None:
    found, url = [], f"/v1/candidates?{query}limit=2"
    while url:
        status, page = read(pool, url)
        assert status == 200
        assert len(page["candidates"]) <= 2
        found += [one["external_id"] for one in page["candidates"]]
        url = page["next"]
    assert found == ids


def test_what_cannot_be_listed_is_said(pool: House) -> None:
    for query, code in (("filter=none", "unknown_filter"), ("fliter=x", "invalid_query")):
        assert read(pool, f"/v1/candidates?{query}")[1]["code"] == code


def test_filters_are_kept_and_read(pool: House) -> None:
    status, found = pool.call("GET", "/v1/candidate-filters/retail-graduates")
    assert (status, found["education"]) == (200, "bachelor")
    listed = pool.call("GET", "/v1/candidate-filters")[1]["filters"]
    assert [one["id"] for one in listed] == ["retail-graduates"]
    empty = {"id": "all", "name": {"en": "All"}}
    refused = pool.call("PUT", "/v1/candidate-filters/all", empty, scope="catalogue:write")
    assert (refused[0], refused[1]["code"]) == (422, "invalid_document")


def of_filter(**fields: Any) -> dict[str, Any]:
    document = batch(0, filter="retail-graduates")
    del document["candidates"]
    return {**document, **fields}


def test_a_filter_invites_whom_it_finds_and_twice_is_once(pool: House) -> None:
    answers = [
        pool.call("POST", "/v1/batches", of_filter(), headers={"Idempotency-Key": "season"})
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    status, accepted = answers[0]
    assert (status, accepted["accepted"], accepted["errors"]) == (202, 3, [])
    pool.work_off(accepted["batch"])
    assert sorted(pool.logs(accepted["batch"])) == FIT
    assert sum(pool.sink.counts().values()) == 3
    with pool.database.begin() as tx:
        kept = tx.candidates.get("c4").resume
    assert kept is not None and kept.education == "Bachelor", "a batch does not forget a résumé"


def test_a_batch_without_resumes_leaves_them_in_the_pool(pool: House) -> None:
    pool.work_off(pool.invite(2))
    assert read(pool, "/v1/candidates/c0")[1]["resume"]["education"] == "本科"


def test_a_filter_that_finds_nobody_or_too_many_invites_nobody(pool: House) -> None:
    doctors = {"id": "doctors", "name": {"en": "D"}, "education": "doctor", "skills": ["nothing"]}
    pool.call("PUT", "/v1/candidate-filters/doctors", doctors, scope="catalogue:write")
    assert pool.call("POST", "/v1/batches", of_filter(filter="doctors"))[1]["code"] == "nobody_fits"
    assert pool.call("POST", "/v1/batches", of_filter(filter="x"))[1]["code"] == "unknown_filter"
    resume = {"education": "本科", "experience": [{"field": "零售", "years": 2}]}
    rows = [
        CandidateRow.model_validate({**candidate(number), "resume": resume})
        for number in range(10, MAX_ROWS + 10)
    ]
    with pool.database.begin() as tx:
        tx.candidates.keep(rows)
    status, answer = pool.call("POST", "/v1/batches", of_filter())
    assert (status, answer["code"]) == (413, "too_many_rows")
