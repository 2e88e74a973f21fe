"""A page of 200 out of 100,000 interviews with 沟通能力 ≥ 80, against the bare SQL on the same SQLite file.

Ours is a transaction of the repository: statement, rows with their plans, scores of the page. The floor gives
sqlite3 the statement that asks for the same page, and fetches its rows and those of their scores.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from benchmarks.table import alternate, heading, row
from greenroom.adapters.database import Database
from greenroom.adapters.database.tables import batches, candidates, interviews, scores
from greenroom.domain.competency import CompetencyModel
from greenroom.domain.interview_query import ByScore, Order, ScoreBound
from greenroom.domain.plan import Plan
from greenroom.domain.template import Template
from tests.invitation_fixtures import MODEL, TEMPLATE

INTERVIEWS = 100_000
PAGE = 200
RUNS = 15
BOUND = ScoreBound("communication", ">=", 80)
COLUMNS = "i.*, c.name, c.email, b.plan"
JOINED = "interviews i JOIN candidates c ON c.external_id = i.candidate_id JOIN batches b ON b.id = i.batch_id"
NEWEST = f"""SELECT {COLUMNS} FROM {JOINED} WHERE i.job = 'store-manager' AND EXISTS (SELECT 1 FROM scores s
  WHERE s.interview_id = i.id AND s.competency = 'communication' AND s.score >= 80)
  ORDER BY i.created_at DESC, i.id DESC LIMIT {PAGE}"""
BEST = f"""SELECT {COLUMNS} FROM {JOINED} JOIN scores s ON s.interview_id = i.id
  WHERE i.job = 'store-manager' AND s.competency = 'communication' AND s.score >= 80
  ORDER BY s.score DESC, s.interview_id DESC LIMIT {PAGE}"""


def run() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.sqlite"
        database = Database(f"sqlite:///{path}")
        database.migrate()
        fill(database, INTERVIEWS)
        bare = sqlite3.connect(path, isolation_level=None)
        heading()
        newest = _ratio("newest first", database, bare, NEWEST, None)
        best = _ratio("best first", database, bare, BEST, ByScore("communication"))
        bare.close()
        database.close()
    return {"list_vs_sql": newest, "ranking_vs_sql": best}


def _ratio(
    what: str, database: Database, bare: sqlite3.Connection, statement: str, order: Order | None
) -> float:
    plan = [found[-1] for found in bare.execute(f"EXPLAIN QUERY PLAN {statement}")]
    assert not any("SCAN" in step or "TEMP" in step for step in plan if "USING" not in step), plan
    assert ours(database, order)[1] == floor(bare, statement)[1], "both find the same page"
    found = alternate(
        RUNS,
        ours=lambda: ours(database, order)[0],
        floor=lambda: floor(bare, statement)[0],
    )
    return row(
        f"{PAGE} of {INTERVIEWS}, {what}", found["ours"] * 1000, found["floor"] * 1000, "ms", 2
    )


def ours(database: Database, order: Order | None) -> tuple[float, list[str]]:
    """Seconds for one page, and its interviews."""
    wanted = {} if order is None else {"order": order}
    started = time.perf_counter()
    with database.begin() as tx:
        rows = tx.interviews.find(job="store-manager", scores=[BOUND], limit=PAGE, **wanted)
        tx.interviews.scores_of([found.id for found in rows])
    return time.perf_counter() - started, [found.id for found in rows]


def floor(bare: sqlite3.Connection, statement: str) -> tuple[float, list[str]]:
    """The same by SQL alone."""
    started = time.perf_counter()
    bare.execute("BEGIN IMMEDIATE")
    ids = [found[0] for found in bare.execute(statement).fetchall()]
    marks = ",".join("?" * len(ids))
    bare.execute(f"SELECT * FROM scores WHERE interview_id IN ({marks})", ids).fetchall()
    bare.execute("COMMIT")
    return time.perf_counter() - started, ids


def fill(database: Database, count: int) -> None:
    """One season: 20 batches, an interview per candidate, two scores each, one in three at least 80."""
    plan = Plan(
        template=Template.model_validate(TEMPLATE), model=CompetencyModel.model_validate(MODEL)
    )
    begun = datetime(2026, 9, 1, 8, tzinfo=UTC)
    with database.engine.begin() as connection:
        connection.execute(
            sa.insert(batches),
            [
                {
                    "id": f"bat_{number:02}",
                    "state": "invited",
                    "plan": plan.canonical().decode(),
                    "accepted": count // 20,
                    "errors": "[]",
                    "deadline": begun + timedelta(days=60),
                    "locale": "zh-CN",
                    "created_at": begun,
                }
                for number in range(20)
            ],
        )
        numbers = range(count)
        connection.execute(
            sa.insert(candidates),
            [
                {
                    "external_id": f"c{number:06}",
                    "name": f"候选人{number}",
                    "email": f"c{number}@example.com",
                    "updated_at": begun,
                }
                for number in numbers
            ],
        )
        connection.execute(
            sa.insert(interviews),
            [
                {
                    "id": f"itv_{number * 7919 % count:06}",
                    "batch_id": f"bat_{number % 20:02}",
                    "job": plan.model.id,
                    "candidate_id": f"c{number:06}",
                    "locale": "zh-CN",
                    "state": "scored",
                    "deadline": begun + timedelta(days=60),
                    "created_at": begun + timedelta(seconds=number),
                    "changed_at": begun,
                    "total_score": _score(number),
                    "flags": json.dumps(["needs_re_record"] if number % 50 == 0 else []),
                }
                for number in numbers
            ],
        )
        connection.execute(
            sa.insert(scores),
            [
                {
                    "interview_id": f"itv_{number * 7919 % count:06}",
                    "competency": competency,
                    "score": _score(number + shift),
                }
                for number in numbers
                for shift, competency in enumerate(("communication", "resilience"))
            ],
        )


def _score(number: int) -> float:
    """40 to 100 in steps that repeat seldom."""
    return 40 + (number * 2654435761 % 60_001) / 1000
