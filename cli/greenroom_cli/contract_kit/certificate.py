"""What was tried and how it went, as it goes and as the certificate at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import httpx

from greenroom_cli.contract_kit.contracts import Contracts
from greenroom_cli.contract_kit.words import Words


class Broken(Exception):
    """The other side did not do what the contract says. `reason` names a text, `values` fill it."""

    def __init__(self, reason: str, **values: object) -> None:
        super().__init__(reason)
        self.reason = reason
        self.values = {name: str(value) for name, value in values.items()}


@dataclass(frozen=True)
class Step:
    """One thing to try; `do` raises `Broken`. Without a `vital` one those after it cannot be tried."""

    id: str
    do: Callable[[], None]
    vital: bool = False


@dataclass(frozen=True)
class Check:
    """How one step went; `reason` is None when it passed."""

    id: str
    took_ms: int
    reason: str | None = None
    values: dict[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return self.reason is None


class Certificate:
    """Runs steps and keeps how they went. `told` hears of each when it is over."""

    def __init__(
        self, against: str, contracts: Contracts, told: Callable[[Check], None] = lambda _: None
    ) -> None:
        self.against = against
        self.contracts = contracts
        self.checks: list[Check] = []
        self.began_at = datetime.now(UTC)
        self._told = told

    @property
    def passed(self) -> bool:
        """Everything that was to be tried went well, and something was."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    def run(self, steps: Iterable[Step]) -> None:
        """Each in turn; a failure ends none of the others unless it was vital."""
        missing: str | None = None
        for step in steps:
            check = Check(step.id, 0, "not_tried", {"needs": missing}) if missing else _tried(step)
            if step.vital and not check.passed:
                missing = missing or step.id
            self.checks.append(check)
            self._told(check)

    def document(self, words: Words) -> dict[str, Any]:
        """The certificate as JSON."""
        failed = [check for check in self.checks if not check.passed]
        return {
            "certificate": "greenroom.contract-kit.v1",
            "kit": version("greenroom-cli"),
            "began_at": self.began_at.isoformat(timespec="seconds"),
            "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "against": self.against,
            "result": "passed" if self.passed else "failed",
            "tried": len(self.checks),
            "passed": len(self.checks) - len(failed),
            "failed": len(failed),
            "checks": [
                {
                    "id": check.id,
                    "what": words.check(check),
                    "result": "passed" if check.passed else "failed",
                    "why": words.why(check),
                    "took_ms": check.took_ms,
                }
                for check in self.checks
            ],
            "contracts": {
                "sha256": self.contracts.digest,
                "versions": self.contracts.versions,
                "files": self.contracts.digests,
            },
        }


def _tried(step: Step) -> Check:
    began = time.monotonic()
    reason, values = None, {}
    try:
        step.do()
    except Broken as broken:
        reason, values = broken.reason, broken.values
    except (httpx.HTTPError, OSError) as error:
        reason, values = "no_connection", {"error": f"{type(error).__name__}: {error}"}
    return Check(step.id, round((time.monotonic() - began) * 1000), reason, values)
