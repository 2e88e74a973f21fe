"""A batch as CSV, as Excel saves it: good rows are invited, bad ones named by their row in the sheet."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.invitation_fixtures import DEADLINE, House

HEAD = {"template": "screening", "competency_model": "store-manager", "deadline": DEADLINE}
SHEET = """编号,姓名,邮箱,学历,工作年限,行业经验,关键词,备注
e1,李明,li@example.com,本科,3.5,零售：2；餐饮:1,门店管理、团队,好
e2,王芳,no address,硕士,,,,

e3,赵磊,zhao@example.com,,many,,,
e4,李明二,li@example.com,,,,,
e5,=cmd|' /C calc'!A0,five@example.com,,,零售,,
e6,周洁,zhou@example.com,,,,,
"""


def upload(
    house: House, body: str | bytes, *, key: str = "", **head: str
) -> tuple[int, dict[str, Any]]:
    headers = {"content-type": "text/csv", **({"Idempotency-Key": key} if key else {})}
    path = f"/v1/batches?{urlencode({**HEAD, **head})}"
    return house.call("POST", path, body, headers=headers)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_sheet_is_taken_row_by_row(house: House, encoding: str) -> None:
    status, answer = upload(house, SHEET.encode(encoding))
    assert (status, answer["accepted"], answer["rejected"]) == (202, 2, 4), answer
    assert answer["ignored_columns"] == ["备注"]
    assert [(error["row"], error["code"], error["field"]) for error in answer["errors"]] == [
        (3, "invalid_row", "email"),
        (5, "invalid_row", "resume.years_of_experience"),
        (6, "duplicate_candidate", "email"),
        (7, "invalid_row", "resume.experience.0.years"),
    ]
    assert answer["errors"][2]["message"] == "same email as row 2"
    house.work_off(answer["batch"])
    assert sorted(house.logs(answer["batch"])) == ["e1", "e6"]
    with house.database.begin() as tx:
        resume = tx.candidates.get("e1").resume
    assert resume is not None
    assert resume.model_dump() == {
        "education": "本科",
        "years_of_experience": 3.5,
        "experience": [{"field": "零售", "years": 2.0}, {"field": "餐饮", "years": 1.0}],
        "keywords": ["门店管理", "团队"],
    }


def test_the_same_key_with_another_head_is_another_request(house: House) -> None:
    first = upload(house, SHEET, key="k")
    assert upload(house, SHEET, key="k") == first
    status, answer = upload(house, SHEET, key="k", locale="en")
    assert (status, answer["code"]) == (409, "idempotency_key_reused")


REFUSED: list[tuple[bytes, dict[str, str], str]] = [
    (b"", {}, "missing_column"),
    (b"name,email\nA,a@example.com\n", {}, "missing_column"),
    ("id,编号,name,email\n1,1,A,a@example.com\n".encode(), {}, "repeated_column"),
    (b"id,name,email\n", {}, "no_rows"),
    (b'id,name,email\n1,"A,a@example.com\n', {}, "invalid_csv"),
    (b"id,name,email\n1,\xff\xff,a@example.com\n", {}, "csv_encoding"),
    (b"id,name,email\n1,A,nobody\n", {}, "no_good_rows"),
    (SHEET.encode(), {"deadline": "soon"}, "invalid_document"),
    (SHEET.encode(), {"template": "none"}, "unknown_template"),
    (SHEET.encode(), {"tempalte": "screening"}, "invalid_query"),
    (("id,name,email\n" + "1,A,a@example.com\n" * 5001).encode(), {}, "too_many_rows"),
]


def test_a_sheet_that_is_no_batch_is_refused(house: House) -> None:
    for body, head, code in REFUSED:
        status, answer = upload(house, body, **head)
        assert (status >= 400, answer["code"]) == (True, code), (body[:40], head)
