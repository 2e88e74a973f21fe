"""Competency models, templates, manifests and batches: what is wrong is named, what is right stays equal."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.domain.assembly import AssembledTrack, Assembly, Gap
from greenroom.domain.batch import CandidateRow, parse_batch
from greenroom.domain.competency import CompetencyModel
from greenroom.domain.errors import GreenroomError, Invalid
from greenroom.domain.manifest import Manifest
from greenroom.domain.quality import Finding, grade, verdict_of
from greenroom.domain.template import Question, Template, Tier
from greenroom.domain.webhook import RETRY_DELAYS, retry_after


def model(*weights: float) -> str:
    indicator = {"id": "i", "name": {"en": "I"}, "weight": 100}
    competencies = [
        {"id": f"c{number}", "name": {"en": "C"}, "weight": weight, "indicators": [indicator]}
        for number, weight in enumerate(weights)
    ]
    return json.dumps({"id": "job", "job": {"en": "Job"}, "competencies": competencies})


def test_weights_that_add_up_to_99_are_refused_with_the_sum() -> None:
    with pytest.raises(Invalid, match="add up to 99") as caught:
        CompetencyModel.parse(model(30, 69))
    assert caught.value.code == "invalid_document"


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_exactly_the_sums_of_100_pass(weights: list[int]) -> None:
    if sum(weights) == 100:
        assert CompetencyModel.parse(model(*weights)).id == "job"
    else:
        with pytest.raises(Invalid, match=f"{sum(weights)}"):
            CompetencyModel.parse(model(*weights))


def test_thirds_add_up() -> None:
    assert CompetencyModel.parse(model(33.3, 33.3, 33.4)).competencies[2].weight == 33.4


@pytest.mark.parametrize(
    "fields",
    [
        {"min_s": 60, "max_s": 60},
        {"tracks": ["screen"]},
        {"tracks": ["camera", "camera"]},
        {"takes": 0},
        {"unknown": 1},
    ],
)
def test_a_question_that_contradicts_itself_is_refused(fields: dict) -> None:
    with pytest.raises(Invalid):
        Question.parse(json.dumps({"id": "q", "text": {"en": "?"}, **fields}))


def template(*analysis: str) -> Template:
    question = {"id": "q", "text": {"en": "?"}}
    named = {"id": "t", "scenario": "screening", "name": {"en": "T"}, "questions": [question]}
    return Template.parse(json.dumps(named | {"analysis": analysis}))


def test_modules_are_named_or_pinned() -> None:
    wanted = template("speech", "vision==2.0.0+mesh-1.2", "own-module==3")
    assert wanted.modules == {"speech": None, "vision": "2.0.0+mesh-1.2", "own-module": "3"}


@pytest.mark.parametrize(
    "wishes", [["vision", "vision==2.0.0"], ["vision==latest"], ["vision>=2"], ["vision=="]]
)
def test_a_pin_that_is_none_is_refused(wishes: list[str]) -> None:
    with pytest.raises(Invalid):
        template(*wishes)


PART = {"part": 0, "size": 1, "sha256": "0" * 64, "start_ms": 0, "end_ms": 10}


def manifest(*segments: list[dict]) -> str:
    listed = [
        {"segment": number, "mime_type": "video/webm", "parts": parts}
        for number, parts in enumerate(segments)
    ]
    return json.dumps({"tracks": [{"track": "camera", "segments": listed}]})


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [PART, PART],
        [PART | {"part": 1}, PART],
        [PART | {"size": 0}],
        [PART | {"sha256": "../../etc/passwd"}],
        [PART | {"start_ms": 11}],
        [PART | {"part": -1}],
        [PART | {"key": "uploads/other"}],
    ],
)
def test_a_manifest_that_lies_about_its_parts_is_refused(parts: list[dict]) -> None:
    with pytest.raises(Invalid) as caught:
        Manifest.parse(manifest(parts))
    assert caught.value.code == "invalid_document"


def test_the_same_manifest_has_the_same_bytes() -> None:
    one = Manifest.parse(manifest([PART, PART | {"part": 4}]))
    other = Manifest.parse(json.dumps(json.loads(manifest([PART, PART | {"part": 4}])), indent=3))
    assert one.canonical() == other.canonical()


HEAD = {"template": "t", "competency_model": "m", "deadline": "2026-12-01T00:00:00+08:00"}


def batch(*rows: object, **head: object) -> bytes:
    return json.dumps({**HEAD, **head, "candidates": list(rows)}).encode()


def row(number: int, **fields: object) -> dict:
    return {
        "external_id": f"c{number}",
        "name": "李明",
        "email": f"c{number}@example.com",
        **fields,
    }


def test_bad_rows_are_numbered_and_the_good_ones_go_on() -> None:
    parsed = parse_batch(
        batch(
            row(1),
            row(2, email="nobody"),
            row(3, name="李明\r\nBcc: all@example.com"),
            "not a row",
            row(5, email="C1@EXAMPLE.com"),
            row(1),
            row(7),
        )
    )
    assert [kept.external_id for kept in parsed.rows] == ["c1", "c7"]
    assert [(error.row, error.code, error.field) for error in parsed.errors] == [
        (2, "invalid_row", "email"),
        (3, "invalid_row", "name"),
        (4, "invalid_row", ""),
        (5, "duplicate_candidate", "email"),
        (6, "duplicate_candidate", "external_id"),
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid_json"),
        (b"\xff", "invalid_json"),
        (b"[]", "invalid_document"),
        (batch(), "no_rows"),
        (batch(*[row(1)] * 5001), "too_many_rows"),
        (batch(row(1), deadline="2026-12-01T00:00:00"), "invalid_document"),
        (batch(row(1), extra=1), "invalid_document"),
    ],
)
def test_a_batch_without_a_good_head_is_refused_whole(body: bytes, code: str) -> None:
    with pytest.raises(GreenroomError) as caught:
        parse_batch(body)
    assert caught.value.code == code


@given(st.text(min_size=1, max_size=30))
def test_a_name_is_one_printable_line(name: str) -> None:
    bad = any(ord(letter) < 32 or letter in "\x7f\u2028\u2029" for letter in name)
    parsed = parse_batch(batch(row(1, name=name)))
    assert len(parsed.errors) == int(bad)
    assert all(isinstance(kept, CandidateRow) and kept.name == name for kept in parsed.rows)


def test_losses_of_parallel_tracks_overlap() -> None:
    def track(name: str, *losses: tuple[int, int]) -> AssembledTrack:
        gaps = [Gap(cause="part_missing", segment=0, start_ms=a, end_ms=b) for a, b in losses]
        return AssembledTrack(track=name, status="gaps" if gaps else "complete", gaps=gaps)

    assembly = Assembly(
        interview="i",
        answer="q",
        attempt=1,
        manifest_sha256="0" * 64,
        tool="t",
        tracks=[track("camera", (0, 500), (900, 1000)), track("screen", (0, 500))],
    )
    assert assembly.lost_ms == 600


@given(st.floats(-100, 100), st.floats(-100, 100), st.floats(0, 50), st.booleans())
def test_worse_than_the_floor_is_never_better_than_worse_than_the_target(
    value: float, target: float, below: float, more_is_worse: bool
) -> None:
    floor = target + below if more_is_worse else target - below
    level = grade(value, Tier(target=target, floor=floor), more_is_worse=more_is_worse)
    misses_target = value > target if more_is_worse else value < target
    misses_floor = value > floor if more_is_worse else value < floor
    assert level == ("re_record" if misses_floor else "warning" if misses_target else "ok")


def test_the_worst_finding_decides_the_verdict() -> None:
    def finding(code: str, level: str) -> Finding:
        return Finding(code=code, track="camera", level=level, value=None, unit="")

    assert verdict_of([finding("a", "ok"), finding("b", "not_measured")]) == ("usable", [])
    assert verdict_of([finding("a", "warning")]) == ("usable_with_warnings", ["a"])
    mixed = [finding("a", "warning"), finding("b", "re_record"), finding("b", "re_record")]
    assert verdict_of(mixed) == ("re_record", ["b"])


def test_deliveries_are_retried_for_about_three_days_and_then_dead() -> None:
    waits = [retry_after(attempts) for attempts in range(1, len(RETRY_DELAYS) + 1)]
    assert waits == sorted(waits)
    total = sum(wait.total_seconds() for wait in waits if wait is not None)
    assert 2.5 * 86_400 < total < 4 * 86_400
    assert retry_after(len(RETRY_DELAYS) + 1) is None
