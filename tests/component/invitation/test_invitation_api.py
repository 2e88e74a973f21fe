"""The catalogue and the acceptance of batches over HTTP."""

import json
from typing import Any

import pytest

from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.batch import parse_batch
from greenroom.domain.errors import Unavailable
from tests.invitation_fixtures import MODEL, QUESTION, TEMPLATE, House, batch, candidate


def test_what_was_put_into_the_catalogue_can_be_read(house: House) -> None:
    status, model = house.call("GET", "/v1/competency-models/store-manager")
    assert (status, model["competencies"][0]["weight"]) == (200, 60)
    status, template = house.call("GET", "/v1/templates/screening")
    assert (status, template["questions"][0]["id"]) == (200, "intro")
    assert house.call("GET", "/v1/competency-models")[1] == {"competency_models": [model]}
    assert house.call("GET", "/v1/templates")[1] == {"templates": [template]}


def test_putting_again_replaces(house: House) -> None:
    changed = TEMPLATE | {"name": {"en": "Second edition"}, "version": 2}
    house.call("PUT", "/v1/templates/screening", changed, scope="catalogue:write")
    assert house.call("GET", "/v1/templates/screening")[1]["version"] == 2


def test_weights_that_add_up_to_99_are_refused_with_the_sum(house: House) -> None:
    competencies = [dict(item) for item in MODEL["competencies"]]
    competencies[0]["weight"] = 59
    status, problem = house.call(
        "PUT",
        "/v1/competency-models/store-manager",
        MODEL | {"competencies": competencies},
        scope="catalogue:write",
    )
    assert (status, problem["code"]) == (422, "invalid_document")
    assert "add up to 99" in problem["detail"]


@pytest.mark.parametrize(
    ("method", "path", "body", "scope", "expected"),
    [
        ("PUT", "/v1/templates/other", TEMPLATE, "catalogue:write", (422, "id_mismatch")),
        ("PUT", "/v1/competency-models/other", MODEL, "catalogue:write", (422, "id_mismatch")),
        ("PUT", "/v1/templates/screening", "{", "catalogue:write", (422, "invalid_document")),
        ("GET", "/v1/templates/other", None, "batches:write", (404, "unknown_template")),
        (
            "GET",
            "/v1/competency-models/other",
            None,
            "batches:write",
            (404, "unknown_competency_model"),
        ),
        ("GET", "/v1/batches/bat_x", None, "batches:write", (404, "unknown_batch")),
        ("PUT", "/v1/templates/screening", TEMPLATE, "batches:write", (403, "scope_missing")),
        ("POST", "/v1/batches", batch(1), "interviews:read", (403, "scope_missing")),
        ("POST", "/v1/batches", batch(1), "", (401, "credential_missing")),
    ],
)
def test_requests_that_are_refused(
    house: House, method: str, path: str, body: Any, scope: str, expected: tuple[int, str]
) -> None:
    status, problem = house.call(method, path, body, scope=scope)
    assert (status, problem["code"]) == expected


def test_a_batch_with_bad_rows_keeps_the_good_ones(house: House) -> None:
    rows = [
        candidate(0),
        candidate(1, email="nobody"),
        candidate(2, name="李\r\nBcc: all@example.com"),
        candidate(3, locale="en"),
        candidate(0),
    ]
    status, answer = house.call("POST", "/v1/batches", batch(0, candidates=rows))
    assert status == 202
    assert (answer["accepted"], answer["rejected"]) == (2, 3)
    assert [(error["row"], error["code"], error["field"]) for error in answer["errors"]] == [
        (2, "invalid_row", "email"),
        (3, "invalid_row", "name"),
        (5, "duplicate_candidate", "external_id"),
    ]
    kept = parse_batch(house.store.get(f"batches/{answer['batch']}.json"))
    assert [row.external_id for row in kept.rows] == ["c0", "c3"]
    progress = house.progress(answer["batch"])
    assert (progress["state"], progress["accepted"], progress["rejected"]) == ("accepted", 2, 3)
    assert progress["errors"] == answer["errors"]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ({"template": "other"}, (404, "unknown_template")),
        ({"competency_model": "other"}, (404, "unknown_competency_model")),
        ({"deadline": "2026-06-01T15:59:00+08:00"}, (422, "deadline_past")),
        ({"deadline": "2026-06-30"}, (422, "invalid_document")),
        ({"candidates": []}, (422, "no_rows")),
        ({"candidates": [candidate(1, email="x"), 5]}, (422, "no_good_rows")),
        ({"candidates": [candidate(1)] * 5001}, (413, "too_many_rows")),
        (
            {"questions": [QUESTION | {"competencies": ["juggling"]}]},
            (422, "unknown_competency"),
        ),
        ({"questions": [QUESTION, QUESTION]}, (422, "invalid_document")),
    ],
)
def test_batches_that_are_refused_whole(
    house: House, head: dict[str, Any], expected: tuple[int, str]
) -> None:
    status, problem = house.call("POST", "/v1/batches", batch(1, **head))
    assert (status, problem["code"]) == expected
    assert list(house.store.listing("batches/")) == []


