"""A worker over the pocket queue.

python -m greenroom_local.worker --function analysis [--instance 2] --data FOLDER
"""

from __future__ import annotations

import argparse
from pathlib import Path

from greenroom.host.wiring import load_function
from greenroom.host.worker import Worker, run_until_signal
from greenroom.runtime import logs
from greenroom_local.queue import Queue


def owner_of(function: str, instance: int) -> str:
    """The name under which one of a function's workers holds messages."""
    return f"worker-{function}-{instance}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="greenroom_local.worker", description=__doc__)
    parser.add_argument("--function", required=True)
    parser.add_argument("--instance", type=int, default=1)
    parser.add_argument("--data", type=Path, required=True)
    arguments = parser.parse_args()
    logs.configure()
    app = load_function(arguments.function)
    _ = app.settings  # a bad setting stops the start, not the first message
    queue = Queue(arguments.data)
    owner = owner_of(arguments.function, arguments.instance)
    run_until_signal(Worker(app, queue, owner=owner))


if __name__ == "__main__":
    main()
