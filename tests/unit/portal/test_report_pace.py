"""When the room sends its health samples, decided by Node as the page decides it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
PACE = ROOT / "functions" / "portal" / "static" / "report_pace.js"
CALM = {"phase": "recording", "answer": "q1", "camera": "ok", "online": True}


def sent(samples: list[dict[str, Any]], every_s: float | None) -> list[int]:
    """Numbers of the samples, five seconds apart, with which a report goes off, where one is wanted every `every_s`."""
    script = f"""
        const {{ ReportPace }} = await import({json.dumps(PACE.as_uri())});
        const pace = new ReportPace();
        const sent = [];
        {json.dumps(samples)}.forEach((sample, number) => {{
          const now = 5000 * number + (number % 2) * 40;
          if (!pace.isDue(sample, now)) return;
          sent.push(number);
          pace.answered(sample, now, {json.dumps(every_s)} ?? undefined);
        }});
        console.log(JSON.stringify(sent));
    """
    ran = subprocess.run(
        [ROOT / ".venv" / "bin" / "node", "--input-type=module", "--eval", script],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    found: list[int] = json.loads(ran.stdout)
    return found


def test_while_nobody_watches_three_samples_go_together() -> None:
    assert sent([CALM] * 10, 15) == [0, 3, 6, 9]


def test_while_somebody_watches_and_with_an_older_server_each_goes_at_once() -> None:
    assert sent([CALM] * 4, 5) == [0, 1, 2, 3]
    assert sent([CALM] * 4, None) == [0, 1, 2, 3]


def test_what_matters_goes_at_once() -> None:
    changes = [
        {"phase": "finishing"},
        {"phase": "finishing", "answer": "q2"},
        {"phase": "finishing", "answer": "q2", "camera": "absent"},
        {"phase": "finishing", "answer": "q2", "camera": "absent", "online": False},
    ]
    steady = [CALM, *({**CALM, **change} for change in changes)]
    assert sent(steady, 15) == [0, 1, 2, 3, 4]


def test_trouble_with_the_camera_is_told_with_every_sample() -> None:
    black = {**CALM, "camera": "black"}
    assert sent([CALM, CALM, black, black, black, black, CALM, CALM], 15) == [0, 2, 3, 4, 5, 6]
