"""The platform's HTTP host with every exchange held to OpenAPI; what breaks it goes into a file.

python -m tests.browser.recorder.checked_host --functions portal,console --port 8080
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path

import uvicorn

from greenroom.host.http import create_app
from greenroom.host.wiring import load_function
from greenroom_local.platform import PocketPlatform
from greenroom_local.supervisor import Child
from tests.kept_contracts import HeldToContracts

FILE = "CONTRACT_BREACHES"


class CheckedPlatform(PocketPlatform):
    """A pocket platform whose pages and API are served by this module."""

    @property
    def breaches(self) -> list[str]:
        """What broke the contract so far."""
        return self._breaches.read_text().splitlines() if self._breaches.exists() else []

    @property
    def _breaches(self) -> Path:
        return self.data / "contract-breaches.txt"

    def _http(self) -> Child:
        child = super()._http()
        environment = {**child.environment, FILE: str(self._breaches)}
        return replace(child, module=__name__, environment=environment)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--functions", required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    file = Path(os.environ[FILE])

    def told(breach: str) -> None:
        with file.open("a") as lines:
            lines.write(breach.replace("\n", " ") + "\n")

    app = create_app([load_function(name) for name in arguments.functions.split(",")])
    uvicorn.run(HeldToContracts(app, told), port=arguments.port, log_level="warning")


if __name__ == "__main__":
    main()
