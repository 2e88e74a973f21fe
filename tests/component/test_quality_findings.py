"""Each finding appears on a recording with that defect, where it is, and the template's tiers decide its level."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from functions.quality_check.checks import CHECKS
from functions.quality_check.measured import Measured, measure
from greenroom.domain.assembly import AssembledTrack, Gap, GapCause
from greenroom.domain.quality import Finding
from greenroom.domain.template import QualityTiers, Question, Tier
from greenroom_media.run import Limits
from tests.media_fixtures import OPUS, VP8, MediaWorkshop, picture, sound

SECONDS = 9.0
DEFECT = (3.0, 6.0)
"""Where a defect is made, in seconds."""

STEADY = "0.2*sin(2*PI*440*t)"
LOUD = f"if(between(t,{DEFECT[0]},{DEFECT[1]}),1.5,0.2)*sin(2*PI*440*t)"
MUTED = f"if(between(t,{DEFECT[0]},{DEFECT[1]}),0,0.2)*sin(2*PI*440*t)"
FAINT = "0.008*sin(2*PI*440*t)"

BLACKENED = f"drawbox=color=black:t=fill:enable='between(t,{DEFECT[0]},{DEFECT[1]})'"
STUCK = "split[moves][one];[moves][one]freezeframes=first=75:last=149:replace=75"
"""At 25 frames a second: the picture of second 3 stands until second 6."""


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> MediaWorkshop:
    return MediaWorkshop(tmp_path_factory.mktemp("workshop"))


def clip(
    workshop: MediaWorkshop,
    *,
    size: str = "320x240",
    fps: int = 25,
    looks: str = "null",
    sounds: str | None = STEADY,
) -> Path:
    inputs = [picture(SECONDS, size, fps)]
    if sounds is not None:
        inputs.append(sound(sounds, SECONDS))
    return workshop.make(".webm", *inputs, ("-vf", looks), VP8, OPUS)


def measured(
    path: Path,
    *,
    track: str = "camera",
    tiers: QualityTiers | None = None,
    min_s: float = 0,
    gaps: Sequence[Gap] = (),
) -> Measured:
    assembled = AssembledTrack(
        track=track,  # type: ignore[arg-type]
        status="gaps" if gaps else "complete",
        recording="recordings/x",
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        gaps=list(gaps),
    )
    question = Question(id="q", text={"en": "Why?"}, tracks=["camera", "screen"], min_s=min_s)
    return measure(assembled, path, question, tiers or QualityTiers(), Limits())


def findings(seen: Measured) -> dict[str, Finding]:
    return {finding.code: finding for finding in (check(seen) for check in CHECKS[seen.track])}


def test_a_good_recording_has_nothing_to_complain_about(workshop: MediaWorkshop) -> None:
    tiers = QualityTiers(height_px=Tier(target=240))
    seen = findings(measured(clip(workshop), tiers=tiers, min_s=8))
    unmeasured = {code for code, item in seen.items() if item.level == "not_measured"}
    assert unmeasured == {"snr_db", "no_face_share", "several_faces_share"}, "a tone, no detector"
    assert {item.level for code, item in seen.items() if code not in unmeasured} == {"ok"}
    assert seen["fps"].value == pytest.approx(25, abs=0.2)
    assert seen["duration_s"].value == pytest.approx(SECONDS, abs=0.1)
    assert seen["height_px"].value == 240
    assert seen["loudness_lufs"].value == pytest.approx(-17, abs=2)


@pytest.mark.parametrize(
    ("code", "made"),
    [
        ("black_share", {"looks": BLACKENED}),
        ("frozen_share", {"looks": STUCK}),
        ("silence_share", {"sounds": MUTED}),
        ("clipping_share", {"sounds": LOUD}),
    ],
)
def test_a_defect_is_found_where_it_is(
    workshop: MediaWorkshop, code: str, made: dict[str, str]
) -> None:
    tiers = QualityTiers.model_validate({code: {"target": 0.2, "floor": 0.5}})
    seen = findings(measured(clip(workshop, **made), tiers=tiers))  # type: ignore[arg-type]
    finding = seen[code]
    (found,) = finding.ranges
    assert (found.start_s, found.end_s) == pytest.approx(DEFECT, abs=0.5)
    assert finding.value == pytest.approx(1 / 3, abs=0.06)
    assert (finding.level, finding.target, finding.floor) == ("warning", 0.2, 0.5)
    others = {"black_share", "frozen_share", "silence_share", "clipping_share"} - {code}
    assert {seen[other].value for other in others} == {0.0}


@pytest.mark.parametrize(
    ("tier", "level"),
    [
        (Tier(), "ok"),
        (Tier(target=0.5), "ok"),
        (Tier(target=0.1), "warning"),
        (Tier(floor=0.5), "ok"),
        (Tier(target=0.1, floor=0.2), "re_record"),
        (Tier(floor=0.2), "re_record"),
    ],
)
def test_the_tiers_of_the_template_decide_the_level(
    workshop: MediaWorkshop, tier: Tier, level: str
) -> None:
    tiers = QualityTiers(black_share=tier)
    seen = findings(measured(clip(workshop, looks=BLACKENED), tiers=tiers))
    assert seen["black_share"].level == level


@pytest.mark.parametrize(
    ("made", "code", "value", "level"),
    [
        ({"fps": 15}, "fps", 15, "warning"),
        ({"fps": 5}, "fps", 5, "re_record"),
        ({"size": "320x240"}, "height_px", 240, "warning"),
        ({"size": "240x320"}, "height_px", 240, "warning"),
        ({"size": "320x180"}, "height_px", 180, "re_record"),
        ({"sounds": FAINT}, "loudness_lufs", -45, "warning"),
    ],
)
def test_measures_of_the_whole_recording(
    workshop: MediaWorkshop, made: dict[str, object], code: str, value: float, level: str
) -> None:
    finding = findings(measured(clip(workshop, **made)))[code]  # type: ignore[arg-type]
    assert finding.value == pytest.approx(value, rel=0.04)
    assert finding.level == level


@pytest.mark.parametrize(("min_s", "level"), [(0, "ok"), (9.3, "ok"), (10, "re_record")])
def test_the_shortest_answer_is_the_questions(
    workshop: MediaWorkshop, min_s: float, level: str
) -> None:
    assert findings(measured(clip(workshop), min_s=min_s))["duration_s"].level == level


def test_an_answer_without_sound_is_silent_throughout(workshop: MediaWorkshop) -> None:
    seen = findings(measured(clip(workshop, sounds=None)))
    silent = seen["silence_share"]
    assert (silent.value, silent.level, silent.reason) == (
        1.0,
        "re_record",
        "the recording has no sound",
    )
    assert (silent.ranges[0].start_s, silent.ranges[0].end_s) == pytest.approx((0, 9), abs=0.1)
    assert {seen[code].level for code in ("clipping_share", "loudness_lufs")} == {"not_measured"}


def gap(cause: GapCause, start_ms: int, end_ms: int) -> Gap:
    return Gap(cause=cause, segment=0, start_ms=start_ms, end_ms=end_ms)


@pytest.mark.parametrize(
    ("gaps", "value", "places", "level"),
    [
        ([], 0.0, [], "ok"),
        ([gap("part_missing", 2000, 3000)], 1 / 9, [(2, 3)], "warning"),
        ([gap("recorder_restart", 2000, 3000)], 0.0, [(2, 2)], "ok"),
        ([gap("unsaved", 2000, 3000)], 1 / 10, [(2, 2)], "warning"),
        (
            [gap("unsaved", 2000, 3000), gap("part_missing", 5000, 6000)],
            2 / 10,
            [(2, 2), (4, 5)],
            "warning",
        ),
        (
            [gap("recorder_restart", 2000, 62_000), gap("part_missing", 65_000, 66_000)],
            1 / 9,
            [(2, 2), (5, 6)],
            "warning",
        ),
        ([gap("part_missing", 9000, 27_000)], 18 / 27, [(9, 9)], "re_record"),
        ([gap("part_altered", 4000, 4000)], 0.0, [(4, 4)], "ok"),
    ],
)
def test_what_was_lost_is_a_share_of_what_was_recorded(
    workshop: MediaWorkshop,
    gaps: list[Gap],
    value: float,
    places: list[tuple[float, float]],
    level: str,
) -> None:
    finding = findings(measured(clip(workshop), gaps=gaps))["lost_share"]
    assert finding.value == pytest.approx(value, abs=0.003)
    assert finding.level == level
    found = [time for item in finding.ranges for time in (item.start_s, item.end_s)]
    assert found == pytest.approx([time for place in places for time in place], abs=0.1)


def test_a_screen_may_be_slow_still_silent_and_dark(workshop: MediaWorkshop) -> None:
    dark = workshop.make(
        ".webm",
        ("-f", "lavfi", "-i", f"color=black:size=1920x1080:rate=2:duration={SECONDS}"),
        VP8,
    )
    seen = findings(measured(dark, track="screen"))
    assert {code: item.level for code, item in seen.items()} == {
        "screen_height_px": "ok",
        "black_share": "warning",
        "lost_share": "ok",
    }
