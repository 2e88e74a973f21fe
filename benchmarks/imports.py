"""Import time of each light function against importing Chalice alone, in fresh interpreters."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.table import alternate, heading, row

LIGHT = (
    "invitation",
    "upload_url",
    "chunk_assembly",
    "status_sync",
    "portal",
    "retention",
    "console",
)
RUNS = 15
_PROGRAM = "import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"


def seconds(module: str) -> float:
    """Seconds that `import module` takes in an interpreter that has imported nothing."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(module=module)],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def run() -> dict[str, float]:
    heading()
    ratios = []
    for name in LIGHT:
        found = alternate(
            RUNS,
            ours=lambda name=name: seconds(f"functions.{name}.app"),
            floor=lambda: seconds("chalice"),
        )
        ratios.append(row(name, found["ours"] * 1000, found["floor"] * 1000, "ms", 2.5))
    return {"import_light_max_ratio": max(ratios)}
