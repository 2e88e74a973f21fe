"""Which analysis modules have run here: each version's digest, first and last run, and how the last one ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from greenroom.adapters.database.rule_tables import module_runs
from greenroom.adapters.database.statements import Repository
from greenroom.domain.analysis import ModuleResult

NOTED_EVERY = timedelta(minutes=10)
"""How exactly the last run is known: many workers would otherwise wait for one row after every answer."""
_M = module_runs.c


@dataclass(frozen=True)
class ModuleRun:
    """`version` is "" of a module that could not be asked for its own; `code` says why nothing was measured last."""

    module: str
    version: str
    model_digest: str | None
    status: str
    code: str | None
    first_at: datetime
    last_at: datetime


class ModuleRuns(Repository):
    def note(self, results: list[ModuleResult]) -> None:
        """What an analysis did; the same within ten minutes is not written again."""
        for result in sorted(
            results, key=lambda one: one.module
        ):  # one order: nobody waits crosswise
            self._note(result)

    def newest(self) -> list[ModuleRun]:
        """By module, the version that ran last first."""
        found = self._connection.execute(
            sa.select(module_runs).order_by(_M.module, _M.last_at.desc())
        )
        return [ModuleRun(**row._mapping) for row in found]

    def _note(self, result: ModuleResult) -> None:
        version = result.version or ""
        here = sa.select(module_runs).where(_M.module == result.module, _M.version == version)
        known = self._connection.execute(here).first()
        said = {"model_digest": result.model_digest, "status": result.status, "code": result.code}
        now = self._clock()
        if known is not None:
            same = all(known._mapping[name] == value for name, value in said.items())
            if same and known.last_at > now - NOTED_EVERY:
                return
        row = {"module": result.module, "version": version, **said, "last_at": now}
        row["first_at"] = known.first_at if known is not None else now
        self._upsert(module_runs, [row], "module", "version")
