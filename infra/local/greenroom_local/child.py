"""Runs a module as a child of the platform: when the platform is gone, however it went, so is the child.

    python -m greenroom_local.child greenroom.host.http --port 8080

The platform holds the writing end of the child's standard input. When it ends, even by SIGKILL, the pipe closes and
the child gets SIGTERM, then ends for good, with all that it started.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading

GRACE_S = 5.0
"""Seconds between SIGTERM and the end."""


def end_with_parent() -> None:
    """Watch standard input; at its end ask this process and its own children to stop, then stop them."""

    def watch() -> None:
        while os.read(0, 4096):
            pass
        _signal_all(signal.SIGTERM)
        threading.Event().wait(GRACE_S)
        _signal_all(signal.SIGKILL)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def _signal_all(number: signal.Signals) -> None:
    """To the whole group where it is ours, as the supervisor makes it; started by hand, to ourselves alone."""
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), number)
    else:
        os.kill(os.getpid(), number)


def main() -> None:
    module, *arguments = sys.argv[1:]
    sys.argv = [module, *arguments]
    end_with_parent()
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
