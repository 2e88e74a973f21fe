"""The portal is killed while a model words the follow-up: nothing is half done, and the next call offers it, once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from typing import Any

import pytest

from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.interview import AnswerState
from greenroom.domain.quality import Finding, Quality
from tests.model_endpoint import completion, model_endpoint
from tests.pipeline_fixtures import TEMPLATE, Pipeline
from tests.seeded import candidate_token

pytestmark = pytest.mark.slow

ENTRY = TEMPLATE.entry.model_copy(update={"follow_ups": True})
WRITTEN = {"zh": "请再多讲一点好吗？", "en": "Could you tell us a little more?"}


@pytest.fixture
def pipeline(platform: None, store: ObjectStore, database: Database) -> Pipeline:
    """A short answer that was checked."""
    template = TEMPLATE.model_copy(update={"entry": ENTRY})
    pipeline = Pipeline.start(store, database, template=template)
    ref = pipeline.sealed("first")
    short = Finding(code="duration_s", track="camera", level="ok", value=6, unit="s")
    report = Quality(
        interview=ref.interview,
        answer=ref.answer,
        attempt=ref.attempt,
        verdict="usable",
        reasons=[],
        findings=[short],
        inputs={},
        tool="test",
    )
    store.put(ref.quality, report.canonical())
    for state in (AnswerState.ASSEMBLED, AnswerState.CHECKED):
        pipeline.move(ref, state)
    return pipeline


def test_killed_while_the_model_thinks(pipeline: Pipeline) -> None:
    thinking, enough = threading.Event(), threading.Event()

    def slow(_: dict[str, Any]) -> tuple[int, bytes]:
        thinking.set()
        enough.wait()
        return 200, completion(json.dumps(WRITTEN))

    with model_endpoint(slow) as (_, settings):
        patience = {"GREENROOM_FOLLOW_UPS__MODEL_S": "30"}
        command = [sys.executable, "-m", "tests.faults.follow_up_worker", "first"]
        command.append(candidate_token(pipeline.interview))
        environment = {**os.environ, **settings, **patience}
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as worker:
            assert thinking.wait(60)
            worker.kill()
        assert pipeline.log().count("follow_up.offered") == 0
        with pipeline.database.begin() as tx:
            assert len(tx.interviews.answers(pipeline.interview)) == 2
        enough.set()
        replies = [
            json.loads(subprocess.check_output(command, env=environment, timeout=60))
            for _ in range(2)
        ]
    assert replies[0] == replies[1]
    assert replies[0]["follow_up"]["text"]["en"] == WRITTEN["en"]
    assert pipeline.log().count("follow_up.offered") == 1
