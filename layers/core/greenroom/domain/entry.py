"""What a template asks of a candidate before and while an interview is recorded (A4, C2)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from greenroom.domain.model import Document

Bound = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]


class Limits(Document):
    """Worse than one of these: advised, warned, or kept out. Which side is worse follows from the measure."""

    advise: Bound | None = None
    warn: Bound | None = None
    block: Bound | None = None


class EnvironmentLimits(Document):
    """The environment check. A measure that a browser cannot give keeps nobody out.

    `uplink_kbps`: the recorder sends 1.6 Mbit/s for the camera and 1 Mbit/s for a screen, and catches up later
    where the line is slower; `delay_ms`: one round trip; `snr_db`: speech over noise; `free_mb`: what the browser may
    keep, an hour of camera being about 700 MB.
    """

    delay_ms: Limits = Limits(advise=300, warn=1000)
    uplink_kbps: Limits = Limits(advise=2500, warn=800)
    fps: Limits = Limits(advise=24, warn=12)
    height_px: Limits = Limits(advise=720, warn=480)
    snr_db: Limits = Limits(advise=20, warn=10)
    free_mb: Limits = Limits(advise=1500, warn=500)


class EntryRules(Document):
    """`camera_required`: no camera, no entry. `auto_start`: recording begins when the time to think is over.

    `identity`: pictures asked for before the interview, each with the candidate's own consent. `follow_ups` 追问:
    after an answer that leaves something out, one more question is offered, which may be skipped.
    """

    camera_required: bool = True
    auto_start: bool = False
    demonstration: bool = True
    practice: bool = True
    follow_ups: bool = False
    identity: Annotated[list[Literal["card", "portrait"]], Field(max_length=2)] = []
    environment: EnvironmentLimits = EnvironmentLimits()
