"""A season of candidates on a real Ceph, RabbitMQ and PostgreSQL, with flaky lines, while everything is killed in turn.

    make season [SIZE=5000] [FOLDER=…]

One batch, an invitation for each, one answer of two seconds of real media each, which is really assembled and checked;
one in `SCORED_EVERY` agrees to be scored and is analysed. Three in a hundred have a flaky line: parts are lost,
stalled, repeated and reordered; some go away in the middle and come back after the others; of some the browser has
lost a part, which has to be reported by name. Meanwhile workers, API, broker and database are killed in turn.

Ended by Ctrl-C, the same command goes on with what the folder holds. At the end the accounts are held against what the
candidates know, and the exit status says whether they balance.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import random
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
import tenacity

from benchmarks.crowd.accounts import Accounts, accounts
from benchmarks.crowd.candidate import PATIENCE_S, Candidate, Refused, all_of
from benchmarks.crowd.clip import speech
from benchmarks.crowd.house import House, Invitation, open_house
from benchmarks.crowd.journal import Journal, Recorded
from benchmarks.crowd.network import FlakyLine
from benchmarks.crowd.weather import Weather
from greenroom.domain.errors import Unavailable

NAME = "season"
SECONDS, PARTS = 2, 6
FLAKY = 0.03
COMES_BACK, LOSES = 0.3, 0.1
"""Shares of those with a flaky line."""
SCORED_EVERY = 20
AT_ONCE = 24
EARLY = 0.95
"""Share of candidates who do not wait for the last letters: what a killed sender had in its hands comes later."""
AIM = 0.995
NEWS_S = 15
SETTLE_S = 3600
"""Longest wait, in seconds, for the house to work off what is left when the last candidate has gone."""


@dataclass(frozen=True)
class Report:
    """What was run and what came of it."""

    size: int
    success: float
    complete: int
    reported_by_name: int
    unaccounted: dict[int, str]
    unfinished: int
    invited_twice: list[int]
    letters_again: int
    states: dict[str, int]
    killed: dict[str, int]
    lines: dict[str, int]
    took_s: dict[str, float]

    @property
    def balances(self) -> bool:
        return (
            self.success >= AIM
            and not self.unaccounted
            and not self.unfinished
            and not self.invited_twice
        )


class Season:
    """`size` candidates; everything that is drawn is drawn from their number, so that going on changes nothing."""

    def __init__(
        self, house: House, size: int, *, kill_every_s: float, flaky: float = FLAKY
    ) -> None:
        self._house = house
        self._size = size
        self._kill_every_s = kill_every_s
        self._flaky = flaky
        folder = house.deployment.folder
        self._clip = speech(folder, SECONDS, PARTS)
        self._journal = Journal(folder / "journal.jsonl")
        self._met: Counter[str] = Counter()
        self._attempts: dict[int, int] = {}
        self._visited: set[int] = set()
        self._took: dict[str, float] = {}
        self._began = time.monotonic()

    def run(self) -> Report:
        """Invite, record, settle; the accounts."""
        with Weather(self._house, self._kill_every_s) as weather:
            batch = self._house.invite(NAME, self._size)
            for share in (EARLY, 1.0):
                invited = math.ceil(share * self._size)
                invitations = self._house.await_invitations(NAME, invited, SETTLE_S)
                self._lap("invited")
                asyncio.run(self._record(invitations))
            self._lap("recorded")
            found = self._settle(batch)
            self._lap("settled")
        return Report(
            size=self._size,
            success=found.success,
            complete=len(found.complete),
            reported_by_name=len(found.reported),
            unaccounted=found.unaccounted,
            unfinished=len(found.unfinished),
            invited_twice=found.invited_twice,
            letters_again=found.letters_again,
            states=dict(found.states),
            killed=dict(weather.met),
            lines=dict(self._met),
            took_s=self._took,
        )

    async def _record(self, invitations: dict[int, Invitation]) -> None:
        later: list[int] = []
        left = sorted(invitations.keys() - self._journal.submitted - self._visited)
        self._visited.update(left)

        def visit(number: int, *, again: bool) -> Any:
            async def visited() -> None:
                try:
                    stayed = await self._visit(number, invitations[number].token, again=again)
                except (Refused, httpx.TransportError) as error:
                    self._say(f"candidate {number} gave up: {error}")  # the accounts will name them
                    return
                if not stayed:
                    later.append(number)

            return visited

        telling = asyncio.create_task(self._tell(self._size))
        await all_of([visit(number, again=False) for number in left], AT_ONCE)
        await all_of([visit(number, again=True) for number in list(later)], AT_ONCE)
        telling.cancel()

    async def _visit(self, number: int, token: str, *, again: bool) -> bool:
        """One candidate at the desk; False for who left in the middle and will be back."""
        chance = random.Random(number)
        flaky = chance.random() < self._flaky
        comes_back, loses = (flaky and chance.random() < share for share in (COMES_BACK, LOSES))
        line = FlakyLine(chance) if flaky else None
        async with Candidate(self._house.deployment.url, token, line) as candidate:
            view = await candidate.enter(assets=False)
            if view["answers"][0]["state"] in ("pending", "recording"):
                await candidate.consent(scored=number % SCORED_EVERY == 0)
                started = await self._started(candidate, number)
                await candidate.health("recording", "q1")
                lost = frozenset({chance.randrange(1, PARTS - 1)} if loses else ())
                sent = [piece for piece in self._clip.pieces if piece.number not in lost]
                if comes_back and not again:
                    await candidate.upload(started, sent[: len(sent) // 2])
                    self._met["came back later"] += 1
                    self._attempts[number] = started["attempt"]
                    return False
                await candidate.upload(started, sent[len(sent) // 2 :] if again else sent)
                self._journal.note(
                    Recorded(
                        number, view["interview"], "q1", started["attempt"], sorted(lost), flaky
                    )
                )
                await candidate.seal(started, self._clip, lost)
            await candidate.submit()
        self._journal.note_submitted(number)
        if line is not None:
            self._met.update(line.met)
            self._met["flaky lines"] += 1
        return True

    async def _started(self, candidate: Candidate, number: int) -> dict[str, Any]:
        """A new attempt; for who comes back the old one, with fresh policies."""
        attempt = self._attempts.pop(number, None)
        return await (candidate.renew("q1", attempt) if attempt else candidate.start("q1"))

    def _settle(self, batch: str) -> Accounts:
        """The accounts once the house has come to rest, or after `SETTLE_S`."""
        ends = time.monotonic() + SETTLE_S
        while True:
            found = self._accounts(batch)
            self._say(f"{len(found.unfinished)} still being worked on, {dict(found.states)}")
            if found.settled or time.monotonic() > ends:
                return found
            time.sleep(min(NEWS_S, 1 + len(found.unfinished) / 10))

    @tenacity.retry(
        retry=tenacity.retry_if_exception_type(Unavailable),
        wait=tenacity.wait_fixed(1),
        stop=tenacity.stop_after_delay(PATIENCE_S),
        reraise=True,
    )
    def _accounts(self, batch: str) -> Accounts:
        """Asked again while the database or the store has just been killed."""
        invitations = self._house.invitations(NAME)
        return accounts(self._house, batch, self._journal, invitations, self._clip)

    async def _tell(self, size: int) -> None:
        while True:
            self._say(f"{len(self._journal.submitted)} of {size} have submitted")
            await asyncio.sleep(NEWS_S)

    def _lap(self, name: str) -> None:
        self._took[name] = round(time.monotonic() - self._began, 1)
        self._say(name)

    def _say(self, words: str) -> None:
        print(f"{time.monotonic() - self._began:7.0f} s  {words}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make season", description=__doc__)
    parser.add_argument("--size", type=int, default=5000, help="candidates")
    parser.add_argument("--folder", type=Path, required=True, help="of everything; kept to go on")
    parser.add_argument("--kill-every", type=float, default=20, help="seconds between two kills")
    parser.add_argument("--flaky", type=float, default=FLAKY, help="share of flaky lines")
    arguments = parser.parse_args()
    os.environ["GREENROOM_TEST_DEPLOY"] = "1"
    with open_house(arguments.folder.resolve()) as house:
        report = Season(
            house,
            arguments.size,
            kill_every_s=arguments.kill_every,
            flaky=arguments.flaky,
        ).run()
    text = json.dumps(asdict(report), indent=2)
    (arguments.folder / f"season-{arguments.size}.json").write_text(text)
    print(text)
    sys.exit(0 if report.balances else 1)


if __name__ == "__main__":
    main()
