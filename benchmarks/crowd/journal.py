"""What the simulated candidates know themselves: a line for each answer recorded and for each interview submitted.

The season's accounts are held against it; a season that was interrupted goes on after its last line.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Recorded:
    """One attempt before it was sealed; `lost` are the parts whose bytes the browser lost."""

    candidate: int
    interview: str
    answer: str
    attempt: int
    lost: list[int]
    flaky: bool


class Journal:
    """A file of JSON lines."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.recorded: dict[int, list[Recorded]] = {}
        self.submitted: set[int] = set()
        if path.exists():
            for line in path.read_text("utf-8").splitlines():
                self._take(json.loads(line))

    def note(self, recorded: Recorded) -> None:
        self._write({"recorded": asdict(recorded)})

    def note_submitted(self, candidate: int) -> None:
        self._write({"submitted": candidate})

    def _write(self, line: dict[str, object]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        self._take(line)

    def _take(self, line: dict[str, object]) -> None:
        match line:
            case {"recorded": dict(fields)}:
                recorded = Recorded(**fields)
                self.recorded.setdefault(recorded.candidate, []).append(recorded)
            case {"submitted": int(candidate)}:
                self.submitted.add(candidate)
