"""The dashboard and the alert rules name metrics that exist and runbooks that can be read."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from greenroom.adapters.database import Database
from greenroom.adapters.database.backlog import STAGES
from greenroom.runtime.metrics import stage_metrics
from greenroom.runtime.process_metrics import process_metrics
from greenroom_local.queue import Queue
from greenroom_local.queue_metrics import queue_metrics

FOLDER = Path("infra/monitoring")
PROMTOOL = shutil.which("promtool")


def expressions() -> list[str]:
    dashboard = json.loads((FOLDER / "dashboard.json").read_text())
    shown = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    return shown + [rule["expr"] for rule in rules()]


def rules() -> list[dict[str, Any]]:
    alerts = yaml.safe_load((FOLDER / "alerts.yml").read_text())
    return [rule for group in alerts["groups"] for rule in group["rules"]]


def test_every_metric_they_name_exists_and_every_metric_is_shown(
    database: Database, tmp_path: Path
) -> None:
    queues = Queue(tmp_path / "store")
    families = [*stage_metrics(database), *process_metrics(database), *queue_metrics(queues)]
    made = {metric.name for metric in families}
    named = set(re.findall(r"greenroom_\w+", " ".join(expressions())))
    assert named == made


def test_every_stage_they_name_exists() -> None:
    for expression in expressions():
        for names in re.findall(r'stage!?=~?"([^"]+)"', expression):
            assert set(names.split("|")) <= set(STAGES), expression


def test_every_alert_leads_to_a_runbook() -> None:
    for rule in rules():
        assert Path(rule["annotations"]["runbook"]).is_file(), rule["alert"]
    dashboard = json.loads((FOLDER / "dashboard.json").read_text())
    for panel in dashboard["panels"]:
        for link in panel.get("links", []):
            assert Path("docs/runbooks", link["url"].rpartition("/")[2]).is_file(), panel["title"]


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: prometheus)")
@pytest.mark.parametrize(
    "words",
    [
        ["check", "rules", "alerts.yml"],
        ["check", "config", "--syntax-only", "prometheus.yml"],
        ["test", "rules", "alerts_test.yml"],
    ],
    ids=" ".join,
)
def test_promtool_agrees(words: list[str]) -> None:
    assert PROMTOOL is not None
    done = subprocess.run(
        [PROMTOOL, *words], cwd=FOLDER, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: prometheus)")
def test_promtool_finds_no_fault_with_the_metrics(database: Database, tmp_path: Path) -> None:
    from functools import partial

    from greenroom.runtime.metrics import exposition

    queues = Queue(tmp_path / "store")
    text = exposition(
        partial(stage_metrics, database),
        partial(process_metrics, database),
        partial(queue_metrics, queues),
    )
    assert PROMTOOL is not None
    done = subprocess.run(
        [PROMTOOL, "check", "metrics"],
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