def test_the_rows_are_named_when_none_is_good(house: House) -> None:
    rows = [candidate(1, email="x"), 5]
    _, problem = house.call("POST", "/v1/batches", batch(0, candidates=rows))
    assert [error["row"] for error in problem["errors"]] == [1, 2]


def test_the_same_key_answers_the_same_and_makes_one_batch(house: House) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = house.call("POST", "/v1/batches", batch(3), headers=headers)
    assert house.call("POST", "/v1/batches", batch(3), headers=headers) == first
    assert len(list(house.store.listing("batches/"))) == 1
    status, problem = house.call("POST", "/v1/batches", batch(4), headers=headers)
    assert (status, problem["code"]) == (409, "idempotency_key_reused")


def test_without_a_key_each_call_is_a_batch(house: House) -> None:
    assert house.invite(1) != house.invite(1)


class StoreThatFails(ObjectStore):
    """The object store while it does not take anything."""

    def put(self, key: str, body: bytes, content_type: str = "application/json") -> None:
        raise Unavailable("down", code="store_unavailable")


def test_a_request_that_failed_midway_finds_its_batch_when_it_comes_again(house: House) -> None:
    headers = {"Idempotency-Key": "k1"}
    store = house.store
    house.app.store = StoreThatFails(
        bucket=store.bucket, endpoint=None, access_key="x", secret_key="x"
    )
    status, problem = house.call("POST", "/v1/batches", batch(2), headers=headers)
    assert (status, problem["code"]) == (503, "store_unavailable")
    house.app.store = store
    status, answer = house.call("POST", "/v1/batches", batch(2), headers=headers)
    assert (status, answer["accepted"]) == (202, 2)
    assert [found.key for found in store.listing("batches/")] == [f"batches/{answer['batch']}.json"]
    assert house.progress(answer["batch"])["state"] == "accepted"


def test_a_key_that_is_forgotten_may_bring_another_batch(house: House) -> None:
    one = house.invite(1, key="k1")
    house.clock.turn(hours=25)
    other = house.invite(2, key="k1")
    assert one != other
    assert house.progress(one)["accepted"] == 1


def test_hrs_own_questions_replace_the_templates(house: House) -> None:
    edited = QUESTION | {"id": "edited", "text": {"zh-CN": "为什么选择我们？"}}
    house.work_off(house.invite(1, questions=[edited]))
    (message,) = house.sink.messages()
    text = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "为什么选择我们？" in text
    assert "请介绍自己。" not in text


def test_a_later_edit_of_the_template_changes_no_running_batch(house: House) -> None:
    batch_id = house.invite(1)
    changed = TEMPLATE | {"questions": [QUESTION | {"text": {"zh-CN": "新的问题"}}]}
    house.call("PUT", "/v1/templates/screening", changed, scope="catalogue:write")
    house.work_off(batch_id)
    (message,) = house.sink.messages()
    assert "新的问题" not in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_the_object_of_5000_candidates_is_cut_into_20_slices(house: House) -> None:
    batch_id = house.invite(5000)
    assert house.notify(f"batches/{batch_id}.json") == []
    keys = house.slices(batch_id)
    assert [int(key[-9:-5]) for key in keys] == list(range(20))
    rows = [row for key in keys for row in json.loads(house.store.get(key))["rows"]]
    assert [row["external_id"] for row in rows] == [f"c{number}" for number in range(5000)]
    before = {key: house.store.get(key) for key in keys}
    assert house.notify(f"batches/{batch_id}.json") == []
    assert {key: house.store.get(key) for key in house.slices(batch_id)} == before


def test_proposed_questions_can_be_sent_with_a_batch(house: House) -> None:
    path = "/v1/competency-models/store-manager/questions"
    wish = {"count": 3, "keywords": ["项目管理经验"], "screen": False}
    status, proposed = house.call("POST", path, wish)
    assert (status, len(proposed["questions"])) == (200, 3)
    assert proposed == house.call("POST", path, wish)[1]
    for bad in ({"count": 0}, {"keywords": [""]}, {"extra": 1}):
        assert house.call("POST", path, bad)[0] == 422
    assert house.call("POST", path.replace("store", "no-such"), wish)[0] == 404
