"""The page's idea of the server's time, run by Node as it is."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
CLOCK = ROOT / "functions" / "portal" / "static" / "clock.js"
HOUR = 3_600_000


def offsets(answers: list[tuple[float, float]]) -> list[float]:
    """After each answer (how far the server is ahead in ms, its round trip in ms): how far the page thinks it is."""
    script = f"""
        Object.defineProperty(performance, "now", {{ value: () => 1000 }});
        const {{ ServerClock, steadyNow }} = await import({json.dumps(CLOCK.as_uri())});
        const clock = new ServerClock();
        const seen = [];
        for (const [ahead, trip] of {json.dumps(answers)}) {{
          // The server told its time in the middle of the round trip.
          const told = new Date(steadyNow() + ahead - trip / 2).toISOString();
          clock.learn(told, trip);
          seen.push(clock.now() - steadyNow());
        }}
        console.log(JSON.stringify(seen));
    """
    ran = subprocess.run(
        [ROOT / ".venv" / "bin" / "node", "--input-type=module", "--eval", script],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    seen: Any = json.loads(ran.stdout)
    return [float(offset) for offset in seen]


@pytest.mark.parametrize("ahead", [0, 90_000, -HOUR, 30 * 24 * HOUR])
def test_a_wrong_clock_of_the_computer_does_not_matter(ahead: float) -> None:
    assert offsets([(ahead, 80)]) == [pytest.approx(ahead, abs=1)]


def test_the_shortest_way_is_believed() -> None:
    """The long answer is off by its asymmetry, which nobody can see."""
    seen = offsets([(1000, 100), (1150, 400), (1010, 40)])
    assert seen == [
        pytest.approx(1000, abs=1),
        pytest.approx(1000, abs=1),
        pytest.approx(1010, abs=1),
    ]


def test_a_page_from_the_cache_is_believed_until_the_server_answers() -> None:
    assert offsets([(-8 * HOUR, 30), (0, 900)])[-1] == pytest.approx(0, abs=1)


def test_a_computer_that_slept_learns_again() -> None:
    assert offsets([(0, 20), (HOUR, 60)])[-1] == pytest.approx(HOUR, abs=1)
