"""`make bench [ONLY=name]`: run the benchmarks and keep their figures.

Each module here has `run() -> dict[str, float]`, prints its own table, and returns its figures by name.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent
LATEST = HERE / "latest.json"
NAMES = (
    "imports",
    "batch",
    "mail",
    "season",
    "webhooks",
    "assembly",
    "uploads",
    "quality",
    "analysis",
    "recorder",
    "health_report",
    "scale",
    "interview_list",
    "console_list",
    "monitoring_page",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", choices=NAMES, action="append", help="run just this one")
    chosen = parser.parse_args().only or NAMES
    latest = json.loads(LATEST.read_text()) if LATEST.exists() else {}
    for name in chosen:
        print(f"\n== {name} ==", flush=True)
        started = time.monotonic()
        figures = import_module(f"benchmarks.{name}").run()
        latest |= {key: round(value, 4) for key, value in figures.items()}
        latest["machine"] = f"{platform.machine()}, Python {platform.python_version()}"
        LATEST.write_text(json.dumps(latest, indent=2, sort_keys=True) + "\n")
        print(f"({time.monotonic() - started:.0f} s)")
    sys.stdout.write(f"\nFigures: {LATEST.relative_to(HERE.parent)}\n")


if __name__ == "__main__":
    main()
