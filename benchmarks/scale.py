"""10, 100 and 1,000 candidates at once over a real Ceph, RabbitMQ and PostgreSQL: what our API costs beside the store.

Everybody enters at once, then everybody records, then everybody seals and submits: harsher than any morning. Parts of
two seconds at `BITS_PER_SECOND` go to Ceph by presigned form while a health sample is taken every five seconds, and
sent as the room sends it with nobody watching. The clock of a recording stands still while the machine cannot follow,
so that a slow or shared machine changes how long it takes and not how much is asked. Counted are CPU seconds, user and
system, from /proc; nothing is assembled meanwhile.

Needs root and `infra/onprem/stack install`.
"""

from __future__ import annotations

import asyncio
import math
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.crowd.candidate import SAMPLE_EVERY_S, Candidate
from benchmarks.crowd.clip import PART_S, Clip, noise
from benchmarks.crowd.house import House, open_house
from tests.platform.stack import why_not

SIZES = (10, 100, 1000)
SECONDS = 60
BITS_PER_SECOND = 1_000_000
"""Less than the recorder's camera, and so the harder case for the ratio: what a thousand can send through two cores."""
RECORDER_BITS_PER_SECOND = 1_564_000
"""The recorder's camera and its sound (functions/portal/static/formats.js); measured with `RECORDER_SIZE`."""
RECORDER_SIZE = 100
MEDIA_WORKERS = ("invitation", "chunk_assembly", "quality_check", "analysis", "status_sync")
STORE_AIM, EXPONENT_AIM = 0.25, 1.05

WARM_UP, OWN_RATE = "warm-up", "own-rate"
CROWDS = {
    WARM_UP: 4,  # comes first and is not counted: everything is imported by then
    **{f"crowd-{size}": size for size in SIZES},
    OWN_RATE: RECORDER_SIZE,
}

Cpu = dict[str, float]


@dataclass(frozen=True)
class Crowd:
    """One size's measurement: CPU seconds by phase and process, and how long each phase took, in seconds."""

    size: int
    phases: dict[str, Cpu]
    took_s: dict[str, float]

    def cpu(self, who: str, *phases: str) -> float:
        return sum(self.phases[phase][who] for phase in phases or self.phases)


def run() -> dict[str, float]:
    os.environ["GREENROOM_TEST_DEPLOY"] = "1"
    if reason := why_not():
        print(f"not measured: {reason}")
        return {}
    slower, own = (noise(SECONDS, rate) for rate in (BITS_PER_SECOND, RECORDER_BITS_PER_SECOND))
    clips = dict.fromkeys(CROWDS, slower) | {OWN_RATE: own}
    with (
        tempfile.TemporaryDirectory(prefix="greenroom-scale-") as folder,
        open_house(Path(folder)) as house,
    ):
        tokens = {name: _links(house, name, size) for name, size in CROWDS.items()}
        for name in MEDIA_WORKERS:
            house.deployment.kill(name)
        crowds = {
            name: asyncio.run(_crowd(house, found, clips[name])) for name, found in tokens.items()
        }
    return _figures(crowds)


def _links(house: House, name: str, size: int) -> list[str]:
    house.invite(name, size)
    return [one.token for one in house.await_invitations(name, size, 600).values()]


async def _crowd(house: House, tokens: list[str], clip: Clip) -> Crowd:
    people = [Sitting(house.deployment.url, token, clip) for token in tokens]
    phases: dict[str, Cpu] = {}
    took: dict[str, float] = {}
    for name in ("enter", "record", "finish"):
        os.sync()
        before, began = house.cpu(), time.monotonic()
        await _together([getattr(one, name) for one in people])
        took[name] = time.monotonic() - began
        phases[name] = {who: used - before[who] for who, used in house.cpu().items()}
        spent = "  ".join(f"{who} {used:8.2f}" for who, used in phases[name].items())
        print(f"{len(people):>5} {name:<7} {took[name]:6.1f} s   CPU s: {spent}", flush=True)
    return Crowd(len(people), phases, took)


async def _together(tasks: list[Callable[[], Awaitable[None]]]) -> None:
    async with asyncio.TaskGroup() as group:
        for task in tasks:
            group.create_task(task())  # type: ignore[arg-type]


class Sitting:
    """One candidate's interview of one answer."""

    def __init__(self, server: str, token: str, clip: Clip) -> None:
        self._candidate = Candidate(server, token)
        self._clip = clip

    async def enter(self) -> None:
        await self._candidate.enter()
        await self._candidate.consent()
        await self._candidate.health("preparing")

    async def record(self) -> None:
        """Two clocks of one recording: a part every two seconds, a sample every five."""
        began = time.monotonic()
        started = await self._candidate.start("q1")
        next_health_s = 0.0
        for piece in self._clip.pieces:
            at_s = piece.end_ms / 1000
            await asyncio.sleep(max(0.0, at_s - (time.monotonic() - began)))
            if at_s - PART_S >= next_health_s:
                await self._candidate.health("recording", "q1")
                next_health_s += SAMPLE_EVERY_S
            await self._candidate.upload(started, [piece])
        self._started = started

    async def finish(self) -> None:
        await self._candidate.seal(self._started, self._clip)
        await self._candidate.submit()
        await self._candidate.health("done")
        await self._candidate.__aexit__()


def _figures(crowds: dict[str, Crowd]) -> dict[str, float]:
    sizes = [crowds[f"crowd-{size}"] for size in SIZES]
    largest, smallest = sizes[-1], sizes[0]
    per_head = [crowd.cpu("api") / crowd.size for crowd in (smallest, largest)]
    # Our whole CPU over the crowd's size, log-log: 1 is in proportion.
    exponent = 1 + math.log(per_head[1] / per_head[0]) / math.log(largest.size / smallest.size)
    own = crowds[OWN_RATE]
    figures = {
        "api_vs_store_cpu": largest.cpu("api") / largest.cpu("store"),
        "api_vs_store_cpu_recording": largest.cpu("api", "record") / largest.cpu("store", "record"),
        "api_vs_store_cpu_own_rate": own.cpu("api", "record") / own.cpu("store", "record"),
        "scale_exponent": exponent,
    }
    for name, found in figures.items():
        aim = EXPONENT_AIM if name == "scale_exponent" else STORE_AIM
        print(f"{name:<28} {found:6.3f}  aim ≤ {aim:g} {'met' if found <= aim else 'MISSED'}")
    for phase in largest.phases:
        for who in ("api", "store", "database"):
            figures[f"scale_{phase}_{who}_ms"] = 1000 * largest.cpu(who, phase) / largest.size
    return figures
