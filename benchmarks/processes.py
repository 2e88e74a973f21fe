"""What processes use, read from /proc (Linux)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """CPU seconds, user and system, of a process and of its descendants, those that have ended included."""
    return sum(_own_cpu_s(process) for process in (pid, *descendants(pid)))


def descendants(pid: int) -> Iterator[int]:
    """Children, their children and so on, as they are now."""
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield int(child)
                yield from descendants(int(child))
    except (FileNotFoundError, ProcessLookupError):
        return  # it ended while we looked


def _own_cpu_s(pid: int) -> float:
    try:
        # The program's name, in parentheses, may hold anything; utime to cstime follow it. (proc(5))
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, fields[11:15])) * _TICK_S
