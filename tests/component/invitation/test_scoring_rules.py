"""Mappings and policies of the company's own: kept once, never changed, pinned by what was invited under them."""

from importlib.metadata import entry_points
from typing import Any

import pytest

from greenroom.domain.analysis import ENTRY_POINTS
from greenroom.domain.mapping import shipped_mapping
from greenroom.domain.observed import KINDS
from greenroom.domain.policy import SHIPPED, shipped_policy
from tests.invitation_fixtures import TEMPLATE, House, batch

CONTRIBUTION = {
    "kind": "speech_share",
    "module": "speech",
    "evidence": "speech",
    "weight": 100,
    "points": [[0, 0], [1, 100]],
}
MAPPING = {
    "version": "retail-1",
    "note": {"zh-CN": "门店试行", "en": "Trial in shops"},
    "calibrated": True,
    "minimum_coverage": 0.5,
    "indicators": {"speech_fluency": [CONTRIBUTION]},
}
POLICY = {
    "id": "house-cn",
    "version": 1,
    "name": {"zh-CN": "本公司", "en": "Our house"},
    "basis": ["PIPL"],
    "forbidden": ["emotion", "expression", "face_matching"],
    "consents": ["recording", "ai_scoring"],
}


def put(house: House, path: str, body: Any) -> tuple[int, Any]:
    return house.call("PUT", path, body, scope="catalogue:write")


def refused(answer: tuple[int, Any]) -> tuple[int, str]:
    return answer[0], answer[1]["code"]


def plan(house: House) -> Any:
    status, accepted = house.call("POST", "/v1/batches", batch(1) | {"policy": "house-cn"})
    assert status == 202, accepted
    with house.database.begin() as tx:
        return tx.batches.get(accepted["batch"]).plan


def test_a_mapping_is_kept_once_and_never_changes(house: House) -> None:
    for _ in range(2):
        assert put(house, "/v1/mappings/retail-1", MAPPING)[0] == 200
    changed = MAPPING | {"minimum_coverage": 0.6}
    assert refused(put(house, "/v1/mappings/retail-1", changed)) == (409, "mapping_exists")
    assert refused(put(house, "/v1/mappings/v1", MAPPING | {"version": "v1"})) == (
        409,
        "mapping_exists",
    )
    assert house.call("GET", "/v1/mappings/retail-1")[1]["note"]["en"] == "Trial in shops"
    listed = house.call("GET", "/v1/mappings")[1]["mappings"]
    assert [item["version"] for item in listed] == ["v1", "retail-1"]


@pytest.mark.parametrize(
    "changes",
    [
        {"indicators": {"speech_fluency": [CONTRIBUTION, CONTRIBUTION]}},
        {"indicators": {"speech_fluency": []}},
        {"indicators": {"speech_fluency": [CONTRIBUTION | {"points": [[1, 0], [0, 100]]}]}},
        {"indicators": {"speech_fluency": [CONTRIBUTION | {"points": [[0, 0], [1, 101]]}]}},
        {"indicators": {"speech_fluency": [CONTRIBUTION | {"weight": 0}]}},
        {"minimum_coverage": 1.5},
    ],
)
def test_a_mapping_without_sense_is_refused(house: House, changes: dict[str, Any]) -> None:
    assert refused(put(house, "/v1/mappings/retail-1", MAPPING | changes)) == (
        422,
        "invalid_document",
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "speach_share"}, "speech brings no speach_share"),
        ({"evidence": "face"}, "speech brings no face"),
    ],
)
def test_what_a_module_never_brings_is_refused_with_its_place(
    house: House, changes: dict[str, str], said: str
) -> None:
    wrong = MAPPING | {"indicators": {"speech_fluency": [CONTRIBUTION | changes]}}
    answer = put(house, "/v1/mappings/retail-1", wrong)
    assert refused(answer) == (422, "unknown_kind")
    assert answer[1]["unknown"] == [f"indicators.speech_fluency: {said}"]
    own = MAPPING | {"indicators": {"x": [CONTRIBUTION | {"module": "own", "kind": "warmth"}]}}
    assert put(house, "/v1/mappings/retail-1", own)[0] == 200, "a module of one's own"


def test_the_kinds_are_those_that_the_modules_bring() -> None:
    brought = {
        point.name: set(point.load()().provides) for point in entry_points(group=ENTRY_POINTS)
    }
    assert brought.keys() == KINDS.keys()
    for module, kinds in brought.items():
        assert kinds <= KINDS[module], module


def test_a_template_is_scored_by_the_mapping_that_it_names(house: House) -> None:
    wanted = TEMPLATE | {"mapping": "retail-1"}
    assert refused(put(house, "/v1/templates/screening", wanted)) == (404, "unknown_mapping")
    put(house, "/v1/mappings/retail-1", MAPPING)
    put(house, "/v1/policies/house-cn", POLICY)
    assert put(house, "/v1/templates/screening", wanted)[0] == 200
    assert plan(house).mapping.version == "retail-1"


def test_a_policy_of_ones_own_has_versions_and_running_interviews_keep_theirs(house: House) -> None:
    put(house, "/v1/policies/house-cn", POLICY)
    first = plan(house)
    newer = POLICY | {"version": 2, "human_review": False}
    assert put(house, "/v1/policies/house-cn", newer)[0] == 200
    assert refused(put(house, "/v1/policies/house-cn", POLICY)) == (409, "policy_version_not_newer")
    differs = newer | {"human_review": True}
    assert refused(put(house, "/v1/policies/house-cn", differs)) == (409, "policy_exists")
    assert (first.policy.version, first.policy.human_review) == (1, True)
    assert first.policy.consents == ["recording", "ai_scoring"]
    assert first.mapping == shipped_mapping()
    assert house.call("GET", "/v1/policies/house-cn")[1]["version"] == 2
    listed = house.call("GET", "/v1/policies")[1]["policies"]
    assert [item["id"] for item in listed] == [*SHIPPED, "house-cn"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"id": "eu"}, (409, "policy_shipped")),
        ({"consents": ["ai_scoring"]}, (422, "invalid_document")),
        ({"consents": ["recording", "recording"]}, (422, "invalid_document")),
        ({"forbidden": ["telepathy"]}, (422, "invalid_document")),
        ({"notice": {"days": -1, "text": {"en": "?"}}}, (422, "invalid_document")),
    ],
)
def test_a_policy_without_sense_is_refused(
    house: House, changes: dict[str, Any], expected: tuple[int, str]
) -> None:
    wanted = POLICY | changes
    assert refused(put(house, f"/v1/policies/{wanted['id']}", wanted)) == expected


def test_what_nobody_has_written_is_not_found(house: House) -> None:
    assert refused(house.call("GET", "/v1/policies/none")) == (404, "unknown_policy")
    assert refused(house.call("GET", "/v1/mappings/none")) == (404, "unknown_mapping")
    asked = batch(1) | {"policy": "none"}
    assert refused(house.call("POST", "/v1/batches", asked)) == (404, "unknown_policy")


@pytest.mark.parametrize("policy", SHIPPED)
def test_a_shipped_policy_tells_candidates_and_wants_a_person_before_a_refusal(policy: str) -> None:
    found = shipped_policy(policy)
    assert found.human_review
    assert found.notice is not None and set(found.notice.text) == {"zh-CN", "en"}
    assert found.notice.days == (18 if policy == "us-nyc" else 0)
